//! Deploy events of CI systems: from messages into a store.
//!
//! ```text
//! bytes ─> messages (one JSON text each) ─> envelopes off ─> a provider reads it ─> the mapping names the app ─> Item ─> Store
//! ```
//!
//! Reading does no input or output and knows no clock: [`read`] turns the bytes of one request or file into [`Item`]s. What cannot
//! be read becomes an item as well, with the reason; nothing stops the rest, and nothing is dropped.

mod event;
pub mod git;
mod headers;
mod mapping;
pub mod outbox;
mod provider;
mod providers;
mod read;
pub mod receiver;
pub mod store;

pub use event::{Event, Item, Kept, Reading};
pub use headers::Headers;
pub use mapping::{Generic, Mapping, Pick, Rename, Rule};
pub use provider::{Provider, UnknownProvider};
pub use providers::{Field, fields};
pub use read::{MOST_BYTES, read, read_each};

//! BigQuery: credentials, requests, prices, pages and inserts.
//!
//! [`Client`] speaks to the service; [`Warehouse`] is all that the rest of the program knows of it. The runtime that the requests need is
//! hidden inside: nothing above knows of it. SQL comes as a [`Query`] whose values are parameters; only names of tables and columns are part
//! of its text, and these are checked and quoted by [`TableName`] and [`column()`].

mod api;
mod auth;
mod cache;
mod call;
mod client;
mod error;
mod fault;
mod http;
mod interrupt;
mod job;
mod money;
mod name;
mod page;
mod query;
mod retry;
mod run;
mod secret;
mod settings;
mod table;

pub use api::{Event, Listener, Priced, RowError, Warehouse};
pub use cache::CacheSettings;
pub use client::Client;
pub use error::{BigQueryError, Missing};
pub use money::{parse_bytes, shown_bytes};
pub use name::{NameError, TableName, column};
pub use page::{Page, Rows};
pub use query::{Parameter, Query};
pub use settings::Settings;
pub use table::{Column, Partition, Table};

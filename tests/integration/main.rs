//! The program, run as people run it: real files, real processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answer;
mod bad_input;
mod caveats;
mod commands;
mod good_input;
mod help;
mod layers;
mod untrusted;
mod world;

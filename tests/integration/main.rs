//! The program, run as people run it: real files, real processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
// Tables of a few rows are easier to read as formats than as writes.
#![allow(clippy::format_push_string, clippy::format_collect)]

mod answer;
mod bad_input;
mod bigquery;
mod caveats;
mod collect;
mod commands;
mod events;
mod events_bad;
mod events_equal;
mod exports;
mod good_input;
mod help;
mod layers;
mod ratios;
mod reverts;
mod scan;
mod suspects;
mod untrusted;
mod with;
mod world;

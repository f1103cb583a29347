use std::fmt;

use serde_json::Value;

use super::error::BigQueryError;
use super::name::TableName;
use super::page::Page;
use super::query::Query;
use super::table::{Column, Table};

/// What a query would scan.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// Bytes that it would scan.
    pub bytes: u64,
    /// What that costs by the price list, in US dollars.
    pub cost: f64,
    /// The columns of its result.
    pub columns: Vec<Column>,
    /// Where it would run.
    pub location: Option<String>,
}

/// A row that was not inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Its place among the rows given, from 0.
    pub row: usize,
    /// What is wrong with it, and in which column.
    pub reason: String,
}

/// What happens while BigQuery works, for whoever waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// A query will run and scan so much.
    Priced {
        /// The query.
        query: &'a Query,
        /// Bytes that it will scan.
        bytes: u64,
        /// Bytes and cost in words.
        shown: String,
    },
    /// The result comes from the local cache and costs nothing.
    Cached {
        /// The query.
        query: &'a Query,
    },
    /// So many rows of all have come.
    Rows {
        /// Rows that are here.
        done: u64,
        /// Rows of the result.
        all: u64,
    },
    /// Something failed and is tried again.
    Retry {
        /// What failed.
        reason: String,
        /// After so many seconds.
        wait: f64,
    },
}

/// Is told what happens.
pub trait Listener: Send + Sync + fmt::Debug {
    /// Something happened.
    fn hear(&self, event: &Event<'_>);
}

/// All that the rest of the program knows of BigQuery.
pub trait Warehouse: Send + Sync + fmt::Debug {
    /// The columns, partitions and size of a table.
    ///
    /// # Errors
    /// Where there is no such table, or it could not be reached.
    fn table(&self, name: &TableName) -> Result<Table, BigQueryError>;

    /// What a query would scan, and the columns of its result. Costs nothing.
    ///
    /// # Errors
    /// Where the query is refused, is no single SELECT, or the service could not be reached.
    fn dry_run(&self, query: &Query) -> Result<Priced, BigQueryError>;

    /// Runs a query and hands its rows over, page by page, each page once.
    ///
    /// # Errors
    /// Where the query is refused, is too large or too slow, or the service could not be reached.
    fn run(&self, query: &Query, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError>;

    /// Inserts rows. Each comes with an id by which a row that is sent twice is told to be one.
    ///
    /// The result names the rows that were refused; all others are in.
    ///
    /// # Errors
    /// Where the table could not be reached at all.
    fn insert(&self, table: &TableName, rows: &[(String, Value)]) -> Result<Vec<RowError>, BigQueryError>;
}

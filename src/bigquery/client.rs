//! The service itself, behind a [`Warehouse`].

use std::sync::Arc;
use std::time::Instant;

use gcp_bigquery_client::model::table_data_insert_all_request::TableDataInsertAllRequest;
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use super::api::{Event, Listener, Priced, RowError, Warehouse};
use super::auth::{Credentials, encoded};
use super::cache::Entry;
use super::call::{Ask, Connection};
use super::error::BigQueryError;
use super::fault::About;
use super::interrupt::Running;
use super::job::{JobAnswer, NewJob};
use super::money::{billed, cost, shown_bytes, shown_cost};
use super::name::TableName;
use super::page::Page;
use super::query::Query;
use super::run::Run;
use super::settings::Settings;
use super::table::{Answer, Table};

/// Speaks to the service, one request after the other.
#[derive(Debug)]
pub struct Client {
    runtime: Runtime,
    inner: Inner,
}

/// What works inside the runtime.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) settings: Settings,
    pub(super) listener: Arc<dyn Listener>,
    connection: Connection,
    credentials: OnceCell<Credentials>,
}

/// So many rows are inserted by one request.
const INSERTED: usize = 500;

impl Client {
    /// A client that asks as the settings say and tells the listener what happens. No request is made yet.
    ///
    /// Its calls wait for the answer: inside an asynchronous program they belong on a thread that may block.
    ///
    /// # Errors
    /// Where the system gives no runtime, or an address or a name in the settings is none.
    pub fn new(settings: Settings, listener: Arc<dyn Listener>) -> Result<Self, BigQueryError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| BigQueryError::Start(e.to_string()))?;
        let connection = Connection::new(&settings)?;
        Ok(Self { runtime, inner: Inner { settings, listener, connection, credentials: OnceCell::new() } })
    }

    /// What credentials would be used, and from where; never a secret. No token is asked for.
    ///
    /// # Errors
    /// Where there are none, or they cannot be read.
    pub fn identity(&self) -> Result<String, BigQueryError> {
        self.runtime.block_on(self.inner.credentials()).map(Credentials::described)
    }

    /// The project that would run a query of this table, and pay for it.
    ///
    /// # Errors
    /// Where there are no credentials, or no project is known.
    pub fn project(&self, table: Option<&TableName>) -> Result<String, BigQueryError> {
        self.runtime.block_on(self.inner.project(table.map(|name| name.project.as_str())))
    }
}

impl Inner {
    pub(super) async fn credentials(&self) -> Result<&Credentials, BigQueryError> {
        self.credentials.get_or_try_init(|| Credentials::find(&self.connection.http, &self.settings)).await
    }

    /// The project that pays: the one that was set, else that of the credentials, else that of the table.
    async fn project(&self, of_table: Option<&str>) -> Result<String, BigQueryError> {
        let set = self.settings.project.as_deref().or_else(|| self.settings.variable("GOOGLE_CLOUD_PROJECT"));
        if let Some(project) = set {
            return Ok(project.to_owned());
        }
        let credentials = self.credentials().await?;
        let of_credentials = credentials.project.as_deref().or(credentials.quota_project.as_deref());
        of_credentials.or(of_table).map(str::to_owned).ok_or(BigQueryError::NoProject)
    }

    /// Asks and reads the answer, again where that may help.
    pub(super) async fn call<T>(
        &self,
        ask: &Ask,
        (place, project): (&str, &str),
        deadline: Instant,
        read: fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, BigQueryError> {
        let credentials = self.credentials().await?;
        let who = credentials.described();
        let about = About {
            place,
            project,
            who: &who,
            limit: self.settings.max_bytes_billed,
            seconds: self.settings.timeout.as_secs(),
        };
        self.connection.call(ask, credentials, &about, (deadline, self.listener.as_ref()), read).await
    }

    /// What a query would scan; it must be one SELECT.
    pub(super) async fn priced(&self, query: &Query, project: &str, end: Instant) -> Result<Priced, BigQueryError> {
        let location = self.settings.location.as_deref();
        let job = NewJob { query, project, location, id: None, max_bytes_billed: 0, timeout: self.settings.timeout };
        let ask = Ask::post(format!("projects/{project}/jobs"), &job.body());
        let answer: JobAnswer =
            self.call(&ask, (&query.place, project), end, |body| serde_json::from_slice(body)).await?;
        if let Some(kind) = answer.statement().filter(|kind| *kind != "SELECT") {
            return Err(BigQueryError::NotSelect { place: query.place.clone(), kind: kind.to_owned() });
        }
        let (bytes, location) = (answer.bytes(), answer.location().map(str::to_owned));
        let columns = answer.schema().map(super::table::Schema::columns).unwrap_or_default();
        Ok(Priced { bytes, cost: cost(bytes, self.settings.price_per_tib), columns, location })
    }

    /// Prices a query, checks that it may run, and tells.
    pub(super) async fn allowed(&self, query: &Query, project: &str, end: Instant) -> Result<Priced, BigQueryError> {
        let priced = self.priced(query, project, end).await?;
        let (needed, limit) = (billed(priced.bytes), self.settings.max_bytes_billed);
        if needed > limit {
            return Err(BigQueryError::OverBytes { place: query.place.clone(), needed, limit });
        }
        let shown = shown_price(&priced);
        self.listener.hear(&Event::Priced { query, bytes: priced.bytes, shown });
        Ok(priced)
    }

    fn end(&self) -> Instant {
        Instant::now() + self.settings.timeout
    }

    async fn table(&self, name: &TableName) -> Result<Table, BigQueryError> {
        let TableName { project, dataset, table } = name;
        let path = format!("projects/{project}/datasets/{dataset}/tables/{}", encoded(table));
        let read = |body: &[u8]| serde_json::from_slice::<Answer>(body);
        let place = format!("bigquery:{name}");
        self.call(&Ask::get(path, Vec::new()), (&place, project), self.end(), read).await.map(Table::of)
    }

    async fn insert(&self, name: &TableName, rows: &[(String, Value)]) -> Result<Vec<RowError>, BigQueryError> {
        let TableName { project, dataset, table } = name;
        let path = format!("projects/{project}/datasets/{dataset}/tables/{}/insertAll", encoded(table));
        let place = format!("bigquery:{name}");
        let mut errors = Vec::new();
        for (chunk, rows) in rows.chunks(INSERTED).enumerate() {
            let mut request = TableDataInsertAllRequest::new();
            request.skip_invalid_rows();
            for (id, row) in rows {
                // A JSON value can always be written as one.
                let _ = request.add_row(Some(id.clone()), row);
            }
            let ask = Ask::post(path.clone(), &request);
            let read = |body: &[u8]| serde_json::from_slice::<Inserted>(body);
            let inserted = self.call(&ask, (&place, project), self.end(), read).await?;
            errors.extend(inserted.errors.into_iter().map(|error| error.told(chunk * INSERTED)));
        }
        Ok(errors)
    }
}

/// Bytes and cost in words.
fn shown_price(priced: &Priced) -> String {
    format!("{}, {}", shown_bytes(priced.bytes), shown_cost(priced.cost))
}

#[derive(Deserialize)]
struct Inserted {
    #[serde(rename = "insertErrors", default)]
    errors: Vec<InsertError>,
}

#[derive(Deserialize)]
struct InsertError {
    #[serde(default)]
    index: usize,
    #[serde(default)]
    errors: Vec<InsertReason>,
}

#[derive(Deserialize)]
struct InsertReason {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    location: String,
    #[serde(default)]
    message: String,
}

impl InsertError {
    fn told(self, before: usize) -> RowError {
        let one = |e: &InsertReason| {
            let text = if e.message.is_empty() { &e.reason } else { &e.message };
            if e.location.is_empty() { text.clone() } else { format!("column {:?}: {text}", e.location) }
        };
        let reason = self.errors.iter().map(one).collect::<Vec<_>>().join("; ");
        RowError { row: before + self.index, reason: super::secret::harmless(&reason, &[]) }
    }
}

impl Warehouse for Client {
    fn table(&self, name: &TableName) -> Result<Table, BigQueryError> {
        self.runtime.block_on(self.inner.table(name))
    }

    fn dry_run(&self, query: &Query) -> Result<Priced, BigQueryError> {
        let inner = &self.inner;
        self.runtime.block_on(async {
            let project = inner.project(query.project.as_deref()).await?;
            inner.priced(query, &project, inner.end()).await
        })
    }

    fn run(&self, query: &Query, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        let inner = &self.inner;
        let project = self.runtime.block_on(inner.project(query.project.as_deref()))?;
        let who = self.runtime.block_on(inner.credentials())?.described();
        let location = inner.settings.location.as_deref().unwrap_or_default();
        let asked = [inner.connection.base(), &project, location, &who];
        let entry = inner.settings.cache.as_ref().map(|cache| Entry::new(cache, query, &asked));
        if let Some(pages) = entry.as_ref().and_then(Entry::read) {
            let rows = pages.first().map_or(0, |page| page.total_rows);
            let limit = inner.settings.max_rows;
            if rows > limit {
                return Err(BigQueryError::TooManyRows { place: query.place.clone(), rows, limit });
            }
            inner.listener.hear(&Event::Cached { query });
            pages.iter().for_each(take);
            return Ok(());
        }
        let _running = Running::new();
        let run = Run { inner, query, project: &project, entry: entry.as_ref(), end: inner.end() };
        self.runtime.block_on(run.whole(take))
    }

    fn insert(&self, table: &TableName, rows: &[(String, Value)]) -> Result<Vec<RowError>, BigQueryError> {
        self.runtime.block_on(self.inner.insert(table, rows))
    }
}

//! The run of one query: priced, begun, waited for, paged; cancelled where it takes too long or nobody waits any more.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::Event;
use super::cache::{Entry, Writer};
use super::call::Ask;
use super::client::Inner;
use super::error::BigQueryError;
use super::job::{JobAnswer, NewJob};
use super::page::Page;
use super::query::Query;

/// Rows of a page; the service sends fewer where they would be larger than 10 MB.
const PAGE: &str = "50000";
/// So long the service waits for a query before it says that it is not over, in milliseconds.
const PATIENCE: &str = "10000";
/// A question whether a query is over is not asked again sooner.
const PAUSE: Duration = Duration::from_millis(250);
/// A cancellation that takes longer is left alone: the job ends by its own timeout.
const CANCEL: Duration = Duration::from_secs(5);

/// One run of one query.
pub(super) struct Run<'a> {
    pub(super) inner: &'a Inner,
    pub(super) query: &'a Query,
    pub(super) project: &'a str,
    pub(super) id: String,
    pub(super) entry: Option<&'a Entry<'a>>,
    pub(super) end: Instant,
}

/// How far a run has come: not begun, or begun, in a location where that is known.
type Begun = RefCell<Option<Option<String>>>;

impl Run<'_> {
    /// Runs the query and hands over its pages.
    pub(super) async fn whole(&self, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        let begun = Begun::default();
        let (place, seconds) = (self.query.place.clone(), self.inner.settings.timeout.as_secs());
        let stopped = tokio::select! {
            result = self.steps(&begun, take) => return result,
            () = tokio::time::sleep_until(self.end.into()) => BigQueryError::Timeout { place, seconds },
            Ok(()) = tokio::signal::ctrl_c() => BigQueryError::Interrupted,
        };
        let location = begun.borrow().clone();
        if let Some(location) = location {
            self.cancel(location).await;
        }
        Err(stopped)
    }

    async fn steps(&self, begun: &Begun, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        let priced = self.inner.allowed(self.query, self.project, self.end).await?;
        let location = self.inner.settings.location.clone().or(priced.location);
        begun.replace(Some(location.clone()));
        let location = self.begin(location).await?;
        begun.replace(Some(location.clone()));
        self.pages(location.as_deref(), take).await
    }

    /// Begins the job and tells where it runs. One that was sent twice, because the first answer was lost, is there already.
    async fn begin(&self, location: Option<String>) -> Result<Option<String>, BigQueryError> {
        let settings = &self.inner.settings;
        let job = NewJob {
            query: self.query,
            project: self.project,
            location: location.as_deref(),
            id: Some(&self.id),
            max_bytes_billed: settings.max_bytes_billed,
            timeout: settings.timeout,
        };
        let ask = Ask::post(format!("projects/{}/jobs", self.project), &job.body());
        let read = |body: &[u8]| serde_json::from_slice::<JobAnswer>(body);
        match self.inner.call(&ask, (&self.query.place, self.project), self.end, read).await {
            Ok(answer) => Ok(answer.location().map(str::to_owned).or(location)),
            Err(BigQueryError::Duplicate) => Ok(location),
            Err(error) => Err(error),
        }
    }

    async fn pages(&self, location: Option<&str>, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        let (mut token, mut done, mut writer) = (None, 0_u64, None);
        let limit = self.inner.settings.max_rows;
        loop {
            let page = self.page(location, token.as_deref()).await?;
            if token.is_none() {
                if page.total_rows > limit {
                    let (place, rows) = (self.query.place.clone(), page.total_rows);
                    return Err(BigQueryError::TooManyRows { place, rows, limit });
                }
                writer = self.entry.and_then(|entry| entry.writer(&page.columns, page.total_rows));
            }
            done += u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
            self.inner.listener.hear(&Event::Rows { done, all: page.total_rows });
            take(&page);
            writer = writer.and_then(|writer: Writer| writer.add(&page.rows, page.columns.len()));
            if page.token.is_none() || (page.token == token && page.rows.is_empty()) {
                return self.over(done, page.total_rows, writer);
            }
            token = page.token;
        }
    }

    /// All rows must have come, or none count.
    fn over(&self, done: u64, all: u64, writer: Option<Writer>) -> Result<(), BigQueryError> {
        if done != all {
            let reason = format!("{done} of {all} rows of the result came");
            return Err(BigQueryError::Unreachable { host: "BigQuery".to_owned(), attempts: 1, reason });
        }
        if let (Some(writer), Some(entry)) = (writer, self.entry) {
            // A cache that cannot be written costs time and no answer.
            let _ = writer.finish();
            entry.trim();
        }
        Ok(())
    }

    /// A page of the result, once the query is over.
    async fn page(&self, location: Option<&str>, token: Option<&str>) -> Result<Page, BigQueryError> {
        let mut query = vec![
            ("maxResults", PAGE.to_owned()),
            ("timeoutMs", PATIENCE.to_owned()),
            // Else moments come as floating-point numbers, which do not hold microseconds.
            ("formatOptions.useInt64Timestamp", "true".to_owned()),
        ];
        query.extend(location.map(|location| ("location", location.to_owned())));
        query.extend(token.map(|token| ("pageToken", token.to_owned())));
        let ask = Ask::get(format!("projects/{}/queries/{}", self.project, self.id), query);
        loop {
            let asked = Instant::now();
            let page = self.inner.call(&ask, (&self.query.place, self.project), self.end, Page::read).await?;
            if page.complete {
                return Ok(page);
            }
            tokio::time::sleep(PAUSE.saturating_sub(asked.elapsed())).await;
        }
    }

    /// Cancels the job, so that it costs no more than it has.
    async fn cancel(&self, location: Option<String>) {
        let query = location.map(|location| ("location", location)).into_iter().collect();
        let ask = Ask::signal(format!("projects/{}/jobs/{}/cancel", self.project, self.id), query);
        let read = |body: &[u8]| serde_json::from_slice::<Value>(body);
        let place = (self.query.place.as_str(), self.project);
        let cancelled = self.inner.call(&ask, place, Instant::now() + CANCEL, read);
        let _ = tokio::time::timeout(CANCEL, cancelled).await;
    }
}

//! The run of one query: priced, begun, waited for, paged; cancelled where it takes too long or nobody waits any more.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::Event;
use super::cache::{Entry, Writer};
use super::call::Ask;
use super::client::Inner;
use super::error::BigQueryError;
use super::job::{JobAnswer, NewJob, new_id};
use super::page::Page;
use super::query::Query;
use super::retry::{ATTEMPTS, pause};

/// Rows of a page; the service sends fewer where they would be larger than 10 MB.
const PAGE: &str = "50000";
/// So long the service waits for a query before it says that it is not over, in milliseconds.
const PATIENCE: &str = "10000";
/// A question whether a query is over is not asked again sooner.
const PAUSE: Duration = Duration::from_millis(250);
/// A cancellation that takes longer is left alone: the job ends by its own timeout.
const CANCEL: Duration = Duration::from_secs(5);

/// A page is asked for so often before it is looked whether its job has failed.
const PAGE_ATTEMPTS: u32 = 3;
/// A query whose job fails within the service is begun so often.
const JOBS: u32 = 4;

/// One run of one query.
pub(super) struct Run<'a> {
    pub(super) inner: &'a Inner,
    pub(super) query: &'a Query,
    pub(super) project: &'a str,
    pub(super) entry: Option<&'a Entry<'a>>,
    pub(super) end: Instant,
}

/// A job that was begun.
#[derive(Debug, Clone)]
struct Job {
    id: String,
    location: Option<String>,
}

/// The job that runs now, if one does.
type Begun = RefCell<Option<Job>>;

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
        let job = begun.borrow().clone();
        if let Some(job) = job {
            self.cancel(&job).await;
        }
        Err(stopped)
    }

    /// A job that fails within the service is begun anew under another name: no row of it was handed over.
    async fn steps(&self, begun: &Begun, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        let priced = self.inner.allowed(self.query, self.project, self.end).await?;
        let location = self.inner.settings.location.clone().or(priced.location);
        let mut tried = 0;
        loop {
            tried += 1;
            let job = Job { id: new_id(), location: location.clone() };
            begun.replace(Some(job.clone()));
            let job = self.begin(job).await?;
            begun.replace(Some(job.clone()));
            match self.first_page(&job).await {
                Ok(first) => return self.pages(&job, first, take).await,
                Err((error, true)) if tried < JOBS => {
                    self.inner.listener.hear(&Event::Retry { reason: error.to_string(), wait: 0.0 });
                    pause(tried).await;
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Begins the job and tells where it runs. One that was sent twice, because the first answer was lost, is there already.
    async fn begin(&self, job: Job) -> Result<Job, BigQueryError> {
        let settings = &self.inner.settings;
        let new = NewJob {
            query: self.query,
            project: self.project,
            location: job.location.as_deref(),
            id: Some(&job.id),
            max_bytes_billed: settings.max_bytes_billed,
            timeout: settings.timeout,
        };
        let ask = Ask::post(format!("projects/{}/jobs", self.project), &new.body());
        let read = |body: &[u8]| serde_json::from_slice::<JobAnswer>(body);
        match self.inner.call(&ask, (&self.query.place, self.project), self.end, read).await {
            Ok(answer) => Ok(Job { location: answer.location().map(str::to_owned).or(job.location), ..job }),
            Err(BigQueryError::Duplicate) => Ok(job),
            Err(error) => Err(error),
        }
    }

    /// The first page; where there is none, whether the job itself failed in a way that may pass.
    async fn first_page(&self, job: &Job) -> Result<Page, (BigQueryError, bool)> {
        let passes = |error: &BigQueryError| {
            matches!(error, BigQueryError::Unavailable { .. } | BigQueryError::RateLimited { .. })
        };
        let error = match self.page(job, None, PAGE_ATTEMPTS).await {
            Ok(page) => return Ok(page),
            Err(error) if passes(&error) => error,
            Err(error) => return Err((error, false)),
        };
        let location = job.location.clone().map(|location| ("location", location)).into_iter().collect();
        let ask = Ask::get(format!("projects/{}/jobs/{}", self.project, job.id), location);
        let read = |body: &[u8]| serde_json::from_slice::<JobAnswer>(body);
        match self.inner.call(&ask, (&self.query.place, self.project), self.end, read).await {
            Ok(answer) if answer.has_failed() => Err((error, true)),
            Ok(_) => self.page(job, None, ATTEMPTS).await.map_err(|error| (error, false)),
            Err(error) => Err((error, false)),
        }
    }

    async fn pages(&self, job: &Job, first: Page, take: &mut dyn FnMut(&Page)) -> Result<(), BigQueryError> {
        let limit = self.inner.settings.max_rows;
        if first.total_rows > limit {
            let (place, rows) = (self.query.place.clone(), first.total_rows);
            return Err(BigQueryError::TooManyRows { place, rows, limit });
        }
        let mut writer = self.entry.and_then(|entry| entry.writer(&first.columns, first.total_rows));
        let (mut page, mut token, mut done) = (first, None, 0_u64);
        loop {
            done += u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
            self.inner.listener.hear(&Event::Rows { done, all: page.total_rows });
            take(&page);
            writer = writer.and_then(|writer: Writer| writer.add(&page.rows, page.columns.len()));
            if page.token.is_none() || (page.token == token && page.rows.is_empty()) {
                return self.over(done, page.total_rows, writer);
            }
            token = page.token;
            page = self.page(job, token.as_deref(), ATTEMPTS).await?;
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
    async fn page(&self, job: &Job, token: Option<&str>, attempts: u32) -> Result<Page, BigQueryError> {
        let mut query = vec![
            ("maxResults", PAGE.to_owned()),
            ("timeoutMs", PATIENCE.to_owned()),
            // Else moments come as floating-point numbers, which do not hold microseconds.
            ("formatOptions.useInt64Timestamp", "true".to_owned()),
        ];
        query.extend(job.location.clone().map(|location| ("location", location)));
        query.extend(token.map(|token| ("pageToken", token.to_owned())));
        let ask = Ask::get(format!("projects/{}/queries/{}", self.project, job.id), query).tried(attempts);
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
    async fn cancel(&self, job: &Job) {
        let query = job.location.clone().map(|location| ("location", location)).into_iter().collect();
        let ask = Ask::signal(format!("projects/{}/jobs/{}/cancel", self.project, job.id), query);
        let read = |body: &[u8]| serde_json::from_slice::<Value>(body);
        let place = (self.query.place.as_str(), self.project);
        let cancelled = self.inner.call(&ask, place, Instant::now() + CANCEL, read);
        let _ = tokio::time::timeout(CANCEL, cancelled).await;
    }
}

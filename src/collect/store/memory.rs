//! A store that is gone when the program ends.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Store, StoreError, Summary};
use crate::collect::{Event, Item, Kept, Reading};

/// Deployments in memory, for a run that only shows what would be kept.
#[derive(Debug, Default)]
pub struct Memory {
    events: BTreeMap<(String, String), Event>,
}

impl Store for Memory {
    fn put(&mut self, items: &[Item]) -> Result<Summary, StoreError> {
        let mut summary = Summary::default();
        for item in items {
            match &item.reading {
                Reading::Event(event) => {
                    let (source, id) = event.key();
                    let key = (source.to_owned(), id.to_owned());
                    let (event, kept) = event.as_ref().clone().onto(self.events.get(&key));
                    self.events.insert(key, event);
                    *match kept {
                        Kept::New => &mut summary.new,
                        Kept::Updated => &mut summary.updated,
                        Kept::Unchanged => &mut summary.unchanged,
                    } += 1;
                }
                Reading::Ignored(reason) => *summary.ignored.entry(reason.clone()).or_default() += 1,
                Reading::Rejected(_) => summary.rejected += 1,
            }
        }
        Ok(summary)
    }

    fn commit_before(
        &self,
        app: &str,
        environment: Option<&str>,
        before: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let of_it = |event: &&Event| {
            let deploy = &event.deploy;
            deploy.app.as_deref() == Some(app)
                && deploy.environment.as_deref() == environment
                && deploy.deployed_at < before
        };
        let last = self.events.values().filter(of_it).max_by_key(|event| event.deploy.deployed_at);
        Ok(last.and_then(|event| event.deploy.commit.clone()))
    }

    fn events(&self) -> Result<Vec<Event>, StoreError> {
        let mut events: Vec<Event> = self.events.values().cloned().collect();
        events.sort_by(|a, b| a.deploy.deployed_at.cmp(&b.deploy.deployed_at).then_with(|| a.key().cmp(&b.key())));
        Ok(events)
    }
}

//! One row for each deployment: the latest state wins, and a redelivery changes nothing.

use rusqlite::{Connection, OptionalExtension, Statement, params, params_from_iter};
use sha2::{Digest, Sha256};

use super::super::{Event, Kept};
use super::row::{self, COLUMNS, WIDTH};

/// The statements that write deployments, prepared once.
pub(super) struct Deploys<'c> {
    select: Statement<'c>,
    upsert: Statement<'c>,
    add_tie: Statement<'c>,
    is_tie: Statement<'c>,
    drop_ties: Statement<'c>,
}

impl<'c> Deploys<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        let places: Vec<String> = (1..=WIDTH + 3).map(|i| format!("?{i}")).collect();
        let set: Vec<String> =
            COLUMNS.split(", ").skip(2).map(|name| format!("{name} = excluded.{name}", name = name.trim())).collect();
        Ok(Self {
            select: connection
                .prepare(&format!("SELECT {COLUMNS}, state, version FROM deploys WHERE source = ?1 AND id = ?2"))?,
            upsert: connection.prepare(&format!(
                "INSERT INTO deploys ({COLUMNS}, received_at, state, version) VALUES ({places})
                 ON CONFLICT (source, id) DO UPDATE SET {set}, received_at = excluded.received_at,
                 state = excluded.state, version = excluded.version",
                places = places.join(", "),
                set = set.join(", "),
            ))?,
            add_tie: connection.prepare("INSERT OR IGNORE INTO ties (source, id, state) VALUES (?1, ?2, ?3)")?,
            is_tie: connection.prepare("SELECT 1 FROM ties WHERE source = ?1 AND id = ?2 AND state = ?3")?,
            drop_ties: connection.prepare("DELETE FROM ties WHERE source = ?1 AND id = ?2")?,
        })
    }

    /// Takes one event into the table, within the transaction that is open.
    ///
    /// [`Event::onto`] says what is known afterwards. Of several messages about one moment the last counts; a redelivery of one of the
    /// others is known by its digest and changes nothing.
    pub(super) fn put(&mut self, event: &Event, received_at: &str) -> rusqlite::Result<Kept> {
        let (source, id) = event.key();
        let digest = digest(event);
        let known = self
            .select
            .query_row([source, id], |r| Ok((row::event(r)?, r.get::<_, Vec<u8>>(WIDTH)?, r.get::<_, i64>(WIDTH + 1)?)))
            .optional()?;
        let Some((known, state, version)) = known else {
            self.write(event, received_at, &digest, 1)?;
            return Ok(Kept::New);
        };
        let (wins, same_moment) = (event.changed_at >= known.changed_at, event.changed_at == known.changed_at);
        if same_moment && (state == digest || self.is_tie.exists(params![source, id, digest])?) {
            return Ok(Kept::Unchanged);
        }
        if same_moment {
            self.add_tie.execute(params![source, id, state])?;
        } else if wins {
            self.drop_ties.execute([source, id])?;
        }
        let (after, kept) = event.clone().onto(Some(&known));
        // Also where the message says nothing new it must be known when it comes again.
        if kept != Kept::Unchanged || same_moment {
            let version = if kept == Kept::Unchanged { version } else { version + 1 };
            self.write(&after, received_at, if wins { &digest } else { &state }, version)?;
        }
        Ok(kept)
    }

    fn write(&mut self, event: &Event, received_at: &str, state: &[u8], version: i64) -> rusqlite::Result<()> {
        let mut cells = Vec::from(row::values(event));
        cells.push(Box::new(received_at.to_owned()));
        cells.push(Box::new(state.to_vec()));
        cells.push(Box::new(version));
        self.upsert.execute(params_from_iter(cells)).map(drop)
    }
}

/// Tells the messages about one moment apart.
fn digest(event: &Event) -> Vec<u8> {
    let whole = format!("{:?}", (event.changed_at.timestamp_micros(), &event.deploy));
    Sha256::digest(whole.as_bytes()).get(..16).unwrap_or_default().to_vec()
}

//! Deployments by app and day on a terminal.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::Scene;
use crate::model::DeployList;
use crate::report::{phrase, text};

/// Names of apps are not wider than this.
const NAME: usize = 20;
/// So many apps have a row of their own.
const APPS: usize = 40;

/// The days that one column stands for: so many days, from a Monday on where it is a week or more.
#[derive(Clone, Copy)]
struct Columns {
    first: NaiveDate,
    days: i64,
    count: usize,
}

/// A row for each app and a column for each day, or for several where they are many, with how many deployments there were; on so many
/// columns of the terminal. None where there are no deployments.
pub(in crate::report) fn calendar(list: &DeployList, width: usize, ascii: bool) -> Option<Vec<String>> {
    let scene = Scene::of_deploys(list)?;
    let (first, last) = (list.deploys.first()?.deployed_at.date_naive(), list.deploys.last()?.deployed_at.date_naive());
    let names = scene.lanes.iter().map(|lane| text::width(&lane.name)).max().unwrap_or_default().clamp(3, NAME);
    let room = width.saturating_sub(names + 2 + 7).max(10);
    let columns = Columns::new(first, last, room);
    let mut counts = vec![vec![0_usize; columns.count]; scene.lanes.len()];
    for mark in &scene.marks {
        counts[mark.lane][columns.of(mark.deploy.deployed_at.date_naive())] += 1;
    }
    let ellipsis = if ascii { "..." } else { "…" };
    let none = if ascii { '.' } else { '·' };
    let mut drawn = Vec::new();
    for (lane, row) in scene.lanes.iter().zip(&counts).take(APPS) {
        let name = text::cut(&lane.name, names, ellipsis);
        let pad = " ".repeat(names - text::width(&name));
        let cells: String = row.iter().map(|n| cell(*n, none)).collect();
        drawn.push(format!("{name}{pad}  {cells}  {:>5}", phrase::whole(lane.marks)));
    }
    if scene.lanes.len() > APPS {
        drawn.push(format!("and {} more apps", scene.lanes.len() - APPS));
    }
    drawn.push(format!("{}  {}", " ".repeat(names), columns.dates()));
    drawn.push(String::new());
    drawn.push(columns.legend(none));
    Some(drawn)
}

/// A count in one character.
fn cell(n: usize, none: char) -> char {
    match u8::try_from(n) {
        Ok(0) => none,
        Ok(n @ 1..=9) => char::from(b'0' + n),
        _ => '+',
    }
}

impl Columns {
    fn new(first: NaiveDate, last: NaiveDate, room: usize) -> Self {
        let all = (last - first).num_days() + 1;
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        let fits = |days: &i64| (all + days - 1) / days < room;
        let days = [1, 7, 14, 28, 91, 182, 364].into_iter().find(fits).unwrap_or((all / room / 364 + 1) * 364);
        let start =
            if days == 1 { first } else { first - TimeDelta::days(i64::from(first.weekday().num_days_from_monday())) };
        let count = usize::try_from((last - start).num_days() / days + 1).unwrap_or(1);
        Self { first: start, days, count }
    }

    /// The column of a day.
    fn of(self, day: NaiveDate) -> usize {
        usize::try_from((day - self.first).num_days() / self.days).unwrap_or_default().min(self.count - 1)
    }

    fn day(self, column: usize) -> NaiveDate {
        self.first + TimeDelta::days(self.days * i64::try_from(column).unwrap_or_default())
    }

    /// Dates where columns begin: Mondays of days, else first columns of months, as many as there is room for.
    fn dates(self) -> String {
        let mut line = String::new();
        let mut before: Option<NaiveDate> = None;
        for column in 0..self.count {
            let day = self.day(column);
            let begins = match self.days {
                1 => day.weekday() == chrono::Weekday::Mon,
                _ => before.is_none_or(|b| (b.year(), b.month()) != (day.year(), day.month())),
            };
            if !(begins || before.is_none()) || (before.is_some() && line.len() + 2 > column) {
                continue;
            }
            let label = match before {
                Some(b) if b.year() == day.year() => day.format("%m-%d").to_string(),
                _ => day.format("%Y-%m-%d").to_string(),
            };
            line.push_str(&" ".repeat(column - line.len().min(column)));
            line.push_str(&label);
            before = Some(day);
        }
        line
    }

    fn legend(self, none: char) -> String {
        let column = match self.days {
            1 => "a day".to_owned(),
            7 => "a week from Monday".to_owned(),
            days => format!("{} weeks from a Monday", days / 7),
        };
        format!("A column is {column}, a digit how many deployments; + ten or more, {none} none.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_column_is_a_day_where_there_is_room_and_else_weeks_from_monday() {
        let days = Columns::new(day("2023-11-01"), day("2023-11-30"), 50);
        assert_eq!((days.days, days.count, days.of(day("2023-11-30"))), (1, 30, 29));
        assert_eq!(days.dates(), "2023-11-01  11-13  11-20  11-27");
        let weeks = Columns::new(day("2023-11-01"), day("2024-10-30"), 60);
        assert_eq!((weeks.days, weeks.first), (7, day("2023-10-30")));
        assert!(weeks.dates().starts_with("2023-10-30 "), "{}", weeks.dates());
        let years = Columns::new(day("1900-01-01"), day("2100-01-01"), 50);
        assert!(years.count <= 50, "{}", years.count);
    }
}

//! The neighbourhood of a change on a terminal.

use super::braille::Canvas;
use super::{Panel, Scale, Scene, Slope, date_ticks, lines, number_label, number_range, number_ticks};
use crate::model::WhyAnswer;
use crate::report::row::Row;

/// The letter of a row of the table, from 1; none of rows that come too late for one.
pub(in crate::report) fn letter(place: usize) -> Option<char> {
    let index = u8::try_from(place.checked_sub(1)?).ok()?;
    match index {
        0..26 => Some(char::from(b'A' + index)),
        26..52 => Some(char::from(b'a' + index - 26)),
        _ => None,
    }
}

/// So many buckets are drawn before a change and after it, at least.
const BEFORE: f64 = 28.0;
const AFTER: f64 = 14.0;
/// So many windows are drawn before it and after it, at least.
const WINDOWS: (f64, f64) = (3.0, 1.5);
/// So many rows of letters there are at most.
const LETTERS: usize = 3;
/// What the rows below the plot are called.
const BEGAN: &str = "began";
const DEPLOYED: &str = "deploys";

/// The lines of the chart of an answer on so many columns, and what they mean; none where there is nothing to draw.
///
/// `shown` are the rows of the table below, which have letters.
pub(in crate::report) fn of_answer(
    answer: &WhyAnswer,
    shown: &[Row<'_>],
    width: usize,
    ascii: bool,
) -> Option<Vec<String>> {
    let scene = Scene::of_why(answer)?;
    let panel = scene.panels.first()?;
    let span = stretch(answer, &scene, panel);
    let values = number_range(panel.seen(span))?;
    let rows = match width {
        0..100 => 8,
        100..160 => 10,
        _ => 12,
    };
    let (ticks, step) = number_ticks(values, rows / 2 - 1);
    let labels: Vec<String> = ticks.iter().map(|t| number_label(*t, step)).collect();
    let gutter = labels.iter().map(String::len).chain([DEPLOYED.len()]).max().unwrap_or_default() + 2;
    let columns = width.checked_sub(gutter).filter(|columns| *columns >= 20)?;
    let plot = Plot { span, values, columns, rows, gutter, pen: Pen::new(ascii) };
    let mut drawn = plot.drawing(panel, ascii);
    for (row, line) in drawn.iter_mut().enumerate() {
        let tick = ticks.iter().zip(&labels).find(|(tick, _)| plot.row(**tick) == Some(row));
        let (label, edge) = tick.map_or(("", plot.pen.edge), |(_, label)| (label.as_str(), plot.pen.tick));
        *line = format!("{label:>w$} {edge}{}", line.trim_end(), w = gutter - 2);
    }
    drawn.extend(plot.axis(&scene));
    drawn.extend(plot.began(panel));
    let (letters, crowded) = plot.letters(&scene, shown);
    drawn.extend(letters);
    drawn.push(String::new());
    drawn.push(legend(answer, &scene, (shown, crowded), &plot));
    Some(drawn)
}

/// The characters of a chart.
struct Pen {
    edge: char,
    tick: char,
    corner: char,
    floor: char,
    below: char,
    level: char,
    onset: char,
    interval: (char, char, char, char),
    other: char,
}

impl Pen {
    fn new(ascii: bool) -> Self {
        if ascii {
            Self {
                edge: '|',
                tick: '+',
                corner: '+',
                floor: '-',
                below: '+',
                level: '-',
                onset: ':',
                interval: ('[', '=', ']', '^'),
                other: '.',
            }
        } else {
            Self {
                edge: '│',
                tick: '┤',
                corner: '└',
                floor: '─',
                below: '┬',
                level: '╌',
                onset: '┊',
                interval: ('├', '─', '┤', '▲'),
                other: '·',
            }
        }
    }
}

/// From when to when is drawn: the change or the strongest sign of one, its window, and enough on both sides to compare.
fn stretch(answer: &WhyAnswer, scene: &Scene<'_>, panel: &Panel<'_>) -> (i64, i64) {
    let step = answer.series.granularity.seconds();
    let window = answer.question.window_seconds as f64;
    let evidence = answer.evidence.as_ref().map(|e| e.at.timestamp());
    let interval = answer.change.as_ref().map(|c| (c.interval.from.timestamp(), c.interval.to.timestamp()));
    let asked = scene.marks.iter().filter(|m| m.place.is_some()).map(|m| m.at);
    let middle = interval.map(|i| i64::midpoint(i.0, i.1)).or(evidence).or(asked.clone().max()).unwrap_or(scene.span.1);
    let (before, after) = ((BEFORE * step).max(WINDOWS.0 * window), (AFTER * step).max(WINDOWS.1 * window));
    #[expect(clippy::cast_possible_truncation, reason = "some years at most")]
    let (from, to) = (middle - before as i64, middle + after as i64);
    let ends = (panel.series.edges().first(), panel.series.edges().last());
    let (first, last) = (ends.0.copied().unwrap_or(from), ends.1.copied().unwrap_or(to));
    let (mut from, mut to) = (from.max(first), to.min(last));
    // What the table lists is always seen.
    let listed = asked.chain(interval.iter().flat_map(|i| [i.0, i.1]));
    for at in listed {
        (from, to) = (from.min(at), to.max(at));
    }
    (from, to.max(from + 60))
}

struct Plot {
    span: (i64, i64),
    values: (f64, f64),
    columns: usize,
    rows: usize,
    gutter: usize,
    pen: Pen,
}

impl Plot {
    /// The column in which a moment lies; none outside.
    fn column(&self, at: i64) -> Option<usize> {
        let (from, to) = self.span;
        if at < from || at > to {
            return None;
        }
        let scale = Scale::new((from as f64, to as f64), (0.0, self.columns as f64));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the columns")]
        Some((scale.within(at as f64) as usize).min(self.columns - 1))
    }

    /// The row in which a value lies, from the top; none outside.
    fn row(&self, value: f64) -> Option<usize> {
        let (low, high) = self.values;
        if !(low..=high).contains(&value) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the rows")]
        Some((Scale::new((low, high), (self.rows as f64, 0.0)).within(value) as usize).min(self.rows - 1))
    }

    /// The line of the metric, its levels and the moment of its change.
    fn drawing(&self, panel: &Panel<'_>, ascii: bool) -> Vec<String> {
        let mut canvas = Canvas::new(self.columns, self.rows, ascii);
        let (width, height) = canvas.size();
        let (width, height) = (width as f64, height as f64);
        let x = Scale::new((self.span.0 as f64, self.span.1 as f64), (0.0, width));
        let y = Scale::new(self.values, (height, 0.0));
        let seen = panel.points().filter(|(at, _)| *at >= self.span.0 as f64 && *at <= self.span.1 as f64);
        for line in lines(seen.map(|(at, value)| (x.at(at), value))) {
            let places: Vec<(f64, f64)> =
                line.iter().map(|(x, value)| (x.min(width - 1.0), y.within(*value).min(height - 1.0))).collect();
            if let [one] = places[..] {
                canvas.line(one, one);
            }
            places.windows(2).for_each(|pair| canvas.line(pair[0], pair[1]));
        }
        let meant =
            panel.bands.iter().filter(|band| band.meant).filter_map(|band| self.column(band.onset)).collect::<Vec<_>>();
        let levels: Vec<Vec<Option<usize>>> = panel.slopes.iter().map(|slope| self.level(slope)).collect();
        let cell = |column: usize, row: usize| {
            let level = || levels.iter().any(|of| of[column] == Some(row)).then_some(self.pen.level);
            let onset = || meant.contains(&column).then_some(self.pen.onset);
            canvas.character(column, row).or_else(level).or_else(onset).unwrap_or(' ')
        };
        (0..self.rows).map(|row| (0..self.columns).map(|column| cell(column, row)).collect()).collect()
    }

    /// In which row a level runs, by column.
    fn level(&self, slope: &Slope) -> Vec<Option<usize>> {
        let x = Scale::new((0.0, self.columns as f64), (self.span.0 as f64, self.span.1 as f64));
        let along = Scale::new((slope.from.0 as f64, slope.to.0 as f64), (slope.from.1, slope.to.1));
        let of = |column: usize| {
            let at = x.at(column as f64 + 0.5);
            let runs = at >= slope.from.0 as f64 && at <= slope.to.0 as f64;
            if runs { self.row(along.within(at)) } else { None }
        };
        (0..self.columns).map(of).collect()
    }

    /// The axis of time and its dates.
    fn axis(&self, scene: &Scene<'_>) -> [String; 2] {
        let ticks = date_ticks(scene.zone, self.span.0, self.span.1, self.columns / 13);
        let mut floor = vec![self.pen.floor; self.columns];
        let mut dates = vec![' '; self.columns + 12];
        let mut free = 0;
        for tick in ticks {
            let Some(column) = self.column(tick.at) else { continue };
            let start = column.saturating_sub(tick.label.len() / 2).min(self.columns.saturating_sub(tick.label.len()));
            if start < free {
                continue;
            }
            floor[column] = self.pen.below;
            dates.splice(start..start + tick.label.len(), tick.label.chars());
            free = start + tick.label.len() + 1;
        }
        let margin = " ".repeat(self.gutter - 1);
        let floor: String = floor.into_iter().collect();
        let dates: String = dates.into_iter().collect();
        [format!("{margin}{}{floor}", self.pen.corner), format!("{margin} {}", dates.trim_end())]
    }

    /// The interval in which the change began, with the likeliest moment.
    fn began(&self, panel: &Panel<'_>) -> Option<String> {
        let band = panel.bands.iter().find(|band| band.meant)?;
        let (from, to) = (self.column(band.from)?, self.column(band.to)?);
        let (open, along, close, onset) = self.pen.interval;
        let mut row = vec![' '; self.columns];
        row[from..=to].fill(along);
        row[from] = open;
        row[to] = close;
        if let Some(column) = self.column(band.onset) {
            row[column] = onset;
        }
        Some(self.below(BEGAN, row))
    }

    /// The letters of the rows of the table, and a point for each other deployment; whether some found no room.
    fn letters(&self, scene: &Scene<'_>, shown: &[Row<'_>]) -> (Vec<String>, bool) {
        let mut rows = vec![vec![' '; self.columns]];
        let mut crowded = false;
        let listed = shown.iter().filter_map(|row| Some((letter(row.place)?, row)));
        for (letter, row) in listed {
            let mut columns: Vec<usize> =
                row.members().iter().filter_map(|s| self.column(s.deploy.deployed_at.timestamp())).collect();
            columns.sort_unstable();
            columns.dedup();
            for column in columns {
                let free = rows.iter().position(|row| row[column] == ' ');
                match free {
                    Some(row) => rows[row][column] = letter,
                    None if rows.len() < LETTERS => {
                        let mut row = vec![' '; self.columns];
                        row[column] = letter;
                        rows.push(row);
                    }
                    None => {
                        rows[LETTERS - 1][column] = '+';
                        crowded = true;
                    }
                }
            }
        }
        for mark in scene.marks.iter().filter(|m| m.place.is_none_or(|place| place > shown.len())) {
            if let Some(column) = self.column(mark.at).filter(|c| rows[0][*c] == ' ') {
                rows[0][column] = self.pen.other;
            }
        }
        let named = |(i, row)| self.below(if i == 0 { DEPLOYED } else { "" }, row);
        (rows.into_iter().enumerate().map(named).collect(), crowded)
    }

    fn below(&self, name: &str, row: Vec<char>) -> String {
        let row: String = row.into_iter().collect();
        format!("{name:>w$}  {}", row.trim_end(), w = self.gutter - 2)
    }
}

/// What the signs of the chart mean.
fn legend(answer: &WhyAnswer, scene: &Scene<'_>, (shown, crowded): (&[Row<'_>], bool), plot: &Plot) -> String {
    let pen = &plot.pen;
    let mut told = Vec::new();
    let last = shown.iter().filter_map(|row| letter(row.place)).next_back();
    match last {
        Some('A') => told.push("A: the deployment of the table".to_owned()),
        Some(last) => told.push(format!("A-{last}: the deployments of the table")),
        None => {}
    }
    if crowded {
        told.push("+ several".to_owned());
    }
    let others = |m: &&super::Mark<'_>| m.place.is_none() && plot.column(m.at).is_some();
    if scene.marks.iter().any(|m| others(&m)) {
        told.push(format!("{} others", pen.other));
    }
    if !scene.panels.first().is_none_or(|p| p.slopes.is_empty()) {
        told.push(format!("{0}{0} level before and after", pen.level));
    }
    if answer.change.is_some() {
        let (open, along, close, onset) = pen.interval;
        told.push(format!("{open}{along}{onset}{along}{close} when it began"));
    }
    told.join("; ")
}

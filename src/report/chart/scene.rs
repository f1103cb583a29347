use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;

use super::panel::{Panel, panel, panel_of_all};
use crate::model::{
    Answer, Change, Deploy, DeployList, EventKind, MetricChange, MetricList, Moment, Picture, Scan, WhyAnswer,
};
use crate::report::row::rows;
use crate::report::text;

/// What pictures of an answer show, in the units of the data. Moments are Unix seconds.
pub(in crate::report) struct Scene<'a> {
    /// The zone of all times.
    pub(in crate::report) zone: Tz,
    /// What there is to see, from the first bucket or deployment to the last.
    pub(in crate::report) span: (i64, i64),
    /// The moment taken as now; a bucket that ends later is unfinished.
    pub(in crate::report) as_of: i64,
    /// The metrics, one below the other.
    pub(in crate::report) panels: Vec<Panel<'a>>,
    /// One for each app, the likeliest first.
    pub(in crate::report) lanes: Vec<Lane>,
    /// The deployments, in the order of time.
    pub(in crate::report) marks: Vec<Mark<'a>>,
}

/// An app, or events of one kind that are of no app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Lane {
    /// The name as it may be shown.
    pub(in crate::report) name: String,
    /// Whether it is shown at first: not where the question was about other apps.
    pub(in crate::report) on: bool,
    /// Number of its marks.
    pub(in crate::report) marks: usize,
}

/// A deployment.
pub(in crate::report) struct Mark<'a> {
    pub(in crate::report) at: i64,
    /// The place of its lane.
    pub(in crate::report) lane: usize,
    /// The row of the table of suspects in which it stands, from 1.
    pub(in crate::report) place: Option<usize>,
    pub(in crate::report) deploy: &'a Deploy,
}

/// The deployments of an answer that stand in its table of suspects: each with its row.
type Places<'a> = Vec<(&'a Deploy, usize)>;

impl<'a> Scene<'a> {
    /// What a picture of the answer shows; none where there is nothing to see.
    pub(in crate::report) fn of(answer: &'a Answer) -> Option<Self> {
        match answer {
            Answer::Why(answer) => Self::of_why(answer),
            Answer::Scan(scan) => Self::of_scan(scan),
            Answer::Deploys(list) => Self::of_deploys(list),
            Answer::Metrics(list) => Self::of_metrics(list),
        }
    }

    /// The metric asked about and those of `--with`, each with its changes, and the deployments.
    pub(in crate::report) fn of_why(answer: &'a WhyAnswer) -> Option<Self> {
        let mut panels = Vec::new();
        for (i, curve) in answer.picture.curves.iter().enumerate() {
            let (change, others) = if i == 0 {
                (answer.change.as_ref(), answer.other_changes.as_slice())
            } else {
                let with = answer.with.iter().find(|one| one.metric == curve.series.name());
                (with.and_then(|one| one.change.as_ref()), [].as_slice())
            };
            panels.push(Panel { through: i == 0, ..panel(curve, change, others) });
        }
        let places: Places<'a> = rows(&answer.suspects).iter().flat_map(row_places).collect();
        let on = |app: Option<&str>| {
            let asked = &answer.question.apps;
            asked.is_empty() || app.is_none_or(|app| asked.iter().any(|a| a == app))
        };
        Self::new(panels, &answer.picture, &places, &on, &answer.as_of)
    }

    /// Every metric that changed, and the deployments.
    pub(in crate::report) fn of_scan(scan: &'a Scan) -> Option<Self> {
        let mut by_metric: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
        for one in &scan.changes {
            by_metric.entry(&one.metric).or_default().push(&one.change);
        }
        let panels = scan.picture.curves.iter().filter_map(|curve| {
            let changes = by_metric.get(curve.series.name())?;
            Some(panel_of_all(curve, changes))
        });
        let likeliest = scan.changes.iter().filter_map(|one| one.suspects.first()).map(|s| (&s.deploy, 1));
        let on = |app: Option<&str>| {
            let asked = &scan.question.apps;
            asked.is_empty() || app.is_none_or(|app| asked.iter().any(|a| a == app))
        };
        let mut scene = Self::new(panels.collect(), &scan.picture, &likeliest.collect::<Vec<_>>(), &on, &scan.as_of)?;
        // Of several changes "the first" says nothing.
        scene.marks.iter_mut().for_each(|mark| mark.place = None);
        Some(scene)
    }

    /// The metric from which an event is judged, with the event's suspects.
    pub(in crate::report) fn of_event(scan: &'a Scan, one: &'a MetricChange) -> Option<Self> {
        let panels = scan
            .picture
            .curve(&one.metric)
            .map(|curve| Panel { through: true, ..panel(curve, Some(&one.change), &[]) });
        let places: Places<'a> = rows(&one.suspects).iter().flat_map(row_places).collect();
        let listed = |app: Option<&str>| one.suspects.iter().any(|s| s.deploy.app.as_deref() == app);
        let panels: Vec<Panel<'a>> = panels.into_iter().collect();
        let span = around(scan, one, &panels);
        let all = &scan.picture.deploys;
        let place = |at: i64| all.partition_point(|d| d.deployed_at.timestamp() < at);
        let mut scene = Self::built(panels, all[place(span.0)..place(span.1)].iter(), &places, &listed, &scan.as_of)?;
        scene.span = (span.0.max(scene.span.0), span.1.min(scene.span.1));
        Some(scene)
    }

    /// The deployments of a list.
    pub(in crate::report) fn of_deploys(list: &'a DeployList) -> Option<Self> {
        let as_of = &list.deploys.last()?.deployed_at;
        Self::built(Vec::new(), list.deploys.iter(), &[], &|_| true, as_of)
    }

    fn of_metrics(list: &'a MetricList) -> Option<Self> {
        let panels: Vec<Panel<'a>> = list.picture.curves.iter().map(|curve| panel(curve, None, &[])).collect();
        let last = list.metrics.iter().map(|metric| &metric.to).max()?;
        Self::built(panels, [].iter(), &[], &|_| true, last)
    }

    fn new(
        panels: Vec<Panel<'a>>,
        picture: &'a Picture,
        places: &[(&'a Deploy, usize)],
        on: &dyn Fn(Option<&str>) -> bool,
        as_of: &Moment,
    ) -> Option<Self> {
        Self::built(panels, picture.deploys.iter(), places, on, as_of)
    }

    fn built(
        panels: Vec<Panel<'a>>,
        deploys: impl Iterator<Item = &'a Deploy>,
        places: &[(&'a Deploy, usize)],
        on: &dyn Fn(Option<&str>) -> bool,
        as_of: &Moment,
    ) -> Option<Self> {
        let known: HashMap<Key<'_>, usize> = places.iter().map(|(d, place)| (key(d), *place)).collect();
        let mut all: Vec<(&'a Deploy, Option<usize>)> = deploys.map(|d| (d, known.get(&key(d)).copied())).collect();
        if all.is_empty() {
            all.extend(places.iter().map(|(d, place)| (*d, Some(*place))));
        }
        all.sort_by_key(|(d, _)| d.deployed_at);
        let (lanes, lane_of) = lanes(&all, on);
        let marks: Vec<Mark<'a>> = all
            .iter()
            .map(|(deploy, place)| Mark {
                at: deploy.deployed_at.timestamp(),
                lane: lane_of.get(&lane_key(deploy)).copied().unwrap_or_default(),
                place: *place,
                deploy,
            })
            .collect();
        let edges = panels.iter().flat_map(|p| [p.series.edges().first(), p.series.edges().last()]).flatten().copied();
        let ends: Vec<i64> = edges.chain(marks.first().map(|m| m.at)).chain(marks.last().map(|m| m.at)).collect();
        let (from, to) = (ends.iter().min().copied()?, ends.iter().max().copied()?);
        let zone = as_of.timezone();
        Some(Self { zone, span: (from, to.max(from + 60)), as_of: as_of.timestamp(), panels, lanes, marks })
    }
}

/// So many buckets are drawn on each side of an event.
const AROUND: f64 = 30.0;

/// The stretch of an event: its interval, its window, and enough on both sides to compare.
fn around(scan: &Scan, one: &MetricChange, panels: &[Panel<'_>]) -> (i64, i64) {
    let step = panels.first().map_or(86_400.0, |panel| panel.series.step().seconds());
    #[expect(clippy::cast_possible_truncation, reason = "some buckets")]
    let room = ((AROUND * step) as i64).max(scan.question.window_seconds + step as i64);
    (one.change.interval.from.timestamp() - room, one.change.interval.to.timestamp() + room)
}

fn row_places<'a>(row: &crate::report::row::Row<'a>) -> Vec<(&'a Deploy, usize)> {
    row.members().iter().map(|s| (&s.deploy, row.place)).collect()
}

/// What tells deployments apart.
type Key<'a> = (i64, Option<&'a str>, Option<&'a str>, Option<&'a str>);

fn key(deploy: &Deploy) -> Key<'_> {
    let at = deploy.deployed_at.timestamp_micros();
    (at, deploy.app.as_deref(), deploy.id.as_deref(), deploy.commit.as_deref())
}

/// What makes a lane: an app, or a kind of events.
type LaneKey<'a> = (Option<&'a str>, Option<&'a str>);

/// The app, or the kind of an event that is of no app.
fn lane_key(deploy: &Deploy) -> LaneKey<'_> {
    match deploy.app.as_deref().filter(|app| !app.trim().is_empty()) {
        Some(app) => (Some(app), None),
        None => (None, deploy.kind.as_deref().filter(|k| EventKind::named(k) != Some(EventKind::Deploy))),
    }
}

/// Each lane's place, by app or kind.
type LaneOf<'a> = HashMap<LaneKey<'a>, usize>;

/// The lanes of these deployments: those of suspects first, by their rows, then by how many marks they have, then by name.
fn lanes<'a>(all: &[(&'a Deploy, Option<usize>)], on: &dyn Fn(Option<&str>) -> bool) -> (Vec<Lane>, LaneOf<'a>) {
    let mut found: BTreeMap<LaneKey<'_>, (usize, usize)> = BTreeMap::new();
    for (deploy, place) in all {
        let (best, count) = found.entry(lane_key(deploy)).or_insert((usize::MAX, 0));
        *best = (*best).min(place.unwrap_or(usize::MAX));
        *count += 1;
    }
    let mut order: Vec<_> = found.into_iter().collect();
    order.sort_by_key(|(_, (best, count))| (*best, std::cmp::Reverse(*count)));
    let lane = |((app, kind), (_, marks)): &(LaneKey<'_>, (usize, usize))| Lane {
        name: match (app, kind) {
            (Some(app), _) => text::visible(app),
            (None, Some(kind)) => format!("({})", text::visible(kind)),
            (None, None) => "(no app)".to_owned(),
        },
        on: on(*app),
        marks: *marks,
    };
    (order.iter().map(lane).collect(), order.iter().enumerate().map(|(i, (key, _))| (*key, i)).collect())
}

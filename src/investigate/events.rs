//! Which changes of several metrics are one event.

/// When a change of a metric may have begun, in Unix seconds: an interval, and the median within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Onset<'a> {
    pub(super) metric: &'a str,
    pub(super) from: f64,
    pub(super) median: f64,
    pub(super) to: f64,
}

/// Changes that may have begun at one moment, at most one of each metric.
struct Event {
    /// Places of the changes, the one whose moment is known best first.
    changes: Vec<usize>,
    /// The moments at which all of them may have begun.
    from: f64,
    to: f64,
}

impl Event {
    /// Whether a change may have begun at a moment at which all of these may have; touching ends are no such moment.
    fn admits(&self, onset: &Onset<'_>, all: &[Onset<'_>]) -> bool {
        let (from, to) = (self.from.max(onset.from), self.to.min(onset.to));
        let is_point = onset.from >= onset.to || self.from >= self.to;
        (from < to || (is_point && from <= to)) && self.changes.iter().all(|&i| all[i].metric != onset.metric)
    }

    fn add(&mut self, place: usize, onset: &Onset<'_>) {
        self.changes.push(place);
        (self.from, self.to) = (self.from.max(onset.from), self.to.min(onset.to));
    }
}

/// The event to which each change belongs, numbered from 1 in the order of time.
///
/// The intervals of the changes of one event have a moment in common, and they are of different metrics. The changes whose moments are
/// known best come first, and each later one joins the event whose best known moment is nearest to its own, of those that it can: a
/// change that may have begun any day of a week does not bring together two others that did not begin at once.
pub(super) fn events(onsets: &[Onset<'_>]) -> Vec<usize> {
    let width = |i: &usize| onsets[*i].to - onsets[*i].from;
    let mut order: Vec<usize> = (0..onsets.len()).collect();
    order.sort_by(|a, b| width(a).total_cmp(&width(b)));
    let mut events: Vec<Event> = Vec::new();
    for place in order {
        let onset = &onsets[place];
        let distance = |event: &Event| (onsets[event.changes[0]].median - onset.median).abs();
        let open = events.iter_mut().filter(|event| event.admits(onset, onsets));
        match open.min_by(|a, b| distance(a).total_cmp(&distance(b))) {
            Some(event) => event.add(place, onset),
            None => events.push(Event { changes: vec![place], from: onset.from, to: onset.to }),
        }
    }
    events.sort_by(|a, b| onsets[a.changes[0]].median.total_cmp(&onsets[b.changes[0]].median));
    let mut numbers = vec![0; onsets.len()];
    for (i, event) in events.iter().enumerate() {
        event.changes.iter().for_each(|&place| numbers[place] = i + 1);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn onset(metric: &str, from: f64, to: f64) -> Onset<'_> {
        Onset { metric, from, median: f64::midpoint(from, to), to }
    }

    #[test]
    fn changes_that_may_have_begun_at_once_are_one_event() {
        let onsets = [onset("a", 10.0, 20.0), onset("b", 15.0, 30.0), onset("c", 40.0, 50.0)];
        assert_eq!(events(&onsets), [1, 1, 2]);
        assert_eq!(events(&[]), Vec::<usize>::new());
    }

    #[test]
    fn three_changes_that_only_overlap_in_pairs_are_not_one() {
        let onsets = [onset("a", 0.0, 12.0), onset("b", 10.0, 22.0), onset("c", 20.0, 33.0)];
        assert_eq!(events(&onsets), [1, 1, 2]);
    }

    #[test]
    fn days_that_only_touch_are_two_and_a_moment_within_one_is_not() {
        assert_eq!(events(&[onset("a", 0.0, 10.0), onset("b", 10.0, 20.0)]), [1, 2]);
        assert_eq!(events(&[onset("a", 0.0, 10.0), onset("b", 5.0, 5.0), onset("c", 5.0, 5.0)]), [1, 1, 1]);
    }

    #[test]
    fn two_changes_of_one_metric_are_two_events() {
        let onsets = [onset("a", 10.0, 20.0), onset("a", 18.0, 30.0), onset("b", 22.0, 26.0)];
        assert_eq!(events(&onsets), [1, 2, 2]);
    }

    #[test]
    fn a_vague_change_joins_the_nearest_of_two_and_does_not_bring_them_together() {
        let onsets = [onset("a", 10.0, 12.0), onset("b", 30.0, 33.0), onset("c", 0.0, 50.0)];
        assert_eq!(events(&onsets), [1, 2, 2]);
    }

    proptest! {
        #[test]
        fn an_event_has_a_common_moment_and_each_metric_once(
            changes in prop::collection::vec((0..6_usize, 0.0..100.0_f64, 0.0..30.0_f64), 0..40)
        ) {
            let names = ["a", "b", "c", "d", "e", "f"];
            let onsets: Vec<_> = changes.iter().map(|(m, from, width)| onset(names[*m], *from, from + width)).collect();
            let numbers = events(&onsets);
            let last = numbers.iter().copied().max().unwrap_or(0);
            for number in 1..=last {
                let of: Vec<&Onset<'_>> = onsets.iter().zip(&numbers).filter(|(_, n)| **n == number).map(|(o, _)| o).collect();
                let from = of.iter().map(|o| o.from).fold(f64::NEG_INFINITY, f64::max);
                let to = of.iter().map(|o| o.to).fold(f64::INFINITY, f64::min);
                prop_assert!(!of.is_empty() && from <= to);
                let mut metrics: Vec<&str> = of.iter().map(|o| o.metric).collect();
                metrics.sort_unstable();
                metrics.dedup();
                prop_assert_eq!(metrics.len(), of.len());
            }
        }

        #[test]
        fn the_order_of_the_changes_does_not_matter(
            changes in prop::collection::vec((0.0..100.0_f64, 0.1..30.0_f64), 1..20)
        ) {
            let names: Vec<String> = (0..changes.len()).map(|i| i.to_string()).collect();
            let onsets: Vec<_> =
                changes.iter().zip(&names).map(|((from, width), name)| onset(name, *from, from + width)).collect();
            let backwards: Vec<_> = onsets.iter().rev().copied().collect();
            let mut numbers = events(&backwards);
            numbers.reverse();
            prop_assert_eq!(numbers, events(&onsets));
        }
    }
}

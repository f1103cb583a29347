//! A long series as a line that is drawn in few points and loses no spike.

/// A place in a picture.
pub(in crate::report) type Place = (f64, f64);

/// The lines through these places, in pixels, in the order of `x`; one that is NaN in `y` is missing and leaves a gap.
///
/// Of all places in one column of pixels the first, the lowest, the highest and the last are kept, so that a line through a million
/// places looks as if all of them had been drawn. A gap narrower than a column is not seen. A place between two gaps is a line of its own.
pub(in crate::report) fn lines(places: impl Iterator<Item = Place>) -> Vec<Vec<Place>> {
    let mut drawn = Drawn { lines: Vec::new(), column: None };
    let mut gap = false;
    for (x, y) in places {
        if y.is_nan() {
            gap = true;
            continue;
        }
        let wide = drawn.column.as_ref().is_none_or(|c| x.floor() - c.number > 1.0);
        if (gap && wide) || drawn.lines.is_empty() {
            drawn.flush();
            drawn.lines.push(Vec::new());
        }
        drawn.add((x, y));
        gap = false;
    }
    drawn.flush();
    drawn.lines
}

struct Drawn {
    lines: Vec<Vec<Place>>,
    column: Option<Column>,
}

/// What is kept of a column: places with their numbers in it.
struct Column {
    number: f64,
    seen: usize,
    first: Place,
    lowest: (usize, Place),
    highest: (usize, Place),
    last: Place,
}

impl Drawn {
    fn add(&mut self, place: Place) {
        let number = place.0.floor();
        match &mut self.column {
            Some(column) if column.number.total_cmp(&number).is_eq() => column.add(place),
            _ => {
                self.flush();
                let own = (0, place);
                self.column = Some(Column { number, seen: 1, first: place, lowest: own, highest: own, last: place });
            }
        }
    }

    fn flush(&mut self) {
        let (Some(column), Some(line)) = (self.column.take(), self.lines.last_mut()) else { return };
        let mut kept = vec![(0, column.first), column.lowest, column.highest, (column.seen - 1, column.last)];
        kept.sort_unstable_by_key(|(number, _)| *number);
        kept.dedup_by_key(|(number, _)| *number);
        line.extend(kept.into_iter().map(|(_, place)| place));
    }
}

impl Column {
    fn add(&mut self, place: Place) {
        if place.1 < self.lowest.1.1 {
            self.lowest = (self.seen, place);
        }
        if place.1 > self.highest.1.1 {
            self.highest = (self.seen, place);
        }
        self.last = place;
        self.seen += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_places_are_drawn_as_they_are_with_a_gap_where_one_is_missing() {
        let places = [(0.0, 1.0), (10.0, 2.0), (20.0, f64::NAN), (30.0, 3.0), (40.0, f64::NAN), (50.0, 1.0)];
        let drawn = lines(places.into_iter());
        assert_eq!(drawn, [vec![(0.0, 1.0), (10.0, 2.0)], vec![(30.0, 3.0)], vec![(50.0, 1.0)]]);
        assert!(lines(std::iter::empty()).is_empty());
    }

    proptest! {
        #[test]
        fn a_long_line_keeps_its_spikes_and_is_short(
            values in prop::collection::vec(prop_oneof![9 => -1e6..1e6_f64, 1 => Just(f64::NAN)], 1..3000), width in 1..40_u8,
        ) {
            let scale = f64::from(width) / values.len() as f64;
            let drawn = lines(values.iter().enumerate().map(|(i, v)| (i as f64 * scale, *v)));
            let all: Vec<Place> = drawn.concat();
            prop_assert!(all.len() <= 4 * (usize::from(width) + 1));
            for column in 0..=width {
                let within = |x: f64| x.floor().total_cmp(&f64::from(column)).is_eq();
                let known = values.iter().enumerate().filter(|(i, v)| within(*i as f64 * scale) && !v.is_nan());
                let highest = known.clone().map(|(_, v)| *v).fold(f64::NEG_INFINITY, f64::max);
                let lowest = known.map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
                let kept = all.iter().filter(|(x, _)| within(*x));
                prop_assert_eq!(kept.clone().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max).to_bits(), highest.to_bits());
                prop_assert_eq!(kept.map(|p| p.1).fold(f64::INFINITY, f64::min).to_bits(), lowest.to_bits());
            }
        }
    }
}

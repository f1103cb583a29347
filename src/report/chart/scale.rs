/// A linear scale from a stretch of the data to places in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `from` is drawn at `start` and `to` at `end`, which may lie before it. A stretch of no length is drawn in the middle.
    pub(in crate::report) fn new((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        Self { from, to, start, end }
    }

    /// Where a value is drawn; also outside of the picture where it is outside of the stretch.
    pub(in crate::report) fn at(&self, value: f64) -> f64 {
        let length = self.to - self.from;
        if length == 0.0 || !length.is_finite() {
            return f64::midpoint(self.start, self.end);
        }
        self.start + (value - self.from) / length * (self.end - self.start)
    }

    /// Where a value is drawn, at the nearer end of the picture where it is outside of the stretch.
    pub(in crate::report) fn within(&self, value: f64) -> f64 {
        let (low, high) = if self.start <= self.end { (self.start, self.end) } else { (self.end, self.start) };
        self.at(value).clamp(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_may_run_backwards_and_one_of_no_length_draws_in_the_middle() {
        let down = Scale::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!([0.0, 5.0, 10.0, 20.0].map(|v| down.at(v).to_string()), ["100", "50", "0", "-100"]);
        assert_eq!(down.within(20.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(Scale::new((3.0, 3.0), (0.0, 8.0)).at(3.0).to_bits(), 4.0_f64.to_bits());
    }
}

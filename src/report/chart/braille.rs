//! Lines drawn in the dots of braille characters, or in stars.

/// A drawing of `columns` by `rows` characters, each of two by four dots (one dot where only ASCII may be drawn).
pub(super) struct Canvas {
    columns: usize,
    rows: usize,
    ascii: bool,
    dots: Vec<u8>,
}

/// The bit of each dot of a braille character, by row and column.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

impl Canvas {
    pub(super) fn new(columns: usize, rows: usize, ascii: bool) -> Self {
        Self { columns, rows, ascii, dots: vec![0; columns * rows] }
    }

    /// Its width and height in dots.
    pub(super) fn size(&self) -> (usize, usize) {
        if self.ascii { (self.columns, self.rows) } else { (2 * self.columns, 4 * self.rows) }
    }

    /// Sets the dot in this place, from the left and from the top; nothing outside.
    pub(super) fn dot(&mut self, x: i64, y: i64) {
        let (width, height) = self.size();
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= width || y >= height {
            return;
        }
        let (column, row, bit) = if self.ascii { (x, y, 1) } else { (x / 2, y / 4, DOTS[y % 4][x % 2]) };
        self.dots[row * self.columns + column] |= bit;
    }

    /// Draws a straight line between two places in dots.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().max(1.0);
        if !steps.is_finite() {
            return;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the size of a terminal")]
        for i in 0..=(steps as usize).min(100_000) {
            let share = i as f64 / steps;
            let place = |a: f64, b: f64| (a + share * (b - a)).floor() as i64;
            self.dot(place(from.0, to.0), place(from.1, to.1));
        }
    }

    /// The character in this place; none where nothing is drawn.
    pub(super) fn character(&self, column: usize, row: usize) -> Option<char> {
        let dots = self.dots.get(row * self.columns + column).copied().filter(|dots| *dots != 0)?;
        if self.ascii { Some('*') } else { char::from_u32(0x2800 + u32::from(dots)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_drawn_from_end_to_end_and_nothing_outside() {
        let mut canvas = Canvas::new(3, 2, false);
        canvas.line((0.0, 7.0), (5.0, 0.0));
        canvas.line((-3.0, -3.0), (-1.0, 90.0));
        let drawn: String = (0..2)
            .flat_map(|r| (0..3).map(move |c| (c, r)))
            .map(|(c, r)| canvas.character(c, r).unwrap_or(' '))
            .collect();
        assert_eq!(drawn, " ⡠⠊⡔⠁ ");
    }

    #[test]
    fn ascii_draws_stars() {
        let mut canvas = Canvas::new(3, 1, true);
        canvas.line((0.0, 0.0), (2.0, 0.0));
        assert_eq!((0..3).map(|c| canvas.character(c, 0)).collect::<Vec<_>>(), [Some('*'); 3]);
    }
}

//! How apps are told apart: by shape and by colour.

/// So many colours there are, as the classes `c0`, `c1` ... of the style sheet.
pub(in crate::report) const COLOURS: usize = 8;

/// The shapes, about nine pixels wide, as paths relative to their middle.
pub(in crate::report) const SYMBOLS: [&str; 8] = [
    "m-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",       // circle
    "m-3.6,-3.6h7.2v7.2h-7.2z",                  // square
    "m0,-4.6l4.6,8h-9.2z",                       // triangle
    "m0,-5l5,5l-5,5l-5,-5z",                     // diamond
    "m0,4.6l4.6,-8h-9.2z",                       // triangle on its point
    "m-1.5,-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",    // plus
    "m-2,-4.5h4l2.5,4.5l-2.5,4.5h-4l-2.5,-4.5z", // hexagon
    "m-4.4,-2.6l1.8,-1.8l2.6,2.6l2.6,-2.6l1.8,1.8l-2.6,2.6l2.6,2.6l-1.8,1.8l-2.6,-2.6l-2.6,2.6l-1.8,-1.8l2.6,-2.6z", // cross
];

/// The shape and the colour of the app in this place: 64 apps differ in one of them.
pub(in crate::report) fn symbol(place: usize) -> (usize, usize) {
    let colour = place % COLOURS;
    ((place + place / COLOURS) % SYMBOLS.len(), colour)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sixty_four_apps_all_look_different_and_eight_differ_in_both() {
        let all: BTreeSet<(usize, usize)> = (0..64).map(symbol).collect();
        assert_eq!(all.len(), 64);
        let shapes: BTreeSet<usize> = (0..8).map(|i| symbol(i).0).collect();
        assert_eq!(shapes.len(), 8);
    }
}

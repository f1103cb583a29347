//! The `shiptrace` program.

fn main() {}

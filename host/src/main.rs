//! Celadon.
fn main() {}

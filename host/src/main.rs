//! Celadon. 
fn main() {}

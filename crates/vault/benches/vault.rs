//! Figures; to be written.
fn main() {}

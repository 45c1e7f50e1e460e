//! standing
fn main() {}

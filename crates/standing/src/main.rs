//! standing
fn main(){}

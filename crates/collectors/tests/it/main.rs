//! One integration binary: recorded cases, registration, properties, real tools.

mod anything;
mod cases;
mod memory;
mod registration;
mod slapd;
mod software;

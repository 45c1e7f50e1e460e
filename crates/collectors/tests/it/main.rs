//! One integration binary: recorded cases, registration, properties, real tools.

mod anything;
mod cases;
mod memory;
mod poppler;
mod registration;
mod slapd;
mod software;

//! One integration binary: recorded cases, completeness, registration, properties, real tools.

mod anything;
mod cases;
mod completeness;
mod memory;
mod poppler;
mod registration;
mod slapd;
mod software;

//! One integration binary: recorded cases, completeness, registration, properties, real tools.

mod anything;
mod cases;
mod completeness;
mod memory;
mod poppler;
mod registration;
mod replay;
mod slapd;
mod software;

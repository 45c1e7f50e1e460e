//! One integration binary: recorded cases, registration, properties, real tools.

mod cases;
mod registration;

//! One integration binary: recorded cases, completeness, registration, properties, real tools.

mod anything;
mod aws;
mod cases;
mod completeness;
mod database_roles;
mod databases;
mod ldap;
mod memory;
mod poppler;
mod registration;
mod replay;
mod scanner;
mod scim_server;
mod slapd;
mod software;
mod support;
mod traps;

//! One integration binary: recorded cases, completeness, registration, properties, real tools.

mod anything;
mod aws;
mod cases;
mod completeness;
mod database_roles;
mod databases;
mod download;
mod ldap;
mod memory;
mod poppler;
mod registration;
mod replay;
mod scim_server;
mod slapd;
mod software;
mod traps;

//! One integration binary: recorded cases, completeness, registration, properties, real tools.

mod anything;
mod aws;
mod cases;
mod completeness;
mod damage;
mod database_roles;
mod databases;
mod download;
mod host;
mod ldap;
mod lockfiles;
mod memory;
mod poppler;
mod replay;
mod rpm;
mod scanner;
mod scim_server;
mod slapd;
mod software;
mod support;
mod traps;

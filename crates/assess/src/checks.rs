//! The checks that come with the product: `checks/*.sql`, each with its `.md`.

use crate::check::Check;

/// Name, SQL and literate page of every check in `checks/`, in the order of their names.
pub const FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// Every check that comes with the product.
///
/// # Panics
/// Never in a released build: a test parses each file.
pub fn builtin() -> Vec<Check> {
    FILES
        .iter()
        .map(|(name, sql, _)| {
            Check::parse(name, sql).unwrap_or_else(|error| panic!("checks/{name}.sql: {error}"))
        })
        .collect()
}

//! The planted faults, as `faults.toml` lists them.

use serde::Deserialize;

/// One planted fault: what is wrong, and which check must find it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Its short name, by which [`crate::generate_with`] plants it.
    pub id: String,
    /// What is wrong, in plain English.
    pub title: String,
    /// The source in which it is planted.
    pub source: String,
    /// The check that must find it.
    pub check: String,
    /// Stands in the subject or in the observed value of each row that finds it; empty where a gap
    /// is what must be found.
    #[serde(default)]
    pub subject: String,
    /// The verdict on those rows: `not met` or `unknown`.
    pub verdict: String,
    /// How many such rows there are.
    #[serde(default)]
    pub count: usize,
    /// The source that a gap of the check must name, where the fault is something not read.
    #[serde(default)]
    pub gap_source: String,
    /// Other checks that cannot be met either while this fault stands.
    #[serde(default)]
    pub also: Vec<String>,
}

#[derive(Deserialize)]
struct List {
    fault: Vec<Fault>,
}

/// The faults in the order of the file.
///
/// # Panics
/// Never: that the compiled-in file can be read is a test.
pub fn faults() -> Vec<Fault> {
    let list: Result<List, _> = toml::from_str(include_str!("../faults.toml"));
    list.map(|list| list.fault).unwrap_or_default()
}

//! Stands in for `standing_patching::Builder` until that is here: same calls, no use but to be compared.
//! Whoever puts the real one in its place changes this file and the manifest alone: `Builder` is then the
//! crate's own, and a file is current where `standing_patching::Database::open` takes it.

use std::collections::BTreeSet;

use serde_json::Value;

/// What every compiled file of the present format begins with.
const HEAD: &[u8] = b"standing advisories, stand-in 1\n";

/// Whether a compiled file is of the present format.
pub fn is_current(bytes: &[u8]) -> bool {
    bytes.starts_with(HEAD)
}

/// Takes records and makes one file of them.
#[derive(Debug, Default)]
pub struct Builder {
    records: BTreeSet<String>,
}

impl Builder {
    /// Empty.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Takes one OSV record.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn osv(&mut self, json: &str) -> Result<(), String> {
        let record: Value = serde_json::from_str(json).map_err(|_| "expected one JSON object")?;
        match record.get("id").and_then(Value::as_str) {
            Some(id) if !id.is_empty() => {
                self.records.insert(record.to_string());
                Ok(())
            }
            _ => Err("expected an OSV record: it has no id".into()),
        }
    }

    /// Takes CISA's catalogue, whole; gives the number of entries.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn kev(&mut self, json: &str) -> Result<usize, String> {
        let catalogue: Value = serde_json::from_str(json).map_err(|_| "expected JSON")?;
        let entries = catalogue.get("vulnerabilities").and_then(Value::as_array);
        let entries = entries.ok_or("expected a list of vulnerabilities")?;
        self.records.extend(entries.iter().map(Value::to_string));
        Ok(entries.len())
    }

    /// Takes EPSS, whole; gives the number of scores.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn epss(&mut self, csv: &str) -> Result<usize, String> {
        let scores = csv.lines().filter(|line| line.starts_with("CVE-"));
        let before = self.records.len();
        self.records.extend(scores.map(str::to_owned));
        Ok(self.records.len() - before)
    }

    /// The compiled file: the same for the same records in any order.
    pub fn finish(self) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        for record in &self.records {
            bytes.extend(record.as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }
}

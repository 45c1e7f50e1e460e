//! The tables of osquery's that are read, known by the name of a query or by the columns of a row.
//!
//! Source: <https://osquery.io/schema/>.

use serde_json::{Map, Value};

/// One table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Deb,
    Rpm,
    Programs,
    Apps,
    Python,
    Npm,
    Os,
    Kernel,
}

const NAMES: [(&str, Table); 8] = [
    ("deb_packages", Table::Deb),
    ("rpm_packages", Table::Rpm),
    ("programs", Table::Programs),
    ("apps", Table::Apps),
    ("python_packages", Table::Python),
    ("npm_packages", Table::Npm),
    ("os_version", Table::Os),
    ("kernel_info", Table::Kernel),
];

/// Columns that together belong to one table only.
const COLUMNS: [(&[&str], Table); 8] = [
    (&["name", "version", "revision", "maintainer"], Table::Deb),
    (&["name", "version", "release", "epoch"], Table::Rpm),
    (&["name", "version", "uninstall_string"], Table::Programs),
    (&["name", "bundle_identifier"], Table::Apps),
    (&["name", "version", "summary", "directory"], Table::Python),
    (&["name", "version", "description", "directory"], Table::Npm),
    (&["name", "version", "platform", "major"], Table::Os),
    (&["version", "arguments", "device"], Table::Kernel),
];

impl Table {
    /// Of the name of a file or query that ends in a table's name: `pack_inventory_deb_packages`.
    pub(super) fn by_name(name: &str) -> Option<Table> {
        let ends = |table: &str| {
            let before = name.strip_suffix(table);
            before.is_some_and(|b| !b.ends_with(|c: char| c.is_ascii_alphanumeric()))
        };
        NAMES
            .iter()
            .find(|(table, _)| ends(table))
            .map(|(_, table)| *table)
    }

    /// Of a row with the columns that only this table has.
    pub(super) fn by_row(row: &Map<String, Value>) -> Option<Table> {
        let has = |columns: &[&str]| columns.iter().all(|column| row.contains_key(*column));
        COLUMNS
            .iter()
            .find(|(columns, _)| has(columns))
            .map(|(_, table)| *table)
    }

    /// Whether it tells of software.
    pub(super) fn is_software(self) -> bool {
        !matches!(self, Table::Os | Table::Kernel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_named_after_tables() {
        assert_eq!(
            Table::by_name("pack_inventory_deb_packages"),
            Some(Table::Deb)
        );
        assert_eq!(Table::by_name("pack/it/apps"), Some(Table::Apps));
        assert_eq!(Table::by_name("chrome_webapps"), None);
        assert_eq!(Table::by_name("processes"), None);
    }
}

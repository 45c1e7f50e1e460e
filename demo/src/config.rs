//! `standing.toml` of the demonstration.

use std::fmt::Write as _;

use jiff::civil::{Date, date};

use crate::firm;

/// One source: name, kind, path below `estate/`, and what else stands in its table.
type Source = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// Every source, in the order of the file.
pub(crate) const SOURCES: &[Source] = &[
    ("hr", "hr", "hr/people.csv", &[]),
    ("entra", "graph", "entra", &[("system", firm::ENTRA)]),
    (
        "entra-partner",
        "graph",
        "entra-partner",
        &[("system", firm::DESK)],
    ),
    (
        "directory",
        "ldif",
        "directory/office.ldif",
        &[("system", firm::DIRECTORY)],
    ),
    ("aws", "aws-iam", "aws", &[("system", firm::AWS)]),
    (
        "application",
        "register",
        "application/accounts.csv",
        &[("table", "account")],
    ),
    ("training", "training", "training/completions.csv", &[]),
];

/// The text of the file.
pub(crate) fn text(as_of: Date) -> String {
    let mut text = format!(
        "# The demonstration: {}, a supplier that does not exist.\n\
         # Every path is relative to this file; everything in estate/ is invented.\n\n\
         [organisation]\nname = \"{}\"\nprofile = \"company-3\"\npublish_on = {}\n",
        firm::NAME,
        firm::NAME,
        deadline(as_of)
    );
    for (name, kind, path, settings) in SOURCES {
        let _ = write!(
            text,
            "\n[source.{name}]\nkind = \"{kind}\"\npath = \"estate/{path}\"\n"
        );
        for (setting, value) in *settings {
            let _ = writeln!(text, "{setting} = \"{value}\"");
        }
    }
    text
}

/// The next 30 June after that day.
fn deadline(as_of: Date) -> Date {
    let this_year = date(as_of.year(), 6, 30);
    if this_year > as_of {
        this_year
    } else {
        date(as_of.year() + 1, 6, 30)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firm_publishes_on_the_next_30_june() {
        for (today, expected) in [
            (date(2026, 11, 21), date(2027, 6, 30)),
            (date(2027, 6, 29), date(2027, 6, 30)),
            (date(2027, 6, 30), date(2028, 6, 30)),
        ] {
            assert_eq!(deadline(today), expected);
        }
    }
}

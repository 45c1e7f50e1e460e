//! `standing.toml` of the demonstration.

use std::fmt::Write as _;

use jiff::civil::{Date, date};

use crate::firm;

/// One source.
struct Source {
    name: &'static str,
    kind: &'static str,
    /// Below `estate/`.
    path: &'static str,
    /// The collector's own settings.
    settings: &'static [(&'static str, &'static str)],
    /// Columns of the facts and the headings under which they stand.
    columns: &'static [(&'static str, &'static str)],
}

type Pairs = &'static [(&'static str, &'static str)];

const fn source(
    name: &'static str,
    kind: &'static str,
    path: &'static str,
    settings: Pairs,
) -> Source {
    Source {
        name,
        kind,
        path,
        settings,
        columns: &[],
    }
}

const fn register(name: &'static str, path: &'static str, table: Pairs) -> Source {
    source(name, "register", path, table)
}

/// Every source, in the order of the file.
const SOURCES: &[Source] = &[
    source("hr", "hr", "hr/people.csv", &[]),
    source("entra", "graph", "entra", &[("system", firm::ENTRA)]),
    source(
        "entra-partner",
        "graph",
        "entra-partner",
        &[("system", firm::DESK)],
    ),
    source(
        "directory",
        "ldif",
        "directory/office.ldif",
        &[("system", firm::DIRECTORY)],
    ),
    source("aws", "aws-iam", "aws", &[("system", firm::AWS)]),
    source("hosts", "unix", "hosts", &[]),
    register(
        "application",
        "application/accounts.csv",
        &[("table", "account")],
    ),
    source("training", "training", "training/completions.csv", &[]),
    source("packages", "dpkg", "packages", &[]),
    source("sbom", "sbom", "sbom", &[]),
    source("documents", "documents", "documents", &[]),
    source("lockfiles", "lockfiles", "lockfiles", &[]),
    source("scanner", "scanner", "scanner", &[]),
    Source {
        columns: &[
            ("id", "Serial number"),
            ("name", "Device name"),
            ("kind", "Category"),
            ("owner", "Primary user"),
            ("os", "Operating system"),
            ("os_version", "OS release"),
            ("encrypted", "Disk encrypted"),
            ("antimalware", "Defender running"),
            ("antimalware_updated_on", "Definitions updated"),
            ("last_seen_on", "Last check-in"),
        ],
        ..register("laptops", "mdm/devices.csv", &[("table", "asset")])
    },
    source(
        "terraform",
        "terraform",
        "terraform/production.tfstate",
        &[],
    ),
    source(
        "compose",
        "compose",
        "compose",
        &[("system", firm::REFERRALS)],
    ),
    register("servers", "registers/servers.csv", &[("table", "asset")]),
    register("systems", "registers/systems.csv", &[("table", "system")]),
    register(
        "suppliers",
        "registers/suppliers.csv",
        &[("table", "supplier")],
    ),
    register(
        "certificates",
        "registers/certificates.csv",
        &[("table", "certificate")],
    ),
    register(
        "agreements",
        "registers/agreements.csv",
        &[("table", "agreement")],
    ),
    register("stores", "registers/stores.csv", &[("table", "store")]),
    register(
        "data-elements",
        "registers/data-elements.csv",
        &[("table", "data_element")],
    ),
    register("flows", "registers/flows.csv", &[("table", "flow")]),
    register("backups", "registers/backups.csv", &[("table", "backup")]),
    register(
        "restores",
        "registers/restores.csv",
        &[("table", "restore")],
    ),
    register(
        "incidents",
        "registers/incidents.csv",
        &[("table", "incident")],
    ),
    register("risks", "registers/risks.csv", &[("table", "risk")]),
    register(
        "roles",
        "registers/roles.csv",
        &[("table", "role_entitlement")],
    ),
    register(
        "security-keys",
        "registers/security-keys.csv",
        &[("table", "credential_factor")],
    ),
    register(
        "releases",
        "registers/releases.csv",
        &[("table", "package_release")],
    ),
    register(
        "training-needs",
        "registers/training-needs.csv",
        &[("table", "training_need")],
    ),
];

/// The text of the file.
pub(crate) fn text(as_of: Date) -> String {
    let mut text = format!(
        "# The demonstration: {}, a supplier that does not exist.\n\
         # Every path is relative to this file; everything in estate/ is invented.\n\n\
         [organisation]\nname = \"{}\"\nprofile = \"company-3\"\npublish_on = {}\n\n\
         [advisories]\nfolder = \"estate/advisories\"\n",
        firm::NAME,
        firm::NAME,
        deadline(as_of)
    );
    for source in SOURCES {
        write(&mut text, source);
    }
    text
}

fn write(text: &mut String, source: &Source) {
    let Source {
        name, kind, path, ..
    } = source;
    let _ = write!(
        text,
        "\n[source.{name}]\nkind = \"{kind}\"\npath = \"estate/{path}\"\n"
    );
    for (setting, value) in source.settings {
        let _ = writeln!(text, "{setting} = \"{value}\"");
    }
    if !source.columns.is_empty() {
        let _ = writeln!(text, "\n[source.{name}.columns]");
    }
    for (column, heading) in source.columns {
        let _ = writeln!(text, "{column} = \"{heading}\"");
    }
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

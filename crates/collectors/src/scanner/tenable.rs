//! CSV exports of Nessus, Tenable Security Center and Tenable Vulnerability Management. The headings
//! differ, the columns are the same.
//!
//! `Patch Publication Date` and `definition.patch_published` date the fix.

use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::ids;
use super::nessus::{at_port, labelled};
use super::table::Row;
use super::words::tenths;

const HOST: [&str; 9] = [
    "assethostname",
    "assetname",
    "fqdn",
    "dnsname",
    "host",
    "netbiosname",
    "netbios",
    "ipaddress",
    "assetdisplayipv4address",
];

/// One row: one plugin on one port of one host, for one CVE or for all that it names.
pub(super) fn row(row: &Row<'_>, desk: &mut Desk<'_, '_>) {
    let Some(plugin) = row.get(&["definitionid", "pluginid", "plugin"]) else {
        return desk.odd(row.line, None, "names no plugin; left out");
    };
    // A level that the firm has recast is not the scanner's.
    let level = row.get(&["originalseverity", "definitionseverity", "risk", "severity"]);
    let level = level.map(graded);
    if level == Some(Graded::Informational) {
        return desk.leave("informational rows");
    }
    let Some(asset) = desk.host(row.get(&HOST), row.line) else {
        return;
    };
    let is_nessus = !row
        .headings
        .has(&["definitionid", "vulnerabilitystate", "repository"]);
    let (scanner, prefix) = if is_nessus {
        ("Nessus", "nessus")
    } else {
        ("Tenable", "tenable")
    };
    let patched = row.find(&["patchpublicationdate", "definitionpatchpublished"]);
    let fix = patched.and_then(|(text, heading)| {
        let day = desk.day(text, row.line, heading)?;
        Some((day, format!("{prefix} {heading}")))
    });
    let output = row
        .get(&["pluginoutput", "plugintext", "output"])
        .unwrap_or_default();
    let fixed = labelled(output, "Fixed version");
    let finding = Finding {
        asset,
        component: at_port(
            row.get(&["definitionname", "pluginname", "name"])
                .unwrap_or(plugin),
            row.get(&["port"]),
            row.get(&["protocol"]),
        ),
        version: labelled(output, "Installed version").unwrap_or_default(),
        is_closed: row
            .get(&["state", "vulnerabilitystate"])
            .is_some_and(|state| state.eq_ignore_ascii_case("fixed")),
        severity: match level {
            Some(Graded::Level(level)) => Some((level, format!("scanner {scanner}"))),
            _ => None,
        },
        cvss: vectors(row),
        cvss_tenths: row.get(&SCORE3).and_then(tenths),
        fix_state: fix_state(row, fix.is_some() || fixed.is_some()),
        fix,
        published_on: day(
            row,
            &["vulnpublicationdate", "definitionvulnerabilitypublished"],
            desk,
        ),
        first_seen_on: day(
            row,
            &["firstfound", "firstdiscovered", "firstobserved"],
            desk,
        ),
        fixed,
        ..Finding::default()
    };
    let cves = ids::cves(row.get(&["cve", "definitioncve"]).unwrap_or_default());
    desk.put_each(&finding, &cves, &format!("nessus:{plugin}"), row.line);
}

fn day(row: &Row<'_>, names: &[&str], desk: &mut Desk<'_, '_>) -> Option<standing_facts::Date> {
    let (text, heading) = row.find(names)?;
    desk.day(text, row.line, heading)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Graded {
    Informational,
    Level(Level),
    NotTold,
}

/// A word, or Nessus' number.
fn graded(text: &str) -> Graded {
    match text.trim().to_ascii_lowercase().as_str() {
        "0" | "none" | "info" | "informational" => Graded::Informational,
        "1" => Graded::Level(Level::Low),
        "2" => Graded::Level(Level::Medium),
        "3" => Graded::Level(Level::High),
        "4" => Graded::Level(Level::Critical),
        word => Level::of_word(word).map_or(Graded::NotTold, Graded::Level),
    }
}

const SCORE3: [&str; 5] = [
    "definitioncvss3basescore",
    "cvssv3basescore",
    "cvss3basescore",
    "cvssv30basescore",
    "cvssv3",
];

/// The exports without a prefix before their vectors are of version 3.0, as those with one show.
fn vectors(row: &Row<'_>) -> Vec<String> {
    let of = |names: &[&str], prefix: &str| {
        let vector = row.get(names)?;
        Some(match vector.starts_with("CVSS") {
            true => vector.to_owned(),
            false => format!("{prefix}{vector}"),
        })
    };
    [
        of(
            &["definitioncvss3basevector", "cvssv3vector", "cvss3vector"],
            "CVSS:3.0/",
        ),
        of(
            &["definitioncvss4basevector", "cvssv4vector", "cvss4vector"],
            "CVSS:4.0/",
        ),
        of(
            &["definitioncvss2basevector", "cvssv2vector", "cvssvector"],
            "",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn fix_state(row: &Row<'_>, has_fix: bool) -> Option<&'static str> {
    let told = row.get(&["patchavailable"]).unwrap_or_default();
    match told.to_ascii_lowercase().as_str() {
        _ if has_fix => Some("fixed"),
        "true" | "yes" => Some("fixed"),
        "false" | "no" => Some("none"),
        _ => None,
    }
}

//! CSV exports of Qualys: scan reports, the monthly PCI form, and VMDR.
//!
//! VMDR's `Patch Released` dates the fix. Days in numbers have the month first.

use standing_facts::Date;
use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::ids;
use super::nessus::at_port;
use super::table::Row;
use super::words::{Told, day_month_first, tenths};

const HOST: [&str; 7] = [
    "assetname",
    "dns",
    "fqdn",
    "hostname",
    "netbios",
    "ip",
    "assetipv4",
];

/// One row: one detection on one port of one host, for one CVE or for all that it names.
pub(super) fn row(row: &Row<'_>, desk: &mut Desk<'_, '_>) {
    let Some(id) = row.get(&["qid"]) else {
        return desk.odd(row.line, None, "names no QID; left out");
    };
    let kind = row.get(&["typedetected", "type"]).unwrap_or_default();
    if ["ig", "info", "information", "information gathered"]
        .contains(&kind.to_ascii_lowercase().as_str())
    {
        return desk.leave("rows of gathered information");
    }
    let Some(asset) = desk.host(row.get(&HOST), row.line) else {
        return;
    };
    let fix = day(row, "patchreleased", desk);
    let patchable = row.get(&["vulnpatchable"]).unwrap_or_default();
    let level = row
        .get(&["kbseverity", "qseverity", "severity"])
        .and_then(level);
    let finding = Finding {
        asset,
        component: at_port(
            row.get(&["title", "vulntitle"]).unwrap_or(id),
            row.get(&["port"]),
            row.get(&["protocol"]),
        ),
        is_closed: row
            .get(&["vulnstatus", "status"])
            .is_some_and(|status| status.eq_ignore_ascii_case("fixed")),
        severity: level.map(|level| (level, "scanner Qualys".to_owned())),
        cvss: vectors(row),
        cvss_tenths: row
            .get(&["cvssv31basenvd", "cvssv3basenvd"])
            .and_then(tenths),
        fix_state: match patchable.to_ascii_lowercase().as_str() {
            _ if fix.is_some() => Some("fixed"),
            "yes" => Some("fixed"),
            "no" => Some("none"),
            _ => None,
        },
        fix: fix.map(|day| (day, "qualys Patch Released".to_owned())),
        published_on: day(row, "publisheddate", desk),
        first_seen_on: day(row, "firstdetected", desk),
        ..Finding::default()
    };
    let cves = ids::cves(row.get(&["cve", "cveid"]).unwrap_or_default());
    desk.put_each(&finding, &cves, &format!("qualys:{id}"), row.line);
}

fn day(row: &Row<'_>, name: &str, desk: &mut Desk<'_, '_>) -> Option<Date> {
    let (text, heading) = row.find(&[name])?;
    match day_month_first(text) {
        Told::Day(day) => Some(day),
        Told::Nothing => None,
        Told::Odd => {
            let what = "expected a day such as 12/31/2026 or Dec 31, 2026";
            desk.odd(row.line, Some(heading), what);
            None
        }
    }
}

/// Qualys' own names of its five levels are minimal, medium, serious, critical and urgent.
fn level(text: &str) -> Option<Level> {
    match text {
        "1" => Some(Level::Low),
        "2" => Some(Level::Medium),
        "3" => Some(Level::High),
        "4" | "5" => Some(Level::Critical),
        word => Level::of_word(word),
    }
}

/// `8.1 (AV:N/AC:H/…)` under headings that name the version.
fn vectors(row: &Row<'_>) -> Vec<String> {
    [("cvss31base", "CVSS:3.1/"), ("cvss3base", "CVSS:3.0/")]
        .iter()
        .filter_map(|(name, prefix)| {
            let (_, rest) = row.get(&[*name])?.split_once('(')?;
            Some(format!("{prefix}{}", rest.trim_end_matches(')')))
        })
        .collect()
}

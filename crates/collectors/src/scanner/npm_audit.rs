//! npm audit's JSON: `advisories` of npm 6 and of Yarn's own `npm audit`, and the tree
//! `vulnerabilities` of npm 7 and later. Source: the manual page `npm-audit`.
//!
//! No field dates a fix; `created` and `updated` are the record's, not the vulnerability's.

use serde_json::Value;
use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::ids;
use super::versions::{ceilings, first_fix, floors};
use super::words::{list, text, texts};
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

const ECOSYSTEM: &str = "npm";

/// Reads the advisories of npm 6.
pub(super) fn read6(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    members(document, "advisories", &mut |name, value| {
        let place = format!("advisories.{name}");
        for found in list(value, "findings") {
            let version = text(found, "version").unwrap_or_default();
            desk.put(
                advisory(value, version, desk.asset(None)),
                None,
                Some(&place),
            );
        }
        if list(value, "findings").is_empty() {
            desk.odd(None, Some(&place), "names no version in which it was found");
        }
    })
}

/// Reads the packages of npm 7. What is vulnerable only because of what it uses names no advisory.
pub(super) fn read7(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    members(document, "vulnerabilities", &mut |name, value| {
        let own: Vec<&Value> = list(value, "via")
            .iter()
            .filter(|v| v.is_object())
            .collect();
        if own.is_empty() {
            desk.leave("packages that are vulnerable only through what they use");
        }
        for via in own {
            let finding = through(name, value, via, desk.asset(None));
            desk.put(finding, None, Some(&format!("vulnerabilities.{name}")));
        }
    })
}

/// Hands out what lies in one member of the outermost object.
fn members(
    document: &Document<'_>,
    name: &str,
    take: &mut dyn FnMut(&str, &Value),
) -> Result<(), Refusal> {
    let read = stream_objects(
        document.text()?,
        "",
        &["actions"],
        &mut |piece| match piece {
            Piece::Member(member, Value::Object(all)) if member == name => {
                for (name, value) in &all {
                    take(name, value);
                }
            }
            _ => {}
        },
    );
    read.map_err(|e| Refusal::json(&e))
}

/// An advisory in the form of npm 6, which Yarn uses too.
pub(super) fn advisory(value: &Value, version: &str, asset: String) -> Finding {
    let patched = text(value, "patched_versions");
    let fixed = patched.and_then(|p| first_fix(Some(ECOSYSTEM), version, &floors(p)));
    let ghsa = text(value, "github_advisory_id").map(str::to_owned);
    let of_url = ids::all(text(value, "url").unwrap_or_default());
    let ghsa = ghsa.or_else(|| of_url.into_iter().next());
    let number = value["id"].as_u64().map(|n| format!("npm:{n}"));
    let cves = texts(value, "cves");
    let only = cves.first().cloned().filter(|_| cves.len() == 1);
    let advisory = ghsa.or(only).or(number).unwrap_or_default();
    Finding {
        asset,
        component: text(value, "module_name").unwrap_or_default().to_owned(),
        version: version.to_owned(),
        aliases: cves,
        ecosystem: Some(ECOSYSTEM.to_owned()),
        severity: severity(value, &advisory),
        cvss: text(&value["cvss"], "vectorString")
            .map(str::to_owned)
            .into_iter()
            .collect(),
        fix_state: patched.map(|_| if fixed.is_some() { "fixed" } else { "none" }),
        advisory,
        fixed,
        ..Finding::default()
    }
}

/// An entry of `via`, and the package in whose list it stands; Yarn 4 tells the same without that package.
/// npm 7 names no installed version. A fix is named by the range only where it has a single end.
pub(super) fn through(name: &str, package: &Value, via: &Value, asset: String) -> Finding {
    let has_fix = match &package["fixAvailable"] {
        Value::Bool(has) => Some(*has),
        Value::Object(_) => Some(true),
        _ => None,
    };
    let ends = ceilings(text(via, "range").unwrap_or_default());
    let end = ends.first().cloned().filter(|_| ends.len() == 1);
    let ghsa = ids::all(text(via, "url").unwrap_or_default())
        .into_iter()
        .next();
    let number = via["source"].as_u64().map(|n| format!("npm:{n}"));
    let advisory = ghsa.or(number).unwrap_or_default();
    Finding {
        asset,
        component: text(via, "dependency").unwrap_or(name).to_owned(),
        ecosystem: Some(ECOSYSTEM.to_owned()),
        severity: severity(via, &advisory),
        cvss: text(&via["cvss"], "vectorString")
            .map(str::to_owned)
            .into_iter()
            .collect(),
        fixed: end.filter(|_| has_fix == Some(true)),
        fix_state: has_fix.map(|has| if has { "fixed" } else { "none" }),
        advisory,
        ..Finding::default()
    }
}

/// The level is that of the database whose id the advisory bears.
fn severity(value: &Value, advisory: &str) -> Option<(Level, String)> {
    let level = Level::of_word(text(value, "severity")?)?;
    let by = if advisory.starts_with("GHSA-") {
        "database ghsa"
    } else {
        "database npm"
    };
    Some((level, by.to_owned()))
}

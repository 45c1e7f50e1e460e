//! OSV-Scanner's JSON: OSV records under the packages that they concern.
//! Source: <https://google.github.io/osv-scanner/output/>.
//!
//! No field dates a fix: `published` is the record's, and `modified` is never read.

use serde_json::Value;
use standing_patching::Level;

use super::finding::{Desk, Finding, level_of};
use super::versions::first_fix;
use super::words::{list, text, texts};
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

/// Reads the results, one for each lockfile, one by one.
pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let read = stream_objects(document.text()?, "results", &[], &mut |piece| {
        if let Piece::Element(position, value) = piece {
            result(&value, position, desk);
        }
    });
    read.map_err(|e| Refusal::json(&e))
}

fn result(value: &Value, position: u64, desk: &mut Desk<'_, '_>) {
    let place = format!("results[{position}]");
    if !value.is_object() {
        return desk.odd(None, Some(&place), "expected a result");
    }
    let asset = desk.asset(text(&value["source"], "path"));
    for (index, package) in list(value, "packages").iter().enumerate() {
        let place = format!("{place}.packages[{index}]");
        if !package.is_object() {
            desk.odd(None, Some(&place), "expected a package");
        }
        for record in list(package, "vulnerabilities") {
            let mut finding = one(package, record, desk);
            finding.asset.clone_from(&asset);
            of_commit(&value["source"], &package["package"], &mut finding);
            desk.put(finding, None, Some(&place));
        }
    }
}

/// Sources that are copied in have no package: their folder and commit stand for it.
fn of_commit(source: &Value, package: &Value, finding: &mut Finding) {
    if let Some(commit) = text(package, "commit").filter(|_| finding.component.is_empty()) {
        finding.component = text(source, "path").unwrap_or_default().to_owned();
        finding.version = commit.to_owned();
    }
}

fn one(package: &Value, record: &Value, desk: &mut Desk<'_, '_>) -> Finding {
    let named = &package["package"];
    let name = text(named, "name").unwrap_or_default();
    let ecosystem = text(named, "ecosystem").map(str::to_owned);
    let version = text(named, "version").unwrap_or_default().to_owned();
    let id = text(record, "id").unwrap_or_default();
    let fixed = first_fix(ecosystem.as_deref(), &version, &fixes(record, name));
    Finding {
        component: name.to_owned(),
        advisory: id.to_owned(),
        aliases: aliases(package, record, id),
        fix_state: fixed.is_some().then_some("fixed"),
        severity: severity(record, id),
        cvss: vectors(record),
        published_on: desk.day_of(record, "published"),
        version,
        ecosystem,
        fixed,
        ..Finding::default()
    }
}

/// The record's own, and those of the group that the scanner puts it into.
fn aliases(package: &Value, record: &Value, id: &str) -> Vec<String> {
    let mut aliases = texts(record, "aliases");
    for group in list(package, "groups") {
        let ids = texts(group, "ids");
        if ids.iter().any(|one| one == id) {
            aliases.extend(ids);
            aliases.extend(texts(group, "aliases"));
        }
    }
    aliases
}

/// The fixed versions in every branch of the package; commits are none.
fn fixes(record: &Value, name: &str) -> Vec<String> {
    let affected = list(record, "affected").iter();
    let affected = affected.filter(|a| text(&a["package"], "name") == Some(name));
    let ranges = affected.flat_map(|a| list(a, "ranges"));
    let ranges = ranges.filter(|r| text(r, "type") != Some("GIT"));
    let events = ranges.flat_map(|r| list(r, "events"));
    let mut fixes: Vec<String> = Vec::new();
    for fixed in events.filter_map(|e| text(e, "fixed")) {
        if !fixes.iter().any(|f| f == fixed) {
            fixes.push(fixed.to_owned());
        }
    }
    fixes
}

fn vectors(record: &Value) -> Vec<String> {
    let scores = list(record, "severity").iter();
    scores
        .filter_map(|s| text(s, "score"))
        .map(str::to_owned)
        .collect()
}

/// The word of the record's database, or what its vector comes to.
fn severity(record: &Value, id: &str) -> Option<(Level, String)> {
    let word = text(&record["database_specific"], "severity").and_then(Level::of_word);
    let level = word.or_else(|| level_of(&vectors(record)))?;
    let prefix = id.split('-').next().unwrap_or_default();
    let by = match prefix {
        "DSA" | "DLA" | "DEBIAN" => "vendor Debian".to_owned(),
        "USN" | "UBUNTU" => "vendor Ubuntu".to_owned(),
        "RHSA" | "RHBA" | "RHEA" => "vendor Red Hat".to_owned(),
        "ALSA" | "ALBA" | "ALEA" => "vendor AlmaLinux".to_owned(),
        "RLSA" | "RXSA" => "vendor Rocky Linux".to_owned(),
        prefix => format!("database {}", prefix.to_lowercase()),
    };
    Some((level, by))
}

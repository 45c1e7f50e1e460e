//! yarn audit's lines of JSON. Each of Yarn 1 tells one path through the tree to a vulnerable package; the
//! last is a summary. Each of Yarn 4 tells one vulnerability, and nothing tells the last.
//! Sources: the manual of Yarn 1, `yarn audit`; that of Yarn 4, `yarn npm audit`.

use serde_json::Value;

use super::finding::{Desk, Finding};
use super::npm_audit;
use super::versions::ceilings;
use super::words::{list, text, texts};

/// What the lines so far said.
#[derive(Default)]
pub(super) struct Seen {
    lines: u64,
    has_end: bool,
}

impl Seen {
    /// One line.
    pub(super) fn line(&mut self, value: &Value, number: u64, desk: &mut Desk<'_, '_>) {
        self.lines += 1;
        match text(value, "type") {
            Some("auditAdvisory") => advisory(&value["data"], number, desk),
            Some("auditSummary") => self.has_end = true,
            Some("error") => {
                self.has_end = true;
                desk.odd(Some(number), None, "yarn says that it failed");
            }
            _ => {}
        }
    }

    /// Without a summary the audit did not come to its end.
    pub(super) fn finish(&self, desk: &mut Desk<'_, '_>) {
        if self.lines > 0 && !self.has_end {
            let why = format!("{} ends without yarn's summary", desk.part);
            desk.truncated(why);
        }
    }
}

/// The versions that lie on the path of this line; all of them where none says that it does.
fn advisory(data: &Value, number: u64, desk: &mut Desk<'_, '_>) {
    let path = text(&data["resolution"], "path").unwrap_or_default();
    let found = list(&data["advisory"], "findings");
    let on_path = |f: &&Value| texts(f, "paths").iter().any(|p| p == path);
    let mut versions: Vec<&str> = found.iter().filter(on_path).filter_map(version).collect();
    if versions.is_empty() {
        versions = found.iter().filter_map(version).collect();
    }
    versions.dedup();
    if versions.is_empty() {
        return desk.odd(Some(number), None, "names no version in which it was found");
    }
    for version in versions {
        let finding = npm_audit::advisory(&data["advisory"], version, desk.asset(None));
        desk.put(finding, Some(number), None);
    }
}

fn version(found: &Value) -> Option<&str> {
    text(found, "version")
}

/// One line of Yarn 4. A package that is no longer kept up is listed under the package's own name.
pub(super) fn line4(value: &Value, number: u64, desk: &mut Desk<'_, '_>) {
    let told = &value["children"];
    if text(told, "ID").is_some_and(|id| id.ends_with("(deprecation)")) {
        return desk.leave("packages that are no longer kept up");
    }
    let via = serde_json::json!({
        "source": told["ID"],
        "url": told["URL"],
        "severity": told["Severity"],
        "range": told["Vulnerable Versions"],
    });
    // A range that ends below a version is one that this version mends.
    let ends = ceilings(text(told, "Vulnerable Versions").unwrap_or_default());
    let package = serde_json::json!({ "fixAvailable": ends.first().map(|_| true) });
    let name = text(value, "value").unwrap_or_default();
    let asset = desk.asset(None);
    let versions = texts(told, "Tree Versions");
    if versions.is_empty() {
        return desk.odd(Some(number), None, "names no version in which it was found");
    }
    for version in versions {
        let finding = Finding {
            version,
            ..npm_audit::through(name, &package, &via, asset.clone())
        };
        desk.put(finding, Some(number), None);
    }
}

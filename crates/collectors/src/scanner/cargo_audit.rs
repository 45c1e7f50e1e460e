//! cargo-audit's JSON. Warnings (unmaintained, unsound, yanked) are no vulnerabilities: they are
//! counted. Source: <https://github.com/rustsec/rustsec>, `rustsec::report`.
//!
//! No field dates a fix: `advisory.date` is the day of the disclosure.

use serde_json::Value;
use standing_patching::Level;

use super::finding::{Desk, Finding, level_of};
use super::versions::{first_fix, floors};
use super::words::{list, text, texts};
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

const ECOSYSTEM: &str = "crates.io";

/// Reads the list and counts the warnings.
pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let read = stream_objects(document.text()?, "", &[], &mut |piece| match piece {
        Piece::Member(name, value) if name == "vulnerabilities" => {
            for (position, one) in list(&value, "list").iter().enumerate() {
                take(one, &format!("vulnerabilities.list[{position}]"), desk);
            }
        }
        Piece::Member(name, Value::Object(kinds)) if name == "warnings" => {
            for (kind, warnings) in kinds {
                let count = warnings.as_array().map_or(0, Vec::len);
                desk.leave_many(format!("warnings of the kind {kind}"), count);
            }
        }
        _ => {}
    });
    read.map_err(|e| Refusal::json(&e))
}

fn take(one: &Value, place: &str, desk: &mut Desk<'_, '_>) {
    let advisory = &one["advisory"];
    if text(advisory, "informational").is_some() {
        return desk.leave("informational advisories");
    }
    let package = &one["package"];
    let version = text(package, "version").unwrap_or_default().to_owned();
    let patched = texts(&one["versions"], "patched");
    let patched: Vec<String> = patched.iter().flat_map(|p| floors(p)).collect();
    let fixed = first_fix(Some(ECOSYSTEM), &version, &patched);
    let cvss: Vec<String> = text(advisory, "cvss")
        .map(str::to_owned)
        .into_iter()
        .collect();
    let rated: Option<Level> = level_of(&cvss);
    let is_told = one["versions"]["patched"].is_array();
    let finding = Finding {
        asset: desk.asset(None),
        component: text(package, "name").unwrap_or_default().to_owned(),
        advisory: text(advisory, "id").unwrap_or_default().to_owned(),
        aliases: texts(advisory, "aliases"),
        ecosystem: Some(ECOSYSTEM.to_owned()),
        severity: rated.map(|level| (level, "database rustsec".to_owned())),
        fix_state: is_told.then_some(if fixed.is_some() { "fixed" } else { "none" }),
        published_on: desk.day_of(advisory, "date"),
        cvss,
        version,
        fixed,
        ..Finding::default()
    };
    desk.put(finding, None, Some(place));
}

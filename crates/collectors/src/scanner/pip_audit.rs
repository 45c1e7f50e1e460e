//! pip-audit's JSON, in its first form (a list) and in the present one. It tells neither severity nor
//! any date. Source: <https://github.com/pypa/pip-audit>.

use serde_json::Value;
use standing_patching::pypi_name;

use super::finding::{Desk, Finding};
use super::versions::first_fix;
use super::words::{list, text, texts};
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

const ECOSYSTEM: &str = "PyPI";

/// Reads the dependencies one by one.
pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let asset = desk.asset(None);
    let read = stream_objects(document.text()?, "dependencies", &["fixes"], &mut |piece| {
        if let Piece::Element(position, value) = piece {
            dependency(&value, position, &asset, desk);
        }
    });
    read.map_err(|e| Refusal::json(&e))
}

fn dependency(value: &Value, position: u64, asset: &str, desk: &mut Desk<'_, '_>) {
    let place = format!("[{position}]");
    if !value.is_object() {
        return desk.odd(None, Some(&place), "expected a package");
    }
    if text(value, "skip_reason").is_some() {
        return desk.leave("packages that pip-audit could not look up");
    }
    for record in list(value, "vulns") {
        let finding = one(value, record, asset);
        desk.put(finding, None, Some(&place));
    }
}

fn one(package: &Value, record: &Value, asset: &str) -> Finding {
    let version = text(package, "version").unwrap_or_default().to_owned();
    let fixed = first_fix(Some(ECOSYSTEM), &version, &texts(record, "fix_versions"));
    let is_told = record["fix_versions"].is_array();
    Finding {
        asset: asset.to_owned(),
        component: pypi_name(text(package, "name").unwrap_or_default()),
        advisory: text(record, "id").unwrap_or_default().to_owned(),
        aliases: texts(record, "aliases"),
        ecosystem: Some(ECOSYSTEM.to_owned()),
        fix_state: is_told.then_some(if fixed.is_some() { "fixed" } else { "none" }),
        version,
        fixed,
        ..Finding::default()
    }
}

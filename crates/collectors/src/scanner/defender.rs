//! Microsoft Defender's vulnerabilities by machine: pages of its API, its export, and a zip of both with
//! the list of machines.
//! Source: <https://learn.microsoft.com/en-us/defender-endpoint/api/get-all-vulnerabilities-by-machines>.
//!
//! No field dates a fix: `fixingKbId` names one.

use serde_json::Value;
use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::words::{first, tenths, text};
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

/// Whether this is one vulnerability of one machine.
pub(super) fn is_one(value: &Value) -> bool {
    text(value, "cveId").is_some() && first(value, &["machineId", "deviceId"]).is_some()
}

/// Reads a page of the list.
pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let mut has_next = false;
    let read = stream_objects(document.text()?, "value", &[], &mut |piece| match piece {
        Piece::Element(position, value) => {
            one(&value, None, Some(&format!("value[{position}]")), desk);
        }
        Piece::Member(name, value) => has_next |= name == "@odata.nextLink" && value.is_string(),
    });
    let (pages, further) = &mut desk.findings.pages;
    *pages += 1;
    *further += u64::from(has_next);
    read.map_err(|e| Refusal::json(&e))
}

/// Reads a file that holds one vulnerability.
pub(super) fn read_one(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let value = serde_json::from_reader(document.text()?).map_err(|e| Refusal::json(&e))?;
    one(&value, None, None, desk);
    Ok(())
}

/// Reads the names of machines. Without one the machine's address stands for it, and else its id.
pub(super) fn read_machines(
    document: &Document<'_>,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    let read = stream_objects(document.text()?, "value", &[], &mut |piece| {
        if let Piece::Element(_, value) = piece {
            let name = first(&value, &["computerDnsName", "lastIpAddress"]);
            if let Some((id, name)) = text(&value, "id").zip(name) {
                desk.findings
                    .machines
                    .insert(id.to_owned(), name.to_owned());
            }
        }
    });
    read.map_err(|e| Refusal::json(&e))
}

/// One vulnerability of one machine.
pub(super) fn one(value: &Value, line: Option<u64>, place: Option<&str>, desk: &mut Desk<'_, '_>) {
    let id = first(value, &["machineId", "deviceId"]).unwrap_or_default();
    let listed = desk.findings.machines.get(id).cloned();
    let named = text(value, "deviceName").map(str::to_owned).or(listed);
    let words = [
        &["productVendor", "softwareVendor"],
        &["productName", "softwareName"],
    ];
    let words: Vec<&str> = words
        .iter()
        .filter_map(|names| first(value, *names))
        .collect();
    let update = first(value, &["fixingKbId", "recommendedSecurityUpdateId"]);
    let level = first(value, &["severity", "vulnerabilitySeverityLevel"]);
    let level = level.and_then(Level::of_word);
    let seen = text(value, "firstSeenTimestamp");
    let score = value["cvssScore"]
        .as_f64()
        .and_then(|n| tenths(&n.to_string()));
    let finding = Finding {
        asset: desk.named(named.as_deref().or(Some(id))),
        component: words.join(" "),
        version: first(value, &["productVersion", "softwareVersion"])
            .unwrap_or_default()
            .to_owned(),
        advisory: text(value, "cveId").unwrap_or_default().to_owned(),
        is_closed: text(value, "status") == Some("Fixed"),
        severity: level.map(|level| (level, "scanner Defender".to_owned())),
        cvss_tenths: score,
        fix_state: update.map(|_| "fixed"),
        first_seen_on: seen.and_then(|text| desk.day(text, line, "firstSeenTimestamp")),
        ..Finding::default()
    };
    desk.put(finding, line, place);
}

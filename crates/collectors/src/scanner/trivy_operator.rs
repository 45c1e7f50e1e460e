//! Reports of Trivy Operator's, as Kubernetes gives them: one, a list, or lists by kind. A workload has one
//! report a container. Source: the custom resource definitions of Trivy Operator.

use serde_json::{Map, Value, json};

use super::finding::{Desk, Finding};
use super::trivy;
use super::words::{list, text};
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

const GROUP: &str = "aquasecurity.github.io";

/// Whether a document, by its outline, is one.
pub(super) fn is_one(value: &Value) -> bool {
    let first = [value, &value[0], &value["items"][0]];
    let by_kind = value.as_object().into_iter().flatten();
    let mut by_kind = by_kind.filter(|(name, reports)| is_list_of(name) && reports.is_array());
    by_kind.next().is_some() || first.into_iter().any(is_report)
}

fn is_report(value: &Value) -> bool {
    let group = text(value, "apiVersion").unwrap_or_default();
    let kind = text(value, "kind").unwrap_or_default();
    group.starts_with(GROUP) && kind.ends_with("Report")
}

/// `vulnerabilityreports.aquasecurity.github.io`
fn is_list_of(name: &str) -> bool {
    name.strip_suffix(GROUP)
        .is_some_and(|kind| kind.ends_with("reports."))
}

pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let mut members = Map::new();
    let mut told = false;
    let read = stream_objects(document.text()?, "items", &[], &mut |piece| match piece {
        Piece::Element(position, value) => told |= report(&value, &format!("[{position}]"), desk),
        Piece::Member(name, value) => {
            members.insert(name, value);
        }
    });
    read.map_err(|e| Refusal::json(&e))?;
    for (name, reports) in members.iter().filter(|(name, _)| is_list_of(name)) {
        for (position, value) in reports.as_array().into_iter().flatten().enumerate() {
            told |= report(value, &format!("{name}[{position}]"), desk);
        }
    }
    let whole = Value::Object(members);
    if is_report(&whole) {
        told |= report(&whole, "report", desk);
    }
    match told {
        true => Ok(()),
        false => Err(Refusal::new(
            "holds nothing but reports of Trivy Operator's on other things than vulnerabilities",
        )),
    }
}

/// Whether it is one of vulnerabilities.
fn report(value: &Value, place: &str, desk: &mut Desk<'_, '_>) -> bool {
    if !text(value, "kind").is_some_and(|kind| kind.ends_with("VulnerabilityReport")) {
        desk.leave("reports on other things than vulnerabilities");
        return false;
    }
    let asset = desk.asset(workload(&value["metadata"]).as_deref());
    let report = &value["report"];
    if !report["vulnerabilities"].is_array() {
        desk.odd(None, Some(place), "expected a list of vulnerabilities");
    }
    for (position, one) in list(report, "vulnerabilities").iter().enumerate() {
        let finding = Finding {
            asset: asset.clone(),
            ..vulnerability(one, report, desk)
        };
        let place = format!("{place}.vulnerabilities[{position}]");
        desk.put(finding, None, Some(&place));
    }
    true
}

/// `namespace/kind/name`, as Trivy's report of a whole cluster names it.
fn workload(metadata: &Value) -> Option<String> {
    let label = |name: &str| {
        let label = format!("trivy-operator.resource.{name}");
        text(&metadata["labels"], &label)
    };
    let words: Vec<&str> = ["namespace", "kind", "name"]
        .into_iter()
        .filter_map(label)
        .collect();
    let own = text(metadata, "name");
    match words.is_empty() {
        true => own.map(str::to_owned),
        false => Some(words.join("/")),
    }
}

/// The same as one of Trivy's own, in other letters.
fn vulnerability(one: &Value, report: &Value, desk: &mut Desk<'_, '_>) -> Finding {
    let result = json!({ "Type": one["packageType"] });
    let os = json!({ "Name": report["os"]["name"] });
    let ecosystem = trivy::ecosystem(&result, &os, None);
    let same = json!({
        "VulnerabilityID": one["vulnerabilityID"],
        "PkgName": one["resource"],
        "PkgIdentifier": { "PURL": one["packagePURL"] },
        "InstalledVersion": one["installedVersion"],
        "FixedVersion": one["fixedVersion"],
        "Severity": one["severity"],
        "PublishedDate": one["publishedDate"],
        "CVSS": one["cvss"],
    });
    let score = one["score"]
        .as_f64()
        .filter(|score| (0.0..=10.0).contains(score));
    Finding {
        cvss_tenths: score.map(|score| (score * 10.0).round() as i64),
        ..trivy::vulnerability(&same, ecosystem.as_deref(), desk)
    }
}

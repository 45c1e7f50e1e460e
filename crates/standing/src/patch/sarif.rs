//! Findings as SARIF 2.1.0, for code hosts that show them beside a change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::gate::Found;

/// The document. Informational findings are notes.
pub(super) fn document(found: &[Found]) -> Value {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for one in found {
        rules.entry(&one.vulnerability).or_insert_with(|| rule(one));
    }
    let places: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(i, id)| (*id, i)).collect();
    let results: Vec<Value> = found.iter().map(|one| result(one, &places)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Standing",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "results": results,
        }],
    })
}

fn rule(found: &Found) -> Value {
    let summary = found.summary.as_deref().unwrap_or(&found.vulnerability);
    let mut rule = json!({
        "id": found.vulnerability,
        "shortDescription": {"text": summary},
        "properties": {"tags": ["security", "dependency"]},
    });
    if let Some(tenths) = found.tenths {
        rule["properties"]["security-severity"] = json!(format!("{}.{}", tenths / 10, tenths % 10));
    }
    rule
}

fn result(found: &Found, places: &BTreeMap<&str, usize>) -> Value {
    let level = match (&found.informational, found.stops) {
        (Some(_), _) => "note",
        (None, true) => "error",
        (None, false) => "warning",
    };
    let fixed = match &found.fixed {
        Some(fixed) => format!("fixed in {fixed}"),
        None => "no fix is named".into(),
    };
    let what = match (&found.informational, found.compared) {
        (Some(word), _) => format!("is {word}"),
        (None, true) => format!("is affected by {}, {fixed}", found.vulnerability),
        (None, false) => format!("may be affected by {}, {fixed}", found.vulnerability),
    };
    let uri = found.file.to_string_lossy().replace('\\', "/");
    json!({
        "ruleId": found.vulnerability,
        "ruleIndex": places.get(found.vulnerability.as_str()),
        "level": level,
        "message": {"text": format!("{} {} {what}. {}.", found.package, found.version, found.grade)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": found.line.unwrap_or(1)},
        }}],
        "partialFingerprints": {
            "standing/v1": format!("{} {} {uri}", found.purl, found.vulnerability),
        },
        "properties": {"purl": found.purl, "advisories": found.advisories,
            "exploited": found.exploited},
    })
}

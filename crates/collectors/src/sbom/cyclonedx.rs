//! CycloneDX. Source: <https://cyclonedx.org/docs/1.6/json/>.

use std::io::Read;

use serde_json::Value;

use super::inventory::{Inventory, Software};
use crate::Sink;
use crate::distribution::Release;
use crate::json::{Piece, stream_objects};

const SKIP: [&str; 9] = [
    "metadata",
    "dependencies",
    "vulnerabilities",
    "services",
    "compositions",
    "annotations",
    "formulation",
    "externalReferences",
    "properties",
];

pub(super) fn read(
    bytes: impl Read,
    inventory: &mut Inventory<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), serde_json::Error> {
    stream_objects(bytes, "components", &SKIP, &mut |piece| match piece {
        Piece::Element(position, value) => {
            inventory.listed = true;
            component(&value, &format!("components[{position}]"), inventory, sink);
        }
        Piece::Member(..) => {}
    })
}

/// One component and all those inside it.
pub(super) fn component(
    value: &Value,
    place: &str,
    inventory: &mut Inventory<'_>,
    sink: &mut Sink<'_>,
) {
    if !value.is_object() {
        return inventory.odd(place, "expected a component; it was left out", sink);
    }
    let text = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .filter(|t| !t.is_empty())
    };
    let kind = text("type").unwrap_or("library");
    if kind == "operating-system" {
        let found = text("name").map(|name| Release::new(name, text("version")));
        inventory.os = inventory.os.take().or(found);
    } else {
        let software = Software {
            place: place.to_owned(),
            purl: text("purl"),
            version: text("version"),
            judged: ["library", "framework", "application"].contains(&kind),
            source: trivy_source(value),
        };
        inventory.take(software, sink);
    }
    let inner = value.get("components").and_then(Value::as_array);
    for (position, value) in inner.into_iter().flatten().enumerate() {
        component(
            value,
            &format!("{place}.components[{position}]"),
            inventory,
            sink,
        );
    }
}

/// Trivy names the source package in properties and not in the package URL.
fn trivy_source(value: &Value) -> Option<(String, Option<String>)> {
    let properties = value.get("properties")?.as_array()?;
    let property = |name: &str| {
        let wanted = |p: &&Value| {
            p["name"]
                .as_str()
                .and_then(|n| n.strip_prefix("aquasecurity:trivy:"))
                == Some(name)
        };
        properties.iter().find(wanted)?["value"].as_str()
    };
    let mut version = property("SrcVersion").map(str::to_owned);
    if let (Some(version), Some(release)) = (&mut version, property("SrcRelease")) {
        version.push('-');
        version.push_str(release);
    }
    if let (Some(version), Some(epoch)) = (&mut version, property("SrcEpoch")) {
        version.insert_str(0, &format!("{epoch}:"));
    }
    Some((property("SrcName")?.to_owned(), version))
}

//! CycloneDX. Source: <https://cyclonedx.org/docs/1.6/json/>.

use std::io::Read;

use serde_json::Value;

use super::inventory::{Inventory, Owner, Software};
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
            id: None,
            place: place.to_owned(),
            purl: text("purl"),
            version: text("version"),
            judged: ["library", "framework", "application"].contains(&kind),
            source: trivy_source(value),
            vendor: text("publisher"),
            owner: places(value).any(is_packaged).then_some(Owner::Folder),
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

/// Folders that Debian's policy leaves to its packages: what people install themselves goes elsewhere.
const PACKAGED: [&str; 7] = [
    "usr/lib/python3/dist-packages/",
    "usr/share/nodejs/",
    "usr/share/rubygems-integration/",
    "usr/lib/ruby/vendor_ruby/",
    "usr/share/java/",
    "usr/share/maven-repo/",
    "usr/share/php/",
];

fn is_packaged(place: &str) -> bool {
    let place = place.trim_start_matches('/');
    PACKAGED.iter().any(|folder| place.starts_with(folder))
}

/// Where in the image it was found, as syft, Trivy and CycloneDX itself say it.
fn places(value: &Value) -> impl Iterator<Item = &str> {
    let named = properties(value).filter(|(name, _)| {
        let of_syft = name.starts_with("syft:location:") && name.ends_with(":path");
        of_syft || *name == "aquasecurity:trivy:FilePath"
    });
    let occurrences = value["evidence"]["occurrences"].as_array();
    let occurrences = occurrences.into_iter().flatten();
    let occurrences = occurrences.filter_map(|o| o["location"].as_str());
    named.map(|(_, value)| value).chain(occurrences)
}

fn properties(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = value["properties"].as_array().into_iter().flatten();
    all.filter_map(|p| Some((p["name"].as_str()?, p["value"].as_str()?)))
}

/// Trivy names the source package in properties and not in the package URL.
fn trivy_source(value: &Value) -> Option<(String, Option<String>)> {
    let property = |wanted: &str| {
        let mut all = properties(value);
        let is_it = |name: &str| name.strip_prefix("aquasecurity:trivy:") == Some(wanted);
        all.find_map(|(name, value)| is_it(name).then_some(value))
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

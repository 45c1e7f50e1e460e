//! SPDX 2. Source: <https://spdx.github.io/spdx-spec/v2.3/>.

use std::collections::HashMap;
use std::io::Read;

use serde_json::Value;

use super::inventory::{Inventory, Owner, Software};
use crate::Sink;
use crate::distribution::Release;
use crate::json::{Piece, stream_objects};

const SKIP: [&str; 6] = [
    "files",
    "snippets",
    "relationships",
    "annotations",
    "hasExtractedLicensingInfos",
    "creationInfo",
];

/// How syft says of a package that its files are those of another; SPDX has no word for it.
const OWNERSHIP: &str = "ownership-by-file-overlap";

/// Packages by id, and the package to whose files theirs belong.
pub(super) type Owners = HashMap<String, String>;

/// Reads the relationships alone: they may stand behind the packages.
pub(super) fn owners(bytes: impl Read) -> Result<Owners, serde_json::Error> {
    let mut owners = Owners::new();
    stream_objects(bytes, "relationships", &NOT_RELATED, &mut |piece| {
        let Piece::Element(_, relation) = piece else {
            return;
        };
        let comment = relation["comment"].as_str().unwrap_or_default();
        let ends = ["relatedSpdxElement", "spdxElementId"].map(|end| relation[end].as_str());
        if let ([Some(owned), Some(owner)], true) = (ends, comment.starts_with(OWNERSHIP)) {
            owners.insert(owned.to_owned(), owner.to_owned());
        }
    })?;
    Ok(owners)
}

const NOT_RELATED: [&str; 6] = [
    "files",
    "snippets",
    "packages",
    "annotations",
    "hasExtractedLicensingInfos",
    "creationInfo",
];

/// `described` names the packages that the document is about: they are the asset itself.
pub(super) fn read(
    bytes: impl Read,
    (described, owners): (&[String], &Owners),
    inventory: &mut Inventory<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), serde_json::Error> {
    stream_objects(bytes, "packages", &SKIP, &mut |piece| match piece {
        Piece::Element(position, value) => {
            inventory.listed = true;
            package(
                &value,
                &format!("packages[{position}]"),
                (described, owners),
                inventory,
                sink,
            );
        }
        Piece::Member(..) => {}
    })
}

fn package(
    value: &Value,
    place: &str,
    (described, owners): (&[String], &Owners),
    inventory: &mut Inventory<'_>,
    sink: &mut Sink<'_>,
) {
    if !value.is_object() {
        return inventory.odd(place, "expected a package; it was left out", sink);
    }
    let text = |name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.filter(|t| !t.is_empty() && *t != "NOASSERTION" && *t != "NONE")
    };
    let version = text("versionInfo");
    let purl = purl(value);
    let id = text("SPDXID").unwrap_or_default();
    let is_subject = described.iter().any(|d| d == id) || id.starts_with("SPDXRef-DocumentRoot");
    match text("primaryPackagePurpose") {
        Some("OPERATING-SYSTEM" | "OPERATING_SYSTEM") => {
            let found = text("name").map(|name| Release::new(name, version));
            inventory.os = inventory.os.take().or(found);
            return;
        }
        Some("CONTAINER") if is_subject => inventory.kind = Some("image"),
        Some("APPLICATION" | "LIBRARY" | "SOURCE") if is_subject => {
            inventory.kind = Some("repository");
        }
        _ => {}
    }
    if is_subject && (purl.is_none() || version.is_none()) {
        return;
    }
    let software = Software {
        id: Some(id),
        place: place.to_owned(),
        judged: false,
        purl,
        version,
        source: None,
        vendor: text("supplier"),
        owner: owners.get(id).cloned().map(Owner::Package),
    };
    inventory.take(software, sink);
}

fn purl(package: &Value) -> Option<&str> {
    let references = package.get("externalRefs")?.as_array()?;
    let is_purl = |r: &&Value| r["referenceType"].as_str() == Some("purl");
    references.iter().find(is_purl)?["referenceLocator"].as_str()
}

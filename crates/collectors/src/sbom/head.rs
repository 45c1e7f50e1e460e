//! What a file says about itself, wherever in the file that stands.

use std::io::{BufRead, BufReader};

use serde_json::Value;

use super::Refusal;
use crate::json::{Piece, stream_objects};
use crate::{Kept, Parts};

/// Members that may be large and say nothing here.
const HEAVY: [&str; 14] = [
    "components",
    "packages",
    "@graph",
    "files",
    "snippets",
    "relationships",
    "dependencies",
    "services",
    "compositions",
    "annotations",
    "formulation",
    "externalReferences",
    "hasExtractedLicensingInfos",
    "sbom",
];

/// The two families that are read.
pub(super) enum Form {
    CycloneDx,
    Spdx,
}

/// What the file says about itself.
pub(super) struct Head {
    pub(super) form: Form,
    /// The name of what the file describes.
    pub(super) name: Option<String>,
    /// Its kind in the words of `asset.kind`.
    pub(super) kind: Option<&'static str>,
    /// Components inside the described one (CycloneDX).
    pub(super) components: Vec<Value>,
    /// Whether it tells of vulnerabilities (CycloneDX).
    pub(super) vulnerabilities: bool,
    /// Ids of the packages that the document is about (SPDX).
    pub(super) described: Vec<String>,
}

/// Reads all members but the large ones.
pub(super) fn read(parts: &Parts<'_>, part: &Kept) -> Result<Head, Refusal> {
    let unreadable = |e: std::io::Error| Refusal::new(format!("cannot be read: {}", e.kind()));
    let mut bytes = BufReader::new(parts.open(part).map_err(unreadable)?);
    other_form(bytes.fill_buf().map_err(unreadable)?)?;
    let mut members = serde_json::Map::new();
    let mut vulnerabilities = false;
    stream_objects(bytes, "vulnerabilities", &HEAVY, &mut |piece| match piece {
        Piece::Member(name, value) => {
            members.insert(name, value);
        }
        Piece::Element(..) => vulnerabilities = true,
    })
    .map_err(|e| Refusal::json(&e))?;
    head(&members).map(|head| Head {
        vulnerabilities,
        ..head
    })
}

/// Forms that are recognised and not read.
fn other_form(start: &[u8]) -> Result<(), Refusal> {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let form = if text.starts_with('<') && text.contains("cyclonedx.org") {
        "CycloneDX as XML"
    } else if text.starts_with('<') {
        "XML"
    } else if text.starts_with("SPDXVersion:") || text.contains("\nSPDXVersion:") {
        "SPDX as tags and values"
    } else {
        return Ok(());
    };
    Err(Refusal::new(format!(
        "{form} is not read yet; export JSON instead"
    )))
}

fn head(members: &serde_json::Map<String, Value>) -> Result<Head, Refusal> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("bomFormat") == Some("CycloneDX") {
        let version = text("specVersion").unwrap_or("of no version");
        if !["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"].contains(&version) {
            let why = format!("CycloneDX {} is not read; 1.2 to 1.7 are", short(version));
            return Err(Refusal::new(why));
        }
        return Ok(cyclonedx(members));
    }
    if let Some(version) = text("spdxVersion") {
        if !["SPDX-2.2", "SPDX-2.3"].contains(&version) {
            let why = format!("{} is not read; SPDX-2.2 and SPDX-2.3 are", short(version));
            return Err(Refusal::new(why));
        }
        return Ok(spdx(members));
    }
    let context = members
        .get("@context")
        .map(Value::to_string)
        .unwrap_or_default();
    Err(Refusal::new(if context.contains("spdx.org/rdf/3") {
        "SPDX 3 is not read yet; export SPDX 2.3 or CycloneDX instead"
    } else {
        "is neither CycloneDX nor SPDX: it has neither bomFormat nor spdxVersion"
    }))
}

/// Versions are short; anything else is somebody's text and is not repeated.
fn short(version: &str) -> &str {
    if version.len() <= 16 {
        version
    } else {
        "a version of that name"
    }
}

fn cyclonedx(members: &serde_json::Map<String, Value>) -> Head {
    let described = members.get("metadata").and_then(|m| m.get("component"));
    let text = |name: &str| described.and_then(|d| d.get(name)).and_then(Value::as_str);
    let inner = described.and_then(|d| d.get("components"));
    Head {
        form: Form::CycloneDx,
        name: text("name").and_then(name),
        kind: match text("type") {
            Some("container") => Some("image"),
            Some("application" | "library" | "framework") => Some("repository"),
            Some("operating-system" | "platform") => Some("server"),
            Some("firmware" | "device" | "device-driver") => Some("device"),
            _ => None,
        },
        components: inner.and_then(Value::as_array).cloned().unwrap_or_default(),
        vulnerabilities: false,
        described: Vec::new(),
    }
}

fn spdx(members: &serde_json::Map<String, Value>) -> Head {
    let described = members.get("documentDescribes").and_then(Value::as_array);
    let ids = described.into_iter().flatten().filter_map(Value::as_str);
    Head {
        form: Form::Spdx,
        name: members.get("name").and_then(Value::as_str).and_then(name),
        kind: None,
        components: Vec::new(),
        vulnerabilities: false,
        described: ids.map(str::to_owned).collect(),
    }
}

fn name(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text != "." && text != "NOASSERTION").then(|| text.to_owned())
}

//! Software bills of materials: CycloneDX 1.2–1.7 and SPDX 2.2 and 2.3, as JSON.

mod cyclonedx;
pub(crate) mod ecosystem;
mod head;
mod inventory;
mod spdx;

use standing_facts::GapCode;

use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
use head::Form;
use inventory::Inventory;

/// Reads bills of materials, recognised by what they hold.
pub struct Sbom;

static ABOUT: About = About {
    kind: "sbom",
    summary: "software bills of materials: CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3, as JSON",
    revision: 3,
    asks: Asks::Files,
    tables: &["asset", "component"],
    settings: &[Setting {
        name: "asset",
        meaning: "the asset's name, where it shall not be the one that the files give",
        default: "",
        required: false,
    }],
    how: "Let the build write one file for each image or repository that runs in production: syft, \
trivy, cdxgen and the package managers' own plugins all do, and need no more than to read what they \
describe. Choose CycloneDX or SPDX 2.3 as JSON, with package URLs. From GitHub, save the sbom \
member of the dependency graph's answer. Each file is one asset, named by the file itself or, where \
it gives no name, by its file name; keep one file for each asset, the one that is deployed. A package \
of a language that a package of the distribution brought is left out, since the distribution mends it: \
where SPDX of syft's says so, and where CycloneDX names its folder and Debian or its kin leave that \
folder to their packages. In other documents, and on rpm and apk, it cannot be told from what people \
installed themselves, and is compared with the language's advisories.",
};

impl Collector for Sbom {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        [".json", ".xml", ".spdx", ".cdx", ".bom"]
            .iter()
            .any(|end| name.ends_with(end))
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        for part in parts.list() {
            if let Err(refusal) = one(settings, parts, part, sink) {
                refusal.report(part, parts.list().len() == 1, sink);
            }
        }
    }
}

/// Why a file, or the rest of it, is not read.
struct Refusal {
    line: Option<u64>,
    why: String,
}

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Refusal {
            line: None,
            why: why.into(),
        }
    }

    /// The parser's own words may repeat values, so only its place is kept.
    fn json(error: &serde_json::Error) -> Self {
        let (line, why) = match error.classify() {
            serde_json::error::Category::Eof => (error.line(), "ends in the middle".into()),
            serde_json::error::Category::Io => (0, "cannot be read".to_owned()),
            _ => (error.line(), "is not JSON".into()),
        };
        Refusal {
            line: u64::try_from(line).ok().filter(|l| *l > 0),
            why,
        }
    }

    fn report(self, part: &Kept, alone: bool, sink: &mut Sink<'_>) {
        if alone {
            let place = self.line.map(|l| format!(" line {l}")).unwrap_or_default();
            sink.fail(
                GapCode::Malformed,
                format!("{}{place}: {}", part.name, self.why),
            );
        } else {
            sink.problem(&part.name, self.line, None, self.why);
        }
    }
}

/// Reads a file twice: its form and the asset's name may stand behind the components.
fn one(
    settings: &Settings,
    parts: &Parts<'_>,
    part: &Kept,
    sink: &mut Sink<'_>,
) -> Result<(), Refusal> {
    let head = head::read(parts, part)?;
    let stated = Some(settings.value("asset")).filter(|s| !s.is_empty());
    let name = stated.map_or_else(
        || head.name.clone().unwrap_or_else(|| stem(&part.name)),
        str::to_owned,
    );
    let mut inventory = Inventory::new(&part.name, name, head.kind);
    inventory.vulnerabilities = head.vulnerabilities;
    let open = || {
        parts
            .open(part)
            .map_err(|e| Refusal::new(format!("cannot be read: {}", e.kind())))
    };
    let read = match head.form {
        Form::CycloneDx => {
            for component in &head.components {
                cyclonedx::component(component, "metadata.component", &mut inventory, sink);
            }
            cyclonedx::read(open()?, &mut inventory, sink)
        }
        Form::Spdx => {
            let owners = spdx::owners(open()?).map_err(|e| Refusal::json(&e))?;
            spdx::read(open()?, (&head.described, &owners), &mut inventory, sink)
        }
    };
    inventory.finish(sink);
    read.map_err(|e| Refusal::json(&e))
}

/// The file's name without folders and endings.
fn stem(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let mut stem = file;
    for end in [".json", ".spdx", ".cdx", ".bom"] {
        stem = stem
            .strip_suffix(end)
            .filter(|s| !s.is_empty())
            .unwrap_or(stem);
    }
    stem.to_owned()
}

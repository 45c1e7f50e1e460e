//! On which day registries released which version: their answers as files.

mod answers;
mod forms;

use standing_facts::GapCode;

pub(crate) use answers::{Answer, Releases};
pub(crate) use forms::{index_place, pages, read};

use crate::unpacked::{self, Document, Refusal};
use crate::{About, Asks, Collector, Parts, Settings, Sink};

/// Reads what registries answer about packages.
pub struct ReleaseDays;

static ABOUT: About = About {
    kind: "releases",
    summary: "release days of packages, from saved answers of npm, PyPI, RubyGems, NuGet, Packagist, Go's \
proxy and Cargo's index",
    revision: 1,
    asks: Asks::Files,
    tables: &["package_release"],
    settings: &[],
    how: "Save what a registry answers about each package under the path at which it answered, in one \
folder: npm's /PACKAGE (the long form, which has the member time) as PACKAGE.json; PyPI's \
/pypi/PACKAGE/json as PACKAGE.json; RubyGems' /api/v1/versions/PACKAGE.json; NuGet's registration \
index and its pages; Packagist's /p2/VENDOR/PACKAGE.json; files of Cargo's sparse index under their own \
paths (se/rd/serde); and MODULE/@v/VERSION.info of Go's proxy, which is how Go's own module cache lays \
them down. No account is needed. The kind package-registry asks for the same by itself. Go and Packagist \
give the day on which a version was made, not that of its release: it counts as the earliest. Days that \
several versions share to the second, or most of them by the day, are those of a copy and count as the \
latest. Not read: Maven's metadata, whose lastUpdated is of the whole and of no version.",
};

/// A packument of npm's with thousands of versions is some tens of megabytes.
const LONGEST: u64 = 64 << 20;

impl Collector for ReleaseDays {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let ends = [".json", ".jsonl", ".info", "maven-metadata.xml", ".zip"];
        let file = name.rsplit('/').next().unwrap_or_default();
        let in_index = !file.is_empty() && name.ends_with(&format!("/{}", index_place(file)));
        ends.iter().any(|end| name.ends_with(end)) || in_index || name == index_place(file)
    }

    fn read(&self, _settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let documents = unpacked::all(parts, sink);
        let alone = documents.len() == 1 && parts.list().len() == 1;
        let mut releases = Releases::default();
        for document in &documents {
            match whole(document).and_then(|bytes| read(&document.part, &bytes)) {
                Ok(found) => releases.take(&document.part, found, sink),
                Err(refusal) => refusal.report(&document.part, alone, sink),
            }
        }
        for page in releases.missing_pages() {
            let why = format!("a page of versions is not here: {page}");
            sink.gap(Some("package_release"), GapCode::Truncated, why);
        }
        releases.give(sink);
    }
}

fn whole(document: &Document<'_>) -> Result<Vec<u8>, Refusal> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let mut read = document.text()?.take(LONGEST + 1);
    read.read_to_end(&mut bytes).map_err(|e| Refusal::io(&e))?;
    match bytes.len() as u64 > LONGEST {
        true => Err(Refusal::too_large("is longer than 64 MiB")),
        false => Ok(bytes),
    }
}

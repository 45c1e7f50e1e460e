//! Lockfiles of repositories: what the package managers resolved, of many repositories at once.

mod cargo;
mod composer;
mod folder;
mod go;
mod json;
mod maven;
mod npm;
mod nuget;
mod pnpm;
mod python;
mod reading;
mod requirements;
mod ruby;
mod toml_tables;
mod yarn;

use std::borrow::Cow;
use std::collections::BTreeMap;

use standing_facts::GapCode;

pub use reading::{LeftOut, LockedPackage, LockfileReading, Reason, Unread};

use folder::{Folder, named};

use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};

/// Reads lockfiles, recognised by their names.
pub struct Lockfiles;

static ABOUT: About = About {
    kind: "lockfiles",
    summary: "packages that repositories lock: Cargo, npm, yarn, pnpm, pip, Pipenv, poetry, uv, Go, \
Maven, Gradle, Bundler, Composer and NuGet",
    revision: 1,
    asks: Asks::Files,
    tables: &["asset", "component"],
    settings: &[Setting {
        name: "asset",
        meaning: "the repository's name, where all lockfiles lie in one folder; otherwise each \
folder with lockfiles is an asset, named by its path",
        default: "",
        required: false,
    }],
    how: "Let the source's path be a folder that holds the repositories, or copies of their lockfiles \
under their paths; nothing but reading them is needed, and nothing is built. Read are Cargo.lock, \
package-lock.json, npm-shrinkwrap.json, yarn.lock, pnpm-lock.yaml, requirements*.txt (exact pins only: \
pip freeze writes them), Pipfile.lock, poetry.lock, uv.lock, go.mod with go.sum, gradle.lockfile, \
Gemfile.lock, composer.lock and packages.lock.json. A pom.xml names no resolved versions: run \
mvn dependency:list in the project and save what it prints as dependency-list.txt beside the pom.xml, \
or dependency:tree as dependency-tree.txt. Folders called node_modules are not looked at. The revision \
that is deployed is the one to read. Registries other than the public ones cannot be told from \
mirrors, except by Cargo.",
};

type Read = fn(&str, &mut LockfileReading);

const FORMATS: [(&str, Read); 15] = [
    ("cargo.lock", cargo::read),
    ("composer.lock", composer::read),
    ("gemfile.lock", ruby::read),
    ("gems.locked", ruby::read),
    ("go.mod", go::module),
    ("go.sum", go::sums),
    ("gradle.lockfile", maven::gradle),
    ("npm-shrinkwrap.json", npm::read),
    ("package-lock.json", npm::read),
    ("packages.lock.json", nuget::read),
    ("pipfile.lock", python::pipfile),
    ("pnpm-lock.yaml", pnpm::read),
    ("poetry.lock", python::poetry),
    ("uv.lock", python::uv),
    ("yarn.lock", yarn::read),
];

/// Reads one lockfile, chosen by its name, which may have folders before it. `None` where no format
/// has that name.
///
/// Pure, and quick enough for a gate before a merge: no file is opened, and what a second file would
/// add (`go.sum` beside an old `go.mod`) is named in [`LockfileReading::left_out`].
pub fn lockfile(name: &str, bytes: &[u8]) -> Option<LockfileReading> {
    let read = format(name)?;
    let mut reading = LockfileReading::default();
    match text(bytes) {
        Some(text) => read(&text, &mut reading),
        None => reading.refuse(None, "is not text in UTF-8"),
    }
    Some(reading)
}

fn format(name: &str) -> Option<Read> {
    let (folder, file) = apart(name);
    let file = file.to_ascii_lowercase();
    let known = FORMATS.iter().find(|(name, _)| *name == file);
    if let Some((_, read)) = known {
        return Some(*read);
    }
    let stem = file.strip_suffix(".txt")?;
    if stem.contains("requirements") || folder.rsplit('/').next() == Some("requirements") {
        return Some(requirements::read);
    }
    is_maven_list(name).then_some(maven::listed as Read)
}

fn is_maven_list(name: &str) -> bool {
    let file = apart(name).1.to_ascii_lowercase();
    let stem = file.strip_suffix(".txt").unwrap_or_default();
    stem.contains("dependency-list") || stem.contains("dependency-tree")
}

/// The text of a file; PowerShell writes UTF-16 with a mark at its start.
fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => {
            encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..])
        }
        None => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Folder and file.
fn apart(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

fn is_pom(name: &str) -> bool {
    apart(name).1 == "pom.xml"
}

impl Collector for Lockfiles {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let is_installed = relative.split('/').any(|folder| folder == "node_modules");
        !is_installed && (is_pom(relative) || format(relative).is_some())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut folders: BTreeMap<&str, Vec<&Kept>> = BTreeMap::new();
        for part in parts.list().iter().filter(|part| !is_pom(&part.name)) {
            folders.entry(apart(&part.name).0).or_default().push(part);
        }
        let listed: Vec<&str> = parts.list().iter().map(|p| p.name.as_str()).collect();
        let alone = parts.list().len() == 1;
        let stated = Some(settings.value("asset")).filter(|s| !s.is_empty() && folders.len() == 1);
        for (folder, files) in &folders {
            let name = stated.map_or_else(|| named(folder, settings), str::to_owned);
            Folder {
                name,
                files,
                parts,
                alone,
                listed: &listed,
            }
            .give(sink);
        }
        unresolved(&listed, sink);
    }
}

/// A module's pom.xml is served by what Maven printed in its folder or one above it.
fn unresolved(listed: &[&str], sink: &mut Sink<'_>) {
    let is_list = |name: &&&str| is_maven_list(name) || apart(name).1 == "gradle.lockfile";
    let served: Vec<&str> = listed
        .iter()
        .filter(is_list)
        .map(|name| apart(name).0)
        .collect();
    let serves = |above: &str, folder: &str| {
        let rest = folder.strip_prefix(above);
        above.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_lacking =
        |name: &&&str| is_pom(name) && !served.iter().any(|above| serves(above, apart(name).0));
    let lacking: Vec<&&str> = listed.iter().filter(is_lacking).collect();
    if let Some(first) = lacking.first() {
        let why = format!(
            "a pom.xml names no resolved versions; save what mvn dependency:list prints as \
dependency-list.txt beside it: {} of them, the first {first}",
            lacking.len()
        );
        sink.gap(Some("component"), GapCode::Missing, why);
    }
}

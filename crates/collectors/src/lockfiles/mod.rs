//! Lockfiles of repositories: what the package managers resolved, of many repositories at once.

mod cargo;
mod composer;
mod go;
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
use standing_facts::tables::{Asset, Component};

pub use reading::{LeftOut, LockedPackage, LockfileReading, Reason, Unread};

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

/// A lockfile beyond this is nobody's.
const LONGEST: u64 = 64 << 20;

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
        for part in parts.list() {
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
    }
}

/// An asset's name: its path within the source; of the source's own folder the last word of its path.
fn named(folder: &str, settings: &Settings) -> String {
    if !folder.is_empty() {
        return folder.to_owned();
    }
    let mut path = settings.path.as_path();
    if format(&path.to_string_lossy()).is_some() {
        path = path.parent().unwrap_or(path);
    }
    let last = path.file_name().map(|n| n.to_string_lossy().into_owned());
    last.filter(|n| n != "..")
        .unwrap_or_else(|| settings.source.clone())
}

/// One folder with lockfiles: one asset.
struct Folder<'a> {
    name: String,
    files: &'a [&'a Kept],
    parts: &'a Parts<'a>,
    alone: bool,
    /// The names of all files of the run.
    listed: &'a [&'a str],
}

impl Folder<'_> {
    fn give(&self, sink: &mut Sink<'_>) {
        sink.fact(&asset(&self.name, sink));
        for part in self.files {
            if is_pom(&part.name) {
                self.pom(&part.name, sink);
            } else if let Some(reading) = self.reading(part, sink) {
                self.tell(part, reading, sink);
            }
        }
    }

    /// A module's pom.xml is served by what Maven printed in a folder above it.
    fn pom(&self, part: &str, sink: &mut Sink<'_>) {
        let resolved = self
            .listed
            .iter()
            .filter(|name| is_maven_list(name) || apart(name).1 == "gradle.lockfile");
        let folder = apart(part).0;
        let serves = |name: &&str| {
            let above = apart(name).0;
            above.is_empty() || folder == above || folder.starts_with(&format!("{above}/"))
        };
        if !resolved.into_iter().any(serves) {
            let why = format!(
                "{part} names no resolved versions; save what mvn dependency:list prints as \
dependency-list.txt beside it"
            );
            sink.gap(Some("component"), GapCode::Missing, why);
        }
    }

    /// An included file that is a lockfile of the tree is read as one.
    fn included(&self, part: &str, include: &str, sink: &mut Sink<'_>) {
        let mut path: Vec<&str> = apart(part).0.split('/').filter(|w| !w.is_empty()).collect();
        for word in include
            .split('/')
            .filter(|word| !word.is_empty() && *word != ".")
        {
            match word {
                ".." => drop(path.pop()),
                word => path.push(word),
            }
        }
        if !self.listed.contains(&path.join("/").as_str()) {
            let why = format!("{part} includes a file that was not read: {include}");
            sink.gap(Some("component"), GapCode::Missing, why);
        }
    }

    fn bytes(&self, part: &Kept, sink: &mut Sink<'_>) -> Option<Vec<u8>> {
        match self.parts.whole(part, LONGEST) {
            Ok(Some(bytes)) => Some(bytes),
            Ok(None) => {
                let why = format!("{} is longer than {LONGEST} bytes", part.name);
                sink.gap(Some("component"), GapCode::TooLarge, why);
                None
            }
            Err(error) => {
                let why = format!("cannot be read: {}", error.kind());
                sink.problem(&part.name, None, None, why);
                None
            }
        }
    }

    /// `go.sum` is read with the `go.mod` beside it.
    fn reading(&self, part: &Kept, sink: &mut Sink<'_>) -> Option<LockfileReading> {
        let beside = |file: &str| self.files.iter().find(|p| apart(&p.name).1 == file);
        let file = apart(&part.name).1;
        if file == "go.sum" && beside("go.mod").is_some() {
            return None;
        }
        let bytes = self.bytes(part, sink)?;
        let sums = beside("go.sum").filter(|_| file == "go.mod");
        let sums = sums.and_then(|sums| self.bytes(sums, sink));
        match (text(&bytes), sums.as_deref().and_then(text)) {
            (Some(module), Some(sums)) => {
                let mut reading = LockfileReading::default();
                go::both(&module, Some(&sums), &mut reading);
                Some(reading)
            }
            _ => lockfile(&part.name, &bytes),
        }
    }

    fn tell(&self, part: &Kept, reading: LockfileReading, sink: &mut Sink<'_>) {
        let name = part.name.as_str();
        if let Some(refused) = reading.refused {
            let place = refused
                .line
                .map(|l| format!(" line {l}"))
                .unwrap_or_default();
            return match self.alone {
                true => sink.fail(
                    GapCode::Malformed,
                    format!("{name}{place}: {}", refused.what),
                ),
                false => sink.problem(name, refused.line, None, refused.what),
            };
        }
        for unread in reading.unread {
            sink.problem(name, unread.line, None, unread.what);
        }
        for left in &reading.left_out {
            match left.why.is_gap() {
                true => {
                    let why = format!("{name}: {left}");
                    sink.gap(Some("component"), GapCode::NotAsked, why);
                }
                false => sink.notice(name, None, None, left.to_string()),
            }
        }
        for include in &reading.includes {
            self.included(name, include, sink);
        }
        if reading.components.is_empty() && reading.left_out.is_empty() {
            sink.notice(name, None, None, "locks no package");
        }
        for package in reading.components {
            sink.fact(&component(&self.name, package));
        }
    }
}

fn component(asset: &str, package: LockedPackage) -> Component {
    Component {
        asset: asset.to_owned(),
        ecosystem: package.ecosystem.to_owned(),
        name: package.name,
        version: package.version,
        binary: None,
        purl: Some(package.purl),
        installed_on: None,
        running: None,
    }
}

fn asset(name: &str, sink: &Sink<'_>) -> Asset {
    Asset {
        id: sink.id(name),
        name: name.to_owned(),
        kind: Some("repository".into()),
        system: None,
        owner: None,
        os: None,
        os_version: None,
        encrypted: None,
        antimalware: None,
        antimalware_updated_on: None,
        internet_facing: None,
        region: None,
        last_seen_on: None,
        retired_on: None,
        kernel: None,
    }
}

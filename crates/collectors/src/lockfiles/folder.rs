//! One folder with lockfiles, as an asset with its components.

use standing_facts::GapCode;
use standing_facts::tables::{Asset, Component};

use super::reading::{LockedPackage, LockfileReading};
use super::{apart, format, go, lockfile, text};
use crate::{Kept, Parts, Settings, Sink};

/// A lockfile beyond this is nobody's.
const LONGEST: u64 = 64 << 20;

/// An asset's name: its path within the source; of the source's own folder the last word of its path.
pub(super) fn named(folder: &str, settings: &Settings) -> String {
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
pub(super) struct Folder<'a> {
    pub(super) name: String,
    pub(super) files: &'a [&'a Kept],
    pub(super) parts: &'a Parts<'a>,
    pub(super) alone: bool,
    /// The names of all files of the run.
    pub(super) listed: &'a [&'a str],
}

impl Folder<'_> {
    pub(super) fn give(&self, sink: &mut Sink<'_>) {
        sink.fact(&asset(&self.name, sink));
        for part in self.files {
            if let Some(reading) = self.reading(part, sink) {
                self.tell(part, reading, sink);
            }
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
            _ => Some(lockfile(&part.name, &bytes).unwrap_or_else(unnamed)),
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

/// A single file that the source's path names is taken whatever it is called.
fn unnamed() -> LockfileReading {
    let mut reading = LockfileReading::default();
    reading.refuse(None, "has not the name of a lockfile that is read");
    reading
}

fn component(asset: &str, package: LockedPackage) -> Component {
    Component {
        asset: asset.to_owned(),
        ecosystem: package.ecosystem.to_owned(),
        purl: Some(package.purl()),
        name: package.name,
        version: package.version,
        binary: None,
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

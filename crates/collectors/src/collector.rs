//! The contract between a collector and the runner.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use standing_facts::{Gap, GapCode};

use crate::secret::{self, Secret};
use crate::{Sink, walk};

/// What a collector is, what it yields and what it needs.
#[derive(Debug)]
pub struct About {
    /// The word after `kind =` in `standing.toml`.
    pub kind: &'static str,
    /// One line for lists: which systems' exports it reads.
    pub summary: &'static str,
    /// Raised when `read` understands the same bytes differently.
    pub revision: u32,
    /// What it asks.
    pub asks: Asks,
    /// The tables it yields. A complete run speaks for all of them.
    pub tables: &'static [&'static str],
    /// The settings it takes beside `kind`, `path` and `fresh_for_days`.
    pub settings: &'static [Setting],
    /// How to make the export, with the least permission that suffices.
    pub how: &'static str,
}

/// What a kind of source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Files that somebody exported, at the source's path.
    Files,
    /// A running system. It has no path; its secrets are named by settings that end in `_file` or
    /// `_env`, and only somebody at the machine itself may configure it.
    System,
}

/// One setting of a source.
#[derive(Debug)]
pub struct Setting {
    /// Its name in `standing.toml`.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it is where the file does not say; empty for none.
    pub default: &'static str,
    /// Whether the source cannot do without it.
    pub required: bool,
}

/// A source's validated settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The source's name: the prefix of every id it yields.
    pub source: String,
    /// File or folder, absolute or relative to the folder of `standing.toml`.
    pub path: PathBuf,
    /// The collector's own settings, checked against [`About::settings`], defaults filled in.
    pub values: BTreeMap<String, String>,
    /// Column mapping, table column → heading in the file, for kinds that read tables.
    pub columns: BTreeMap<String, String>,
}

impl Settings {
    /// The value of one of the collector's own settings; empty where neither file nor default says.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What a run is about, for comparing it with others: the path and every setting but where its
    /// secrets lie, which may move without anything else being asked.
    pub fn scope(&self) -> String {
        let mut scope = self.path.display().to_string();
        for (name, value) in &self.values {
            if !value.is_empty() && !is_secret(name) {
                scope.push_str(&format!(" {name}={value}"));
            }
        }
        scope
    }
}

/// Whether a setting of this name says where a secret lies.
pub fn is_secret(name: &str) -> bool {
    name.ends_with("_file") || name.ends_with("_env")
}

/// The code that can read one kind of source.
pub trait Collector: Send + Sync {
    /// Kind, revision, tables, settings, least permission.
    fn about(&self) -> &'static About;

    /// The tables that a complete run with these settings speaks for.
    fn tables(&self, _settings: &Settings) -> Vec<&'static str> {
        self.about().tables.to_vec()
    }

    /// Whether this file of the source's folder is wanted. `relative` uses `/`. Where the source's
    /// path is a single file, it is taken without asking. Nothing is for whoever asks a system.
    fn wants(&self, _relative: &str) -> bool {
        false
    }

    /// Asks the source through `line`. Keeps the bytes and interprets nothing.
    ///
    /// # Errors
    /// When nothing could be read at all. What was missing beside something is a gap on the line.
    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        line.files(&|relative| self.wants(relative))
    }

    /// Understands the bytes. Same bytes, same facts, for ever. Cannot fail: what it could not read,
    /// it says to the sink.
    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>);
}

/// Why a source could not be asked at all. Carries paths and kinds of error, never contents.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The path is not there.
    #[error("nothing at {0}")]
    Missing(PathBuf),
    /// The path is there and may not be read.
    #[error("may not read {0}")]
    Denied(PathBuf),
    /// The folder holds no file of the expected form.
    #[error("no file of this kind in {0}")]
    Empty(PathBuf),
    /// Reading failed.
    #[error("cannot read {path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own word.
        error: io::Error,
    },
    /// A system could not be asked: the gap that this leaves, and why in one sentence without secrets.
    #[error("{detail}")]
    System {
        /// The kind of reason.
        code: GapCode,
        /// One plain sentence.
        detail: String,
    },
}

impl FetchError {
    /// A system could not be asked.
    pub fn system(code: GapCode, detail: impl Into<String>) -> Self {
        FetchError::System {
            code,
            detail: detail.into(),
        }
    }

    /// The gap this error leaves.
    pub fn code(&self) -> GapCode {
        match self {
            FetchError::Missing(_) | FetchError::Empty(_) => GapCode::Missing,
            FetchError::Denied(_) => GapCode::Denied,
            FetchError::Io { .. } => GapCode::Malformed,
            FetchError::System { code, .. } => *code,
        }
    }
}

/// One kept part of a source: a file or a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The part's name within the source, with `/`.
    pub name: String,
    /// Handle by which the keeper finds it again: a blob digest.
    pub handle: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
}

/// Keeps exact bytes and gives them back. The vault, outside tests.
pub trait Keeper {
    /// Keeps what `bytes` yields, to its end, streaming.
    ///
    /// # Errors
    /// When reading or keeping fails; nothing is kept then.
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept>;

    /// Opens a kept part.
    ///
    /// # Errors
    /// When it is not there or damaged.
    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>>;
}

/// Where relative paths begin, and what of the machine a run may touch.
pub struct Root<'a> {
    /// The folder of `standing.toml`.
    pub folder: &'a Path,
    /// Opens one file. Tests refuse here what they want refused: a superuser is never denied.
    pub open: &'a dyn Fn(&Path) -> io::Result<std::fs::File>,
    /// The time, for comparing a system's clock with ours and for tokens that end. No fact rests on it.
    pub now: &'a (dyn Fn() -> Timestamp + Sync),
    /// Waits, when a system asks for patience.
    pub wait: &'a (dyn Fn(Duration) + Sync),
}

impl<'a> Root<'a> {
    /// The ordinary file system below `folder`, and the machine's clock.
    pub fn new(folder: &'a Path) -> Self {
        Root {
            folder,
            open: &|path| std::fs::File::open(path),
            now: &Timestamp::now,
            wait: &std::thread::sleep,
        }
    }
}

/// The one way from a collector to the outside: everything it fetches passes here and is kept.
pub struct Line<'a> {
    pub(crate) root: &'a Root<'a>,
    settings: &'a Settings,
    keeper: &'a mut dyn Keeper,
    progress: &'a mut dyn FnMut(&str),
    pub(crate) kept: Vec<Kept>,
    pub(crate) gaps: Vec<Gap>,
}

impl<'a> Line<'a> {
    pub(crate) fn new(
        root: &'a Root<'a>,
        settings: &'a Settings,
        keeper: &'a mut dyn Keeper,
        progress: &'a mut dyn FnMut(&str),
    ) -> Self {
        Line {
            root,
            settings,
            keeper,
            progress,
            kept: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// The source's settings.
    pub fn settings(&self) -> &Settings {
        self.settings
    }

    /// Keeps the bytes of an answer as a part of this name.
    ///
    /// # Errors
    /// When they cannot be kept.
    pub fn keep(&mut self, name: &str, mut bytes: &[u8]) -> Result<(), FetchError> {
        (self.progress)(name);
        let kept = self.keeper.keep(name, &mut bytes);
        let kept = kept.map_err(|error| FetchError::Io {
            path: PathBuf::from(name),
            error,
        })?;
        self.kept.push(kept);
        Ok(())
    }

    /// Something that the system would not give or that was not asked of it.
    pub fn gap(&mut self, table: Option<&str>, code: GapCode, detail: impl Into<String>) {
        let gap = Gap {
            table: table.map(str::to_owned),
            code,
            detail: detail.into(),
        };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// The time of asking.
    pub fn now(&self) -> Timestamp {
        (self.root.now)()
    }

    /// Waits, because the system has something to make first.
    pub fn pause(&mut self, pause: Duration) {
        (self.root.wait)(pause);
    }

    /// Says what is being asked, for whoever waits.
    pub fn progress(&mut self, what: &str) {
        (self.progress)(what);
    }

    /// The secret of this name: what the file at `NAME_file` holds, without its line end, or the
    /// environment variable that `NAME_env` names; `None` where neither is configured.
    ///
    /// # Errors
    /// When the file is not there, may be read by others than its owner, or is empty; when the
    /// variable is not set. The words hold the names, never the secret.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>, FetchError> {
        secret::find(self.root, self.settings, name)
    }

    /// As [`Line::secret`], for what the source cannot do without.
    ///
    /// # Errors
    /// Also when neither setting is there.
    pub fn needed_secret(&self, name: &str) -> Result<Secret, FetchError> {
        self.secret(name)?.ok_or_else(|| {
            let why = format!("set {name}_file or {name}_env: where the {name} is kept");
            FetchError::system(GapCode::Denied, why)
        })
    }

    /// Keeps the file at the source's path or, where that is a folder, every wanted file below it
    /// in the order of their names. Links within the folder are followed, and a file reached twice
    /// is kept once; links out of it are gaps.
    ///
    /// # Errors
    /// When the path is missing, may not be read, or holds no wanted file.
    pub fn files(&mut self, wanted: &dyn Fn(&str) -> bool) -> Result<(), FetchError> {
        let path = self.root.folder.join(&self.settings.path);
        let about = std::fs::metadata(&path).map_err(|e| sort(&path, e))?;
        if about.is_dir() {
            let (mut found, gaps) = walk::files(&path, wanted)?;
            self.gaps.extend(gaps);
            if found.is_empty() && !self.was_refused() {
                return Err(FetchError::Empty(self.settings.path.clone()));
            }
            found.sort();
            for relative in found {
                self.file(&path.join(&relative), &relative)?;
            }
        } else {
            let name = path
                .file_name()
                .map_or_else(|| "file".into(), |n| n.to_string_lossy().into_owned());
            self.file(&path, &name)?;
        }
        if self.kept.is_empty() {
            return Err(FetchError::Denied(self.settings.path.clone()));
        }
        Ok(())
    }

    /// Whether something was there that could not be read, beside links that were not followed.
    fn was_refused(&self) -> bool {
        self.gaps.iter().any(|gap| gap.code != GapCode::NotAsked)
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<(), FetchError> {
        (self.progress)(name);
        match (self.root.open)(path) {
            Ok(mut file) => {
                let kept = self
                    .keeper
                    .keep(name, &mut file)
                    .map_err(|error| FetchError::Io {
                        path: path.to_owned(),
                        error,
                    })?;
                self.kept.push(kept);
            }
            Err(error) => self.gaps.push(lost(name, &error)),
        }
        Ok(())
    }
}

pub(crate) fn lost(name: &str, error: &io::Error) -> Gap {
    let (code, why) = match error.kind() {
        io::ErrorKind::PermissionDenied => (GapCode::Denied, "may not be read"),
        io::ErrorKind::NotFound => (GapCode::Missing, "is not there"),
        _ => (GapCode::Malformed, "cannot be read"),
    };
    Gap {
        table: None,
        code,
        detail: format!("{name} {why}"),
    }
}

pub(crate) fn sort(path: &Path, error: io::Error) -> FetchError {
    match error.kind() {
        io::ErrorKind::NotFound => FetchError::Missing(path.to_owned()),
        io::ErrorKind::PermissionDenied => FetchError::Denied(path.to_owned()),
        _ => FetchError::Io {
            path: path.to_owned(),
            error,
        },
    }
}

/// The kept parts of one run, as `read` sees them.
pub struct Parts<'a> {
    pub(crate) kept: &'a [Kept],
    pub(crate) keeper: &'a dyn Keeper,
}

impl Parts<'_> {
    /// The parts in the order of their names.
    pub fn list(&self) -> &[Kept] {
        self.kept
    }

    /// Opens one part for streaming.
    ///
    /// # Errors
    /// When the vault cannot give it back.
    pub fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        self.keeper.open(part)
    }

    /// Reads one part whole, for formats that cannot be streamed. `None` when it is longer than
    /// `limit` bytes: the collector reports it as too large.
    ///
    /// # Errors
    /// When the vault cannot give it back.
    pub fn whole(&self, part: &Kept, limit: u64) -> io::Result<Option<Vec<u8>>> {
        if part.bytes > limit {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(part.bytes).unwrap_or_default());
        self.open(part)?.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

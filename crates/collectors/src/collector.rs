//! The contract between a collector and the runner.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use standing_facts::{Gap, GapCode};

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
    /// The tables it yields. A complete run speaks for all of them.
    pub tables: &'static [&'static str],
    /// The settings it takes beside `kind`, `path` and `fresh_for_days`.
    pub settings: &'static [Setting],
    /// How to make the export, with the least permission that suffices.
    pub how: &'static str,
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
    /// path is a single file, it is taken without asking.
    fn wants(&self, relative: &str) -> bool;

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
}

impl FetchError {
    /// The gap this error leaves.
    pub fn code(&self) -> GapCode {
        match self {
            FetchError::Missing(_) | FetchError::Empty(_) => GapCode::Missing,
            FetchError::Denied(_) => GapCode::Denied,
            FetchError::Io { .. } => GapCode::Malformed,
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

/// Where relative paths begin and how files are opened.
pub struct Root<'a> {
    /// The folder of `standing.toml`.
    pub folder: &'a Path,
    /// Opens one file. Tests refuse here what they want refused: a superuser is never denied.
    pub open: &'a dyn Fn(&Path) -> io::Result<std::fs::File>,
}

impl<'a> Root<'a> {
    /// The ordinary file system below `folder`.
    pub fn new(folder: &'a Path) -> Self {
        Root {
            folder,
            open: &|path| std::fs::File::open(path),
        }
    }
}

/// The one way from a collector to the outside: everything it fetches passes here and is kept.
pub struct Line<'a> {
    root: &'a Root<'a>,
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

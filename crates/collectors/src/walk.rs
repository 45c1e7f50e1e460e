//! Which files of a folder are a source's: every wanted one, through links too, each once.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use standing_facts::{Gap, GapCode};

use crate::FetchError;
use crate::collector::{lost, sort};

/// The wanted files below `folder`, by their names relative to it, and what stands in for others.
///
/// Real files come first, then links, those nearest to the folder first: where a file has two names,
/// its own is taken.
///
/// # Errors
/// When the folder itself cannot be listed.
pub(crate) fn files(
    folder: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<(Vec<String>, Vec<Gap>), FetchError> {
    let mut walk = Walk {
        inside: std::fs::canonicalize(folder).map_err(|e| sort(folder, e))?,
        folder,
        wanted,
        found: Vec::new(),
        reached: HashSet::new(),
        followed: HashSet::new(),
        links: BTreeSet::new(),
        gaps: Vec::new(),
    };
    let inside = walk.inside.clone();
    walk.list(&inside, "", false)?;
    while let Some((_, link)) = walk.links.pop_first() {
        walk.follow(&link)?;
    }
    Ok((walk.found, walk.gaps))
}

struct Walk<'a> {
    folder: &'a Path,
    /// The folder with all links resolved: what lies below it is the source's.
    inside: PathBuf,
    wanted: &'a dyn Fn(&str) -> bool,
    found: Vec<String>,
    /// Files already found, links resolved.
    reached: HashSet<PathBuf>,
    /// Folders already listed by way of a link: none is listed so twice, and circles end.
    followed: HashSet<PathBuf>,
    /// Links not yet looked at, with their depth.
    links: BTreeSet<(usize, String)>,
    gaps: Vec<Gap>,
}

impl Walk<'_> {
    /// Lists a folder whose links are resolved, under the name by which it was reached.
    fn list(&mut self, real: &Path, below: &str, linked: bool) -> Result<(), FetchError> {
        if linked && !self.followed.insert(real.to_owned()) {
            return Ok(());
        }
        let entries = match std::fs::read_dir(real) {
            Ok(entries) => entries,
            Err(error) if below.is_empty() => return Err(sort(self.folder, error)),
            Err(error) => {
                self.gaps.push(lost(below, &error));
                return Ok(());
            }
        };
        for entry in entries {
            let entry = entry.map_err(|e| sort(real, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = if below.is_empty() {
                name
            } else {
                format!("{below}/{name}")
            };
            let kind = entry.file_type().map_err(|e| sort(&entry.path(), e))?;
            if kind.is_symlink() {
                let depth = relative.matches('/').count();
                self.links.insert((depth, relative));
            } else if kind.is_dir() {
                self.list(&entry.path(), &relative, linked)?;
            } else if (self.wanted)(&relative) {
                self.take(entry.path(), relative, kind.is_file());
            }
        }
        Ok(())
    }

    fn take(&mut self, real: PathBuf, relative: String, is_file: bool) {
        if !is_file {
            self.leave(&relative, GapCode::NotAsked, "is neither file nor folder");
        } else if self.reached.insert(real) {
            self.found.push(relative);
        }
    }

    fn follow(&mut self, link: &str) -> Result<(), FetchError> {
        let is_wanted = (self.wanted)(link);
        let at = self.folder.join(link);
        let target = std::fs::canonicalize(&at).and_then(|t| Ok((std::fs::metadata(&t)?, t)));
        match target {
            Err(error) => self.broken(link, &error, is_wanted),
            Ok((about, _)) if !about.is_dir() && !is_wanted => {}
            Ok((_, target)) if !target.starts_with(&self.inside) => {
                let why = "is a link that leads out of the folder; it was not followed";
                self.leave(link, GapCode::NotAsked, why);
            }
            Ok((about, target)) if about.is_dir() => self.list(&target, link, true)?,
            Ok((about, target)) => self.take(target, link.to_owned(), about.is_file()),
        }
        Ok(())
    }

    /// What a link to nothing led to is unknown: perhaps a folder. Editors keep their locks in
    /// hidden links to nothing.
    fn broken(&mut self, link: &str, error: &io::Error, is_wanted: bool) {
        let is_hidden = link.rsplit('/').next().is_some_and(|n| n.starts_with('.'));
        if error.kind() != io::ErrorKind::NotFound {
            self.gaps.push(lost(link, error));
        } else if is_wanted || !is_hidden {
            self.leave(link, GapCode::Missing, "is a link to nothing");
        }
    }

    fn leave(&mut self, relative: &str, code: GapCode, why: &str) {
        self.gaps.push(Gap {
            table: None,
            code,
            detail: format!("{relative} {why}"),
        });
    }
}

//! The files of a folder that may hold advisories.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::LeftAside;

/// Folders below folders, at most.
const DEPTH: usize = 16;
/// How the names of files end that are looked at, each also with `.gz`.
const ENDINGS: [&str; 5] = [".zip", ".json", ".jsonl", ".ndjson", ".csv"];

/// Files by their names below a folder, and what was not looked at.
#[derive(Debug, Default)]
pub struct Files {
    /// Name, and where it lies.
    pub found: BTreeMap<String, PathBuf>,
    /// Links to folders, and what is neither file nor folder.
    pub left_aside: Vec<LeftAside>,
}

/// Lists a folder.
///
/// # Errors
/// When it, or a folder below it, cannot be listed.
pub fn files(folder: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    list(folder, "", DEPTH, &mut files)?;
    files.left_aside.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn list(folder: &Path, below: &str, depth: usize, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let is_link = entry.file_type()?.is_symlink();
        let about = match fs::metadata(entry.path()) {
            Ok(about) => about,
            Err(error) if is_link && !is_wanted(&name) => {
                files.aside(&name, &format!("is a link to nothing ({})", error.kind()));
                continue;
            }
            Err(error) => return Err(error),
        };
        if about.is_dir() && is_link {
            files.aside(&name, "is a link to a folder, which is not followed");
        } else if about.is_dir() && depth == 0 {
            files.aside(&name, "lies too deep");
        } else if about.is_dir() {
            list(&entry.path(), &format!("{name}/"), depth - 1, files)?;
        } else if is_wanted(&name) && about.is_file() {
            files.found.insert(name, entry.path());
        } else if is_wanted(&name) {
            files.aside(&name, "is neither file nor folder");
        }
    }
    Ok(())
}

impl Files {
    fn aside(&mut self, name: &str, why: &str) {
        self.left_aside.push(LeftAside {
            name: name.to_owned(),
            why: why.to_owned(),
        });
    }
}

fn is_wanted(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let hidden = name
        .rsplit('/')
        .next()
        .is_some_and(|last| last.starts_with('.'));
    !hidden && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

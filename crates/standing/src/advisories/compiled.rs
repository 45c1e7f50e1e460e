//! The compiled files in `.standing/advisories`: one an edition, named by its digest.
//!
//! *Architecture invariant:* a file is written under another name, synced, renamed, and never changed in
//! place: whoever has it mapped keeps its bytes, also when it is removed or replaced.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use standing_mapped::Mapped;
use standing_patching::Database;

use crate::failure::Failure;
use crate::home::{Home, private_cache};

/// How many compiled files are kept.
const KEPT: usize = 3;
/// How the names of compiled files end.
const ENDING: &str = ".index";
/// How the names of files that are being written begin; the writer's process follows.
const WRITING: &str = "new-";

fn folder(home: &Path) -> io::Result<PathBuf> {
    let folder = private_cache(home)?.join("advisories");
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

fn path(folder: &Path, edition: &str) -> PathBuf {
    folder.join(format!("{edition}{ENDING}"))
}

/// The compiled file of an edition; `None` where there is none of the present format.
pub fn open(home: &Path, edition: &str) -> Result<Option<Mapped>, Failure> {
    match standing_mapped::open(&path(&folder(home)?, edition)) {
        Ok(mapped) => Ok(Database::open(mapped.as_ref()).is_ok().then_some(mapped)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes the compiled file of an edition and removes what is older than the last [`KEPT`].
pub fn write(home: &Home, edition: &str, bytes: &[u8]) -> Result<(), Failure> {
    let folder = folder(&home.folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(&format!("{WRITING}{}-", std::process::id()))
        .tempfile_in(&folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path(&folder, edition)).map_err(|e| e.error)?;
    fs::File::open(&folder)?.sync_all()?;
    sweep(&folder)?;
    Ok(())
}

/// Another process may be sweeping too, so what is gone already is no error.
fn sweep(folder: &Path) -> io::Result<()> {
    let mut compiled = Vec::new();
    for entry in fs::read_dir(folder)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(ENDING) {
            compiled.extend(
                entry
                    .metadata()
                    .and_then(|m| m.modified())
                    .map(|at| (at, entry.path())),
            );
        } else if is_abandoned(&name) {
            gone(&entry.path())?;
        }
    }
    compiled.sort();
    let older = compiled.len().saturating_sub(KEPT);
    compiled[..older]
        .iter()
        .try_for_each(|(_, path)| gone(path))
}

/// Whether whoever was writing it was killed.
fn is_abandoned(name: &str) -> bool {
    let process = name
        .strip_prefix(WRITING)
        .and_then(|rest| rest.split('-').next());
    let process = process.and_then(|id| id.parse::<u32>().ok());
    process.is_some_and(|id| !Path::new(&format!("/proc/{id}")).exists())
}

fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

//! Making an empty vault.

use std::path::Path;

use super::{InitError, Options};
use crate::disk::{Disk, DiskError, sync_dirs, write_synced};
use crate::journal::Journal;
use crate::keys::Keys;
use crate::merkle::Hash;
use crate::note::Checkpoint;
use crate::settings::Settings;

/// Builds the folder beside its place, then moves it there.
pub(super) fn init(
    disk: &dyn Disk,
    dir: &Path,
    origin: &str,
    keys: &Keys,
    options: Options,
) -> Result<(), InitError> {
    let public = keys.public(origin)?;
    let occupied = || InitError::Occupied {
        path: dir.to_path_buf(),
    };
    if disk.exists(dir).map_err(DiskError::at("look for", dir))? {
        match disk.list(dir) {
            Ok(files) if files.is_empty() => {}
            _ => return Err(occupied()),
        }
    }
    let mut unique = [0; 8];
    getrandom::fill(&mut unique)
        .map_err(|error| DiskError::at("draw a name for", dir)(error.into()))?;
    let mut name = std::ffi::OsString::from(format!(".{:016x}.", u64::from_be_bytes(unique)));
    name.push(dir.file_name().ok_or_else(occupied)?);
    let building = dir.with_file_name(name);
    let nothing = (0, Hash::of_nothing());
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size: nothing.0,
        root: nothing.1,
    };
    let journal = Journal {
        from: nothing,
        to: nothing,
        erases: None,
        settled: true,
    };
    let settings = Settings {
        public,
        encryption: options.encryption,
    };
    let note = checkpoint.sign(&keys.signing, &settings.public);
    let files = [
        ("vault.toml", settings.text().into_bytes()),
        ("journal", journal.to_bytes()),
        ("log/checkpoint", note.into_bytes()),
    ];
    let mut dirs = Vec::new();
    for part in ["", "blobs", "log", "tmp"] {
        let path = building.join(part);
        disk.create_dir(&path)
            .map_err(DiskError::at("create", &path))?;
        dirs.push(path);
    }
    for (part, bytes) in &files {
        write_synced(disk, &building.join(part), bytes)?;
    }
    sync_dirs(disk, &dirs)?;
    disk.rename(&building, dir)
        .map_err(DiskError::at("create", dir))?;
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    disk.sync_dir(parent)
        .map_err(DiskError::at("sync", parent))?;
    Ok(())
}

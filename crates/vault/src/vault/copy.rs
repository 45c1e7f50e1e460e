//! Copying a vault while others write to it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::Vault;
use crate::disk::DiskError;

/// Why a vault was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Something is there already.
    #[error("cannot copy the vault to {path:?}: it exists")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file operation failed. What was copied so far lies in the folder named, or beside it.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Vault {
    /// Copies the whole vault, without keys, to `to`, which must not exist.
    ///
    /// Writers wait until it is done, so that the copy is of one instant; readers do not.
    /// The copy is synced before it takes its name. Check it with [`crate::fsck()`].
    pub fn copy_to(&self, to: &Path) -> Result<(), CopyError> {
        let occupied = || CopyError::Occupied {
            path: to.to_path_buf(),
        };
        if to.try_exists().map_err(DiskError::at("look for", to))? {
            return Err(occupied());
        }
        let journal = self.dir.join("journal");
        let lock = File::open(&journal).map_err(DiskError::at("open", &journal))?;
        lock.lock_shared()
            .map_err(DiskError::at("lock", &journal))?;

        let mut partial = std::ffi::OsString::from(".copying-");
        partial.push(to.file_name().ok_or_else(occupied)?);
        let partial = to.with_file_name(partial);
        copy_dir(&self.dir, &partial)?;
        let tmp = partial.join("tmp");
        fs::create_dir(&tmp).map_err(DiskError::at("create", &tmp))?;
        sync(&partial)?;
        fs::rename(&partial, to).map_err(DiskError::at("create", to))?;
        match to.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => Ok(sync(parent)?),
            _ => Ok(sync(Path::new("."))?),
        }
    }
}

fn sync(path: &Path) -> Result<(), DiskError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(DiskError::at("sync", path))
}

/// Copies and syncs a directory, but for `tmp`, which is nobody's.
fn copy_dir(from: &Path, to: &Path) -> Result<(), DiskError> {
    fs::create_dir(to).map_err(DiskError::at("create", to))?;
    let list = || fs::read_dir(from)?.collect::<io::Result<Vec<_>>>();
    for entry in list().map_err(DiskError::at("list", from))? {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(DiskError::at("look at", &path))?;
        if kind.is_dir() && entry.file_name() != "tmp" {
            copy_dir(&path, &target)?;
        } else if kind.is_file() {
            fs::copy(&path, &target).map_err(DiskError::at("copy", &path))?;
            sync(&target)?;
        }
    }
    sync(to)
}

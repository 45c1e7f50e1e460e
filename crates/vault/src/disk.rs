//! The few operations on files that the vault's durability rests on.
//!
//! They are behind a trait so that tests can fail any one of them, having done
//! nothing or having done everything. Locks are not here: they keep processes
//! apart but nothing durable depends on them.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A file open for writing. Dropping it promises nothing; only [`DiskFile::sync`] does.
pub trait DiskFile: Write + Send {
    /// Returns once the bytes written so far survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file system. Errors are the system's own; the caller adds what it was doing.
pub trait Disk: Debug + Send + Sync {
    /// The whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// The file as a stream.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;
    /// An empty file at `path`, in place of any that was there, and locked while it is open.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// The existing file at `path`, to be overwritten from its beginning.
    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Moves a file, replacing any at `to`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a file unless somebody holds it open through [`Disk::create`]; says whether it did.
    fn remove_if_abandoned(&self, path: &Path) -> io::Result<bool>;
    /// Makes one directory below an existing one.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Returns once the names in this directory survive a power cut.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Whether anything is at `path`.
    fn exists(&self, path: &Path) -> io::Result<bool>;
    /// What a directory holds, sorted by name.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
}

/// The system's own files.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl DiskFile for RealFile {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

impl Disk for RealDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        loop {
            let file = File::create(path)?;
            file.lock()?;
            // Between the two somebody may have taken it for abandoned.
            if path.try_exists()? {
                return Ok(Box::new(RealFile(file)));
            }
        }
    }

    fn overwrite(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_if_abandoned(&self, path: &Path) -> io::Result<bool> {
        let file = File::open(path)?;
        match file.try_lock() {
            Ok(()) => fs::remove_file(path).map(|()| true),
            Err(fs::TryLockError::WouldBlock) => Ok(false),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }
}

/// A file operation that failed: what we were doing, where, and what the system said.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {path:?}: {source}")]
pub struct DiskError {
    /// A verb: `read`, `write`, `sync`, …
    pub doing: &'static str,
    /// Which file or directory.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

impl DiskError {
    /// Names the operation and the file that failed.
    pub(crate) fn at(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        let path = path.to_path_buf();
        move |source| DiskError {
            doing,
            path,
            source,
        }
    }
}

/// Reads a file, `None` if there is none.
pub(crate) fn read_if_present(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    match disk.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::at("read", path)(error)),
    }
}

/// Writes a whole new file and syncs it; its name is durable only once its directory is synced.
pub(crate) fn write_synced(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let mut file = disk.create(path).map_err(DiskError::at("create", path))?;
    file.write_all(bytes)
        .map_err(DiskError::at("write", path))?;
    file.sync().map_err(DiskError::at("sync", path))
}

/// Removes a file that may already be gone.
pub(crate) fn remove_if_present(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    match disk.remove(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(DiskError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Syncs the directories given, then forgets them.
pub(crate) fn sync_dirs<'a>(
    disk: &dyn Disk,
    dirs: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), DiskError> {
    for dir in dirs {
        disk.sync_dir(dir).map_err(DiskError::at("sync", dir))?;
    }
    Ok(())
}

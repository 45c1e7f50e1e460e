//! A file as bytes, without reading it into memory. The system brings in the pages that are looked at.
//!
//! *Architecture invariant:* this crate holds the only `unsafe` of the workspace, one line. What is
//! opened here is never changed in place: it is written under another name, synced, and renamed, in a
//! folder that only its owner may write. Whoever replaces or removes the file leaves the old bytes to
//! those who have them open.

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

/// The bytes of one file, as long as this lives.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Opens a file that is never changed in place.
///
/// # Errors
/// When it is not there, may not be read, or cannot be mapped.
pub fn open(path: &Path) -> io::Result<Mapped> {
    map(&File::open(path)?)
}

#[allow(unsafe_code)]
fn map(file: &File) -> io::Result<Mapped> {
    // SAFETY: the bytes may not change while they are mapped. Such files are written under another name,
    // synced, renamed, and never changed in place, and they lie in a folder that only its owner may write.
    unsafe { Mmap::map(file) }.map(Mapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"as written").unwrap();
        assert_eq!(open(&path).unwrap().as_ref(), b"as written");
        std::fs::write(&path, b"").unwrap();
        assert_eq!(open(&path).unwrap().as_ref(), b"");
    }

    #[test]
    fn who_has_it_open_keeps_the_old_bytes_when_another_file_takes_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (path, new) = (folder.path().join("file"), folder.path().join("new"));
        std::fs::write(&path, b"old").unwrap();
        let old = open(&path).unwrap();
        std::fs::write(&new, b"another").unwrap();
        std::fs::rename(&new, &path).unwrap();
        assert_eq!(old.as_ref(), b"old");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(old.as_ref(), b"old");
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = open(&folder.path().join("nothing")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}

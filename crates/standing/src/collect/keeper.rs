//! Where the bytes of a run go: parts and facts become blobs, and what is equal to the last run's is
//! named again instead of kept again.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Read, Write};

use sha2::{Digest as _, Sha256};
use standing_collectors::{Keeper, Kept};
use standing_vault::{Blob, BlobRef, BlobWriter, Digest, Vault};

use crate::failure::Failure;
use crate::project::{Manifest, ManifestPart};

/// Keeps parts as blobs of the vault.
pub(super) struct VaultKeeper<'a> {
    vault: &'a Vault,
    before: BTreeMap<&'a str, &'a ManifestPart>,
}

impl<'a> VaultKeeper<'a> {
    pub(super) fn new(vault: &'a Vault, before: &'a Manifest) -> Self {
        let before = before
            .parts
            .iter()
            .map(|p| (p.sha256.as_str(), p))
            .collect();
        VaultKeeper { vault, before }
    }
}

impl Keeper for VaultKeeper<'_> {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        let mut writer = self.vault.blob_writer().map_err(io::Error::other)?;
        let mut hash = Sha256::new();
        let mut length = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let n = bytes.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            hash.update(&buffer[..n]);
            writer.write_all(&buffer[..n])?;
            length += n as u64;
        }
        let sha256 = hex(&hash.finalize());
        let handle = kept_already(self.vault, self.before.get(sha256.as_str()).copied());
        let handle = match handle {
            Some(blob) => blob,
            None => finish(writer)?.digest.reference(),
        };
        Ok(Kept {
            name: name.to_owned(),
            handle,
            bytes: length,
            sha256,
        })
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        let digest = Digest::from_reference(&part.handle)
            .ok_or_else(|| io::Error::other("not the name of a blob"))?;
        match self.vault.blob(&digest).map_err(io::Error::other)? {
            Blob::Present(reader) => Ok(reader),
            Blob::Erased { .. } => Err(io::Error::other("erased")),
        }
    }
}

/// The name of an equal blob of the last run, if it is still there.
fn kept_already(vault: &Vault, before: Option<&ManifestPart>) -> Option<String> {
    let before = before?;
    let digest = Digest::from_reference(&before.blob)?;
    matches!(vault.blob(&digest), Ok(Blob::Present(_))).then(|| before.blob.clone())
}

fn finish(writer: BlobWriter) -> io::Result<BlobRef> {
    writer.finish().map_err(io::Error::other)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Facts on their way into a blob, line by line.
pub(super) struct Facts {
    writer: BufWriter<BlobWriter>,
    hash: Sha256,
    bytes: u64,
    error: Option<io::Error>,
}

impl Facts {
    pub(super) fn new(writer: BlobWriter) -> Self {
        Facts {
            writer: BufWriter::with_capacity(1 << 16, writer),
            hash: Sha256::new(),
            bytes: 0,
            error: None,
        }
    }

    pub(super) fn write(&mut self, line: &str) {
        if self.error.is_some() {
            return;
        }
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        self.bytes += line.len() as u64 + 1;
        let written = self
            .writer
            .write_all(line.as_bytes())
            .and_then(|()| self.writer.write_all(b"\n"));
        self.error = written.err();
    }

    /// Keeps the facts, or names the equal facts of the last run.
    pub(super) fn finish(
        self,
        vault: &Vault,
        before: Option<&ManifestPart>,
    ) -> Result<ManifestPart, Failure> {
        if let Some(error) = self.error {
            return Err(error.into());
        }
        let sha256 = hex(&self.hash.finalize());
        let same = before.filter(|b| b.sha256 == sha256 && b.bytes == self.bytes);
        if let Some(blob) = kept_already(vault, same) {
            return Ok(ManifestPart {
                name: "facts".into(),
                blob,
                bytes: self.bytes,
                sha256,
            });
        }
        let writer = self
            .writer
            .into_inner()
            .map_err(|e| Failure::from(e.into_error()))?;
        let kept = writer.finish()?;
        Ok(ManifestPart {
            name: "facts".into(),
            blob: kept.digest.reference(),
            bytes: self.bytes,
            sha256,
        })
    }
}

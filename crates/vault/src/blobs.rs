//! Blobs: exact bytes, compressed, sealed, and named by a salted digest.
//!
//! **Name.** SHA-256(`standing-vault blob v1\n` || salt || plaintext), the salt being
//! 32 random bytes. The salt is stored inside the sealed part only, so once the
//! blob is gone nobody can test a guess of its content against its name.
//!
//! **File.** Eight bytes of header (`svblob`, version 1, cipher), 19 random bytes of
//! nonce prefix, then chunks. The chunks carry zstd of (salt || plaintext), 65,536
//! bytes each but for the last, which is shorter or equal and never empty. Each is
//! sealed by XChaCha20-Poly1305 with the header as associated data and the nonce
//! prefix || chunk number (32 bits, big endian) || 1 for the last chunk, else 0:
//! the STREAM construction ([eprint 2015/189](https://eprint.iacr.org/2015/189)).
//! A missing, repeated, moved or cut chunk does not open.
//!
//! **Cipher** 1 seals under the secret blob key. Cipher 0, of vaults without
//! encryption, seals under 32 zero bytes: it notices damage and hides nothing.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aead_stream::{DecryptorBE32, EncryptorBE32};
use chacha20poly1305::XChaCha20Poly1305;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::disk::{Disk, DiskError, DiskFile};
use crate::entry::Digest;
use crate::keys::BlobKey;

const MAGIC: &[u8; 7] = b"svblob\x01";
const DOMAIN: &[u8] = b"standing-vault blob v1\n";
const NONCE: usize = 19;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
/// Caps the memory a hostile stream can make the reader take (8 MiB window).
const MAX_WINDOW_LOG: u32 = 23;

/// Whether blobs are hidden from who has no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Sealed under the blob key.
    #[default]
    On,
    /// Sealed under a key that everybody knows.
    None,
}

/// A stored blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRef {
    /// Its name.
    pub digest: Digest,
    /// SHA-256 of the plaintext without salt, in hexadecimal. Putting this into an
    /// entry lets anyone test guesses of the content even after erasure.
    pub sha256: String,
    /// Length of the plaintext in bytes.
    pub bytes: u64,
}

/// The seal of one vault: cipher byte and key.
#[derive(Clone)]
pub(crate) struct Seal {
    cipher: u8,
    key: Zeroizing<[u8; 32]>,
}

impl Seal {
    /// `None` if the vault is encrypted and there is no key.
    pub(crate) fn new(encryption: Encryption, key: Option<&BlobKey>) -> Option<Seal> {
        match encryption {
            Encryption::On => key.map(|key| Seal {
                cipher: 1,
                key: key.0.clone(),
            }),
            Encryption::None => Some(Seal {
                cipher: 0,
                key: Zeroizing::new([0; 32]),
            }),
        }
    }

    fn header(&self) -> [u8; 8] {
        let mut header = [self.cipher; 8];
        header[..7].copy_from_slice(MAGIC);
        header
    }
}

/// `blobs/xx/<digest>` of a vault.
pub(crate) fn blob_path(vault: &Path, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    vault.join("blobs").join(&name[..2]).join(name)
}

/// Where the number of the entry that erased a blob is kept.
pub(crate) fn marker_path(vault: &Path, digest: &Digest) -> PathBuf {
    blob_path(vault, digest).with_extension("erased")
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Takes a blob as a stream. Dropping it unfinished leaves nothing behind.
///
/// Needs a few megabytes whatever the length. The bytes are durable when
/// [`BlobWriter::finish`] returns; their *name* is when an entry naming them is appended.
pub struct BlobWriter {
    disk: Arc<dyn Disk>,
    vault: PathBuf,
    temporary: PathBuf,
    /// `None` once finished.
    packer: Option<zstd::stream::write::Encoder<'static, Sealer>>,
    digest: Sha256,
    plain: Sha256,
    bytes: u64,
}

impl std::fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlobWriter({} bytes)", self.bytes)
    }
}

impl BlobWriter {
    pub(crate) fn create(
        disk: Arc<dyn Disk>,
        vault: &Path,
        seal: &Seal,
    ) -> Result<BlobWriter, DiskError> {
        let name = Digest(random().map_err(DiskError::at("draw a name below", vault))?);
        let temporary = vault.join("tmp").join(name.to_string());
        let file = disk
            .create(&temporary)
            .map_err(DiskError::at("create", &temporary))?;
        let begun = Sealer::begin(file, seal).and_then(|sealer| {
            let salt = Zeroizing::new(random::<32>()?);
            let mut packer =
                zstd::stream::write::Encoder::new(sealer, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            packer.write_all(&salt[..])?;
            let digest = Sha256::new().chain_update(DOMAIN).chain_update(&salt[..]);
            Ok((packer, digest))
        });
        let (packer, digest) = begun.map_err(|error| {
            let _ = disk.remove(&temporary);
            DiskError::at("write", &temporary)(error)
        })?;
        Ok(BlobWriter {
            disk,
            vault: vault.to_path_buf(),
            temporary,
            packer: Some(packer),
            digest,
            plain: Sha256::new(),
            bytes: 0,
        })
    }

    /// Seals the last chunk, syncs the file and gives it its name.
    pub fn finish(mut self) -> Result<BlobRef, DiskError> {
        let mut file = self
            .packer
            .take()
            .expect("only finish takes the packer, and it consumes the writer")
            .finish()
            .and_then(Sealer::finish)
            .map_err(DiskError::at("write", &self.temporary))?;
        file.sync()
            .map_err(DiskError::at("sync", &self.temporary))?;
        let digest = Digest(self.digest.finalize_reset().into());
        let path = blob_path(&self.vault, &digest);
        let dir = path.parent().expect("a blob lies in a directory");
        match self.disk.create_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(DiskError::at("create", dir)(error));
            }
            _ => {}
        }
        self.disk
            .rename(&self.temporary, &path)
            .map_err(DiskError::at("rename", &self.temporary))?;
        Ok(BlobRef {
            digest,
            sha256: Digest(self.plain.finalize_reset().into()).to_string(),
            bytes: self.bytes,
        })
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let packer = self.packer.as_mut().expect("finish consumes the writer");
        packer.write_all(bytes)?;
        self.digest.update(bytes);
        self.plain.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        // After a successful finish there is nothing under this name any more.
        let _ = self.disk.remove(&self.temporary);
    }
}

/// Cuts what is written into chunks and seals each.
struct Sealer {
    file: Box<dyn DiskFile>,
    stream: EncryptorBE32<XChaCha20Poly1305>,
    header: [u8; 8],
    chunk: Vec<u8>,
}

impl Sealer {
    fn begin(mut file: Box<dyn DiskFile>, seal: &Seal) -> io::Result<Sealer> {
        let header = seal.header();
        let nonce = random::<NONCE>()?;
        file.write_all(&header)?;
        file.write_all(&nonce)?;
        Ok(Sealer {
            file,
            stream: EncryptorBE32::new((&*seal.key).into(), (&nonce).into()),
            header,
            chunk: Vec::with_capacity(CHUNK + TAG),
        })
    }

    fn finish(mut self) -> io::Result<Box<dyn DiskFile>> {
        self.stream
            .encrypt_last_in_place(&self.header, &mut self.chunk)
            .map_err(|_| io::Error::other("sealing the last chunk failed"))?;
        self.file.write_all(&self.chunk)?;
        Ok(self.file)
    }
}

impl Write for Sealer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk is sealed only when more follows: the last one is sealed differently.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.stream
                .encrypt_next_in_place(&self.header, &mut self.chunk)
                .map_err(|_| io::Error::other("a blob may have at most 2^32 chunks of 64 KiB"))?;
            self.file.write_all(&self.chunk)?;
            self.chunk.clear();
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is wrong with a stored blob. Arrives inside the [`io::Error`] of a read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobDamage {
    /// The header is not one of this vault's blobs.
    #[error("cannot read blob {digest}: its header is not that of a blob of this vault")]
    Header {
        /// The blob asked for.
        digest: Digest,
    },
    /// A chunk does not open: changed, moved, missing, or sealed under another key.
    #[error(
        "cannot open chunk {chunk} of blob {digest}: it was changed, cut, moved, or sealed under another key"
    )]
    Chunk {
        /// The blob asked for.
        digest: Digest,
        /// The chunk, from 0.
        chunk: u64,
    },
    /// It opens, but it is another blob's content.
    #[error("cannot trust blob {digest}: its content has digest {found}")]
    Digest {
        /// The blob asked for.
        digest: Digest,
        /// Digest of what was found.
        found: Digest,
    },
}

impl From<BlobDamage> for io::Error {
    fn from(damage: BlobDamage) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, damage)
    }
}

/// Reads a blob as a stream, in a few megabytes whatever the length.
///
/// Each chunk is authenticated before its bytes are handed out, but that they are
/// the bytes of *this* name is only known at the end: trust nothing before a read
/// has returned `Ok(0)`. Damage arrives as an [`io::Error`] holding a [`BlobDamage`].
pub struct BlobReader {
    unpacker: zstd::stream::read::Decoder<'static, io::BufReader<Opener>>,
    digest: Digest,
    hasher: Option<Sha256>,
}

impl std::fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BlobReader({})", self.digest)
    }
}

impl BlobReader {
    pub(crate) fn begin(
        file: Box<dyn Read + Send>,
        digest: Digest,
        seal: &Seal,
    ) -> io::Result<BlobReader> {
        let opener = Opener::begin(file, digest, seal)?;
        let mut unpacker = zstd::stream::read::Decoder::new(opener)?;
        unpacker.window_log_max(MAX_WINDOW_LOG)?;
        let mut salt = Zeroizing::new([0; 32]);
        unpacker.read_exact(&mut salt[..])?;
        Ok(BlobReader {
            unpacker,
            digest,
            hasher: Some(Sha256::new().chain_update(DOMAIN).chain_update(&salt[..])),
        })
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.unpacker.read(buffer)?;
        if let Some(hasher) = self.hasher.as_mut().filter(|_| count > 0) {
            hasher.update(&buffer[..count]);
        } else if let Some(hasher) = self.hasher.take_if(|_| !buffer.is_empty()) {
            let found = Digest(hasher.finalize().into());
            if found != self.digest {
                return Err(BlobDamage::Digest {
                    digest: self.digest,
                    found,
                }
                .into());
            }
        }
        Ok(count)
    }
}

/// Opens chunk after chunk.
struct Opener {
    file: Box<dyn Read + Send>,
    /// `None` once the last chunk is open.
    stream: Option<DecryptorBE32<XChaCha20Poly1305>>,
    header: [u8; 8],
    digest: Digest,
    number: u64,
    /// The next sealed chunk: reading one ahead tells whether the present one is the last.
    ahead: Vec<u8>,
    chunk: Vec<u8>,
    given: usize,
}

impl Opener {
    fn begin(mut file: Box<dyn Read + Send>, digest: Digest, seal: &Seal) -> io::Result<Opener> {
        let (mut header, mut nonce) = ([0; 8], [0; NONCE]);
        let read = file
            .read_exact(&mut header)
            .and_then(|()| file.read_exact(&mut nonce));
        match read {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            Ok(()) if header == seal.header() => {}
            _ => return Err(BlobDamage::Header { digest }.into()),
        }
        let ahead = next_sealed(&mut file)?;
        Ok(Opener {
            file,
            stream: Some(DecryptorBE32::new((&*seal.key).into(), (&nonce).into())),
            header,
            digest,
            number: 0,
            ahead,
            chunk: Vec::new(),
            given: 0,
        })
    }

    fn open_next(&mut self) -> io::Result<()> {
        let Some(mut stream) = self.stream.take() else {
            return Ok(());
        };
        self.chunk = std::mem::take(&mut self.ahead);
        self.given = 0;
        self.ahead = next_sealed(&mut self.file)?;
        let opened = if self.ahead.is_empty() {
            stream.decrypt_last_in_place(&self.header, &mut self.chunk)
        } else {
            let opened = stream.decrypt_next_in_place(&self.header, &mut self.chunk);
            self.stream = Some(stream);
            opened
        };
        if opened.is_err() {
            self.chunk.clear();
            return Err(BlobDamage::Chunk {
                digest: self.digest,
                chunk: self.number,
            }
            .into());
        }
        self.number += 1;
        Ok(())
    }
}

impl Read for Opener {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.chunk.len() {
            self.chunk.clear();
            self.given = 0;
            self.open_next()?;
        }
        let count = buffer.len().min(self.chunk.len() - self.given);
        buffer[..count].copy_from_slice(&self.chunk[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

fn next_sealed(file: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut sealed = Vec::with_capacity(CHUNK + TAG);
    file.take((CHUNK + TAG) as u64).read_to_end(&mut sealed)?;
    Ok(sealed)
}

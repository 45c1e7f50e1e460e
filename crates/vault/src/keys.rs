//! The two secret keys, which live outside the vault so that copying a vault copies no keys.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::note::{NoteError, PublicKey};

const SIGNING_HEADER: &str = "standing-vault-signing-key-1";
const BLOB_HEADER: &str = "standing-vault-blob-key-1";

/// Where the two key files are.
///
/// Each holds one line, `standing-vault-signing-key-1 <base64>` or
/// `standing-vault-blob-key-1 <base64>`, of 32 secret bytes, and has mode 0600.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// The Ed25519 seed that signs checkpoints.
    pub signing: PathBuf,
    /// The key that seals blobs.
    pub blobs: PathBuf,
}

/// Both keys, in memory, wiped when dropped. Debug shows nothing of them.
#[derive(Clone)]
pub struct Keys {
    pub(crate) signing: SigningKey,
    pub(crate) blobs: BlobKey,
}

/// The key that seals blobs: enough to read payloads, not to write entries.
#[derive(Clone)]
pub struct BlobKey(pub(crate) Zeroizing<[u8; 32]>);

/// Why a key file was refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Reading, or writing, or a file already there when generating.
    #[error("cannot {doing} key file {path:?}: {source}")]
    Io {
        /// `read`, `create` or `write`.
        doing: &'static str,
        /// The key file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error(
        "cannot use key file {path:?}: found mode {found:04o}, expected 0600\nhint: chmod 600 {}", path.display()
    )]
    Mode {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        found: u32,
    },
    /// Not one line of the expected kind.
    #[error(
        "cannot read key file {path:?}: expected one line, {expected:?} and 32 bytes of base64"
    )]
    Form {
        /// The key file.
        path: PathBuf,
        /// First word of the line.
        expected: &'static str,
    },
}

impl KeyFiles {
    /// Makes two new keys. Neither file may exist: a key is never overwritten.
    pub fn generate(&self) -> Result<Keys, KeyError> {
        let signing = Zeroizing::new(random(&self.signing)?);
        let blobs = Zeroizing::new(random(&self.blobs)?);
        create(&self.signing, SIGNING_HEADER, &signing)?;
        create(&self.blobs, BLOB_HEADER, &blobs)?;
        Ok(Keys {
            signing: SigningKey::from_bytes(&signing),
            blobs: BlobKey(blobs),
        })
    }

    /// Reads both keys.
    pub fn load(&self) -> Result<Keys, KeyError> {
        let signing = load(&self.signing, SIGNING_HEADER)?;
        Ok(Keys {
            signing: SigningKey::from_bytes(&signing),
            blobs: BlobKey::load(&self.blobs)?,
        })
    }
}

impl Keys {
    /// The public half of the signing key, under a log's name.
    pub fn public(&self, origin: &str) -> Result<PublicKey, NoteError> {
        PublicKey::new(origin, self.signing.verifying_key())
    }

    /// The blob key alone, for handing to a reader.
    pub fn blob_key(&self) -> &BlobKey {
        &self.blobs
    }
}

impl BlobKey {
    /// Reads the blob key alone.
    pub fn load(path: &Path) -> Result<BlobKey, KeyError> {
        load(path, BLOB_HEADER).map(BlobKey)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(secret)")
    }
}

impl fmt::Debug for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobKey(secret)")
    }
}

fn io_at(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> KeyError {
    let path = path.to_path_buf();
    move |source| KeyError::Io {
        doing,
        path: path.clone(),
        source,
    }
}

fn random(path: &Path) -> Result<[u8; 32], KeyError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| io_at("create", path)(error.into()))?;
    Ok(bytes)
}

fn create(path: &Path, header: &str, secret: &[u8; 32]) -> Result<(), KeyError> {
    let line = Zeroizing::new(format!("{header} {}\n", STANDARD.encode(secret)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io_at("create", path))?;
    file.write_all(line.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(parent(path))?.sync_all())
        .map_err(io_at("write", path))
}

/// The directory a file lies in, `.` for a bare name.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

fn load(path: &Path, header: &'static str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let file = File::open(path).map_err(io_at("read", path))?;
    // Asked of the open file, so that the file judged is the file read.
    let mode = file
        .metadata()
        .map_err(io_at("read", path))?
        .permissions()
        .mode()
        & 0o7777;
    if mode & 0o177 != 0 {
        return Err(KeyError::Mode {
            path: path.to_path_buf(),
            found: mode,
        });
    }
    let form = || KeyError::Form {
        path: path.to_path_buf(),
        expected: header,
    };
    let mut text = Zeroizing::new(String::new());
    io::Read::read_to_string(&mut io::Read::take(file, 1024), &mut text)
        .map_err(io_at("read", path))?;
    let encoded = text
        .strip_prefix(header)
        .and_then(|rest| rest.strip_prefix(' '))
        .map(|rest| rest.strip_suffix('\n').unwrap_or(rest))
        .ok_or_else(form)?;
    let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| form())?);
    let mut secret = Zeroizing::new([0; 32]);
    if bytes.len() != secret.len() {
        return Err(form());
    }
    secret.copy_from_slice(&bytes);
    Ok(secret)
}

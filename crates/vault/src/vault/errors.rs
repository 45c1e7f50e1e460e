//! Why an operation on a vault failed: one enum per operation, carrying values.

use std::io;
use std::path::PathBuf;

use crate::disk::DiskError;
use crate::entry::{Digest, ERASE, EntryError};
use crate::merkle::Hash;
use crate::note::NoteError;
use crate::settings::SettingsError;
use crate::tiles::ReadError;

/// Why a vault was not made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("cannot make a vault in {path:?}: it exists and is not an empty directory")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The origin cannot name a log.
    #[error(transparent)]
    Origin(#[from] NoteError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It was made, but then not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a vault was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `vault.toml` is missing or unusable.
    #[error("cannot open vault {path:?}: {source}")]
    Settings {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: SettingsError,
    },
    /// The signing key is another vault's.
    #[error("cannot open the vault with this signing key: found {found}, expected {expected}")]
    OtherKey {
        /// Public half of the key offered.
        found: String,
        /// Public key of the vault.
        expected: String,
    },
    /// The checkpoint is missing, malformed, or not signed by the vault's key.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// The right edge of the tree does not give the root that was signed.
    #[error(
        "cannot trust the log: its hash tiles give root {found}, the checkpoint of {size} entries says {expected}"
    )]
    Root {
        /// Entries.
        size: u64,
        /// Root of the tiles.
        found: Hash,
        /// Root in the checkpoint.
        expected: Hash,
    },
    /// The checkpoint is not the last one published.
    #[error(
        "cannot append to the log: its checkpoint says {checkpoint} entries, but the last writer went from {from} to {to}; the checkpoint was rolled back, or the folder was copied while it was written\nhint: put back the last checkpoint; reading without the signing key still works"
    )]
    RolledBack {
        /// Entries in the checkpoint.
        checkpoint: u64,
        /// Where the last writer began.
        from: u64,
        /// Where it meant to end.
        to: u64,
    },
    /// Tiles or bundles are missing or damaged.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why nothing was appended. If it was the last sync that failed, the entries may be in the log nevertheless.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The vault was opened without its signing key.
    #[error("cannot append to a vault opened for reading only")]
    ReadOnly,
    /// Only the vault writes entries of this kind.
    #[error("cannot append draft {draft} of kind {ERASE:?}: only erasing writes that")]
    Reserved {
        /// Which draft, from 0.
        draft: usize,
    },
    /// A draft cannot be written as an entry.
    #[error("cannot append draft {draft}: {source}")]
    Entry {
        /// Which draft, from 0.
        draft: usize,
        /// Why.
        source: EntryError,
    },
    /// A draft names a blob that is not there and never was erased.
    #[error(
        "cannot append draft {draft}: it names blob {digest}, which does not exist; write the blob first"
    )]
    UnknownBlob {
        /// Which draft, from 0.
        draft: usize,
        /// The blob.
        digest: Digest,
    },
    /// The log as found cannot be appended to.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a blob was not written or not opened.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Neither there nor erased.
    #[error("cannot read blob {digest}: it is missing, and no entry erased it")]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// Blobs of this vault are sealed and it was opened without the blob key.
    #[error("cannot open or write blobs without the vault's blob key")]
    NoKey,
    /// The blob's file cannot be begun: see [`crate::BlobDamage`] inside.
    #[error("cannot open blob {digest}: {source}")]
    Damaged {
        /// The blob.
        digest: Digest,
        /// The error.
        source: io::Error,
    },
    /// The marker beside the blob does not lead to an entry that erased it.
    #[error(
        "cannot trust the erasure marker of blob {digest}: it does not lead to an entry that erased the blob"
    )]
    Marker {
        /// The blob.
        digest: Digest,
    },
    /// The erasing entry cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a blob was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such blob.
    #[error("cannot erase blob {digest}: it does not exist")]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// It is gone already.
    #[error("cannot erase blob {digest}: it was erased before")]
    Already {
        /// The blob.
        digest: Digest,
    },
    /// The entry was not written, so nothing was erased.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The entry is in the log, but removing the file failed; opening the vault tries again.
    #[error("the erasure of blob {digest} is on record, but removing it is unfinished: {source}")]
    Unfinished {
        /// The blob.
        digest: Digest,
        /// What failed.
        source: DiskError,
    },
}

/// Why a statement was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Without the signing key nothing is signed.
    #[error("cannot sign: the vault was opened for reading only")]
    ReadOnly,
    /// The statement is not one of plain lines.
    #[error(transparent)]
    Note(#[from] NoteError),
}

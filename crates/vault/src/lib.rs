//! An append-only log, and blobs beside it, that nobody can quietly rewrite.
//!
//! A vault is a folder:
//!
//! ```text
//! vault.toml              format, origin, public key, encryption; nothing secret
//! journal                 the lock, and what the last writer set out to do
//! log/checkpoint          the signed head of the log (c2sp.org/tlog-checkpoint)
//! log/tile/…              hash tiles and entry bundles (c2sp.org/tlog-tiles)
//! blobs/xx/<digest>       payloads, sealed (see [`blobs`])
//! blobs/xx/<digest>.erased  number of the entry that erased the payload
//! tmp/                    unfinished blobs and checkpoints
//! ```
//!
//! Entries say who did what when and name payloads by salted digest. The log is a
//! Merkle tree, its head is signed, so entries can be proven ([`Vault::inclusion_proof`]),
//! growth can be proven ([`Vault::consistency_proof`]), payloads can be erased or
//! withheld, and no entry can be changed without showing. [`fsck()`] checks all of it
//! with code of its own.
//!
//! *Architecture invariant.* This crate knows nothing of what entries mean. It has
//! no clock, no environment, no terminal, and no other crate of the workspace.

pub mod blobs;
pub mod disk;
mod entry;
mod fsck;
mod journal;
mod keys;
mod merkle;
mod note;
mod settings;
mod tiles;
mod time;
mod vault;

pub use blobs::{BlobDamage, BlobReader, BlobRef, BlobWriter, Encryption};
pub use disk::DiskError;
pub use entry::{Digest, DigestError, Draft, ERASE, Entry, EntryError, MAX_DEPTH, MAX_ENTRY_BYTES};
pub use fsck::{BlobCounts, Fault, Note, Report, Verdict, fsck};
pub use keys::{BlobKey, KeyError, KeyFiles, Keys};
pub use merkle::{Hash, leaf_hash, node_hash, verify_consistency, verify_inclusion};
pub use note::{Checkpoint, NoteError, PublicKey};
pub use settings::SettingsError;
pub use tiles::{Entries, ReadError};
pub use time::{Time, TimeError};
pub use vault::{AppendError, Blob, BlobError, EraseError, InitError, OpenError, Options, Vault};

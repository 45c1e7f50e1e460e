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
//! ```
//! use standing_vault::{Draft, KeyFiles, Options, Time, Vault, Verdict, fsck};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let files = KeyFiles { signing: folder.join("signing.key"), blobs: folder.join("blobs.key") };
//! let keys = files.generate()?;
//! let vault = Vault::init(&folder.join("vault"), "example.org/vault", &keys, Options::default())?;
//!
//! let blob = vault.put_blob(b"exactly what the directory answered")?;
//! let time: Time = "2026-11-07T09:30:00.000Z".parse()?;
//! let mut body = serde_json::Map::new();
//! body.insert("answer".into(), blob.digest.reference().into());
//! let draft = Draft { actor: "scheduler".into(), kind: "collection".into(), body, time };
//! let entries = vault.append(&[draft])?;
//! assert_eq!(entries[0].seq, 0);
//!
//! let kept = vault.checkpoint(); // to hand out, to keep elsewhere
//! vault.erase(&blob.digest, "data protection officer", "retention period over", time)?;
//! let report = fsck(vault.dir(), Some(keys.blob_key()), Some(&kept), &mut |_done, _total| {})?;
//! assert_eq!((report.verdict(), report.blobs.erased), (Verdict::Sound, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! *Architecture invariant.* This crate knows nothing of what entries mean. It has
//! no clock, no environment, no terminal, and no other crate of the workspace. Key
//! files have Unix permissions, so it builds on Unix only.

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
pub use note::{Checkpoint, NoteError, PublicKey, Statement};
pub use settings::SettingsError;
pub use tiles::{Entries, ReadError};
pub use time::{Time, TimeError};
pub use vault::{
    AppendError, Blob, BlobError, CopyError, EraseError, InitError, OpenError, Options, SignError,
    Vault,
};

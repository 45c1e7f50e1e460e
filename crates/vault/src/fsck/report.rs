//! What a check of a vault found.

use std::ops::Range;
use std::path::PathBuf;

use crate::entry::Digest;
use crate::merkle::Hash;

/// Most faults listed one by one; the rest are counted.
pub(super) const MAX_FAULTS: usize = 1_000;

/// The result of [`crate::fsck()`].
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The log's name, if `vault.toml` could be read.
    pub origin: Option<String>,
    /// Entries that the checkpoint promises.
    pub entries: u64,
    /// Root that the checkpoint promises.
    pub root: Option<Hash>,
    /// What became of the blobs that entries name.
    pub blobs: BlobCounts,
    /// What is wrong, in the order found; at most a thousand.
    pub faults: Vec<Fault>,
    /// How many more faults there are than are listed.
    pub faults_not_listed: u64,
    /// What is odd but not wrong.
    pub notes: Vec<Note>,
}

/// Blobs named by entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BlobCounts {
    /// There; and if not counted as unchecked, opened, and of the right digest.
    pub present: u64,
    /// Erased by an entry.
    pub erased: u64,
    /// Of those present, how many were not opened, for want of the key.
    pub unchecked: u64,
}

/// What a report comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// At least one entry, and nothing wrong.
    Sound,
    /// Nothing wrong, because there is nothing: an empty vault proves nothing.
    Empty,
    /// At least one fault.
    Faulty,
}

impl Report {
    /// The report in a word.
    pub fn verdict(&self) -> Verdict {
        match (self.faults.is_empty(), self.entries) {
            (false, _) => Verdict::Faulty,
            (true, 0) => Verdict::Empty,
            (true, _) => Verdict::Sound,
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.faults_not_listed += 1;
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Verdict::Sound => "sound",
            Verdict::Empty => "empty: proves nothing",
            Verdict::Faulty => "faulty",
        })
    }
}

/// Something wrong. Paths are relative to the vault; byte ranges are within the file named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `vault.toml` cannot be used. Nothing else was checked.
    #[error("vault.toml: {found}; nothing else could be checked")]
    Settings {
        /// What is wrong.
        found: String,
    },
    /// No checkpoint. Nothing else was checked.
    #[error(
        "log/checkpoint is missing: nothing says what the log should hold ({bundles} entry bundles lie in it)"
    )]
    CheckpointMissing {
        /// Entry bundles found all the same.
        bundles: u64,
    },
    /// The checkpoint is not a well-formed signed note. Nothing else was checked.
    #[error("log/checkpoint: {found}; nothing else could be checked")]
    CheckpointForm {
        /// What is wrong.
        found: String,
    },
    /// The vault's key did not sign the checkpoint. Nothing else was checked.
    #[error("log/checkpoint is not signed by the vault's key {key}; nothing else could be checked")]
    CheckpointSignature {
        /// The public key in `vault.toml`.
        key: String,
    },
    /// The checkpoint says there is nothing, but there was something.
    #[error("log/checkpoint says the log is empty, but {evidence}: it was emptied")]
    Emptied {
        /// What shows it.
        evidence: String,
    },
    /// The last entries are missing.
    #[error(
        "the log is truncated: the checkpoint promises {promised} entries, the log ends after {found}"
    )]
    Truncated {
        /// Entries in the checkpoint.
        promised: u64,
        /// Entries before the first missing bundle.
        found: u64,
    },
    /// Entries and hash tiles agree with each other but not with the signed root.
    #[error(
        "entries were replaced together with their hash tiles: {size} entries give root {found}, the signed checkpoint says {promised}"
    )]
    Replaced {
        /// Entries.
        size: u64,
        /// Root of the entries found.
        found: Hash,
        /// Root in the checkpoint.
        promised: Hash,
    },
    /// As [`Fault::Replaced`], found out by the tiles above.
    #[error(
        "entries {first} to {last} were replaced together with their hash tile: {path:?} and the signed root still say otherwise"
    )]
    ReplacedRange {
        /// First entry that may have been replaced.
        first: u64,
        /// Last entry that may have been replaced.
        last: u64,
        /// The tile that gave it away.
        path: PathBuf,
    },
    /// A checkpoint was kept that says more than the vault's own.
    #[error(
        "the log was rolled back: the kept checkpoint has {kept} entries, the vault's own only {found}"
    )]
    RolledBack {
        /// Entries in the kept checkpoint.
        kept: u64,
        /// Entries in the vault's checkpoint.
        found: u64,
    },
    /// A checkpoint was kept that the log does not continue.
    #[error(
        "history was rewritten before entry {before}: the first {before} entries give root {found}, the kept checkpoint says {kept}"
    )]
    Rewritten {
        /// Entries in the kept checkpoint.
        before: u64,
        /// Its root.
        kept: Hash,
        /// Root of as many entries now.
        found: Hash,
    },
    /// The checkpoint kept is not one of this vault's.
    #[error("the kept checkpoint cannot be compared: {found}")]
    Kept {
        /// What is wrong with it.
        found: String,
    },
    /// The checkpoint is not the last one published here.
    #[error(
        "log/checkpoint has {checkpoint} entries, but the last writer went from {from} to {to}: it was rolled back, or the folder was copied while it was written"
    )]
    NotLast {
        /// Entries in the checkpoint.
        checkpoint: u64,
        /// Where the last writer began.
        from: u64,
        /// Where it meant to end.
        to: u64,
    },
    /// Files beyond the checkpoint that no interrupted append explains.
    #[error(
        "{count} files lie beyond the {size} entries of the checkpoint, the first being {path:?}: the checkpoint was rolled back, or the folder was copied while it was written"
    )]
    Beyond {
        /// Entries in the checkpoint.
        size: u64,
        /// The first such file.
        path: PathBuf,
        /// How many.
        count: u64,
    },
    /// An entry is not the one in the tree.
    #[error("entry {seq} was changed: bytes {} to {} of {path:?}{}", at.start, at.end, put_back(.restored))]
    Entry {
        /// The entry.
        seq: u64,
        /// Its bundle.
        path: PathBuf,
        /// Where it lies, without its length.
        at: Range<u64>,
        /// The single byte that, put back, makes it the signed entry again: place in the file, found, right.
        restored: Option<(u64, u8, u8)>,
    },
    /// The entry is whole but the length before it is wrong.
    #[error(
        "the length of entry {seq} was changed: at byte {at} of {path:?} it says {found}, the entry has {expected} bytes"
    )]
    EntryLength {
        /// The entry.
        seq: u64,
        /// Its bundle.
        path: PathBuf,
        /// Where the two bytes of length lie.
        at: u64,
        /// Length found.
        found: u64,
        /// Length of the entry in the tree.
        expected: u64,
    },
    /// A bundle ends before its last entries.
    #[error("entries {first} to {last} are missing: {path:?} ends at byte {at}")]
    EntriesMissing {
        /// First entry missing.
        first: u64,
        /// Last entry missing.
        last: u64,
        /// Their bundle.
        path: PathBuf,
        /// Where the next entry should begin.
        at: u64,
    },
    /// An entry that is in the tree, but is not canonical JSON of the right members and number.
    #[error("entry {seq} is not in canonical form: byte {at} of {path:?}, expected {expected}")]
    EntryForm {
        /// The entry.
        seq: u64,
        /// Its bundle.
        path: PathBuf,
        /// Where it departs from the form.
        at: u64,
        /// What would be right there.
        expected: &'static str,
    },
    /// A hash in a tile is not the one that the entries give.
    #[error("hash tile {path:?} was changed: bytes {} to {} are not the hash of entries {first} to {last}", at.start, at.end)]
    Tile {
        /// The tile.
        path: PathBuf,
        /// The hash's place.
        at: Range<u64>,
        /// First entry under the hash.
        first: u64,
        /// Last entry under the hash.
        last: u64,
    },
    /// A file is longer or shorter than its place in the tree allows.
    #[error("{path:?} has {found} bytes, expected {expected}")]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes found.
        found: u64,
        /// Bytes expected.
        expected: u64,
    },
    /// A file that the checkpoint requires is not there or cannot be read.
    #[error("{path:?} is missing or unreadable: {found}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        found: String,
    },
    /// A partial tile or bundle does not begin as its full form does.
    #[error("{path:?} differs from its full form at byte {at}")]
    Superseded {
        /// The partial file.
        path: PathBuf,
        /// First byte that differs.
        at: u64,
    },
    /// A blob that entries name is gone, and no entry erased it.
    #[error("blob {digest} is missing, and no entry erased it; named by {}", numbers(.entries))]
    BlobMissing {
        /// The blob.
        digest: Digest,
        /// The entries that name it.
        entries: Vec<u64>,
    },
    /// A blob does not open, or is not what its name says.
    #[error("blob {digest} is damaged: {found}; named by {}", numbers(.entries))]
    BlobDamaged {
        /// The blob.
        digest: Digest,
        /// The entries that name it.
        entries: Vec<u64>,
        /// What is wrong.
        found: String,
    },
    /// The entry that erases a blob is there, and so is the blob.
    #[error(
        "blob {digest} was erased by entry {entry}, but its file is still there: open the vault for writing to finish"
    )]
    ErasureUnfinished {
        /// The blob.
        digest: Digest,
        /// The erasing entry.
        entry: u64,
    },
    /// The marker that leads from an erased blob to the erasing entry is wrong.
    #[error("the erasure marker {path:?} is wrong: expected {expected}")]
    Marker {
        /// The marker.
        path: PathBuf,
        /// What it should say.
        expected: String,
    },
}

/// Something odd that takes nothing from what the vault proves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// A file left by an interrupted append; the next writer removes it.
    #[error("{path:?} was left by an interrupted append")]
    Interrupted {
        /// The file.
        path: PathBuf,
    },
    /// A file that does not belong to the layout.
    #[error("{path:?} is not part of a vault")]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// Blobs that no entry names: written, but never appended. Not opened.
    #[error("{count} blobs are named by no entry, the first being {digest}")]
    Orphans {
        /// The first of them.
        digest: Digest,
        /// How many.
        count: u64,
    },
    /// The journal is missing or torn, as after a power cut.
    #[error("the journal is missing or torn; the next writer makes a new one")]
    Journal,
}

fn put_back(restored: &Option<(u64, u8, u8)>) -> String {
    match restored {
        Some((at, found, right)) => {
            format!("; byte {at} is {found:#04x}, with {right:#04x} it would be the signed entry")
        }
        None => String::new(),
    }
}

fn numbers(entries: &[u64]) -> String {
    const SHOWN: usize = 8;
    let mut text = String::from(if entries.len() == 1 {
        "entry "
    } else {
        "entries "
    });
    for (i, entry) in entries.iter().take(SHOWN).enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        text.push_str(&format!("{comma}{entry}"));
    }
    if entries.len() > SHOWN {
        text.push_str(&format!(" and {} more", entries.len() - SHOWN));
    }
    text
}

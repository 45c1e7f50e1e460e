//! `V/journal`: the lock, and what the last writer set out to do.
//!
//! A writer holds an exclusive lock on this file. Before it touches the log it
//! overwrites the file's 512 bytes with where it starts and where it means to end,
//! and syncs. When all is done it says so, without syncing. Whoever takes the lock
//! next compares that with the checkpoint:
//!
//! * checkpoint at `to`: it arrived; what is left is tidying, which is repeatable;
//! * checkpoint at `from`, and not known to be done: it was interrupted, and the files
//!   between are nobody's;
//! * otherwise: the checkpoint is not the last one published, and nothing is touched;
//! * journal unreadable: its writer was interrupted while writing it, so had not yet
//!   begun or was done, and the one before had tidied up first. There is nothing to do.
//!
//! **Invariant.** Nobody overwrites the journal before having settled what it says.

use sha2::{Digest as _, Sha256};

use crate::entry::Digest;
use crate::merkle::Hash;

/// Length of the file: one sector, so that overwriting it allocates nothing.
const BYTES: usize = 512;
const TITLE: &str = "standing-vault journal 1";

/// An intended append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Journal {
    pub(crate) from: (u64, Hash),
    pub(crate) to: (u64, Hash),
    /// The blob to be erased once the entry that says so is in the log.
    pub(crate) erases: Option<Digest>,
    /// Whether nothing is left to be done.
    pub(crate) settled: bool,
}

impl Journal {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let erases = match &self.erases {
            Some(digest) => digest.to_string(),
            None => "nothing".to_owned(),
        };
        let state = if self.settled { "settled" } else { "begun" };
        let mut text = format!(
            "{TITLE}\nfrom {} {}\nto {} {}\nerases {erases}\nstate {state}\n",
            self.from.0, self.from.1, self.to.0, self.to.1
        );
        let sum = Digest(Sha256::digest(&text).into());
        text.push_str(&format!("sum {sum}\n"));
        let mut bytes = text.into_bytes();
        debug_assert!(bytes.len() <= BYTES);
        bytes.resize(BYTES, b'\n');
        bytes
    }

    /// `None` if torn.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Journal> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.lines();
        let title = lines.next()?;
        let point = |line: &str, name: &str| {
            let (size, root) = line.strip_prefix(name)?.split_once(' ')?;
            Some((size.parse::<u64>().ok()?, Hash::from_base64(root)?))
        };
        let from = point(lines.next()?, "from ")?;
        let to = point(lines.next()?, "to ")?;
        let erases = match lines.next()?.strip_prefix("erases ")? {
            "nothing" => None,
            digest => Some(digest.parse().ok()?),
        };
        let settled = lines.next()? == "state settled";
        let journal = Journal {
            from,
            to,
            erases,
            settled,
        };
        (title == TITLE && journal.to_bytes() == bytes).then_some(journal)
    }
}

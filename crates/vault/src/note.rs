//! Signed notes and the checkpoints in them.
//!
//! [c2sp.org/signed-note](https://c2sp.org/signed-note) and
//! [c2sp.org/tlog-checkpoint](https://c2sp.org/tlog-checkpoint), with Ed25519 only.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::merkle::Hash;

/// Signature type 0x01 of signed-note: plain Ed25519.
const ED25519: u8 = 0x01;
/// Longest note read. Sixteen signatures of any known kind fit several times over.
const MAX_NOTE_BYTES: usize = 1 << 20;

/// What is wrong with a note, a checkpoint or a public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not the form `name+hexid+base64`, or its id does not belong to its key.
    #[error("cannot read public key {found:?}: expected name+id+key, {expected}")]
    PublicKey {
        /// The text offered.
        found: String,
        /// Which part does not fit.
        expected: &'static str,
    },
    /// A log's name must be a key name too: not empty, no white space, no plus sign, no control characters.
    #[error(
        "cannot take {found:?} as the log's origin: expected a name like example.org/log, without white space, control characters or +"
    )]
    Origin {
        /// The text offered.
        found: String,
    },
    /// The text is not a signed note.
    #[error("cannot read the checkpoint as a signed note: expected {expected}")]
    Form {
        /// What was expected where it failed.
        expected: &'static str,
    },
    /// No signature line carries the name and id of the key.
    #[error("cannot trust the checkpoint: found no signature by {key}")]
    Unsigned {
        /// The key that should have signed.
        key: String,
    },
    /// A signature by the key's name and id does not verify.
    #[error("cannot trust the checkpoint: its signature by {key} does not fit its text")]
    Signature {
        /// The key that should have signed.
        key: String,
    },
    /// Signed, but for another log.
    #[error("cannot use the checkpoint: found origin {found:?}, expected {expected:?}")]
    OtherLog {
        /// First line of the note.
        found: String,
        /// Name of the log's key.
        expected: String,
    },
}

/// The public half of a log's key, with the log's name.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    pub(crate) fn new(name: &str, key: VerifyingKey) -> Result<PublicKey, NoteError> {
        let fits = !name.is_empty()
            && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control());
        if !fits {
            return Err(NoteError::Origin {
                found: name.to_owned(),
            });
        }
        Ok(PublicKey {
            name: name.to_owned(),
            key,
        })
    }

    /// The log's name: the origin line of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the Ed25519 key.
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// The first four bytes of SHA-256(name || 0x0A || 0x01 || key).
    pub fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

/// The `name+hexid+base64` form that other tools take.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id());
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(key))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<PublicKey, NoteError> {
        let refuse = |expected| NoteError::PublicKey {
            found: text.chars().take(200).collect(),
            expected,
        };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refuse("separated by two plus signs"));
        };
        let bytes = STANDARD
            .decode(key)
            .map_err(|_| refuse("the key in standard base64"))?;
        let key: [u8; 32] = match bytes.split_first() {
            Some((&ED25519, rest)) => rest.try_into().ok(),
            _ => None,
        }
        .ok_or_else(|| refuse("the key being 0x01 and 32 bytes of Ed25519"))?;
        let key = VerifyingKey::from_bytes(&key)
            .map_err(|_| refuse("the key being a point of Ed25519"))?;
        let public = PublicKey::new(name, key)?;
        if format!("{:08x}", u32::from_be_bytes(public.id())) != id {
            return Err(refuse("the id belonging to name and key"));
        }
        Ok(public)
    }
}

/// What a log commits to: it holds exactly `size` entries, and they hash to `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// Root of the Merkle tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed note. Ed25519 is deterministic, so equal checkpoints are equal bytes.
    pub(crate) fn sign(&self, signer: &SigningKey, public: &PublicKey) -> String {
        let text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        signed(&text, signer, public)
    }

    /// Reads a note and checks that `key` signed it for the log of its own name.
    ///
    /// Signatures by other keys are ignored, as witnesses may have added theirs.
    pub fn verify(note: &str, key: &PublicKey) -> Result<Checkpoint, NoteError> {
        let checkpoint = Checkpoint::parse(verified(note, key)?)?;
        if checkpoint.origin != key.name() {
            return Err(NoteError::OtherLog {
                found: checkpoint.origin,
                expected: key.name().to_owned(),
            });
        }
        Ok(checkpoint)
    }

    fn parse(text: &str) -> Result<Checkpoint, NoteError> {
        let form = |expected| NoteError::Form { expected };
        let mut lines = text.lines();
        let origin = lines.next().unwrap_or_default();
        let size_line = lines.next().unwrap_or_default();
        let root_line = lines.next().unwrap_or_default();
        let size: u64 = size_line
            .parse()
            .map_err(|_| form("the number of entries on the second line"))?;
        if size.to_string() != size_line {
            return Err(form("the number of entries without leading zeroes or sign"));
        }
        let root =
            Hash::from_base64(root_line).ok_or(form("32 bytes of base64 on the third line"))?;
        if lines.any(str::is_empty) {
            return Err(form("no empty extension lines"));
        }
        Ok(Checkpoint {
            origin: origin.to_owned(),
            size,
            root,
        })
    }
}

/// A statement of the log's holder, signed with the log's key: what it is about, and lines of text.
///
/// The first line is never the log's bare name, so that no statement can pass for a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it is about, in a word or two: `access review report`.
    pub about: String,
    /// Its lines, each without its end.
    pub lines: Vec<String>,
}

impl Statement {
    fn text(&self, name: &str) -> Result<String, NoteError> {
        let form = |expected| NoteError::Form { expected };
        let all = std::iter::once(&self.about).chain(&self.lines);
        for line in all {
            if line.is_empty() || line.contains(|c: char| c < ' ') {
                return Err(form("lines that are not empty, without control characters"));
            }
        }
        let mut text = format!("{name} {}\n", self.about);
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        match text.len() <= MAX_NOTE_BYTES / 2 {
            true => Ok(text),
            false => Err(form("at most 512 KiB of text")),
        }
    }

    /// The signed note.
    pub(crate) fn sign(
        &self,
        signer: &SigningKey,
        public: &PublicKey,
    ) -> Result<String, NoteError> {
        Ok(signed(&self.text(public.name())?, signer, public))
    }

    /// Reads a note and checks that `key` signed it, about that.
    ///
    /// # Errors
    /// When it is not a signed note, not signed by the key, or about something else.
    pub fn verify(note: &str, key: &PublicKey, about: &str) -> Result<Statement, NoteError> {
        let text = verified(note, key)?;
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        if first != format!("{} {about}", key.name()) {
            return Err(NoteError::OtherLog {
                found: first.to_owned(),
                expected: format!("{} {about}", key.name()),
            });
        }
        Ok(Statement {
            about: about.to_owned(),
            lines: lines.map(str::to_owned).collect(),
        })
    }
}

/// A text that ends in a newline, with its signature.
fn signed(text: &str, signer: &SigningKey, public: &PublicKey) -> String {
    let signature = signer.sign(text.as_bytes()).to_bytes();
    let line = STANDARD.encode([public.id().as_slice(), &signature].concat());
    format!("{text}\n\u{2014} {} {line}\n", public.name())
}

/// The text of a note that the key signed.
fn verified<'n>(note: &'n str, key: &PublicKey) -> Result<&'n str, NoteError> {
    let form = |expected| NoteError::Form { expected };
    if note.len() > MAX_NOTE_BYTES {
        return Err(form("at most 1 MiB"));
    }
    if note.contains(|c: char| c < ' ' && c != '\n') {
        return Err(form("no control characters"));
    }
    let blank = note
        .rfind("\n\n")
        .ok_or(form("an empty line between text and signatures"))?;
    let (text, signatures) = (&note[..=blank], &note[blank + 2..]);
    verify_signatures(text, signatures, key)?;
    Ok(text)
}

fn verify_signatures(text: &str, signatures: &str, key: &PublicKey) -> Result<(), NoteError> {
    let form = |expected| NoteError::Form { expected };
    let body = signatures
        .strip_suffix('\n')
        .ok_or(form("a newline at the end"))?;
    let mut verified = false;
    for line in body.split('\n') {
        let (name, encoded) = line
            .strip_prefix("\u{2014} ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or(form("signature lines of em dash, name and base64"))?;
        let bytes = STANDARD
            .decode(encoded)
            .ok()
            .filter(|bytes| bytes.len() > 4)
            .ok_or(form("a key id and a signature in base64"))?;
        if name != key.name() || bytes[..4] != key.id() {
            continue;
        }
        let signature = Signature::from_slice(&bytes[4..]);
        if !signature.is_ok_and(|s| key.key.verify_strict(text.as_bytes(), &s).is_ok()) {
            return Err(NoteError::Signature {
                key: key.to_string(),
            });
        }
        verified = true;
    }
    if verified {
        Ok(())
    } else {
        Err(NoteError::Unsigned {
            key: key.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> (SigningKey, PublicKey) {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::new("firm.test/vault", signer.verifying_key()).unwrap();
        (signer, public)
    }

    #[test]
    fn a_statement_is_verified_with_the_public_key_alone() {
        let (signer, public) = key();
        let said = Statement {
            about: "a report".into(),
            lines: vec!["sha256 00".into()],
        };
        let note = said.sign(&signer, &public).unwrap();
        let public: PublicKey = public.to_string().parse().unwrap();
        assert_eq!(Statement::verify(&note, &public, "a report"), Ok(said));
        let other = Statement::verify(&note, &public, "another report");
        assert!(matches!(other, Err(NoteError::OtherLog { .. })));
        let changed = note.replace("sha256 00", "sha256 01");
        let changed = Statement::verify(&changed, &public, "a report");
        assert!(matches!(changed, Err(NoteError::Signature { .. })));
    }

    #[test]
    fn no_statement_passes_for_a_checkpoint() {
        let (signer, public) = key();
        let root = Hash::from_base64(&STANDARD.encode([1; 32])).unwrap();
        let lines = vec!["5".to_owned(), root.to_string()];
        for about in ["", "x"] {
            let said = Statement {
                about: about.into(),
                lines: lines.clone(),
            };
            match said.sign(&signer, &public) {
                Ok(note) => assert!(Checkpoint::verify(&note, &public).is_err(), "{about:?}"),
                Err(error) => assert!(matches!(error, NoteError::Form { .. })),
            }
        }
        let two_lines = Statement {
            about: "x\ny".into(),
            lines,
        };
        assert!(two_lines.sign(&signer, &public).is_err());
    }
}

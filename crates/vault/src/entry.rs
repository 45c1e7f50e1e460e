//! Entries and their one canonical form.
//!
//! An entry is a JSON object on one line: members sorted by the bytes of their
//! names, no white space, integers only, strings with no escapes but the
//! necessary ones (`\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, and `\u00xx` in lower
//! case for other control characters). The writer below decides all of this
//! itself; the order in which `serde_json` keeps members plays no part.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::time::Time;

/// Longest entry: the length prefix in an entry bundle is 16 bits.
pub const MAX_ENTRY_BYTES: usize = 65_535;
/// Deepest nesting of objects and arrays, the entry itself being the first.
pub const MAX_DEPTH: usize = 64;
/// The kind of entry that [`crate::Vault::erase`] writes, and nobody else may.
pub const ERASE: &str = "erase";

/// The name of a blob: its salted digest, 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// How bodies name the blob: `blob:` and the digits.
    pub fn reference(&self) -> String {
        format!("blob:{self}")
    }

    /// The digest that a string in a body names, if it has that form.
    pub fn from_reference(text: &str) -> Option<Digest> {
        text.strip_prefix("blob:")?.parse().ok()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Not 64 hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot take {found:?} as a blob's digest: expected 64 hexadecimal digits in lower case")]
pub struct DigestError {
    /// What was offered.
    pub found: String,
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Digest, DigestError> {
        let nibble = |c: u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        let fits = digits.len() == 64
            && bytes
                .iter_mut()
                .zip(digits.chunks_exact(2))
                .all(|(byte, pair)| match (nibble(pair[0]), nibble(pair[1])) {
                    (Some(high), Some(low)) => {
                        *byte = high << 4 | low;
                        true
                    }
                    _ => false,
                });
        if fits {
            Ok(Digest(bytes))
        } else {
            Err(DigestError {
                found: text.chars().take(80).collect(),
            })
        }
    }
}

/// An entry about to be appended: everything but its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who answers for it.
    pub actor: String,
    /// What sort of entry, in the caller's words; `erase` is the vault's own.
    pub kind: String,
    /// Any members; integers only.
    pub body: Map<String, Value>,
    /// When it was written.
    pub time: Time,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, from 0.
    pub seq: u64,
    /// When it was written.
    pub time: Time,
    /// Who answers for it.
    pub actor: String,
    /// What sort of entry.
    pub kind: String,
    /// Its members.
    pub body: Map<String, Value>,
}

/// Why something cannot be written as an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A number with a fraction or exponent, or outside 64 bits.
    #[error("cannot write the number {found} in an entry: expected an integer of at most 64 bits")]
    Number {
        /// The number as JSON.
        found: String,
    },
    /// Nested too deeply.
    #[error("cannot write an entry nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// Too long.
    #[error(
        "cannot write an entry of {found} bytes: expected at most {MAX_ENTRY_BYTES}; put what is long into a blob"
    )]
    Length {
        /// Bytes in canonical form.
        found: usize,
    },
    /// Stored bytes that are not an entry.
    #[error("cannot read an entry: {found}")]
    Form {
        /// What the parser said.
        found: String,
    },
}

impl Entry {
    /// The bytes that are hashed and stored.
    pub fn canonical(&self) -> Result<Vec<u8>, EntryError> {
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(b"{\"actor\":");
        write_string(&self.actor, &mut out);
        out.extend_from_slice(b",\"body\":");
        write_object(&self.body, 2, &mut out)?;
        out.extend_from_slice(b",\"kind\":");
        write_string(&self.kind, &mut out);
        out.extend_from_slice(
            format!(",\"seq\":{},\"time\":\"{}\"}}", self.seq, self.time).as_bytes(),
        );
        if out.len() > MAX_ENTRY_BYTES {
            return Err(EntryError::Length { found: out.len() });
        }
        Ok(out)
    }

    /// Reads stored bytes. Exactly the members of an entry, no more and no fewer.
    pub fn parse(bytes: &[u8]) -> Result<Entry, EntryError> {
        let form = |found: String| EntryError::Form { found };
        let value: Value = serde_json::from_slice(bytes).map_err(|e| form(e.to_string()))?;
        let Value::Object(mut members) = value else {
            return Err(form("expected an object".to_owned()));
        };
        let mut take = |name: &str| members.remove(name);
        let (Some(Value::String(actor)), Some(Value::Object(body)), Some(Value::String(kind))) =
            (take("actor"), take("body"), take("kind"))
        else {
            return Err(form("expected actor, body and kind".to_owned()));
        };
        let (Some(Value::Number(seq)), Some(Value::String(time))) = (take("seq"), take("time"))
        else {
            return Err(form("expected seq and time".to_owned()));
        };
        if let Some(name) = members.keys().next() {
            return Err(form(format!("unknown member {name:?}")));
        }
        Ok(Entry {
            seq: seq.as_u64().ok_or_else(|| form(format!("seq {seq}")))?,
            time: time.parse().map_err(|e| form(format!("{e}")))?,
            actor,
            kind,
            body,
        })
    }

    /// Every blob named anywhere in the body, in order of appearance, with repetitions.
    pub fn blobs(&self) -> Vec<Digest> {
        blobs_in(&self.body)
    }
}

/// Every string of the form `blob:<64 hex>` among the values of a body.
pub(crate) fn blobs_in(body: &Map<String, Value>) -> Vec<Digest> {
    fn walk(value: &Value, found: &mut Vec<Digest>) {
        match value {
            Value::String(text) => found.extend(Digest::from_reference(text)),
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(members) => members.values().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    body.values().for_each(|value| walk(value, &mut found));
    found
}

fn write_value(value: &Value, depth: usize, out: &mut Vec<u8>) -> Result<(), EntryError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::String(text) => write_string(text, out),
        Value::Number(number) => {
            // Not the number's own text, which depends on features other crates may switch on.
            let digits = match (number.as_i64(), number.as_u64()) {
                (Some(signed), _) => signed.to_string(),
                (None, Some(unsigned)) => unsigned.to_string(),
                (None, None) => {
                    return Err(EntryError::Number {
                        found: number.to_string(),
                    });
                }
            };
            out.extend_from_slice(digits.as_bytes());
        }
        Value::Array(items) => {
            if depth > MAX_DEPTH {
                return Err(EntryError::Depth);
            }
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_value(item, depth + 1, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => write_object(members, depth, out)?,
    }
    Ok(())
}

fn write_object(
    members: &Map<String, Value>,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), EntryError> {
    if depth > MAX_DEPTH {
        return Err(EntryError::Depth);
    }
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| name.as_bytes());
    out.push(b'{');
    for (i, (name, value)) in sorted.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_string(name, out);
        out.push(b':');
        write_value(value, depth + 1, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0A => out.extend_from_slice(b"\\n"),
            0x0C => out.extend_from_slice(b"\\f"),
            0x0D => out.extend_from_slice(b"\\r"),
            0x00..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

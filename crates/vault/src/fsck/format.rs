//! The small files of a vault, read from their descriptions and not with the writer's code.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::merkle::Hash;

/// What `vault.toml` says.
pub(super) struct Settings {
    pub(super) origin: String,
    pub(super) key_text: String,
    pub(super) key: VerifyingKey,
    pub(super) key_id: [u8; 4],
    pub(super) encrypted: bool,
}

pub(super) fn settings(text: &str) -> Result<Settings, String> {
    let table: toml::Table = text.parse().map_err(|e| format!("not TOML: {e}"))?;
    let field = |name: &str| {
        table
            .get(name)
            .and_then(toml::Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| format!("field {name} is missing or not a string"))
    };
    if table.get("format").and_then(toml::Value::as_integer) != Some(1) {
        return Err("field format is not 1".to_owned());
    }
    if let Some(name) = table
        .keys()
        .find(|k| !["format", "origin", "public_key", "encryption"].contains(&k.as_str()))
    {
        return Err(format!("unknown field {name}"));
    }
    let encrypted = match field("encryption")?.as_str() {
        "xchacha20poly1305" => true,
        "none" => false,
        other => return Err(format!("unknown encryption {other:?}")),
    };
    let (origin, key_text) = (field("origin")?, field("public_key")?);
    let (key_id, key) = public_key(&origin, &key_text).ok_or(
        "field public_key is not the origin, an id and an Ed25519 key that belong together",
    )?;
    Ok(Settings {
        origin,
        key_text,
        key,
        key_id,
        encrypted,
    })
}

fn public_key(origin: &str, text: &str) -> Option<([u8; 4], VerifyingKey)> {
    let (hex, encoded) = text
        .strip_prefix(origin)?
        .strip_prefix('+')?
        .split_once('+')?;
    let typed = STANDARD.decode(encoded).ok()?;
    let (&1, key) = typed.split_first()? else {
        return None;
    };
    let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
    let mut input = origin.as_bytes().to_vec();
    input.push(0x0A);
    input.extend_from_slice(&typed);
    let digest = Sha256::digest(&input);
    let id: [u8; 4] = digest[..4].try_into().ok()?;
    let belongs = id.iter().map(|b| format!("{b:02x}")).collect::<String>() == hex;
    belongs.then_some((id, key))
}

/// The size and root of a checkpoint.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) root: Hash,
}

pub(super) enum BadCheckpoint {
    Form(String),
    Unsigned,
}

/// Reads a checkpoint that must be signed by the vault's key.
pub(super) fn checkpoint(note: &[u8], settings: &Settings) -> Result<Head, BadCheckpoint> {
    let form = |what: &str| BadCheckpoint::Form(what.to_owned());
    let note = std::str::from_utf8(note).map_err(|_| form("it is not UTF-8"))?;
    if note.bytes().any(|b| b < b' ' && b != b'\n') {
        return Err(form("it holds control characters"));
    }
    let (text, signatures) = note
        .rsplit_once("\n\n")
        .ok_or_else(|| form("it has no empty line before its signatures"))?;
    let text = format!("{text}\n");
    if !signatures.ends_with('\n') {
        return Err(form("it does not end with a newline"));
    }
    let mut signed = false;
    for line in signatures.lines() {
        let mut words = line.split(' ');
        let (Some("\u{2014}"), Some(name), Some(encoded), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(form("a signature line is not em dash, name and base64"));
        };
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_| form("a signature is not base64"))?;
        if bytes.len() < 5 {
            return Err(form("a signature is too short"));
        }
        let (id, signature) = bytes.split_at(4);
        if name == settings.origin && id == settings.key_id {
            let signature =
                Signature::from_slice(signature).map_err(|_| BadCheckpoint::Unsigned)?;
            settings
                .key
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| BadCheckpoint::Unsigned)?;
            signed = true;
        }
    }
    if !signed {
        return Err(BadCheckpoint::Unsigned);
    }
    let mut lines = text.split('\n');
    if lines.next() != Some(&settings.origin) {
        return Err(form("it is another log's"));
    }
    let size = lines
        .next()
        .and_then(|line| Some(line).zip(line.parse::<u64>().ok()))
        .filter(|(line, size)| size.to_string() == *line)
        .ok_or_else(|| form("its second line is not a number of entries"))?
        .1;
    let root = lines
        .next()
        .and_then(|line| STANDARD.decode(line).ok()?.try_into().ok())
        .ok_or_else(|| form("its third line is not 32 bytes of base64"))?;
    Ok(Head {
        size,
        root: Hash(root),
    })
}

/// What the last writer set out to do: from where to where, as size and root.
pub(super) struct Journal {
    pub(super) from: (u64, Hash),
    pub(super) to: (u64, Hash),
    pub(super) settled: bool,
}

/// `None` if missing or torn.
pub(super) fn journal(bytes: &[u8]) -> Option<Journal> {
    let text = std::str::from_utf8(bytes).ok().filter(|t| t.len() == 512)?;
    let body = &text[..text.find("sum ")?];
    let sum: String = Sha256::digest(body)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let (said, padding) = text[body.len() + 4..].split_at_checked(64)?;
    if said != sum || padding.bytes().any(|b| b != b'\n') {
        return None;
    }
    let words: Vec<&str> = body.split_ascii_whitespace().collect();
    let [
        "standing-vault",
        "journal",
        "1",
        "from",
        a,
        b,
        "to",
        c,
        d,
        "erases",
        _,
        "state",
        state,
    ] = words[..]
    else {
        return None;
    };
    let hash = |text: &str| Some(Hash(STANDARD.decode(text).ok()?.try_into().ok()?));
    Some(Journal {
        from: (a.parse().ok()?, hash(b)?),
        to: (c.parse().ok()?, hash(d)?),
        settled: state == "settled",
    })
}

/// A file of the log by what its path says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TileName {
    /// `None` for entry bundles.
    pub(super) level: Option<u8>,
    pub(super) index: u64,
    /// `None` for the full form.
    pub(super) width: Option<u8>,
}

impl TileName {
    /// Path below the vault.
    pub(super) fn path(&self) -> PathBuf {
        let mut path = PathBuf::from("log/tile");
        match self.level {
            Some(level) => path.push(level.to_string()),
            None => path.push("entries"),
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for group in groups[1..].iter().rev() {
            path.push(format!("x{group:03}"));
        }
        match self.width {
            None => path.push(format!("{:03}", groups[0])),
            Some(width) => {
                path.push(format!("{:03}.p", groups[0]));
                path.push(width.to_string());
            }
        }
        path
    }

    /// What a path below the vault names; `None` unless it is exactly how that is written.
    pub(super) fn parse(path: &Path) -> Option<TileName> {
        let parts: Vec<&str> = path.iter().map(|p| p.to_str()).collect::<Option<_>>()?;
        let ["log", "tile", row, rest @ ..] = parts.as_slice() else {
            return None;
        };
        let level = match *row {
            "entries" => None,
            level => Some(level.parse().ok().filter(|l| *l < 8)?),
        };
        let (rest, width) = match rest {
            [head @ .., last, width] if last.ends_with(".p") => (
                [head, &[&last[..last.len() - 2]]].concat(),
                Some(width.parse().ok()?),
            ),
            all => (all.to_vec(), None),
        };
        let digits: String = rest
            .iter()
            .map(|p| p.strip_prefix('x').unwrap_or(p))
            .collect();
        let name = TileName {
            level,
            // Names are a stranger's; no log is so long that arithmetic on this overflows.
            index: digits.parse().ok().filter(|index| *index < 1 << 48)?,
            width,
        };
        (name.path() == path && width != Some(0)).then_some(name)
    }

    /// How many hashes or entries it holds.
    pub(super) fn count(&self) -> u64 {
        self.width.map_or(256, u64::from)
    }
}

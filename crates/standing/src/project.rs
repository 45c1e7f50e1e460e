//! From the vault's entries to the index. What each kind of entry means is decided here alone.
//!
//! | kind | body | becomes |
//! |---|---|---|
//! | `sources` | the configured sources | `configured` |
//! | `collection` | one run: outcome, counts, gaps, `parts`, `manifest`, `facts` | rows, coverage, gaps |
//! | `record` | `table`, `row` (a blob), `replaces` (number of an entry), `about` (an item, a check) | a row of source `records` |
//! | `record-end` | `table`, `record` (number of the record's entry) | its end |
//! | `actor` | `actor`, `name` (a blob) | who an opaque identifier is |
//! | `edition` | `edition`, `overlay`, `original` (blobs) | an imported edition |
//! | `advisories` | `edition`, `counts`, `feeds`, their `blobs`, `list` (a blob: all feeds with names and addresses) | an edition of the advisories |
//! | `advisories-parts` | `feeds`, their `blobs`: those that the next entry has no room for | nothing: that entry's list has them |
//! | `advisories-refused` | `failures` in a row, `details` (a blob: why) | that the server could not take any in |
//! | `member` | `member`, `role`, `details` (a blob: name, e-mail, identity) | who may come in |
//! | `passkey` | `passkey`, `member`, `details` (a blob: label, public key) | a key of a member |
//! | `invitation` | `invitation`, `hash`, `role`, `expires_at`, `details` (a blob) | who may become one |
//! | `token` | `token`, `member`, `hash`, `scopes`, `expires_at`, `details` (a blob: label) | what programs come in by |
//! | `feed` | `feed`, `member`, `hash` | a calendar's secret link |
//! | `notice` | `notice`, `details` (a blob: what was told and to whom) | what has been told |
//! | `…-end` of these six | its name, and why | its end |
//! | `settings` | `file` (a blob): `standing.toml` as it was written | nothing: the file is read |
//! | `export` | `export`: which table of people was taken out, `rows`: how many | nothing: it is noted |
//! | `campaign`, `campaign-…` | an access review: see [`crate::review::entries`] | frozen rows, decisions |
//! | `erase` | the vault's own | nothing: what was erased is no longer there to read |
//!
//! Any entry may bear `once`, the hashes of key and contents of the request that asked for it: asked
//! again, it is found.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use serde_json::{Map, Value};
use standing_assess::Index;
use standing_assess::index::{AdvisoryEdition, CollectionMeta, ConfiguredSource, Heading, State};
use standing_facts::{Gap, GapCode, Outcome, Problem, Row, parse_line};
use standing_vault::{Blob, Digest, Entry, Vault};

use crate::failure::Failure;

/// What a run's manifest blob holds: names and details, which may be personal and stay out of the log.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    /// Every part with its blob.
    pub parts: Vec<ManifestPart>,
    /// Gaps with their details.
    pub gaps: Vec<Gap>,
    /// Places not understood.
    pub problems: Vec<Problem>,
    /// The facts blob and its SHA-256, so that an equal one need not be kept twice.
    pub facts: Option<ManifestPart>,
    /// What was asked, in the clear: path and settings.
    #[serde(default)]
    pub scope: String,
    /// The blob by whose name the log knows the scope.
    #[serde(default)]
    pub scope_blob: String,
}

impl Manifest {
    /// The blob of this scope, if the run had the same.
    pub fn scope_blob(&self, scope: &str) -> Option<String> {
        (self.scope == scope && !self.scope_blob.is_empty()).then(|| self.scope_blob.clone())
    }
}

/// One part of a run.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct ManifestPart {
    /// Name within the source.
    pub name: String,
    /// `blob:…`.
    pub blob: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
}

/// Brings the index up to the vault's last entry; builds it anew where it does not fit the vault.
///
/// # Errors
/// When either cannot be read or written.
pub fn catch_up(vault: &Vault, index: &Index) -> Result<(), Failure> {
    // Another process may have gone further than this one has looked.
    vault.refresh()?;
    loop {
        let from = index.position()?;
        let to = (vault.size(), vault.root().to_string());
        if from == to || (from.0 == 0 && to.0 == 0) {
            return Ok(());
        }
        let fits = from.0 <= to.0
            && (from.0 == 0 || vault.root_at(from.0).is_ok_and(|r| r.to_string() == from.1));
        // What was erased must not linger in what was projected before.
        let anew = !fits || erases(vault, from.0..to.0)?;
        let first = if anew { 0 } else { from.0 };
        let moved = index.advance(&from, &to, anew, |index| {
            for entry in vault.entries(first..to.0)? {
                project(vault, index, &entry?)?;
            }
            Ok::<(), Failure>(())
        })?;
        if moved && anew && from.0 > 0 {
            index.wipe_free_pages()?;
        }
        vault.refresh()?;
    }
}

fn erases(vault: &Vault, range: std::ops::Range<u64>) -> Result<bool, Failure> {
    for entry in vault.entries(range)? {
        if entry?.kind == standing_vault::ERASE {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Kinds of entry of which the last one about a thing says what stands, until one of the same kind
/// and `-end` ends it.
const STATES: &[&str] = &[
    "member",
    "passkey",
    "invitation",
    "token",
    "feed",
    "notice",
    crate::advisories::REFUSED,
];

/// Kind of state by which a request that was carried out already is known again.
pub const ONCE: &str = "once";

fn project(vault: &Vault, index: &Index, entry: &Entry) -> Result<(), Failure> {
    let at = entry.time.to_string();
    heading(index, entry, &at)?;
    match entry.kind.as_str() {
        "sources" => {
            let sources = list(&entry.body, "sources")
                .iter()
                .map(source)
                .collect::<Vec<_>>();
            index.configured(&at, &sources)?;
        }
        "collection" => collection(vault, index, entry)?,
        "record" => {
            // What it replaces has ended, whether or not its own words were erased since.
            if let Some(before) = entry.body.get("replaces").and_then(Value::as_u64) {
                index.end_record(&at, table(entry)?, before)?;
            }
            if let Some(text) = blob_text(vault, &entry.body, "row")? {
                let row = parse_line(&text).map_err(|e| odd(entry, &e))?;
                index.record(entry.seq, &at, row)?;
            }
        }
        "record-end" => {
            let record = entry.body.get("record").and_then(Value::as_u64);
            index.end_record(&at, table(entry)?, record.unwrap_or(u64::MAX))?;
        }
        "actor" => {
            if let Some(text) = blob_text(vault, &entry.body, "name")? {
                let name: Value = serde_json::from_str(&text).map_err(|e| odd(entry, &e))?;
                let name = name.get("name").and_then(Value::as_str).unwrap_or_default();
                index.introduce(string(&entry.body, "actor"), name)?;
            }
        }
        "edition" => {
            if let Some(text) = blob_text(vault, &entry.body, "overlay")? {
                index.overlay(entry.seq, &at, string(&entry.body, "edition"), &text)?;
            }
        }
        "advisories" => {
            let json = blob_text(vault, &entry.body, "list")?.unwrap_or_default();
            let first = crate::advisories::first_fixes(&json);
            index.first_fixes(&at, first.as_deref().unwrap_or_default())?;
            index.advisory_edition(&AdvisoryEdition {
                entry: entry.seq,
                valid_from: at,
                edition: string(&entry.body, "edition").to_owned(),
                json,
                compared: first.is_some(),
            })?;
        }
        kind if kind.starts_with("campaign") => {
            crate::review::entries::project(vault, index, entry)?;
        }
        kind => state(vault, index, entry, kind)?,
    }
    Ok(())
}

fn heading(index: &Index, entry: &Entry, at: &str) -> Result<(), Failure> {
    let about = ["about", "source", "table", "edition", "member", "campaign"]
        .into_iter()
        .map(|name| string(&entry.body, name))
        .find(|word| !word.is_empty());
    index.heading(&Heading {
        seq: entry.seq,
        time: at.to_owned(),
        actor: entry.actor.clone(),
        kind: entry.kind.clone(),
        about: about.unwrap_or_default().to_owned(),
    })?;
    let once = string(&entry.body, ONCE);
    // Of several entries that one request brought about, the last one answers it.
    if let Some((key, contents)) = once.split_once(':') {
        let state = State {
            name: key.to_owned(),
            entry: entry.seq,
            json: contents.to_owned(),
        };
        index.set_state(ONCE, &state)?;
    }
    Ok(())
}

/// The body with what its `details` blob says beside it.
fn state(vault: &Vault, index: &Index, entry: &Entry, kind: &str) -> Result<(), Failure> {
    if let Some(of) = kind.strip_suffix("-end").filter(|of| STATES.contains(of)) {
        index.end_state(of, string(&entry.body, of))?;
    } else if STATES.contains(&kind) {
        let mut body = entry.body.clone();
        if let Some(text) = blob_text(vault, &entry.body, "details")? {
            let details: Value = serde_json::from_str(&text).map_err(|e| odd(entry, &e))?;
            body.insert("details".into(), details);
        }
        let state = State {
            name: string(&entry.body, kind).to_owned(),
            entry: entry.seq,
            json: Value::Object(body).to_string(),
        };
        index.set_state(kind, &state)?;
    }
    Ok(())
}

fn table(entry: &Entry) -> Result<&'static standing_facts::Table, Failure> {
    standing_facts::tables::table(string(&entry.body, "table"))
        .ok_or_else(|| odd(entry, &"names no table"))
}

fn odd(entry: &Entry, why: &dyn std::fmt::Display) -> Failure {
    Failure::integrity(format!(
        "entry {} ({}) is not what this version writes: {why}",
        entry.seq, entry.kind
    ))
}

fn collection(vault: &Vault, index: &Index, entry: &Entry) -> Result<(), Failure> {
    let body = &entry.body;
    let manifest = held_manifest(vault, body)?;
    let facts = blob(vault, body, "facts")?;
    let mut meta = CollectionMeta {
        entry: entry.seq,
        source: string(body, "source").to_owned(),
        kind: string(body, "kind").to_owned(),
        scope: string(body, "scope").to_owned(),
        started_at: string(body, "started_at").to_owned(),
        ended_at: string(body, "ended_at").to_owned(),
        outcome: match string(body, "outcome") {
            "complete" => Outcome::Complete,
            "partial" => Outcome::Partial,
            _ => Outcome::Failed,
        },
        parts: number(body, "parts"),
        counts: counts(body),
        gaps: manifest.map_or_else(|| logged_gaps(body), |m| m.gaps),
        problems: number(body, "problems"),
    };
    let rows: Box<dyn Iterator<Item = Result<Row, Failure>>> = match facts {
        Held::Here(reader) => Box::new(lines(reader, entry.seq)),
        Held::None => Box::new(std::iter::empty()),
        Held::Erased => {
            meta.outcome = Outcome::Failed;
            meta.gaps = vec![Gap {
                table: None,
                code: GapCode::Missing,
                detail: "the facts of this run were erased".into(),
            }];
            Box::new(std::iter::empty())
        }
    };
    index.collection(&meta, rows)
}

/// The manifest of a run; an empty one where it was erased.
///
/// # Errors
/// When its blob is missing or damaged.
pub fn manifest(vault: &Vault, body: &Map<String, Value>) -> Result<Manifest, Failure> {
    Ok(held_manifest(vault, body)?.unwrap_or_default())
}

fn held_manifest(vault: &Vault, body: &Map<String, Value>) -> Result<Option<Manifest>, Failure> {
    let Some(text) = blob_text(vault, body, "manifest")? else {
        return Ok(None);
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|e| Failure::integrity(format!("a manifest cannot be read: {e}")))
}

/// The gaps as the log itself keeps them, where the manifest with their details was erased.
fn logged_gaps(body: &Map<String, Value>) -> Vec<Gap> {
    list(body, "gaps")
        .iter()
        .map(|gap| Gap {
            table: gap.get("table").and_then(Value::as_str).map(str::to_owned),
            code: gap
                .get("code")
                .and_then(|code| serde_json::from_value(code.clone()).ok())
                .unwrap_or(GapCode::Missing),
            detail: "something was missing; the details were erased".into(),
        })
        .collect()
}

fn lines(reader: Box<dyn Read>, entry: u64) -> impl Iterator<Item = Result<Row, Failure>> {
    BufReader::with_capacity(1 << 16, reader)
        .lines()
        .map(move |line| {
            let line =
                line.map_err(|e| Failure::integrity(format!("facts of entry {entry}: {e}")))?;
            parse_line(&line)
                .map_err(|e| Failure::integrity(format!("facts of entry {entry}: {e}")))
        })
}

enum Held {
    Here(Box<dyn Read>),
    Erased,
    None,
}

fn blob(vault: &Vault, body: &Map<String, Value>, name: &str) -> Result<Held, Failure> {
    let Some(digest) = Digest::from_reference(string(body, name)) else {
        return Ok(Held::None);
    };
    Ok(match vault.blob(&digest)? {
        Blob::Present(reader) => Held::Here(reader),
        Blob::Erased { .. } => Held::Erased,
    })
}

/// What the `details` blob of an entry says; null where it has none, or it was erased.
///
/// # Errors
/// When the vault cannot be read.
pub fn details(vault: &Vault, seq: u64) -> Result<Value, Failure> {
    let mut entries = vault.entries(seq..seq + 1)?;
    let Some(entry) = entries.next().transpose()? else {
        return Ok(Value::Null);
    };
    match blob_text(vault, &entry.body, "details")? {
        Some(text) => serde_json::from_str(&text).map_err(|e| odd(&entry, &e)),
        None => Ok(Value::Null),
    }
}

/// The text of a blob that a body names; `None` where it names none, or it was erased.
///
/// # Errors
/// When the vault cannot be read.
pub fn blob_text(
    vault: &Vault,
    body: &Map<String, Value>,
    name: &str,
) -> Result<Option<String>, Failure> {
    match blob(vault, body, name)? {
        Held::Here(mut reader) => {
            let mut text = String::new();
            reader.read_to_string(&mut text)?;
            Ok(Some(text))
        }
        Held::Erased | Held::None => Ok(None),
    }
}

fn string<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(body: &Map<String, Value>, name: &str) -> u64 {
    body.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn list<'a>(body: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    body.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn counts(body: &Map<String, Value>) -> BTreeMap<String, u64> {
    body.get("counts")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(table, n)| (table.clone(), n.as_u64().unwrap_or_default()))
        .collect()
}

fn source(value: &Value) -> ConfiguredSource {
    let text = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    ConfiguredSource {
        name: text("name"),
        kind: text("kind"),
        tables: value
            .get("tables")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|t| t.as_str().map(str::to_owned))
            .collect(),
        fresh_for_days: value
            .get("fresh_for_days")
            .and_then(Value::as_i64)
            .unwrap_or(31),
    }
}

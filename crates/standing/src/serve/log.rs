//! The log as people and programs read it: a sentence for each entry, and the proof that it is there.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use standing_assess::Index;
use standing_assess::index::{Heading, Wanted};
use standing_vault::{Blob, Checkpoint, Digest, Entry, leaf_hash, verify_inclusion};

use super::api::forms::{Line, Proof};
use super::visit::{Trouble, Visit};
use crate::home::Home;
use crate::text::count;

/// Longest entry that is shown whole.
pub const SHOWN: usize = 64 << 10;
/// Entries of one bundle: read together.
const BUNDLE: u64 = 256;

/// Names of actors by their identifiers.
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// As the index has them: a name that was erased is not there.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn read(index: &Index) -> Result<Self, Trouble> {
        Ok(Names(index.actors()?.into_iter().collect()))
    }

    /// The name of an actor, if it was not erased.
    pub fn of(&self, actor: &str) -> Option<&str> {
        let name = self.0.get(actor).map(String::as_str);
        name.filter(|name| !name.is_empty())
    }

    /// Name or what stands for it.
    pub fn or_unnamed(&self, actor: &str) -> &str {
        self.of(actor).unwrap_or("unnamed (details erased)")
    }

    /// Everybody who has a name, by name.
    pub fn all(&self) -> Vec<(String, String)> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .map(|(id, n)| (id.clone(), n.clone()))
            .collect();
        all.sort_by(|a, b| a.1.cmp(&b.1));
        all
    }
}

/// Which entries the query asks for, all but the cursor.
///
/// # Errors
/// 400 where a day is none.
pub fn wanted(visit: &Visit) -> Result<Wanted, Trouble> {
    let word = |name: &str| visit.asked(name).map(str::to_owned);
    // A day begins and ends by the clocks of the United Kingdom.
    let instant = |day: Date| {
        let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
        let begins = day.to_zoned(zone).map(|zoned| zoned.timestamp());
        begins
            .map(|at| format!("{at:.3}"))
            .map_err(|_| unreadable(day))
    };
    let day = |name: &str| -> Result<Option<Date>, Trouble> {
        let text = visit.asked(name);
        let parsed = text.map(|t| t.parse().map_err(|_| unreadable(t)));
        parsed.transpose()
    };
    let last = day("to")?;
    let next = last.map(|day| day.checked_add(1.day()).map_err(|_| unreadable(day)));
    Ok(Wanted {
        kind: word("kind"),
        actor: word("actor"),
        about: word("about"),
        from: day("from")?.map(instant).transpose()?,
        before: next.transpose()?.map(instant).transpose()?,
        below: None,
    })
}

fn unreadable(day: impl std::fmt::Display) -> Trouble {
    Trouble::malformed(format!("{day}: expected a day as 2026-11-21"))
}

/// The newest entries that are wanted, newest first.
///
/// # Errors
/// When index or vault cannot be read.
pub fn lines(
    home: &Home,
    index: &Index,
    names: &Names,
    wanted: &Wanted,
    most: usize,
) -> Result<Vec<Line>, Trouble> {
    let headings = index.headings(wanted, most)?;
    let mut bodies: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    let mut read = None;
    for Heading { seq, .. } in &headings {
        let bundle = seq / BUNDLE;
        if read == Some(bundle) {
            continue;
        }
        read = Some(bundle);
        let to = headings
            .iter()
            .map(|h| h.seq)
            .filter(|s| s / BUNDLE == bundle)
            .max();
        for entry in home
            .vault
            .entries(bundle * BUNDLE..to.unwrap_or(*seq) + 1)?
        {
            let entry = entry?;
            bodies.insert(entry.seq, entry.body);
        }
    }
    let none = Map::new();
    let line = |h: Heading| Line {
        words: words(
            &h.kind,
            &h.actor,
            bodies.get(&h.seq).unwrap_or(&none),
            names,
        ),
        name: names.of(&h.actor).map(str::to_owned),
        seq: h.seq,
        time: h.time,
        actor: h.actor,
        kind: h.kind,
    };
    Ok(headings.into_iter().map(line).collect())
}

/// One entry of the log.
///
/// # Errors
/// 404 where there is none of that number.
pub fn entry(home: &Home, seq: u64) -> Result<Entry, Trouble> {
    let missing = || Trouble::missing(format!("The log has no entry {seq}."));
    // Another process may have written it.
    let size = home.vault.refresh().map_err(Trouble::ours)?;
    if seq >= size {
        return Err(missing());
    }
    let mut found = home.vault.entries(seq..seq + 1)?;
    Ok(found.next().ok_or_else(missing)??)
}

/// The line of an entry.
pub fn line_of(entry: &Entry, names: &Names) -> Line {
    Line {
        seq: entry.seq,
        time: entry.time.to_string(),
        actor: entry.actor.clone(),
        name: names.of(&entry.actor).map(str::to_owned),
        kind: entry.kind.clone(),
        words: words(&entry.kind, &entry.actor, &entry.body, names),
    }
}

/// What an entry by `actor` says, in one sentence without its subject.
fn words(kind: &str, actor: &str, body: &Map<String, Value>, names: &Names) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let of = |name: &str| body.get(name).and_then(Value::as_u64);
    let member = |name: &str| names.or_unnamed(text(name)).to_owned();
    match kind {
        "actor" if text("actor") == actor => "appeared for the first time".into(),
        "actor" => format!("introduced {}", member("actor")),
        "sources" => {
            let list = body.get("sources").and_then(Value::as_array);
            let n = list.map_or(0, Vec::len) as u64;
            format!("noted the {} of standing.toml", count(n, "source"))
        }
        "collection" => collection(body),
        "collection-parts" => format!("kept more files of {}", text("source")),
        "record" => {
            let what = match (text("table"), text("about")) {
                (table, "") => format!("stated {}", a(table)),
                ("attestation", item) => format!("stated how item {item} stands"),
                ("exception", check) => format!("granted an exception to {check}"),
                (table, about) => format!("stated {} of {about}", a(table)),
            };
            match of("replaces") {
                Some(before) => format!("{what} anew; entry {before} no longer counts"),
                None => what,
            }
        }
        "record-end" => format!(
            "ended the {} of entry {}",
            spoken(text("table")),
            of("record").unwrap_or_default()
        ),
        "edition" => format!("imported the official sheet of edition {}", text("edition")),
        "advisories" => {
            let counts = body.get("counts").and_then(Value::as_object);
            let osv = counts.and_then(|c| c.get("osv")).and_then(Value::as_u64);
            format!(
                "took in {}",
                count(osv.unwrap_or_default(), "advisory record")
            )
        }
        crate::advisories::REFUSED => "could not take in advisories".into(),
        "advisories-parts" => "kept more files of advisories".into(),
        "member" => format!("made {} {}", member("member"), a(text("role"))),
        "member-end" => format!("ended the membership of {}", member("member")),
        "passkey" => format!("registered a passkey for {}", member("member")),
        "passkey-end" => "ended a passkey".into(),
        "invitation" => format!("invited somebody as {}", a(text("role"))),
        "invitation-end" => "ended an invitation".into(),
        "token" => format!("made a token of {}", member("member")),
        "token-end" => "ended a token".into(),
        "feed" => "made a calendar link".into(),
        "feed-end" => "ended a calendar link".into(),
        "notice" => "sent a notice".into(),
        "notice-end" => "ended a notice".into(),
        "campaign" => format!(
            "opened the access review {} with {}",
            text("campaign"),
            count(of("rows").unwrap_or_default(), "row")
        ),
        "campaign-decided" => format!(
            "decided {} of {}",
            count(of("rows").unwrap_or_default(), "row"),
            text("campaign")
        ),
        "campaign-assigned" => format!(
            "gave {} of {} to somebody else",
            count(of("rows").unwrap_or_default(), "row"),
            text("campaign")
        ),
        "campaign-acted" => format!("noted what is done about a row of {}", text("campaign")),
        "campaign-sent" => format!("told somebody of {}", text("campaign")),
        "campaign-closed" => format!("closed the access review {}", text("campaign")),
        "campaign-reported" => format!("made the report of {}", text("campaign")),
        "settings" => "changed standing.toml".into(),
        "export" => format!(
            "took out {}: {}",
            text("export"),
            count(of("rows").unwrap_or_default(), "row")
        ),
        standing_vault::ERASE => format!("erased a payload: {}", text("reason")),
        other => format!("wrote an entry of the kind {other}"),
    }
}

fn collection(body: &Map<String, Value>) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let counts = body.get("counts").and_then(Value::as_object);
    let rows: u64 = counts
        .into_iter()
        .flat_map(|c| c.values())
        .filter_map(Value::as_u64)
        .sum();
    let source = text("source");
    match text("outcome") {
        "complete" => format!("read {source} completely: {}", count(rows, "row")),
        "partial" => format!("read {source} in part: {}", count(rows, "row")),
        _ => {
            let gaps = body.get("gaps").and_then(Value::as_array);
            let n = gaps.map_or(0, Vec::len) as u64;
            format!("could not read {source}: {}", count(n, "reason"))
        }
    }
}

fn spoken(table: &str) -> String {
    table.replace('_', " ")
}

fn a(word: &str) -> String {
    let word = spoken(word);
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {word}")
}

/// A payload that an entry names, and what became of it.
#[derive(Clone, Debug)]
pub struct Payload {
    /// Its digest.
    pub digest: Digest,
    /// By what name the entry has it: `row`, `manifest`; `blobs` for a file that was read.
    pub role: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a payload.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It is there.
    There,
    /// It was erased.
    Erased {
        /// By which entry.
        entry: u64,
        /// By whom.
        actor: String,
        /// When.
        time: String,
        /// Why.
        reason: String,
    },
    /// It is neither there nor erased: the vault is damaged.
    Missing,
}

/// The payloads that an entry names, each once, at most so many.
pub fn payloads(home: &Home, entry: &Entry, most: usize) -> Vec<Payload> {
    let mut seen = std::collections::BTreeSet::new();
    let digests = entry.blobs().into_iter().filter(|d| seen.insert(*d));
    digests
        .take(most)
        .map(|digest| Payload {
            role: role(entry, &digest),
            fate: fate(home, &digest),
            digest,
        })
        .collect()
}

fn role(entry: &Entry, digest: &Digest) -> String {
    let reference = digest.reference();
    let found = entry.body.iter().find(|(_, value)| match value {
        Value::String(text) => *text == reference,
        Value::Array(list) => list.iter().any(|v| v.as_str() == Some(reference.as_str())),
        _ => false,
    });
    found.map_or_else(|| "payload".into(), |(name, _)| name.clone())
}

/// Whether a payload is what a source gave, or all that was understood of it: people in bulk, and, in
/// files as they were, perhaps secrets.
pub fn in_bulk(entry: &Entry, digest: &Digest) -> bool {
    matches!(entry.kind.as_str(), "collection" | "collection-parts")
        && matches!(role(entry, digest).as_str(), "blobs" | "facts")
}

fn fate(home: &Home, digest: &Digest) -> Fate {
    match home.vault.blob(digest) {
        Ok(Blob::Present(_)) => Fate::There,
        Ok(Blob::Erased {
            entry,
            actor,
            reason,
            time,
        }) => Fate::Erased {
            entry,
            actor,
            reason,
            time: time.to_string(),
        },
        Err(_) => Fate::Missing,
    }
}

/// That an entry is in the log that the newest checkpoint signs; verified here.
///
/// # Errors
/// When the vault cannot be read.
pub fn prove(home: &Home, entry: &Entry) -> Result<Proof, Trouble> {
    let note = home.vault.checkpoint();
    let key = home.vault.public_key();
    let signed = Checkpoint::verify(&note, key).map_err(Trouble::ours)?;
    let bytes = entry.canonical().map_err(Trouble::ours)?;
    let leaf = leaf_hash(&bytes);
    let path = home.vault.inclusion_proof(entry.seq, signed.size)?;
    Ok(Proof {
        leaf_index: entry.seq,
        leaf_hash: leaf.to_base64(),
        verified: verify_inclusion(&leaf, entry.seq, signed.size, &path, &signed.root),
        path: path.iter().map(|hash| hash.to_base64()).collect(),
        tree_size: signed.size,
        root: signed.root.to_base64(),
        checkpoint: note,
        public_key: key.to_string(),
        entry: (bytes.len() <= SHOWN).then(|| String::from_utf8_lossy(&bytes).into_owned()),
    })
}

/// What a payload is to its entry, in words.
pub fn spoken_role(role: &str) -> &'static str {
    match role {
        "row" => "the record itself",
        "reason" => "why it was ended",
        "manifest" => "what the reading was made of, with the details of its gaps",
        "facts" => "the facts that were understood",
        "blobs" => "what was read, as it was",
        "scope" => "what was asked",
        "name" => "the name",
        "list" => "the list of the files of advisories, with names and addresses",
        "details" => "the details that name a person",
        "overlay" => "what was taken from the sheet",
        "original" => "the sheet as it was",
        "file" => "standing.toml as it was written",
        _ => "a payload",
    }
}

/// What is lost with a payload that is erased, in words.
pub fn lost(kind: &str, role: &str) -> &'static str {
    match (kind, role) {
        ("record", "row") => {
            "The record no longer counts: what rests on it is judged as if it had never been stated."
        }
        ("collection", "facts") => {
            "The rows that this reading told. It counts as failed from then on, and what rests on it alone \
             becomes unknown."
        }
        ("collection", "manifest") => {
            "The names of the files that were read, and the details of what was missing."
        }
        ("collection" | "collection-parts", "blobs") => {
            "A file as it was read. The facts that were understood from it stay, until they are erased too."
        }
        ("actor", _) => "The name: the log says from then on that it was erased.",
        ("member", _) => "The member’s name, e-mail and identity. End the membership first.",
        ("passkey", _) => "The passkey stops working.",
        ("invitation", _) => "For whom the invitation was.",
        ("token", _) => "What the token was called.",
        ("edition", "overlay") => "The edition is judged as if its sheet had never been imported.",
        ("advisories", "list") => {
            "Which advisories were held from then on. Nothing can be judged by them any more."
        }
        ("advisories" | "advisories-parts", _) => {
            "A file of advisories as it was. Nothing can be judged any more by what was made of it."
        }
        (crate::advisories::REFUSED, _) => "Why no advisories were taken in.",
        ("settings", _) => "How standing.toml stood then. The file itself stays as it is.",
        ("record-end", _) => "Why the record was ended.",
        _ => "The payload.",
    }
}

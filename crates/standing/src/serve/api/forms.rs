//! More of what the API takes and gives: sources, records, the log, settings, members.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::types::Object;

/// One source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The tables it yields.
    pub tables: Vec<String>,
    /// Whether everything it yields is completely and freshly known.
    pub known: bool,
    /// Why not.
    pub gaps: Vec<String>,
    /// What went wrong since the complete reading that is relied upon.
    pub warnings: Vec<String>,
    /// Last day on which its last complete reading may be relied upon.
    pub fresh_until: Option<Date>,
    /// Days for which a complete reading is relied upon.
    pub fresh_for_days: i64,
    /// Hours after which it is read again; 0: only when somebody asks for it.
    pub every_hours: i64,
    /// `idle`, `waiting` or `running`.
    pub state: &'static str,
}

/// One source whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceWhole {
    /// As it stands.
    pub source: Source,
    /// Its newest runs, newest first, at most 100.
    pub runs: Vec<Run>,
}

/// One run of a source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Run {
    /// Its entry.
    pub entry: u64,
    /// `complete`, `partial` or `failed`.
    pub outcome: String,
    /// Instant of its start.
    pub started_at: String,
    /// Instant of its end.
    pub ended_at: String,
    /// Files or pages read.
    pub parts: u64,
    /// Facts read.
    pub rows: u64,
    /// Places not understood.
    pub problems: u64,
}

/// What a trial of a source came to. Nothing of it was kept.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Trial {
    /// The same in one sentence.
    pub sentence: String,
    /// `complete`, `partial` or `failed`.
    pub outcome: &'static str,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// What is missing.
    pub gaps: Vec<TrialGap>,
    /// Places not understood, at most 100; none of them without the right `read-personal`.
    pub problems: Vec<TrialProblem>,
    /// How many places more there are.
    pub more_problems: u64,
}

/// Why not everything was read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrialGap {
    /// The table; null for all of the source.
    pub table: Option<String>,
    /// The kind of reason, for example `denied`, `missing` or `malformed`.
    pub code: &'static str,
    /// One plain sentence.
    pub detail: String,
}

/// A place that is not as it should be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TrialProblem {
    /// The file or page.
    pub part: String,
    /// Line or row, from 1.
    pub line: Option<u64>,
    /// The column, or its place within the line.
    pub column: Option<String>,
    /// What was found and what was expected.
    pub message: String,
    /// Whether something stays unknown because of it.
    pub lost: bool,
}

/// What asking for a run came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Asked {
    /// The source.
    pub source: String,
    /// `waiting` or `running`: a run that is asked for or going on already is not begun twice.
    pub state: &'static str,
}

/// Nothing has to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A source to be added.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// Lower-case letters, digits and hyphens.
    #[schemars(regex(pattern = "^[a-z0-9-]+$"))]
    pub name: String,
    /// A kind of source.
    pub kind: String,
    /// File or folder below the folder of `standing.toml`.
    #[schemars(length(min = 1))]
    pub path: String,
    /// Days for which a complete reading is relied upon.
    #[schemars(range(min = 1, max = 366))]
    pub fresh_for_days: Option<i64>,
    /// Hours after which it is read again; 0: only when somebody asks for it.
    #[schemars(range(min = 0, max = 8784))]
    pub every_hours: Option<i64>,
    /// The kind's own settings.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Our column, their heading: where headings are not understood by themselves.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
}

/// A kind of source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SourceKind {
    /// The word.
    pub kind: &'static str,
    /// What it reads.
    pub summary: &'static str,
    /// How to make the export with the least permission that suffices.
    pub how: &'static str,
    /// The tables it yields.
    pub tables: Vec<&'static str>,
    /// Its own settings.
    pub settings: Vec<Setting>,
}

/// A setting of a kind of source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it is where nothing is said.
    pub default: Option<&'static str>,
    /// Whether the source cannot do without it.
    pub required: bool,
}

/// A person or a system, with the rows of other tables that belong to it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Whole {
    /// The row itself; columns as in docs/facts.md.
    pub row: Object,
    /// Rows that belong to it, by table, at most 1,000 of each.
    pub related: BTreeMap<String, Vec<Object>>,
}

/// A kind of record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordKind {
    /// Its name.
    pub kind: &'static str,
    /// What one record of it says.
    pub meaning: &'static str,
    /// Whether it is a statement that verdicts rest on, and needs the right `attest`.
    pub needs_attest: bool,
    /// Its columns.
    pub columns: Vec<Column>,
}

/// A column of a kind of record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// `text`, `integer`, `truth` or `date`.
    pub form: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// A record that has not ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Record {
    /// Its entry.
    pub entry: u64,
    /// Its columns.
    pub row: Object,
}

/// A record: the columns of its kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NewRecord(#[schemars(with = "BTreeMap<String, Cell>")] pub BTreeMap<String, Value>);

/// A value of a record.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub enum Cell {
    /// Yes or no.
    Truth(bool),
    /// A whole number.
    Integer(i64),
    /// Text or a day.
    Text(String),
}

/// One line of the log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// Its number.
    pub seq: u64,
    /// When it was written.
    pub time: String,
    /// Opaque identifier of whoever wrote it.
    pub actor: String,
    /// Their name; null where it was erased.
    pub name: Option<String>,
    /// Its kind.
    pub kind: String,
    /// What it says, in one sentence.
    pub words: String,
}

/// One entry with its proof.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// Its line.
    pub line: Line,
    /// Its body; null where it is longer than 64 KB: `/exports/log.jsonl` has it.
    pub body: Option<Value>,
    /// The payloads it names.
    pub blobs: Vec<Blob>,
    /// That it is in the log.
    pub proof: Proof,
}

/// A payload that an entry names.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Blob {
    /// `blob:` and its digest.
    pub blob: String,
    /// The entry that erased it.
    pub erased_by: Option<u64>,
}

/// That an entry is in the log: RFC 9162, section 2.1.3.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Proof {
    /// The entry's number: its leaf.
    pub leaf_index: u64,
    /// The entry's canonical JSON, the bytes that are hashed; null where it is longer than 64 KB.
    pub entry: Option<String>,
    /// SHA-256 of 0x00 and the entry's canonical bytes, base64.
    pub leaf_hash: String,
    /// The hashes from the leaf to the root, base64.
    pub path: Vec<String>,
    /// How many entries the checkpoint covers.
    pub tree_size: u64,
    /// The root that the checkpoint signs, base64.
    pub root: String,
    /// The signed note.
    pub checkpoint: String,
    /// The key that signed it.
    pub public_key: String,
    /// Whether the server itself could lead the leaf to the root with this path.
    pub verified: bool,
}

/// The log's head.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// The key that signs it.
    pub public_key: String,
    /// How many entries.
    pub entries: u64,
    /// The root over all of them, base64.
    pub root: String,
    /// The signed note: to be kept where nobody of the firm can change it.
    pub checkpoint: String,
}

/// The settings of the organisation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Settings {
    /// The firm's name.
    pub organisation: String,
    /// Which profile binds it.
    pub profile: String,
    /// The profiles there are.
    pub profiles: Vec<String>,
    /// The edition to judge by, where one is chosen.
    pub edition: Option<String>,
    /// The planned day of publication, where one is chosen.
    pub publish_on: Option<Date>,
    /// By what this state of the file is known again: to be given back with a change.
    pub seen: String,
    /// Version of Standing.
    pub version: &'static str,
}

/// The settings as they are to be, all of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSettings {
    /// The firm's name.
    #[schemars(length(min = 1))]
    pub organisation: String,
    /// Which profile binds it.
    pub profile: String,
    /// The edition to judge by; null: the one that the day of publication belongs to.
    pub edition: Option<String>,
    /// The planned day of publication; null: the next 30 June.
    pub publish_on: Option<Date>,
    /// `seen` of the settings that this changes: refused with 409 if they were changed since.
    pub seen: String,
}

/// A payload to be erased for good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErasure {
    /// `blob:` and its digest.
    #[schemars(regex(pattern = "^blob:[0-9a-f]{64}$"))]
    pub blob: String,
    /// Why. It stays in the log, so it may hold no personal data.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// A member.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Member {
    /// Actor's identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Role.
    pub role: &'static str,
    /// How many passkeys.
    pub passkeys: u64,
    /// Whether an identity provider answers for them.
    pub identity_provider: bool,
    /// The entry that last said so.
    pub entry: u64,
}

/// An invitation that stands. Its link was shown once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Invitation {
    /// Its name.
    pub id: String,
    /// For whom.
    pub name: String,
    /// The role it gives.
    pub role: &'static str,
    /// Until when.
    pub expires_at: String,
    /// The entry that says so.
    pub entry: u64,
}

/// A token that stands. Itself it was shown once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Token {
    /// Its name.
    pub id: String,
    /// In whose name it acts.
    pub member: String,
    /// What its owner calls it.
    pub label: String,
    /// What it may be used for.
    pub scopes: Vec<&'static str>,
    /// Until when.
    pub expires_at: String,
    /// The entry that says so.
    pub entry: u64,
}

/// The advisories by which today is judged, and how taking in stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Advisories {
    /// Today.
    pub as_of: Date,
    /// Whether an edition is held that can be read and may be relied upon.
    pub known: bool,
    /// Why it cannot be read, if it cannot.
    pub unreadable: Option<String>,
    /// Tries in a row, since the last edition, that came to nothing.
    pub failures: u64,
    /// Instant of the last of these.
    pub failed_at: Option<String>,
    /// Why; null without the right `read-personal`.
    pub why: Option<String>,
    /// Instant at which it is tried next; null: only when somebody asks for it.
    pub due_at: Option<String>,
    /// `idle` or `running`.
    pub state: &'static str,
    /// The edition; null where none is held.
    pub edition: Option<EditionWhole>,
}

/// One edition with its files.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditionWhole {
    /// The edition.
    pub edition: Edition,
    /// Its files; none where their list was erased.
    pub files: Vec<AdvisoryFile>,
}

/// One edition of the advisories.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Edition {
    /// The entry that brought it.
    pub entry: u64,
    /// Instant at which it was taken in.
    pub taken_in_at: String,
    /// SHA-256 over what it is made of.
    pub edition: String,
    /// Whole days since.
    pub age_days: i32,
    /// Last day on which it may be relied upon.
    pub fresh_until: Date,
    /// Whether what is judged today is judged by it.
    pub judges_today: bool,
    /// OSV records; null where the list was erased.
    pub osv: Option<u64>,
    /// Entries of CISA's catalogue.
    pub kev: Option<u64>,
    /// EPSS scores.
    pub epss: Option<u64>,
    /// Places that were not understood.
    pub unread: Option<u64>,
}

/// One file of an edition.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdvisoryFile {
    /// Its name.
    pub name: String,
    /// `osv`, `kev` or `epss`.
    pub kind: &'static str,
    /// Records that were understood.
    pub records: u64,
    /// Places that were not.
    pub unread: u64,
    /// The latest day that the data itself names.
    pub as_of: Option<Date>,
    /// Whole days since that day.
    pub age_days: Option<i32>,
    /// Instant at which we last had it, or heard that it is as it was.
    pub checked_at: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

//! What the API takes and gives, as its description says it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Anything, by name: what is documented elsewhere, or differs from kind to kind.
pub type Object = Map<String, Value>;

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The things themselves.
    pub items: Vec<T>,
    /// What to give as `after` for the next part; null at the end.
    pub next: Option<String>,
}

/// What a write came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Kept {
    /// The entry of the log that tells of it.
    pub entry: u64,
    /// The same request had been carried out before; nothing was done now.
    pub replayed: bool,
}

/// What was taken out in bulk.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct Taken {
    /// The entry of the log that notes it.
    entry: u64,
    /// The table.
    table: String,
    /// Its rows; columns as in docs/facts.md, and what is not known is left out.
    rows: Vec<Object>,
}

/// What went wrong (RFC 9457).
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct Problem {
    /// Always `about:blank`.
    r#type: String,
    /// A few words, the same for every problem of the kind.
    title: String,
    /// HTTP status.
    status: u16,
    /// What happened.
    detail: String,
    /// The request's name in the server's log.
    instance: String,
    /// What to do next.
    #[schemars(extend("x-optional" = true))]
    hint: Option<String>,
    /// Where several fields of the body are wrong: each with what is wrong with it.
    #[serde(default)]
    errors: Vec<FieldProblem>,
}

/// One field that is wrong.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct FieldProblem {
    /// Which, as a JSON pointer.
    pointer: String,
    /// What is wrong with it.
    detail: String,
}

/// `met`, `not met`, `unknown` or `not applicable`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub enum VerdictWord {
    /// It holds.
    #[serde(rename = "met")]
    Met,
    /// It does not.
    #[serde(rename = "not met")]
    NotMet,
    /// It cannot be told.
    #[serde(rename = "unknown")]
    Unknown,
    /// There is nothing it could be said of.
    #[serde(rename = "not applicable")]
    NotApplicable,
}

/// How many items that bind have which verdict.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct Counts {
    /// Items that must be met for a truthful publication.
    binding: u64,
    /// Of these: met.
    met: u64,
    /// Of these: they do not apply.
    not_applicable: u64,
    /// Of these: not met.
    not_met: u64,
    /// Of these: cannot be told.
    unknown: u64,
}

/// What could truthfully be published, and what stands in the way.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct Standing {
    /// The firm.
    organisation: String,
    /// The day judged.
    as_of: Date,
    /// Profile of the toolkit.
    profile: String,
    /// Edition judged by.
    edition: String,
    /// Edition that the publication belongs to, where one is known.
    edition_due: Option<String>,
    /// The planned day of publication.
    publish_on: Date,
    /// Whether nothing that binds stands in the way.
    ready: bool,
    /// The same in words.
    headline: String,
    /// Items that bind, by verdict.
    counts: Counts,
    /// Every item.
    items: Vec<Item>,
    /// As of the planned day, supposing that sources go on being read; not given for another day.
    #[serde(default)]
    on_publication: Option<Object>,
    /// Every check with its counts.
    checks: Vec<Object>,
    /// Checks that could not be used.
    faulty_checks: Vec<Object>,
    /// What configured sources do not completely tell.
    gaps: Vec<String>,
    /// Readings that went wrong since the complete one that is relied upon.
    warnings: Vec<String>,
    /// What must be said beside every verdict.
    caveats: Vec<String>,
}

/// One item as it stands.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct Item {
    /// `4.2.4`.
    item: String,
    /// Our own short title.
    title: String,
    /// `yes`, `no` or `unknown`: whether it must be answered.
    mandatory: String,
    /// `yes` or `unknown`: whether it is asked at all.
    asked: String,
    /// How sure we are of that.
    certainty: String,
    /// Its verdict.
    verdict: VerdictWord,
    /// `measured`, `attested`, `lapsed`, `unsupported` or `contradicted`.
    basis: String,
    /// Why, in one sentence.
    reason: String,
    /// Whose turn it is.
    turn: Option<String>,
    /// The checks that carry it.
    checks: Vec<String>,
    /// Entries of the log that the verdict rests on.
    evidence: Vec<u64>,
    /// The first day on which today's answer no longer stands.
    lapses_on: Option<Date>,
    /// What lapses then.
    lapses_because: Option<String>,
    /// The statement in force or last in force.
    statement: Option<Object>,
    /// Certificate that waives the item.
    waived_by: Option<String>,
}

/// One item whole.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ItemWhole {
    /// As it stands.
    #[schemars(with = "Item")]
    pub standing: Value,
    /// As the catalogue has it: every binding with its certainty and source.
    pub catalogue: Value,
    /// Text for the answer, from what is measured and stated and nothing else.
    pub draft: String,
    /// What the verdict rests on.
    pub evidence: Vec<Evidence>,
}

/// An entry that a verdict rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// Its number in the log.
    pub entry: u64,
    /// When it was written.
    pub time: String,
    /// Kind of entry.
    pub kind: String,
    /// Source or register.
    pub about: String,
    /// `complete`, `partial` or `failed`, of a reading.
    pub outcome: Option<String>,
}

/// A statement about an item. Whoever asks is who states it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAttestation {
    /// `yes`, `no` or `not applicable`.
    pub answer: Answered,
    /// What is stated; for *not applicable* the reason.
    #[schemars(length(min = 1))]
    pub statement: String,
    /// In what role, for example `SIRO`.
    pub role: Option<String>,
    /// Day of the statement; today where it is not given.
    pub stated_on: Option<Date>,
    /// Last day on which it may be relied upon.
    pub expires_on: Option<Date>,
}

/// An answer to an item.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub enum Answered {
    /// It is so.
    #[serde(rename = "yes")]
    Yes,
    /// It is not so.
    #[serde(rename = "no")]
    No,
    /// It does not apply, and why.
    #[serde(rename = "not applicable")]
    NotApplicable,
}

impl Answered {
    /// As records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Answered::Yes => "yes",
            Answered::No => "no",
            Answered::NotApplicable => "not applicable",
        }
    }
}

/// Why something ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// A subject that a check is to let pass for a time. Whoever asks is who approves it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewException {
    /// The check.
    #[schemars(length(min = 1))]
    pub check: String,
    /// The subject as the check names it.
    #[schemars(length(min = 1))]
    pub subject: String,
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: String,
    /// Last day on which it counts, a year from today at most.
    pub expires_on: Date,
}

/// One check and how it came out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Raised whenever the same facts may give another verdict.
    pub revision: u32,
    /// What it claims.
    pub claim: String,
    /// What it cannot see.
    pub cannot_see: String,
    /// Why it matters.
    pub matters: String,
    /// Its verdict.
    #[schemars(with = "VerdictWord")]
    pub verdict: &'static str,
    /// Subjects that are met.
    pub met: u64,
    /// Subjects that are not met.
    pub not_met: u64,
    /// Subjects that cannot be told.
    pub unknown: u64,
    /// Subjects it does not apply to.
    pub not_applicable: u64,
    /// Of those not met: let pass for a time.
    pub excepted: u64,
    /// Why it is not completely known.
    pub gaps: Vec<String>,
    /// Items that it carries.
    pub items: Vec<String>,
    /// Its statement.
    pub sql: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
}

/// One subject of a check.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Subject {
    /// What the verdict is about.
    pub subject: String,
    /// Its verdict.
    #[schemars(with = "VerdictWord")]
    pub verdict: &'static str,
    /// What was seen.
    pub observed: String,
    /// What was asked.
    pub rule: String,
    /// First day on which it holds no longer.
    pub lapses_on: Option<Date>,
    /// Last day of the exception that lets it pass.
    pub excepted_until: Option<Date>,
}

/// Something that ends by the passing of time.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "it describes an answer that is written elsewhere")]
pub struct Lapse {
    /// The first day on which it no longer holds.
    on: Date,
    /// `source`, `check` or `statement`.
    what: String,
    /// Whether reading the sources again renews it.
    renewed_by_reading: bool,
    /// A source, a check, an item.
    name: String,
    /// What no longer holds.
    detail: String,
    /// How many subjects lapse, of how many.
    subjects: Option<(u64, u64)>,
    /// Items that rest on it.
    items: Vec<String>,
}

/// What lapses from today on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Forecast {
    /// Today.
    pub as_of: Date,
    /// The planned day of publication.
    pub publish_on: Date,
    /// What lapses, soonest first.
    #[schemars(with = "Vec<Lapse>")]
    pub lapses: Value,
    /// Items that stand today and would not on the planned day.
    pub lapsed_by_publication: Vec<String>,
}

/// Something due on a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Due {
    /// The day.
    pub on: Date,
    /// `publication`, `deadline`, `statement`, `check`, `exception`, `certificate`, `fix`, `source`,
    /// `invitation` or `token`.
    pub kind: &'static str,
    /// What, in a sentence that names no person.
    pub title: String,
    /// More, which may name one; null without the right `read-personal`.
    pub detail: Option<String>,
    /// How many, of how many.
    pub subjects: Option<(u64, u64)>,
    /// Items that rest on it.
    pub items: Vec<String>,
    /// Whether reading the sources renews it, with nobody doing anything.
    pub renewed_by_reading: bool,
}

/// How the items that bind stood, or would stand, on a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PointOfTime {
    /// The day.
    pub day: Date,
    /// `items`; `not yet` where it is still being worked out; `nothing` where the vault was empty.
    pub known: &'static str,
    /// Items met.
    pub met: Option<u64>,
    /// Items that do not apply.
    pub not_applicable: Option<u64>,
    /// Items not met.
    pub not_met: Option<u64>,
    /// Items that cannot be told.
    pub unknown: Option<u64>,
}

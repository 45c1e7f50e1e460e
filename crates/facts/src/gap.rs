//! What a collection could not see, and how a run ended.

use serde::{Deserialize, Serialize};

/// Why we cannot claim to know something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapCode {
    /// The source refused: no permission, no credential, no licence.
    Denied,
    /// Fewer rows or pages came than the source itself announced.
    Truncated,
    /// Some of the input could not be understood; what was understood is kept.
    Malformed,
    /// Something that the source is made of was not there.
    Missing,
    /// The source was asked for less than the claim needs (for example: no leavers).
    NotAsked,
    /// The last complete reading is older than it may be.
    Stale,
    /// No source that yields this table has ever been read completely.
    NeverCollected,
    /// Input beyond the limits that protect the reader.
    TooLarge,
    /// The source asked for patience, longer than we have.
    Throttled,
    /// The source's clock and ours disagree, so its days cannot be compared with ours.
    ClockSkewed,
    /// The source did not answer.
    Unreachable,
}

impl GapCode {
    /// The word used in files and on screens, for example `never-collected`.
    pub fn as_str(self) -> &'static str {
        match self {
            GapCode::Denied => "denied",
            GapCode::Truncated => "truncated",
            GapCode::Malformed => "malformed",
            GapCode::Missing => "missing",
            GapCode::NotAsked => "not-asked",
            GapCode::Stale => "stale",
            GapCode::NeverCollected => "never-collected",
            GapCode::TooLarge => "too-large",
            GapCode::Throttled => "throttled",
            GapCode::ClockSkewed => "clock-skewed",
            GapCode::Unreachable => "unreachable",
        }
    }
}

impl std::fmt::Display for GapCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reason why we cannot claim to know one table of one source.
///
/// `detail` is one plain sentence without personal data and without secrets: it is kept in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The table concerned, or `None` for all tables of the source.
    pub table: Option<String>,
    /// The kind of reason.
    pub code: GapCode,
    /// One plain sentence; names files and counts, never values.
    pub detail: String,
}

/// A place in the input that is not as it should be. The rest of the input is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The part (file or page) as the source names it.
    pub part: String,
    /// One-based line, or row for spreadsheets; `None` where the format has none.
    pub line: Option<u64>,
    /// Column name or one-based position within the line.
    pub column: Option<String>,
    /// What was found and what was expected, without personal values.
    pub message: String,
    /// Whether something of the estate stays unknown because of it. False for what was odd but
    /// understood, such as the same row twice.
    pub lost: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.part)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// How one run of one source ended. Decided by the runner, never by the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything asked for was read: an empty table means there were none.
    Complete,
    /// Something was missing: nothing is resolved and nothing regresses.
    Partial,
    /// Nothing usable was read; earlier facts stand until they are stale.
    Failed,
}

impl Outcome {
    /// The word used in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
        }
    }
}

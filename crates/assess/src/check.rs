//! A check: one claim about the estate, in SQL over facts and records.
//!
//! The file begins with a header of `-- key: value` lines (a line that begins `--` and more blanks
//! goes on with the value above); then comes one `SELECT` that yields a row a subject with the
//! columns `subject, verdict, observed, rule` and, if it can tell, `lapses`: the day on which a
//! verdict that is `met` today ends if nothing is done.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use rusqlite::Connection;
use rusqlite::hooks::{AuthContext, Authorization};
use rusqlite::limits::Limit;
use standing_facts::{Gap, tables};

use crate::access::{Access, Denial};
use crate::estate::Estate;

/// Steps of SQLite's virtual machine, in millions, that a check may take unless it says otherwise.
/// A count of steps, unlike a time, gives the same verdict on every machine; 400 million take a few
/// seconds.
pub const BUDGET: u64 = 400;

/// At most this many subjects are kept one by one and verdict; all are counted.
pub const KEPT: usize = 1_000;

/// At most this many bytes are kept of what a check says of one subject in one column.
const WORDS: usize = 2_000;

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The claim holds.
    Met,
    /// The claim does not bear on this subject.
    NotApplicable,
    /// We cannot tell.
    Unknown,
    /// The claim does not hold.
    NotMet,
}

impl Verdict {
    /// `met`, `not met`, `unknown`, `not applicable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::NotApplicable => "not applicable",
            Verdict::Unknown => "unknown",
            Verdict::NotMet => "not met",
        }
    }

    /// The inverse of [`Verdict::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "met" => Some(Verdict::Met),
            "not met" => Some(Verdict::NotMet),
            "unknown" => Some(Verdict::Unknown),
            "not applicable" => Some(Verdict::NotApplicable),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One claim, as its file declares it.
#[derive(Clone, Debug)]
pub struct Check {
    /// The file's name without its ending: the good state it claims.
    pub name: String,
    /// The claim, one sentence.
    pub claim: String,
    /// What the check cannot see even when all its tables are known.
    pub cannot_see: String,
    /// Why it matters.
    pub matters: String,
    /// Tables that must be completely and freshly known before anything can be said.
    pub needs: Vec<String>,
    /// Tables of subjects: rows of known sources are judged even while another source is not
    /// known, but then the claim as a whole is at best unknown.
    pub over: Vec<String>,
    /// Parameters and their values.
    pub parameters: BTreeMap<String, Value>,
    /// Verdict where no subject was found.
    pub when_empty: Verdict,
    /// Whether reading the sources again renews what lapses, with nobody doing anything out of the
    /// ordinary (a nightly backup), rather than a piece of work (a rehearsal, a review).
    pub renewed_by_reading: bool,
    /// Millions of steps allowed.
    pub budget: u64,
    /// Raised whenever the same facts may give another verdict.
    pub revision: u32,
    /// The statement, without its header.
    pub sql: String,
    /// Line of the file on which the statement begins, from 1.
    pub sql_line: usize,
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(n) => write!(f, "{n}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// What is wrong with a check's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct CheckError {
    /// One-based line of the file.
    pub line: usize,
    /// What was found and what was expected.
    pub what: String,
}

impl CheckError {
    fn new(line: usize, what: impl Into<String>) -> Self {
        CheckError {
            line,
            what: what.into(),
        }
    }
}

const KEYS: &[&str] = &[
    "claim",
    "cannot see",
    "matters",
    "needs",
    "over",
    "parameter",
    "when empty",
    "renewed by",
    "budget",
    "revision",
];

impl Check {
    /// Reads a check's file.
    ///
    /// # Errors
    /// The line and what was expected there.
    pub fn parse(name: &str, text: &str) -> Result<Self, CheckError> {
        let (header, sql, sql_line) = split(text)?;
        let mut check = Check {
            name: name.to_owned(),
            claim: String::new(),
            cannot_see: String::new(),
            matters: String::new(),
            needs: Vec::new(),
            over: Vec::new(),
            parameters: BTreeMap::new(),
            when_empty: Verdict::Unknown,
            renewed_by_reading: false,
            budget: BUDGET,
            revision: 0,
            sql,
            sql_line,
        };
        for (line, key, value) in header {
            check.take(line, &key, value)?;
        }
        for (key, missing) in [
            ("claim", check.claim.is_empty()),
            ("cannot see", check.cannot_see.is_empty()),
            (
                "needs or over",
                check.needs.is_empty() && check.over.is_empty(),
            ),
            ("revision", check.revision == 0),
        ] {
            if missing {
                return Err(CheckError::new(
                    1,
                    format!("the header lacks `-- {key}: …`"),
                ));
            }
        }
        if check.sql.is_empty() {
            return Err(CheckError::new(
                sql_line,
                "expected a SELECT after the header",
            ));
        }
        Ok(check)
    }

    fn take(&mut self, line: usize, key: &str, value: String) -> Result<(), CheckError> {
        match key {
            "claim" => self.claim = value,
            "cannot see" => self.cannot_see = value,
            "matters" => self.matters = value,
            "needs" => self.needs = names_of_tables(line, &value)?,
            "over" => self.over = names_of_tables(line, &value)?,
            "parameter" => {
                let (name, value) = parameter(line, &value)?;
                self.parameters.insert(name, value);
            }
            "when empty" => {
                self.when_empty = Verdict::parse(&value).ok_or_else(|| {
                    CheckError::new(line, "expected met, not met, unknown or not applicable")
                })?;
            }
            "renewed by" => {
                self.renewed_by_reading = match value.as_str() {
                    "reading" => true,
                    "people" => false,
                    _ => return Err(CheckError::new(line, "expected reading or people")),
                };
            }
            "budget" => {
                self.budget = value
                    .parse()
                    .map_err(|_| CheckError::new(line, "expected millions of steps"))?;
            }
            _ => {
                self.revision = value
                    .parse()
                    .ok()
                    .filter(|n| *n > 0)
                    .ok_or_else(|| CheckError::new(line, "expected a number from 1"))?;
            }
        }
        Ok(())
    }

    /// Every table that the check reads by its own word.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().chain(&self.over).map(String::as_str)
    }

    /// Tries the statement without running it: that it compiles, reads nothing but tables it
    /// declares, yields the right columns, looks at no clock, and stays off SQLite's cliffs.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line where there is one.
    pub fn lint(&self, estate: &Estate<'_>) -> Result<(), CheckError> {
        crate::lint::lint(self, estate)
    }

    /// Judges the claim.
    pub fn run(&self, estate: &Estate<'_>) -> CheckResult {
        let mut result = CheckResult::new(self);
        for table in &self.needs {
            result.gaps.extend(estate.gaps(table));
        }
        if !result.gaps.is_empty() {
            tidy(&mut result.gaps);
            result.verdict = Verdict::Unknown;
            result.reason = Reason::Gap;
            return result;
        }
        for table in &self.over {
            result.gaps.extend(estate.gaps(table));
        }
        tidy(&mut result.gaps);
        if self.over.iter().any(|table| !estate.partly_known(table)) {
            result.reason = Reason::Gap;
            return result;
        }
        match self.judge(estate, &mut |subject| result.add(subject)) {
            Ok(()) => result.conclude(self),
            Err(error) => {
                result = CheckResult::new(self);
                result.reason = Reason::Faulty(error);
            }
        }
        result
    }

    /// Gives every subject of the claim, one by one, in the order in which the statement yields them,
    /// keeping none. The same subjects that [`Check::run`] counts: none where a gap in what the check
    /// needs lets nothing be said.
    ///
    /// # Errors
    /// Why the statement did not come to its end, in words for the person who wrote it. What was given
    /// before then is not all there is.
    pub fn subjects(
        &self,
        estate: &Estate<'_>,
        sink: &mut dyn FnMut(Subject),
    ) -> Result<(), String> {
        let needed = self.needs.iter().all(|table| estate.gaps(table).is_empty());
        if !needed || self.over.iter().any(|table| !estate.partly_known(table)) {
            return Ok(());
        }
        self.judge(estate, sink)
    }

    fn judge(&self, estate: &Estate<'_>, sink: &mut dyn FnMut(Subject)) -> Result<(), String> {
        let connection = estate.connection();
        let exceptions = exceptions(estate, &self.name).map_err(|e| e.to_string())?;
        guarded(connection, self.budget, &self.access(), &self.sql, || {
            let mut statement = connection.prepare(&self.sql)?;
            for i in 1..=statement.parameter_count() {
                let name = statement.parameter_name(i).unwrap_or_default().to_owned();
                match name.get(1..).and_then(|n| self.parameters.get(n)) {
                    Some(Value::Integer(n)) => statement.raw_bind_parameter(i, n)?,
                    Some(Value::Text(text)) => statement.raw_bind_parameter(i, text)?,
                    None if name == ":as_of" => {
                        let day = estate.day_for(self.renewed_by_reading);
                        statement.raw_bind_parameter(i, day.to_string())?;
                    }
                    None => {
                        return Err(rusqlite::Error::InvalidParameterName(name));
                    }
                }
            }
            let columns = Columns::of(&statement)?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                let mut subject = columns.subject(row)?;
                if subject.verdict == Verdict::NotMet {
                    subject.excepted = exceptions.get(&subject.subject.to_lowercase()).cloned();
                }
                sink(subject);
            }
            Ok(())
        })
        .map_err(|fault| explain(&fault, self.budget))
    }

    /// What the statement may touch.
    pub(crate) fn access(&self) -> Access {
        Access::Check(self.tables().map(str::to_owned).collect())
    }
}

/// Why a guarded statement did not come to its end.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What SQLite says.
    pub error: rusqlite::Error,
    /// What was refused, if that was why.
    pub denied: Option<Denial>,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault {
            error,
            denied: None,
        }
    }
}

/// What went wrong, in words for the person who wrote the statement.
pub(crate) fn explain(fault: &Fault, budget: u64) -> String {
    if let Some(denied) = &fault.denied {
        return denied.what.clone();
    }
    let error = &fault.error;
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
        return format!("took more than its budget of {budget} million steps");
    }
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) {
        return "only reading is allowed: one SELECT over the tables".into();
    }
    error.to_string()
}

fn tidy(gaps: &mut Vec<Gap>) {
    let mut seen = BTreeSet::new();
    gaps.retain(|gap| seen.insert(gap.detail.clone()));
}

/// Header lines (line, key, value), the statement, and the line it begins on.
type Split = (Vec<(usize, String, String)>, String, usize);

fn split(text: &str) -> Result<Split, CheckError> {
    let mut header: Vec<(usize, String, String)> = Vec::new();
    let mut begins = 1;
    for (i, line) in text.lines().enumerate() {
        begins = i + 1;
        let Some(comment) = line.strip_prefix("--") else {
            break;
        };
        let words = comment.trim();
        let key = comment
            .split_once(':')
            .map(|(key, value)| (key.trim(), value.trim()))
            .filter(|(key, _)| KEYS.contains(key));
        match (key, header.last_mut()) {
            (Some((key, value)), _) => header.push((i + 1, key.to_owned(), value.to_owned())),
            (None, Some((_, _, value))) if comment.starts_with("   ") => {
                value.push(' ');
                value.push_str(words);
            }
            _ => {
                return Err(CheckError::new(
                    i + 1,
                    format!("expected one of `-- {}:`", KEYS.join(":`, `-- ")),
                ));
            }
        }
    }
    let sql: Vec<&str> = text.lines().skip(begins - 1).collect();
    let sql = sql.join("\n").trim_end().trim_end_matches(';').to_owned();
    Ok((header, sql, begins))
}

fn names_of_tables(line: usize, value: &str) -> Result<Vec<String>, CheckError> {
    value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| {
            if tables::table(name).is_some() {
                Ok(name.to_owned())
            } else {
                Err(CheckError::new(
                    line,
                    format!("there is no table {name:?}; see docs/facts.md"),
                ))
            }
        })
        .collect()
}

fn parameter(line: usize, text: &str) -> Result<(String, Value), CheckError> {
    let expected = || CheckError::new(line, "expected `name = 14` or `name = 'text'`");
    let (name, value) = text.split_once('=').ok_or_else(expected)?;
    let (name, value) = (name.trim(), value.trim());
    if name == "as_of" {
        return Err(CheckError::new(
            line,
            "as_of is the day judged; a parameter has another name",
        ));
    }
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
        return Err(expected());
    }
    let value = match value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')) {
        Some(text) => Value::Text(text.to_owned()),
        None => Value::Integer(value.parse().map_err(|_| expected())?),
    };
    Ok((name.to_owned(), value))
}

/// Runs `work` read-only: nothing but SELECT on the tables and functions that `access` allows to
/// `sql`, bounded in steps and in the length of every value.
pub(crate) fn guarded<T>(
    connection: &Connection,
    budget: u64,
    access: &Access,
    sql: &str,
    work: impl FnOnce() -> rusqlite::Result<T>,
) -> Result<T, Fault> {
    if let Some(denied) = Access::history(sql) {
        return Err(Fault {
            denied: Some(denied),
            ..Fault::from(rusqlite::Error::InvalidQuery)
        });
    }
    let first = Arc::new(Mutex::new(None));
    let done = bounded(connection, budget, access, &first, work);
    done.map_err(|error| Fault {
        error,
        denied: first.lock().unwrap_or_else(PoisonError::into_inner).take(),
    })
}

fn bounded<T>(
    connection: &Connection,
    budget: u64,
    access: &Access,
    first: &Arc<Mutex<Option<Denial>>>,
    work: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    const STRIDE: u64 = 500;
    const LIMITS: &[(Limit, usize)] = &[
        (Limit::SQLITE_LIMIT_LENGTH, crate::linear::LONGEST),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1_000_000),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    ];
    crate::linear::register(connection)?;
    let mut left = budget.saturating_mul(1_000_000) / STRIDE;
    connection.progress_handler(
        i32::try_from(STRIDE).unwrap_or(i32::MAX),
        Some(move || {
            left = left.saturating_sub(1);
            left == 0
        }),
    )?;
    let (access, first) = (access.clone(), Arc::clone(first));
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        let (answer, denied) = access.answer(&context);
        if let Some(denied) = denied {
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(denied);
        }
        answer
    }))?;
    let mut before = Vec::new();
    for (limit, most) in LIMITS {
        let most = i32::try_from(*most).unwrap_or(i32::MAX);
        before.push((*limit, connection.set_limit(*limit, most)?));
    }
    let done = work();
    for (limit, value) in before {
        connection.set_limit(limit, value)?;
    }
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    connection.progress_handler(0, None::<fn() -> bool>)?;
    done
}

/// Where the result's columns stand.
struct Columns {
    at: [usize; 4],
    lapses: Option<usize>,
}

impl Columns {
    fn of(statement: &rusqlite::Statement<'_>) -> rusqlite::Result<Self> {
        let find = |name| statement.column_index(name);
        Ok(Columns {
            at: [
                find("subject")?,
                find("verdict")?,
                find("observed")?,
                find("rule")?,
            ],
            lapses: find("lapses").ok(),
        })
    }

    fn subject(&self, row: &rusqlite::Row<'_>) -> rusqlite::Result<Subject> {
        let text = |i: usize| row.get_ref(i).map(|v| text_of(&v));
        let word = text(self.at[1])?;
        let verdict = Verdict::parse(&word).ok_or_else(|| {
            rusqlite::Error::UserFunctionError(
                format!("verdict {word:?}: expected met, not met, unknown or not applicable")
                    .into(),
            )
        })?;
        let lapses = match self.lapses {
            Some(i) if verdict == Verdict::Met => text(i)?.parse().ok(),
            _ => None,
        };
        Ok(Subject {
            subject: text(self.at[0])?,
            verdict,
            observed: text(self.at[2])?,
            rule: text(self.at[3])?,
            lapses,
            excepted: None,
        })
    }
}

/// A value as a line of text for people, at most [`WORDS`] bytes of it.
fn text_of(value: &rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => x.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            let long = bytes.len() > WORDS;
            let mut most = bytes.len().min(WORDS);
            while long && most > 0 && bytes[most] & 0xc0 == 0x80 {
                most -= 1;
            }
            let mut text = one_line(&String::from_utf8_lossy(&bytes[..most]));
            if long {
                text.push('…');
            }
            text
        }
    }
}

/// Text as it may be shown: white space as blanks, and nothing that could steer a terminal or turn
/// the direction of writing.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_whitespace() => ' ',
            c if c.is_control() => '\u{fffd}',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// One subject judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which thing.
    pub subject: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// The value seen.
    pub observed: String,
    /// The rule applied.
    pub rule: String,
    /// Day on which a `met` ends if nothing is done.
    pub lapses: Option<Date>,
    /// The exception under which a `not met` is let pass.
    pub excepted: Option<Excepted>,
}

/// An approved exception that bears on a subject today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excepted {
    /// Who approved it.
    pub approved_by: String,
    /// Its last day.
    pub until: Date,
}

fn exceptions(estate: &Estate<'_>, check: &str) -> rusqlite::Result<BTreeMap<String, Excepted>> {
    let mut statement = estate.connection().prepare_cached(
        "select subject, approved_by, expires_on from exception
         where check_name = ?1 and approved_on <= ?2 and expires_on >= ?2 order by expires_on",
    )?;
    let rows = statement.query_map((check, estate.as_of.date.to_string()), |row| {
        Ok((
            row.get::<_, String>(0)?.to_lowercase(),
            row.get(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    let mut found = BTreeMap::new();
    for row in rows {
        let (subject, approved_by, until) = row?;
        if let Ok(until) = until.parse() {
            found.insert(subject, Excepted { approved_by, until });
        }
    }
    Ok(found)
}

/// Why a check's verdict is what it is, where the subjects alone do not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The subjects decide.
    Subjects,
    /// A table is not completely and freshly known.
    Gap,
    /// There was no subject.
    Empty,
    /// The check could not be run; the text says why.
    Faulty(String),
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The check.
    pub name: String,
    /// Its revision.
    pub revision: u32,
    /// The verdict on the claim.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// Subjects by verdict.
    pub counts: BTreeMap<Verdict, u64>,
    /// Subjects that are not met but let pass by an exception; counted under *not met* too.
    pub excepted: u64,
    /// Gaps in the tables the check reads.
    pub gaps: Vec<Gap>,
    /// Subjects, at most [`KEPT`] of each verdict, worst first.
    pub subjects: Vec<Subject>,
    /// Days on which `met` subjects lapse, and how many do.
    pub lapses: BTreeMap<Date, u64>,
}

impl CheckResult {
    fn new(check: &Check) -> Self {
        CheckResult {
            name: check.name.clone(),
            revision: check.revision,
            verdict: Verdict::Unknown,
            reason: Reason::Subjects,
            counts: BTreeMap::new(),
            excepted: 0,
            gaps: Vec::new(),
            subjects: Vec::new(),
            lapses: BTreeMap::new(),
        }
    }

    /// Subjects of one verdict.
    pub fn count(&self, verdict: Verdict) -> u64 {
        self.counts.get(&verdict).copied().unwrap_or_default()
    }

    /// All subjects that the claim bears on: the denominator.
    pub fn total(&self) -> u64 {
        self.counts.values().sum::<u64>() - self.count(Verdict::NotApplicable)
    }

    fn add(&mut self, subject: Subject) {
        let count = self.counts.entry(subject.verdict).or_default();
        *count += 1;
        let keep = *count <= KEPT as u64;
        match subject.verdict {
            Verdict::NotMet => {
                if let Some(exception) = &subject.excepted {
                    self.excepted += 1;
                    let day = exception.until.tomorrow().unwrap_or(exception.until);
                    *self.lapses.entry(day).or_default() += 1;
                }
            }
            Verdict::Met => {
                if let Some(day) = subject.lapses {
                    *self.lapses.entry(day).or_default() += 1;
                }
            }
            Verdict::Unknown | Verdict::NotApplicable => {}
        }
        if keep {
            self.subjects.push(subject);
        }
    }

    fn conclude(&mut self, check: &Check) {
        self.subjects
            .sort_by(|a, b| (b.verdict, &a.subject).cmp(&(a.verdict, &b.subject)));
        let failing = self.count(Verdict::NotMet) - self.excepted;
        let judged = self.count(Verdict::Met) + self.excepted;
        self.verdict = if failing > 0 {
            Verdict::NotMet
        } else if !self.gaps.is_empty() {
            self.reason = Reason::Gap;
            Verdict::Unknown
        } else if self.count(Verdict::Unknown) > 0 {
            Verdict::Unknown
        } else if judged > 0 {
            Verdict::Met
        } else if self.count(Verdict::NotApplicable) > 0 {
            Verdict::NotApplicable
        } else {
            self.reason = Reason::Empty;
            check.when_empty
        };
    }
}

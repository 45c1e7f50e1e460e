//! Everything that changes the vault because a person asked for it, once: the command line, the pages
//! and the API all come here. Each command checks what it is given, writes its entries in the name of
//! whoever asks, and gives the number of the last.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use standing_assess::{AsOf, Index};
use standing_facts::{Cell, Row, Table, to_line};
use standing_vault::{Digest, EraseError};

use crate::failure::{Failure, Sort};
use crate::home::{By, Home, now};
use crate::project;

mod rows;
mod settings;
mod sources;

pub use rows::{KINDS, kind, needs_attesting};
pub use settings::{NewSource, Settings, add_source, change_settings, fingerprint};
pub use sources::{change_source, files_only, remove_source, within};

/// A record in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its entry.
    pub entry: u64,
    /// The entry of the record that it replaces.
    pub replaced: Option<u64>,
}

/// A person's statement about one item.
#[derive(Clone, Debug, Default)]
pub struct Attestation<'a> {
    /// The item.
    pub item: &'a str,
    /// `yes`, `no` or `not applicable`.
    pub answer: &'a str,
    /// What is stated; for *not applicable* the reason.
    pub statement: &'a str,
    /// Who states it.
    pub stated_by: &'a str,
    /// In what role; may be empty.
    pub role: &'a str,
    /// Day of the statement; today where it is not given.
    pub stated_on: Option<Date>,
    /// Last day on which it may be relied upon; as long as the item allows where it is not given.
    pub expires_on: Option<Date>,
}

/// A subject that one check is to let pass for a time.
#[derive(Clone, Debug)]
pub struct Exception<'a> {
    /// The check.
    pub check: &'a str,
    /// The subject as the check names it.
    pub subject: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who approves it.
    pub approved_by: &'a str,
    /// Last day on which it counts, a year from today at most.
    pub expires_on: Date,
}

fn today() -> Date {
    AsOf::at(Timestamp::now()).date
}

fn pairs(values: &[(&str, String)]) -> Vec<(String, String)> {
    let given = values.iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// Keeps a person's statement about one item; an earlier one about the same item is replaced.
///
/// # Errors
/// What is missing, unknown or reaches too far.
pub fn attest(
    home: &Home,
    index: &Index,
    by: By<'_>,
    said: &Attestation<'_>,
) -> Result<u64, Failure> {
    let values = pairs(&[
        ("item", said.item.to_owned()),
        ("answer", said.answer.to_owned()),
        ("statement", said.statement.to_owned()),
        ("stated_by", said.stated_by.to_owned()),
        ("role", said.role.to_owned()),
        (
            "stated_on",
            said.stated_on.unwrap_or_else(today).to_string(),
        ),
        (
            "expires_on",
            said.expires_on.map_or(String::new(), |d| d.to_string()),
        ),
    ]);
    Ok(record(home, index, by, "attestation", &values)?.entry)
}

/// Lets one subject of one check pass for a time.
///
/// # Errors
/// What is missing, unknown or reaches too far.
pub fn grant_exception(
    home: &Home,
    index: &Index,
    by: By<'_>,
    granted: &Exception<'_>,
) -> Result<u64, Failure> {
    let values = pairs(&[
        ("check_name", granted.check.to_owned()),
        ("subject", granted.subject.to_owned()),
        ("reason", granted.reason.to_owned()),
        ("approved_by", granted.approved_by.to_owned()),
        ("approved_on", today().to_string()),
        ("expires_on", granted.expires_on.to_string()),
    ]);
    Ok(record(home, index, by, "exception", &values)?.entry)
}

/// Keeps a record of a kind from its columns and their values as people write them.
///
/// # Errors
/// Every column that is missing, unknown or does not fit; then what the kind itself demands.
pub fn record(
    home: &Home,
    index: &Index,
    by: By<'_>,
    kind_name: &str,
    values: &[(String, String)],
) -> Result<Recorded, Failure> {
    let row = rows::row(home, kind(kind_name)?, values)?;
    let row = crate::stated::checked(home, index, row)?;
    append(home, index, by, &[row])?
        .pop()
        .ok_or_else(|| Failure::integrity("the vault acknowledged no record"))
}

/// Whether values may be recorded by somebody who may, or may not, attest: who accepts a risk answers
/// for it.
///
/// # Errors
/// When only somebody who may attest could say this.
pub fn within_rights(
    kind: &str,
    values: &[(String, String)],
    attests: bool,
) -> Result<(), Failure> {
    let accepts =
        |(name, value): &(String, String)| name == "accepted_by" && !value.trim().is_empty();
    if kind == "risk" && !attests && values.iter().any(accepts) {
        return Err(Failure::usage(
            "accepted_by: only somebody who may attest can say who accepts a risk",
        )
        .at("accepted_by"));
    }
    Ok(())
}

/// The item, check or table that a statement is about.
fn about(row: &Row) -> Option<&str> {
    let column = match row.table.name {
        "attestation" => "item",
        "exception" => "check_name",
        "completeness" => "table_name",
        _ => return None,
    };
    let at = row.table.columns.iter().position(|c| c.name == column)?;
    match &row.cells[at] {
        Cell::Text(text) => Some(text),
        Cell::Integer(_) | Cell::Null => None,
    }
}

/// Appends records, all or none.
///
/// # Errors
/// When the vault refuses.
pub fn append(
    home: &Home,
    index: &Index,
    by: By<'_>,
    rows: &[Row],
) -> Result<Vec<Recorded>, Failure> {
    let mut bodies = Vec::new();
    let mut replaced = Vec::new();
    let mut standing: BTreeMap<&str, Vec<(u64, Row)>> = BTreeMap::new();
    for row in rows {
        if !standing.contains_key(row.table.name) {
            standing.insert(row.table.name, index.records(row.table)?);
        }
        let blob = home.vault.put_blob(to_line(row).as_bytes())?;
        let before = &standing[row.table.name];
        let same = before.iter().find(|(_, r)| r.key() == row.key());
        let same = same.map(|(entry, _)| *entry);
        replaced.push(same);
        let mut body = json!({
            "table": row.table.name,
            "row": blob.digest.reference(),
            "replaces": same,
        });
        // What it is about stands in the log where that can be nobody: an item, a check, a table.
        if let Some(about) = about(row) {
            body["about"] = json!(about);
        }
        bodies.push(("record".to_owned(), body));
    }
    let entries = home.append_all(index, by, bodies)?;
    project::catch_up(&home.vault, index)?;
    let records = entries.iter().filter(|e| e.kind == "record");
    let recorded = records.zip(replaced).map(|(entry, replaced)| Recorded {
        entry: entry.seq,
        replaced,
    });
    Ok(recorded.collect())
}

/// The record of a kind that stands in an entry.
///
/// # Errors
/// When none does.
pub fn find(index: &Index, about: &'static Table, entry: u64) -> Result<Row, Failure> {
    let records = index.records(about)?;
    let found = records.into_iter().find(|(e, _)| *e == entry);
    found.map(|(_, row)| row).ok_or_else(|| {
        Failure::usage(format!("no {} stands in entry {entry}", about.name)).hint(format!(
            "`standing record {} list` lists those that do",
            about.name
        ))
    })
}

/// Ends a record: it stays in the vault, and no longer counts.
///
/// # Errors
/// When no such record stands in that entry, or no reason is given.
pub fn end_record(
    home: &Home,
    index: &Index,
    by: By<'_>,
    kind_name: &str,
    entry: u64,
    reason: &str,
) -> Result<u64, Failure> {
    let about = kind(kind_name)?;
    find(index, about, entry)?;
    reasoned(reason)?;
    let kept = home.vault.put_blob(reason.as_bytes())?;
    let body = json!({ "table": about.name, "record": entry, "reason": kept.digest.reference() });
    let ended = home.append(index, by, "record-end", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(ended.seq)
}

fn reasoned(reason: &str) -> Result<(), Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage("a reason is needed").at("reason"));
    }
    Ok(())
}

/// The digest of a blob named as `blob:…` or by its digits alone.
///
/// # Errors
/// When it is not such a name.
pub fn digest(blob: &str) -> Result<Digest, Failure> {
    let digits = blob.strip_prefix("blob:").unwrap_or(blob);
    digits.parse().map_err(|_| {
        Failure::usage(format!("{blob:?} is not the name of a blob"))
            .hint("expected blob: and 64 hexadecimal digits")
            .at("blob")
    })
}

/// Erases a payload for good. The log, every other payload and every proof stay. The reason stays in
/// the log, so it may hold no personal data.
///
/// # Errors
/// When there is no such blob, it was erased before, or no reason is given.
pub fn erase(
    home: &Home,
    index: &Index,
    by: By<'_>,
    blob: &str,
    reason: &str,
) -> Result<u64, Failure> {
    let digest = digest(blob)?;
    reasoned(reason)?;
    for kind in ["member", "passkey"] {
        if lets_in(home, index, kind, &digest)? {
            let words = format!("a {kind} that stands rests on it: end it first, then erase");
            return Err(Failure::new(Sort::Configuration, words).at("blob"));
        }
    }
    let actor = home.signed_by(index, by.who)?;
    let entry = home
        .vault
        .erase(&digest, &actor, reason, now()?)
        .map_err(|error| match error {
            EraseError::Already { .. } | EraseError::Missing { .. } => {
                Failure::new(Sort::Configuration, error.to_string()).at("blob")
            }
            other => other.into(),
        })?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

/// Whether a payload holds the details of a member or passkey that stands: without them they could
/// not come in, and the last owner would lock everybody out.
fn lets_in(home: &Home, index: &Index, kind: &str, digest: &Digest) -> Result<bool, Failure> {
    for state in index.states(kind)? {
        if let Some(entry) = home.vault.entries(state.entry..state.entry + 1)?.next()
            && entry?.blobs().contains(digest)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes that personal data was taken out in bulk: what, and how many rows.
///
/// # Errors
/// When the vault refuses.
pub fn exported(
    home: &Home,
    index: &Index,
    by: By<'_>,
    what: &str,
    rows: u64,
) -> Result<u64, Failure> {
    let body = json!({ "export": what, "rows": rows });
    let entry = home.append(index, by, "export", body)?;
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

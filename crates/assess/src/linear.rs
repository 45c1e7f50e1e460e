//! SQLite's `instr`, `replace` and two-argument trims over again, with a cost that grows with the
//! length of the text and not with its square: the step budget counts a call as one step.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, Result};

/// The longest value that a statement may make, in bytes. Records of advisories have up to two
/// million.
pub(crate) const LONGEST: usize = 4 << 20;

/// Puts the functions in the place of SQLite's.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("instr", 2, flags, instr)?;
    connection.create_scalar_function("replace", 3, flags, replace)?;
    connection.create_scalar_function("trim", 2, flags, |c| {
        trimmed(c, |text, set| text.trim_matches(|c| set.contains(&c)))
    })?;
    connection.create_scalar_function("ltrim", 2, flags, |c| {
        trimmed(c, |text, set| text.trim_start_matches(|c| set.contains(&c)))
    })?;
    connection.create_scalar_function("rtrim", 2, flags, |c| {
        trimmed(c, |text, set| text.trim_end_matches(|c| set.contains(&c)))
    })
}

/// A value as text; `None` for null.
fn text<'a>(c: &'a Context<'_>, i: usize) -> Option<Cow<'a, str>> {
    match c.get_raw(i) {
        ValueRef::Null => None,
        ValueRef::Integer(n) => Some(n.to_string().into()),
        ValueRef::Real(x) => Some(format!("{x:?}").into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

fn instr(c: &Context<'_>) -> Result<Option<i64>> {
    let (Some(hay), Some(needle)) = (text(c, 0), text(c, 1)) else {
        return Ok(None);
    };
    // Of two blobs SQLite counts the bytes: here each byte is one character.
    let (hay, needle) = match (c.get_raw(0), c.get_raw(1)) {
        (ValueRef::Blob(a), ValueRef::Blob(b)) => (bytes(a).into(), bytes(b).into()),
        _ => (hay, needle),
    };
    Ok(Some(hay.find(needle.as_ref()).map_or(0, |at| {
        i64::try_from(hay[..at].chars().count()).map_or(0, |n| n + 1)
    })))
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn replace(c: &Context<'_>) -> Result<Option<String>> {
    let (Some(whole), Some(old), Some(new)) = (text(c, 0), text(c, 1), text(c, 2)) else {
        return Ok(None);
    };
    if old.is_empty() {
        return Ok(Some(whole.into_owned()));
    }
    let found = whole.matches(old.as_ref()).count();
    if whole.len().saturating_add(found.saturating_mul(new.len())) > 2 * LONGEST {
        return Err(Error::UserFunctionError("string or blob too big".into()));
    }
    Ok(Some(whole.replace(old.as_ref(), &new)))
}

fn trimmed(c: &Context<'_>, trim: fn(&str, BTreeSet<char>) -> &str) -> Result<Option<String>> {
    let (Some(whole), Some(set)) = (text(c, 0), text(c, 1)) else {
        return Ok(None);
    };
    Ok(Some(trim(&whole, set.chars().collect()).to_owned()))
}

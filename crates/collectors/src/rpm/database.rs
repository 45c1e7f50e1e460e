//! rpm's database in SQLite: a table `Packages` with a header in each row.

use std::cell::Cell;
use std::io::Read;

use rusqlite::{Connection, ErrorCode};

/// First bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// How long the head of a file is.
const START: usize = 100;

/// Where the file says whether a log of changes lies beside it, which it cannot in memory.
const LOGGED: std::ops::Range<usize> = 18..20;

/// A database of ten thousand packages needs far fewer steps.
const STEPS: u64 = 50_000_000;
const STEPS_AT_ONCE: u16 = 10_000;

/// Hands out the header of every package of a database of `length` bytes.
///
/// # Errors
/// A sentence about why there are none.
pub(super) fn headers(
    mut bytes: impl Read,
    length: usize,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), String> {
    let mut start = [0; START];
    let is_read = length >= START && bytes.read_exact(&mut start).is_ok();
    if !is_read || !start.starts_with(MAGIC) {
        return Err("is no SQLite database, so it is none that rpm keeps since 4.16".into());
    }
    start[LOGGED].fill(1);
    read((&start[..]).chain(bytes), length, take).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => "takes too long to read".to_owned(),
        _ => "is a damaged database".to_owned(),
    })
}

fn read(bytes: impl Read, length: usize, take: &mut dyn FnMut(&[u8])) -> rusqlite::Result<()> {
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact("main", bytes, length, true)?;
    let steps = Cell::new(0);
    connection.progress_handler(
        STEPS_AT_ONCE.into(),
        Some(move || {
            steps.set(steps.get() + u64::from(STEPS_AT_ONCE));
            steps.get() > STEPS
        }),
    )?;
    // A view of that name could compute for ever, and is none of rpm's.
    let is_table = "select 1 from sqlite_schema where name = 'Packages' and type = 'table'";
    connection.query_row(is_table, [], |_| Ok(()))?;
    let mut statement = connection.prepare("select blob from Packages order by hnum")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // A row without bytes is no header either.
        take(row.get_ref(0)?.as_blob().unwrap_or_default());
    }
    Ok(())
}

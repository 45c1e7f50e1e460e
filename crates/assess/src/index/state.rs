//! The log by kind, actor and time, and what stands now of the things that are no facts: members,
//! their keys, invitations, tokens, notices. What each kind means is decided by whoever projects.

use rusqlite::{OptionalExtension, ToSql, params, params_from_iter};

use super::{Index, IndexError};

/// One entry of the log, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its number.
    pub seq: u64,
    /// Instant of its writing.
    pub time: String,
    /// Opaque identifier of whoever wrote it.
    pub actor: String,
    /// Its kind.
    pub kind: String,
    /// What it is about in one word (a source, a table, an item), or empty.
    pub about: String,
}

/// Which entries of the log are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this kind.
    pub kind: Option<String>,
    /// By this actor.
    pub actor: Option<String>,
    /// About this.
    pub about: Option<String>,
    /// Written on this day or later, `2026-11-21` or an instant.
    pub from: Option<String>,
    /// Written before this instant or day.
    pub before: Option<String>,
    /// With smaller numbers than this: the list goes backwards.
    pub below: Option<u64>,
}

/// Something that stands now: a member, a key, a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name within its kind.
    pub name: String,
    /// The entry that last said so.
    pub entry: u64,
    /// What it says, as JSON.
    pub json: String,
}

impl Index {
    /// Notes an entry of the log.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn heading(&self, heading: &Heading) -> Result<(), IndexError> {
        self.connection
            .prepare_cached("insert into heading values (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                heading.seq.cast_signed(),
                heading.time,
                heading.actor,
                heading.kind,
                heading.about
            ])?;
        Ok(())
    }

    /// The newest entries that are wanted, newest first, at most `most`.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn headings(&self, wanted: &Wanted, most: usize) -> Result<Vec<Heading>, IndexError> {
        let (filter, mut values) = clauses(wanted);
        values.push(Box::new(i64::try_from(most).unwrap_or(i64::MAX)));
        let mut statement = self.connection.prepare(&format!(
            "select seq, time, actor, kind, about from heading {filter} order by seq desc limit ?"
        ))?;
        let rows = statement.query_map(params_from_iter(values.iter()), |row| {
            Ok(Heading {
                seq: row.get::<_, i64>(0)?.cast_unsigned(),
                time: row.get(1)?,
                actor: row.get(2)?,
                kind: row.get(3)?,
                about: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many entries are wanted, whatever `below` says.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn count_headings(&self, wanted: &Wanted) -> Result<u64, IndexError> {
        let wanted = Wanted {
            below: None,
            ..wanted.clone()
        };
        let (filter, values) = clauses(&wanted);
        Ok(self.connection.query_row(
            &format!("select count(*) from heading {filter}"),
            params_from_iter(values.iter()),
            |row| row.get::<_, i64>(0).map(i64::cast_unsigned),
        )?)
    }

    /// Every kind of entry that the log holds, and how many there are.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn kinds(&self) -> Result<Vec<(String, u64)>, IndexError> {
        let mut statement = self
            .connection
            .prepare("select kind, count(*) from heading group by kind order by kind")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The names of all actors: opaque identifier and name.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn actors(&self) -> Result<Vec<(String, String)>, IndexError> {
        let mut statement = self
            .connection
            .prepare("select id, name from actor order by rowid")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Says what stands now of one thing.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_state(&self, kind: &str, state: &State) -> Result<(), IndexError> {
        self.connection.execute(
            "insert or replace into state values (?1, ?2, ?3, ?4)",
            params![kind, state.name, state.entry.cast_signed(), state.json],
        )?;
        Ok(())
    }

    /// Says that a thing stands no longer.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end_state(&self, kind: &str, name: &str) -> Result<(), IndexError> {
        self.connection.execute(
            "delete from state where kind = ?1 and name = ?2",
            params![kind, name],
        )?;
        Ok(())
    }

    /// What stands now of one thing.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn state(&self, kind: &str, name: &str) -> Result<Option<State>, IndexError> {
        let found = self
            .connection
            .prepare_cached("select name, entry, json from state where kind = ?1 and name = ?2")?
            .query_row(params![kind, name], state)
            .optional()?;
        Ok(found)
    }

    /// Everything of a kind that stands now, in the order in which it was said.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn states(&self, kind: &str) -> Result<Vec<State>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select name, entry, json from state where kind = ?1 order by entry, name",
        )?;
        let rows = statement.query_map(params![kind], state)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn state(row: &rusqlite::Row<'_>) -> rusqlite::Result<State> {
    Ok(State {
        name: row.get(0)?,
        entry: row.get::<_, i64>(1)?.cast_unsigned(),
        json: row.get(2)?,
    })
}

fn clauses(wanted: &Wanted) -> (String, Vec<Box<dyn ToSql>>) {
    let mut parts: Vec<&str> = Vec::new();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    for (part, value) in [
        ("kind = ?", &wanted.kind),
        ("actor = ?", &wanted.actor),
        ("about = ?", &wanted.about),
        ("time >= ?", &wanted.from),
        ("time < ?", &wanted.before),
    ] {
        if let Some(value) = value {
            parts.push(part);
            values.push(Box::new(value.clone()));
        }
    }
    if let Some(below) = wanted.below {
        parts.push("seq < ?");
        values.push(Box::new(below.cast_signed()));
    }
    let filter = if parts.is_empty() {
        String::new()
    } else {
        format!("where {}", parts.join(" and "))
    };
    (filter, values)
}

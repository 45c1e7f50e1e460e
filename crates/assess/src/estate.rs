//! The estate as of one moment: what is known, from which sources, and what cannot be claimed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};
use standing_facts::{Gap, GapCode, Table, tables};

use crate::access::Access;
use crate::advisories::Edition;
use crate::derive::SupportRow;
use crate::index::{Index, IndexError, RECORDS, column_names};
use crate::time::{AsOf, day_of, long_date};

/// Whether sources that are read today are taken to be read on a later day too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A source counts as known until its last complete reading is too old.
    Measured,
    /// For looking ahead from a day: sources go on being read and the systems go on as they are, so
    /// only what people must renew lapses.
    KeepsBeingRead {
        /// The day looked from.
        since: Date,
    },
    /// For looking at everything that was ever read, whether it may be relied upon or not.
    Disregarded,
}

/// Derived tables and the tables they are made from.
pub(crate) const DERIVED: &[(&str, &[&str])] = &[
    ("link", &["person", "account"]),
    ("link_candidate", &["person", "account"]),
    ("patch_clock", &["component", "advisory"]),
    // Made from the campaigns in the vault, which are always known.
    ("access_review", &[]),
    ("population", &["person", "account"]),
    ("access_ended", &["person", "account"]),
    ("mfa_cell", &["account"]),
    (
        "training_due",
        &["person", "account", "training_need", "training_completion"],
    ),
];

/// Tables of statements: an empty one means that nobody has stated anything, which is known.
const STATEMENTS: &[&str] = &[
    "account_decision",
    "asset_rename",
    "attestation",
    "completeness",
    "exception",
    "fix_date",
    "package_release",
    "patch_evidence",
    "patch_exception",
    "patch_policy",
];

/// Tables whose records only add to what is derived, and need not be all there are.
const ADDING: &[&str] = &["link", "link_candidate", "advisory_finding", "support"];

/// What one source tells of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// The source.
    pub source: String,
    /// Vault entry of the last complete run, if there is one.
    pub entry: Option<u64>,
    /// Instant of the last complete run.
    pub collected_at: Option<String>,
    /// Last day on which that run may be relied upon.
    pub fresh_until: Option<Date>,
    /// Why the table is not known from this source; `None` if it is.
    pub gap: Option<Gap>,
    /// What went wrong since the last complete run, which still stands.
    pub warning: Option<String>,
    pub(crate) scope: String,
}

impl SourceState {
    /// What the source was asked in its last complete run: the name of a blob.
    pub fn scope(&self) -> &str {
        &self.scope
    }
}

/// The rows of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, one value a column.
    pub rows: Vec<Vec<Value>>,
}

/// The index seen as of one moment, with everything derived.
pub struct Estate<'a> {
    connection: &'a Connection,
    /// The moment.
    pub as_of: AsOf,
    /// What each table is known from.
    known: BTreeMap<&'static str, Vec<SourceState>>,
    unfiltered: bool,
    since: Option<Date>,
    edition: Option<Arc<Edition>>,
}

impl<'a> Estate<'a> {
    /// Looks at `index` as of one moment. Only one estate may be looked at through one index at a
    /// time: the views belong to the connection.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn new(
        index: &'a mut Index,
        as_of: AsOf,
        freshness: Freshness,
        support: &[SupportRow],
    ) -> Result<Self, IndexError> {
        let edition = index.edition(&as_of)?;
        let connection = index.connection();
        crate::functions::register(connection)?;
        crate::functions::advised(connection, edition.clone())?;
        let mut known = BTreeMap::new();
        for table in tables::ALL {
            let mut states = states(connection, table.name, &as_of, freshness)?;
            if let Some(edition) = edition.as_deref().filter(|_| table.name == "advisory") {
                states.push(edition.state(&as_of, freshness));
            }
            known.insert(table.name, states);
        }
        let estate = Estate {
            connection,
            as_of,
            known,
            unfiltered: freshness == Freshness::Disregarded,
            since: match freshness {
                Freshness::KeepsBeingRead { since } => Some(since),
                Freshness::Measured | Freshness::Disregarded => None,
            },
            edition,
        };
        estate.lay_out(support)?;
        Ok(estate)
    }

    /// As [`Estate::new`] for the small tables of literate checks: every table is known but those
    /// named.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn supposed(
        index: &'a mut Index,
        as_of: AsOf,
        unknown: &[String],
    ) -> Result<Self, IndexError> {
        let connection = index.connection();
        crate::functions::register(connection)?;
        crate::functions::advised(connection, None)?;
        let state = |table: &str| SourceState {
            source: RECORDS.into(),
            entry: None,
            collected_at: None,
            fresh_until: None,
            gap: unknown.iter().any(|u| u == table).then(|| Gap {
                table: Some(table.to_owned()),
                code: GapCode::NeverCollected,
                detail: "supposed unknown".into(),
            }),
            warning: None,
            scope: String::new(),
        };
        let estate = Estate {
            known: tables::ALL
                .iter()
                .map(|t| (t.name, vec![state(t.name)]))
                .collect(),
            connection,
            as_of,
            unfiltered: true,
            since: None,
            edition: None,
        };
        estate.lay_out(&[])?;
        Ok(estate)
    }

    /// The day from which this looks ahead, if it does.
    pub(crate) fn looks_from(&self) -> Option<Date> {
        self.since
    }

    /// The advisories in force at the moment, beside those that sources read.
    pub fn edition(&self) -> Option<&Edition> {
        self.edition.as_deref()
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.connection
    }

    /// Runs one SELECT of the user's, read-only and bounded by `budget` million steps.
    ///
    /// # Errors
    /// What SQLite says, in words for the person who wrote the statement.
    pub fn query(&self, sql: &str, budget: u64) -> Result<Answer, String> {
        self.query_with(sql, &[], budget)
    }

    /// The same with values for its parameters `?1`, `?2` … in their order.
    ///
    /// # Errors
    /// As [`Estate::query`], and when there are more values than parameters or fewer.
    pub fn query_with(&self, sql: &str, values: &[Value], budget: u64) -> Result<Answer, String> {
        const ROWS: usize = 1_000_000;
        const BYTES: usize = 256 << 20;
        let too_much = |what: &str| rusqlite::Error::UserFunctionError(what.into());
        crate::check::guarded(self.connection, budget, &Access::Query, sql, || {
            let mut statement = self.connection.prepare(sql)?;
            if statement.parameter_count() != values.len() {
                return Err(rusqlite::Error::InvalidParameterCount(
                    values.len(),
                    statement.parameter_count(),
                ));
            }
            for (i, value) in values.iter().enumerate() {
                statement.raw_bind_parameter(i + 1, value)?;
            }
            let columns: Vec<String> = statement
                .column_names()
                .into_iter()
                .map(str::to_owned)
                .collect();
            let mut found = statement.raw_query();
            let mut rows = Vec::new();
            let mut bytes = 0;
            while let Some(row) = found.next()? {
                let cells: Vec<Value> = (0..columns.len())
                    .map(|i| row.get(i))
                    .collect::<Result<_, _>>()?;
                bytes += cells.iter().map(size).sum::<usize>();
                if rows.len() >= ROWS || bytes > BYTES {
                    return Err(too_much(
                        "the answer has more than 1,000,000 rows or 256 MB: ask for less, or count with count(*)",
                    ));
                }
                rows.push(cells);
            }
            Ok(Answer { columns, rows })
        })
        .map_err(|fault| crate::check::explain(&fault, budget))
    }

    /// Rows that the newest runs of a source yielded, by entry and table; at most `most` runs.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn counts_of_runs(
        &self,
        source: &str,
        most: u32,
    ) -> Result<BTreeMap<(u64, String), u64>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select entry_number, table_name, row_count from coverage
             where source_name = ?1 and entry_number in (
               select entry_number from collection where source_name = ?1
               order by entry_number desc limit ?2)",
        )?;
        let rows = statement.query_map(params![source, most], |row| {
            let entry = row.get::<_, i64>(0)?.cast_unsigned();
            Ok(((entry, row.get(1)?), row.get::<_, i64>(2)?.cast_unsigned()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The day that a check judges: when looking ahead, what reading renews is judged as of the day
    /// looked from.
    pub(crate) fn day_for(&self, renewed_by_reading: bool) -> Date {
        match self.since {
            Some(since) if renewed_by_reading => since,
            _ => self.as_of.date,
        }
    }

    /// What each source tells of a table; empty if no source is configured that yields it.
    pub fn sources_of(&self, table: &str) -> &[SourceState] {
        self.known.get(table).map_or(&[], Vec::as_slice)
    }

    /// The sources whose rows of a table are looked at.
    pub(crate) fn looked_at(&self, table: &str) -> impl Iterator<Item = &str> {
        let states = self.sources_of(table).iter();
        let states = states.filter(|s| self.unfiltered || s.gap.is_none());
        states.map(|s| s.source.as_str())
    }

    /// The fact tables behind a table: itself, or what it is derived from.
    pub fn behind(table: &str) -> Vec<&'static str> {
        match DERIVED.iter().find(|(name, _)| *name == table) {
            Some((_, from)) => from.to_vec(),
            None => tables::table(table).map(|t| t.name).into_iter().collect(),
        }
    }

    /// Why a table is not completely and freshly known: one gap a source, none if it is.
    pub fn gaps(&self, table: &str) -> Vec<Gap> {
        if table == "support" || STATEMENTS.contains(&table) {
            // Built in, or empty because nobody stated anything: only a source can be missing.
            let sources = self.sources_of(table).iter();
            return sources.filter_map(|s| s.gap.clone()).collect();
        }
        // A derived table also holds what sources state of it themselves; clocks, what scanners found.
        let own = if table == "patch_clock" {
            "advisory_finding"
        } else {
            table
        };
        let stated = self.sources_of(own).iter().filter(|_| is_derived(table));
        Self::behind(table)
            .into_iter()
            .flat_map(|name| self.own_gaps(name))
            .chain(stated.filter_map(|s| s.gap.clone()))
            .collect()
    }

    fn own_gaps(&self, table: &'static str) -> Vec<Gap> {
        let sources = self.sources_of(table);
        if sources.is_empty() {
            return vec![Gap {
                table: Some(table.into()),
                code: GapCode::NeverCollected,
                detail: format!("no source tells of any {}", table.replace('_', " ")),
            }];
        }
        sources.iter().filter_map(|s| s.gap.clone()).collect()
    }

    /// Whether at least one source of the table is known.
    pub fn partly_known(&self, table: &str) -> bool {
        Self::behind(table)
            .into_iter()
            .all(|name| self.sources_of(name).iter().any(|s| s.gap.is_none()))
            || STATEMENTS.contains(&table)
            || table == "support"
    }

    /// Views of every table as of the moment, from known sources only, and the derived tables: in one
    /// transaction, since SQLite looks through its cache after each.
    fn lay_out(&self, support: &[SupportRow]) -> Result<(), IndexError> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut sql = String::new();
        for table in tables::ALL {
            let name = table.name;
            let _ = write!(
                sql,
                "drop table if exists temp.\"{name}\"; drop view if exists temp.\"{name}\";"
            );
        }
        // Dropping what is of the other kind is an error in SQLite, so each is tried alone.
        for statement in sql.split_inclusive(';') {
            let _ = self.connection.execute_batch(statement);
        }
        for table in tables::ALL {
            let filter = format!("{} and {}", self.at(), self.of_known(table));
            let name = table.name;
            let view = if is_derived(name) { "stated_" } else { "" };
            self.connection.execute_batch(&format!(
                "drop view if exists temp.stated_{name};
                 create temp view \"{view}{name}\" as select {}, source, valid_from, entry
                 from history_{name} where {filter}",
                column_names(table)
            ))?;
        }
        crate::derive::run(self.connection, &self.as_of, support)?;
        crate::derive::access::run(self)?;
        crate::derive::patching::run(self, self.edition.as_deref())?;
        Ok(transaction.commit()?)
    }

    fn at(&self) -> String {
        let at = quote(&self.as_of.instant);
        format!("valid_from <= {at} and (valid_to is null or valid_to > {at})")
    }

    fn of_known(&self, table: &Table) -> String {
        if self.unfiltered {
            return "1".into();
        }
        // Plain comparisons, so that no subquery stands in anybody's plan; the unary plus keeps
        // SQLite from choosing this filter over a join's own index.
        let one = |source: &str, scope: &str| {
            format!(
                "+source = {} and +row_scope = {}",
                quote(source),
                quote(scope)
            )
        };
        // What only a later, partial run has seen waits for a complete one.
        let of_source = |s: &SourceState| {
            let read_at = quote(s.collected_at.as_deref().unwrap_or_default());
            format!("{} and +valid_from <= {read_at}", one(&s.source, &s.scope))
        };
        let known: Vec<String> = self
            .sources_of(table.name)
            .iter()
            .filter(|s| s.gap.is_none() && s.source != RECORDS)
            .map(of_source)
            .chain([one(RECORDS, "")])
            .collect();
        format!("({})", known.join(" or "))
    }
}

/// About how much memory a value takes.
fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Blob(bytes) => bytes.len(),
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
        }
}

/// Whether a table is filled when an estate is looked at.
pub(crate) fn is_derived(table: &str) -> bool {
    table == "support" || DERIVED.iter().any(|(name, _)| *name == table)
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Every configured source that yields the table, and the records if there are any.
fn states(
    connection: &Connection,
    table: &'static str,
    as_of: &AsOf,
    freshness: Freshness,
) -> Result<Vec<SourceState>, IndexError> {
    let mut statement = connection.prepare_cached(
        "select source_name, fresh_for_days, table_names from configured
         where valid_from <= ?1 and (valid_to is null or valid_to > ?1) order by source_name",
    )?;
    let configured: Vec<(String, i64, String)> = statement
        .query_map(params![as_of.instant], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    let mut states = Vec::new();
    for (source, days, yields) in configured {
        if yields.split(' ').any(|t| t == table) {
            states.push(state(connection, table, source, days, as_of, freshness)?);
        }
    }
    let configured_too = !states.is_empty();
    states.extend(records(connection, table, as_of, configured_too)?);
    Ok(states)
}

/// What the records tell of a table, if there are any. Beside a source they add rows to what it
/// tells. Alone they are completely known only while somebody states that they are all there are.
fn records(
    connection: &Connection,
    table: &'static str,
    as_of: &AsOf,
    configured_too: bool,
) -> Result<Option<SourceState>, IndexError> {
    let newest: Option<i64> = connection.query_row(
        &format!("select max(entry) from history_{table} where source = ?1 and valid_from <= ?2"),
        params![RECORDS, as_of.instant],
        |row| row.get(0),
    )?;
    let Some(entry) = newest else {
        return Ok(None);
    };
    let mut state = SourceState {
        source: RECORDS.into(),
        entry: Some(entry.cast_unsigned()),
        collected_at: None,
        fresh_until: None,
        gap: None,
        warning: None,
        scope: String::new(),
    };
    if STATEMENTS.contains(&table) || ADDING.contains(&table) {
        return Ok(Some(state));
    }
    let stated: Option<String> = connection.query_row(
        "select max(coalesce(expires_on, date(stated_on, '+12 months'))) from history_completeness
         where source = ?1 and table_name = ?2 and valid_from <= ?3
           and (valid_to is null or valid_to > ?3) and stated_on <= ?4",
        params![RECORDS, table, as_of.instant, as_of.date.to_string()],
        |row| row.get(0),
    )?;
    state.fresh_until = stated.and_then(|day| day.parse().ok());
    if state.fresh_until.is_some_and(|until| until >= as_of.date) {
        return Ok(Some(state));
    }
    if configured_too {
        return Ok(None);
    }
    let (code, detail) = match state.fresh_until {
        Some(until) => (
            GapCode::Stale,
            format!(
                "records: their completeness was stated until {}",
                long_date(until)
            ),
        ),
        None => (
            GapCode::NotAsked,
            format!(
                "records: nobody has stated that the records of {table} are all there are \
                 (`standing record completeness add table_name={table} …`)"
            ),
        ),
    };
    state.gap = Some(Gap {
        table: Some(table.into()),
        code,
        detail,
    });
    Ok(Some(state))
}

/// The newest attempt of a source on a table, and its newest complete reading.
struct Attempt {
    entry: u64,
    outcome: String,
    ended_at: String,
    scope: String,
}

fn attempt(
    connection: &Connection,
    table: &str,
    source: &str,
    as_of: &AsOf,
    complete: bool,
) -> Result<Option<Attempt>, IndexError> {
    let only = if complete {
        "and outcome = 'complete'"
    } else {
        ""
    };
    let mut statement = connection.prepare_cached(&format!(
        "select entry_number, outcome, ended_at, scope from coverage
         where source_name = ?1 and table_name = ?2 and ended_at <= ?3 {only}
         order by entry_number desc limit 1"
    ))?;
    Ok(statement
        .query_row(params![source, table, as_of.instant], |row| {
            Ok(Attempt {
                entry: row.get::<_, i64>(0)?.cast_unsigned(),
                outcome: row.get(1)?,
                ended_at: row.get(2)?,
                scope: row.get(3)?,
            })
        })
        .optional()?)
}

fn state(
    connection: &Connection,
    table: &'static str,
    source: String,
    days: i64,
    as_of: &AsOf,
    freshness: Freshness,
) -> Result<SourceState, IndexError> {
    let last = attempt(connection, table, &source, as_of, false)?;
    let complete = attempt(connection, table, &source, as_of, true)?;
    let since = match &last {
        Some(a) if a.outcome != "complete" => Some(reason(connection, table, a)?),
        _ => None,
    };
    let gap = |code, detail: String| Gap {
        table: Some(table.into()),
        code,
        detail: format!("{source}: {detail}"),
    };
    let Some(complete) = complete else {
        let (code, detail) =
            since.unwrap_or((GapCode::NeverCollected, "has never been read".into()));
        return Ok(SourceState {
            gap: Some(gap(code, detail)),
            entry: last.map(|a| a.entry),
            collected_at: None,
            fresh_until: None,
            warning: None,
            scope: String::new(),
            source,
        });
    };
    let read_on = day_of(&complete.ended_at);
    let fresh_until = read_on.and_then(|day| day.checked_add(days.days()).ok());
    let stale = freshness == Freshness::Measured && fresh_until.is_none_or(|d| d < as_of.date);
    let stale = stale.then(|| {
        let on = read_on.map_or_else(|| "an unknown day".into(), long_date);
        gap(
            GapCode::Stale,
            format!("last read completely on {on}, and relied upon for {days} days only"),
        )
    });
    Ok(SourceState {
        gap: stale,
        entry: Some(complete.entry),
        collected_at: Some(complete.ended_at.clone()),
        fresh_until,
        warning: since.zip(last).map(|((_, detail), last)| {
            let day = |instant: &str| day_of(instant).map_or_else(String::new, long_date);
            format!(
                "{source}: the reading of {} was {}: {}; the complete one of {} stands",
                day(&last.ended_at),
                last.outcome,
                detail.trim_end_matches('.'),
                day(&complete.ended_at)
            )
        }),
        scope: complete.scope,
        source,
    })
}

/// Why an attempt was not complete for the table: its first gap that touches the table.
fn reason(
    connection: &Connection,
    table: &str,
    attempt: &Attempt,
) -> Result<(GapCode, String), IndexError> {
    let found: Option<(String, String)> = connection
        .prepare_cached(
            "select code, detail from gap where entry_number = ?1
             and (table_name is null or table_name = ?2) order by ordinal limit 1",
        )?
        .query_row(params![attempt.entry.cast_signed(), table], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found.map_or(
        (GapCode::Malformed, "the last run failed".into()),
        |(code, detail)| (code_of(&code), detail),
    ))
}

fn code_of(word: &str) -> GapCode {
    serde_json::from_value(serde_json::Value::from(word)).unwrap_or(GapCode::Malformed)
}

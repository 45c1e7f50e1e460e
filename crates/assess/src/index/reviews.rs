//! Access reviews as the log tells them: frozen rows, who is to decide each, what was decided, and
//! what was done since. What the rows say in full is JSON that whoever projects understands; the
//! columns beside it are those by which rows are found, counted and proven.
//!
//! *Architecture invariant:* a row is never changed after its campaign opened but for two columns,
//! the reviewer and the last decision. Every decision stays in `review_decision`.

use rusqlite::{OptionalExtension, ToSql, params, params_from_iter};

use super::{Index, IndexError};

mod facts;
mod late;
mod proof;
mod work;

pub use facts::AccessReview;
pub(crate) use facts::access_reviews;
pub use late::Late;
pub use proof::{Removal, RemovalState, Step};
pub use work::{ReviewGroup, ReviewLoad, ReviewMark, ReviewPart};

/// The tables of access reviews.
pub(super) const SCHEMA: &str = "\
create table review_campaign (id text primary key, entry integer not null, opened_at text not null,
  due_on text not null, closed_at text, closed_entry integer, complete integer not null,
  json text not null) without rowid;
create table review_row (campaign text not null, n integer not null, account text not null,
  system text not null collate nocase, source text not null, scope text not null,
  home integer not null, person text not null, person_email text not null collate nocase,
  reviewer text not null collate nocase, line text not null, privileged integer not null,
  suggestion text not null, changed text not null, alike text not null, rights text not null, role text not null,
  decision text, decided_entry integer, json text not null);
create unique index review_row_place on review_row (campaign, n);
create index review_row_reviewer on review_row (campaign, reviewer, n);
create index review_row_work on review_row (campaign, reviewer, decision, privileged, suggestion,
  changed, alike, n);
create index review_row_account on review_row (account, system);
create index review_row_count on review_row (campaign, reviewer, system, decision, suggestion, privileged);
create table review_decision (campaign text not null, n integer not null, entry integer not null,
  at text not null, decision text not null, item text not null);
create index review_decision_row on review_decision (campaign, n, entry);
create index review_decision_entry on review_decision (entry);
create table review_batch (entry integer primary key, campaign text not null, at text not null,
  kind text not null, reviewer text not null collate nocase, json text not null);
create index review_batch_campaign on review_batch (campaign, kind, entry);
";

/// The tables in the order of the canonical dump, with what orders their rows.
pub(super) const ORDERS: &[(&str, &str)] = &[
    ("review_campaign", "id"),
    ("review_row", "campaign, n"),
    ("review_decision", "campaign, n, entry"),
    ("review_batch", "entry"),
];

/// One campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCampaign {
    /// Its name: `review-2026-11-26`.
    pub id: String,
    /// The entry that opened it.
    pub entry: u64,
    /// Instant of its opening.
    pub opened_at: String,
    /// Last day on which its rows should be decided, `2026-12-24`.
    pub due_on: String,
    /// Instant at which it was closed.
    pub closed_at: Option<String>,
    /// The entry that closed it.
    pub closed_entry: Option<u64>,
    /// Whether every source of its population was completely and freshly known.
    pub complete: bool,
    /// The rest, as JSON; empty where it was erased.
    pub json: String,
}

/// One frozen row: an account in one system, with its rights there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewRow {
    /// Its place in the campaign, from 0: exceptions first.
    pub n: u64,
    /// The account's id.
    pub account: String,
    /// The system.
    pub system: String,
    /// The source that told of it.
    pub source: String,
    /// What that source had been asked.
    pub scope: String,
    /// Whether the system is the account's own; otherwise only its rights there are reviewed.
    pub home: bool,
    /// The person's id; empty where it belongs to nobody known.
    pub person: String,
    /// The person's e-mail; may be empty.
    pub person_email: String,
    /// Who is to decide, by e-mail; empty: nobody could be found.
    pub reviewer: String,
    /// Everybody in line at the opening, by e-mail in lower case, the first first, each between line ends.
    pub line: String,
    /// Whether it makes an administrator of somebody.
    pub privileged: bool,
    /// `keep`, `look` or `remove`.
    pub suggestion: String,
    /// What changed since the last review.
    pub changed: String,
    /// The same for rows of one system, with the same rights and job title.
    pub alike: String,
    /// A digest of its rights.
    pub rights: String,
    /// A digest of its person's job title and department.
    pub role: String,
    /// What was last decided.
    pub decision: Option<String>,
    /// The entry that says so.
    pub decided_entry: Option<u64>,
    /// Everything that the reviewer is shown, as JSON.
    pub json: String,
}

/// One decision about one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewDecision {
    /// The row.
    pub n: u64,
    /// The entry.
    pub entry: u64,
    /// Instant of its writing.
    pub at: String,
    /// The word for it.
    pub decision: String,
    /// What was said of this row alone, as JSON; may be empty.
    pub item: String,
}

/// One entry about a campaign: decisions, a reassignment, something told, done or reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewBatch {
    /// The entry.
    pub entry: u64,
    /// The campaign.
    pub campaign: String,
    /// Instant of its writing.
    pub at: String,
    /// `decided`, `assigned`, `sent`, `acted`, `closed` or `reported`.
    pub kind: String,
    /// Whom it concerns: who decided, who is to decide, who was told.
    pub reviewer: String,
    /// The rest, as JSON; empty where it was erased.
    pub json: String,
}

/// Which rows are wanted; what is not said is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewWanted {
    /// To be decided by this reviewer.
    pub reviewer: Option<String>,
    /// Of this system.
    pub system: Option<String>,
    /// With this decision; an empty word: not decided yet.
    pub decision: Option<String>,
    /// With this suggestion.
    pub suggestion: Option<String>,
    /// With the same system, rights and job title.
    pub alike: Option<String>,
    /// Exactly these.
    pub rows: Option<Vec<u64>>,
}

/// Rows that are the same in everything that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewCount {
    /// Who is to decide.
    pub reviewer: String,
    /// The system.
    pub system: String,
    /// What was last decided; empty: nothing.
    pub decision: String,
    /// What is suggested.
    pub suggestion: String,
    /// Whether they are privileged.
    pub privileged: bool,
    /// How many.
    pub rows: u64,
}

/// What an earlier campaign held of one account in one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewedBefore {
    /// The account.
    pub account: String,
    /// The system, as that campaign wrote it.
    pub system: String,
    /// Its place there.
    pub n: u64,
    /// Digest of its rights then.
    pub rights: String,
    /// Digest of the person's job title and department then.
    pub role: String,
    /// What was decided; empty: nothing.
    pub decision: String,
}

const COLUMNS: &str = "n, account, system, source, scope, home, person, person_email, reviewer, \
    line, privileged, suggestion, changed, alike, rights, role, decision, decided_entry, json";

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReviewRow> {
    let entry: Option<i64> = row.get(17)?;
    Ok(ReviewRow {
        n: row.get::<_, i64>(0)?.cast_unsigned(),
        account: row.get(1)?,
        system: row.get(2)?,
        source: row.get(3)?,
        scope: row.get(4)?,
        home: row.get(5)?,
        person: row.get(6)?,
        person_email: row.get(7)?,
        reviewer: row.get(8)?,
        line: row.get(9)?,
        privileged: row.get(10)?,
        suggestion: row.get(11)?,
        changed: row.get(12)?,
        alike: row.get(13)?,
        rights: row.get(14)?,
        role: row.get(15)?,
        decision: row.get(16)?,
        decided_entry: entry.map(i64::cast_unsigned),
        json: row.get(18)?,
    })
}

fn campaign(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReviewCampaign> {
    let closed: Option<i64> = row.get(5)?;
    Ok(ReviewCampaign {
        id: row.get(0)?,
        entry: row.get::<_, i64>(1)?.cast_unsigned(),
        opened_at: row.get(2)?,
        due_on: row.get(3)?,
        closed_at: row.get(4)?,
        closed_entry: closed.map(i64::cast_unsigned),
        complete: row.get(6)?,
        json: row.get(7)?,
    })
}

fn batch(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReviewBatch> {
    Ok(ReviewBatch {
        entry: row.get::<_, i64>(0)?.cast_unsigned(),
        campaign: row.get(1)?,
        at: row.get(2)?,
        kind: row.get(3)?,
        reviewer: row.get(4)?,
        json: row.get(5)?,
    })
}

const CAMPAIGN: &str = "select id, entry, opened_at, due_on, closed_at, closed_entry, complete, json from review_campaign";

const BATCH: &str = "select entry, campaign, at, kind, reviewer, json from review_batch";

impl Index {
    /// Projects the opening of a campaign with its rows.
    ///
    /// # Errors
    /// When SQLite refuses, or what the rows come from fails.
    pub fn open_review<E: From<IndexError>>(
        &self,
        opened: &ReviewCampaign,
        rows: impl Iterator<Item = Result<ReviewRow, E>>,
    ) -> Result<(), E> {
        let insert = format!(
            "insert into review_row (campaign, {COLUMNS}) values ({}?)",
            "?, ".repeat(19)
        );
        let put = |sql: &str, values: &[&dyn ToSql]| -> Result<(), IndexError> {
            self.connection.prepare_cached(sql)?.execute(values)?;
            Ok(())
        };
        put(
            "insert or replace into review_campaign values (?1, ?2, ?3, ?4, null, null, ?5, ?6)",
            params![
                opened.id,
                opened.entry.cast_signed(),
                opened.opened_at,
                opened.due_on,
                opened.complete,
                opened.json
            ],
        )?;
        for row in rows {
            let row = row?;
            put(
                &insert,
                params![
                    opened.id,
                    row.n.cast_signed(),
                    row.account,
                    row.system,
                    row.source,
                    row.scope,
                    row.home,
                    row.person,
                    row.person_email,
                    row.reviewer,
                    row.line,
                    row.privileged,
                    row.suggestion,
                    row.changed,
                    row.alike,
                    row.rights,
                    row.role,
                    row.decision,
                    row.decided_entry.map(u64::cast_signed),
                    row.json
                ],
            )?;
        }
        Ok(())
    }

    /// Projects one entry about a campaign.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_batch(&self, batch: &ReviewBatch) -> Result<(), IndexError> {
        self.connection.execute(
            "insert or replace into review_batch values (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                batch.entry.cast_signed(),
                batch.campaign,
                batch.at,
                batch.kind,
                batch.reviewer,
                batch.json
            ],
        )?;
        if batch.kind == "closed" {
            self.connection.execute(
                "update review_campaign set closed_at = ?1, closed_entry = ?2 where id = ?3",
                params![batch.at, batch.entry.cast_signed(), batch.campaign],
            )?;
        }
        Ok(())
    }

    /// Projects what an entry decided of one row: the last word counts, the earlier ones stay.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_decided(
        &self,
        campaign: &str,
        decided: &ReviewDecision,
        stands: bool,
    ) -> Result<(), IndexError> {
        let (n, entry) = (decided.n.cast_signed(), decided.entry.cast_signed());
        self.connection
            .prepare_cached("insert into review_decision values (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                campaign,
                n,
                entry,
                decided.at,
                decided.decision,
                decided.item
            ])?;
        let stands = stands.then_some(decided.decision.as_str());
        self.connection
            .prepare_cached(
                "update review_row set decision = ?1, decided_entry = ?2 where campaign = ?3 and n = ?4",
            )?
            .execute(params![stands, stands.map(|_| entry), campaign, n])?;
        Ok(())
    }

    /// Projects who is to decide one row from now on.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_assigned(&self, campaign: &str, n: u64, to: &str) -> Result<(), IndexError> {
        self.connection
            .prepare_cached("update review_row set reviewer = ?1 where campaign = ?2 and n = ?3")?
            .execute(params![to, campaign, n.cast_signed()])?;
        Ok(())
    }

    /// Every campaign, newest first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_campaigns(&self) -> Result<Vec<ReviewCampaign>, IndexError> {
        let sql = format!("{CAMPAIGN} order by entry desc");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map([], campaign)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The campaign of that name.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_campaign(&self, id: &str) -> Result<Option<ReviewCampaign>, IndexError> {
        let sql = format!("{CAMPAIGN} where id = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![id], campaign).optional()?)
    }

    /// Rows of a campaign that are wanted, in their order, from behind the row `after` on; at most
    /// `most`.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_rows(
        &self,
        campaign: &str,
        wanted: &ReviewWanted,
        after: Option<u64>,
        most: usize,
    ) -> Result<Vec<ReviewRow>, IndexError> {
        let (filter, mut values) = clauses(campaign, wanted);
        values.push(Box::new(after.map_or(-1, u64::cast_signed)));
        values.push(Box::new(i64::try_from(most).unwrap_or(i64::MAX)));
        let sql =
            format!("select {COLUMNS} from review_row where {filter} and n > ? order by n limit ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map(params_from_iter(values.iter()), row)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Rows in numbers, by everything that is counted.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_counts(&self, campaign: &str) -> Result<Vec<ReviewCount>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select reviewer, system, coalesce(decision, ''), suggestion, privileged, count(*)
             from review_row where campaign = ?1
             group by reviewer, system, decision, suggestion, privileged",
        )?;
        let found = statement.query_map(params![campaign], |row| {
            Ok(ReviewCount {
                reviewer: row.get(0)?,
                system: row.get(1)?,
                decision: row.get(2)?,
                suggestion: row.get(3)?,
                privileged: row.get(4)?,
                rows: row.get::<_, i64>(5)?.cast_unsigned(),
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Every decision about one row, the oldest first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_history(
        &self,
        campaign: &str,
        n: u64,
    ) -> Result<Vec<ReviewDecision>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select n, entry, at, decision, item from review_decision
             where campaign = ?1 and n = ?2 order by entry",
        )?;
        let found = statement.query_map(params![campaign, n.cast_signed()], |row| {
            Ok(ReviewDecision {
                n: row.get::<_, i64>(0)?.cast_unsigned(),
                entry: row.get::<_, i64>(1)?.cast_unsigned(),
                at: row.get(2)?,
                decision: row.get(3)?,
                item: row.get(4)?,
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Entries of one kind about a campaign, the oldest first; every kind if it is empty.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_batches(
        &self,
        campaign: &str,
        kind: &str,
    ) -> Result<Vec<ReviewBatch>, IndexError> {
        let sql = format!("{BATCH} where campaign = ?1 and (?2 = '' or kind = ?2) order by entry");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_map(params![campaign, kind], batch)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The person whom an e-mail leads to now: one who has not left, if there is one.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn person_by_email(&self, email: &str) -> Result<Option<String>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select id from history_person where email = ?1 and valid_to is null
             order by left_on is not null, left_on desc, id limit 1",
        )?;
        Ok(statement
            .query_row(params![email], |row| row.get(0))
            .optional()?)
    }

    /// The last day of a person, as the sources of people tell it now.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn person_left_on(&self, person: &str) -> Result<Option<String>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select left_on from history_person where id = ?1 and valid_to is null
             order by valid_from desc limit 1",
        )?;
        let found = statement.query_row(params![person], |row| row.get(0));
        Ok(found.optional()?.flatten())
    }

    /// The entry about a campaign of that number.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_entry(&self, entry: u64) -> Result<Option<ReviewBatch>, IndexError> {
        let sql = format!("{BATCH} where entry = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row(params![entry.cast_signed()], batch);
        Ok(found.optional()?)
    }

    /// What a campaign held of each of its rows, for comparing a later one with it.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn reviewed_before(&self, campaign: &str) -> Result<Vec<ReviewedBefore>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select account, system, n, rights, role, coalesce(decision, '') from review_row
             where campaign = ?1",
        )?;
        let found = statement.query_map(params![campaign], |row| {
            Ok(ReviewedBefore {
                account: row.get(0)?,
                system: row.get(1)?,
                n: row.get::<_, i64>(2)?.cast_unsigned(),
                rights: row.get(3)?,
                role: row.get(4)?,
                decision: row.get(5)?,
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Whether a campaign holds this account in this system.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_holds(
        &self,
        campaign: &str,
        account: &str,
        system: &str,
    ) -> Result<Option<ReviewRow>, IndexError> {
        let sql = format!(
            "select {COLUMNS} from review_row where account = ?1 and system = ?2 and campaign = ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let found = statement.query_row(params![account, system, campaign], row);
        Ok(found.optional()?)
    }
}

fn clauses(campaign: &str, wanted: &ReviewWanted) -> (String, Vec<Box<dyn ToSql>>) {
    let mut parts = vec!["campaign = ?".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(campaign.to_owned())];
    for (part, value) in [
        ("reviewer = ?", &wanted.reviewer),
        ("system = ?", &wanted.system),
        ("coalesce(decision, '') = ?", &wanted.decision),
        ("suggestion = ?", &wanted.suggestion),
        ("alike = ?", &wanted.alike),
    ] {
        if let Some(value) = value {
            parts.push(part.to_owned());
            values.push(Box::new(value.clone()));
        }
    }
    if let Some(rows) = &wanted.rows {
        parts.push(format!("n in ({})", vec!["?"; rows.len()].join(", ")));
        for n in rows {
            values.push(Box::new(n.cast_signed()));
        }
    }
    (parts.join(" and "), values)
}

//! What one reviewer has before them: how much of it there is, and which rows, by an index that holds
//! everything asked here, so that a page of a large campaign reads no row that it does not show.

use rusqlite::params;

use crate::index::{Index, IndexError};

/// Rows that may be kept at one stroke: the words of [`ReviewPart::Alike`].
const LOW: &str = "(privileged = 0 and suggestion = 'keep' and changed = 'unchanged')";

/// Which rows of a reviewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewPart {
    /// Not decided, and to be looked at one by one.
    Single,
    /// Not decided, of low risk, unchanged, and alike in system, rights and job title.
    Alike(String),
    /// Not decided, whatever they are.
    Open,
    /// Looked at, and not to be told.
    Unsure,
    /// Kept, changed or removed.
    Decided,
}

/// A reviewer's rows in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewLoad {
    /// Not decided, and to be looked at one by one.
    pub single: u64,
    /// Not decided, of low risk and unchanged.
    pub low: u64,
    /// Not decided, and something speaks for a look or for their going.
    pub flagged: u64,
    /// Looked at, and not to be told.
    pub unsure: u64,
    /// Kept, changed or removed.
    pub decided: u64,
}

impl ReviewLoad {
    /// Not decided.
    pub fn open(&self) -> u64 {
        self.single + self.low
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.open() + self.unsure + self.decided
    }
}

/// Rows that are alike in system, rights and job title, of low risk and not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewGroup {
    /// What they have in common.
    pub alike: String,
    /// The first of them.
    pub first: u64,
    /// How many.
    pub rows: u64,
}

/// One row in as much as is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewMark {
    /// The row.
    pub n: u64,
    /// Whether something speaks for a look or for its going.
    pub flagged: bool,
    /// What was last decided; `None`: nothing.
    pub decision: Option<String>,
}

impl Index {
    /// The rows of a reviewer in numbers.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_load(&self, campaign: &str, reviewer: &str) -> Result<ReviewLoad, IndexError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "select coalesce(decision, ''), {LOW}, suggestion <> 'keep', count(*) from review_row
             where campaign = ?1 and reviewer = ?2 group by 1, 2, 3"
        ))?;
        let mut load = ReviewLoad::default();
        let mut rows = statement.query(params![campaign, reviewer])?;
        while let Some(row) = rows.next()? {
            let (decision, low, flagged): (String, bool, bool) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            let count = row.get::<_, i64>(3)?.cast_unsigned();
            match decision.as_str() {
                "" if low => load.low += count,
                "" => load.single += count,
                "cannot tell" => load.unsure += count,
                _ => load.decided += count,
            }
            if decision.is_empty() && flagged {
                load.flagged += count;
            }
        }
        Ok(load)
    }

    /// The rows of a reviewer that may be kept at one stroke, in groups, the largest first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_groups(
        &self,
        campaign: &str,
        reviewer: &str,
    ) -> Result<Vec<ReviewGroup>, IndexError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "select alike, min(n), count(*) from review_row
             where campaign = ?1 and reviewer = ?2 and decision is null and {LOW}
             group by alike order by 3 desc, 2"
        ))?;
        let found = statement.query_map(params![campaign, reviewer], |row| {
            Ok(ReviewGroup {
                alike: row.get(0)?,
                first: row.get::<_, i64>(1)?.cast_unsigned(),
                rows: row.get::<_, i64>(2)?.cast_unsigned(),
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The numbers of a reviewer's rows of one part, in their order, from behind the row `after` on; at
    /// most `most`.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_numbers(
        &self,
        campaign: &str,
        reviewer: &str,
        part: &ReviewPart,
        after: Option<u64>,
        most: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let (clause, alike) = match part {
            ReviewPart::Single => (format!("decision is null and not {LOW}"), ""),
            ReviewPart::Alike(alike) => (
                format!("decision is null and {LOW} and alike = ?5"),
                alike.as_str(),
            ),
            ReviewPart::Open => ("decision is null".to_owned(), ""),
            ReviewPart::Unsure => ("decision = 'cannot tell'".to_owned(), ""),
            ReviewPart::Decided => ("decision in ('keep', 'change', 'remove')".to_owned(), ""),
        };
        let mut statement = self.connection.prepare_cached(&format!(
            "select n from review_row indexed by review_row_work
             where campaign = ?1 and reviewer = ?2 and {clause} and n > ?3 and ?5 is not null
             order by n limit ?4"
        ))?;
        let found = statement.query_map(
            params![
                campaign,
                reviewer,
                after.map_or(-1, u64::cast_signed),
                i64::try_from(most).unwrap_or(i64::MAX),
                alike
            ],
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Rows without an answer in which somebody comes next in line, after whoever is to decide them; in
    /// their order, from behind the row `after` on, at most `most`.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_next(
        &self,
        campaign: &str,
        email: &str,
        after: Option<u64>,
        most: usize,
    ) -> Result<Vec<u64>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select n from review_row
             where campaign = ?1 and decision is null and n > ?3 and reviewer <> ''
               and instr(line, char(10) || lower(reviewer) || char(10) || lower(?2) || char(10)) > 0
             order by n limit ?4",
        )?;
        let found = statement.query_map(
            params![
                campaign,
                email,
                after.map_or(-1, u64::cast_signed),
                i64::try_from(most).unwrap_or(i64::MAX)
            ],
            |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
        )?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// Every row of a reviewer in as much as is counted, in their order.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_marks(
        &self,
        campaign: &str,
        reviewer: &str,
    ) -> Result<Vec<ReviewMark>, IndexError> {
        let mut statement = self.connection.prepare_cached(
            "select n, suggestion <> 'keep', decision from review_row indexed by review_row_work
             where campaign = ?1 and reviewer = ?2 order by n",
        )?;
        let found = statement.query_map(params![campaign, reviewer], |row| {
            Ok(ReviewMark {
                n: row.get::<_, i64>(0)?.cast_unsigned(),
                flagged: row.get(1)?,
                decision: row.get(2)?,
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

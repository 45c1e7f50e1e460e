//! The editions of the advisories that are held, and how taking them in stands, for pages and the API.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::types::Value;
use standing_assess::advisories::FRESH_FOR_DAYS;
use standing_assess::index::AdvisoryEdition;
use standing_assess::{AsOf, Estate, Index};

use super::app::App;
use super::right::Right;
use super::rows::rows;
use super::schedule::State;
use super::schedule::advisories::advisories_due;
use super::snapshot::Snapshot;
use super::visit::{Trouble, Who};
use crate::advisories::{Kind, List};
use crate::failure::Failure;

/// One edition.
pub struct Edition {
    /// The entry that brought it.
    pub entry: u64,
    /// When it was taken in.
    pub taken_in_at: String,
    /// The same as a day.
    pub day: Date,
    /// SHA-256 over what it is made of.
    pub edition: String,
    /// Last day on which it may be relied upon.
    pub fresh_until: Date,
    /// Whole days since it was taken in.
    pub age_days: i32,
    /// Whether what is judged today is judged by it.
    pub judges: bool,
    /// Its files; `None` where their list was erased.
    pub list: Option<List>,
}

impl Edition {
    fn of(edition: AdvisoryEdition, judges: Option<u64>, today: Date) -> Result<Self, Failure> {
        let at: Timestamp = edition.valid_from.parse().map_err(Failure::integrity)?;
        let day = AsOf::at(at).date;
        let list = match edition.json.is_empty() {
            true => None,
            false => Some(List::of(&edition)?),
        };
        Ok(Edition {
            entry: edition.entry,
            day,
            fresh_until: day.saturating_add(FRESH_FOR_DAYS.days()),
            age_days: (today - day).get_days(),
            judges: judges == Some(edition.entry),
            list,
            taken_in_at: edition.valid_from,
            edition: edition.edition,
        })
    }

    /// Records of one kind; `None` where the list was erased.
    pub fn records(&self, kind: Kind) -> Option<u64> {
        self.list.as_ref().map(|list| list.records(kind))
    }

    /// The beginning of its digest: enough to know it again.
    pub fn short(&self) -> &str {
        crate::advisories::short(&self.edition)
    }
}

/// Every edition that is held, newest first.
///
/// # Errors
/// When the index cannot be read.
pub fn all(index: &Index, snapshot: &Snapshot) -> Result<Vec<Edition>, Failure> {
    let judges = index.advisories_at(&snapshot.terms.as_of.instant)?;
    let judges = judges.map(|edition| edition.entry);
    let editions = index.advisory_editions()?.into_iter().rev();
    let day = snapshot.day();
    editions.map(|e| Edition::of(e, judges, day)).collect()
}

/// How taking in stands.
pub struct Taking {
    /// When they were last taken in.
    pub taken_in: Option<Timestamp>,
    /// Tries in a row since then that came to nothing.
    pub failures: u64,
    /// When the last of these was.
    pub failed_at: Option<Timestamp>,
    /// Why, for those who may see what may name somebody.
    pub why: Option<String>,
    /// When it is tried next; `None` where only somebody at the keyboard does it.
    pub due_at: Option<Timestamp>,
    /// What goes on just now.
    pub state: State,
}

/// How taking in stands; `None` where nothing is configured and none were ever taken in.
pub fn taking(app: &App, snapshot: &Snapshot, who: &Who) -> Option<Taking> {
    let (attempts, home) = (&snapshot.advisories, &snapshot.home);
    if home.config.advisories.is_none() && attempts.taken_in.is_none() {
        return None;
    }
    let refused = attempts.refused.as_ref();
    let why = refused.and_then(|refused| refused.why.clone());
    Some(Taking {
        taken_in: attempts.taken_in.map(|(_, at)| at),
        failures: refused.map_or(0, |refused| refused.failures),
        failed_at: refused.map(|refused| refused.at),
        why: why.filter(|_| who.may(Right::ReadPersonal)),
        due_at: advisories_due(home, attempts, Timestamp::now()),
        state: app.schedule.advisories(),
    })
}

/// An ecosystem of which something is installed.
#[derive(Clone)]
pub struct Ecosystem {
    /// OSV's name without the release; empty where it is not known.
    pub name: String,
    /// Components installed, each on each asset.
    pub components: u64,
    /// Packages that the edition has advisories of.
    pub packages: u64,
    /// Packages that sources tell of as facts.
    pub told: u64,
}

/// What the edition that judges today holds of what is installed.
#[derive(Clone)]
pub struct Holds {
    /// Why it cannot be read, if it cannot.
    pub unreadable: Option<String>,
    /// By ecosystem; those with the most components first.
    pub ecosystems: Vec<Ecosystem>,
}

/// What is held of what is installed.
///
/// # Errors
/// When the estate cannot be read.
pub fn holds(app: &App, snapshot: &Arc<Snapshot>) -> Result<Holds, Trouble> {
    let question = "advisories held".to_owned();
    app.memory.ask(&app.readers, snapshot, question, in_estate)
}

fn in_estate(estate: &Estate<'_>) -> Result<Holds, Trouble> {
    let database = estate.edition().and_then(|edition| edition.database());
    let unreadable = estate.edition().and_then(|e| e.database.as_ref().err());
    let of = |name: &str| match database {
        Some(database) => database.packages_of(name).map_err(Failure::from),
        None => Ok(0),
    };
    let found = rows(
        estate,
        "with base as materialized (
           select substr(ecosystem, 1, instr(ecosystem || ':', ':') - 1) as name, count(*) as n
           from component group by ecosystem)
         select coalesce(name, '') as name, sum(n) as components,
                (select count(distinct package) from advisory
                 where substr(ecosystem, 1, instr(ecosystem || ':', ':') - 1) = name) as told
         from base group by name order by components desc, name",
        &[] as &[Value],
    )?;
    let ecosystems = found.iter().map(|row| {
        Ok(Ecosystem {
            name: row.text("name").to_owned(),
            components: row.number("components"),
            packages: of(row.text("name"))?.into(),
            told: row.number("told"),
        })
    });
    Ok(Holds {
        unreadable: unreadable.cloned(),
        ecosystems: ecosystems.collect::<Result<_, Failure>>()?,
    })
}

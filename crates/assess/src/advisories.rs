//! Editions of the advisories that are kept compiled, beside those that sources read as facts.

use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use standing_facts::{Gap, GapCode};
use standing_patching::Database;

use crate::estate::{Freshness, SourceState};
use crate::index::AdvisoryEdition;
use crate::time::{AsOf, day_of, long_date};

/// Compiled advisories, wherever they lie.
#[derive(Clone)]
pub struct Bytes(pub Arc<dyn AsRef<[u8]> + Send + Sync>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

/// The advisories that were in force at a moment.
pub struct Edition {
    /// What they say, or why it cannot be read.
    pub database: Result<Database<Bytes>, String>,
    /// The vault entry that brought them.
    pub entry: u64,
    /// The instant of that entry.
    pub collected_at: String,
    /// Last day on which they may be relied upon.
    pub fresh_until: Date,
}

/// Opens the compiled advisories of an edition; says why, where that cannot be.
pub type Opens = Arc<dyn Fn(&AdvisoryEdition) -> Result<Bytes, String> + Send + Sync>;

/// For how many days an edition may be relied upon.
pub const FRESH_FOR_DAYS: i64 = 7;

impl Edition {
    pub(crate) fn new(edition: &AdvisoryEdition, opens: &Opens) -> Option<Edition> {
        let day = day_of(&edition.valid_from)?;
        let opened = opens(edition);
        let database = opened.and_then(|bytes| Database::open(bytes).map_err(|e| e.to_string()));
        Some(Edition {
            database,
            entry: edition.entry,
            collected_at: edition.valid_from.clone(),
            fresh_until: day.saturating_add(FRESH_FOR_DAYS.days()),
        })
    }

    /// What they say, where it can be read.
    pub fn database(&self) -> Option<&Database<Bytes>> {
        self.database.as_ref().ok()
    }
}

impl Edition {
    /// What stands for the edition among the sources of advisories.
    pub(crate) fn state(&self, as_of: &AsOf, freshness: Freshness) -> SourceState {
        let stale = freshness == Freshness::Measured && self.fresh_until < as_of.date;
        let gap = |code, detail: String| Gap {
            table: Some("advisory".into()),
            code,
            detail: format!("advisories: {detail}"),
        };
        SourceState {
            source: "advisories".into(),
            entry: Some(self.entry),
            collected_at: Some(self.collected_at.clone()),
            fresh_until: Some(self.fresh_until),
            gap: match &self.database {
                Err(why) => Some(gap(GapCode::Malformed, why.clone())),
                Ok(_) => stale.then(|| {
                    let until = long_date(self.fresh_until);
                    let what = format!("those in force were to be relied upon until {until} only");
                    gap(GapCode::Stale, what)
                }),
            },
            warning: None,
            scope: String::new(),
        }
    }
}

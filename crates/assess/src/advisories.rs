//! Editions of the advisories that are kept compiled, beside those that sources read as facts.

use std::sync::Arc;

use jiff::civil::Date;
use standing_facts::{Gap, GapCode};
use standing_patching::Database;

use crate::estate::{Freshness, SourceState};
use crate::time::{AsOf, long_date};

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
    /// What they say.
    pub database: Database<Bytes>,
    /// The vault entry that brought them.
    pub entry: u64,
    /// The instant of that entry.
    pub collected_at: String,
    /// Last day on which they may be relied upon.
    pub fresh_until: Date,
}

/// Finds the edition in force at a moment; `None` where there was none.
pub type Editions = Arc<dyn Fn(&AsOf) -> Option<Arc<Edition>> + Send + Sync>;

impl Edition {
    /// What stands for the edition among the sources of advisories.
    pub(crate) fn state(&self, as_of: &AsOf, freshness: Freshness) -> SourceState {
        let stale = freshness == Freshness::Measured && self.fresh_until < as_of.date;
        SourceState {
            source: "advisories".into(),
            entry: Some(self.entry),
            collected_at: Some(self.collected_at.clone()),
            fresh_until: Some(self.fresh_until),
            gap: stale.then(|| Gap {
                table: Some("advisory".into()),
                code: GapCode::Stale,
                detail: format!(
                    "advisories: the edition in force was to be relied upon until {} only",
                    long_date(self.fresh_until)
                ),
            }),
            warning: None,
            scope: String::new(),
        }
    }
}

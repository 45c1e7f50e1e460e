//! What is judged of one state of the vault, kept in memory for everybody who asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::Date;
use standing_assess::assessment::Assessment;
use standing_assess::estate::SourceState;
use standing_assess::index::Attempts;
use standing_assess::{AsOf, Index};

use crate::cli::When;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;

/// Everything judged of one state of the vault. Never changes; a newer one takes its place.
pub struct Snapshot {
    /// The home it was judged in, with its configuration.
    pub home: Arc<Home>,
    /// When it was judged.
    pub at: Timestamp,
    /// How many entries the vault had.
    pub entries: u64,
    /// Edition, profile, checks, dates.
    pub terms: Terms,
    /// As of then.
    pub today: Assessment,
    /// As of the day of publication, supposing that sources go on being read.
    pub then: Assessment,
    /// What each configured source tells: the states of its tables.
    pub sources: Vec<SourceView>,
    /// How each source stands with being read, by name.
    pub attempts: BTreeMap<String, Attempts>,
    /// How taking in advisories stands.
    pub advisories: crate::advisories::Attempts,
    /// How long the judging took.
    pub took: Duration,
    /// Why `standing.toml` as it is now is not what is in force, if it is not.
    pub fault: Option<String>,
}

/// One source and what it tells.
#[derive(Clone, Debug)]
pub struct SourceView {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Table by table.
    pub states: Vec<(&'static str, SourceState)>,
}

impl Snapshot {
    /// Judges.
    ///
    /// # Errors
    /// When the index cannot be read or the configuration names what is not there.
    pub fn judge(
        home: &Arc<Home>,
        index: &mut Index,
        fault: Option<String>,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let entries = index.position()?.0;
        let span = tracing::info_span!("assessment", entries);
        let _in = span.enter();
        let when = When {
            as_of: None,
            publish_on: None,
        };
        let terms = Terms::settle(home, index, &when)?;
        let attempts = index.last_attempts()?;
        let advisories = crate::advisories::attempts(index)?;
        let (today, sources) = {
            let estate = terms.estate(index)?;
            let sources = home.config.sources.iter().map(|source| {
                let name = source.settings.source.as_str();
                SourceView {
                    name: name.to_owned(),
                    kind: source.collector.about().kind,
                    states: source
                        .tables()
                        .into_iter()
                        .flat_map(|table| estate.sources_of(table).iter().map(move |s| (table, s)))
                        .filter(|(_, s)| s.source == name)
                        .map(|(table, s)| (table, s.clone()))
                        .collect(),
                }
            });
            let sources = sources.collect();
            (terms.judge(&estate)?, sources)
        };
        let then = terms.assess_publication(index)?;
        Ok(Snapshot {
            home: Arc::clone(home),
            at: Timestamp::now(),
            entries,
            terms,
            today,
            then,
            sources,
            attempts,
            advisories,
            took: began.elapsed(),
            fault,
        })
    }

    /// Today's date, as judged.
    pub fn day(&self) -> Date {
        self.today.as_of
    }
}

/// The estate judged as of another day than today.
pub struct Judged {
    /// The day.
    pub day: Date,
    /// Looked back or ahead.
    pub ahead: bool,
    /// What came out.
    pub assessment: Assessment,
}

impl Judged {
    /// Judges a day that was, or looks ahead to one that will be.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn judge(home: &Home, index: &mut Index, today: Date, day: Date) -> Result<Self, Failure> {
        let ahead = day > today;
        let when = When {
            as_of: (!ahead).then(|| day.to_string()),
            publish_on: ahead.then(|| day.to_string()),
        };
        let mut terms = Terms::settle(home, index, &when)?;
        let assessment = if ahead {
            terms.assess_publication(index)?
        } else {
            terms.as_of = AsOf::end_of(day);
            terms.assess(index)?
        };
        Ok(Judged {
            day,
            ahead,
            assessment,
        })
    }
}

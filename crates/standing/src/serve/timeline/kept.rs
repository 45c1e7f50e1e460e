//! What was worked out of past days, from one start of the server to the next. A cache: deleted, it
//! is worked out anew.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use standing_assess::check::Verdict;
use standing_assess::index::Wanted;
use standing_vault::Vault;

use super::Items;
use crate::failure::Failure;
use crate::serve::members::hash;
use crate::serve::snapshot::Snapshot;

const NAME: &str = "timeline.json";

/// By which rules and at which state of the vault days were worked out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Era {
    /// Hash of everything that a past day is a function of, beside the entries before it.
    pub rules: String,
    /// How many entries the vault had.
    pub entries: u64,
    /// The root of its log then.
    pub root: String,
}

impl Era {
    /// The era of a snapshot.
    ///
    /// # Errors
    /// When the index or the vault cannot be read.
    pub fn of(snapshot: &Snapshot) -> Result<Self, Failure> {
        Ok(Era {
            rules: rules(snapshot)?,
            entries: snapshot.entries,
            root: snapshot.home.vault.root_at(snapshot.entries)?.to_string(),
        })
    }

    /// Whether what was worked out in this era stands in a later one: the same rules, and the log
    /// only grew.
    fn stands(&self, now: &Era, vault: &Vault) -> bool {
        self.rules == now.rules
            && self.entries <= now.entries
            && vault
                .root_at(self.entries)
                .is_ok_and(|root| root.to_string() == self.root)
    }
}

/// An erased payload is missing from the past too, and an edition's rules reach back, so both are
/// part of the rules; the firm's own checks are read from files.
fn rules(snapshot: &Snapshot) -> Result<String, Failure> {
    let terms = &snapshot.terms;
    let index = snapshot.home.index()?;
    let erased = Wanted {
        kind: Some(standing_vault::ERASE.into()),
        ..Wanted::default()
    };
    let config = &snapshot.home.config;
    let mut text = format!(
        "{}\n{:?}\n{:?}\n{}\n{}\n{}\n",
        env!("CARGO_PKG_VERSION"),
        config.edition,
        config.publish_on,
        terms.edition,
        terms.profile,
        index.count_headings(&erased)?,
    );
    for check in &terms.checks {
        text.push_str(&format!("{check:?}\n"));
    }
    for faulty in &terms.unreadable {
        text.push_str(&format!("{}\n", faulty.name));
    }
    Ok(hash(&text))
}

#[derive(Serialize, Deserialize)]
struct Contents {
    era: Era,
    /// By day: items with their verdicts and whether they bind.
    days: BTreeMap<Date, Vec<(String, char, bool)>>,
}

/// The file.
pub struct File(PathBuf);

impl File {
    /// In the cache of a home.
    pub fn at(cache: &Path) -> Self {
        File(cache.join(NAME))
    }

    /// The days that still stand; none where the file is not there or cannot be understood.
    pub fn read(&self, now: &Era, vault: &Vault) -> BTreeMap<Date, Arc<Items>> {
        let contents = std::fs::read(&self.0)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Contents>(&bytes).ok())
            .filter(|contents| contents.era.stands(now, vault));
        let Some(contents) = contents else {
            return BTreeMap::new();
        };
        let items = |list: Vec<(String, char, bool)>| -> Option<Items> {
            let one = |(item, letter, binds)| Some((item, verdict(letter)?, binds));
            list.into_iter().map(one).collect::<Option<_>>().map(Items)
        };
        contents
            .days
            .into_iter()
            .filter_map(|(day, list)| Some((day, Arc::new(items(list)?))))
            .collect()
    }

    /// Writes the days. What cannot be written is worked out again after the next start.
    pub fn write(&self, era: &Era, days: &BTreeMap<Date, Arc<Items>>) {
        let list = |items: &Items| {
            let one =
                |(item, v, binds): &(String, Verdict, bool)| (item.clone(), letter(*v), *binds);
            items.0.iter().map(one).collect()
        };
        let contents = Contents {
            era: era.clone(),
            days: days.iter().map(|(day, i)| (*day, list(i))).collect(),
        };
        let written = serde_json::to_vec(&contents)
            .map_err(std::io::Error::other)
            .and_then(|bytes| self.replace(&bytes));
        if let Err(error) = written {
            tracing::warn!(%error, "the time line could not be kept in the cache");
        }
    }

    fn replace(&self, bytes: &[u8]) -> std::io::Result<()> {
        let new = self.0.with_extension("new");
        let mut file = std::fs::File::create(&new)?;
        file.write_all(bytes)?;
        std::fs::rename(&new, &self.0)
    }
}

fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Met => 'm',
        Verdict::NotApplicable => 'a',
        Verdict::Unknown => 'u',
        Verdict::NotMet => 'n',
    }
}

fn verdict(letter: char) -> Option<Verdict> {
    match letter {
        'm' => Some(Verdict::Met),
        'a' => Some(Verdict::NotApplicable),
        'u' => Some(Verdict::Unknown),
        'n' => Some(Verdict::NotMet),
        _ => None,
    }
}

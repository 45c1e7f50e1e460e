//! From a home and a day to an assessment: the edition, the checks, the estate.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use standing_assess::assessment::{Assessment, Faulty, assess};
use standing_assess::catalogue::{Catalogue, Edition, Overlay};
use standing_assess::check::{Check, CheckError};
use standing_assess::{AsOf, Estate, Freshness, Index, checks};

use crate::cli::When;
use crate::config::Config;
use crate::failure::Failure;
use crate::home::Home;

/// Everything an assessment is a function of, but the vault.
pub struct Terms {
    /// The moment judged.
    pub as_of: AsOf,
    /// The planned day of publication.
    pub publish_on: Date,
    /// The catalogue with every imported edition.
    pub catalogue: Catalogue,
    /// Edition that a publication on that day belongs to, where one is known to exist.
    pub edition_due: Option<String>,
    /// Edition to judge by.
    pub edition: String,
    /// Profile.
    pub profile: String,
    /// Ours and the firm's own.
    pub checks: Vec<Check>,
    /// Files of the firm's own checks that could not be read.
    pub unreadable: Vec<Faulty>,
    /// What may be missing from the imported sheet of the edition judged by.
    pub short: Vec<String>,
}

impl Terms {
    /// Settles the terms for a home.
    ///
    /// # Errors
    /// When a date or the edition cannot be understood.
    pub fn settle(home: &Home, index: &Index, when: &When) -> Result<Self, Failure> {
        let as_of = as_of(when.as_of.as_deref())?;
        if when.as_of.is_none() {
            index.suppose_configured(&crate::collect::configured(home))?;
        }
        let publish_on = match &when.publish_on {
            Some(text) => parse_day("--publish-on", text)?,
            None => planned(&home.config, as_of.date),
        };
        if publish_on < as_of.date {
            return Err(Failure::usage(format!(
                "--publish-on {publish_on} is before the day judged, {}",
                as_of.date
            )));
        }
        let overlays = overlays(index, &as_of)?;
        let catalogue = overlaid(&overlays);
        let profile = home.config.profile.clone();
        let (due, edition) = editions(&catalogue, &home.config, publish_on)?;
        let (checks, unreadable) = all_checks(&home.folder, &home.config)?;
        let newest = overlays.iter().rev().find(|o| o.edition == edition);
        let short = newest.map_or_else(Vec::new, |overlay| {
            crate::sheet::shortcomings(Catalogue::builtin(), overlay)
        });
        Ok(Terms {
            short,
            as_of,
            publish_on,
            catalogue,
            edition_due: due,
            edition,
            profile,
            checks,
            unreadable,
        })
    }

    /// Looks at the index as of the moment.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn estate<'i>(&self, index: &'i mut Index) -> Result<Estate<'i>, Failure> {
        let as_of = self.as_of.clone();
        Ok(Estate::new(
            index,
            as_of,
            Freshness::Measured,
            &self.catalogue.support,
        )?)
    }

    /// Judges as of the moment.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn assess(&self, index: &mut Index) -> Result<Assessment, Failure> {
        let estate = self.estate(index)?;
        self.judge(&estate)
    }

    /// Judges as of the day of publication, supposing that every source goes on being read and
    /// nothing else is done.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn assess_publication(&self, index: &mut Index) -> Result<Assessment, Failure> {
        let day = AsOf::end_of(self.publish_on);
        let estate = Estate::new(
            index,
            day,
            Freshness::KeepsBeingRead {
                since: self.as_of.date,
            },
            &self.catalogue.support,
        )?;
        self.judge(&estate)
    }

    /// Judges an estate that is laid out.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn judge(&self, estate: &Estate<'_>) -> Result<Assessment, Failure> {
        let mut assessment = assess(
            estate,
            &self.catalogue,
            &self.edition,
            &self.profile,
            &self.checks,
        )?;
        assessment.faulty.extend(self.unreadable.iter().cloned());
        Ok(assessment)
    }

    /// What must be said beside every verdict, because the rules themselves are not all known.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        let due = self
            .edition_due
            .as_deref()
            .and_then(|id| self.catalogue.edition(id));
        let judged = self.catalogue.edition(&self.edition);
        match (due, judged) {
            (Some(due), Some(judged)) if due.id != judged.id => {
                let assumed = match due.deadline_certainty {
                    standing_assess::catalogue::DeadlineCertainty::Sourced => "",
                    _ => " (the day is assumed)",
                };
                let deadline = due.deadline.map_or_else(String::new, |d| {
                    format!(", due by {}{assumed}", crate::text::day(d))
                });
                caveats.push(format!(
                    "A publication on {} belongs to the {} edition{deadline}. Its items are not known to \
                     Standing: this judges by {} ({}). Import the official sheet when you have it: \
                     `standing edition import FILE.xlsx --edition {}`.",
                    crate::text::day(self.publish_on), due.year, judged.id, judged.year, due.id
                ));
            }
            (None, Some(judged)) => caveats.push(format!(
                "No edition is known for a publication on {}: this judges by {} ({}).",
                crate::text::day(self.publish_on),
                judged.id,
                judged.year
            )),
            _ => {}
        }
        caveats.extend(self.short.iter().cloned());
        let coverage = self.catalogue.coverage(&self.profile, &self.edition);
        if !coverage.is_complete() && !coverage.completeness.is_empty() {
            caveats.push(coverage.completeness);
        }
        caveats
    }
}

/// The planned day of publication, as long as it has not passed; then the next 30 June.
pub fn planned(config: &Config, today: Date) -> Date {
    config
        .publish_on
        .filter(|day| *day >= today)
        .unwrap_or_else(|| next_deadline(today))
}

/// The edition that a publication on that day belongs to, where one is known, and the one to judge by.
///
/// # Errors
/// When the edition that the configuration names is not known, or says nothing of the profile.
pub fn editions(
    catalogue: &Catalogue,
    config: &Config,
    publish_on: Date,
) -> Result<(Option<String>, String), Failure> {
    let due = catalogue
        .edition_for_deadline(publish_on)
        .map(|e| e.id.clone());
    let wanted = config.edition.as_ref().or(due.as_ref());
    let judged = match wanted {
        Some(id) if catalogue.edition(id).is_none() => {
            let known: Vec<&str> = catalogue.editions.iter().map(|e| e.id.as_str()).collect();
            return Err(
                Failure::configuration(format!("no edition {id:?} is known"))
                    .hint(format!("known are {}", known.join(", "))),
            );
        }
        Some(id) => catalogue.judged_by(id, &config.profile),
        None => Some(catalogue.latest_known_edition()),
    };
    let edition = judged.map(|e: &Edition| e.id.clone()).ok_or_else(|| {
        let profile = &config.profile;
        Failure::configuration(format!("nothing is known of {profile} in that edition"))
    })?;
    Ok((due, edition))
}

/// The catalogue with every edition imported by then laid over it.
///
/// # Errors
/// When an import in the vault cannot be read.
pub fn catalogue(index: &Index, as_of: &AsOf) -> Result<Catalogue, Failure> {
    Ok(overlaid(&overlays(index, as_of)?))
}

fn overlays(index: &Index, as_of: &AsOf) -> Result<Vec<Overlay>, Failure> {
    index
        .overlays(&as_of.instant)?
        .into_iter()
        .map(|(entry, json)| {
            serde_json::from_str(&json)
                .map_err(|e| Failure::integrity(format!("the edition of entry {entry}: {e}")))
        })
        .collect()
}

fn overlaid(overlays: &[Overlay]) -> Catalogue {
    overlays
        .iter()
        .fold(Catalogue::builtin().clone(), |catalogue, overlay| {
            catalogue.with_overlay(overlay)
        })
}

/// A moment from the command line: a day (to its end), an instant, or now.
///
/// # Errors
/// When it is neither.
pub fn as_of(text: Option<&str>) -> Result<AsOf, Failure> {
    let Some(text) = text else {
        return Ok(AsOf::at(Timestamp::now()));
    };
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        return Ok(AsOf::end_of(day));
    }
    text.parse::<Timestamp>().map(AsOf::at).map_err(|_| {
        Failure::usage(format!("--as-of {text:?} is neither a day nor an instant"))
            .hint("a day is written 2026-11-21, an instant 2026-11-21T09:00:00Z")
    })
}

/// A day from the command line.
///
/// # Errors
/// When it is not one.
pub fn parse_day(name: &str, text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format!("{name} {text:?} is not a day")).hint("a day is written 2026-11-21")
    })
}

/// The next 30 June, that day included.
fn next_deadline(from: Date) -> Date {
    (0..=1)
        .filter_map(|years| Date::new(from.year().checked_add(years)?, 6, 30).ok())
        .find(|day| *day >= from)
        .unwrap_or(Date::MAX)
}

/// The checks that come with the product and those in the firm's own folder. One that cannot be
/// read is reported with its line and stops nothing else.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn all_checks(folder: &Path, config: &Config) -> Result<(Vec<Check>, Vec<Faulty>), Failure> {
    let mut found = checks::builtin();
    let mut unreadable = Vec::new();
    let Some(own) = &config.checks else {
        return Ok((found, unreadable));
    };
    let own_folder = folder.join(own);
    let entries = std::fs::read_dir(&own_folder).map_err(|error| {
        Failure::configuration(format!(
            "cannot read the folder of checks {}: {error}",
            own.display()
        ))
        .hint("[checks] folder = \"…\" in standing.toml names it")
    })?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "sql"));
    files.sort();
    for path in files {
        let name = path
            .file_stem()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let parsed = match std::fs::read_to_string(&path) {
            Err(error) => Err(CheckError {
                line: 1,
                what: error.to_string(),
            }),
            Ok(_) if found.iter().any(|c| c.name == name) => Err(CheckError {
                line: 1,
                what: "a check of this name comes with Standing; give yours another".into(),
            }),
            Ok(text) => Check::parse(&name, &text),
        };
        match parsed {
            Ok(check) => found.push(check),
            Err(error) => unreadable.push(Faulty { name, error }),
        }
    }
    Ok((found, unreadable))
}

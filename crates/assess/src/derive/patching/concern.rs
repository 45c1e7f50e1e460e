//! What advisories say of one version of one package, one vulnerability at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use rusqlite::{Connection, params};
use standing_patching::clock::{self, Candidate, Case, Source};
use standing_patching::{
    Builder, Classes, Damaged, Database, Exploited, Grade, Rating, Reading, Row, Severity,
    VendorWord, Verdict, Vulnerability, is_distribution,
};

use super::seen::Scan;
use crate::advisories::{Bytes, Edition};
use crate::index::IndexError;
use crate::time::day_of;

/// What is known of one vulnerability in one version.
#[derive(Clone, Debug, Default)]
pub(super) struct Concern {
    pub(super) names: BTreeSet<String>,
    pub(super) summary: Option<String>,
    pub(super) fixed: Option<String>,
    /// Whether somebody could tell that it is affected.
    pub(super) certain: bool,
    pub(super) candidates: Vec<Candidate>,
    pub(super) ratings: Vec<Rating>,
    pub(super) held: bool,
    pub(super) published: Option<Date>,
    /// When CISA listed it as exploited, and by when the list itself has it mended.
    pub(super) exploited: Option<(Date, Option<Date>)>,
    pub(super) epss: Option<u32>,
}

impl Concern {
    /// Adds what was found of another version, whose fix goes before.
    pub(super) fn add(&mut self, other: &Concern) {
        self.names.extend(other.names.iter().cloned());
        self.summary = self.summary.take().or_else(|| other.summary.clone());
        self.fixed = other.fixed.clone().or_else(|| self.fixed.take());
        self.certain |= other.certain;
        for candidate in &other.candidates {
            if !self.candidates.contains(candidate) {
                self.candidates.push(candidate.clone());
            }
        }
        for rating in &other.ratings {
            if !self.ratings.contains(rating) {
                self.ratings.push(rating.clone());
            }
        }
        self.held |= other.held;
        self.published = earliest(self.published, other.published);
        self.exploited = self.exploited.into_iter().chain(other.exploited).min();
        self.epss = self.epss.max(other.epss);
    }

    /// Whether it counts as grave.
    pub(super) fn grade(&self) -> Grade {
        self.severity().grade(Reading::default())
    }

    /// From when it could be known how grave it is: its publication, else our first sight.
    pub(super) fn known_from(&self, case: &Case) -> Date {
        let first = case.events.iter().map(|event| event.on).min();
        self.published.or(first).unwrap_or(Date::MIN)
    }

    pub(super) fn severity(&self) -> Severity {
        Severity {
            ratings: self.ratings.clone(),
            vendor: match self.held {
                true => VendorWord::Held,
                false => VendorWord::NotHeld,
            },
        }
    }
}

fn listing(exploited: Exploited<'_>) -> Option<(Date, Option<Date>)> {
    Some((
        clock::read(exploited.listed)?,
        exploited.due.and_then(clock::read),
    ))
}

fn earliest(a: Option<Date>, b: Option<Date>) -> Option<Date> {
    a.into_iter().chain(b).min()
}

/// The advisories that sources read as facts, and the compiled edition in force.
pub(super) struct Databases<'a> {
    facts: Option<Database<Vec<u8>>>,
    /// The days from which fixes were named in the facts.
    first: Firsts,
    edition: Option<&'a Database<Bytes>>,
    /// When editions first named a fix.
    editions: Editions<'a>,
}

/// When the compiled editions first named a fix.
struct Editions<'a> {
    connection: &'a Connection,
    at: &'a str,
    /// The day of the last edition that could not be compared with one before it: what it names, was
    /// named by then.
    since: Option<Date>,
    /// Whether any edition was compared.
    any_news: bool,
}

/// The days on which fixes were first named, by advisory and version.
type Firsts = HashMap<(String, String), Date>;

impl<'a> Editions<'a> {
    fn read(connection: &'a Connection, at: &'a str) -> Result<Self, IndexError> {
        let (since, any_news) = connection.query_row(
            "select (select valid_from from advisory_edition
                 where not compared and valid_from <= ?1 order by entry_number desc limit 1),
               exists (select 1 from advisory_first_fix where valid_from <= ?1)",
            [at],
            |row| Ok((row.get::<_, Option<String>>(0)?, row.get(1)?)),
        )?;
        Ok(Editions {
            connection,
            at,
            since: since.as_deref().and_then(day_of),
            any_news,
        })
    }

    fn firsts(&self, ecosystem: &str, name: &str) -> Result<Firsts, IndexError> {
        let mut firsts = Firsts::new();
        if !self.any_news {
            return Ok(firsts);
        }
        let mut statement = self.connection.prepare_cached(
            "select advisory, fixed, valid_from from advisory_first_fix
             where package = ?1 and valid_from <= ?2",
        )?;
        let package = standing_patching::package_key(ecosystem, name);
        let mut found = statement.query(params![package, self.at])?;
        while let Some(row) = found.next()? {
            if let Some(day) = day_of(&row.get::<_, String>(2)?) {
                firsts.insert((row.get(0)?, row.get(1)?), day);
            }
        }
        Ok(firsts)
    }
}

/// One version of one package, and what was found of it.
struct Asked<'a> {
    ecosystem: &'a str,
    name: &'a str,
    version: &'a str,
    found: &'a mut BTreeMap<String, Concern>,
}

impl<'a> Databases<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        edition: Option<&'a Edition>,
        names: &[String],
        at: &'a str,
    ) -> Result<Self, IndexError> {
        let folded: BTreeSet<String> = names
            .iter()
            .map(|n| standing_patching::pypi_name(n))
            .collect();
        let mut builder = Builder::new();
        let mut first = Firsts::new();
        let mut any = false;
        let mut statement = connection.prepare(
            "select id, ecosystem, package, aliases, events, versions, severity, published_on, fixed,
               valid_from from advisory where withdrawn_on is null",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |i: usize| row.get_ref(i).map(|v| v.as_str_or_null().ok().flatten());
            let (Some(id), Some(ecosystem), Some(package)) = (text(0)?, text(1)?, text(2)?) else {
                continue;
            };
            if !folded.contains(&standing_patching::pypi_name(package)) {
                continue;
            }
            any = true;
            let aliases: Vec<&str> = text(3)?.unwrap_or_default().split_whitespace().collect();
            builder.row(&Row {
                id,
                aliases: &aliases,
                ecosystem,
                package,
                events: text(4)?,
                versions: text(5)?,
                severity: text(6)?,
                published: text(7)?,
            });
            if let (Some(fixed), Some(day)) = (text(8)?, text(9)?.and_then(day_of)) {
                let key = (id.to_owned(), fixed.to_owned());
                let known = first.entry(key).or_insert(day);
                *known = (*known).min(day);
            }
        }
        Ok(Databases {
            facts: any.then(|| Database::open(builder.finish()).ok()).flatten(),
            first,
            edition: edition.and_then(Edition::database),
            editions: Editions::read(connection, at)?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.facts.is_none() && self.edition.is_none()
    }

    /// Whether anything might be said of a package of this name; damage is found when it is asked.
    pub(super) fn may_know(&self, name: &str) -> bool {
        let facts = self.facts.as_ref().map(|db| db.may_know(name));
        let edition = self.edition.map(|db| db.may_know(name));
        [facts, edition]
            .into_iter()
            .flatten()
            .any(|known| known != Ok(false))
    }

    /// The vulnerabilities of one version. Where an edition is damaged, nothing can be told, and one
    /// line says so.
    pub(super) fn about(
        &self,
        ecosystem: &str,
        name: &str,
        version: &str,
    ) -> Result<BTreeMap<String, Concern>, IndexError> {
        let mut found = BTreeMap::new();
        let firsts = self.editions.firsts(ecosystem, name)?;
        let by_facts = |id: &str, fixed: &str| {
            let key = (id.to_owned(), fixed.to_owned());
            self.first.get(&key).copied()
        };
        let by_editions = |id: &str, fixed: &str| {
            let key = (id.to_owned(), fixed.to_owned());
            firsts.get(&key).copied().or(self.editions.since)
        };
        let mut asked = Asked {
            ecosystem,
            name,
            version,
            found: &mut found,
        };
        let facts = self.facts.as_ref();
        let told = facts
            .map_or(Ok(()), |db| self.told(db, &mut asked, &by_facts))
            .and_then(|()| {
                let edition = self.edition;
                edition.map_or(Ok(()), |db| self.told(db, &mut asked, &by_editions))
            });
        if told.is_err() {
            let damaged = Concern {
                summary: Some(Damaged.to_string()),
                ..Concern::default()
            };
            found.insert("advisories damaged".into(), damaged);
        }
        Ok(found)
    }

    fn told<B: AsRef<[u8]>>(
        &self,
        db: &Database<B>,
        asked: &mut Asked<'_>,
        first: &dyn Fn(&str, &str) -> Option<Date>,
    ) -> Result<(), Damaged> {
        for hit in db.judge(asked.ecosystem, asked.name, asked.version)? {
            let entry = db.entry(hit.entry)?;
            if entry.informational.is_some() {
                continue;
            }
            let published = entry.advisory.published.and_then(clock::read);
            let mut candidates = Vec::new();
            if let Some(fixed) = &hit.fixed {
                let source = match entry.advisory.with_fix {
                    true => Source::Advisory,
                    false => Source::Published,
                };
                let id = entry.advisory.id;
                let written = entry.advisory.published.unwrap_or_default();
                candidates.extend(Candidate::read(source, id, written));
                if let Some(day) = first(id, fixed) {
                    let text = day.to_string();
                    candidates.extend(Candidate::read(Source::FirstObserved, id, &text));
                }
            }
            let concern = Concern {
                names: BTreeSet::from([entry.advisory.id.to_owned()]),
                summary: entry.advisory.summary.map(str::to_owned),
                fixed: hit.fixed.clone(),
                certain: hit.verdict == Verdict::Affected,
                candidates,
                ratings: entry.ratings.clone(),
                held: is_distribution(entry.ecosystem),
                published,
                ..Concern::default()
            };
            for vulnerability in &entry.advisory.about {
                let known = asked.found.entry(vulnerability.name.to_owned());
                let known = known.or_insert_with(|| self.known(vulnerability));
                known.add(&concern);
            }
        }
        Ok(())
    }

    /// What is known of a vulnerability wherever it is.
    fn known(&self, vulnerability: &Vulnerability<'_>) -> Concern {
        let names = vulnerability.names.iter();
        let mut concern = Concern {
            names: names.map(|name| (*name).to_owned()).collect(),
            exploited: vulnerability.exploited.and_then(listing),
            ..Concern::default()
        };
        let edition = self.edition.into_iter();
        let scores = vulnerability.names.iter().flat_map(|name| {
            edition
                .clone()
                .filter_map(|db| db.epss(name).ok().flatten())
        });
        concern.epss = scores.map(|epss| epss.probability).max();
        if let Some(db) = self.edition {
            let about = vulnerability
                .names
                .iter()
                .filter_map(|id| db.about(id).ok());
            let listed = about
                .flatten()
                .filter_map(|v| v.exploited.and_then(listing));
            concern.exploited = concern.exploited.into_iter().chain(listed).min();
        }
        concern
    }

    /// What is known of a vulnerability by its name alone.
    pub(super) fn known_of(&self, name: &str) -> Concern {
        let about = self.edition.and_then(|db| db.about(name).ok());
        let facts = self.facts.as_ref().and_then(|db| db.about(name).ok());
        let alone = Vulnerability {
            name,
            names: vec![name],
            exploited: None,
        };
        let found = about.into_iter().chain(facts).flatten().next();
        self.known(&found.unwrap_or(alone))
    }

    /// The name by which what a scanner found goes.
    pub(super) fn name_of(&self, scan: &Scan) -> String {
        for id in scan.ids() {
            let edition = self.edition.and_then(|db| db.about(id).ok());
            let facts = self.facts.as_ref().and_then(|db| db.about(id).ok());
            let found = edition.into_iter().chain(facts).flatten().next();
            if let Some(found) = found {
                return found.name.to_owned();
            }
        }
        let mut classes = Classes::default();
        for id in scan.ids() {
            classes.join(&scan.advisory, id);
        }
        classes.name(&scan.advisory).to_owned()
    }
}

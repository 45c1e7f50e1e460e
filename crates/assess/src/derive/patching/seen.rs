//! What readings saw: components and findings through time, as events of a clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use standing_patching::clock::{Candidate, Case, Event, Remedy, Saw, Source};
use standing_patching::{Author, Rating};

use super::assets::Assets;
use super::concern::Concern;
use crate::index::{IndexError, RECORDS};
use crate::time::day_of;

/// One version of a package on one asset, from when to when it was there.
pub(super) struct Row {
    pub(super) asset: Rc<str>,
    pub(super) ecosystem: Rc<str>,
    /// As it is written here: another may differ in its letters alone.
    pub(super) name: Rc<str>,
    pub(super) version: Rc<str>,
    source: Rc<str>,
    from: String,
    to: Option<String>,
    installed: Option<Date>,
    running: Option<bool>,
}

impl Row {
    /// Whether it was there at an instant.
    pub(super) fn is_there(&self, instant: &str) -> bool {
        self.from.as_str() <= instant && self.to.as_deref().is_none_or(|to| to > instant)
    }
}

/// Every name of a package that was ever installed, found by leaps through its index; of some assets
/// only, if they are named.
pub(super) fn names(
    connection: &Connection,
    assets: Option<&str>,
) -> Result<Vec<String>, IndexError> {
    if let Some(assets) = assets {
        let mut of = connection.prepare(
            "select distinct name from history_component
             where asset in (select value from json_each(?1)) order by name",
        )?;
        let found = of.query_map([assets], |row| row.get(0))?;
        return Ok(found.collect::<Result<_, _>>()?);
    }
    let mut next = connection
        .prepare("select name from history_component where name > ?1 order by name limit 1")?;
    let mut names: Vec<String> = Vec::new();
    loop {
        let after = names.last().map_or("", String::as_str);
        let found: Option<String> = next.query_row([after], |row| row.get(0)).optional()?;
        match found {
            Some(name) => names.push(name),
            None => return Ok(names),
        }
    }
}

/// An ecosystem, the name of a package as it is written there, and a version.
pub(super) type Version = (Rc<str>, Rc<str>, Rc<str>);

/// Every version of a package that was ever installed anywhere, read from its index alone.
pub(super) fn versions(connection: &Connection, name: &str) -> Result<Vec<Version>, IndexError> {
    let mut statement = connection.prepare_cached(
        "select distinct ecosystem, name collate binary, version from history_component
         where name = ?1",
    )?;
    let found = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The rows of one package, by asset and ecosystem, in their order.
pub(super) fn rows(
    connection: &Connection,
    name: &str,
    only: Option<&str>,
    at: &str,
    assets: &Assets,
) -> Result<Vec<Row>, IndexError> {
    let mut statement = connection.prepare_cached(
        "select asset, ecosystem, version, source, valid_from, valid_to, installed_on, running, name
         from history_component
         where name = ?1 and valid_from <= ?2
           and (?3 is null or asset in (select value from json_each(?3)))
         order by asset, ecosystem, name collate binary, valid_from, version",
    )?;
    let mut strings: BTreeSet<Rc<str>> = BTreeSet::new();
    let mut shared = |text: &str| match strings.get(text) {
        Some(known) => known.clone(),
        None => {
            let new: Rc<str> = text.into();
            strings.insert(new.clone());
            new
        }
    };
    let mut found = statement.query(params![name, at, only])?;
    let mut rows = Vec::new();
    let mut moved = false;
    while let Some(row) = found.next()? {
        let from: String = row.get(4)?;
        let to: Option<String> = row.get(5)?;
        let installed: Option<String> = row.get(6)?;
        let called = shared(row.get_ref(0)?.as_str().unwrap_or_default());
        let asset = assets.name(&called, &from);
        moved |= asset != called;
        rows.push(Row {
            asset,
            ecosystem: shared(row.get_ref(1)?.as_str().unwrap_or_default()),
            name: shared(row.get_ref(8)?.as_str().unwrap_or_default()),
            version: shared(row.get_ref(2)?.as_str().unwrap_or_default()),
            source: shared(row.get_ref(3)?.as_str().unwrap_or_default()),
            from,
            to: to.filter(|to| to.as_str() <= at),
            installed: installed.and_then(|day| day.parse().ok()),
            running: row.get(7)?,
        });
    }
    if moved {
        rows.sort_by_cached_key(|row| {
            let package = (row.asset.clone(), row.ecosystem.clone(), row.name.clone());
            (package, row.from.clone())
        });
    }
    Ok(rows)
}

/// When each source was read to its end.
pub(super) struct Looks {
    of_source: HashMap<(String, &'static str), Vec<String>>,
    /// The day judged.
    now: Option<Date>,
    /// Looking ahead: sources go on being read until then.
    goes_on: bool,
}

const LOOKED_AT: [&str; 2] = ["component", "advisory_finding"];

impl Looks {
    pub(super) fn read(
        connection: &Connection,
        at: &str,
        looks_from: Option<Date>,
    ) -> Result<Self, IndexError> {
        let mut of_source: HashMap<_, Vec<String>> = HashMap::new();
        for table in LOOKED_AT {
            let mut statement = connection.prepare(
                "select source_name, ended_at from coverage
                 where table_name = ?1 and outcome = 'complete' and ended_at <= ?2
                 order by ended_at",
            )?;
            let mut found = statement.query(params![table, at])?;
            while let Some(row) = found.next()? {
                let runs = of_source.entry((row.get(0)?, table)).or_default();
                runs.push(row.get(1)?);
            }
        }
        Ok(Looks {
            of_source,
            now: day_of(at),
            goes_on: looks_from.is_some(),
        })
    }

    /// When components were last read to the end before an instant.
    pub(super) fn last_complete(&self, source: &str, instant: &str) -> Option<&str> {
        let runs = self.of_source.get(&(source.to_owned(), "component"))?;
        let before = runs.partition_point(|run| run.as_str() < instant);
        runs[..before].last().map(String::as_str)
    }

    /// The last complete run of a source before an instant, or up to now.
    fn before(&self, source: &str, table: &'static str, instant: Option<&str>) -> Option<Date> {
        if source == RECORDS {
            // What somebody recorded stands until somebody ends it.
            return self.now.filter(|_| instant.is_none());
        }
        let runs = self.of_source.get(&(source.to_owned(), table))?;
        let runs: &[String] = match instant {
            Some(instant) => &runs[..runs.partition_point(|run| run.as_str() < instant)],
            None => runs,
        };
        let last = runs.last().and_then(|run| day_of(run));
        match instant {
            None if self.goes_on => self.now,
            _ => last,
        }
    }
}

/// The instants at which what is installed changed.
pub(super) struct Steps {
    instants: Vec<String>,
}

impl Steps {
    pub(super) fn of(rows: &[Row], at: &str) -> Steps {
        let ends = rows.iter().filter_map(|row| row.to.clone());
        let all: BTreeSet<String> = rows
            .iter()
            .map(|row| row.from.clone())
            .chain(ends)
            .collect();
        Steps {
            instants: all.into_iter().filter(|i| i.as_str() <= at).collect(),
        }
    }

    /// What was seen of a vulnerability, given which rows are vulnerable.
    pub(super) fn events(
        &self,
        rows: &[Row],
        vulnerable: &[bool],
        looks: &Looks,
        assets: &Assets,
        events: &mut Vec<Event>,
    ) -> Story {
        let mut story = Story::default();
        let mut before: Option<(&Rc<str>, Event)> = None;
        for (i, instant) in self.instants.iter().enumerate() {
            let Some(day) = day_of(instant) else { continue };
            let active: Vec<(&Row, bool)> = rows
                .iter()
                .zip(vulnerable.iter().copied())
                .filter(|(row, _)| row.is_there(instant))
                .collect();
            // It was still seen in the last reading before the change.
            let was = before.take();
            if let Some((source, last)) = &was
                && let Some(on) = looks.before(source, "component", Some(instant))
                && on > last.on
            {
                events.push(Event { on, ..last.clone() });
            }
            let source = active.first().map(|(row, _)| row.source.clone());
            let source = source.unwrap_or_else(|| rows[0].source.clone());
            let seen = see(&active);
            let turn = |source: &Rc<str>| Turn {
                source: source.clone(),
                instant: instant.clone(),
            };
            story.went = None;
            if let Some(row) = seen.row {
                story.version = row.version.to_string();
                story.came = match (i, seen.is_vulnerable) {
                    (0, true) => Some(turn(&source)),
                    _ => story.came,
                };
                let sights = events.iter().filter(|event| is_sight(event));
                let last = sights.map(|event| event.on).max();
                if let (false, Some(on)) = (seen.is_vulnerable, installed(&active))
                    && on <= day
                    && last.is_none_or(|last| on >= last)
                {
                    events.push(Event {
                        on,
                        source: source.to_string(),
                        saw: Saw::Installed(story.version.clone()),
                    });
                }
            } else if assets.vanished(&rows[0].asset, &source, instant) {
                // Whether it was mended, is known once the asset is listed again.
                let again = assets.back(&rows[0].asset, &source, instant);
                let again = again.filter(|again| !rows.iter().any(|row| row.is_there(again)));
                if let Some((instant, on)) = again.and_then(|again| Some((again, day_of(again)?))) {
                    story.went = was.map(|(source, _)| Turn {
                        source: source.clone(),
                        instant: instant.to_owned(),
                    });
                    events.push(Event {
                        on,
                        source: source.to_string(),
                        saw: Saw::Absent,
                    });
                }
                continue;
            } else {
                story.went = was.map(|(source, _)| turn(source));
            }
            let event = Event {
                on: day,
                source: source.to_string(),
                saw: seen.saw,
            };
            if seen.is_vulnerable {
                let row = rows.iter().find(|row| row.source == source);
                before = row.map(|row| (&row.source, event.clone()));
            }
            events.push(event);
        }
        if let Some((source, last)) = before
            && let Some(on) = looks.before(source, "component", None)
            && on > last.on
        {
            events.push(Event { on, ..last });
        }
        story
    }
}

/// The day on which all that is installed had been, by the package manager's log; of kernels it is that
/// of the one that runs.
fn installed(active: &[(&Row, bool)]) -> Option<Date> {
    let runs = active.iter().find(|(row, _)| row.running == Some(true));
    match runs {
        Some((row, _)) => row.installed,
        None => {
            let days: Option<Vec<Date>> = active.iter().map(|(row, _)| row.installed).collect();
            days?.into_iter().max()
        }
    }
}

/// Whether an event shows the vulnerability to be there.
pub(super) fn is_sight(event: &Event) -> bool {
    matches!(event.saw, Saw::Vulnerable(_) | Saw::NotRunning(_))
}

/// How a package with a vulnerability in it came and went.
#[derive(Default)]
pub(super) struct Story {
    /// The version last seen.
    pub(super) version: String,
    /// Where it was vulnerable from the first.
    pub(super) came: Option<Turn>,
    /// Where it was vulnerable to the last, and nothing of its name is there now.
    pub(super) went: Option<Turn>,
}

/// The reading that first had something, or first had it no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) source: Rc<str>,
    pub(super) instant: String,
}

/// What one look at the installed versions amounts to.
struct Seen<'a> {
    saw: Saw,
    is_vulnerable: bool,
    row: Option<&'a Row>,
}

/// Several versions of one package may be installed. It is vulnerable while one of them is; of kernels
/// only the one that runs counts, and a newer one that is installed does not.
fn see<'a>(active: &[(&'a Row, bool)]) -> Seen<'a> {
    let runs = active.iter().find(|(row, _)| row.running == Some(true));
    let vulnerable = active.iter().filter(|(_, vulnerable)| *vulnerable);
    let mut of_which = vulnerable.map(|(row, _)| *row);
    let other = active
        .iter()
        .find(|(row, vulnerable)| !vulnerable && row.running != Some(true));
    match (runs, of_which.next(), active.first()) {
        (Some((row, true)), ..) if other.is_some() => Seen {
            saw: Saw::NotRunning(row.version.to_string()),
            is_vulnerable: true,
            row: Some(row),
        },
        (Some((row, true)), ..) => Seen {
            saw: Saw::Vulnerable(row.version.to_string()),
            is_vulnerable: true,
            row: Some(row),
        },
        (Some((row, false)), ..) => Seen {
            saw: Saw::Mended(row.version.to_string()),
            is_vulnerable: false,
            row: Some(row),
        },
        (None, Some(row), _) => Seen {
            saw: Saw::Vulnerable(row.version.to_string()),
            is_vulnerable: true,
            row: Some(row),
        },
        (None, None, Some((row, _))) => Seen {
            saw: Saw::Mended(row.version.to_string()),
            is_vulnerable: false,
            row: Some(row),
        },
        (None, None, None) => Seen {
            saw: Saw::Absent,
            is_vulnerable: false,
            row: None,
        },
    }
}

/// One finding of a scanner, from when to when it was reported.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) asset: String,
    pub(super) component: String,
    pub(super) advisory: String,
    pub(super) version: String,
    pub(super) ecosystem: Option<String>,
    source: String,
    from: String,
    to: Option<String>,
    values: BTreeMap<&'static str, String>,
    affected: Option<bool>,
}

const SCAN_TEXTS: [&str; 10] = [
    "aliases",
    "severity",
    "fixed",
    "fix_released_on",
    "severity_by",
    "cvss",
    "fix_dated_by",
    "published_on",
    "first_seen_on",
    "remedy",
];

/// Every finding that a scanner ever reported, by asset and component.
pub(super) fn scans(
    connection: &Connection,
    at: &str,
    only: Option<&str>,
    assets: &Assets,
) -> Result<HashMap<(String, String), Vec<Scan>>, IndexError> {
    let mut statement = connection.prepare(&format!(
        "select asset, component, advisory, version, ecosystem, source, valid_from, valid_to, affected,
           {} from history_advisory_finding
         where valid_from <= ?1 and (?2 is null or asset in (select value from json_each(?2)))
         order by asset, component, advisory, valid_from",
        SCAN_TEXTS.join(", ")
    ))?;
    let mut scans: HashMap<_, Vec<Scan>> = HashMap::new();
    let mut found = statement.query(params![at, only])?;
    while let Some(row) = found.next()? {
        let mut values = BTreeMap::new();
        for (i, name) in SCAN_TEXTS.iter().enumerate() {
            if let Some(text) = row.get::<_, Option<String>>(9 + i)? {
                values.insert(*name, text);
            }
        }
        let to: Option<String> = row.get(7)?;
        let from: String = row.get(6)?;
        let called: Rc<str> = row.get::<_, String>(0)?.into();
        let scan = Scan {
            asset: assets.name(&called, &from).to_string(),
            component: row.get(1)?,
            advisory: row.get(2)?,
            version: row.get(3)?,
            ecosystem: row.get(4)?,
            source: row.get(5)?,
            from,
            to: to.filter(|to| to.as_str() <= at),
            affected: row.get(8)?,
            values,
        };
        let key = (scan.asset.to_lowercase(), scan.component.to_lowercase());
        scans.entry(key).or_default().push(scan);
    }
    Ok(scans)
}

/// Adds what scanners say. Where one can tell that a version is affected, the dates of those that cannot
/// are left out. What a scanner no longer reports is gone only if nothing else shows it at that instant.
pub(super) fn add(
    scans: &[Scan],
    concern: &mut Concern,
    case: &mut Case,
    looks: &Looks,
    is_shown: &dyn Fn(&str, &str) -> bool,
) {
    let certain = concern.certain || scans.iter().any(|scan| scan.affected.is_some());
    for scan in scans
        .iter()
        .filter(|scan| scan.affected.is_some() || !certain)
    {
        let gone = scan.to.as_deref().filter(|to| {
            let covers = |other: &Scan| {
                other.from.as_str() <= *to && other.to.as_deref().is_none_or(|end| end > *to)
            };
            !scans.iter().any(covers) && !is_shown(&scan.source, to)
        });
        scan.add_to(concern, case, looks, gone);
    }
}

impl Scan {
    fn value(&self, name: &'static str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn day(&self, name: &'static str) -> Option<Date> {
        self.value(name).and_then(|day| day.parse().ok())
    }

    /// Every name that it gives.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        let aliases = self.value("aliases").unwrap_or_default();
        std::iter::once(self.advisory.as_str()).chain(aliases.split_whitespace())
    }

    /// Adds what the scanner says, each date under its own name.
    fn add_to(&self, concern: &mut Concern, case: &mut Case, looks: &Looks, gone: Option<&str>) {
        concern.names.extend(self.ids().map(str::to_owned));
        concern.fixed = concern
            .fixed
            .take()
            .or_else(|| self.value("fixed").map(str::to_owned));
        concern.certain |= self.affected.is_some();
        if let Some(published) = self.day("published_on") {
            let known = concern.published.get_or_insert(published);
            *known = (*known).min(published);
        }
        self.rate(concern);
        let dated = self.value("fix_released_on").and_then(|text| {
            let by = self.value("fix_dated_by").unwrap_or(&self.source);
            Candidate::read(Source::Scanner, by, text)
        });
        let has_fix = self.value("fixed").is_some() || self.value("remedy").is_some();
        let published = self
            .value("published_on")
            .filter(|_| has_fix && dated.is_none());
        let published =
            published.and_then(|text| Candidate::read(Source::Published, &self.source, text));
        let observed = day_of(&self.from)
            .filter(|_| has_fix && self.source != RECORDS)
            .and_then(|day| Candidate::read(Source::FirstObserved, &self.source, &day.to_string()));
        for candidate in dated.into_iter().chain(published).chain(observed) {
            if !case.candidates.contains(&candidate) {
                case.candidates.push(candidate);
            }
        }
        case.remedy = match self.value("remedy") {
            Some("setting") => Remedy::Other,
            Some("both") => Remedy::Both,
            _ => case.remedy,
        };
        self.see(case, looks, gone);
    }

    fn rate(&self, concern: &mut Concern) {
        let by = self.value("severity_by").unwrap_or_default();
        let (author, name) = match by.split_once(' ') {
            Some(("vendor", name)) => (Author::Vendor, name),
            Some(("database", name)) => (Author::Database, name),
            Some((_, name)) => (Author::Scanner, name),
            None => (Author::Scanner, self.source.as_str()),
        };
        concern.held |= author == Author::Vendor;
        let vectors = self.value("cvss").unwrap_or_default().split_whitespace();
        let texts = self.value("severity").into_iter().chain(vectors);
        for rating in texts.filter_map(|text| Rating::read(text, author, name)) {
            if !concern.ratings.contains(&rating) {
                concern.ratings.push(rating);
            }
        }
    }

    fn see(&self, case: &mut Case, looks: &Looks, gone: Option<&str>) {
        let event = |on, saw| Event {
            on,
            source: self.source.clone(),
            saw,
        };
        let there = || match self.affected {
            Some(false) => Saw::Mended(self.version.clone()),
            _ => Saw::Vulnerable(self.version.clone()),
        };
        let from = day_of(&self.from);
        let first = self.day("first_seen_on").filter(|day| Some(*day) < from);
        for on in first.into_iter().chain(from) {
            case.events.push(event(on, there()));
        }
        let last = looks.before(&self.source, "advisory_finding", self.to.as_deref());
        case.events.extend(
            last.filter(|on| Some(*on) > from)
                .map(|on| event(on, there())),
        );
        if let Some(gone) = gone.and_then(day_of) {
            case.events.push(event(gone, Saw::Absent));
        }
    }
}

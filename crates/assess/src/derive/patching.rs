//! The clocks: what was ever seen of each vulnerability in each component, and what each policy makes
//! of it at the moment judged.
//!
//! A clock needs the whole past: a version that was seen vulnerable and is gone still had a deadline.
//! So this reads the history of components and findings, not their views. It compares each version of
//! each package once, however many assets have it.

mod assets;
mod concern;
mod draft;
mod seen;
mod stated;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, params};
use serde_json::json;
use standing_patching::clock::{Case, FixDay, Outcome, State, Timeline, Verdict, judge};
use standing_patching::{Grade, Reading, Severity};

use crate::advisories::Edition;
use crate::estate::Estate;
use crate::index::IndexError;
use assets::Assets;
use concern::{Concern, Databases};
use draft::{Draft, bundle, joined};
use seen::{Looks, Row, Scan, Version};
use stated::Statements;
pub use words::{bound_word, grade_words, level_of, source_word, state_word, verdict_of};

/// One vulnerability in one component of one asset, with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The asset, by name.
    pub asset: String,
    /// OSV's name, or empty.
    pub ecosystem: String,
    /// The package.
    pub component: String,
    /// The name it goes by.
    pub vulnerability: String,
    /// Its other names, and the advisories that tell of it.
    pub names: BTreeSet<String>,
    /// Packages that it was in before, which this one replaced.
    pub former: Vec<String>,
    /// Names that the asset bore before.
    pub former_assets: Vec<String>,
    /// The day by which CISA's list itself has it mended; its meaning changed in June 2026.
    pub listed_due: Option<Date>,
    /// A vulnerability that counts as grave and is mended by the same update, which is weighed whole.
    pub bundled: Option<String>,
    /// What it is, in the first words of an advisory.
    pub summary: Option<String>,
    /// The version last seen.
    pub version: String,
    /// The first version that holds the fix.
    pub fixed: Option<String>,
    /// Whether no order of versions can tell if the version is affected.
    pub not_compared: bool,
    /// How grave it is, by whom.
    pub severity: Severity,
    /// When the vulnerability was published.
    pub published: Option<Date>,
    /// EPSS probability in hundredths of a per cent.
    pub epss: Option<u32>,
    /// Dates, sights and decisions.
    pub case: Case,
    /// What follows from them.
    pub timeline: Timeline,
}

/// The vulnerabilities of one version, by name.
type Concerns = BTreeMap<String, Concern>;

/// What to make clocks of.
struct Maker<'a> {
    connection: &'a Connection,
    databases: Databases<'a>,
    looks: Looks,
    assets: Assets,
    stated: Statements,
    scans: HashMap<(String, String), Vec<Scan>>,
    at: &'a str,
    as_of: Timestamp,
    /// What may go on in another package, or from one.
    turning: Vec<Draft>,
    /// The one asset that was asked about, by its name now.
    asked: Option<Rc<str>>,
}

/// What to do with each clock.
type Take<'t> = dyn FnMut(Clock) -> Result<(), IndexError> + 't;

/// Fills `patch_clock`.
pub(crate) fn run(estate: &Estate<'_>, edition: Option<&Edition>) -> Result<(), IndexError> {
    let connection = estate.connection();
    super::lay(connection, "patch_clock")?;
    let mut written = 0_u64;
    {
        let mut insert = connection.prepare(
            "insert or ignore into temp.patch_clock values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
               ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27)",
        )?;
        each(estate, edition, None, &mut |clock| {
            for outcome in &clock.timeline.outcomes {
                if let Some(verdict) = verdict_of(&clock, outcome) {
                    write(&mut insert, &clock, outcome, verdict)?;
                    written += 1;
                }
            }
            Ok(())
        })?;
    }
    if written > 1_000 {
        connection.execute_batch("analyze temp.patch_clock")?;
    }
    Ok(())
}

/// The clocks of one asset, or of all, one after the other.
pub(crate) fn each(
    estate: &Estate<'_>,
    edition: Option<&Edition>,
    only: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), IndexError> {
    let connection = estate.connection();
    let at = estate.as_of.instant.as_str();
    let assets = Assets::read(connection, at)?;
    let asked = only.map(|asset| assets.now(asset));
    let only = only.map(|asset| {
        let names = assets.names(asset);
        json!(names.iter().map(|name| &**name).collect::<Vec<_>>()).to_string()
    });
    let scans = seen::scans(connection, at, only.as_deref(), &assets)?;
    let names = seen::names(connection, only.as_deref())?;
    if names.is_empty() && scans.is_empty() {
        return Ok(());
    }
    let databases = Databases::new(connection, edition, &names, at)?;
    if databases.is_empty() && scans.is_empty() {
        return Ok(());
    }
    let mut maker = Maker {
        databases,
        looks: Looks::read(connection, at, estate.looks_from())?,
        assets,
        stated: Statements::read(connection, at)?,
        scans,
        as_of: at.parse().unwrap_or(Timestamp::MAX),
        connection,
        at,
        turning: Vec::new(),
        asked,
    };
    for name in names {
        if maker.databases.may_know(&name) {
            maker.component(&name, only.as_deref(), take)?;
        }
    }
    for draft in joined(std::mem::take(&mut maker.turning), &maker.looks) {
        take(maker.clock(draft))?;
    }
    maker.scanned(take)
}

impl Maker<'_> {
    /// The clocks of one package wherever it is or was installed.
    fn component(
        &mut self,
        name: &str,
        only: Option<&str>,
        take: &mut Take<'_>,
    ) -> Result<(), IndexError> {
        let mut concerns: HashMap<Version, Rc<Concerns>> = HashMap::new();
        for version in seen::versions(self.connection, name)? {
            let (ecosystem, name, number) = &version;
            let found = Rc::new(self.databases.about(ecosystem, name, number)?);
            if !found.is_empty() {
                concerns.insert(version, found);
            }
        }
        if concerns.is_empty() {
            return Ok(());
        }
        let unconcerned = Rc::new(Concerns::new());
        let rows = seen::rows(self.connection, name, only, self.at, &self.assets)?;
        let same =
            |a: &Row, b: &Row| a.asset == b.asset && a.ecosystem == b.ecosystem && a.name == b.name;
        for group in rows.chunk_by(same) {
            if self.is_another(&group[0].asset) {
                continue;
            }
            let of_row = |row: &Row| {
                let key = (row.ecosystem.clone(), row.name.clone(), row.version.clone());
                concerns.get(&key).unwrap_or(&unconcerned).clone()
            };
            let of_rows: Vec<Rc<Concerns>> = group.iter().map(of_row).collect();
            if of_rows.iter().all(|found| found.is_empty()) {
                continue;
            }
            for draft in self.drafts(group, &of_rows) {
                match draft.may_turn() {
                    true => self.turning.push(draft),
                    false => take(self.clock(draft))?,
                }
            }
        }
        Ok(())
    }

    /// Whether an asset is not the one that was asked about: under one name there may have been two.
    fn is_another(&self, asset: &str) -> bool {
        let asked = self.asked.as_ref();
        asked.is_some_and(|asked| !asked.eq_ignore_ascii_case(asset))
    }

    /// What was seen of each vulnerability in one package of one asset.
    fn drafts(&mut self, rows: &[Row], concerns: &[Rc<Concerns>]) -> Vec<Draft> {
        let mut vulnerabilities: BTreeSet<&String> = BTreeSet::new();
        for found in concerns {
            vulnerabilities.extend(found.keys());
        }
        let steps = seen::Steps::of(rows, self.at);
        let mut drafts = Vec::new();
        for vulnerability in vulnerabilities {
            let affected: Vec<Option<&Concern>> = concerns
                .iter()
                .map(|found| found.get(vulnerability))
                .collect();
            drafts.push(self.draft(vulnerability, rows, &steps, &affected));
        }
        bundle(&mut drafts);
        drafts
    }

    fn draft(
        &mut self,
        vulnerability: &str,
        rows: &[Row],
        steps: &seen::Steps,
        affected: &[Option<&Concern>],
    ) -> Draft {
        let asset = rows[0].asset.clone();
        let mut merged = Concern::default();
        // What is installed last says which fix is meant.
        for concern in affected.iter().flatten() {
            merged.add(concern);
        }
        let last = affected.iter().flatten().next_back();
        merged.certain = last.is_some_and(|concern| concern.certain);
        let mut case = Case {
            candidates: merged.candidates.clone(),
            ..Case::default()
        };
        let vulnerable: Vec<bool> = affected.iter().map(Option::is_some).collect();
        let story = steps.events(
            rows,
            &vulnerable,
            &self.looks,
            &self.assets,
            &mut case.events,
        );
        let scans = self.take_scans(&asset, &rows[0].name, vulnerability, &merged);
        let shown = |source: &str, instant: &str| {
            let mut rows = rows.iter().zip(&vulnerable);
            rows.any(|(row, vulnerable)| *vulnerable && row.is_there(instant))
                || self.assets.vanished(&asset, source, instant)
        };
        seen::add(&scans, &mut merged, &mut case, &self.looks, &shown);
        // What an asset had when it was first listed came from nowhere.
        let came = |turn: &seen::Turn| self.assets.listed_before(&asset, &turn.instant);
        Draft {
            ecosystem: rows[0].ecosystem.to_string(),
            component: rows[0].name.to_string(),
            vulnerability: vulnerability.to_owned(),
            version: story.version,
            concern: merged,
            case,
            former: Vec::new(),
            bundled: None,
            came: story.came.filter(came),
            went: story.went,
            asset,
        }
    }

    /// Findings of scanners about the same, which then stand under it and not by themselves.
    fn take_scans(
        &mut self,
        asset: &str,
        name: &str,
        vulnerability: &str,
        merged: &Concern,
    ) -> Vec<Scan> {
        let key = (asset.to_lowercase(), name.to_lowercase());
        let Some(scans) = self.scans.get_mut(&key) else {
            return Vec::new();
        };
        let same = |scan: &Scan| {
            let mut names = scan.ids();
            names.any(|id| id == vulnerability || merged.names.contains(id))
        };
        let (ours, others) = std::mem::take(scans).into_iter().partition(same);
        *scans = others;
        ours
    }

    /// What only scanners told.
    fn scanned(&mut self, take: &mut Take<'_>) -> Result<(), IndexError> {
        let scans: Vec<Scan> = std::mem::take(&mut self.scans)
            .into_values()
            .flatten()
            .collect();
        let mut groups: BTreeMap<(String, String), BTreeMap<String, Vec<Scan>>> = BTreeMap::new();
        for scan in scans {
            let vulnerability = self.databases.name_of(&scan);
            let of = groups.entry((scan.asset.clone(), scan.component.clone()));
            let of = of.or_default().entry(vulnerability);
            of.or_default().push(scan);
        }
        for ((asset, component), found) in groups {
            if self.is_another(&asset) {
                continue;
            }
            let shown = |source: &str, instant: &str| self.assets.vanished(&asset, source, instant);
            let mut drafts = Vec::new();
            for (vulnerability, scans) in found {
                let mut concern = self.databases.known_of(&vulnerability);
                let mut case = Case::default();
                seen::add(&scans, &mut concern, &mut case, &self.looks, &shown);
                let ecosystem = scans.iter().find_map(|s| s.ecosystem.clone());
                drafts.push(Draft {
                    asset: asset.as_str().into(),
                    ecosystem: ecosystem.unwrap_or_default(),
                    component: component.clone(),
                    vulnerability,
                    version: scans.last().map(|s| s.version.clone()).unwrap_or_default(),
                    concern,
                    case,
                    former: Vec::new(),
                    bundled: None,
                    came: None,
                    went: None,
                });
            }
            bundle(&mut drafts);
            for draft in drafts {
                take(self.clock(draft))?;
            }
        }
        Ok(())
    }

    /// Adds what was stated, and judges.
    fn clock(&self, draft: Draft) -> Clock {
        let Draft {
            asset,
            ecosystem,
            component,
            vulnerability,
            concern,
            mut case,
            ..
        } = draft;
        let assets = self.assets.names(&asset);
        let about = stated::About {
            assets: &assets,
            components: draft.former.iter().chain([&component]).collect(),
            vulnerability: &vulnerability,
            names: &concern.names,
        };
        self.stated.add_to(&about, &mut case);
        self.stated
            .date(&ecosystem, &component, concern.fixed.as_deref(), &mut case);
        if let Some((retired, what)) = self.assets.retired(&asset) {
            case.events.push(standing_patching::clock::Event {
                on: retired,
                source: "asset".into(),
                saw: standing_patching::clock::Saw::Decommissioned(what.to_owned()),
            });
        }
        case.listed = concern.exploited.map(|(listed, _)| listed);
        let severity = concern.severity();
        let known_from = concern.known_from(&case);
        case.severities = vec![(known_from, severity.clone())];
        if let Some(heavier) = &draft.bundled {
            let both_known = heavier.known.max(known_from);
            case.bundled.push((both_known, heavier.severity.clone()));
        }
        let timeline = judge(&case, &self.stated.policies, self.as_of);
        Clock {
            asset: asset.to_string(),
            ecosystem,
            component,
            vulnerability,
            former: draft.former,
            former_assets: assets
                .iter()
                .filter(|name| !name.eq_ignore_ascii_case(&asset))
                .map(|name| name.to_string())
                .collect(),
            listed_due: concern.exploited.and_then(|(_, due)| due),
            bundled: draft.bundled.map(|heavier| heavier.vulnerability),
            names: concern.names,
            summary: concern.summary,
            version: draft.version,
            fixed: concern.fixed,
            not_compared: !concern.certain,
            severity,
            published: concern.published,
            epss: concern.epss,
            case,
            timeline,
        }
    }
}

fn write(
    insert: &mut rusqlite::Statement<'_>,
    clock: &Clock,
    outcome: &Outcome,
    (verdict, days): (&str, Option<i32>),
) -> Result<(), IndexError> {
    let day = |date: Option<Date>| date.map(|d| d.to_string());
    let chosen = match clock.timeline.fix {
        FixDay::Released(chosen) => Some(chosen),
        FixDay::Announced(_) | FixDay::None => None,
    };
    let by = chosen.and_then(|c| clock.case.candidates.get(c.candidate));
    let by = by.map(|c| format!("{} {}", source_word(c.source), c.name));
    let (last_seen, mended) = match clock.timeline.state {
        State::Mended { since, by } => (since, Some(by)),
        State::Decommissioned(on) => (None, Some(on)),
        _ => (clock.last_seen(), None),
    };
    let names: Vec<&str> = clock.names.iter().map(String::as_str).collect();
    let until = match outcome.verdict {
        Verdict::Excepted(until) => Some(until),
        _ => None,
    };
    insert.execute(params![
        clock.asset,
        clock.ecosystem,
        clock.component,
        clock.vulnerability,
        outcome.policy,
        (!names.is_empty()).then(|| names.join(" ")),
        clock.version,
        clock.fixed,
        level_of(&clock.severity),
        clock.grade_words(outcome.reads),
        day(clock.case.listed),
        clock.epss,
        day(clock.published),
        day(chosen.map(|c| c.day)),
        chosen.map(|c| bound_word(c.bound)),
        by,
        day(clock.timeline.first_seen),
        day(outcome.due),
        day(outcome.knowable),
        state_word(clock.timeline.state),
        day(last_seen),
        day(mended),
        clock.timeline.reopened,
        verdict,
        days,
        day(until),
        (!clock.former.is_empty()).then(|| clock.former.join(" ")),
    ])?;
    Ok(())
}

impl Clock {
    /// Whether it is in a package of this name, or was before that was renamed.
    fn is_in(&self, component: &str) -> bool {
        self.component == component || self.former.iter().any(|name| name == component)
    }

    fn order(&self) -> (&str, &str, &str) {
        (&self.ecosystem, &self.component, &self.vulnerability)
    }

    /// The last day on which it was seen to be there.
    pub fn last_seen(&self) -> Option<Date> {
        use standing_patching::clock::Saw;
        let there = |saw: &Saw| matches!(saw, Saw::Vulnerable(_) | Saw::NotRunning(_));
        let events = self.case.events.iter().filter(|event| there(&event.saw));
        events.map(|event| event.on).max()
    }

    /// Why it does or does not count as grave to who reads ratings so, in plain words.
    pub fn grade_words(&self, reads: Reading) -> String {
        let grave = |severity: &Severity| matches!(severity.grade(reads), Grade::High(_));
        let whole = self
            .case
            .bundled
            .iter()
            .any(|(_, severity)| grave(severity));
        match &self.bundled {
            Some(other) if whole && !grave(&self.severity) => {
                format!("grave: the same update mends {other}, which is")
            }
            _ => grade_words(&self.severity, reads),
        }
    }

    /// What one policy makes of it.
    pub fn under(&self, policy: &str) -> Option<&Outcome> {
        self.timeline.outcomes.iter().find(|o| o.policy == policy)
    }
}

impl Estate<'_> {
    /// Every clock, one after the other.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn each_clock(&self, take: &mut dyn FnMut(Clock)) -> Result<(), IndexError> {
        each(self, self.edition(), None, &mut |clock| {
            take(clock);
            Ok(())
        })
    }

    /// Whether any advisory that is held goes by this name, or is about what does.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn is_named(&self, vulnerability: &str) -> Result<bool, IndexError> {
        let edition = self.edition().and_then(Edition::database);
        if edition.is_some_and(|db| db.about(vulnerability).is_ok_and(|about| !about.is_empty())) {
            return Ok(true);
        }
        Ok(self.connection().query_row(
            "select exists (select 1 from advisory where id = ?1
               or instr(' ' || aliases || ' ', ' ' || ?1 || ' ') > 0)",
            [vulnerability],
            |row| row.get(0),
        )?)
    }

    /// The day of the first complete reading of what is installed or of what a scanner found: before
    /// it, nothing is known of clocks.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn clocks_from(&self) -> Result<Option<Date>, IndexError> {
        let first: Option<String> = self.connection().query_row(
            "select min(ended_at) from coverage where outcome = 'complete' and ended_at <= ?1
               and table_name in ('component', 'advisory_finding')",
            [&self.as_of.instant],
            |row| row.get(0),
        )?;
        Ok(first.as_deref().and_then(crate::time::day_of))
    }

    /// The clocks of one component of one asset, with every date and where it comes from.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn clocks(&self, asset: &str, component: &str) -> Result<Vec<Clock>, IndexError> {
        let mut clocks = Vec::new();
        each(self, self.edition(), Some(asset), &mut |clock| {
            if clock.is_in(component) {
                clocks.push(clock);
            }
            Ok(())
        })?;
        clocks.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(clocks)
    }
}

//! All sources, and one source with its runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use jiff::Timestamp;
use standing_facts::{Gap, Problem};

use super::frame::Frame;
use super::words::{self, moment};
use crate::config::Source;
use crate::project;
use crate::serve::draw::{self, Age};
use crate::serve::editions::{Taking, taking};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::rows::{Row, date, number, rows, text};
use crate::serve::schedule::State;
use crate::serve::snapshot::{Snapshot, SourceView};
use crate::serve::trial::{self, PROBLEMS, Tried};
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/sources", Access::With(Right::Read), all),
    Route::get("/sources/{name}", Access::With(Right::Read), one),
    Route::form(
        "/sources/{name}/read",
        Access::With(Right::Collect),
        read_now,
    ),
    Route::form("/sources/{name}/try", Access::With(Right::Collect), try_out),
];

/// Runs shown on the page of a source.
const RUNS: u64 = 20;
/// Runs of which rows are shown table by table.
const COMPARED: usize = 6;
/// Seconds after which a page that shows something going on is asked for again.
const AGAIN: u16 = 3;

/// How a source stands.
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether all its tables are known.
    pub known: bool,
    /// Why, in words.
    pub why: String,
    /// When it was last read completely.
    pub complete_at: String,
    /// Last day on which that may be relied upon.
    pub until: String,
    /// How the last run came out; empty where there was none.
    pub outcome: String,
    /// When that was.
    pub ended_at: String,
    /// Runs since the last complete one.
    pub failures: u64,
    /// When it is to be read next.
    pub due: String,
    /// What goes on just now.
    pub state: State,
}

impl Standing {
    /// How many runs were not complete, in words.
    pub fn failed(&self) -> String {
        let runs = crate::text::count(self.failures, "run");
        match self.complete_at.as_str() {
            "never" if self.failures == 1 => "1 run, not complete".into(),
            "never" => format!("{runs}, none complete"),
            _ => format!("{runs} since the last complete one"),
        }
    }

    /// What goes on just now, in words; empty for nothing.
    pub fn going_on(&self) -> String {
        match &self.state {
            State::Idle => String::new(),
            State::Waiting => "waiting for its turn".into(),
            State::Running { since, .. } => format!("being read since {}", moment(since)),
        }
    }
}

/// How every configured source stands.
fn standings(visit: &Visit, now: &Snapshot) -> Vec<Standing> {
    let plan = visit
        .app
        .schedule
        .plan(&now.home, &now.attempts, Timestamp::now());
    let views = now.sources.iter().zip(plan);
    views
        .map(|(view, plan)| {
            let due = match plan.due_at {
                _ if plan.state != State::Idle => String::new(),
                None => "only when somebody asks for it".into(),
                Some(at) if at <= Timestamp::now() => "now".into(),
                Some(at) => moment(&at),
            };
            standing(now, view, plan.state, due)
        })
        .collect()
}

fn standing(now: &Snapshot, view: &SourceView, state: State, due: String) -> Standing {
    let gap = view.states.iter().find_map(|(_, s)| s.gap.as_ref());
    let warning = view.states.iter().find_map(|(_, s)| s.warning.as_ref());
    let until = view.states.iter().filter_map(|(_, s)| s.fresh_until).min();
    let attempts = now.attempts.get(&view.name);
    let known = gap.is_none() && !view.states.is_empty();
    let bare = |detail: &str| {
        let detail = detail.strip_prefix(&format!("{}: ", view.name));
        detail.map(str::to_owned)
    };
    let why = match (gap, warning) {
        (Some(gap), _) => bare(&gap.detail).unwrap_or_else(|| gap.detail.clone()),
        (None, Some(warning)) => bare(warning).unwrap_or_else(|| warning.clone()),
        (None, None) if view.states.is_empty() => "it yields no table".into(),
        (None, None) => "read completely".into(),
    };
    Standing {
        name: view.name.clone(),
        kind: view.kind,
        known,
        why,
        complete_at: attempts
            .and_then(|a| a.complete_at.as_deref())
            .map_or_else(|| "never".into(), words::instant),
        until: until.map_or_else(String::new, |day| words::day(&day)),
        outcome: attempts.map_or_else(String::new, |a| a.last.outcome.clone()),
        ended_at: attempts.map_or_else(String::new, |a| words::instant(&a.last.ended_at)),
        failures: attempts.map_or(0, |a| a.failures),
        due,
        state,
    }
}

#[derive(Template)]
#[template(path = "sources.html")]
struct ListPage {
    frame: Frame,
    headline: String,
    lines: Vec<Standing>,
    /// Sources that were read once and are not configured any more.
    former: Vec<String>,
    drawing: String,
    taking: Option<Taking>,
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let mut lines = standings(visit, &now);
    lines.sort_by_key(|l| l.known);
    let known = lines.iter().filter(|l| l.known).count();
    let headline = match (known, lines.len()) {
        (_, 0) => "No source is read yet".into(),
        (1, 1) => "The one source is known".into(),
        (known, all) if known == all => format!("All {all} sources are known"),
        (known, all) => format!("{known} of {all} sources are known"),
    };
    let mut frame = Frame::of(visit, "/sources");
    if lines.iter().any(|l| l.state != State::Idle) {
        frame.again = Some(AGAIN);
    }
    let former = now
        .attempts
        .keys()
        .filter(|name| !now.sources.iter().any(|s| s.name == **name))
        .cloned()
        .collect();
    let page = ListPage {
        taking: taking(&visit.app, &now, visit.who()?),
        drawing: draw::ages(
            "ages",
            "Age of each source’s last complete reading",
            &ages(&now),
        ),
        frame,
        headline,
        lines,
        former,
    };
    Ok(Reply::page(page.render()?))
}

/// What the last run said about itself.
#[derive(Default)]
struct Said {
    gaps: Vec<Gap>,
    problems: Vec<Problem>,
    more: u64,
}

/// Rows of one table over the last runs, newest first.
struct Counted {
    table: String,
    rows: Vec<String>,
}

#[derive(Template)]
#[template(path = "source.html")]
struct SourcePage {
    frame: Frame,
    name: String,
    /// How it stands; `None` where it is not configured any more.
    standing: Option<Standing>,
    /// The file being read, for those who may see personal data.
    part: Option<String>,
    summary: &'static str,
    settings: Vec<(String, String)>,
    runs: Vec<Row>,
    counted: Vec<Counted>,
    said: Said,
    /// Whether details may be shown, which may name people.
    open: bool,
    drawing: String,
    tried: Option<Tried>,
}

fn one(visit: &Visit) -> Answer {
    show(visit, None)
}

fn show(visit: &Visit, tried: Option<Tried>) -> Answer {
    let now = visit.app.snapshot()?;
    let name = visit.parameter("name").to_owned();
    let standing = standings(visit, &now).into_iter().find(|s| s.name == name);
    if standing.is_none() && !now.attempts.contains_key(&name) {
        return Err(Trouble::missing("There is no source of this name."));
    }
    let open = visit.who()?.may(Right::ReadPersonal);
    let source = configured(&now, &name);
    let (runs, counts) = visit.app.readers.ask(&now, {
        let name = name.clone();
        move |estate| {
            let runs = rows(
                estate,
                "select entry_number, outcome, started_at, ended_at, parts, \"rows\" as facts, problems
                 from collection where source_name = ?1 order by entry_number desc limit ?2",
                &[text(&name), number(RUNS)],
            )?;
            let most = u32::try_from(COMPARED).unwrap_or(u32::MAX);
            Ok((runs, estate.counts_of_runs(&name, most)?))
        }
    })?;
    let mut frame = Frame::of(visit, "/sources");
    let state = standing.as_ref().map(|s| s.state.clone());
    let part = match state {
        None | Some(State::Idle) => None,
        Some(state) => {
            frame.again = Some(AGAIN);
            match state {
                State::Running { part, .. } if open => part,
                _ => None,
            }
        }
    };
    let page = SourcePage {
        frame,
        part,
        summary: source.map_or("", |s| s.collector.about().summary),
        settings: source.map_or_else(Vec::new, settings),
        counted: counted(&runs, &counts),
        said: said(&now, &name, open)?,
        runs,
        standing,
        open,
        drawing: by_table(&now, &name),
        tried,
        name,
    };
    Ok(Reply::page(page.render()?))
}

/// Days since an instant, as of today.
fn days_since(now: &Snapshot, instant: &str) -> Option<u32> {
    let day = date(instant.parse().ok()?);
    let days = now.day().since(day).ok()?.get_days();
    Some(u32::try_from(days).unwrap_or(0))
}

/// How old each source's evidence is, the oldest first.
fn ages(now: &Snapshot) -> Vec<Age> {
    let mut ages: Vec<Age> = now
        .home
        .config
        .sources
        .iter()
        .map(|source| {
            let name = source.settings.source.as_str();
            let at = now
                .attempts
                .get(name)
                .and_then(|a| a.complete_at.as_deref());
            Age {
                name: name.to_owned(),
                href: Some(format!("/sources/{}", words::url(name))),
                days: at.and_then(|at| days_since(now, at)),
                fresh_for: u32::try_from(source.fresh_for_days).unwrap_or(0),
            }
        })
        .collect();
    ages.sort_by_key(|age| std::cmp::Reverse(age.days.unwrap_or(u32::MAX)));
    ages
}

/// How old the evidence of each table of one source is; nothing where it tells of one table only.
fn by_table(now: &Snapshot, name: &str) -> String {
    let view = now.sources.iter().find(|s| s.name == name);
    let (Some(view), Some(source)) = (view, configured(now, name)) else {
        return String::new();
    };
    if view.states.len() < 2 {
        return String::new();
    }
    let ages: Vec<Age> = view
        .states
        .iter()
        .map(|(table, state)| Age {
            name: (*table).to_owned(),
            href: None,
            days: state
                .collected_at
                .as_deref()
                .and_then(|at| days_since(now, at)),
            fresh_for: u32::try_from(source.fresh_for_days).unwrap_or(0),
        })
        .collect();
    draw::ages("ages", "Age of what it told, table by table", &ages)
}

fn configured<'s>(now: &'s Snapshot, name: &str) -> Option<&'s Source> {
    let sources = &now.home.config.sources;
    sources.iter().find(|s| s.settings.source == name)
}

/// The settings in force, the usual ones too.
fn settings(source: &Source) -> Vec<(String, String)> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let every = match source.every_hours {
        0 => "only when somebody asks for it".into(),
        hours => format!("every {}", crate::text::count(hours.unsigned_abs(), "hour")),
    };
    let fresh = crate::text::count(source.fresh_for_days.unsigned_abs(), "day");
    let mut all = vec![
        pair("kind", source.collector.about().kind.into()),
        pair("path", source.settings.path.display().to_string()),
        pair("relied upon for", fresh),
        pair("read", every),
        pair("tables", source.tables().join(", ")),
    ];
    for (name, value) in source.settings.values.iter().filter(|(_, v)| !v.is_empty()) {
        all.push(pair(name, value.clone()));
    }
    for (column, heading) in &source.settings.columns {
        all.push(pair(&format!("column {column}"), heading.clone()));
    }
    all
}

fn counted(runs: &[Row], counts: &BTreeMap<(u64, String), u64>) -> Vec<Counted> {
    let newest: Vec<u64> = runs
        .iter()
        .take(COMPARED)
        .map(|r| r.number("entry_number"))
        .collect();
    let mut tables: Vec<&str> = counts.keys().map(|(_, table)| table.as_str()).collect();
    tables.sort_unstable();
    tables.dedup();
    let of = |table: &str, entry: u64| {
        let found = counts.get(&(entry, table.to_owned()));
        found.map_or_else(String::new, |n| crate::text::number(*n))
    };
    tables
        .into_iter()
        .map(|table| Counted {
            table: table.to_owned(),
            rows: newest.iter().map(|entry| of(table, *entry)).collect(),
        })
        .collect()
}

/// Gaps and places not understood of the last run; their details only for those who may see them.
fn said(now: &Arc<Snapshot>, name: &str, open: bool) -> Result<Said, Trouble> {
    let (Some(attempts), true) = (now.attempts.get(name), open) else {
        return Ok(Said::default());
    };
    let entry = attempts.last.entry;
    let Some(entry) = now.home.vault.entries(entry..entry + 1)?.next() else {
        return Ok(Said::default());
    };
    let mut manifest = project::manifest(&now.home.vault, &entry?.body)?;
    manifest.problems.truncate(PROBLEMS);
    let shown = manifest.problems.len() as u64;
    Ok(Said {
        more: attempts.last.problems.saturating_sub(shown),
        gaps: manifest.gaps,
        problems: manifest.problems,
    })
}

/// Asks for a source to be read. What comes of it is an entry of its own.
fn read_now(visit: &Visit) -> Answer {
    let name = visit.parameter("name");
    let home = visit.app.home();
    visit
        .app
        .schedule
        .run_now(&home, name, &visit.who()?.member)?;
    Ok(Reply::see(format!("/sources/{}", words::url(name))))
}

/// Tries a source out, keeping nothing.
fn try_out(visit: &Visit) -> Answer {
    let tried = trial::try_out(visit, visit.parameter("name"))?;
    show(visit, Some(tried))
}

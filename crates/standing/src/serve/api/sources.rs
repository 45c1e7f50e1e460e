//! Sources: how they stand, their runs, their kinds, running and adding them.

use standing_collectors::Collector;

use super::doc::{Doc, of};
use super::forms::{
    Asked, NewSource, Nothing, Run, Setting, Source, SourceKind, SourceWhole, Trial, TrialGap,
    TrialProblem,
};
use super::paging::{AFTER, LIMIT, Part};
use super::types::Page;
use crate::commands;
use crate::serve::app::App;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::schedule::State;
use crate::serve::snapshot::{Snapshot, SourceView};
use crate::serve::trial;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Runs that are told.
const RUNS: usize = 100;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/sources", Access::With(Right::Read), all).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("The sources and how they stand", of::<Page<Source>>)
    }),
    Route::get("/api/v1/sources/{name}", Access::With(Right::Read), one).described(&Doc::get(
        "One source with its gaps and runs",
        of::<SourceWhole>,
    )),
    Route::json(
        "POST",
        "/api/v1/sources/{name}/runs",
        Access::With(Right::Collect),
        run,
    )
    .described(&Doc {
        about: "Returns at once: the run's entry comes into the log when it is over.",
        status: 202,
        once: false,
        answer: of::<Asked>,
        ..Doc::act("Read a source now", of::<Nothing>)
    }),
    Route::json(
        "POST",
        "/api/v1/sources",
        Access::With(Right::Configure),
        add,
    )
    .described(&Doc {
        about: "It is written to standing.toml, whose comments and order stay.",
        ..Doc::act("Add a source", of::<NewSource>)
    }),
    Route::json(
        "PUT",
        "/api/v1/sources/{name}",
        Access::With(Right::Configure),
        change,
    )
    .described(&Doc {
        about: "The name in the body is the one in the path; the kind stays as it is.",
        ..Doc::act("Give a source other settings", of::<NewSource>)
    }),
    Route::json(
        "POST",
        "/api/v1/sources/{name}/trials",
        Access::With(Right::Collect),
        try_out,
    )
    .described(&Doc {
        about: "It is read as a run would, and nothing is kept. 503 while another is tried out.",
        status: 200,
        once: false,
        answer: of::<Trial>,
        ..Doc::act("Try a source out", of::<Nothing>)
    }),
    Route::delete(
        "/api/v1/sources/{name}",
        Access::With(Right::Configure),
        remove,
    )
    .described(&Doc {
        about: "What it told stays in the vault; it is not read any more, and what rests on it is no \
            longer known.",
        ..Doc::end("Take a source out")
    }),
    Route::get("/api/v1/source-kinds", Access::With(Right::Read), kinds).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get(
            "The kinds of source, how to make their exports, their settings",
            of::<Page<SourceKind>>,
        )
    }),
    Route::get(
        "/api/v1/source-kinds/{kind}",
        Access::With(Right::Read),
        kind,
    )
    .described(&Doc::get("One kind of source", of::<SourceKind>)),
];

fn told(app: &App, now: &Snapshot, view: &SourceView) -> Option<Source> {
    let configured = now.home.config.sources.iter();
    let source = configured
        .clone()
        .find(|s| s.settings.source == view.name)?;
    let mut gaps: Vec<String> = view
        .states
        .iter()
        .filter_map(|(_, s)| Some(s.gap.as_ref()?.detail.clone()))
        .collect();
    gaps.dedup();
    let mut warnings: Vec<String> = view
        .states
        .iter()
        .filter_map(|(_, s)| s.warning.clone())
        .collect();
    warnings.dedup();
    Some(Source {
        name: view.name.clone(),
        kind: view.kind.to_owned(),
        tables: source.tables().into_iter().map(str::to_owned).collect(),
        known: gaps.is_empty() && !view.states.is_empty(),
        gaps,
        warnings,
        fresh_until: view.states.iter().filter_map(|(_, s)| s.fresh_until).min(),
        fresh_for_days: source.fresh_for_days,
        every_hours: source.every_hours,
        state: word(&app.schedule.state(&view.name)),
    })
}

pub(super) fn word(state: &State) -> &'static str {
    match state {
        State::Idle => "idle",
        State::Waiting => "waiting",
        State::Running { .. } => "running",
    }
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let sources = now.sources.iter().filter_map(|s| told(&visit.app, &now, s));
    let mut sources: Vec<Source> = sources.collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply::json(
        &Part::of(visit)?.take(sources, |s| s.name.clone()),
    ))
}

fn one(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = visit.parameter("name");
    let source = now.sources.iter().find(|s| s.name == name);
    let source = source
        .and_then(|s| told(&visit.app, &now, s))
        .ok_or_else(|| Trouble::missing(format!("No source {name:?} is configured.")))?;
    let runs = visit.app.index()?.runs(name, RUNS)?;
    let runs = runs.into_iter().map(|run| Run {
        entry: run.entry,
        outcome: run.outcome,
        started_at: run.started_at,
        ended_at: run.ended_at,
        parts: run.parts,
        rows: run.rows,
        problems: run.problems,
    });
    Ok(Reply::json(&SourceWhole {
        source,
        runs: runs.collect(),
    }))
}

fn run(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    let name = visit.parameter("name");
    let member = &visit.who()?.member;
    let state = visit
        .app
        .schedule
        .run_now(&visit.app.home(), name, member)?;
    Ok(Reply::json(&Asked {
        source: name.to_owned(),
        state: word(&state),
    })
    .status(202))
}

fn wanted(new: NewSource) -> commands::NewSource {
    commands::NewSource {
        name: new.name,
        kind: new.kind,
        path: new.path,
        fresh_for_days: new.fresh_for_days,
        every_hours: new.every_hours,
        settings: new.settings,
        columns: new.columns,
    }
}

fn add(visit: &Visit) -> Answer {
    let new = wanted(visit.json()?);
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        commands::add_source(home, index, by, &new)
    })?;
    Ok(super::kept(acted))
}

/// The source in the path is configured.
fn there(visit: &Visit) -> Result<&str, Trouble> {
    let name = visit.parameter("name");
    let home = visit.app.home();
    let mut sources = home.config.sources.iter();
    if sources.any(|s| s.settings.source == name) {
        return Ok(name);
    }
    Err(Trouble::missing(format!(
        "No source {name:?} is configured."
    )))
}

fn change(visit: &Visit) -> Answer {
    let new = wanted(visit.json()?);
    let name = there(visit)?;
    if new.name != name {
        return Err(Trouble::unusable(format!(
            "name={:?}: expected {name:?}, as in the path",
            new.name
        )));
    }
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        commands::change_source(home, index, by, &new)
    })?;
    Ok(super::kept(acted))
}

fn try_out(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    let tried = trial::try_out(visit, visit.parameter("name"))?;
    let gaps = tried.gaps.into_iter().map(|gap| TrialGap {
        table: gap.table,
        code: gap.code.as_str(),
        detail: gap.detail,
    });
    let problems = tried.problems.into_iter().map(|problem| TrialProblem {
        part: problem.part,
        line: problem.line,
        column: problem.column,
        message: problem.message,
        lost: problem.lost,
    });
    Ok(Reply::json(&Trial {
        sentence: tried.sentence,
        outcome: tried.outcome.as_str(),
        rows: tried.counts.into_iter().collect(),
        gaps: gaps.collect(),
        problems: problems.collect(),
        more_problems: tried.more,
    }))
}

fn remove(visit: &Visit) -> Answer {
    let name = visit.parameter("name");
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        // A request that is repeated finds its source gone, and its entry there.
        there(visit)?;
        commands::remove_source(home, index, by, name).map_err(Trouble::from)
    })?;
    Ok(super::ended(acted))
}

fn described(collector: &&'static dyn Collector) -> SourceKind {
    let about = collector.about();
    let settings = about.settings.iter().map(|s| Setting {
        name: s.name,
        meaning: s.meaning,
        default: Some(s.default).filter(|d| !d.is_empty()),
        required: s.required,
    });
    SourceKind {
        kind: about.kind,
        summary: about.summary,
        how: about.how,
        tables: about.tables.to_vec(),
        settings: settings.collect(),
    }
}

fn kinds(visit: &Visit) -> Answer {
    let mut kinds: Vec<SourceKind> = standing_collectors::ALL.iter().map(described).collect();
    kinds.sort_by_key(|k| k.kind);
    Ok(Reply::json(
        &Part::of(visit)?.take(kinds, |k| k.kind.to_owned()),
    ))
}

fn kind(visit: &Visit) -> Answer {
    let name = visit.parameter("kind");
    let found = standing_collectors::by_kind(name);
    let found = found.ok_or_else(|| Trouble::missing(format!("There is no kind {name:?}.")))?;
    Ok(Reply::json(&described(&found)))
}

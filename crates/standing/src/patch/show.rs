//! `standing patch show` and `standing patch vulnerability`: how a finding came to be, and where else it
//! is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use serde_json::{Value, json};
use standing_assess::Estate;
use standing_assess::clocks::{Clock, bound_word, level_of, source_word, state_word, verdict_of};
use standing_patching::Reading;
use standing_patching::clock::{FixDay, Saw};

use super::command::Show;
use super::{BUDGET, Line, Of, RULES, gaps, known, lines, long};
use crate::cli::{Format, When};
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::text::{self, Style, count, plain};

/// Runs `standing patch show`. Exit code 0 if something is known of it, 1 if nothing is, 2 if that is not
/// completely known.
///
/// # Errors
/// When it could not tell.
pub fn show(home: &Home, shown: &Show, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, &shown.when)?;
    let estate = terms.estate(&mut index)?;
    let mut clocks = estate.clocks(&shown.asset, &shown.component)?;
    if let Some(wanted) = &shown.vulnerability {
        clocks.retain(|clock| is_called(clock, wanted));
    }
    let gaps = match clocks.is_empty() {
        true => {
            is_installed(&estate, shown)?;
            gaps(&estate)
        }
        false => Vec::new(),
    };
    match format {
        Format::Json => {
            let all: Vec<Value> = clocks.iter().map(as_json).collect();
            say!(
                "{:#}",
                json!({"as_of": terms.as_of.date, "gaps": gaps, "timelines": all})
            );
        }
        Format::Text if clocks.is_empty() => {
            put!(
                "No vulnerability is known of {} on {}.\n",
                shown.component,
                shown.asset
            );
            for gap in &gaps {
                put!("  ? {}\n", Style::stdout().fold(4, &plain(gap)));
            }
        }
        Format::Text => {
            let style = Style::stdout();
            for clock in &clocks {
                put!("{}\n", timeline(clock, style));
            }
            put!("{}\n", style.faint(&style.fold(0, RULES)));
        }
    }
    Ok(match (clocks.is_empty(), gaps.is_empty()) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    })
}

/// Nothing known of a package that nobody saw is no good news.
fn is_installed(estate: &Estate<'_>, shown: &Show) -> Result<(), Failure> {
    known(
        estate,
        &Of {
            asset: Some(shown.asset.clone()),
            ..Of::default()
        },
    )?;
    let asked = [&shown.asset, &shown.component].map(|name| Sql::Text(name.clone()));
    let found = estate
        .query_with(
            "select 1 from component where asset = ?1 and name = ?2 limit 1",
            &asked,
            BUDGET,
        )
        .map_err(Failure::integrity)?;
    if found.rows.is_empty() {
        let what = format!(
            "no package {:?} is known on {}",
            shown.component, shown.asset
        );
        return Err(Failure::usage(what).hint(format!(
            "`standing query \"select name from component where asset = '{}'\"` lists them",
            shown.asset
        )));
    }
    Ok(())
}

/// Whether a clock is about the vulnerability of this name.
pub(crate) fn is_called(clock: &Clock, name: &str) -> bool {
    let mut names = clock.names.iter().chain([&clock.vulnerability]);
    names.any(|known| known.eq_ignore_ascii_case(name))
}

/// One date of a timeline: when, what, and who says so.
pub(crate) struct Dated {
    pub(crate) on: String,
    pub(crate) what: String,
    pub(crate) by: String,
}

/// Every date that is known, in order.
pub(crate) fn dates(clock: &Clock) -> Vec<Dated> {
    let mut dates: Vec<Dated> = Vec::new();
    let mut add = |on: jiff::civil::Date, what: String, by: String| {
        dates.push(Dated {
            on: on.to_string(),
            what,
            by,
        });
    };
    if let Some(on) = clock.published {
        add(on, "vulnerability published".into(), "advisories".into());
    }
    let chosen = match clock.timeline.fix {
        FixDay::Released(chosen) => Some(chosen.candidate),
        FixDay::Announced(_) | FixDay::None => None,
    };
    for (i, candidate) in clock.case.candidates.iter().enumerate() {
        let counts = if chosen == Some(i) {
            "; this one counts"
        } else {
            ""
        };
        let had = if candidate.installable {
            ""
        } else {
            ", not yet to be had"
        };
        let what = format!(
            "fix released ({} date{had}{counts})",
            bound_word(candidate.bound)
        );
        let written = match candidate.text == candidate.day.to_string() {
            true => String::new(),
            false => format!(", written {}", candidate.text),
        };
        let mut by = format!(
            "{} {}{written}",
            source_word(candidate.source),
            candidate.name
        );
        if let Some((reason, evidence)) = &candidate.grounds {
            let _ = write!(by, ": {reason}; evidence {evidence}");
        }
        add(candidate.day, what, by);
    }
    if let Some(on) = clock.case.listed {
        add(on, "listed as exploited".into(), "CISA".into());
    }
    if let Some(on) = clock.listed_due {
        let what = "to be mended by then, as the list itself has it; not taken over";
        add(on, what.into(), "CISA".into());
    }
    for event in &clock.case.events {
        let what = match &event.saw {
            Saw::Vulnerable(version) => format!("seen here, version {version}"),
            Saw::NotRunning(version) => format!("{version} still runs, a later one is installed"),
            Saw::Mended(version) => format!("seen mended, version {version}"),
            Saw::Installed(version) => format!("version {version} installed, by the log"),
            Saw::Absent => "no longer there, in a look at everything".into(),
            Saw::AbsentFromPart => "no word of it, in a look at some things".into(),
            Saw::Evidence(what) => format!("done: {what}"),
            Saw::Decommissioned(what) => format!("asset taken out of use: {what}"),
        };
        add(event.on, what, event.source.clone());
    }
    dates.sort_by(|a, b| a.on.cmp(&b.on));
    dates.dedup_by(|a, b| a.on == b.on && a.what == b.what && a.by == b.by);
    dates
}

/// What each policy makes of it: its name and a sentence.
pub(crate) fn outcomes(clock: &Clock) -> Vec<(String, &'static str, String)> {
    let mut told = Vec::new();
    for outcome in &clock.timeline.outcomes {
        let Some((verdict, days)) = verdict_of(clock, outcome) else {
            continue;
        };
        let mut sentence = verdict.to_owned();
        if let Some(due) = outcome.due.filter(|_| verdict != "not covered") {
            let _ = write!(sentence, ", due {}", text::day(due));
        }
        if let Some(days) = days {
            let which = if verdict == "open" { "left" } else { "over" };
            let days = count(u64::from(days.unsigned_abs()), "day");
            let _ = write!(sentence, ", {days} {which}");
        }
        if let Some(knowable) = outcome.knowable.filter(|_| verdict != "not covered") {
            let day = text::day(knowable);
            let _ = write!(
                sentence,
                "; counted from when it could be known here, due {day}"
            );
        }
        let grade = clock.grade_words(outcome.reads);
        if grade != clock.grade_words(Reading::default()) {
            let _ = write!(sentence, "; by this policy {grade}");
        }
        if !outcome.refused.is_empty() {
            sentence.push_str("; an exception was recorded that this policy does not admit");
        }
        told.push((outcome.policy.clone(), verdict, sentence));
    }
    told
}

/// Under which names it went before, if it did.
pub(crate) fn formerly(clock: &Clock) -> Option<String> {
    let told = [
        ("in the package", &clock.former),
        ("on the asset", &clock.former_assets),
    ];
    let told = told.iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<String> = told
        .map(|(what, names)| format!("{what} {}", names.join(", ")))
        .collect();
    (!told.is_empty()).then(|| format!("Before that {}.", told.join(" and ")))
}

fn timeline(clock: &Clock, style: Style) -> String {
    let title = format!(
        "{} in {} on {}",
        clock.vulnerability, clock.component, clock.asset
    );
    let mut text = format!("{}\n", style.strong(&plain(&title)));
    if let Some(summary) = &clock.summary {
        let _ = writeln!(text, "  {}", style.fold(2, &plain(summary)));
    }
    let names: Vec<&str> = clock.names.iter().map(String::as_str).collect();
    let _ = writeln!(text, "  also {}", style.fold(2, &plain(&names.join(", "))));
    if let Some(former) = formerly(clock) {
        let _ = writeln!(text, "  {}", style.fold(2, &plain(&former)));
    }
    let fixed = clock.fixed.as_deref().unwrap_or("none known");
    let state = state_word(clock.timeline.state);
    let _ = writeln!(
        text,
        "  version {}, fixed in {fixed}, {state}",
        plain(&clock.version)
    );
    let _ = writeln!(text, "  {}", plain(&clock.grade_words(Reading::default())));
    for rating in &clock.severity.ratings {
        let line = format!("    {} says {}", rating.name, rating.text);
        let _ = writeln!(text, "{}", style.faint(&plain(&line)));
    }
    if let Some(epss) = clock.epss {
        let _ = writeln!(text, "  EPSS {}.{:02} %", epss / 100, epss % 100);
    }
    let rows: Vec<Vec<String>> = dates(clock)
        .into_iter()
        .map(|dated| {
            vec![
                format!("  {}", dated.on),
                plain(&dated.what),
                plain(&dated.by),
            ]
        })
        .collect();
    text.push_str(&text::table(&rows));
    for (policy, _, sentence) in outcomes(clock) {
        let _ = writeln!(text, "  {}: {sentence}", style.strong(&policy));
    }
    text
}

fn as_json(clock: &Clock) -> Value {
    let dates: Vec<Value> = dates(clock)
        .into_iter()
        .map(|dated| json!({"on": dated.on, "what": dated.what, "by": dated.by}))
        .collect();
    let outcomes: Vec<Value> = clock
        .timeline
        .outcomes
        .iter()
        .filter_map(|outcome| {
            let (verdict, days) = verdict_of(clock, outcome)?;
            Some(
                json!({"policy": outcome.policy, "verdict": verdict, "days": days,
                "due_on": outcome.due, "knowable_due_on": outcome.knowable,
                "revision_from": outcome.revision, "refused_exceptions": outcome.refused.len()}),
            )
        })
        .collect();
    let ratings: Vec<Value> = clock
        .severity
        .ratings
        .iter()
        .map(|rating| json!({"by": rating.name, "text": rating.text, "tenths": rating.tenths}))
        .collect();
    json!({
        "asset": clock.asset, "ecosystem": clock.ecosystem, "component": clock.component, "former_components": clock.former, "former_assets": clock.former_assets,
        "vulnerability": clock.vulnerability, "names": clock.names, "summary": clock.summary,
        "version": clock.version, "fixed": clock.fixed, "state": state_word(clock.timeline.state),
        "severity": level_of(&clock.severity), "grade": clock.grade_words(Reading::default()),
        "ratings": ratings, "epss_hundredths_of_per_cent": clock.epss,
        "exploited_on": clock.case.listed, "first_seen_on": clock.timeline.first_seen,
        "reopened": clock.timeline.reopened, "dates": dates, "policies": outcomes,
    })
}

/// Where one vulnerability is, and of how many assets that is known.
pub(crate) struct Across {
    pub(crate) lines: Vec<Line>,
    /// Assets whose components are known.
    pub(crate) looked_at: u64,
    /// Of these, how many hold one of the components it is in, at any version.
    pub(crate) with_component: u64,
}

/// Looks for one vulnerability everywhere.
pub(crate) fn find(estate: &Estate<'_>, name: &str) -> Result<Across, Failure> {
    let lines = lines(estate, &Of::default(), Some(name))?;
    let components: BTreeSet<&str> = lines.iter().map(|line| line.component.as_str()).collect();
    let names = json!(components).to_string();
    let counted = estate
        .query_with(
            // What only a scanner told of is no component, and its asset is known all the same.
            "select (select count(*) from (select lower(asset) from component
                     union select lower(asset) from patch_clock)),
               (select count(*) from (select lower(component.asset) from json_each(?1) as name
                     join component on component.name = name.value
                     union select lower(patch_clock.asset) from json_each(?1) as name
                     join patch_clock on patch_clock.component = name.value))",
            &[Sql::Text(names)],
            BUDGET,
        )
        .map_err(Failure::integrity)?;
    let number = |at: usize| match counted.rows.first().and_then(|row| row.get(at)) {
        Some(Sql::Integer(n)) => n.unsigned_abs(),
        _ => 0,
    };
    Ok(Across {
        looked_at: number(0),
        with_component: number(1),
        lines,
    })
}

impl Across {
    /// `Open on 3 of 12 assets whose software is known; 5 of them hold what it is in.`
    pub(crate) fn words(&self) -> String {
        let open: BTreeSet<String> = self
            .lines
            .iter()
            .filter(|line| line.is_open())
            .map(|line| line.asset.to_lowercase())
            .collect();
        format!(
            "Open on {} of {} whose software is known; {} hold what it is in, at any version.",
            text::number(open.len() as u64),
            count(self.looked_at, "asset"),
            text::number(self.with_component)
        )
    }
}

/// Runs `standing patch vulnerability`. Exit code 0 if it is open nowhere, 1 if it is, 2 if that is not
/// known.
///
/// # Errors
/// When it could not tell.
pub fn across(home: &Home, name: &str, when: &When, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    let (across, mut gaps) = (find(&estate, name)?, gaps(&estate));
    if across.lines.is_empty() && !estate.is_named(name)? {
        gaps.insert(0, format!("no advisory that is held names {name}"));
    }
    let open = across.lines.iter().filter(|line| line.is_open()).count();
    match format {
        Format::Json => say!(
            "{:#}",
            json!({"as_of": terms.as_of.date, "vulnerability": name, "gaps": gaps,
                "assets_looked_at": across.looked_at, "assets_with_component": across.with_component,
                "clocks": across.lines})
        ),
        Format::Text => {
            let style = Style::stdout();
            put!(
                "{}\n{}\n",
                style.strong(&plain(name)),
                style.fold(0, &across.words())
            );
            for gap in &gaps {
                put!("  ? {}\n", style.fold(4, &plain(gap)));
            }
            let rows = across.lines.iter().map(|line| {
                let version = line.version.clone().unwrap_or_default();
                let state = format!("{}, {}", line.state, line.deadline());
                vec![
                    format!("  {}", plain(&line.asset)),
                    format!("{} {}", plain(&line.component), plain(&version)),
                    state,
                ]
            });
            put!("{}", text::table(&rows.collect::<Vec<_>>()));
            if let Some(on) = across.lines.iter().find_map(|l| l.exploited_on.as_deref()) {
                put!("Listed by CISA as exploited on {}.\n", long(on));
            }
        }
    }
    Ok(match (open, gaps.is_empty()) {
        (1.., _) => 1,
        (0, false) => 2,
        (0, true) => 0,
    })
}

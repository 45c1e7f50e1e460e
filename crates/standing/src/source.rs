//! `standing source`: what is read, adding to it, and trying it out.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use standing_assess::{AsOf, Estate, Freshness};
use standing_facts::Outcome;

use crate::cli::{Format, SourceCommand};
use crate::collect::chosen;
use crate::commands::{self, NewSource};
use crate::config::{FILE, nearest};
use crate::failure::{Failure, Sort};
use crate::home::{By, Home};
use crate::text::{Style, count, day, table};

mod trial;

pub use trial::{sentence, trial};

/// Runs `standing source …`.
///
/// # Errors
/// When the configuration or a source is not as it should be.
pub fn source(folder: &Path, command: &SourceCommand, format: Format) -> Result<u8, Failure> {
    match command {
        SourceCommand::List => list(&Home::open(folder)?, format),
        SourceCommand::Kinds { kind } => kinds(kind.as_deref()),
        SourceCommand::Add {
            name,
            kind,
            path,
            fresh_for_days,
            set,
            column,
        } => {
            let new = NewSource {
                name: name.clone(),
                kind: kind.clone(),
                path: path
                    .as_ref()
                    .map_or_else(String::new, |p| p.display().to_string()),
                fresh_for_days: Some(*fresh_for_days),
                every_hours: None,
                settings: parted(set)?,
                columns: parted(column)?,
            };
            add(folder, &new)
        }
        SourceCommand::Test { name } => test(folder, name),
    }
}

fn list(home: &Home, format: Format) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let as_of = AsOf::at(Timestamp::now());
    index.suppose_configured(&crate::collect::configured(home))?;
    let estate = Estate::new(&mut index, as_of, Freshness::Measured, &[])?;
    let style = Style::stdout();
    let mut rows = Vec::new();
    let mut objects = Vec::new();
    for source in &home.config.sources {
        let name = source.settings.source.as_str();
        let states: Vec<_> = source
            .tables()
            .into_iter()
            .flat_map(|t| estate.sources_of(t))
            .filter(|s| s.source == name)
            .collect();
        let gap = states.iter().find_map(|s| s.gap.as_ref());
        let until = states.iter().filter_map(|s| s.fresh_until).min();
        let known = gap.is_none() && !states.is_empty();
        let warning = states.iter().find_map(|s| s.warning.clone());
        let how = match (gap, until) {
            (None, Some(_)) if warning.is_some() => warning.clone().unwrap_or_default(),
            (Some(gap), _) => gap
                .detail
                .trim_start_matches(&format!("{name}: "))
                .to_owned(),
            (None, Some(until)) => format!("read completely, relied upon until {}", day(until)),
            (None, None) => "never read; run `standing collect`".into(),
        };
        objects.push(json!({
            "name": name,
            "kind": source.collector.about().kind,
            "tables": source.tables(),
            "known": known,
            "gap": gap,
            "fresh_until": until,
            "warning": warning,
        }));
        rows.push(vec![
            style.shape(if known {
                standing_assess::check::Verdict::Met
            } else {
                standing_assess::check::Verdict::Unknown
            }),
            name.to_owned(),
            source.collector.about().kind.to_owned(),
            how,
        ]);
    }
    match format {
        Format::Json => say!("{:#}", json!(objects)),
        Format::Text if rows.is_empty() => {
            say!("No source yet. `standing source kinds` lists what can be read.");
        }
        Format::Text => put!("{}", table(&rows)),
    }
    Ok(0)
}

/// Runs `standing source kinds`, which needs no home.
///
/// # Errors
/// When there is no such kind.
pub fn kinds(only: Option<&str>) -> Result<u8, Failure> {
    let style = Style::stdout();
    let all: Vec<&str> = standing_collectors::ALL
        .iter()
        .map(|c| c.about().kind)
        .collect();
    let Some(only) = only else {
        let rows: Vec<Vec<String>> = standing_collectors::ALL
            .iter()
            .map(|c| vec![c.about().kind.to_owned(), c.about().summary.to_owned()])
            .collect();
        put!("{}", table(&rows));
        say!("\n`standing source kinds KIND` tells how to make the export and what can be set.");
        return Ok(0);
    };
    let Some(collector) = standing_collectors::by_kind(only) else {
        let failure = Failure::usage(format!("no kind of source {only:?}"));
        return Err(match nearest(only, &all) {
            Some(near) => failure.hint(format!("did you mean {near:?}?")),
            None => failure.hint(format!("known are {}", all.join(", "))),
        });
    };
    let about = collector.about();
    say!(
        "{}\n  {}\n",
        style.strong(about.kind),
        style.fold(2, about.summary)
    );
    say!(
        "{}\n  {}\n",
        style.strong("How to make the export"),
        style.fold(2, about.how)
    );
    say!(
        "{}\n  {}\n",
        style.strong("Tables"),
        about.tables.join(", ")
    );
    say!("{}", style.strong("Settings"));
    say!("  path  File or folder, relative to the folder of {FILE} (required)");
    say!("  fresh_for_days  Days for which a complete reading is relied upon [default: 31]");
    for setting in about.settings {
        let default = match (setting.required, setting.default) {
            (true, _) => " (required)".to_owned(),
            (false, "") => String::new(),
            (false, default) => format!(" [default: {default}]"),
        };
        say!(
            "  {}  {}{default}",
            setting.name,
            style.fold(4, setting.meaning)
        );
    }
    Ok(0)
}

fn parted(words: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let each = words.iter().map(|word| {
        word.split_once('=')
            .map(|(a, b)| (a.trim().to_owned(), b.trim().to_owned()))
            .ok_or_else(|| Failure::usage(format!("{word:?}: expected name=value")))
    });
    each.collect()
}

/// Adds a source after trying that the file is then still valid.
fn add(folder: &Path, new: &NewSource) -> Result<u8, Failure> {
    let home = Home::open(folder)?;
    let index = home.index()?;
    let entry = commands::add_source(&home, &index, By::KEYBOARD, new)?;
    let name = &new.name;
    say!("entry {entry}: [source.{name}] added to {FILE}");
    say!("Next: `standing source test {name}`, then `standing collect {name}`.");
    Ok(0)
}

/// Reads a source without keeping anything, and says in one sentence what is missing.
fn test(folder: &Path, name: &str) -> Result<u8, Failure> {
    let home = Home::open(folder)?;
    let source = chosen(&home, &[name.to_owned()])?[0];
    let done = trial(&home, source)?;
    say!("{}", sentence(name, &done));
    for (table, n) in &done.counts {
        say!("  {table}: {}", count(*n, "row"));
    }
    for gap in &done.gaps {
        say!("  missing ({}): {}", gap.code, gap.detail);
    }
    for problem in done.problems.iter().take(10) {
        say!("  {problem}");
    }
    if done.problem_count > 10 {
        say!("  … and {}", count(done.problem_count - 10, "more place"));
    }
    match done.outcome {
        Outcome::Complete => Ok(0),
        Outcome::Partial => Ok(1),
        Outcome::Failed => Err(
            Failure::new(Sort::Source, format!("{name} could not be read")).hint(format!(
                "`standing source kinds {}` tells how to make the export",
                source.collector.about().kind
            )),
        ),
    }
}

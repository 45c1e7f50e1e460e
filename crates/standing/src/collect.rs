//! Running sources: bytes to blobs, facts to a blob, one entry that names them all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use standing_assess::Index;
use standing_assess::check::Verdict;
use standing_assess::index::ConfiguredSource;
use standing_collectors::{Kept, Root, Run, run};
use standing_facts::{Outcome, to_line};
use standing_vault::{Entry, Vault};

use crate::cli::{Format, Global};
use crate::config::Source;
use crate::failure::{Failure, Sort};
use crate::home::{By, Home, counts_json, hold};
use crate::progress::Sources;
use crate::project::{self, Manifest, ManifestPart};
use crate::text::{Style, count};

mod keeper;

use keeper::{Facts, VaultKeeper};

/// At most this many blobs are named by one entry; an entry is bounded in length.
const PARTS_AN_ENTRY: usize = 500;

/// What was collected, and what could not be because another run was about it.
#[derive(Debug, Default)]
pub struct Collections {
    /// The sources that were read, by name.
    pub done: Vec<Collected>,
    /// The sources that another process, or another thread of this one, is reading.
    pub busy: Vec<String>,
}

/// One source after its run.
#[derive(Debug)]
pub struct Collected {
    /// The source.
    pub source: String,
    /// What it came to.
    pub run: Run,
    /// The entry that says so.
    pub entry: u64,
}

/// What a run yields before it is written to the log.
struct Prepared {
    run: Run,
    bodies: Vec<(String, Value)>,
}

/// Told of a source's progress: its name and the part being read, or `None` when it is done.
pub type Progress<'a> = &'a (dyn Fn(&str, Option<&str>) + Sync);

/// The sources that `standing.toml` configures.
pub fn configured(home: &Home) -> Vec<ConfiguredSource> {
    home.config
        .sources
        .iter()
        .map(|s| ConfiguredSource {
            name: s.settings.source.clone(),
            kind: s.collector.about().kind.to_owned(),
            tables: s.tables().into_iter().map(str::to_owned).collect(),
            fresh_for_days: s.fresh_for_days,
        })
        .collect()
}

/// Writes the list of configured sources to the vault where it changed.
///
/// # Errors
/// When the vault refuses.
pub fn note_sources(home: &Home, index: &Index, by: By<'_>) -> Result<(), Failure> {
    let now_configured = configured(home);
    if index.configured_sources()? == now_configured {
        return Ok(());
    }
    let list: Vec<Value> = now_configured
        .iter()
        .map(|s| {
            json!({ "name": s.name, "kind": s.kind, "tables": s.tables,
                "fresh_for_days": s.fresh_for_days })
        })
        .collect();
    home.append(index, by, "sources", json!({ "sources": list }))?;
    Ok(())
}

/// Runs the sources, several at once, and writes one entry for each. A source that is being read
/// already is left to whoever reads it.
///
/// # Errors
/// When the vault refuses; a source that fails is an outcome, not an error.
pub fn collect(
    home: &Home,
    by: By<'_>,
    sources: &[&Source],
    accept_fall: bool,
    progress: Progress<'_>,
) -> Result<Collections, Failure> {
    let index = home.index()?;
    note_sources(home, &index, by)?;
    let (mut turns, mut ours, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for source in sources {
        // Held from before its last run is looked up until the entry of this one is written.
        match hold(&home.folder, &format!("source-{}", source.settings.source))? {
            Some(turn) => {
                turns.push(turn);
                ours.push(*source);
            }
            None => busy.push(source.settings.source.clone()),
        }
    }
    project::catch_up(&home.vault, &index)?;
    let sources = ours;
    let mut before = BTreeMap::new();
    for source in &sources {
        let name = source.settings.source.as_str();
        let counts = if accept_fall {
            BTreeMap::new()
        } else {
            index.last_counts(name)?
        };
        before.insert(name, (counts, last_manifest(&home.vault, &index, name)?));
    }
    let workers = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .min(8);
    let queue = std::sync::Mutex::new(sources.iter());
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers.min(sources.len()) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut q| q.next().copied());
                    let Some(source) = next else { break };
                    let name = source.settings.source.as_str();
                    let (counts, manifest) = &before[name];
                    let prepared = prepare(home, source, counts, manifest, progress);
                    progress(name, None);
                    if let Ok(mut done) = done.lock() {
                        done.push((name.to_owned(), prepared));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by(|a, b| a.0.cmp(&b.0));
    let mut collected = Vec::new();
    for (source, prepared) in done {
        let Prepared { run, bodies } = prepared?;
        let entries = home.append_all(&index, by, bodies)?;
        let entry = entries.last().map_or(0, |e: &Entry| e.seq);
        project::catch_up(&home.vault, &index)?;
        collected.push(Collected { source, run, entry });
    }
    drop(turns);
    // A campaign closes on proof, and proof comes by reading.
    crate::review::settle(home, &index, by)?;
    Ok(Collections {
        done: collected,
        busy,
    })
}

/// One run, up to the entries that will tell of it.
fn prepare(
    home: &Home,
    source: &Source,
    before: &BTreeMap<String, u64>,
    manifest: &Manifest,
    progress: Progress<'_>,
) -> Result<Prepared, Failure> {
    let about = source.collector.about();
    let name = &source.settings.source;
    let started = home.now()?;
    let mut keeper = VaultKeeper::new(&home.vault, manifest);
    let mut facts = Facts::new(home.vault.blob_writer()?);
    let run = run(
        source.collector,
        &source.settings,
        &Root::new(&home.folder),
        &mut keeper,
        before,
        &mut |part| progress(name, Some(part)),
        &mut |row| facts.write(&to_line(&row)),
    );
    let facts = match run.outcome {
        Outcome::Failed => None,
        _ => Some(facts.finish(&home.vault, manifest.facts.as_ref())?),
    };
    // The path may name a person, so the log knows the scope only by the name of its blob.
    let scope = match manifest.scope_blob(&source.scope()) {
        Some(blob) => blob,
        None => home
            .vault
            .put_blob(source.scope().as_bytes())?
            .digest
            .reference(),
    };
    let manifest = Manifest {
        scope: source.scope(),
        scope_blob: scope.clone(),
        parts: run.parts.iter().map(part).collect(),
        gaps: run.gaps.clone(),
        problems: run.problems.clone(),
        facts: facts.clone(),
    };
    let text = serde_json::to_vec(&manifest).map_err(Failure::integrity)?;
    let kept = home.vault.put_blob(&text)?;
    let mut blobs: Vec<String> = manifest.parts.iter().map(|p| p.blob.clone()).collect();
    let mut bodies = Vec::new();
    while blobs.len() > PARTS_AN_ENTRY {
        let rest = blobs.split_off(PARTS_AN_ENTRY);
        bodies.push((
            "collection-parts".to_owned(),
            json!({ "source": name, "blobs": blobs }),
        ));
        blobs = rest;
    }
    // The log holds no details of gaps: they may name files, and files may be named after people.
    let gaps: Vec<Value> = run
        .gaps
        .iter()
        .map(|gap| json!({ "table": gap.table, "code": gap.code.as_str() }))
        .collect();
    bodies.push((
        "collection".to_owned(),
        json!({
            "source": name,
            "kind": about.kind,
            "revision": about.revision,
            "scope": scope,
            "started_at": started.to_string(),
            "ended_at": home.now()?.to_string(),
            "outcome": run.outcome.as_str(),
            "parts": run.parts.len(),
            "counts": if run.outcome == Outcome::Failed {
                Value::Object(source.tables().into_iter().map(|t| (t.to_owned(), json!(0))).collect())
            } else {
                counts_json(&run.counts)
            },
            "gaps": gaps,
            "problems": run.problem_count,
            "manifest": kept.digest.reference(),
            "facts": facts.map(|f| f.blob),
            "blobs": blobs,
        }),
    ));
    Ok(Prepared { run, bodies })
}

fn part(kept: &Kept) -> ManifestPart {
    ManifestPart {
        name: kept.name.clone(),
        blob: kept.handle.clone(),
        bytes: kept.bytes,
        sha256: kept.sha256.clone(),
    }
}

/// The manifest of the last run of a source: equal parts are named again, not kept again.
fn last_manifest(vault: &Vault, index: &Index, source: &str) -> Result<Manifest, Failure> {
    let Some(entry) = index.last_run(source)? else {
        return Ok(Manifest::default());
    };
    match vault.entries(entry..entry + 1)?.next() {
        Some(entry) => project::manifest(vault, &entry?.body),
        None => Ok(Manifest::default()),
    }
}

/// The sources of these names, or all of them.
///
/// # Errors
/// When a name is not configured.
pub fn chosen<'a>(home: &'a Home, names: &[String]) -> Result<Vec<&'a Source>, Failure> {
    let all: Vec<&str> = home
        .config
        .sources
        .iter()
        .map(|s| s.settings.source.as_str())
        .collect();
    let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    if let Some(stranger) = wanted.iter().find(|name| !all.contains(name)) {
        let failure = Failure::usage(format!("no source {stranger:?} in standing.toml"));
        return Err(match crate::config::nearest(stranger, &all) {
            Some(near) => failure.hint(format!("did you mean {near:?}?")),
            None => failure.hint(format!("configured are: {}", all.join(", "))),
        });
    }
    Ok(home
        .config
        .sources
        .iter()
        .filter(|s| wanted.is_empty() || wanted.contains(s.settings.source.as_str()))
        .collect())
}

/// Runs `standing collect`. Exit code 0 if every source was read completely, 1 if one was read in
/// part or not at all, 2 if none could be read.
///
/// # Errors
/// When a name is unknown or the vault refuses.
pub fn command(
    home: &Home,
    names: &[String],
    accept_fall: bool,
    format: Format,
    global: &Global,
) -> Result<u8, Failure> {
    let sources = chosen(home, names)?;
    if sources.is_empty() {
        return Err(Failure::configuration("no source is configured")
            .hint("`standing source kinds` lists what can be read"));
    }
    let progress = Sources::new(global.quiet);
    let Collections {
        done: collected,
        busy,
    } = collect(home, By::KEYBOARD, &sources, accept_fall, &|s, p| {
        progress.at(s, p)
    })?;
    match format {
        Format::Json => say!("{:#}", collected_json(&collected)),
        Format::Text => put!(
            "{}",
            collected_text(&collected, global.verbose, Style::stdout())
        ),
    }
    if !busy.is_empty() {
        return Err(being_read(&busy));
    }
    let outcome = |o| collected.iter().filter(|c| c.run.outcome == o).count();
    Ok(if outcome(Outcome::Complete) == collected.len() {
        0
    } else if outcome(Outcome::Failed) == collected.len() {
        2
    } else {
        1
    })
}

fn being_read(busy: &[String]) -> Failure {
    let verb = if busy.len() == 1 { "is" } else { "are" };
    Failure::new(
        Sort::Source,
        format!("{} {verb} being read by another process", busy.join(", ")),
    )
    .hint("`standing serve` reads sources by itself; try again when it is done")
}

fn collected_json(collected: &[Collected]) -> Value {
    let all = collected.iter().map(|c| {
        json!({
            "source": c.source,
            "outcome": c.run.outcome.as_str(),
            "entry": c.entry,
            "counts": counts_json(&c.run.counts),
            "parts": c.run.parts.len(),
            "gaps": c.run.gaps,
            "problems": c.run.problems,
            "problem_count": c.run.problem_count,
        })
    });
    Value::Array(all.collect())
}

/// How each source came out, with what was not understood.
pub fn collected_text(collected: &[Collected], verbose: bool, style: Style) -> String {
    let mut text = String::new();
    for c in collected {
        let verdict = match c.run.outcome {
            Outcome::Complete => Verdict::Met,
            Outcome::Partial => Verdict::Unknown,
            Outcome::Failed => Verdict::NotMet,
        };
        text.push_str(&format!(
            "  {} {:<16} {:<9} {} from {} {}\n",
            style.shape(verdict),
            c.source,
            c.run.outcome.as_str(),
            count(c.run.counts.values().sum(), "fact"),
            count(c.run.parts.len() as u64, "file"),
            style.faint(&format!("(entry {})", c.entry))
        ));
        for gap in &c.run.gaps {
            let line = format!("{}: {}", gap.code, gap.detail);
            text.push_str(&format!("      {}\n", style.fold(6, &line)));
        }
        let shown = if verbose { usize::MAX } else { 5 };
        for problem in c.run.problems.iter().take(shown) {
            text.push_str(&format!(
                "      {}\n",
                style.faint(&style.fold(6, &problem.to_string()))
            ));
        }
        let more = c
            .run
            .problem_count
            .saturating_sub(shown.min(c.run.problems.len()) as u64);
        if more > 0 {
            text.push_str(&format!(
                "      … and {} (--verbose shows up to 1,000)\n",
                count(more, "more place")
            ));
        }
    }
    text
}

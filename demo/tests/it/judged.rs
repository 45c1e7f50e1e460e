//! Collects a written estate and judges it, as the binary does, in memory.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use standing_assess::advisories::Bytes;
use standing_assess::catalogue::Catalogue;
use standing_assess::check::{Check, CheckResult};
use standing_assess::index::{AdvisoryEdition, CollectionMeta, ConfiguredSource, IndexError};
use standing_assess::{AsOf, Estate, Freshness, Index};
use standing_collectors::{Keeper, Kept, Root, Run, Settings, by_kind, run};
use standing_demo::{Plan, StatementWanted, generate_with};
use standing_patching::Builder;

/// Keeps parts in memory.
#[derive(Default)]
struct Memory(RefCell<BTreeMap<String, Vec<u8>>>);

impl Keeper for Memory {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all)?;
        let kept = Kept {
            name: name.to_owned(),
            handle: name.to_owned(),
            bytes: all.len() as u64,
            sha256: String::new(),
        };
        self.0.borrow_mut().insert(name.to_owned(), all);
        Ok(kept)
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        let bytes = self.0.borrow()[&part.handle].clone();
        Ok(Box::new(io::Cursor::new(bytes)))
    }
}

pub struct Judged {
    pub runs: BTreeMap<String, Run>,
    pub checks: BTreeMap<String, CheckResult>,
}

pub fn wanted() -> Vec<StatementWanted> {
    vec![StatementWanted {
        item: "1.1.1".into(),
        title: "The registration number is known".into(),
        not_applicable_allowed: false,
    }]
}

/// Writes, reads and judges the estate with these faults, its past included.
pub fn judge(plan: &Plan, planted: &BTreeSet<String>) -> Judged {
    judge_with(plan, planted, true)
}

/// The same; without a past only what the day of the estate shows is known.
pub fn judge_with(plan: &Plan, planted: &BTreeSet<String>, has_past: bool) -> Judged {
    let folder = tempfile::tempdir().expect("a folder");
    let estate = generate_with(folder.path(), plan, &wanted(), planted).expect("written");
    let mut played = Played::new(&estate.config);
    for day in estate.past.iter().filter(|_| has_past) {
        day.write(folder.path()).expect("written");
        played.day(folder.path(), day.on, |source| {
            day.sources.contains(&source)
        });
    }
    estate.today.write(folder.path()).expect("written");
    let runs = played.day(folder.path(), plan.as_of, |_| true);
    let at = noon(plan.as_of);
    for (place, row) in estate.records.into_iter().enumerate() {
        let index = &played.index;
        index
            .record(1_000 + place as u64, &at, row)
            .expect("recorded");
    }
    Judged {
        runs,
        checks: verdicts(&mut played.index, plan.as_of),
    }
}

fn noon(day: Date) -> String {
    format!("{day}T12:00:00.000Z")
}

/// The estate through its year.
struct Played {
    index: Index,
    sources: Vec<(String, Settings)>,
    configured: Vec<ConfiguredSource>,
    entries: u64,
    editions: BTreeMap<u64, Vec<u8>>,
}

impl Played {
    fn new(config: &str) -> Self {
        let sources = sources(config);
        let configured = sources.iter().map(|(kind, settings)| ConfiguredSource {
            name: settings.source.clone(),
            kind: kind.clone(),
            tables: by_kind(kind)
                .unwrap_or_else(|| panic!("no kind {kind}"))
                .tables(settings)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            fresh_for_days: 31,
        });
        Played {
            index: Index::in_memory().expect("an index"),
            configured: configured.collect(),
            sources,
            entries: 0,
            editions: BTreeMap::new(),
        }
    }

    /// Reads the sources that are wanted, and takes in the advisories.
    fn day(
        &mut self,
        folder: &Path,
        day: Date,
        wanted: impl Fn(&str) -> bool,
    ) -> BTreeMap<String, Run> {
        let at = noon(day);
        let configured = self.index.configured(&at, &self.configured);
        configured.expect("configured");
        let mut runs = BTreeMap::new();
        for (kind, settings) in self.sources.iter().filter(|(_, s)| wanted(&s.source)) {
            let (run, rows) = collect(folder, kind, settings);
            self.entries += 1;
            let meta = meta(self.entries, &at, kind, settings, &run);
            let rows = rows.into_iter().map(Ok::<_, IndexError>);
            self.index.collection(&meta, rows).expect("projected");
            runs.insert(settings.source.clone(), run);
        }
        self.advisories(folder, at);
        runs
    }

    fn advisories(&mut self, folder: &Path, at: String) {
        self.entries += 1;
        let entry = self.entries;
        self.editions
            .insert(entry, mirror(&folder.join("estate/advisories")));
        let edition = AdvisoryEdition {
            entry,
            valid_from: at,
            edition: entry.to_string(),
            json: "{}".into(),
            compared: false,
        };
        self.index.advisory_edition(&edition).expect("an edition");
        let editions = self.editions.clone();
        self.index.advise(Arc::new(move |edition| {
            Ok(Bytes(Arc::new(editions[&edition.entry].clone())))
        }));
    }
}

/// The mirror of advisories, compiled.
fn mirror(folder: &Path) -> Vec<u8> {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let mut builder = Builder::new();
    for line in text("osv.jsonl").expect("advisories").lines() {
        builder.osv(line).expect("a record");
    }
    if let Some(kev) = text("kev.json") {
        builder.kev(&kev).expect("a catalogue");
        builder
            .epss(&text("epss.csv").expect("scores"))
            .expect("scores");
    }
    builder.finish()
}

fn verdicts(index: &mut Index, as_of: Date) -> BTreeMap<String, CheckResult> {
    let support = &Catalogue::builtin().support;
    let estate = Estate::new(index, AsOf::end_of(as_of), Freshness::Measured, support);
    let estate = estate.expect("an estate");
    let checks = checks();
    let results = checks.iter().map(|c| (c.name.clone(), c.run(&estate)));
    results.collect()
}

/// The checks as they lie in the folder, so that a check's own tests and this one see the same.
fn checks() -> Vec<Check> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../checks");
    let entries = std::fs::read_dir(folder).expect("the checks");
    let paths = entries.map(|e| e.expect("an entry").path());
    let mut paths: Vec<_> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "sql"))
        .collect();
    paths.sort();
    let checks = paths.iter().map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(path).expect("text");
        Check::parse(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"))
    });
    checks.collect()
}

pub fn collect(folder: &Path, kind: &str, settings: &Settings) -> (Run, Vec<standing_facts::Row>) {
    let mut rows = Vec::new();
    let run = run(
        by_kind(kind).unwrap_or_else(|| panic!("no kind {kind}")),
        settings,
        &Root::new(folder),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| rows.push(row),
    );
    (run, rows)
}

fn meta(entry: u64, at: &str, kind: &str, settings: &Settings, run: &Run) -> CollectionMeta {
    CollectionMeta {
        entry,
        source: settings.source.clone(),
        kind: kind.to_owned(),
        scope: settings.path.display().to_string(),
        started_at: at.to_owned(),
        ended_at: at.to_owned(),
        outcome: run.outcome,
        parts: run.parts.len() as u64,
        counts: run
            .counts
            .iter()
            .map(|(t, n)| ((*t).to_owned(), *n))
            .collect(),
        gaps: run.gaps.clone(),
        problems: run.problem_count,
    }
}

/// The sources of a `standing.toml`: kind and settings, defaults filled in.
pub fn sources(config: &str) -> Vec<(String, Settings)> {
    let config: toml::Table = toml::from_str(config).expect("TOML");
    let sources = config["source"].as_table().expect("sources");
    let found = sources.iter().map(|(name, source)| {
        let text = |key: &str| source.get(key).and_then(toml::Value::as_str);
        let kind = text("kind").expect("a kind").to_owned();
        let about = by_kind(&kind)
            .unwrap_or_else(|| panic!("no kind {kind}"))
            .about();
        let values = about.settings.iter().map(|s| {
            let value = text(s.name).unwrap_or(s.default);
            (s.name.to_owned(), value.to_owned())
        });
        let columns = source.get("columns").and_then(toml::Value::as_table);
        let columns = columns.into_iter().flatten().map(|(column, heading)| {
            (
                column.clone(),
                heading.as_str().unwrap_or_default().to_owned(),
            )
        });
        let settings = Settings {
            source: name.clone(),
            path: text("path").expect("a path").into(),
            values: values.collect(),
            columns: columns.collect(),
        };
        (kind, settings)
    });
    found.collect()
}

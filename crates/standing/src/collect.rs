//! Running sources: bytes to blobs, facts to a blob, one entry that names them all.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Read, Write};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use standing_assess::Index;
use standing_assess::check::Verdict;
use standing_assess::index::ConfiguredSource;
use standing_collectors::{Keeper, Kept, Root, Run, run};
use standing_facts::{Outcome, to_line};
use standing_vault::{Blob, BlobRef, BlobWriter, Digest, Entry, Vault};

use crate::cli::{Format, Global};
use crate::config::Source;
use crate::failure::Failure;
use crate::home::{By, Home, counts_json, now};
use crate::progress::Sources;
use crate::project::{self, Manifest, ManifestPart};
use crate::text::{Style, count};

/// At most this many blobs are named by one entry; an entry is bounded in length.
const PARTS_AN_ENTRY: usize = 500;

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

/// Runs the sources, several at once, and writes one entry for each.
///
/// # Errors
/// When the vault refuses; a source that fails is an outcome, not an error.
pub fn collect(
    home: &Home,
    by: By<'_>,
    sources: &[&Source],
    accept_fall: bool,
    progress: Progress<'_>,
) -> Result<Vec<Collected>, Failure> {
    let index = home.index()?;
    note_sources(home, &index, by)?;
    project::catch_up(&home.vault, &index)?;
    let mut before = BTreeMap::new();
    for source in sources {
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
    Ok(collected)
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
    let started = now()?;
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
            "ended_at": now()?.to_string(),
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

/// Keeps parts as blobs of the vault.
struct VaultKeeper<'a> {
    vault: &'a Vault,
    before: BTreeMap<&'a str, &'a ManifestPart>,
}

impl<'a> VaultKeeper<'a> {
    fn new(vault: &'a Vault, before: &'a Manifest) -> Self {
        let before = before
            .parts
            .iter()
            .map(|p| (p.sha256.as_str(), p))
            .collect();
        VaultKeeper { vault, before }
    }
}

impl Keeper for VaultKeeper<'_> {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        let mut writer = self.vault.blob_writer().map_err(io::Error::other)?;
        let mut hash = Sha256::new();
        let mut length = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let n = bytes.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            hash.update(&buffer[..n]);
            writer.write_all(&buffer[..n])?;
            length += n as u64;
        }
        let sha256 = hex(&hash.finalize());
        let handle = kept_already(self.vault, self.before.get(sha256.as_str()).copied());
        let handle = match handle {
            Some(blob) => blob,
            None => finish(writer)?.digest.reference(),
        };
        Ok(Kept {
            name: name.to_owned(),
            handle,
            bytes: length,
            sha256,
        })
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        let digest = Digest::from_reference(&part.handle)
            .ok_or_else(|| io::Error::other("not the name of a blob"))?;
        match self.vault.blob(&digest).map_err(io::Error::other)? {
            Blob::Present(reader) => Ok(reader),
            Blob::Erased { .. } => Err(io::Error::other("erased")),
        }
    }
}

/// The name of an equal blob of the last run, if it is still there.
fn kept_already(vault: &Vault, before: Option<&ManifestPart>) -> Option<String> {
    let before = before?;
    let digest = Digest::from_reference(&before.blob)?;
    matches!(vault.blob(&digest), Ok(Blob::Present(_))).then(|| before.blob.clone())
}

fn finish(writer: BlobWriter) -> io::Result<BlobRef> {
    writer.finish().map_err(io::Error::other)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Facts on their way into a blob, line by line.
struct Facts {
    writer: BufWriter<BlobWriter>,
    hash: Sha256,
    bytes: u64,
    error: Option<io::Error>,
}

impl Facts {
    fn new(writer: BlobWriter) -> Self {
        Facts {
            writer: BufWriter::with_capacity(1 << 16, writer),
            hash: Sha256::new(),
            bytes: 0,
            error: None,
        }
    }

    fn write(&mut self, line: &str) {
        if self.error.is_some() {
            return;
        }
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        self.bytes += line.len() as u64 + 1;
        let written = self
            .writer
            .write_all(line.as_bytes())
            .and_then(|()| self.writer.write_all(b"\n"));
        self.error = written.err();
    }

    /// Keeps the facts, or names the equal facts of the last run.
    fn finish(self, vault: &Vault, before: Option<&ManifestPart>) -> Result<ManifestPart, Failure> {
        if let Some(error) = self.error {
            return Err(error.into());
        }
        let sha256 = hex(&self.hash.finalize());
        let same = before.filter(|b| b.sha256 == sha256 && b.bytes == self.bytes);
        if let Some(blob) = kept_already(vault, same) {
            return Ok(ManifestPart {
                name: "facts".into(),
                blob,
                bytes: self.bytes,
                sha256,
            });
        }
        let writer = self
            .writer
            .into_inner()
            .map_err(|e| Failure::from(e.into_error()))?;
        let kept = writer.finish()?;
        Ok(ManifestPart {
            name: "facts".into(),
            blob: kept.digest.reference(),
            bytes: self.bytes,
            sha256,
        })
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
    let collected = collect(home, By::KEYBOARD, &sources, accept_fall, &|s, p| {
        progress.at(s, p)
    })?;
    match format {
        Format::Json => say!("{:#}", collected_json(&collected)),
        Format::Text => put!(
            "{}",
            collected_text(&collected, global.verbose, Style::stdout())
        ),
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

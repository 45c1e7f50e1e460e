//! Taking in an edition: everything is got and read before anything is kept, and one entry names it all.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use standing_assess::index::AdvisoryEdition;
use standing_assess::{AsOf, Index};
use standing_facts::Problem;

use super::fetch::{self, Got, Part};
use super::reading::{self, Found};
use super::{Feed, Kind, LeftAside, List, compiled, folder};
use crate::config::{Advisories, nearest};
use crate::failure::{Failure, Sort};
use crate::home::{By, Home, hold};
use crate::project;
use standing_patching::{Builder, Database};

/// At most this many files are named by one entry; an entry is bounded in length.
const FEEDS_AN_ENTRY: usize = 200;

/// What to take in.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// The folder to read instead of what is configured.
    pub from: Option<&'a std::path::Path>,
    /// Only these; the others stay as they are.
    pub names: &'a [String],
    /// Believe an edition that holds less than half of what the last one did.
    pub accept_smaller: bool,
}

/// What was taken in.
#[derive(Debug)]
pub struct Updated {
    /// The entry that names it.
    pub entry: u64,
    /// SHA-256 over what it is made of.
    pub edition: String,
    /// The whole list.
    pub list: List,
    /// Names of the feeds that are another than before.
    pub changed: Vec<String>,
}

/// Told of progress: the name of a file and how far it is, or `None` when it is done.
pub type Progress<'a> = &'a dyn Fn(&str, Option<&str>);

/// Why files are refused: name and reason.
type Refusals = Vec<(String, String)>;

/// Takes in what is wanted, all of it or nothing.
///
/// # Errors
/// When something cannot be had whole, is damaged, or holds less than half of what it did: the edition
/// before it stays in force.
pub fn update(
    home: &Home,
    index: &Index,
    by: By<'_>,
    wanted: &Wanted<'_>,
    progress: Progress<'_>,
) -> Result<Updated, Failure> {
    update_if_free(home, index, by, wanted, progress)?.ok_or_else(|| {
        let what = "the advisories are being updated by another process";
        Failure::new(Sort::Source, what).hint("try again when it is done")
    })
}

/// The same; `None` where another process is about it.
///
/// # Errors
/// As [`update`].
pub fn update_if_free(
    home: &Home,
    index: &Index,
    by: By<'_>,
    wanted: &Wanted<'_>,
    progress: Progress<'_>,
) -> Result<Option<Updated>, Failure> {
    let Some(_held) = hold(&home.folder, "advisories")? else {
        return Ok(None);
    };
    project::catch_up(&home.vault, index)?;
    let before = last(index)?;
    let settings = settings(home, wanted)?;
    let mut got = gather(home, &settings, &before, wanted, progress)?;
    if let Some(list) = unchanged(home, &got, &before)? {
        return write(home, index, by, list, Vec::new()).map(Some);
    }
    let mut draft = draft(home, &mut got)?;
    let refused = shrunk(&before, &draft.list, wanted);
    if !refused.is_empty() {
        let hint = "if that is so, `standing advisories update --accept-smaller` takes it in";
        return Err(refusal(&refused).hint(hint));
    }
    let changed = draft.keep(home, index)?;
    let compiled = draft.builder.finish();
    draft.list.first_fixes = news(home, &before, &compiled)?;
    compiled::write(home, &draft.list.digest(), &compiled)?;
    write(home, index, by, draft.list, changed).map(Some)
}

/// Fixes that were not named before, so that the day on which we first saw each is kept. `None` where
/// there was nothing before, or it cannot be read any more.
fn news(home: &Home, before: &List, now: &[u8]) -> Result<Option<Vec<[String; 3]>>, Failure> {
    if before.feeds.is_empty() {
        return Ok(None);
    }
    let Some(before) = super::opened(home, before)
        .ok()
        .and_then(|mapped| Database::open(mapped).ok())
    else {
        return Ok(None);
    };
    let mut news = BTreeSet::new();
    let mut damaged = None;
    let now = Database::open(now).map_err(Failure::integrity)?;
    // They come package by package, and what was held of one is looked up once.
    let mut held = (String::new(), HashSet::new());
    now.each_fix(&mut |fix| {
        if held.0 != fix.package {
            match before.fixes(fix.package) {
                Ok(fixes) => held = (fix.package.to_owned(), fixes),
                Err(error) => damaged = Some(error),
            }
        }
        let named = (fix.advisory.to_owned(), fix.fixed.to_owned());
        if !held.1.contains(&named) {
            news.insert([named.0, fix.package.to_owned(), named.1]);
        }
    })
    .map_err(Failure::integrity)?;
    Ok(damaged.is_none().then(|| news.into_iter().collect()))
}

fn write(
    home: &Home,
    index: &Index,
    by: By<'_>,
    list: List,
    changed: Vec<String>,
) -> Result<Updated, Failure> {
    let edition = list.digest();
    let entry = append(home, index, by, &edition, &list)?;
    Ok(Updated {
        entry,
        edition,
        list,
        changed,
    })
}

/// The list before with its new dates, where every file is as it was and compiled: nothing need be read.
fn unchanged(home: &Home, got: &Gathered, before: &List) -> Result<Option<List>, Failure> {
    let mut feeds = Vec::new();
    for part in &got.parts {
        match &part.file {
            Got::Kept(feed) if before.feed(&part.name) == Some(&**feed) => feeds.push(Feed {
                checked_at: part.checked_at.clone(),
                from: part.from.clone(),
                etag: part.mark.etag.clone(),
                last_modified: part.mark.last_modified.clone(),
                ..(**feed).clone()
            }),
            _ => return Ok(None),
        }
    }
    let list = List {
        feeds,
        left_aside: got.left_aside.clone(),
        problems: before.problems.clone(),
        first_fixes: Some(Vec::new()),
    };
    let same = list.digest() == before.digest();
    Ok((same && compiled::open(&home.folder, &list.digest())?.is_some()).then_some(list))
}

/// The list in force; an empty one where there is none, or it was erased.
fn last(index: &Index) -> Result<List, Failure> {
    let edition = index.advisories_at(&AsOf::at(Timestamp::MAX).instant)?;
    match edition {
        Some(edition) if !edition.json.is_empty() => List::of(&edition),
        _ => Ok(List::default()),
    }
}

fn settings(home: &Home, wanted: &Wanted<'_>) -> Result<Advisories, Failure> {
    let configured = home.config.advisories.clone();
    match wanted.from {
        Some(folder) => Ok(Advisories {
            feeds: Vec::new(),
            folder: Some(std::path::absolute(folder)?),
            ..configured.unwrap_or_default()
        }),
        None => configured.ok_or_else(|| {
            Failure::configuration("standing.toml has no [advisories]").hint(
                "docs/advisories.md shows the section; --from FOLDER reads a folder without it",
            )
        }),
    }
}

/// Everything that was got, and what stays as it is.
struct Gathered {
    parts: Vec<Part>,
    left_aside: Vec<LeftAside>,
}

fn gather(
    home: &Home,
    settings: &Advisories,
    before: &List,
    wanted: &Wanted<'_>,
    progress: Progress<'_>,
) -> Result<Gathered, Failure> {
    let files = match &settings.folder {
        Some(folder) => list(home, folder)?,
        None => folder::Files::default(),
    };
    let feeds = settings.feeds.iter().map(|f| f.name.as_str());
    let names: Vec<&str> = feeds
        .chain(files.found.keys().map(String::as_str))
        .collect();
    known(&names, wanted.names)?;
    let is_wanted = |name: &str| wanted.names.is_empty() || wanted.names.iter().any(|n| n == name);
    let (mut parts, mut refused) = (Vec::new(), Refusals::new());
    let mut take = |name: &str, part: Result<Part, String>| {
        progress(name, None);
        match part {
            Ok(part) => parts.push(part),
            Err(why) => refused.push((name.to_owned(), why)),
        }
    };
    for feed in settings.feeds.iter().filter(|f| is_wanted(&f.name)) {
        let held = before.feed(&feed.name);
        take(
            &feed.name,
            fetch::over_http(home, settings, feed, held, progress),
        );
    }
    let longest = settings.longest_mebibytes.unsigned_abs() << 20;
    let from = settings.folder.as_ref().map(|f| f.display().to_string());
    let from = from.unwrap_or_default();
    for (name, path) in files.found.iter().filter(|(name, _)| is_wanted(name)) {
        let held = before.feed(name);
        take(
            name,
            fetch::from_folder(home, name, path, &from, longest, held),
        );
    }
    if !refused.is_empty() {
        return Err(refusal(&refused));
    }
    parts.extend(staying(before, wanted));
    if parts.is_empty() {
        let what = "there is no file of advisories to read";
        return Err(Failure::new(Sort::Source, what)
            .hint("files are *.zip, *.json, *.jsonl and *.csv, each also with .gz"));
    }
    Ok(Gathered {
        parts,
        left_aside: files.left_aside,
    })
}

fn list(home: &Home, folder: &std::path::Path) -> Result<folder::Files, Failure> {
    folder::files(&home.folder.join(folder)).map_err(|error| {
        let what = format!("cannot read the folder {}: {error}", folder.display());
        Failure::new(Sort::Source, what).hint("the edition before stays in force")
    })
}

fn known(all: &[&str], wanted: &[String]) -> Result<(), Failure> {
    let Some(stranger) = wanted.iter().find(|name| !all.contains(&name.as_str())) else {
        return Ok(());
    };
    let failure = Failure::usage(format!("no advisories are called {stranger:?}"));
    Err(match nearest(stranger, all) {
        Some(near) => failure.hint(format!("did you mean {near:?}?")),
        None => failure.hint(format!("there are: {}", all.join(", "))),
    })
}

/// What was not asked for by name stays as it is.
fn staying(before: &List, wanted: &Wanted<'_>) -> Vec<Part> {
    if wanted.names.is_empty() {
        return Vec::new();
    }
    let others = before
        .feeds
        .iter()
        .filter(|f| !wanted.names.contains(&f.name));
    let kept = others.map(|feed| Part {
        name: feed.name.clone(),
        kind: Some(feed.kind),
        from: feed.from.clone(),
        mark: fetch::mark(feed),
        checked_at: feed.checked_at.clone(),
        file: Got::Kept(Box::new(feed.clone())),
    });
    kept.collect()
}

fn refusal(refused: &[(String, String)]) -> Failure {
    let said = refused.iter().map(|(name, why)| format!("{name}: {why}"));
    let said = said.collect::<Vec<_>>().join("\nerror: ");
    Failure::new(Sort::Source, said)
        .hint("nothing was taken in: the edition before, if there is one, stays in force")
}

/// An edition that is read and not yet kept.
struct Draft {
    builder: Builder,
    list: List,
    /// New files by their place in the list.
    files: BTreeMap<usize, File>,
}

/// Reads every file into one builder.
fn draft(home: &Home, got: &mut Gathered) -> Result<Draft, Failure> {
    let mut draft = Draft {
        builder: Builder::new(),
        list: List {
            left_aside: std::mem::take(&mut got.left_aside),
            ..List::default()
        },
        files: BTreeMap::new(),
    };
    let mut refused = Refusals::new();
    for part in std::mem::take(&mut got.parts) {
        match read(home, &part, &mut draft.builder, &mut draft.list.problems)? {
            Ok(Some(found)) => draft.add(part, found),
            Ok(None) => draft.list.left_aside.push(LeftAside {
                name: part.name,
                why: "holds no advisories in a form that is read".into(),
            }),
            Err(why) => refused.push((part.name, why)),
        }
    }
    if refused.is_empty() && draft.list.feeds.is_empty() {
        let all = draft.list.left_aside.iter();
        refused = all.map(|l| (l.name.clone(), l.why.clone())).collect();
    }
    if !refused.is_empty() {
        return Err(refusal(&refused));
    }
    Ok(draft)
}

/// What one file holds, or why it is refused; `None` where it may be left aside.
fn read(
    home: &Home,
    part: &Part,
    builder: &mut Builder,
    problems: &mut Vec<Problem>,
) -> Result<Result<Option<Found>, String>, Failure> {
    let file = match &part.file {
        Got::New { file, .. } => file.try_clone()?,
        Got::Kept(feed) => fetch::kept(home, feed)?,
    };
    let found = reading::read(file, &part.name, today(), builder, problems);
    let other = |wanted: Kind| format!("expected {}, and it holds something else", wanted.words());
    Ok(match (part.kind, found) {
        (Some(wanted), Ok(Some(found))) if found.kind != wanted => Err(other(wanted)),
        (Some(wanted), Ok(None)) => Err(other(wanted)),
        (_, found) => found,
    })
}

fn today() -> Date {
    AsOf::at(Timestamp::now()).date
}

impl Draft {
    fn add(&mut self, part: Part, found: Found) {
        let (bytes, sha256, blob) = match part.file {
            Got::New {
                file,
                bytes,
                sha256,
            } => {
                self.files.insert(self.list.feeds.len(), file);
                (bytes, sha256, String::new())
            }
            Got::Kept(feed) => (feed.bytes, feed.sha256, feed.blob),
        };
        self.list.feeds.push(Feed {
            name: part.name,
            kind: found.kind,
            blob,
            bytes,
            sha256,
            records: found.records,
            unread: found.unread,
            as_of: found.as_of,
            checked_at: part.checked_at,
            from: part.from,
            etag: part.mark.etag,
            last_modified: part.mark.last_modified,
        });
    }

    /// Keeps the new files; gives their names.
    fn keep(&mut self, home: &Home, index: &Index) -> Result<Vec<String>, Failure> {
        let mut ever = BTreeMap::new();
        for edition in index.advisory_editions()? {
            let list = if edition.json.is_empty() {
                List::default()
            } else {
                List::of(&edition)?
            };
            ever.extend(
                list.feeds
                    .into_iter()
                    .map(|feed| (feed.sha256.clone(), feed)),
            );
        }
        let mut changed = Vec::new();
        for (place, file) in std::mem::take(&mut self.files) {
            let feed = &mut self.list.feeds[place];
            let equal = ever.get(&feed.sha256).filter(|f| fetch::is_here(home, f));
            feed.blob = fetch::keep(home, &file, equal)?;
            ever.insert(feed.sha256.clone(), feed.clone());
            changed.push(feed.name.clone());
        }
        Ok(changed)
    }
}

/// Files, and kinds of data as a whole, that hold less than half of what they did.
fn shrunk(before: &List, list: &List, wanted: &Wanted<'_>) -> Refusals {
    if wanted.accept_smaller {
        return Refusals::new();
    }
    let fell = |then: u64, now: u64| now.saturating_mul(2) < then;
    let why = |then, now| format!("holds {now} records, and the last one held {then}");
    let feeds = list.feeds.iter().filter_map(|feed| {
        let then = before
            .feed(&feed.name)
            .filter(|b| b.kind == feed.kind)?
            .records;
        fell(then, feed.records).then(|| (feed.name.clone(), why(then, feed.records)))
    });
    let refused: Refusals = feeds.collect();
    if !refused.is_empty() {
        return refused;
    }
    let kinds = Kind::ALL.iter().filter_map(|kind| {
        let (then, now) = (before.records(*kind), list.records(*kind));
        let all = format!("{} as a whole", kind.words());
        fell(then, now).then(|| (all, why(then, now)))
    });
    kinds.collect()
}

fn append(
    home: &Home,
    index: &Index,
    by: By<'_>,
    edition: &str,
    list: &List,
) -> Result<u64, Failure> {
    let text = serde_json::to_vec(list).map_err(Failure::integrity)?;
    let kept = home.vault.put_blob(&text)?;
    let pieces: Vec<&[Feed]> = list.feeds.chunks(FEEDS_AN_ENTRY).collect();
    let (last, more) = pieces
        .split_last()
        .map_or((&[][..], &[][..]), |(l, m)| (*l, m));
    let mut bodies: Vec<(String, Value)> = more
        .iter()
        .map(|piece| ("advisories-parts".to_owned(), named(piece)))
        .collect();
    let mut body = named(last);
    body["edition"] = json!(edition);
    body["list"] = json!(kept.digest.reference());
    let counts = Kind::ALL
        .iter()
        .map(|k| (k.as_str().to_owned(), json!(list.records(*k))));
    body["counts"] = Value::Object(counts.collect());
    bodies.push(("advisories".to_owned(), body));
    let entries = home.append_all(index, by, bodies)?;
    project::catch_up(&home.vault, index)?;
    Ok(entries.last().map_or(0, |entry| entry.seq))
}

/// What the log says of files: nothing of their names and addresses.
fn named(feeds: &[Feed]) -> Value {
    let blobs: Vec<&str> = feeds.iter().map(|feed| feed.blob.as_str()).collect();
    let about = feeds.iter().map(|feed| {
        json!({
            "as_of": feed.as_of,
            "bytes": feed.bytes,
            "kind": feed.kind.as_str(),
            "records": feed.records,
            "sha256": feed.sha256,
        })
    });
    json!({ "blobs": blobs, "feeds": about.collect::<Vec<_>>() })
}

/// Compiles the files of an edition as the vault keeps them.
pub fn compile(home: &Home, feeds: &[Feed]) -> Result<Vec<u8>, Failure> {
    let (mut builder, mut problems) = (Builder::new(), Vec::new());
    for feed in feeds {
        let file = fetch::kept(home, feed)?;
        let read = reading::read(file, &feed.name, today(), &mut builder, &mut problems);
        read.map_err(|why| {
            let what = format!("{} as the vault keeps it {why}", feed.name);
            Failure::integrity(what)
        })?;
    }
    Ok(builder.finish())
}

/// The edition in force at a moment with its list.
///
/// # Errors
/// When the list was erased.
pub fn in_force(index: &Index, as_of: &AsOf) -> Result<Option<(AdvisoryEdition, List)>, Failure> {
    let Some(edition) = index.advisories_at(&as_of.instant)? else {
        return Ok(None);
    };
    let list = List::of(&edition)?;
    Ok(Some((edition, list)))
}

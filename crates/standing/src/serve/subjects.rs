//! The subjects of one check, all of them, by pages.
//!
//! An assessment keeps at most [`KEPT`] subjects of each verdict. Where a check has more, the first
//! visitor who asks for them has the check run once more by a reader, which writes every subject to a
//! file in `.standing/`, and everybody reads from there until the vault has changed.
//!
//! *Architecture invariant:* a spool belongs to one snapshot and is never changed once it is ready. Its
//! file goes when the last visitor who holds it is gone, so that nothing of what was erased stays.
//!
//! [`KEPT`]: standing_assess::check::KEPT

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};
use standing_assess::Estate;
use standing_assess::check::{Check, CheckResult, Excepted, Subject, Verdict};

use super::app::App;
use super::snapshot::Snapshot;
use super::visit::Trouble;

/// Longest time for which a page waits for a spool that another visitor asked for.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections to one spool that are kept open.
const OPEN: usize = 8;
/// Verdicts in the order of the pages: the worst first.
pub const ORDER: [Verdict; 4] = [
    Verdict::NotMet,
    Verdict::Unknown,
    Verdict::NotApplicable,
    Verdict::Met,
];

/// Which subjects are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those of this verdict.
    pub verdict: Option<Verdict>,
    /// Only those in whose name, or in what was seen of them, these words stand.
    pub words: String,
}

impl Wanted {
    fn takes(&self, subject: &Subject, words: &str) -> bool {
        self.verdict.is_none_or(|v| v == subject.verdict)
            && (words.is_empty() || hay(subject).contains(words))
    }
}

/// What is searched: without regard to case.
fn hay(subject: &Subject) -> String {
    format!("{}\n{}", subject.subject, subject.observed).to_lowercase()
}

/// A page of subjects.
#[derive(Debug)]
pub struct Found {
    /// The subjects, worst first, then by name.
    pub subjects: Vec<Subject>,
    /// How many there are on all pages.
    pub total: u64,
}

/// All subjects of one check.
pub enum Subjects {
    /// They are all kept in memory.
    Kept(Arc<Snapshot>, String),
    /// They lie in a file.
    Spooled(Arc<Spool>),
}

impl Subjects {
    /// All subjects of a check as the snapshot judged it.
    ///
    /// # Errors
    /// When they have to be spooled and cannot be, or nobody has time for it.
    pub fn of(app: &App, snapshot: &Arc<Snapshot>, check: &Check) -> Result<Self, Trouble> {
        let result = snapshot.today.checks.get(&check.name);
        if result.is_none_or(all_kept) {
            return Ok(Subjects::Kept(Arc::clone(snapshot), check.name.clone()));
        }
        Ok(Subjects::Spooled(app.spools.get(
            &app.readers,
            snapshot,
            check,
        )?))
    }

    /// `most` of those wanted from place `from` on, counted from 0.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn page(&self, wanted: &Wanted, from: u64, most: usize) -> Result<Found, Trouble> {
        match self {
            Subjects::Kept(snapshot, name) => Ok(page_of(kept(snapshot, name), wanted, from, most)),
            Subjects::Spooled(spool) => spool.page(wanted, from, most),
        }
    }

    /// Every one of those wanted, until `sink` says no.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn each(
        &self,
        wanted: &Wanted,
        sink: &mut dyn FnMut(&Subject) -> bool,
    ) -> Result<(), Trouble> {
        match self {
            Subjects::Kept(snapshot, name) => {
                let words = wanted.words.to_lowercase();
                let all = kept(snapshot, name).iter();
                let _ = all.filter(|s| wanted.takes(s, &words)).all(sink);
                Ok(())
            }
            Subjects::Spooled(spool) => spool.each(wanted, sink),
        }
    }
}

fn kept<'s>(snapshot: &'s Snapshot, name: &str) -> &'s [Subject] {
    let result = snapshot.today.checks.get(name);
    result.map_or(&[], |r| r.subjects.as_slice())
}

/// Whether the assessment kept every subject.
pub fn all_kept(result: &CheckResult) -> bool {
    result.counts.values().sum::<u64>() == result.subjects.len() as u64
}

/// A page of subjects that lie in memory.
pub fn page_of(all: &[Subject], wanted: &Wanted, from: u64, most: usize) -> Found {
    let words = wanted.words.to_lowercase();
    let mut found = Found {
        subjects: Vec::new(),
        total: 0,
    };
    for subject in all.iter().filter(|s| wanted.takes(s, &words)) {
        if found.total >= from && found.subjects.len() < most {
            found.subjects.push(subject.clone());
        }
        found.total += 1;
    }
    found
}

/// The spools of the snapshot in force.
pub struct Spools {
    folder: PathBuf,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    /// Number of the next file.
    next: u64,
    /// By snapshot (its address while somebody holds it here) and check.
    spools: Vec<(Arc<Snapshot>, String, Arc<Spool>)>,
}

/// One check's subjects in a file.
pub struct Spool {
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
    open: Mutex<Vec<Connection>>,
}

enum State {
    Making,
    /// Where each verdict's subjects stand, by their numbers.
    Ready(BTreeMap<Verdict, Range<i64>>),
    Failed(String),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spools {
    /// The spools in `cache`. What a killed server left there is swept away.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(cache: &Path) -> std::io::Result<Self> {
        let folder = cache.join("subjects");
        std::fs::create_dir_all(&folder)?;
        for entry in std::fs::read_dir(&folder)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let process = name.split('-').next().and_then(|id| id.parse::<u32>().ok());
            let alive = |id| id != std::process::id() && Path::new(&format!("/proc/{id}")).exists();
            if !process.is_some_and(alive) {
                // It is a cache, and another server may be sweeping too.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(Spools {
            folder,
            shelf: Mutex::new(Shelf::default()),
        })
    }

    /// Forgets what belongs to other snapshots than this one.
    pub fn forget_all_but(&self, snapshot: &Arc<Snapshot>) {
        let mut shelf = lock(&self.shelf);
        shelf.spools.retain(|(of, _, _)| Arc::ptr_eq(of, snapshot));
    }

    /// The spool of a check, made now if nobody has asked for it before. Of several visitors at once
    /// one has it made; the others wait.
    fn get(
        &self,
        readers: &super::readers::Readers,
        snapshot: &Arc<Snapshot>,
        check: &Check,
    ) -> Result<Arc<Spool>, Trouble> {
        let (spool, is_new) = self.take(snapshot, &check.name);
        if is_new {
            let (maker, check) = (Maker(Arc::clone(&spool)), check.clone());
            readers.ask(snapshot, move |estate| {
                maker.make(estate, &check);
                Ok(())
            })?;
        }
        spool.wait()?;
        Ok(spool)
    }

    fn take(&self, snapshot: &Arc<Snapshot>, check: &str) -> (Arc<Spool>, bool) {
        let mut shelf = lock(&self.shelf);
        shelf
            .spools
            .retain(|(_, _, spool)| !matches!(*lock(&spool.state), State::Failed(_)));
        let found = shelf
            .spools
            .iter()
            .find(|(of, name, _)| Arc::ptr_eq(of, snapshot) && name == check);
        if let Some((_, _, spool)) = found {
            return (Arc::clone(spool), false);
        }
        shelf.next += 1;
        let file = format!("{}-{}.sqlite", std::process::id(), shelf.next);
        let spool = Arc::new(Spool {
            path: self.folder.join(file),
            state: Mutex::new(State::Making),
            changed: Condvar::new(),
            open: Mutex::new(Vec::new()),
        });
        let one = (Arc::clone(snapshot), check.to_owned(), Arc::clone(&spool));
        shelf.spools.push(one);
        (spool, true)
    }
}

/// Makes a spool. Dropped before it has, the spool has failed: nobody waits for what never comes.
struct Maker(Arc<Spool>);

impl Maker {
    fn make(&self, estate: &Estate<'_>, check: &Check) {
        let state = match write(&self.0.path, estate, check) {
            Ok(places) => State::Ready(places),
            Err(why) => State::Failed(why),
        };
        *lock(&self.0.state) = state;
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if matches!(*state, State::Making) {
            *state = State::Failed("nobody came to make it".into());
        }
        self.0.changed.notify_all();
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // It is a cache: what stays is swept away at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Runs the check and writes its subjects in the order of the pages; gives where each verdict's stand.
/// Sorting is done by the file's own tree, so that memory does not grow with their number.
fn write(
    path: &Path,
    estate: &Estate<'_>,
    check: &Check,
) -> Result<BTreeMap<Verdict, Range<i64>>, String> {
    let connection = Connection::open(path).map_err(|e| e.to_string())?;
    let prepared = connection.execute_batch(
        "pragma journal_mode = off; pragma synchronous = off; pragma temp_store = memory;
         begin;
         create table staged (place integer, subject text, ordinal integer, observed text, rule text,
           lapses text, approved_by text, until text, hay text,
           primary key (place, subject, ordinal)) without rowid;",
    );
    prepared.map_err(|e| e.to_string())?;
    stage(&connection, estate, check)?;
    order(&connection).map_err(|e| e.to_string())
}

fn stage(connection: &Connection, estate: &Estate<'_>, check: &Check) -> Result<(), String> {
    let mut insert = connection
        .prepare("insert into staged values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .map_err(|e| e.to_string())?;
    let (mut ordinal, mut fault) = (0_i64, None);
    check.subjects(estate, &mut |subject| {
        if fault.is_some() {
            return;
        }
        ordinal += 1;
        let excepted = subject.excepted.as_ref();
        let inserted = insert.execute(params![
            place(subject.verdict),
            subject.subject,
            ordinal,
            subject.observed,
            subject.rule,
            subject.lapses.map(|day| day.to_string()),
            excepted.map(|e| e.approved_by.as_str()),
            excepted.map(|e| e.until.to_string()),
            hay(&subject),
        ]);
        fault = inserted.err();
    })?;
    fault.map_or(Ok(()), |error| Err(error.to_string()))
}

fn place(verdict: Verdict) -> i64 {
    let at = ORDER.iter().position(|v| *v == verdict);
    i64::try_from(at.unwrap_or_default()).unwrap_or_default()
}

fn order(connection: &Connection) -> rusqlite::Result<BTreeMap<Verdict, Range<i64>>> {
    connection.execute_batch(
        "create table subject (n integer primary key, place integer, subject text, observed text,
           rule text, lapses text, approved_by text, until text);
         insert into subject select null, place, subject, observed, rule, lapses, approved_by, until
           from staged order by place, subject, ordinal;
         create table sought (n integer primary key, hay text);
         insert into sought select null, hay from staged order by place, subject, ordinal;
         drop table staged;
         commit;",
    )?;
    let mut statement =
        connection.prepare("select place, min(n), max(n) + 1 from subject group by place")?;
    let rows = statement.query_map([], |row| {
        let at = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        Ok((ORDER[at], row.get(1)?..row.get(2)?))
    })?;
    rows.collect()
}

impl Spool {
    fn wait(&self) -> Result<(), Trouble> {
        let busy = || {
            let detail = "There are many subjects, and they are being written down for you.";
            let mut trouble = Trouble::new(503, "In a moment", detail);
            trouble.retry_after = Some(2);
            trouble
        };
        let state = lock(&self.state);
        let making = |state: &mut State| matches!(state, State::Making);
        let (state, waited) = self
            .changed
            .wait_timeout_while(state, PATIENCE, making)
            .unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Failed(why) => Err(Trouble::ours(why)),
            _ if waited.timed_out() => Err(busy()),
            _ => Ok(()),
        }
    }

    /// Numbers of the subjects of a verdict, or of all.
    fn range(&self, verdict: Option<Verdict>) -> Range<i64> {
        let State::Ready(places) = &*lock(&self.state) else {
            return 0..0;
        };
        match verdict {
            Some(verdict) => places.get(&verdict).cloned().unwrap_or(0..0),
            None => 1..places.values().map(|r| r.end).max().unwrap_or(1),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Trouble> {
        let kept = lock(&self.open).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => Connection::open_with_flags(
                &self.path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?,
        };
        let done = work(&connection)?;
        let mut open = lock(&self.open);
        if open.len() < OPEN {
            open.push(connection);
        }
        Ok(done)
    }

    fn page(&self, wanted: &Wanted, from: u64, most: usize) -> Result<Found, Trouble> {
        let range = self.range(wanted.verdict);
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        self.with(|connection| {
            let (numbers, total) = if wanted.words.is_empty() {
                let first = range.start.saturating_add(from).min(range.end);
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                let last = first.saturating_add(most).min(range.end);
                ((first..last).collect(), range.end - range.start)
            } else {
                sought(connection, &range, &wanted.words, from, most)?
            };
            let mut statement = connection.prepare_cached(&format!("{SELECT} where n = ?1"))?;
            let subjects = numbers
                .into_iter()
                .map(|n| statement.query_row([n], subject));
            Ok(Found {
                subjects: subjects.collect::<Result<_, _>>()?,
                total: u64::try_from(total).unwrap_or_default(),
            })
        })
    }

    fn each(&self, wanted: &Wanted, sink: &mut dyn FnMut(&Subject) -> bool) -> Result<(), Trouble> {
        let range = self.range(wanted.verdict);
        let words = wanted.words.to_lowercase();
        self.with(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{SELECT} where n >= ?1 and n < ?2 and (?3 = '' or exists
                   (select 1 from sought where sought.n = subject.n and instr(hay, ?3)))
                 order by n"
            ))?;
            let rows = statement.query_map(params![range.start, range.end, words], subject)?;
            for row in rows {
                if !sink(&row?) {
                    break;
                }
            }
            Ok(())
        })
    }
}

const SELECT: &str =
    "select place, subject, observed, rule, lapses, approved_by, until from subject";

/// Numbers of one page of the subjects in which the words stand, and how many there are in all.
fn sought(
    connection: &Connection,
    range: &Range<i64>,
    words: &str,
    from: i64,
    most: usize,
) -> rusqlite::Result<(Vec<i64>, i64)> {
    let mut statement = connection.prepare_cached(
        "select n from sought where n >= ?1 and n < ?2 and instr(hay, ?3) order by n",
    )?;
    let mut rows = statement.query(params![range.start, range.end, words.to_lowercase()])?;
    let (mut numbers, mut total) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if total >= from && numbers.len() < most {
            numbers.push(row.get(0)?);
        }
        total += 1;
    }
    Ok((numbers, total))
}

fn subject(row: &rusqlite::Row<'_>) -> rusqlite::Result<Subject> {
    let day = |i: usize| -> rusqlite::Result<Option<jiff::civil::Date>> {
        let text: Option<String> = row.get(i)?;
        Ok(text.and_then(|t| t.parse().ok()))
    };
    let at = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
    let approved_by: Option<String> = row.get(5)?;
    Ok(Subject {
        subject: row.get(1)?,
        verdict: ORDER[at],
        observed: row.get(2)?,
        rule: row.get(3)?,
        lapses: day(4)?,
        excepted: approved_by
            .zip(day(6)?)
            .map(|(approved_by, until)| Excepted { approved_by, until }),
    })
}

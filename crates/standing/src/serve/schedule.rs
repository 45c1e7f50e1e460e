//! The scheduler: reads each source at its own pace, and when somebody asks for it; the advisories too
//! ([`advisories`]).
//!
//! What is due is derived from the vault ([`due`]), so a restart forgets nothing and repeats nothing.
//! What is kept here alone, and lost with the process, is what runs just now and who asked for a run
//! that has not begun.
//!
//! *Architecture invariant:* a source leaves `running` only after the entry of its run is written, and
//! what is due is looked up only after it has left. So no source is found due because of a run that is
//! about to end.

pub mod advisories;
pub mod due;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use standing_assess::index::Attempts;
use standing_facts::Outcome;

use super::app::App;
use super::visit::Trouble;
use crate::collect;
use crate::config::Source;
use crate::failure::Failure;
use crate::home::{By, Home};
use due::{Last, due_at};

/// Sources read at once.
const AT_ONCE: usize = 2;
/// Longest time between two looks at what is due: another process may have read a source, and
/// `standing.toml` may have changed.
const LOOK: Duration = Duration::from_secs(5);
/// How long a source is left alone whose run left no entry: another process reads it, or the vault
/// refused. What the vault does not tell cannot be derived from it.
const LEFT_ALONE: Duration = Duration::from_secs(30);

/// What is known of a source that is not only in the vault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is going on.
    #[default]
    Idle,
    /// Somebody asked for it, and it begins as soon as there is room.
    Waiting,
    /// It is being read.
    Running {
        /// Since when.
        since: Timestamp,
        /// The part being read: a file or a page. It may name a person.
        part: Option<String>,
    },
}

/// When a source will be read next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The source.
    pub source: String,
    /// When it is due; `None` where it is read only when somebody asks for it.
    pub due_at: Option<Timestamp>,
    /// What goes on just now.
    pub state: State,
}

/// The scheduler's own memory.
#[derive(Default)]
pub struct Schedule {
    inner: Mutex<Inner>,
    sign: Condvar,
}

#[derive(Default)]
struct Inner {
    /// Asked for by people: source and the actor in whose name it is read.
    asked: VecDeque<(String, String)>,
    running: BTreeMap<String, Running>,
    /// Sources that are left alone until then.
    alone: BTreeMap<String, Instant>,
    advisories: advisories::Taking,
    stop: bool,
}

struct Running {
    since: Timestamp,
    part: Option<String>,
    /// Whether its entry is written.
    kept: bool,
}

/// What is to begin.
#[derive(Default)]
struct Next {
    sources: Vec<Begun>,
    advisories: bool,
}

/// A run that is to begin.
struct Begun {
    source: String,
    /// The actor who asked for it; `None` where the scheduler itself did.
    by: Option<String>,
}

impl Schedule {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a source to be read now, in the name of an actor. Returns at once; a source that is
    /// asked for or being read already is not asked for again.
    ///
    /// # Errors
    /// 404 where no such source is configured.
    pub fn run_now(&self, home: &Home, source: &str, by: &str) -> Result<State, Trouble> {
        if find(home, source).is_none() {
            return Err(Trouble::missing(format!(
                "No source {source:?} is configured."
            )));
        }
        let mut inner = self.lock();
        if let State::Idle = inner.state(source) {
            inner.alone.remove(source);
            inner.asked.push_back((source.to_owned(), by.to_owned()));
            self.sign.notify_all();
        }
        Ok(inner.state(source))
    }

    /// What is going on with a source.
    pub fn state(&self, source: &str) -> State {
        self.lock().state(source)
    }

    /// When each configured source is due next, by name.
    pub fn plan(
        &self,
        home: &Home,
        attempts: &BTreeMap<String, Attempts>,
        now: Timestamp,
    ) -> Vec<Planned> {
        let inner = self.lock();
        home.config
            .sources
            .iter()
            .map(|source| Planned {
                source: source.settings.source.clone(),
                due_at: due_for(source, attempts, now),
                state: inner.state(&source.settings.source),
            })
            .collect()
    }

    /// Begins nothing more. What runs goes on.
    pub fn stop(&self) {
        self.lock().stop = true;
        self.sign.notify_all();
    }

    /// Reads sources until stopped, and then waits for those being read.
    pub fn keep(&self, app: &Arc<App>) {
        let mut attempts = Cached::default();
        let mut workers: Vec<JoinHandle<()>> = Vec::new();
        loop {
            workers.retain(|worker| !worker.is_finished());
            let begun = match self.next(app, &mut attempts, Timestamp::now()) {
                Ok(begun) => begun,
                Err(failure) => {
                    tracing::error!(%failure, "could not look up which sources are due");
                    Next::default()
                }
            };
            if begun.advisories {
                let app = Arc::clone(app);
                let worker = std::thread::Builder::new()
                    .name("advisories".into())
                    .spawn(move || app.schedule.take_in(&app));
                match worker {
                    Ok(worker) => workers.push(worker),
                    Err(error) => {
                        tracing::error!(%error, "no thread for the advisories");
                        self.advisories_over();
                    }
                }
            }
            for begun in begun.sources {
                let (app, name) = (Arc::clone(app), begun.source.clone());
                let worker = std::thread::Builder::new()
                    .name("collection".into())
                    .spawn(move || app.schedule.read(&app, &begun));
                match worker {
                    Ok(worker) => workers.push(worker),
                    Err(error) => {
                        tracing::error!(%error, "no thread for a collection");
                        self.over(&name);
                    }
                }
            }
            if !self.wait() {
                break;
            }
        }
        for worker in workers {
            // One that panicked has said so already.
            let _ = worker.join();
        }
    }

    /// Waits until something happens; false when it is to stop.
    fn wait(&self) -> bool {
        let mut inner = self.lock();
        let idle = inner.asked.is_empty() || inner.running.len() >= AT_ONCE;
        if idle && !inner.stop {
            let waited = self.sign.wait_timeout(inner, LOOK);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !inner.stop
    }

    /// The runs that are to begin now; they count as running from here on.
    fn next(&self, app: &App, attempts: &mut Cached, now: Timestamp) -> Result<Next, Failure> {
        let home = app.home();
        // Before the attempts are read, so that a run which ends in between is not begun again.
        let (seen, taking) = {
            let inner = self.lock();
            let seen: Vec<String> = inner.running.keys().cloned().collect();
            (seen, inner.advisories.running.is_some())
        };
        let read = attempts.of(&home)?;
        let attempts = &read.attempts;
        let mut inner = self.lock();
        if inner.stop {
            return Ok(Next::default());
        }
        let advisories = !taking && inner.advisories.begin(&home, &read.advisories, now);
        let moment = Instant::now();
        inner.alone.retain(|_, until| *until > moment);
        let mut due: Vec<(Timestamp, &str)> = home
            .config
            .sources
            .iter()
            .filter(|s| !seen.contains(&s.settings.source))
            .filter_map(|s| Some((due_for(s, attempts, now)?, s.settings.source.as_str())))
            .filter(|(due, name)| *due <= now && !inner.alone.contains_key(*name))
            .collect();
        due.sort();
        let asked = std::mem::take(&mut inner.asked);
        let mut wanted: Vec<Begun> = asked
            .into_iter()
            .map(|(source, by)| Begun {
                source,
                by: Some(by),
            })
            .collect();
        wanted.extend(due.into_iter().map(|(_, name)| Begun {
            source: name.to_owned(),
            by: None,
        }));
        Ok(Next {
            sources: inner.begin(&home, wanted, now),
            advisories,
        })
    }

    /// One run from beginning to end, on a thread of its own.
    fn read(&self, app: &App, begun: &Begun) {
        let _over = Over {
            schedule: self,
            source: &begun.source,
        };
        let span = tracing::info_span!(
            "collection",
            source = begun.source,
            outcome = tracing::field::Empty
        );
        let _in = span.enter();
        let home = app.home();
        // A source that was taken out of standing.toml in the meantime is not read.
        let Some(source) = find(&home, &begun.source) else {
            return;
        };
        let by = begun.by.as_deref().map_or(By::SCHEDULER, By::actor);
        let collected = collect::collect(&home, by, &[source], false, &|name, part| {
            self.at(name, part);
        });
        match collected {
            Ok(collections) => match collections.done.first() {
                Some(collected) => {
                    let outcome = collected.run.outcome;
                    span.record("outcome", outcome.as_str());
                    let entry = collected.entry;
                    match outcome {
                        Outcome::Complete => tracing::info!(entry, "collected"),
                        _ => tracing::warn!(entry, outcome = outcome.as_str(), "collected"),
                    }
                    self.kept(&begun.source);
                    app.wake_judge();
                }
                None => {
                    span.record("outcome", "busy");
                    tracing::info!("is being read by another process");
                }
            },
            Err(failure) => {
                span.record("outcome", "refused");
                tracing::error!(%failure, "could not be collected");
            }
        }
    }

    /// Notes the part that is being read.
    fn at(&self, source: &str, part: Option<&str>) {
        if let Some(running) = self.lock().running.get_mut(source) {
            running.part = part.map(str::to_owned);
        }
    }

    /// Notes that the entry of a run is written.
    fn kept(&self, source: &str) {
        if let Some(running) = self.lock().running.get_mut(source) {
            running.kept = true;
        }
    }

    /// A run is over.
    fn over(&self, source: &str) {
        let mut inner = self.lock();
        let kept = inner.running.remove(source).is_some_and(|r| r.kept);
        if !kept {
            let until = Instant::now() + LEFT_ALONE;
            inner.alone.insert(source.to_owned(), until);
        }
        self.sign.notify_all();
    }
}

impl Inner {
    fn state(&self, source: &str) -> State {
        if let Some(running) = self.running.get(source) {
            return State::Running {
                since: running.since,
                part: running.part.clone(),
            };
        }
        if self.asked.iter().any(|(name, _)| name == source) {
            return State::Waiting;
        }
        State::Idle
    }

    /// Begins as many as there is room for. What people asked for goes on waiting; what is due will
    /// be found due again.
    fn begin(&mut self, home: &Home, wanted: Vec<Begun>, now: Timestamp) -> Vec<Begun> {
        let mut begun = Vec::new();
        for one in wanted {
            if find(home, &one.source).is_none() || self.running.contains_key(&one.source) {
                continue;
            }
            if self.running.len() >= AT_ONCE {
                if let Some(by) = one.by {
                    self.asked.push_back((one.source, by));
                }
                continue;
            }
            let running = Running {
                since: now,
                part: None,
                kept: false,
            };
            self.running.insert(one.source.clone(), running);
            begun.push(one);
        }
        begun
    }
}

/// Takes the source out of what is running, even where the run panics.
struct Over<'a> {
    schedule: &'a Schedule,
    source: &'a str,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.schedule.over(self.source);
    }
}

/// What the vault says of each source's runs, read again only where the vault has grown. No index is
/// kept open for it: its pages would stay in memory.
#[derive(Default)]
struct Cached {
    read: Option<Read>,
}

struct Read {
    home: Arc<Home>,
    entries: u64,
    attempts: BTreeMap<String, Attempts>,
    advisories: crate::advisories::Attempts,
}

impl Cached {
    fn of(&mut self, home: &Arc<Home>) -> Result<&Read, Failure> {
        let entries = home.vault.refresh()?;
        let fresh = match self.read.take() {
            Some(read) if Arc::ptr_eq(&read.home, home) && read.entries == entries => read,
            _ => Read::anew(home)?,
        };
        Ok(self.read.insert(fresh))
    }
}

impl Read {
    fn anew(home: &Arc<Home>) -> Result<Self, Failure> {
        let index = home.index()?;
        // By this one thread, because several runs that begin together would each write it.
        collect::note_sources(home, &index, By::SCHEDULER)?;
        home.signed_by(&index, By::SCHEDULER.who)?;
        crate::project::catch_up(&home.vault, &index)?;
        Ok(Read {
            home: Arc::clone(home),
            entries: index.position()?.0,
            attempts: index.last_attempts()?,
            advisories: crate::advisories::attempts(&index)?,
        })
    }
}

fn find<'a>(home: &'a Home, source: &str) -> Option<&'a Source> {
    let sources = &home.config.sources;
    sources.iter().find(|s| s.settings.source == source)
}

fn due_for(
    source: &Source,
    attempts: &BTreeMap<String, Attempts>,
    now: Timestamp,
) -> Option<Timestamp> {
    let name = source.settings.source.as_str();
    let last = attempts.get(name).and_then(Last::of);
    due_at(name, source.every_hours, last, now)
}

//! What all requests share: the home, what is judged of it, and the one way to write.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use jiff::civil::Date;
use standing_assess::Index;

use super::gate::Gate;
use super::indexes::{Indexes, Lent};
use super::members::Members;
use super::memory::Memory;
use super::oidc::Oidc;
use super::passkeys::Passkeys;
use super::readers::Readers;
use super::schedule::Schedule;
use super::session::Sessions;
use super::snapshot::{Judged, Snapshot};
use super::subjects::Spools;
use super::timeline::Timeline;
use super::visit::Trouble;
use crate::config::{FILE, Serve};
use crate::failure::Failure;
use crate::home::{Author, By, Home, private_cache};
use crate::project::ONCE;

/// Other days that are kept judged.
const DAYS_KEPT: usize = 8;
/// How long a page that follows a write waits for the write to be judged.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What all requests share.
pub struct App {
    folder: PathBuf,
    /// When `standing.toml` was last written, before it was read.
    opened: Option<SystemTime>,
    /// `[serve]` as it was at the start: a change of address wants a new start.
    serve: Serve,
    home: RwLock<Arc<Home>>,
    /// The writer's index; whoever holds it is the only one who writes in this process.
    writing: Mutex<Index>,
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    /// Number of entries that the last snapshot knew, and its sign.
    judged: (Mutex<u64>, Condvar),
    /// Wakes whoever judges: whether somebody asked for it, and whether to stop.
    wake: (Mutex<Wake>, Condvar),
    /// As of so many entries.
    members: RwLock<(u64, Arc<Members>)>,
    indexes: Indexes,
    days: Mutex<VecDeque<(u64, Arc<Judged>)>>,
    /// Sessions.
    pub sessions: Sessions,
    /// Ceremonies with passkeys.
    pub passkeys: Passkeys,
    /// Readers of rows.
    pub readers: Readers,
    /// Subjects of checks that have too many to keep in memory.
    pub spools: Spools,
    /// Answers of the snapshot in force that are asked for again and again.
    pub memory: Memory,
    /// The identity provider, where people come in by one.
    pub oidc: Option<Oidc>,
    /// Limits of rate.
    pub gate: Gate,
    /// What is being read, and what will be.
    pub schedule: Schedule,
    /// How the items stood and will stand.
    pub timeline: Timeline,
}

#[derive(Default)]
struct Wake {
    asked: bool,
    stop: bool,
    /// Whether anybody judges at all.
    judging: bool,
}

/// What is told of each new snapshot and of the one before it.
type Told<'a> = &'a dyn Fn(&Arc<Snapshot>, Option<&Arc<Snapshot>>);

/// A new snapshot, and the one before it.
type Judging = (Arc<Snapshot>, Option<Arc<Snapshot>>);

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acted {
    /// The last entry written.
    pub entry: u64,
    /// The same request had been carried out before; nothing was written now.
    pub repeated: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// Opens the home and what belongs to the server beside it. Judges nothing yet.
    ///
    /// # Errors
    /// When the home cannot be opened.
    pub fn open(folder: &Path, listen: Option<SocketAddr>) -> Result<Self, Failure> {
        let opened = modified(folder);
        let home = Home::open(folder)?;
        let mut serve = home.config.serve.clone();
        if let Some(listen) = listen {
            serve.listen_on(listen);
        }
        let passkeys = Passkeys::of(&serve)?;
        let index = home.index()?;
        let (position, members) = (index.position()?.0, Members::read(&index)?);
        let cache = private_cache(folder)?;
        let sessions = Sessions::open(&cache, serve.session_limits())?;
        Ok(App {
            folder: folder.to_owned(),
            opened,
            writing: Mutex::new(index),
            snapshot: RwLock::new(None),
            judged: (Mutex::new(0), Condvar::new()),
            wake: (Mutex::new(Wake::default()), Condvar::new()),
            members: RwLock::new((position, Arc::new(members))),
            indexes: Indexes::default(),
            days: Mutex::new(VecDeque::new()),
            sessions,
            passkeys,
            readers: Readers::start(2)?,
            spools: Spools::open(&cache)?,
            memory: Memory::default(),
            timeline: Timeline::open(&cache),
            oidc: Oidc::open(&serve, folder)?,
            gate: Gate::default(),
            schedule: Schedule::default(),
            serve,
            home: RwLock::new(Arc::new(home)),
        })
    }

    /// The home as it is now, with the configuration in force.
    pub fn home(&self) -> Arc<Home> {
        Arc::clone(&self.home.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the server listens and how people come in.
    pub fn serve(&self) -> &Serve {
        &self.serve
    }

    /// Looks again who may come in.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn look_again(&self) -> Result<(), Failure> {
        let index = lock(&self.writing);
        crate::project::catch_up(&self.home().vault, &index)?;
        self.read_members(&index)
    }

    /// Judges now, on this thread.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn judge_now(&self) -> Result<(), Failure> {
        self.judge_if_due(true, None).map(|_| ())
    }

    /// A connection to the index, for reading.
    ///
    /// # Errors
    /// When the index cannot be opened.
    pub fn index(&self) -> Result<Lent<'_>, Failure> {
        self.indexes.lend(&self.home())
    }

    /// Who may come in, as of the last entry that this process has seen.
    pub fn members(&self) -> Arc<Members> {
        let members = self.members.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&members.1)
    }

    /// The last snapshot, if there is one yet.
    pub fn snapshot_if_any(&self) -> Option<Arc<Snapshot>> {
        self.snapshot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The last snapshot.
    ///
    /// # Errors
    /// 503 while the first one is not yet judged.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Trouble> {
        self.snapshot_if_any().ok_or_else(|| {
            let mut trouble = Trouble::new(
                503,
                "Judging for the first time",
                "Standing has just started and is judging the vault. This page will be there in a moment.",
            );
            trouble.retry_after = Some(2);
            trouble
        })
    }

    /// The estate as of another day, or as it will be then.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn judged_on(&self, day: Date) -> Result<Arc<Judged>, Trouble> {
        let snapshot = self.snapshot()?;
        let find = |days: &VecDeque<(u64, Arc<Judged>)>| {
            days.iter()
                .find(|(entries, judged)| *entries == snapshot.entries && judged.day == day)
                .map(|(_, judged)| Arc::clone(judged))
        };
        if let Some(judged) = find(&lock(&self.days)) {
            return Ok(judged);
        }
        let mut index = snapshot.home.index()?;
        let judged = Arc::new(Judged::judge(
            &snapshot.home,
            &mut index,
            snapshot.day(),
            day,
        )?);
        let mut days = lock(&self.days);
        days.push_front((snapshot.entries, Arc::clone(&judged)));
        days.truncate(DAYS_KEPT);
        Ok(judged)
    }

    /// Writes: the one way for everything that changes the vault. `work` appends what it has to and
    /// gives the number of its last entry. A request that bears a name and was carried out already is
    /// found, not carried out again.
    ///
    /// # Errors
    /// What `work` gives; 401 where whoever acts is a member no longer; 422 where one name is used for
    /// two different requests.
    pub fn act<E: Into<Trouble>>(
        &self,
        by: By<'_>,
        work: impl FnOnce(&Home, &Index) -> Result<u64, E>,
    ) -> Result<Acted, Trouble> {
        let acted = {
            let index = lock(&self.writing);
            let home = self.home();
            crate::project::catch_up(&home.vault, &index)?;
            self.read_members(&index)?;
            if let Author::Actor(id) = by.who
                && !self.members().members.contains_key(id)
            {
                // They were ended while they waited for their turn.
                return Err(Trouble::nobody());
            }
            let acted = match before(&index, by.once)? {
                Some(entry) => Acted {
                    entry,
                    repeated: true,
                },
                None => Acted {
                    entry: work(&home, &index).map_err(Into::into)?,
                    repeated: false,
                },
            };
            crate::project::catch_up(&home.vault, &index)?;
            self.read_members(&index)?;
            acted
        };
        if !acted.repeated {
            self.wake_judge();
            self.wait_for(acted.entry);
        }
        Ok(acted)
    }

    fn read_members(&self, index: &Index) -> Result<(), Failure> {
        let position = index.position()?.0;
        self.know(position, Members::read(index)?);
        Ok(())
    }

    /// Takes up who may come in as of so many entries, unless more is known: the judge looks beside
    /// whoever writes, and what it saw may be older than what was written since.
    pub fn know(&self, position: u64, members: Members) {
        let mut known = self.members.write().unwrap_or_else(PoisonError::into_inner);
        if position >= known.0 {
            *known = (position, Arc::new(members));
        }
    }

    /// Waits until an entry is judged, but not for ever: the page that follows says what it knows.
    fn wait_for(&self, entry: u64) {
        let until = Instant::now() + PATIENCE;
        if !lock(&self.wake.0).judging {
            return;
        }
        let mut entries = lock(&self.judged.0);
        if *entries == 0 {
            // The first judgement may take longer than a page should.
            return;
        }
        while *entries <= entry {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let (guard, _) = self
                .judged
                .1
                .wait_timeout(entries, left)
                .unwrap_or_else(PoisonError::into_inner);
            entries = guard;
        }
    }

    /// Asks for a new snapshot.
    pub fn wake_judge(&self) {
        lock(&self.wake.0).asked = true;
        self.wake.1.notify_all();
    }

    /// Ends [`App::keep_judging`].
    pub fn stop(&self) {
        lock(&self.wake.0).stop = true;
        self.wake.1.notify_all();
    }

    /// Judges whenever the vault, `standing.toml` or the day has changed, until stopped. `judged` is
    /// told of each snapshot and the one before.
    pub fn keep_judging(&self, judged: Told<'_>) {
        let mut file = self.opened;
        let mut fault = None;
        lock(&self.wake.0).judging = true;
        loop {
            let now_file = modified(&self.folder);
            let moved = now_file != file;
            if moved {
                fault = self.reload();
                file = now_file;
            }
            match self.judge_if_due(moved, fault.clone()) {
                Ok(Some((now, before))) => {
                    self.readers.warm(&now);
                    judged(&now, before.as_ref());
                }
                Ok(None) => {}
                Err(failure) => tracing::error!(%failure, "could not judge"),
            }
            let mut wake = lock(&self.wake.0);
            if !wake.asked && !wake.stop {
                let wait = Duration::from_secs(1);
                let (guard, _) = self
                    .wake
                    .1
                    .wait_timeout(wake, wait)
                    .unwrap_or_else(PoisonError::into_inner);
                wake = guard;
            }
            wake.asked = false;
            if wake.stop {
                return;
            }
        }
    }

    /// Takes up `standing.toml` as it is now; what is wrong with it, if something is.
    fn reload(&self) -> Option<String> {
        match Home::open(&self.folder) {
            Ok(home) => {
                *self.home.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(home);
                None
            }
            Err(failure) => {
                tracing::warn!(%failure, "{FILE} as it is now cannot be used");
                Some(failure.message)
            }
        }
    }

    fn judge_if_due(&self, moved: bool, fault: Option<String>) -> Result<Option<Judging>, Failure> {
        let home = self.home();
        let entries = home.vault.refresh()?;
        let before = self.snapshot_if_any();
        let day = standing_assess::AsOf::at(Timestamp::now()).date;
        let due = before
            .as_ref()
            .is_none_or(|s| moved || s.entries != entries || s.day() != day);
        if !due {
            return Ok(None);
        }
        let mut index = home.index()?;
        self.read_members(&index)?;
        let now = Arc::new(Snapshot::judge(&home, &mut index, fault)?);
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&now));
        self.spools.forget_all_but(&now);
        self.memory.forget_all_but(&now);
        *lock(&self.judged.0) = now.entries;
        self.judged.1.notify_all();
        Ok(Some((now, before)))
    }
}

/// The entry of the request of this name, if it was carried out. The name is `key:contents`, both
/// hashes: one key with other contents is a mistake of whoever asks.
fn before(index: &Index, once: Option<&str>) -> Result<Option<u64>, Trouble> {
    let Some((key, contents)) = once.and_then(|o| o.split_once(':')) else {
        return Ok(None);
    };
    let Some(state) = index.state(ONCE, key)? else {
        return Ok(None);
    };
    if state.json != contents {
        return Err(Trouble::unusable(
            "this Idempotency-Key was used before for another request",
        ));
    }
    Ok(Some(state.entry))
}

fn modified(folder: &Path) -> Option<SystemTime> {
    std::fs::metadata(folder.join(FILE))
        .and_then(|m| m.modified())
        .ok()
}

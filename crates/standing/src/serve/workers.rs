//! The threads that work beside the requests: the judge, the scheduler, the notifier, the
//! keeper of access reviews.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::app::App;
use super::{duties, notify, timeline};
use crate::failure::Failure;

/// A word to stop.
#[derive(Default)]
pub struct Stop(Mutex<bool>, Condvar);

impl Stop {
    /// Says it.
    pub fn say(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }

    /// Waits so long, or until it is said; whether it was.
    pub fn wait(&self, within: Duration) -> bool {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.1.wait_timeout_while(said, within, |said| !*said);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The threads at work.
pub struct Workers {
    app: Arc<App>,
    stop: Arc<Stop>,
    /// Nothing is ever sent: it closes when the last of them has ended, even by a panic.
    ended: Receiver<()>,
}

impl Workers {
    /// Starts them.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(app: &Arc<App>) -> Result<Self, Failure> {
        let (alive, ended) = channel();
        let stop = Arc::new(Stop::default());
        spawn("judge", app, &alive, |app| app.keep_judging(&|_, _| {}))?;
        spawn("schedule", app, &alive, |app| app.schedule.keep(app))?;
        let told = Arc::clone(&stop);
        spawn("notify", app, &alive, move |app| notify::keep(app, &told))?;
        let told = Arc::clone(&stop);
        spawn("reviews", app, &alive, move |app| duties::keep(app, &told))?;
        let told = Arc::clone(&stop);
        spawn("timeline", app, &alive, move |app| {
            timeline::keep(app, &told);
        })?;
        Ok(Workers {
            app: Arc::clone(app),
            stop,
            ended,
        })
    }

    /// Tells them to stop and waits, but not for longer than `within`: what is then still at work ends
    /// with the process, and the vault holds of it what was acknowledged and nothing half-done.
    pub fn stop(self, within: Duration) {
        self.stop.say();
        self.app.schedule.stop();
        self.app.stop();
        if self.ended.recv_timeout(within) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("something is still at work and is abandoned");
        }
    }
}

fn spawn(
    name: &str,
    app: &Arc<App>,
    alive: &Sender<()>,
    work: impl FnOnce(&Arc<App>) + Send + 'static,
) -> Result<(), Failure> {
    let (app, alive) = (Arc::clone(app), alive.clone());
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            let _alive = alive;
            work(&app);
        })?;
    Ok(())
}

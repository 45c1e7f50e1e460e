//! The threads that work beside the requests: the judge, the scheduler, the notifier.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::app::App;
use crate::failure::Failure;

/// The threads at work.
pub struct Workers {
    app: Arc<App>,
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
        spawn("judge", app, &alive, |app| app.keep_judging(&|_, _| {}))?;
        spawn("schedule", app, &alive, |app| app.schedule.keep(app))?;
        Ok(Workers {
            app: Arc::clone(app),
            ended,
        })
    }

    /// Tells them to stop and waits, but not for longer than `within`: what is then still at work ends
    /// with the process, and the vault holds of it what was acknowledged and nothing half-done.
    pub fn stop(self, within: Duration) {
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
    std::thread::Builder::new().name(name.into()).spawn(move || {
        let _alive = alive;
        work(&app);
    })?;
    Ok(())
}

//! Threads that hold the estate laid out, for pages that ask for rows.
//!
//! Laying out an estate derives links and findings, which takes a while; each reader does it once
//! for each state of the vault and then answers in the time that its question takes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use standing_assess::{Estate, Freshness};

use super::snapshot::Snapshot;
use super::visit::Trouble;
use crate::failure::Failure;

/// A question put to whichever reader is free.
type Question = Box<dyn FnOnce(&Estate<'_>) + Send>;

/// Longest time for which a page waits for its rows.
const PATIENCE: Duration = Duration::from_secs(20);

enum Message {
    Ask(Arc<Snapshot>, Question),
    Stop,
}

/// The readers.
pub struct Readers {
    send: SyncSender<Message>,
    count: usize,
}

impl Readers {
    /// Starts `count` readers.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(count: usize) -> Result<Self, Failure> {
        let (send, receive) = sync_channel(1024);
        let receive = Arc::new(Mutex::new(receive));
        for n in 0..count {
            let receive = Arc::clone(&receive);
            std::thread::Builder::new()
                .name(format!("reader-{n}"))
                .spawn(move || read(&receive))?;
        }
        Ok(Readers { send, count })
    }

    /// Has every reader lay out the estate of a new snapshot before anybody asks.
    pub fn warm(&self, snapshot: &Arc<Snapshot>) {
        for _ in 0..self.count {
            // Where the queue is full, the readers have work enough to be warm by it.
            let _ = self
                .send
                .try_send(Message::Ask(Arc::clone(snapshot), Box::new(|_| {})));
        }
    }

    /// Asks about the estate as the snapshot judged it.
    ///
    /// # Errors
    /// When the index cannot be read, or too many wait.
    pub fn ask<T: Send + 'static>(
        &self,
        snapshot: &Arc<Snapshot>,
        question: impl FnOnce(&Estate<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let (answer, answered) = sync_channel(1);
        let question = Box::new(move |estate: &Estate<'_>| {
            // A question that panics must not take the reader with it: nobody starts another.
            let asked = catch_unwind(AssertUnwindSafe(|| question(estate)));
            let told = asked.unwrap_or_else(|_| Err(Trouble::ours("a question panicked")));
            // Whoever asked may have gone.
            let _ = answer.send(told);
        });
        let busy = || {
            let mut trouble = Trouble::new(503, "Busy", "Too many pages are asked for at once.");
            trouble.retry_after = Some(2);
            trouble
        };
        self.send
            .try_send(Message::Ask(Arc::clone(snapshot), question))
            .map_err(|_| busy())?;
        answered.recv_timeout(PATIENCE).map_err(|_| busy())?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        for _ in 0..self.count {
            // A reader that is gone needs no telling.
            let _ = self.send.try_send(Message::Stop);
        }
    }
}

fn next(receive: &Mutex<Receiver<Message>>) -> Option<(Arc<Snapshot>, Question)> {
    let receive = receive.lock().unwrap_or_else(PoisonError::into_inner);
    match receive.recv() {
        Ok(Message::Ask(snapshot, question)) => Some((snapshot, question)),
        Ok(Message::Stop) | Err(_) => None,
    }
}

fn read(receive: &Mutex<Receiver<Message>>) {
    let mut waiting = next(receive);
    while let Some((snapshot, question)) = waiting.take() {
        waiting = match answer(receive, &snapshot, question) {
            Ok(next) => next,
            Err(failure) => {
                tracing::error!(%failure, "the estate could not be laid out");
                next(receive)
            }
        };
    }
}

/// Answers as long as the questions are about one snapshot; gives the first that is not.
fn answer(
    receive: &Mutex<Receiver<Message>>,
    snapshot: &Arc<Snapshot>,
    question: Question,
) -> Result<Option<(Arc<Snapshot>, Question)>, Failure> {
    let mut index = snapshot.home.index()?;
    index.suppose_configured(&crate::collect::configured(&snapshot.home))?;
    let estate = Estate::new(
        &mut index,
        snapshot.terms.as_of.clone(),
        Freshness::Measured,
        &snapshot.terms.catalogue.support,
    )?;
    question(&estate);
    loop {
        match next(receive) {
            Some((other, question)) if Arc::ptr_eq(&other, snapshot) => question(&estate),
            other => return Ok(other),
        }
    }
}

//! Answers that whole tables were counted for, remembered as long as the snapshot they belong to.
//!
//! *Architecture invariant:* what is remembered belongs to one snapshot, and is forgotten when another
//! takes its place: nothing of what was erased stays.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use standing_assess::Estate;

use super::readers::Readers;
use super::snapshot::Snapshot;
use super::visit::Trouble;

/// Most answers that are remembered; then it begins anew.
const MOST: usize = 256;

/// The memory.
#[derive(Default)]
pub struct Memory {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    of: Option<Arc<Snapshot>>,
    answers: HashMap<String, Arc<dyn Any + Send + Sync>>,
}

impl Memory {
    /// The answer to a question of this name, asked once for each snapshot.
    ///
    /// # Errors
    /// As [`Readers::ask`].
    pub fn ask<T: Clone + Send + Sync + 'static>(
        &self,
        readers: &Readers,
        snapshot: &Arc<Snapshot>,
        name: String,
        question: impl FnOnce(&Estate<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let known = {
            let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let same = inner
                .of
                .as_ref()
                .is_some_and(|of| Arc::ptr_eq(of, snapshot));
            let found = inner.answers.get(&name).filter(|_| same);
            found.and_then(|answer| answer.downcast_ref::<T>().cloned())
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let answer = readers.ask(snapshot, question)?;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let same = inner
            .of
            .as_ref()
            .is_some_and(|of| Arc::ptr_eq(of, snapshot));
        if !same || inner.answers.len() >= MOST {
            inner.answers.clear();
            inner.of = Some(Arc::clone(snapshot));
        }
        inner.answers.insert(name, Arc::new(answer.clone()));
        Ok(answer)
    }

    /// Forgets what belongs to other snapshots than this one.
    pub fn forget_all_but(&self, snapshot: &Arc<Snapshot>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner
            .of
            .as_ref()
            .is_some_and(|of| Arc::ptr_eq(of, snapshot))
        {
            *inner = Inner::default();
        }
    }
}

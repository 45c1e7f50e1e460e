//! Connections to the index that stay open between requests: opening one costs more than most
//! questions do.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use standing_assess::Index;

use crate::failure::Failure;
use crate::home::Home;

/// Connections that are kept while nobody uses them.
const KEPT: usize = 4;

/// The connections.
#[derive(Default)]
pub struct Indexes {
    idle: Mutex<Vec<Index>>,
}

impl Indexes {
    /// A connection for one request. It sees everything that this server has written; what another
    /// process has written it sees as soon as the judge has.
    ///
    /// # Errors
    /// When the index cannot be opened.
    pub fn lend(&self, home: &Home) -> Result<Lent<'_>, Failure> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let index = match idle {
            Some(index) => index,
            None => home.index()?,
        };
        Ok(Lent {
            index: Some(index),
            indexes: self,
        })
    }
}

/// A connection on loan, for reading.
pub struct Lent<'a> {
    index: Option<Index>,
    indexes: &'a Indexes,
}

impl Deref for Lent<'_> {
    type Target = Index;

    fn deref(&self) -> &Index {
        // Only `drop` takes it.
        self.index.as_ref().expect("a connection is on loan")
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self
            .indexes
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.extend(self.index.take());
        }
    }
}

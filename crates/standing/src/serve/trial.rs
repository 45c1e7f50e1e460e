//! Trying a source out: it is read as it would be, and nothing is kept.

use std::sync::{Mutex, TryLockError};

use standing_facts::{Gap, Outcome, Problem};

use super::right::Right;
use super::visit::{Trouble, Visit};
use crate::source::{sentence, trial};

/// Places not understood that are told.
pub const PROBLEMS: usize = 100;

/// What a trial came to.
pub struct Tried {
    /// The same in one sentence.
    pub sentence: String,
    /// Whether everything was read, a part of it, or nothing.
    pub outcome: Outcome,
    /// Rows by table.
    pub counts: Vec<(String, u64)>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Places not understood; none of them for whoever may not see people.
    pub problems: Vec<Problem>,
    /// How many places more there are.
    pub more: u64,
}

impl Tried {
    /// Whether nothing is missing.
    pub fn whole(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// Tries out the source of this name; one at a time, because an export may be large.
///
/// # Errors
/// 404 where no such source is configured, 503 while another is tried out.
pub fn try_out(visit: &Visit, name: &str) -> Result<Tried, Trouble> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = match ONE_AT_A_TIME.try_lock() {
        Ok(turn) => turn,
        Err(TryLockError::Poisoned(turn)) => turn.into_inner(),
        Err(TryLockError::WouldBlock) => {
            let detail = "Another source is being tried out just now.";
            let mut trouble = Trouble::new(503, "In a moment", detail);
            trouble.retry_after = Some(5);
            return Err(trouble);
        }
    };
    let home = visit.app.home();
    let sources = &home.config.sources;
    let source = sources.iter().find(|s| s.settings.source == name);
    let source = source.ok_or_else(|| Trouble::missing("There is no source of this name."))?;
    let mut done = trial(&home, source).map_err(Trouble::ours)?;
    let open = visit.who()?.may(Right::ReadPersonal);
    done.problems.truncate(if open { PROBLEMS } else { 0 });
    let counts = done.counts.iter();
    Ok(Tried {
        sentence: sentence(name, &done),
        outcome: done.outcome,
        counts: counts.map(|(t, n)| ((*t).to_owned(), *n)).collect(),
        more: done.problem_count - done.problems.len() as u64,
        gaps: done.gaps,
        problems: done.problems,
    })
}

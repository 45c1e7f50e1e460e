//! Sign-ins that have begun and not come back: kept here, never in the browser or in a URL.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::serve::members::{hash, same};

/// How long somebody may take at the provider.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// At most this many; beyond, the oldest is forgotten. Whoever wants to push out the sign-ins of
/// others meets the limit of rate first.
const MOST: usize = 2000;

/// One sign-in that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Hash of the state that the provider gives back.
    pub state: String,
    /// Hash of what the cookie of the browser that began holds.
    pub browser: String,
    /// What the provider's token must bear.
    pub nonce: String,
    /// What proves to the provider that whoever brings the code is whoever began.
    pub verifier: String,
    /// Where to go afterwards: a path of ours.
    pub next: String,
    /// The session for which somebody proves again who they are.
    pub proves: Option<Proves>,
    /// Its beginning.
    pub began_at: Timestamp,
}

/// A session that is to be proved anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proves {
    /// Its name in the table of sessions.
    pub session: String,
    /// Whose it is.
    pub member: String,
}

/// All that have begun, the oldest first.
#[derive(Default)]
pub struct Flows {
    open: Mutex<VecDeque<Flow>>,
}

impl Flows {
    fn open(&self, now: Timestamp) -> MutexGuard<'_, VecDeque<Flow>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|flow| now.duration_since(flow.began_at) < LIFE);
        open
    }

    /// Notes one that begins.
    pub fn begin(&self, flow: Flow) {
        let mut open = self.open(flow.began_at);
        if open.len() >= MOST {
            open.pop_front();
        }
        open.push_back(flow);
    }

    /// Whether the browser that shows this cookie has begun one: a second window goes on with the
    /// same cookie, so that the first one can still come back.
    pub fn knows(&self, browser: &str, now: Timestamp) -> bool {
        let browser = hash(browser);
        self.open(now).iter().any(|f| same(&f.browser, &browser))
    }

    /// The one that comes back with this state in this browser. It is given out once.
    pub fn take(&self, state: &str, browser: &str, now: Timestamp) -> Option<Flow> {
        let (state, browser) = (hash(state), hash(browser));
        let mut open = self.open(now);
        let at = open
            .iter()
            .position(|f| same(&f.state, &state) && same(&f.browser, &browser))?;
        open.remove(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn flow(state: &str, browser: &str, minute: i64) -> Flow {
        Flow {
            state: hash(state),
            browser: hash(browser),
            nonce: "nonce".into(),
            verifier: "verifier".into(),
            next: "/".into(),
            proves: None,
            began_at: at(minute),
        }
    }

    #[test]
    fn it_comes_back_once_and_only_in_the_browser_that_began() {
        let flows = Flows::default();
        flows.begin(flow("state", "browser", 0));
        assert!(flows.take("state", "another", at(1)).is_none());
        assert!(flows.take("other", "browser", at(1)).is_none());
        assert!(flows.take("state", "browser", at(1)).is_some());
        assert!(flows.take("state", "browser", at(1)).is_none());
    }

    #[test]
    fn it_is_over_after_ten_minutes() {
        let flows = Flows::default();
        flows.begin(flow("state", "browser", 0));
        assert!(flows.knows("browser", at(9)));
        assert!(!flows.knows("browser", at(10)));
        assert!(flows.take("state", "browser", at(10)).is_none());
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let flows = Flows::default();
        for n in 0..=MOST {
            flows.begin(flow(&n.to_string(), "browser", 0));
        }
        assert_eq!(flows.open(at(0)).len(), MOST);
        assert!(flows.take("0", "browser", at(0)).is_none(), "the oldest");
        assert!(flows.take("1", "browser", at(0)).is_some());
    }
}

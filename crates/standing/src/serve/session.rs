//! Sessions: a table of our own, in a file beside the index. What the cookie holds is known to the
//! browser alone; the table knows its hash. Deleting the file signs everybody out and loses nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::members::{hash, secret};
use crate::failure::Failure;

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Without a request.
    pub idle: SignedDuration,
    /// In all.
    pub whole: SignedDuration,
    /// For how long a proof of who somebody is holds for what needs one.
    pub proven: SignedDuration,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Hash of what the cookie holds.
    pub id: String,
    /// Whose it is.
    pub member: String,
    /// What every form must send back.
    pub csrf: String,
    /// `passkey` or `identity provider`.
    pub means: String,
    /// Browser and system, in a few words.
    pub label: String,
    /// Its beginning.
    pub began_at: Timestamp,
    /// The last request, to the minute.
    pub seen_at: Timestamp,
    /// When its holder last proved who they are.
    pub proven_at: Timestamp,
}

/// All sessions.
pub struct Sessions {
    connection: Mutex<Connection>,
    /// How long they last.
    pub limits: Limits,
}

impl Sessions {
    /// Opens the table in the folder of what can be deleted at any time.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn open(cache: &Path, limits: Limits) -> Result<Self, Failure> {
        let connection = Connection::open(cache.join("sessions.sqlite"))?;
        // Read and written while a request passes the door: nothing may wait for the disk there. What a
        // loss of power takes is a few minutes of who was seen, or a session that began just then.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Sessions::prepare(connection, limits)
    }

    fn prepare(connection: Connection, limits: Limits) -> Result<Self, Failure> {
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.execute_batch(
            "create table if not exists session (id text primary key, member text not null,
               csrf text not null, means text not null, label text not null,
               began_at integer not null, seen_at integer not null, proven_at integer not null)
               without rowid;
             create index if not exists session_by_member on session (member);
             create table if not exists seen (member text primary key, at integer not null)
               without rowid;
             create table if not exists counter (passkey text primary key, count integer not null)
               without rowid;",
        )?;
        Ok(Sessions {
            connection: Mutex::new(connection),
            limits,
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session for somebody who has just proved who they are; gives what the cookie is to
    /// hold.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn begin(
        &self,
        member: &str,
        means: &str,
        label: &str,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let shown = secret()?;
        let connection = self.connection();
        let oldest = (now - self.limits.whole).as_second();
        connection.execute("delete from session where began_at < ?1", [oldest])?;
        let second = now.as_second();
        connection.execute(
            "insert into session values (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?6)",
            params![hash(&shown), member, secret()?, means, label, second],
        )?;
        saw(&connection, member, now)?;
        Ok(shown)
    }

    /// The session that a cookie names, if it stands. Notes that it was seen.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub fn find(&self, shown: &str, now: Timestamp) -> Result<Option<Session>, Failure> {
        let connection = self.connection();
        let id = hash(shown);
        let found = connection
            .prepare_cached("select * from session where id = ?1")?
            .query_row([&id], session)
            .optional()?;
        let Some(session) = found else {
            return Ok(None);
        };
        let over = now.duration_since(session.began_at) > self.limits.whole
            || now.duration_since(session.seen_at) > self.limits.idle;
        if over {
            noted(connection.execute("delete from session where id = ?1", [&id]));
            return Ok(None);
        }
        if now.duration_since(session.seen_at) >= SignedDuration::from_mins(1) {
            noted(connection.execute(
                "update session set seen_at = ?2 where id = ?1",
                params![id, now.as_second()],
            ));
            noted(saw(&connection, &session.member, now));
        }
        Ok(Some(session))
    }

    /// Whether the proof of who somebody is still holds.
    pub fn proven(&self, session: &Session, now: Timestamp) -> bool {
        now.duration_since(session.proven_at) <= self.limits.proven
    }

    /// Notes that the session's holder has just proved who they are.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn prove(&self, id: &str, now: Timestamp) -> Result<(), Failure> {
        self.connection().execute(
            "update session set proven_at = ?2 where id = ?1",
            params![id, now.as_second()],
        )?;
        Ok(())
    }

    /// The sessions of a member that are not over.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn of(&self, member: &str, now: Timestamp) -> Result<Vec<Session>, Failure> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "select * from session where member = ?1 and began_at >= ?2 and seen_at >= ?3
             order by seen_at desc, id",
        )?;
        let oldest = (now - self.limits.whole).as_second();
        let idle = (now - self.limits.idle).as_second();
        let rows = statement.query_map(params![member, oldest, idle], session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Ends a session of a member; whether there was one.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end(&self, member: &str, id: &str) -> Result<bool, Failure> {
        let gone = self.connection().execute(
            "delete from session where id = ?1 and member = ?2",
            [id, member],
        )?;
        Ok(gone > 0)
    }

    /// Ends every session of a member but one; how many there were.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end_others(&self, member: &str, but: &str) -> Result<usize, Failure> {
        Ok(self.connection().execute(
            "delete from session where member = ?1 and id <> ?2",
            [member, but],
        )?)
    }

    /// When each member was last seen, to the minute.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn seen(&self) -> Result<BTreeMap<String, Timestamp>, Failure> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("select member, at from seen")?;
        let rows = statement.query_map([], |row| {
            let at = Timestamp::from_second(row.get(1)?).unwrap_or(Timestamp::UNIX_EPOCH);
            Ok((row.get(0)?, at))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes note of a passkey's counter of signatures; whether it went forward, as it must unless the
    /// passkey does not count and says zero for ever. One that went back may be a copy.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn counted(&self, passkey: &str, count: u32) -> Result<bool, Failure> {
        // In one statement, so that of two that say the same only one is believed.
        let taken = self.connection().execute(
            "insert into counter values (?1, ?2) on conflict (passkey) do update
             set count = excluded.count
             where excluded.count > count or (excluded.count = 0 and count = 0)",
            params![passkey, count],
        )?;
        Ok(taken > 0)
    }

    /// Ends every session of a member.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end_all(&self, member: &str) -> Result<(), Failure> {
        self.connection()
            .execute("delete from session where member = ?1", [member])?;
        Ok(())
    }
}

/// What is only noted keeps nobody out: people must be able to look where the disk is full.
fn noted(done: rusqlite::Result<usize>) {
    if let Err(error) = done {
        tracing::warn!(%error, "what was seen of a session could not be noted");
    }
}

fn saw(connection: &Connection, member: &str, now: Timestamp) -> rusqlite::Result<usize> {
    connection.execute(
        "insert or replace into seen values (?1, ?2)",
        params![member, now.as_second()],
    )
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let instant = |i: usize| {
        row.get::<_, i64>(i)
            .map(|s| Timestamp::from_second(s).unwrap_or(Timestamp::UNIX_EPOCH))
    };
    Ok(Session {
        id: row.get(0)?,
        member: row.get(1)?,
        csrf: row.get(2)?,
        means: row.get(3)?,
        label: row.get(4)?,
        began_at: instant(5)?,
        seen_at: instant(6)?,
        proven_at: instant(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> Sessions {
        let limits = Limits {
            idle: SignedDuration::from_mins(30),
            whole: SignedDuration::from_hours(10),
            proven: SignedDuration::from_mins(5),
        };
        Sessions::prepare(Connection::open_in_memory().unwrap(), limits).unwrap()
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn a_session_ends_when_idle_and_when_it_is_too_old() {
        let sessions = sessions();
        let idle = sessions.begin("a", "passkey", "", at(0)).unwrap();
        assert!(sessions.find(&idle, at(30)).unwrap().is_some());
        assert!(sessions.find(&idle, at(59)).unwrap().is_some());
        assert!(sessions.find(&idle, at(90)).unwrap().is_none());
        assert!(
            sessions.find(&idle, at(59)).unwrap().is_none(),
            "it is gone"
        );
        let busy = sessions.begin("a", "passkey", "", at(0)).unwrap();
        for minute in (0..=600).step_by(20) {
            assert!(sessions.find(&busy, at(minute)).unwrap().is_some());
        }
        assert!(sessions.find(&busy, at(601)).unwrap().is_none());
    }

    #[test]
    fn the_table_does_not_hold_what_the_cookie_holds() {
        let sessions = sessions();
        let shown = sessions.begin("a", "passkey", "", at(0)).unwrap();
        let found = sessions.find(&shown, at(0)).unwrap().unwrap();
        assert_ne!(found.id, shown);
        assert!(sessions.find(&found.id, at(0)).unwrap().is_none());
    }

    #[test]
    fn a_proof_holds_for_minutes_and_can_be_given_anew() {
        let sessions = sessions();
        let shown = sessions.begin("a", "passkey", "", at(0)).unwrap();
        let found = sessions.find(&shown, at(6)).unwrap().unwrap();
        assert!(sessions.proven(&found, at(5)));
        assert!(!sessions.proven(&found, at(6)));
        sessions.prove(&found.id, at(6)).unwrap();
        let found = sessions.find(&shown, at(7)).unwrap().unwrap();
        assert!(sessions.proven(&found, at(7)));
    }

    #[test]
    fn a_counter_goes_forward_or_stays_at_nothing() {
        let sessions = sessions();
        for (count, taken) in [
            (0, true),
            (0, true),
            (3, true),
            (3, false),
            (2, false),
            (0, false),
            (4, true),
        ] {
            assert_eq!(sessions.counted("k", count).unwrap(), taken, "{count}");
        }
        assert!(sessions.counted("another", 1).unwrap());
    }

    #[test]
    fn when_somebody_was_seen_outlives_their_sessions() {
        let sessions = sessions();
        let shown = sessions.begin("a", "passkey", "", at(0)).unwrap();
        sessions.find(&shown, at(7)).unwrap();
        sessions.end_all("a").unwrap();
        assert_eq!(sessions.seen().unwrap()["a"], at(7));
    }

    #[test]
    fn all_sessions_but_this_one_end() {
        let sessions = sessions();
        let shown = sessions.begin("a", "passkey", "", at(0)).unwrap();
        let other = sessions.begin("a", "passkey", "", at(0)).unwrap();
        let theirs = sessions.begin("b", "passkey", "", at(0)).unwrap();
        let id = sessions.find(&shown, at(0)).unwrap().unwrap().id;
        assert_eq!(sessions.end_others("a", &id).unwrap(), 1);
        assert!(sessions.find(&shown, at(0)).unwrap().is_some());
        assert!(sessions.find(&other, at(0)).unwrap().is_none());
        assert!(sessions.find(&theirs, at(0)).unwrap().is_some());
    }

    #[test]
    fn a_member_ends_only_their_own_sessions() {
        let sessions = sessions();
        let shown = sessions.begin("a", "passkey", "", at(0)).unwrap();
        let id = sessions.find(&shown, at(0)).unwrap().unwrap().id;
        assert!(!sessions.end("b", &id).unwrap());
        assert_eq!(sessions.of("a", at(1)).unwrap().len(), 1);
        sessions.end_all("a").unwrap();
        assert!(sessions.find(&shown, at(0)).unwrap().is_none());
    }

    #[test]
    fn a_table_that_cannot_be_written_keeps_nobody_out_and_lets_nobody_in() {
        let sessions = sessions();
        let shown = sessions.begin("a", "passkey", "", at(0)).unwrap();
        let full = |on| {
            let connection = sessions.connection();
            connection.pragma_update(None, "query_only", on).unwrap();
        };
        full(true);
        assert!(sessions.find(&shown, at(20)).unwrap().is_some());
        assert!(
            sessions.find(&shown, at(31)).unwrap().is_none(),
            "idle since"
        );
        full(false);
        assert!(sessions.find(&shown, at(30)).unwrap().is_some());
    }

    #[test]
    fn nothing_waits_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let limits = sessions().limits;
        let sessions = Sessions::open(folder.path(), limits).unwrap();
        let connection = sessions.connection();
        let pragma =
            |name| connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
        assert_eq!(pragma("journal_mode").unwrap(), "wal");
        let normal = connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0));
        assert_eq!(normal.unwrap(), 1);
    }
}

//! Days of last sign-ins: the file `lastlog`, and what the programs `lastlog` and `lslogins` print.

use std::collections::HashMap;
use std::io::Read;

use jiff::civil::Date;

use super::host::User;
use crate::dates;

/// Bytes of one record of `/var/log/lastlog`: seconds of the epoch, line and host; its place is the
/// user's number.
const RECORD: usize = 4 + 32 + 256;
/// Numbers of users above this are nobody's: the file is full of holes.
const MOST_USERS: usize = 1_000_000;

/// Last sign-ins of one host.
#[derive(Default)]
pub(super) struct Logins {
    by_login: HashMap<String, Date>,
    by_number: HashMap<usize, Date>,
}

impl Logins {
    pub(super) fn of(&self, user: &User) -> Option<Date> {
        let number = || self.by_number.get(&user.uid.parse().ok()?);
        self.by_login.get(&user.login).or_else(number).copied()
    }

    /// The file itself. Gives whether it ends after a whole record.
    pub(super) fn take_file(&mut self, mut bytes: impl Read) -> std::io::Result<bool> {
        let mut record = [0; RECORD];
        for number in 0..MOST_USERS {
            match fill(&mut bytes, &mut record)? {
                0 => return Ok(true),
                RECORD => {}
                _ => return Ok(false),
            }
            let [a, b, c, d, ..] = record;
            let seconds = u32::from_le_bytes([a, b, c, d]);
            let at = jiff::Timestamp::from_second(i64::from(seconds)).ok();
            if let Some(at) = at.filter(|_| seconds > 0) {
                let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
                self.by_number.insert(number, day);
            }
        }
        Ok(true)
    }

    /// One line of what a program printed, after its headings; `None` where it is none.
    pub(super) fn take_line(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (login, rest) = words.split_first()?;
        if rest.is_empty() || line.contains("**") {
            return Some(());
        }
        let day = last_day(rest)?;
        self.by_login.insert((*login).to_owned(), day);
        Some(())
    }
}

/// `… Mon Nov  2 10:11:12 +0000 2026` of `lastlog`, or `2026-11-02T10:11:12+00:00` of `lslogins`.
fn last_day(words: &[&str]) -> Option<Date> {
    if let [.., month, day, time, zone, year] = words
        && time.contains(':')
        && zone.starts_with(['+', '-'])
    {
        return dates::parse(&format!("{day} {month} {year}"));
    }
    // The day is the one on the host's clock, as in the other form.
    dates::parse(words.last()?.split('T').next()?)
}

fn fill(bytes: &mut impl Read, record: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < record.len() {
        match bytes.read(&mut record[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(login: &str, uid: &str) -> User {
        User::of(&format!("{login}:x:{uid}:{uid}::/home/{login}:/bin/sh")).unwrap()
    }

    #[test]
    fn what_both_programs_print_is_understood() {
        let mut logins = Logins::default();
        for line in [
            "ada              pts/0    192.0.2.7        Mon Nov  2 23:11:12 +0100 2026",
            "bob              tty1                      Thu Jan 15 08:00:00 +0000 2026",
            "eve                                        **Never logged in**",
            "uma 2026-11-20T09:12:33+00:00",
            "sam",
        ] {
            assert!(logins.take_line(line).is_some(), "{line}");
        }
        let day = |login| logins.of(&user(login, "5")).map(|d| d.to_string());
        assert_eq!(day("ada").as_deref(), Some("2026-11-02"));
        assert_eq!(day("bob").as_deref(), Some("2026-01-15"));
        assert_eq!(day("uma").as_deref(), Some("2026-11-20"));
        assert_eq!((day("eve"), day("sam")), (None, None));
        assert!(logins.take_line("ada pts/0 yesterday").is_none());
    }

    #[test]
    fn the_file_is_read_by_the_users_number() {
        let mut file = vec![0; RECORD * 3];
        file[RECORD * 2..RECORD * 2 + 4].copy_from_slice(&1_793_000_000_u32.to_le_bytes());
        let mut logins = Logins::default();
        assert!(logins.take_file(&file[..]).unwrap());
        let day = logins.of(&user("two", "2")).map(|d| d.to_string());
        assert_eq!(day.as_deref(), Some("2026-10-26"));
        assert_eq!(logins.of(&user("one", "1")), None);
        file.pop();
        assert!(!Logins::default().take_file(&file[..]).unwrap());
    }
}

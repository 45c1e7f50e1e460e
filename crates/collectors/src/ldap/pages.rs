//! One search, page by page, and the values that a server hands out in ranges.

use std::collections::BTreeSet;

use ldap3::controls::{PagedResults, RawControl};
use ldap3::{LdapConn, LdapError, ResultEntry, Scope};
use standing_facts::GapCode;

use super::door::PATIENCE;
use super::written::{self, ASKED, Entry};
use crate::{FetchError, Line};

/// Users and groups, of whichever server.
const FILTER: &str = "(|(objectClass=user)(objectClass=group)(objectClass=inetOrgPerson)\
(objectClass=posixAccount)(objectClass=account)(objectClass=simpleSecurityObject)\
(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)\
(objectClass=organizationalRole))";
const PAGED: &str = "1.2.840.113556.1.4.319";
/// The longest directory that is kept.
const LONGEST: usize = 256 << 20;
/// Pages without an entry, one after another, until a server is taken to have lost its way.
const EMPTY_PAGES: u32 = 20;
/// What `ldapsearch` calls a server that is gone, and one that does not answer in time.
const GONE: u32 = 81;
const LATE: u32 = 85;

/// The page size of the settings.
pub(super) fn size(text: &str) -> Result<i32, FetchError> {
    let size = text.parse().ok().filter(|n| (1..=10_000).contains(n));
    size.ok_or_else(|| {
        let why = "page_size: expected a number from 1 to 10000";
        FetchError::system(GapCode::Malformed, why)
    })
}

/// Everything below `base`, in LDIF, with how the search ended as its last lines.
pub(super) fn all(session: &mut LdapConn, line: &mut Line<'_>, base: &str, size: i32) -> Vec<u8> {
    let mut text = Vec::new();
    let (mut entries, mut empty) = (0_u64, 0);
    let mut cookie = Vec::new();
    let mut firsts = BTreeSet::new();
    let result = loop {
        line.progress(&format!("{base} {entries}"));
        let page = page(session, base, size, cookie);
        for reference in &page.references {
            written::reference(&mut text, reference);
        }
        let first = page.entries.first().map(|e| e.dn.clone());
        for mut entry in page.entries {
            follow(session, &mut entry);
            written::entry(&mut text, &entry);
            entries += 1;
        }
        empty = if first.is_some() { 0 } else { empty + 1 };
        if page.odd {
            let why = "the server gave an entry that is not understood";
            line.gap(None, GapCode::Malformed, why);
        }
        if page.result != 0 || page.cookie.is_empty() {
            break page.result;
        }
        if first.is_some_and(|dn| !firsts.insert(dn)) || empty > EMPTY_PAGES {
            let why = "the server gives the same page again and again";
            line.gap(None, GapCode::Truncated, why);
            break page.result;
        }
        if text.len() > LONGEST {
            let why = "the directory is longer than may be kept; the rest was not asked for";
            line.gap(None, GapCode::TooLarge, why);
            break page.result;
        }
        cookie = page.cookie;
    };
    written::end(&mut text, result, entries);
    text
}

/// What one question gave, whether or not the answer came to its end.
struct Page {
    entries: Vec<Entry>,
    references: Vec<Vec<u8>>,
    /// Something came that is neither.
    odd: bool,
    result: u32,
    cookie: Vec<u8>,
}

fn page(session: &mut LdapConn, base: &str, size: i32, cookie: Vec<u8>) -> Page {
    let mut page = Page {
        entries: Vec::new(),
        references: Vec::new(),
        odd: false,
        result: 0,
        cookie: Vec::new(),
    };
    let control: RawControl = PagedResults { size, cookie }.into();
    session.with_timeout(PATIENCE).with_controls(vec![control]);
    let stream = session.streaming_search(base, Scope::Subtree, FILTER, ASKED.to_vec());
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(error) => {
            page.result = broken(&error);
            return page;
        }
    };
    loop {
        match stream.next() {
            Ok(Some(found)) if found.is_intermediate() => {}
            Ok(Some(found)) if found.is_ref() => page.references.extend(written::urls(found)),
            Ok(Some(found)) => match Entry::of(found) {
                Some(entry) => page.entries.push(entry),
                None => page.odd = true,
            },
            Ok(None) => break,
            Err(error) => {
                page.result = broken(&error);
                return page;
            }
        }
    }
    let result = stream.result();
    page.result = result.rc;
    for control in result.ctrls {
        if control.1.ctype == PAGED {
            match control.1.val.as_deref().and_then(cookie_of) {
                Some(cookie) => page.cookie = cookie,
                None => page.odd = true,
            }
        }
    }
    page
}

fn broken(error: &LdapError) -> u32 {
    match error {
        LdapError::Timeout { .. } => LATE,
        LdapError::LdapResult { result } => result.rc,
        _ => GONE,
    }
}

/// The cookie of a paged answer (RFC 2696): a sequence of a number and a string of bytes.
fn cookie_of(value: &[u8]) -> Option<Vec<u8>> {
    let (inner, _) = element(value, 0x30)?;
    let (_, rest) = element(inner, 0x02)?;
    element(rest, 0x04).map(|(cookie, _)| cookie.to_vec())
}

/// The contents of the first element, which must have that tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = if *length < 0x80 {
        (usize::from(*length), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits.iter().fold(0, |n, d| n << 8 | usize::from(*d));
        (length, rest)
    };
    if *found != tag {
        return None;
    }
    rest.split_at_checked(length)
}

/// Asks for the values beyond a range until the last. An attribute of which the rest does not come keeps
/// its range, by which whoever reads it knows that it is not whole.
fn follow(session: &mut LdapConn, entry: &mut Entry) {
    let dn = entry.dn.clone();
    let Ok(dn) = std::str::from_utf8(&dn) else {
        return;
    };
    for attribute in &mut entry.attributes {
        while let Some(last) = attribute.range.flatten() {
            let wanted = format!("{};range={}-*", attribute.name, u64::from(last) + 1);
            session.with_timeout(PATIENCE);
            let found = session.search(dn, Scope::Base, "(objectClass=*)", vec![wanted]);
            let Ok((found, _)) = found.and_then(|f| f.success()) else {
                break;
            };
            let more = found.into_iter().find_map(|e: ResultEntry| {
                let attributes = Entry::of(e)?.attributes;
                attributes.into_iter().find(|a| a.name == attribute.name)
            });
            let Some(more) = more else { break };
            // As many as the range says; the last range is one only if something was left.
            let came = u32::try_from(more.values.len()).unwrap_or(u32::MAX);
            attribute.values.extend(more.values);
            match more.range {
                Some(Some(next)) if next > last && came == next - last => {
                    attribute.range = Some(Some(next));
                }
                Some(None) | None if came > 0 => attribute.range = None,
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_of_a_page() {
        let answer = [0x30, 0x07, 0x02, 0x01, 0x00, 0x04, 0x02, 0xab, 0xcd];
        assert_eq!(cookie_of(&answer), Some(vec![0xab, 0xcd]));
        assert_eq!(cookie_of(&[0x30, 5, 2, 1, 0, 4, 0]), Some(Vec::new()));
        for end in 0..answer.len() {
            assert_eq!(cookie_of(&answer[..end]), None);
        }
    }
}

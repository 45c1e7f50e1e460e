//! Accounts and groups out of LDIF exports of Active Directory, OpenLDAP and their kin.

mod accounts;
mod entries;
mod groups;
mod times;

use std::io::{BufRead as _, BufReader, Read};

use standing_facts::GapCode;

use crate::sink::Distinct;
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink, separated};
use accounts::Seen;
use entries::{Entry, Piece};
use groups::Groups;

/// Reads LDIF.
pub struct Ldif;

static ABOUT: About = About {
    kind: "ldif",
    summary: "LDIF exports of Active Directory, OpenLDAP, 389 Directory Server and eDirectory",
    revision: 2,
    asks: Asks::Files,
    tables: &["account", "grant"],
    settings: &[Setting {
        name: "system",
        meaning: "the name under which other sources know this directory",
        default: "Active Directory",
        required: false,
    }],
    how: "Search as an ordinary account that may read users and groups; no administrator is needed. \
Active Directory: ldapsearch -E pr=500/noprompt, or ldifde -u, with the filter \
(|(objectCategory=person)(objectCategory=group)) and the attributes objectClass objectGUID cn \
sAMAccountName displayName mail employeeID userAccountControl accountExpires lastLogonTimestamp \
pwdLastSet whenCreated whenChanged memberOf primaryGroupID member replPropertyMetaData (it holds the \
day of disabling). OpenLDAP: the same for \
inetOrgPerson, posixAccount and groups, with + after the attributes so that locks are shown. Leave \
the lines that ldapsearch prints at the end (no -LLL): they tell whether the answer was cut off. \
Never export passwords.",
};

impl Collector for Ldif {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        name.ends_with(".ldif") || name.ends_with(".ldf")
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        read(settings.value("system"), parts, sink);
    }
}

/// Reads twice: groups and the latest instant first, since every account's row rests on them.
pub(crate) fn read(system: &str, parts: &Parts<'_>, sink: &mut Sink<'_>) {
    let (mut groups, mut seen) = (Groups::default(), Seen::default());
    for part in parts.list() {
        let mut tally = Tally::default();
        each_piece(parts, part, sink, &mut |piece, sink| match piece {
            Piece::Entry(entry) => match entry.text("dn") {
                Some(dn) => {
                    tally.entry(dn);
                    seen.look(&entry);
                    if Groups::is_group(&entry) {
                        groups.add(dn, &entry);
                    }
                }
                None => tally.without_dn(&entry, &part.name, sink),
            },
            Piece::Comment(comment) => tally.comment(&comment, &part.name, sink),
            Piece::Odd(line, what) => sink.problem(&part.name, Some(line), None, what),
            Piece::Secret(line) => {
                let what = "the export holds password hashes; they are not read, but they \
                                should not have been exported";
                sink.notice(&part.name, Some(line), None, what);
            }
        });
        tally.report(&part.name, sink);
    }
    groups.settle();
    for part in parts.list() {
        if sink.failed() {
            return;
        }
        each_piece(parts, part, sink, &mut |piece, sink| {
            if let Piece::Entry(entry) = piece {
                seen.account(system, &part.name, &groups, &entry, sink);
            }
        });
    }
    seen.report(&groups, sink);
}

/// ldifde writes UTF-16; everything else writes UTF-8.
fn each_piece(
    parts: &Parts<'_>,
    part: &Kept,
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(Piece, &mut Sink<'_>),
) {
    let done = (|| {
        let opened = parts.open(part);
        let bytes = opened.map_err(|e| format!("cannot be read: {}", e.kind()))?;
        let mut bytes = BufReader::new(bytes);
        let start = bytes
            .fill_buf()
            .map_err(|e| format!("cannot be read: {}", e.kind()))?;
        let text: Box<dyn Read> = match encoding_rs::Encoding::for_bom(start) {
            Some((encoding, _)) => Box::new(separated::decoded(bytes, encoding)),
            None => Box::new(bytes),
        };
        entries::read(text, &mut |piece| each(piece, sink))
    })();
    if let Err(why) = done {
        sink.fail(GapCode::Malformed, format!("{} {why}", part.name));
    }
}

/// What one file says about its own completeness.
#[derive(Default)]
struct Tally {
    entries: u64,
    search: Search,
    references: u64,
    /// The search says how it ended.
    summary: bool,
    /// Result codes of RFC 4511 other than success.
    results: Vec<u16>,
}

/// The entries since the last summary: one search, or one page of it.
#[derive(Default)]
struct Search {
    entries: u64,
    names: Distinct,
}

impl Tally {
    fn entry(&mut self, dn: &str) {
        self.entries += 1;
        self.search.entries += 1;
        self.search.names.add(dn);
    }

    /// `ldapsearch` prints its summary as lines or, with `-L`, as comments.
    fn comment(&mut self, comment: &str, part: &str, sink: &mut Sink<'_>) {
        if let Some(count) = comment.strip_prefix("numEntries:") {
            let announced = count.trim().parse().unwrap_or_default();
            std::mem::take(&mut self.search).compare(announced, part, sink);
        } else if let Some(result) = comment.strip_prefix("result:") {
            self.result(result);
        }
    }

    fn result(&mut self, text: &str) {
        self.summary = true;
        let code: Option<u16> = text.split_whitespace().next().and_then(|c| c.parse().ok());
        self.results.extend(code.filter(|c| *c != 0));
    }

    fn without_dn(&mut self, entry: &Entry, part: &str, sink: &mut Sink<'_>) {
        self.references += u64::from(entry.text("ref").is_some());
        if let Some(result) = entry.text("result") {
            self.result(result);
        } else if entry.text("ref").is_none() && entry.text("search").is_none() {
            let what = "expected dn: at the head of an entry; the entry was left out";
            sink.problem(part, Some(entry.line), None, what);
        }
    }

    fn report(&self, part: &str, sink: &mut Sink<'_>) {
        for code in &self.results {
            let (gap, what) = match code {
                3 => (GapCode::Truncated, "the time limit was exceeded"),
                4 => (GapCode::Truncated, "the size limit was exceeded"),
                11 => (GapCode::Truncated, "an administrative limit was exceeded"),
                32 => (GapCode::Missing, "there is nothing at the search base"),
                49 | 50 => (GapCode::Denied, "access was refused"),
                51 | 52 | 81 | 85 => (GapCode::Unreachable, "the server did not answer to the end"),
                _ => (GapCode::Truncated, "the search did not succeed"),
            };
            sink.gap(None, gap, format!("{part} ends with result {code}: {what}"));
        }
        if self.references > 0 {
            let what = format!(
                "references to other servers, not followed: {}",
                self.references
            );
            sink.notice(part, None, None, what);
        }
        if self.entries == 0 && !self.summary && !sink.failed() {
            let why = format!("{part} holds neither an entry nor the summary of a search");
            sink.fail(GapCode::Malformed, why);
        }
    }
}

impl Search {
    /// One search finds an entry once: what stands there twice does not stand for what is missing.
    fn compare(mut self, announced: u64, part: &str, sink: &mut Sink<'_>) {
        let distinct = self.names.count();
        if distinct >= announced {
            return;
        }
        let found = if distinct < self.entries {
            format!("{distinct} different ones")
        } else {
            distinct.to_string()
        };
        let why = format!("{part} announces {announced} entries and holds {found}");
        sink.gap(None, GapCode::Truncated, why);
    }
}

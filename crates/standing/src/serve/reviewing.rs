//! What the pages and the API of access reviews share: who sees which rows, what was on screen and for
//! how long, and the writing of decisions.
//!
//! *Architecture invariant:* somebody without the right to see people sees the rows that are given to
//! them, by the e-mail of their membership, and nothing that tells of others. A member without an e-mail
//! is given nothing: rows that nobody could be found for bear none either.

use std::collections::HashSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use standing_assess::index::ReviewWanted;
use standing_assess::{AsOf, Index};

use super::app::Acted;
use super::members::same;
use super::pages::words;
use super::right::Right;
use super::visit::{Trouble, Visit};
use crate::failure::Sort;
use crate::review::{self, Answers, Campaign, Item, Row};

/// Rows on a page.
pub const ON_A_PAGE: usize = 50;

/// Now.
pub fn now() -> AsOf {
    AsOf::at(Timestamp::now())
}

/// The e-mail by which rows are given to whoever comes; empty where their membership has none.
///
/// # Errors
/// 401 where nobody said who they are.
pub fn email(visit: &Visit) -> Result<String, Trouble> {
    let members = visit.app.members();
    let member = members.members.get(&visit.who()?.member);
    Ok(member.map_or_else(String::new, |m| m.email.trim().to_lowercase()))
}

/// Whether they see every row and everybody's figures.
///
/// # Errors
/// As [`email`].
pub fn sees_all(visit: &Visit) -> Result<bool, Trouble> {
    Ok(visit.who()?.may(Right::ReadPersonal))
}

/// Whether rows of a campaign are given to them, or wait for so long that they may decide them too.
///
/// # Errors
/// When the index cannot be read.
pub fn is_given(index: &Index, id: &str, email: &str) -> Result<bool, Trouble> {
    if email.is_empty() {
        return Ok(false);
    }
    if index.review_load(id, email)?.all() > 0 {
        return Ok(true);
    }
    let campaign = review::campaign(index, id)?;
    Ok(!review::added(index, &campaign, email, now().date, None, 1)?.is_empty())
}

/// The campaign that the path names.
///
/// # Errors
/// 404 where there is none, or none of which they may know.
pub fn campaign(visit: &Visit, index: &Index) -> Result<Campaign, Trouble> {
    let id = visit.parameter("id");
    let known = index.review_campaign(id)?.is_some()
        && (sees_all(visit)? || is_given(index, id, &email(visit)?)?);
    if !known {
        return Err(
            Trouble::missing(format!("There is no access review {id:?} for you."))
                .hint("the page Reviews lists those that are"),
        );
    }
    Ok(review::campaign(index, id)?)
}

/// The row that the path names.
///
/// # Errors
/// 404 where there is none, or it is given to somebody else and they see their own only.
pub fn row(visit: &Visit, index: &Index, campaign: &Campaign) -> Result<Row, Trouble> {
    let text = visit.parameter("n");
    let missing = || Trouble::missing(format!("No row {text} is given to you in this review."));
    let n: u64 = text.parse().map_err(|_| missing())?;
    if index
        .review_rows(campaign.id(), &of_rows(&[n]), None, 1)?
        .is_empty()
    {
        return Err(missing());
    }
    let row = review::row(index, campaign.id(), n)?;
    let email = email(visit)?;
    let theirs = !email.is_empty()
        && (row.reviewer.eq_ignore_ascii_case(&email)
            || review::is_added(campaign, &row, &email, now().date));
    if theirs || sees_all(visit)? {
        Ok(row)
    } else {
        Err(missing())
    }
}

/// Exactly these rows.
pub fn of_rows(rows: &[u64]) -> ReviewWanted {
    ReviewWanted {
        rows: Some(rows.to_vec()),
        ..ReviewWanted::default()
    }
}

/// What this server knows of rows that were on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// When they came there.
    pub at: Option<Timestamp>,
    /// Milliseconds since.
    pub ms: Option<u64>,
    /// Whether what lies behind them was opened before: of all or of none; not known otherwise.
    pub evidence: Option<bool>,
}

/// The key of the stamps: this process's own. After a restart older stamps tell nothing, and nothing is
/// claimed then.
fn key() -> &'static [u8] {
    static KEY: OnceLock<[u8; 32]> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut key = [0; 32];
        // Without randomness there is no key that nobody else has: then no stamp is given (`stamp`).
        if getrandom::fill(&mut key).is_err() {
            key = [0; 32];
        }
        key
    })
}

fn sign(visit: &Visit, id: &str, rows: &[u64], millis: i64) -> Result<String, Trouble> {
    let member = &visit.who()?.member;
    let text = format!("{member}\n{id}\n{millis}\n{rows:?}");
    let mac = Hmac::<Sha256>::new_from_slice(key()).map(|mut mac| {
        mac.update(text.as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()
    });
    mac.map_err(Trouble::ours)
}

/// What a form bears so that the server knows later when it showed these rows to whom.
///
/// # Errors
/// 401 where nobody said who they are.
pub fn stamp(visit: &Visit, id: &str, rows: &[u64]) -> Result<String, Trouble> {
    if key() == [0; 32] {
        return Ok(String::new());
    }
    let millis = Timestamp::now().as_millisecond();
    Ok(format!("{millis}.{}", sign(visit, id, rows, millis)?))
}

/// What a stamp tells; nothing where it is not ours, or of other rows.
///
/// # Errors
/// As [`stamp`].
pub fn seen(visit: &Visit, id: &str, rows: &[u64], stamp: &str) -> Result<Seen, Trouble> {
    let parts = stamp.split_once('.');
    let parts = parts.and_then(|(millis, mac)| Some((millis.parse::<i64>().ok()?, mac)));
    let Some((millis, mac)) = parts else {
        return Ok(Seen::default());
    };
    if key() == [0; 32] || !same(mac, &sign(visit, id, rows, millis)?) {
        return Ok(Seen::default());
    }
    let since = Timestamp::now().as_millisecond() - millis;
    Ok(Seen {
        at: Timestamp::from_millisecond(millis).ok(),
        ms: u64::try_from(since).ok(),
        evidence: None,
    })
}

/// Rows of which the whole evidence was opened: member, campaign and row.
fn opened() -> &'static Mutex<HashSet<(String, String, u64)>> {
    static OPENED: OnceLock<Mutex<HashSet<(String, String, u64)>>> = OnceLock::new();
    OPENED.get_or_init(Mutex::default)
}

/// Most rows of which it is remembered that their evidence was opened.
const REMEMBERED: usize = 200_000;

/// Remembers that the whole evidence of a row was opened.
///
/// # Errors
/// As [`stamp`].
pub fn opens(visit: &Visit, id: &str, n: u64) -> Result<(), Trouble> {
    let one = (visit.who()?.member.clone(), id.to_owned(), n);
    let mut opened = opened().lock().unwrap_or_else(PoisonError::into_inner);
    if opened.len() < REMEMBERED {
        opened.insert(one);
    }
    Ok(())
}

fn evidence(visit: &Visit, id: &str, rows: &[u64]) -> Result<Option<bool>, Trouble> {
    let member = &visit.who()?.member;
    let opened = opened().lock().unwrap_or_else(PoisonError::into_inner);
    let of = |n: &&u64| opened.contains(&(member.clone(), id.to_owned(), **n));
    Ok(match rows.iter().filter(of).count() {
        0 if opened.len() < REMEMBERED => Some(false),
        all if all == rows.len() => Some(true),
        _ => None,
    })
}

/// What became of decisions.
pub enum Decided {
    /// They are kept.
    Kept(Acted),
    /// None is kept: what is wrong with all of them, and with which row.
    Refused(String, Vec<(u64, String)>),
}

/// Keeps decisions in the name of whoever comes.
///
/// # Errors
/// 403 where no e-mail says who they are, 404 where a row is somebody else's of whom they may not know,
/// 409 where the campaign has closed.
pub fn decide(
    visit: &Visit,
    id: &str,
    items: Vec<Item>,
    bulk: bool,
    seen: &Seen,
) -> Result<Decided, Trouble> {
    let email = email(visit)?;
    if email.is_empty() {
        return Err(Trouble::forbidden(
            "Your membership has no e-mail, so it is not known whose access is your own.",
        )
        .hint("an owner adds it on the page Members"));
    }
    let sees_all = sees_all(visit)?;
    let rows: Vec<u64> = items.iter().map(|item| item.row).collect();
    let evidence = match seen.at {
        Some(_) => evidence(visit, id, &rows)?,
        None => None,
    };
    let answers = Answers {
        campaign: id,
        reviewer: &email,
        items,
        bulk,
        shown_at: seen.at.map(|at| at.to_string()),
        dwell_ms: seen.ms,
        evidence,
    };
    let mut refused = None;
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        if !sees_all && !are_theirs(index, id, &rows, &email)? {
            return Err(Trouble::missing(
                "One of these rows is not given to you in this review.",
            ));
        }
        review::decide(home, index, by, &answers).map_err(|failure| {
            if failure.fields.iter().any(|(field, _)| field == "campaign") {
                let closed = Trouble::conflict(words::capital(&failure.message));
                return Trouble {
                    hint: failure.hint,
                    ..closed
                };
            }
            if failure.sort == Sort::Usage {
                let of_rows = failure.fields.iter().filter_map(|(name, why)| {
                    let n = name.strip_prefix("row-")?.parse().ok()?;
                    Some((n, why.clone()))
                });
                refused = Some((failure.message.clone(), of_rows.collect()));
            }
            Trouble::from(failure)
        })
    });
    match (acted, refused) {
        (Err(_), Some((message, of_rows))) => Ok(Decided::Refused(message, of_rows)),
        (acted, _) => Ok(Decided::Kept(acted?)),
    }
}

/// Whether each of these rows is given to them, or waits for so long that they may decide it too.
///
/// # Errors
/// When the index cannot be read.
pub fn are_theirs(index: &Index, id: &str, rows: &[u64], email: &str) -> Result<bool, Trouble> {
    let found = index.review_rows(id, &of_rows(rows), None, rows.len())?;
    let given = |n: &u64| {
        let mut found = found.iter();
        found.any(|row| row.n == *n && row.reviewer.eq_ignore_ascii_case(email))
    };
    let others: Vec<u64> = rows.iter().copied().filter(|n| !given(n)).collect();
    if others.is_empty() || email.is_empty() {
        return Ok(others.is_empty());
    }
    let campaign = review::campaign(index, id)?;
    let added = review::added(index, &campaign, email, now().date, None, usize::MAX)?;
    Ok(others.iter().all(|n| added.binary_search(n).is_ok()))
}

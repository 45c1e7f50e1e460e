//! The advisories held, and how taking them in stands.

use super::doc::{Doc, of};
use super::forms::{Advisories, AdvisoryFile, Edition, EditionWhole};
use super::paging::{AFTER, LIMIT, Part};
use super::types::Page;
use crate::advisories::{Feed, Kind};
use crate::serve::editions::{self, holds, taking};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/advisories", Access::With(Right::Read), held).described(&Doc::get(
        "The edition of the advisories by which today is judged, and how taking in stands",
        of::<Advisories>,
    )),
    Route::get(
        "/api/v1/advisories/editions",
        Access::With(Right::Read),
        all,
    )
    .described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("Every edition, newest first", of::<Page<Edition>>)
    }),
];

fn held(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let editions = editions::all(&*visit.app.index()?, &now)?;
    let unreadable = holds(&visit.app, &now)?.unreadable;
    let judging = editions.into_iter().find(|edition| edition.judges);
    let fresh = judging.as_ref().is_some_and(|e| e.fresh_until >= now.day());
    let taking = taking(&visit.app, &now, visit.who()?);
    let taking = taking.as_ref();
    Ok(Reply::json(&Advisories {
        as_of: now.day(),
        known: fresh && unreadable.is_none(),
        unreadable,
        failures: taking.map_or(0, |taking| taking.failures),
        failed_at: taking.and_then(|taking| Some(taking.failed_at?.to_string())),
        why: taking.and_then(|taking| taking.why.clone()),
        due_at: taking.and_then(|taking| Some(taking.due_at?.to_string())),
        state: taking.map_or("idle", |taking| super::sources::word(&taking.state)),
        edition: judging.map(|edition| EditionWhole {
            files: files(&edition, now.day()),
            edition: told(edition),
        }),
    }))
}

fn told(edition: editions::Edition) -> Edition {
    Edition {
        entry: edition.entry,
        osv: edition.records(Kind::Osv),
        kev: edition.records(Kind::Kev),
        epss: edition.records(Kind::Epss),
        unread: edition.list.as_ref().map(crate::advisories::List::unread),
        age_days: edition.age_days,
        fresh_until: edition.fresh_until,
        judges_today: edition.judges,
        taken_in_at: edition.taken_in_at,
        edition: edition.edition,
    }
}

fn files(edition: &editions::Edition, today: jiff::civil::Date) -> Vec<AdvisoryFile> {
    let file = |feed: &Feed| AdvisoryFile {
        name: feed.name.clone(),
        kind: feed.kind.as_str(),
        records: feed.records,
        unread: feed.unread,
        as_of: feed.as_of,
        age_days: feed.age_days(today),
        checked_at: feed.checked_at.clone(),
        bytes: feed.bytes,
        sha256: feed.sha256.clone(),
    };
    let list = edition.list.iter();
    list.flat_map(|list| list.feeds.iter().map(file)).collect()
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let editions = editions::all(&*visit.app.index()?, &now)?;
    let editions = editions.into_iter().map(told);
    // Newest first: the order of the keys is the reverse of that of the entries.
    let key = |edition: &Edition| format!("{:020}", u64::MAX - edition.entry);
    Ok(Reply::json(&Part::of(visit)?.take(editions, key)))
}

//! Items, and what people state about them.

use super::doc::{Doc, of};
use super::paging::{AFTER, LIMIT, Part};
use super::types::{End, Evidence, Item, ItemWhole, NewAttestation, NewException, Page};
use crate::commands::{self, Attestation, Exception};
use crate::explain;
use crate::serve::pages::item::find;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::status::item_json;

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/items", Access::With(Right::Read), all).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get("The items, as they stand", of::<Page<Item>>)
    }),
    Route::get("/api/v1/items/{ref}", Access::With(Right::Read), one).described(&Doc::get(
        "One item whole: its verdict, what it rests on, a draft of its answer",
        of::<ItemWhole>,
    )),
    Route::json(
        "POST",
        "/api/v1/items/{ref}/attestations",
        Access::With(Right::Attest),
        attest,
    )
    .described(&Doc {
        about: "It is made in the name of whoever asks, and replaces an earlier one about the item.",
        ..Doc::act("State something about an item", of::<NewAttestation>)
    }),
    Route::json(
        "POST",
        "/api/v1/attestations/{entry}/end",
        Access::With(Right::Attest),
        end_attestation,
    )
    .described(&Doc::act("End a statement about an item", of::<End>)),
    Route::json(
        "POST",
        "/api/v1/exceptions",
        Access::With(Right::Attest),
        grant,
    )
    .described(&Doc {
        about: "It is approved in the name of whoever asks, for a year at most.",
        ..Doc::act(
            "Let one subject of a check pass for a time",
            of::<NewException>,
        )
    }),
    Route::json(
        "POST",
        "/api/v1/exceptions/{entry}/end",
        Access::With(Right::Attest),
        end_exception,
    )
    .described(&Doc::act("End an exception", of::<End>)),
];

/// A reference in the order of its numbers.
fn in_order(reference: &str) -> String {
    let numbers = reference.split('.').map(|n| format!("{n:>8}"));
    numbers.collect::<Vec<_>>().join(".")
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let mut items: Vec<_> = now.today.items.iter().collect();
    items.sort_by_key(|i| in_order(&i.item));
    let page = Part::of(visit)?.take(items, |i| in_order(&i.item));
    let personal = visit.who()?.may(Right::ReadPersonal);
    Ok(Reply::json(&Page {
        items: page
            .items
            .into_iter()
            .map(|i| item_json(i, personal))
            .collect(),
        next: page.next,
    }))
}

fn one(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let found = find(&now, visit.parameter("ref"))?;
    let evidence = explain::evidence(&now.home, found.standing)?;
    let evidence = evidence.into_iter().map(|e| Evidence {
        entry: e.seq,
        time: e.time,
        kind: e.kind,
        about: e.about,
        outcome: Some(e.outcome).filter(|o| !o.is_empty()),
    });
    Ok(Reply::json(&ItemWhole {
        draft: explain::draft(&now.terms, &now.today, found.standing, found.known),
        evidence: evidence.collect(),
        standing: item_json(found.standing, visit.who()?.may(Right::ReadPersonal)),
        catalogue: serde_json::to_value(found.known).map_err(Trouble::ours)?,
    }))
}

fn attest(visit: &Visit) -> Answer {
    let said: NewAttestation = visit.json()?;
    let now = visit.app.snapshot()?;
    find(&now, visit.parameter("ref"))?;
    let who = visit.who()?;
    let said = Attestation {
        item: visit.parameter("ref"),
        answer: said.answer.as_str(),
        statement: &said.statement,
        stated_by: &who.name,
        role: said.role.as_deref().unwrap_or_default(),
        stated_on: said.stated_on,
        expires_on: said.expires_on,
    };
    let by = visit.by()?;
    let acted = visit
        .app
        .act(by, |home, index| commands::attest(home, index, by, &said))?;
    Ok(super::kept(acted))
}

fn grant(visit: &Visit) -> Answer {
    let wanted: NewException = visit.json()?;
    let granted = Exception {
        check: &wanted.check,
        subject: &wanted.subject,
        reason: &wanted.reason,
        approved_by: &visit.who()?.name,
        expires_on: wanted.expires_on,
    };
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        commands::grant_exception(home, index, by, &granted)
    })?;
    Ok(super::kept(acted))
}

fn end_attestation(visit: &Visit) -> Answer {
    end(visit, "attestation")
}

fn end_exception(visit: &Visit) -> Answer {
    end(visit, "exception")
}

/// Ends a record of a kind, by the number of its entry in the path.
///
/// # Errors
/// 404 where no such record stands in that entry.
pub fn end(visit: &Visit, kind: &str) -> Answer {
    let why: End = visit.json()?;
    let entry = number(visit, "entry")?;
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        let about = commands::kind(kind)?;
        let missing = |f: crate::Failure| Trouble::missing(f.message);
        commands::find(index, about, entry).map_err(missing)?;
        commands::end_record(home, index, by, kind, entry, &why.reason).map_err(Trouble::from)
    })?;
    Ok(super::kept(acted))
}

/// A number in the path.
///
/// # Errors
/// 404 where it is none: nothing lies there.
pub fn number(visit: &Visit, name: &str) -> Result<u64, Trouble> {
    let text = visit.parameter(name);
    text.parse()
        .map_err(|_| Trouble::missing(format!("{text:?} is not the number of an entry.")))
}

//! The log: its lines, its entries with their proofs, its head.

use serde_json::Value;

use super::doc::{Doc, Form, Parameter, of};
use super::forms::{Blob, Checkpoint, Entry, Line};
use super::items::number;
use super::paging::{AFTER, LIMIT, Part, filled};
use super::types::Page;
use crate::serve::log::{self, Fate, Names};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Payloads that are told of one entry.
const BLOBS: usize = 1_000;

const fn text(name: &'static str, meaning: &'static str) -> Parameter {
    let form = Form::Text;
    Parameter {
        name,
        meaning,
        form,
    }
}

const fn day(name: &'static str, meaning: &'static str) -> Parameter {
    let form = Form::Day;
    Parameter {
        name,
        meaning,
        form,
    }
}

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/log", Access::With(Right::Read), all).described(&Doc {
        about: "Newest first.",
        query: &[
            text("kind", "Only entries of this kind"),
            text("actor", "Only entries by this actor"),
            text("about", "Only entries about this source, table, edition or member"),
            day("from", "Only entries of this day and later"),
            day("to", "Only entries of this day and earlier"),
            LIMIT,
            AFTER,
        ],
        ..Doc::get("The log", of::<Page<Line>>)
    }),
    Route::get("/api/v1/log/{seq}", Access::With(Right::Read), one).described(&Doc::get(
        "One entry, its payloads, and the proof that it is in the log",
        of::<Entry>,
    )),
    Route::get("/api/v1/checkpoint", Access::With(Right::Read), checkpoint).described(&Doc {
        about: "Kept where nobody of the firm can change it, it shows later that the log was not rewritten.",
        ..Doc::get("The log's head, signed", of::<Checkpoint>)
    }),
];

fn all(visit: &Visit) -> Answer {
    filled(visit, &["from", "to"])?;
    let mut wanted = log::wanted(visit)?;
    let part = Part::of(visit)?;
    let below = part.after.as_ref().map(|text| {
        text.parse()
            .map_err(|_| Trouble::malformed("after: not a cursor of this list"))
    });
    wanted.below = below.transpose()?;
    let home = visit.app.home();
    let index = visit.app.index()?;
    let names = Names::read(&index)?;
    let lines = log::lines(&home, &index, &names, &wanted, part.limit + 1)?;
    Ok(Reply::json(&part.page(lines, |l| l.seq.to_string())))
}

fn one(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let entry = log::entry(&home, number(visit, "seq")?)?;
    let names = Names::read(&*visit.app.index()?)?;
    let proof = log::prove(&home, &entry)?;
    let blobs = log::payloads(&home, &entry, BLOBS);
    let blobs = blobs.iter().map(|payload| Blob {
        blob: payload.digest.reference(),
        erased_by: match &payload.fate {
            Fate::Erased { entry, .. } => Some(*entry),
            Fate::There | Fate::Missing => None,
        },
    });
    Ok(Reply::json(&Entry {
        line: log::line_of(&entry, &names),
        blobs: blobs.collect(),
        body: proof.entry.as_ref().map(|_| Value::Object(entry.body)),
        proof,
    }))
}

fn checkpoint(visit: &Visit) -> Answer {
    let home = visit.app.home();
    home.vault.refresh().map_err(Trouble::ours)?;
    let note = home.vault.checkpoint();
    let key = home.vault.public_key();
    let signed = standing_vault::Checkpoint::verify(&note, key).map_err(Trouble::ours)?;
    Ok(Reply::json(&Checkpoint {
        origin: signed.origin,
        public_key: key.to_string(),
        entries: signed.size,
        root: signed.root.to_base64(),
        checkpoint: note,
    }))
}

//! Facts about people in bulk, for whoever proved a moment ago who they are.

use std::io::Write;

use super::doc::{Doc, of};
use super::estate::value;
use super::forms::Nothing;
use super::types::{Object, Taken};
use crate::serve::personal::{self, take_out};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::json(
    "POST",
    "/api/v1/exports/{table}",
    Access::Proven(Right::ExportPersonal),
    take,
)
.described(&Doc {
    about: "The log notes what was taken and how many rows. Sent again under the same Idempotency-Key, the \
        request is refused with 409: each time is noted.",
    answer: of::<Taken>,
    ..Doc::act("Take out all facts of a table about people", of::<Nothing>)
})];

fn take(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    let taken = take_out(visit, visit.parameter("table"))?;
    let (entry, about) = (taken.entry, taken.about);
    let name = format!("{}-{}.json", about.name, taken.day);
    let write = move |out: &mut dyn Write| write(out, taken);
    let reply = Reply::download("application/json", &name, Box::new(write));
    Ok(super::told_of(reply, entry))
}

/// The same as [`Taken`], row by row.
fn write(out: &mut dyn Write, taken: personal::Taken) -> std::io::Result<()> {
    let (entry, table) = (taken.entry, taken.about.name);
    write!(out, "{{\"entry\":{entry},\"table\":\"{table}\",\"rows\":[")?;
    let mut comma = "";
    for row in taken.rows {
        let cells = taken.about.columns.iter().zip(row);
        let row: Object = cells
            .filter_map(|(column, cell)| {
                Some((column.name.to_owned(), value(cell, Some(column.kind))?))
            })
            .collect();
        out.write_all(comma.as_bytes())?;
        serde_json::to_writer(&mut *out, &row)?;
        comma = ",";
    }
    out.write_all(b"]}")
}

//! What could truthfully be published, on which day, and what lapses.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

use super::doc::{Doc, Form, Parameter, of};
use super::paging::filled;
use super::types::{Due, Forecast, PointOfTime, Standing};
use crate::serve::calendar;
use crate::serve::draw::Known;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::status;

/// How far one may look back and ahead.
const YEARS: i64 = 10;

const DAY: Parameter = Parameter {
    name: "day",
    meaning: "As of this day instead of now: looked back, or ahead supposing that sources go on being \
        read and nothing else is done",
    form: Form::Day,
};

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/standing", Access::With(Right::Read), standing).described(&Doc {
        query: &[DAY],
        ..Doc::get(
            "What could truthfully be published, and what stands in the way",
            of::<Standing>,
        )
    }),
    Route::get("/api/v1/forecast", Access::With(Right::Read), forecast).described(&Doc::get(
        "What lapses from today on if nothing is done",
        of::<Forecast>,
    )),
    Route::get("/api/v1/calendar", Access::With(Right::Read), calendar).described(&Doc::get(
        "What is due, by day: publication, deadlines, and everything that ends",
        of::<Vec<Due>>,
    )),
    Route::get("/api/v1/timeline", Access::With(Right::Read), timeline).described(&Doc {
        about: "A year back, and ahead to the planned publication. Days are worked out in the background: \
            `known` says which are not yet.",
        ..Doc::get("Items that bind, by verdict, over time", of::<Vec<PointOfTime>>)
    }),
    Route::get("/api/v1/openapi.json", Access::Public, openapi).described(&Doc::get(
        "This description, as OpenAPI 3.1",
        of::<super::types::Object>,
    )),
];

/// The day that is asked for, within what can be judged.
///
/// # Errors
/// 400 where it is no day, 422 where it lies too far away.
pub fn day(visit: &Visit, today: Date) -> Result<Option<Date>, Trouble> {
    filled(visit, &["day"])?;
    let Some(text) = visit.asked("day") else {
        return Ok(None);
    };
    let day: Date = text
        .parse()
        .map_err(|_| Trouble::malformed(format!("day={text:?}: expected a day as 2026-11-21")))?;
    let (first, last) = (
        today.saturating_sub(YEARS.years()),
        today.saturating_add(YEARS.years()),
    );
    if day < first || day > last {
        return Err(Trouble::unusable(format!(
            "day={day}: expected a day from {first} to {last}"
        )));
    }
    Ok(Some(day).filter(|day| *day != today))
}

/// What can be said of a day.
fn standing(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let personal = visit.who()?.may(Right::ReadPersonal);
    let Some(day) = day(visit, now.day())? else {
        let whole = status::to_json(&now.home, &now.terms, &now.today, &now.then, personal);
        return Ok(Reply::json(&whole));
    };
    let judged = visit.app.judged_on(day)?;
    let (then, terms) = (&judged.assessment, &now.terms);
    let mut whole = status::to_json(&now.home, terms, then, then, personal);
    // Of another day than today it is not known what would come of it by the planned day.
    if let Value::Object(members) = &mut whole {
        members.remove("on_publication");
    }
    Ok(Reply::json(&whole))
}

fn forecast(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let lapsed = status::slipped(&now.today, &now.then);
    Ok(Reply::json(&Forecast {
        as_of: now.day(),
        publish_on: now.terms.publish_on,
        lapses: serde_json::to_value(&now.today.lapses).map_err(Trouble::ours)?,
        lapsed_by_publication: lapsed.iter().map(|i| i.item.clone()).collect(),
    }))
}

/// What may name a person is told to those who may see people, and what lets people in to owners.
fn calendar(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let who = visit.who()?;
    let personal = who.may(Right::ReadPersonal);
    let all = calendar::due(&visit.app, &now, who.may(Right::Members))?;
    let told = all.into_iter().map(|due| Due {
        on: due.on,
        kind: due.kind.as_str(),
        title: due.title,
        detail: due.private.filter(|_| personal),
        subjects: due.subjects,
        items: due.items,
        renewed_by_reading: due.by_reading,
    });
    Ok(Reply::json(&told.collect::<Vec<_>>()))
}

fn timeline(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let points = visit.app.timeline.points(&now).into_iter();
    let told = points.map(|point| {
        let (known, counts) = match point.known {
            Known::NotYet => ("not yet", None),
            Known::Nothing => ("nothing", None),
            Known::Items(tally) => ("items", Some(tally)),
        };
        PointOfTime {
            day: point.day,
            known,
            met: counts.map(|c| c.met),
            not_applicable: counts.map(|c| c.not_applicable),
            not_met: counts.map(|c| c.not_met),
            unknown: counts.map(|c| c.unknown),
        }
    });
    Ok(Reply::json(&told.collect::<Vec<_>>()))
}

fn openapi(_: &Visit) -> Answer {
    Ok(Reply::json(&super::document()))
}

//! Access reviews: campaigns, their rows, decisions, what was to go and what proves it gone.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::doc::{Doc, Form, Parameter, of};
use super::forms::Nothing;
use super::paging::{AFTER, LIMIT, Part};
use super::types::{Object, Page};
use crate::review::{self, Acting, Assigning, Decision, Item, Opening, Wanted};
use crate::serve::pages::reviews_report::take_out;
use crate::serve::reviewing::{self, Decided, Seen, campaign, email, is_given, now, sees_all};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

const SEES: Access = Access::With(Right::ReadPersonal);
const EITHER: Access = Access::Either(Right::ReadPersonal, Right::Review);
const LEADS: Access = Access::With(Right::Attest);
const SUGGESTIONS: &[&str] = &["keep", "look", "remove"];

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/api/v1/reviews", EITHER, all).described(&Doc {
        about: "Without the right `read-personal` those that hold rows given to whoever asks, with the \
            figures of these rows alone.",
        query: &[LIMIT, AFTER],
        ..Doc::get("Access reviews, the newest first", of::<Page<Review>>)
    }),
    Route::json("POST", "/api/v1/reviews", LEADS, open).described(&Doc {
        about: "Refused with 409 where a source of its population cannot be relied upon, unless \
            `despite_gaps` says why it is opened all the same.",
        ..Doc::act("Open an access review", of::<NewReview>)
    }),
    Route::get("/api/v1/reviews/{id}", SEES, one).described(&Doc {
        about: "As `standing review show --format json` tells it: docs/json.md.",
        ..Doc::get("One access review with its figures and signals", of::<Object>)
    }),
    Route::get("/api/v1/reviews/{id}/rows", EITHER, rows).described(&Doc {
        about: "As `standing review rows --format json` tells each. Without the right `read-personal` the \
            rows given to whoever asks.",
        query: &[
            LIMIT,
            AFTER,
            Parameter {
                name: "reviewer",
                meaning: "Only the rows given to this e-mail",
                form: Form::Text,
            },
            Parameter {
                name: "system",
                meaning: "Only rows of this system",
                form: Form::Text,
            },
            Parameter {
                name: "decision",
                meaning: "Only rows so decided; `none`: those that are not",
                form: Form::Words(&["none", "keep", "change", "remove", "cannot tell"]),
            },
            Parameter {
                name: "suggestion",
                meaning: "Only rows of which this is suggested",
                form: Form::Words(SUGGESTIONS),
            },
        ],
        ..Doc::get("Rows of an access review, what speaks against them first", of::<Page<Object>>)
    }),
    Route::get("/api/v1/reviews/{id}/rows/{n}", EITHER, row).described(&Doc {
        about: "With every decision about it, the oldest first.",
        ..Doc::get("One row of an access review", of::<Object>)
    }),
    Route::json(
        "POST",
        "/api/v1/reviews/{id}/decisions",
        Access::With(Right::Review),
        decide,
    )
    .described(&Doc {
        about: "In the name of the member who asks, by the e-mail of the membership. All or nothing: where \
            one row may not be decided so, none is, and `fields` says why for each.",
        ..Doc::act("Decide rows", of::<Decisions>)
    }),
    Route::json("POST", "/api/v1/reviews/{id}/assignments", LEADS, assign).described(&Doc::act(
        "Give rows to somebody else",
        of::<Assignment>,
    )),
    Route::get("/api/v1/reviews/{id}/removals", SEES, removals).described(&Doc {
        about: "As `standing review proof --format json` tells each.",
        query: &[LIMIT, AFTER],
        ..Doc::get("What was to go, and what proves it gone", of::<Page<Object>>)
    }),
    Route::get("/api/v1/reviews/{id}/late", SEES, late).described(&Doc {
        query: &[LIMIT, AFTER],
        ..Doc::get(
            "Accounts and rights that came after the freezing",
            of::<Page<LateChange>>,
        )
    }),
    Route::json(
        "POST",
        "/api/v1/reviews/{id}/rows/{n}/acts",
        Access::With(Right::Record),
        act,
    )
    .described(&Doc {
        about: "With `expires_on` it is an exception, which needs the right `attest` too and is approved \
            by whoever asks.",
        ..Doc::act("Note a ticket, or let something stay for a time", of::<NewAct>)
    }),
    Route::json("POST", "/api/v1/reviews/{id}/close", LEADS, close).described(&Doc {
        about: "Refused as long as something stands in the way; it closes by itself otherwise.",
        ..Doc::act("Close an access review", of::<Nothing>)
    }),
    Route::json(
        "POST",
        "/api/v1/reviews/{id}/reports",
        Access::Proven(Right::ExportPersonal),
        report,
    )
    .described(&Doc {
        about: "The report is kept in the vault first, and the log notes it. Sent again under the same \
            Idempotency-Key, the request is refused with 409.",
        answer: of::<ReportTaken>,
        ..Doc::act("Take out the signed report", of::<Nothing>)
    }),
];

/// One access review in figures.
#[derive(Debug, Serialize, JsonSchema)]
struct Review {
    /// Its name.
    id: String,
    /// A title for people.
    title: String,
    /// `open`, `overdue`, `waiting for proof`, `came back` or `closed`.
    stage: &'static str,
    /// The entry that opened it.
    entry: u64,
    /// Last day for deciding.
    due_on: String,
    /// Rows reviewed.
    reviewed: u64,
    /// All rows.
    rows: u64,
    /// Whether the population was completely and freshly known.
    complete: bool,
    /// What could not be known of it.
    gaps: Vec<String>,
}

/// An access review to be opened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewReview {
    /// The systems; all where none is named.
    #[serde(default)]
    systems: Vec<String>,
    /// A title for people.
    title: Option<String>,
    /// Last day for deciding.
    due_on: Option<Date>,
    /// Why it is opened though a source cannot be relied upon.
    despite_gaps: Option<String>,
    /// Who leads it, by e-mail or name.
    lead: Option<String>,
}

/// What may be decided.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
enum DecisionWord {
    /// It stays as it is.
    #[serde(rename = "keep")]
    Keep,
    /// Some of its rights are to go.
    #[serde(rename = "change")]
    Change,
    /// It is to go.
    #[serde(rename = "remove")]
    Remove,
    /// Somebody else knows: it goes to the next in line.
    #[serde(rename = "not mine")]
    NotMine,
    /// Looked at, and not to be told.
    #[serde(rename = "cannot tell")]
    CannotTell,
}

/// Decisions about rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Decisions {
    /// Row by row.
    #[schemars(length(min = 1, max = 5000))]
    items: Vec<NewDecision>,
    /// Whether one stroke decides them all: then only rows of low risk that are alike may be kept.
    #[serde(default)]
    bulk: bool,
}

/// A decision about one row.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewDecision {
    /// The row.
    row: u64,
    /// What is decided.
    decision: DecisionWord,
    /// For `change`: the ids of the rights that are to go.
    #[serde(default)]
    rights: Vec<String>,
    /// Why.
    #[serde(default)]
    comment: String,
}

/// Rows to be given to somebody else.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Assignment {
    /// The rows; where none is named, every row of `from` that is not decided.
    #[serde(default)]
    rows: Vec<u64>,
    /// Whose rows, by e-mail; empty: those of nobody.
    from: Option<String>,
    /// To whom, by e-mail.
    #[schemars(length(min = 1))]
    to: String,
    /// Why.
    #[schemars(length(min = 1))]
    note: String,
}

/// Something done about a removal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewAct {
    /// Name or address of a ticket.
    #[serde(default)]
    ticket: String,
    /// A note; for an exception its reason.
    #[serde(default)]
    note: String,
    /// For an exception: its last day.
    expires_on: Option<Date>,
}

/// Something that came after the freezing.
#[derive(Debug, Serialize, JsonSchema)]
struct LateChange {
    /// The system.
    system: String,
    /// The account's id.
    account: String,
    /// What is typed to sign in.
    login: String,
    /// The right; null: the account itself is new.
    right: Option<String>,
    /// Instant of the reading that first held it.
    seen_at: String,
    /// The entry of that reading.
    entry: u64,
}

/// A report that was taken out.
#[derive(Debug, Serialize, JsonSchema)]
struct ReportTaken {
    /// The entry that keeps it.
    entry: u64,
    /// The signed file, as `standing review verify` checks it.
    file: String,
    /// The same for people, signed too.
    text: String,
}

fn all(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let (email, sees_all) = (email(visit)?, sees_all(visit)?);
    let mut found = Vec::new();
    for head in index.review_campaigns()? {
        if !sees_all && !is_given(&index, &head.id, &email)? {
            continue;
        }
        let state = review::state(&index, &head.id, &now())?;
        let (reviewed, rows) = match sees_all {
            true => (state.all.reviewed(), state.all.rows),
            false => {
                let load = index.review_load(&head.id, &email)?;
                (load.decided, load.all())
            }
        };
        found.push(Review {
            title: state.campaign.details.title.clone(),
            stage: state.stage.as_str(),
            entry: head.entry,
            due_on: head.due_on,
            reviewed,
            rows,
            complete: head.complete,
            gaps: state.campaign.details.gaps.clone(),
            id: head.id,
        });
    }
    // The newest first: the key falls as the entry rises.
    let page = Part::of(visit)?.take(found, |r| format!("{:020}", u64::MAX - r.entry));
    Ok(Reply::json(&page))
}

fn open(visit: &Visit) -> Answer {
    let asked: NewReview = visit.json()?;
    let opening = Opening {
        systems: asked.systems,
        title: asked.title.unwrap_or_default(),
        due_on: asked.due_on,
        despite_gaps: asked.despite_gaps,
        lead: asked.lead,
        by_schedule: false,
    };
    let by = visit.by()?;
    let acted = visit.app.act(by, |home, index| {
        review::open(home, index, by, &opening).map(|opened| opened.entry)
    })?;
    Ok(super::kept(acted))
}

fn one(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let id = campaign(visit, &index)?.id().to_owned();
    let mut value = review::state_json(&review::state(&index, &id, &now())?);
    value["signals"] = json!(review::signals(&index, &id)?);
    value["late_changes"] = json!(review::delta(&index, &id)?.len());
    Ok(Reply::json(&value))
}

fn number_after(part: &Part) -> Result<Option<u64>, Trouble> {
    let after = part.after.as_deref().map(str::parse);
    after
        .transpose()
        .map_err(|_| Trouble::malformed("after: not a cursor of this list"))
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn rows(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let part = Part::of(visit)?;
    let given = |name: &str| visit.asked(name).map(str::to_owned);
    let own = match sees_all(visit)? {
        true => None,
        false => Some(email(visit)?),
    };
    let suggestion = given("suggestion").map(|word| match SUGGESTIONS.contains(&word.as_str()) {
        true => Ok(word),
        false => Err(Trouble::malformed(format!(
            "suggestion={word:?}: one of {}",
            SUGGESTIONS.join(", ")
        ))),
    });
    let wanted = Wanted {
        reviewer: own.or_else(|| given("reviewer").map(|e| e.to_lowercase())),
        system: given("system"),
        decision: match given("decision").as_deref() {
            None => None,
            Some("none") => Some(String::new()),
            Some(word) => Some(word.parse::<Decision>()?.as_str().to_owned()),
        },
        suggestion: suggestion.transpose()?,
        ..Wanted::default()
    };
    let after = number_after(&part)?;
    let found = review::rows(&index, campaign.id(), &wanted, after, part.limit + 1)?;
    let page = part.page(found.rows, |row| row.line.n.to_string());
    let items = page.items.iter().map(|row| object(review::row_json(row)));
    Ok(Reply::json(&Page {
        items: items.collect::<Vec<Object>>(),
        next: page.next,
    }))
}

fn row(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let row = reviewing::row(visit, &index, &campaign)?;
    reviewing::opens(visit, campaign.id(), row.line.n)?;
    let mut value = review::row_json(&row);
    let history = review::history(&index, campaign.id(), row.line.n)?;
    value["history"] = history.iter().map(review::past_json).collect();
    Ok(Reply::json(&value))
}

fn decide(visit: &Visit) -> Answer {
    let asked: Decisions = visit.json()?;
    let id = {
        let index = visit.app.index()?;
        campaign(visit, &index)?.id().to_owned()
    };
    let items = asked.items.into_iter().map(|item| Item {
        row: item.row,
        decision: match item.decision {
            DecisionWord::Keep => Decision::Keep,
            DecisionWord::Change => Decision::Change,
            DecisionWord::Remove => Decision::Remove,
            DecisionWord::NotMine => Decision::NotMine,
            DecisionWord::CannotTell => Decision::CannotTell,
        },
        rights: item.rights,
        comment: item.comment,
    });
    // A program has no screen: nothing is claimed of when rows were shown.
    match reviewing::decide(visit, &id, items.collect(), asked.bulk, &Seen::default())? {
        Decided::Kept(acted) => Ok(super::kept(acted)),
        Decided::Refused(message, of_rows) => {
            let mut trouble = Trouble::unusable(message);
            trouble.fields = of_rows
                .into_iter()
                .map(|(n, why)| (format!("row-{n}"), why))
                .collect();
            Err(trouble)
        }
    }
}

fn assign(visit: &Visit) -> Answer {
    let asked: Assignment = visit.json()?;
    let id = {
        let index = visit.app.index()?;
        campaign(visit, &index)?.id().to_owned()
    };
    let by = visit.by()?;
    let assigning = Assigning {
        campaign: &id,
        rows: asked.rows,
        from: asked.from.as_deref(),
        to: &asked.to,
        note: &asked.note,
    };
    let acted = visit.app.act(by, |home, index| {
        review::assign(home, index, by, &assigning)
    })?;
    Ok(super::kept(acted))
}

fn removals(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let mut proofs = review::proof(&index, campaign.id(), &now())?;
    proofs.sort_by_key(|p| p.row.line.n);
    let page = Part::of(visit)?.take(proofs, |p| format!("{:020}", p.row.line.n));
    let items = page.items.iter().map(|p| object(review::removal_json(p)));
    Ok(Reply::json(&Page {
        items: items.collect::<Vec<Object>>(),
        next: page.next,
    }))
}

fn late(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let late = review::delta(&index, campaign.id())?;
    let late = late.into_iter().enumerate().map(|(n, one)| {
        let change = LateChange {
            system: one.system,
            account: one.account,
            login: one.login,
            right: one.right,
            seen_at: one.seen_at,
            entry: one.entry,
        };
        (n, change)
    });
    let page = Part::of(visit)?.take(late, |(n, _)| format!("{n:020}"));
    Ok(Reply::json(&Page {
        items: page.items.into_iter().map(|(_, change)| change).collect(),
        next: page.next,
    }))
}

fn act(visit: &Visit) -> Answer {
    let asked: NewAct = visit.json()?;
    let excepts = asked.expires_on.is_some();
    if excepts && !visit.who()?.may(Right::Attest) {
        return Err(Trouble::forbidden(
            "To let something stay is an exception: it needs the right \"attest\".",
        ));
    }
    let (id, n) = {
        let index = visit.app.index()?;
        let campaign = campaign(visit, &index)?;
        let row = reviewing::row(visit, &index, &campaign)?;
        (campaign.id().to_owned(), row.line.n)
    };
    let email = email(visit)?;
    let by = visit.by()?;
    let acting = Acting {
        campaign: &id,
        row: n,
        ticket: &asked.ticket,
        state: None,
        note: &asked.note,
        approved_by: if excepts { &email } else { "" },
        expires_on: asked.expires_on,
    };
    let acted = visit
        .app
        .act(by, |home, index| review::act(home, index, by, &acting))?;
    Ok(super::kept(acted))
}

fn close(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    let id = {
        let index = visit.app.index()?;
        campaign(visit, &index)?.id().to_owned()
    };
    let by = visit.by()?;
    let acted = visit
        .app
        .act(by, |home, index| review::close(home, index, by, &id))?;
    Ok(super::kept(acted))
}

fn report(visit: &Visit) -> Answer {
    let _: Nothing = visit.json()?;
    let taken = take_out(visit)?;
    let told = ReportTaken {
        entry: taken.entry,
        file: taken.report.json,
        text: taken.report.text,
    };
    Ok(super::made(&told, told.entry))
}

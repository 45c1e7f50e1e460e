//! What is due when: everything that ends by the passing of time, with where it is dealt with.
//!
//! Titles name no person: they go out with the feed. What may name one is told apart as `private`,
//! and only pages show it.

pub mod ics;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use standing_assess::lapses::Lapse;
use standing_assess::{AsOf, Estate};
use standing_vault::Hash;
use std::sync::Arc;

use super::app::App;
use super::members::Members;
use super::pages::paging::link;
use super::pages::words;
use super::rows::{Row, rows};
use super::snapshot::Snapshot;
use super::visit::Trouble;
use crate::failure::Failure;
use crate::text::{count, number};

/// What kind of thing is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The planned day of publication.
    Publication,
    /// The last day for an edition's submissions.
    Deadline,
    /// A statement expires.
    Statement,
    /// Subjects of a check lapse.
    Check,
    /// An exception ends.
    Exception,
    /// A certificate ends.
    Certificate,
    /// The last day on which fixes are in time.
    Fix,
    /// A source must be read again.
    Source,
    /// An invitation ends.
    Invitation,
    /// An API token ends.
    Token,
}

impl Kind {
    /// All of them, in the order in which choices show them.
    pub const ALL: &'static [Kind] = &[
        Kind::Publication,
        Kind::Deadline,
        Kind::Statement,
        Kind::Check,
        Kind::Exception,
        Kind::Certificate,
        Kind::Fix,
        Kind::Source,
        Kind::Invitation,
        Kind::Token,
    ];

    /// The word in URLs and feeds.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Publication => "publication",
            Kind::Deadline => "deadline",
            Kind::Statement => "statement",
            Kind::Check => "check",
            Kind::Exception => "exception",
            Kind::Certificate => "certificate",
            Kind::Fix => "fix",
            Kind::Source => "source",
            Kind::Invitation => "invitation",
            Kind::Token => "token",
        }
    }

    /// The inverse of [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Kind::ALL.iter().copied().find(|k| k.as_str() == text)
    }

    /// The word on choices.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Publication => "Publication",
            Kind::Deadline => "Deadlines",
            Kind::Statement => "Statements",
            Kind::Check => "Checks",
            Kind::Exception => "Exceptions",
            Kind::Certificate => "Certificates",
            Kind::Fix => "Fixes",
            Kind::Source => "Sources",
            Kind::Invitation => "Invitations",
            Kind::Token => "Tokens",
        }
    }
}

/// One thing that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The first day on which it no longer holds, or the day itself of a publication or deadline.
    pub on: Date,
    /// Its kind.
    pub kind: Kind,
    /// What, in a sentence that names no person.
    pub title: String,
    /// What only pages show.
    pub private: Option<String>,
    /// How many, of how many.
    pub subjects: Option<(u64, u64)>,
    /// Items that rest on it.
    pub items: Vec<String>,
    /// Where it is dealt with.
    pub href: String,
    /// Whether reading the sources renews it, with nobody doing anything.
    pub by_reading: bool,
    /// What makes it the same thing tomorrow, within its kind.
    pub key: String,
}

impl Due {
    fn new(on: Date, kind: Kind, title: String, href: String, key: String) -> Self {
        Due {
            on,
            kind,
            title,
            private: None,
            subjects: None,
            items: Vec::new(),
            href,
            by_reading: false,
            key,
        }
    }
}

/// Everything that is due from the snapshot's day on, the soonest first. `people` is whether
/// invitations and tokens belong to it.
///
/// # Errors
/// When the estate cannot be read.
pub fn due(app: &App, snapshot: &Arc<Snapshot>, people: bool) -> Result<Vec<Due>, Trouble> {
    let mut all = lapses(&snapshot.today.lapses);
    all.extend(dates(snapshot));
    let day = snapshot.day();
    all.extend(app.readers.ask(snapshot, move |estate| {
        let mut all = ends(estate, day)?;
        all.extend(fixes(estate, day)?);
        Ok(all)
    })?);
    if people {
        all.extend(ways_in(&app.members(), snapshot.at));
    }
    all.sort_by(|a, b| (a.on, a.kind, &a.title).cmp(&(b.on, b.kind, &b.title)));
    Ok(all)
}

/// Lapses of one thing within one month are one thing due, on the first of their days.
fn lapses(lapses: &[Lapse]) -> Vec<Due> {
    let lapses: Vec<&Lapse> = lapses.iter().collect();
    let one = |group: Vec<&Lapse>| {
        let first = group[0];
        let (kind, step) = match first.what {
            "statement" => (Kind::Statement, "items"),
            "source" => (Kind::Source, "sources"),
            _ => (Kind::Check, "checks"),
        };
        let month = format!("{:04}-{:02}", first.on.year(), first.on.month());
        let key = match kind {
            Kind::Check => format!("{}/{month}", first.name),
            _ => first.name.clone(),
        };
        let href = format!("/{step}/{}", words::url(&first.name));
        let title = match (kind, first.subjects) {
            (Kind::Check, Some(_)) => format!("Would fail from this day: {}", first.detail),
            _ => first.detail.clone(),
        };
        let lapsing: u64 = group.iter().filter_map(|l| Some(l.subjects?.0)).sum();
        Due {
            subjects: first.subjects.map(|(_, all)| (lapsing, all)),
            items: first.items.clone(),
            by_reading: first.renewed_by_reading,
            ..Due::new(first.on, kind, title, href, key)
        }
    };
    let mut all = Vec::new();
    for due in crate::status::by_month(&lapses).into_iter().map(one) {
        match due.kind {
            Kind::Statement => state(&mut all, due),
            _ => all.push(due),
        }
    }
    all
}

/// Statements that expire on one day are one thing due: whoever made them made them together.
fn state(all: &mut Vec<Due>, one: Due) {
    let same = |due: &&mut Due| due.kind == Kind::Statement && due.on == one.on;
    let Some(due) = all.iter_mut().find(same) else {
        let key = one.on.to_string();
        all.push(Due { key, ..one });
        return;
    };
    due.items.extend(one.items);
    due.title = format!("The statements about {} items expire.", due.items.len());
    due.href = "/items".into();
}

/// The publication and the deadlines that are known.
fn dates(snapshot: &Snapshot) -> Vec<Due> {
    let terms = &snapshot.terms;
    let mut all = vec![Due::new(
        terms.publish_on,
        Kind::Publication,
        "Publication is planned for this day.".into(),
        format!("/?day={}", terms.publish_on),
        String::new(),
    )];
    for edition in &terms.catalogue.editions {
        let Some(deadline) = edition.deadline.filter(|day| *day >= snapshot.day()) else {
            continue;
        };
        let assumed = match edition.deadline_certainty {
            standing_assess::catalogue::DeadlineCertainty::Sourced => "",
            _ => " (the day is assumed)",
        };
        all.push(Due::new(
            deadline,
            Kind::Deadline,
            format!("Last day for a {} submission{assumed}.", edition.year),
            format!("/?day={deadline}"),
            edition.id.clone(),
        ));
    }
    all
}

/// Exceptions and certificates that are in force and end.
fn ends(estate: &Estate<'_>, day: Date) -> Result<Vec<Due>, Trouble> {
    const BUDGET: u64 = 50;
    let day = [Value::Text(day.to_string())];
    let exceptions = estate
        .query_with(
            "select check_name, expires_on, count(*) from exception
             where expires_on >= ?1 group by 1, 2 order by 2, 1",
            &day,
            BUDGET,
        )
        .map_err(Trouble::ours)?;
    let certificates = estate
        .query_with(
            "select id, scheme, holder, expires_on from certificate
             where expires_on >= ?1 order by 4, 1",
            &day,
            BUDGET,
        )
        .map_err(Trouble::ours)?;
    let exceptions = exceptions.rows.iter().filter_map(|row| exception(row));
    let certificates = certificates.rows.iter().filter_map(|row| certificate(row));
    Ok(exceptions.chain(certificates).collect())
}

fn text(row: &[Value], at: usize) -> &str {
    match row.get(at) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// The day after the last on which something holds.
fn ended(last: &str) -> Option<Date> {
    last.parse::<Date>().ok()?.tomorrow().ok()
}

fn exception(row: &[Value]) -> Option<Due> {
    let (check, last) = (text(row, 0), text(row, 1));
    let n = match row.get(2) {
        Some(Value::Integer(n)) => n.unsigned_abs(),
        _ => 1,
    };
    let ends = if n == 1 { "ends" } else { "end" };
    Some(Due::new(
        ended(last)?,
        Kind::Exception,
        format!("{} to the check {check} {ends}.", count(n, "exception")),
        "/exceptions".into(),
        format!("{check}/{last}"),
    ))
}

fn certificate(row: &[Value]) -> Option<Due> {
    let (id, scheme, holder) = (text(row, 0), text(row, 1), text(row, 2));
    let own = holder == "self";
    let whose = if own { "Our own" } else { "A supplier’s" };
    Some(Due {
        private: (!own).then(|| holder.to_owned()),
        ..Due::new(
            ended(text(row, 3))?,
            Kind::Certificate,
            format!("{whose} certificate ends: {scheme}."),
            "/records/certificate".into(),
            id.to_owned(),
        )
    })
}

/// The last days on which fixes are in time, each with all that are due on it.
fn fixes(estate: &Estate<'_>, day: Date) -> Result<Vec<Due>, Trouble> {
    let found = rows(
        estate,
        "select due_on, min(vulnerability) as one, count(distinct vulnerability) as several,
                count(distinct lower(asset)) as assets,
                replace(group_concat(distinct policy), ',', ', ') as policies,
                (select count(*) from (select asset from component union select asset from patch_clock))
                  as of_assets
         from patch_clock where verdict = 'open' and due_on >= ?1 group by due_on",
        &[Value::Text(day.to_string())],
    )?;
    Ok(found.iter().filter_map(fix).collect())
}

fn fix(row: &Row) -> Option<Due> {
    let (what, href) = match row.number("several") {
        1 => {
            let name = row.text("one");
            let place = link("/patching/vulnerability", &[("name", name)]);
            (format!("the fix of {name}"), place)
        }
        n => (
            format!("the fixes of {} vulnerabilities", number(n)),
            "/patching".into(),
        ),
    };
    let title = format!(
        "Last day in time for {what}, open on {} of {}, by {}.",
        row.figure("assets"),
        row.count("of_assets", "asset"),
        row.text("policies")
    );
    let on = row.text("due_on");
    Some(Due::new(
        on.parse().ok()?,
        Kind::Fix,
        title,
        href,
        on.to_owned(),
    ))
}

/// Invitations and tokens: what they are called may name a person.
fn ways_in(members: &Members, now: Timestamp) -> Vec<Due> {
    let on = |at: Timestamp| AsOf::at(at).date;
    let invitations = members.invitations.values().filter(|i| i.expires_at > now);
    let invitations = invitations.map(|invitation| Due {
        private: Some(invitation.name.clone()).filter(|name| !name.is_empty()),
        ..Due::new(
            on(invitation.expires_at),
            Kind::Invitation,
            "An invitation ends.".into(),
            "/members".into(),
            invitation.id.clone(),
        )
    });
    let tokens = members.tokens.values().filter(|t| t.expires_at > now);
    let tokens = tokens.map(|token| Due {
        private: Some(token.label.clone()).filter(|label| !label.is_empty()),
        ..Due::new(
            on(token.expires_at),
            Kind::Token,
            "An API token ends.".into(),
            "/tokens".into(),
            token.id.clone(),
        )
    });
    invitations.chain(tokens).collect()
}

/// What tells this vault's things from another's: the root of the log when it had one entry.
///
/// # Errors
/// When the vault cannot be read.
pub fn origin(snapshot: &Snapshot) -> Result<String, Failure> {
    let root: Hash = snapshot.home.vault.root_at(snapshot.entries.min(1))?;
    Ok(root.to_string())
}

//! People: who they are, what they can sign in to, what they were taught and what they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;
use standing_assess::Estate;
use standing_assess::check::Verdict;

use super::concerns::{Concerns, concerns};
use super::frame::Frame;
use super::paging::{Paging, link};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::rows::{Row, Told, containing, list, number, one, rows, text, told};
use crate::serve::snapshot::Snapshot;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/people", Access::With(Right::ReadPersonal), all),
    Route::get("/people/person", Access::With(Right::ReadPersonal), person),
    Route::get(
        "/people/unlinked",
        Access::With(Right::ReadPersonal),
        unlinked,
    ),
];

const ON_A_PAGE: usize = 50;
/// Rows of one kind on the page of a person.
const MOST: u64 = 200;

/// Which people are shown.
const SHOWN: &[(&str, &str, &str)] = &[
    ("", "All", "1"),
    ("here", "Work here", "(left_on is null or left_on >= ?2)"),
    ("left", "Have left", "left_on < ?2"),
    (
        "open",
        "Have left, accounts open",
        "left_on < ?2 and exists (select 1 from link join account on account.id = link.account
           where link.person = person.id and account.enabled)",
    ),
];

/// One of the choices above the list.
struct Choice {
    words: &'static str,
    count: u64,
    href: String,
    chosen: bool,
}

/// One person in the list.
struct Line {
    row: Row,
    left: bool,
    not_met: usize,
    href: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct ListPage {
    frame: Frame,
    headline: String,
    words: String,
    show: &'static str,
    choices: Vec<Choice>,
    lines: Vec<Line>,
    paging: Paging,
    accounts: u64,
    unlinked: u64,
    unlinked_open: u64,
    told: Vec<Told>,
    as_of: String,
}

/// What the page of all people asks the estate.
#[derive(Clone)]
struct Listed {
    counts: Vec<u64>,
    people: Vec<Row>,
    accounts: u64,
    unlinked: u64,
    unlinked_open: u64,
    told: Vec<Told>,
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let words = visit.asked("q").unwrap_or_default().to_owned();
    let show = visit.asked("show").unwrap_or_default();
    let at = SHOWN.iter().position(|(name, _, _)| *name == show);
    let at = at.ok_or_else(|| Trouble::malformed("There is no such choice of people."))?;
    let page = page_number(visit);
    let name = format!("people {at} {page} {words}");
    let app = &visit.app;
    let listed = app.memory.ask(&app.readers, &now, name, {
        let (words, day) = (words.clone(), now.day());
        move |estate| listed(estate, &words, day, at, page)
    })?;
    let place = |show: &str, page: u64| {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        link("/people", &[("show", show), ("q", &words), ("page", &page)])
    };
    let total = listed.counts[at];
    let paging = Paging::of(page, ON_A_PAGE, total, ("person", "people"), |page| {
        place(show, page)
    });
    let choices = SHOWN.iter().zip(&listed.counts).enumerate();
    let choices = choices
        .map(|(i, ((name, words, _), count))| Choice {
            words,
            count: *count,
            href: place(name, 1),
            chosen: i == at,
        })
        .collect();
    let not_met = not_met(&now, &listed.people);
    let open = listed.counts[3];
    let here = listed.counts[1];
    let headline = match open {
        _ if !words.is_empty() => format!("People like “{words}”"),
        0 if here == 1 => "1 person works here".into(),
        0 => format!("{here} people work here"),
        1 => "1 person has left and still has an open account".into(),
        n => format!("{n} people have left and still have open accounts"),
    };
    let day = now.day();
    let lines = listed.people.into_iter().zip(not_met);
    let page = ListPage {
        frame: Frame::of(visit, "/people"),
        headline,
        show: SHOWN[at].0,
        choices,
        lines: lines
            .map(|(row, not_met)| Line {
                left: has_left(&row, day),
                href: link("/people/person", &[("id", row.text("id"))]),
                not_met,
                row,
            })
            .collect(),
        paging,
        accounts: listed.accounts,
        unlinked: listed.unlinked,
        unlinked_open: listed.unlinked_open,
        told: listed.told,
        as_of: crate::text::day(day),
        words: words.clone(),
    };
    Ok(Reply::page(page.render()?))
}

fn page_number(visit: &Visit) -> u64 {
    let page = visit.asked("page").and_then(|page| page.parse().ok());
    page.unwrap_or(1).clamp(1, 1_000_000)
}

fn has_left(row: &Row, day: Date) -> bool {
    row.text("left_on")
        .parse::<Date>()
        .is_ok_and(|left| left < day)
}

const LIKE: &str = "(?1 = '%%' or name like ?1 escape '\\' or email like ?1 escape '\\'
  or department like ?1 escape '\\' or employee_number like ?1 escape '\\'
  or job_title like ?1 escape '\\')";

fn listed(
    estate: &Estate<'_>,
    words: &str,
    day: Date,
    at: usize,
    page: u64,
) -> Result<Listed, Trouble> {
    let (like, day) = (containing(words), text(&day.to_string()));
    let each: Vec<String> = SHOWN
        .iter()
        .enumerate()
        .map(|(i, (_, _, sql))| format!("coalesce(sum({sql}), 0) as n{i}"))
        .collect();
    let counts = one(
        estate,
        &format!(
            "select {}, ?2 as day from person where {LIKE}",
            each.join(", ")
        ),
        &[like.clone(), day.clone()],
    )?;
    let counts = (0..SHOWN.len())
        .map(|i| {
            counts
                .as_ref()
                .map_or(0, |row| row.number(&format!("n{i}")))
        })
        .collect();
    let people = rows(
        estate,
        &format!(
            "with wanted as materialized (
               select id, name, email, employee_number, department, job_title, kind, started_on, left_on
               from person where {LIKE} and coalesce(?2, '') <> '' and {}
               order by name collate nocase, id limit ?3 offset ?4),
             done as materialized (
               select lower(ltrim(employee_number, '0')) as number, lower(email) as email, completed_on
               from training_completion where coalesce(outcome, 'passed') = 'passed'),
             by_number as materialized (
               select number, max(completed_on) as last_on from done where number <> '' group by number),
             by_email as materialized (
               select email, max(completed_on) as last_on from done where email <> '' group by email)
             select wanted.*,
               (select count(*) from link join account on account.id = link.account
                  where link.person = wanted.id) as accounts,
               (select count(*) from link join account on account.id = link.account
                  where link.person = wanted.id and account.enabled) as enabled,
               (select json_group_array(link.account) from link
                  where link.person = wanted.id) as account_ids,
               nullif(max(coalesce(by_number.last_on, ''), coalesce(by_email.last_on, '')), '')
                 as trained_on
             from wanted
             left join by_number on by_number.number = lower(ltrim(wanted.employee_number, '0'))
             left join by_email on by_email.email = lower(wanted.email)
             order by wanted.name collate nocase, wanted.id",
            SHOWN[at].2
        ),
        &[
            like,
            day,
            number(ON_A_PAGE as u64),
            number((page - 1).saturating_mul(ON_A_PAGE as u64)),
        ],
    )?;
    let unlinked = one(
        estate,
        "select count(*) as accounts, coalesce(sum(alone), 0) as n,
           coalesce(sum(alone and enabled), 0) as open
         from (select coalesce(enabled, 0) as enabled,
                 not exists (select 1 from link where link.account = account.id) as alone
               from account)",
        &[],
    )?;
    let number_of = |name| unlinked.as_ref().map_or(0, |row: &Row| row.number(name));
    Ok(Listed {
        counts,
        people,
        accounts: number_of("accounts"),
        unlinked: number_of("n"),
        unlinked_open: number_of("open"),
        told: ["person", "account", "training_completion"]
            .map(|table| told(estate, table))
            .into(),
    })
}

/// How many subjects of checks are not met, for each person with their accounts.
fn not_met(now: &Snapshot, people: &[Row]) -> Vec<usize> {
    let mut owner: BTreeMap<String, usize> = BTreeMap::new();
    for (i, row) in people.iter().enumerate() {
        owner.insert(row.text("id").to_owned(), i);
        let accounts: Vec<String> =
            serde_json::from_str(row.text("account_ids")).unwrap_or_default();
        owner.extend(accounts.into_iter().map(|id| (id, i)));
    }
    let mut counts = vec![0; people.len()];
    let subjects = now.today.checks.values().flat_map(|r| &r.subjects);
    for subject in subjects.filter(|s| s.verdict == Verdict::NotMet && s.excepted.is_none()) {
        if let Some(i) = owner.get(&subject.subject) {
            counts[*i] += 1;
        }
    }
    counts
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    frame: Frame,
    name: String,
    left: bool,
    leaves: bool,
    open: usize,
    about: About,
    concerns: Concerns,
}

/// What the estate has of one person.
struct About {
    person: Row,
    accounts: Vec<Row>,
    grants: Vec<Row>,
    training: Vec<Row>,
    agreements: Vec<Row>,
    assets: Vec<Row>,
    told: BTreeMap<&'static str, Told>,
}

impl About {
    fn told(&self, table: &str) -> &Told {
        &self.told[table]
    }
}

fn person(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let id = visit.asked("id").unwrap_or_default().to_owned();
    let about = visit
        .app
        .readers
        .ask(&now, move |estate| about(estate, &id))?;
    let about = about.ok_or_else(|| {
        Trouble::missing("Nobody of this name is known.")
            .hint("the list of people has everybody whom the sources told of")
    })?;
    let names: BTreeSet<&str> = [about.person.text("id")]
        .into_iter()
        .chain(about.accounts.iter().map(|a| a.text("id")))
        .collect();
    let concerns = concerns(&now, &names);
    let words = |name| Some(about.person.text(name)).filter(|t| !t.is_empty());
    let name = words("name").or(words("email")).or(words("id"));
    let page = PersonPage {
        frame: Frame::of(visit, "/people"),
        name: name.unwrap_or_default().to_owned(),
        left: has_left(&about.person, now.day()),
        leaves: about.person.has("left_on"),
        open: about
            .accounts
            .iter()
            .filter(|a| a.truth("enabled") == Some(true))
            .count(),
        concerns,
        about,
    };
    Ok(Reply::page(page.render()?))
}

fn about(estate: &Estate<'_>, id: &str) -> Result<Option<About>, Trouble> {
    let Some(person) = one(estate, "select * from person where id = ?1", &[text(id)])? else {
        return Ok(None);
    };
    let accounts = rows(
        estate,
        "select account.*, replace(link.keys, '+', ', ') as keys,
           (select group_concat(distinct kind) from credential_factor as f
              where f.account = account.id and f.active is not 0) as factors
         from link join account on account.id = link.account where link.person = ?1
         order by account.enabled is not 1, account.system, account.login limit ?2",
        &[text(id), number(MOST)],
    )?;
    let grants = rows(
        estate,
        "select g.system, g.resource, g.entitlement, g.privileged, g.direct, g.granted_on, g.source,
           account.login, account.enabled
         from link join \"grant\" as g on g.account = link.account
         join account on account.id = link.account where link.person = ?1
         order by g.privileged is not 1, g.system, g.resource limit ?2",
        &[text(id), number(MOST)],
    )?;
    let whose = |table: &str, columns: &str, order: &str| {
        format!(
            "select {columns} from {table} as t
             where (t.employee_number <> '' and ltrim(t.employee_number, '0') = ltrim(?1, '0'))
                or (t.email <> '' and t.email = ?2)
             order by {order} desc limit ?3"
        )
    };
    let by = [
        text(person.text("employee_number")),
        text(person.text("email")),
        number(MOST),
    ];
    let training = whose(
        "training_completion",
        "course, completed_on, outcome, source",
        "completed_on",
    );
    let agreements = whose("agreement", "kind, signed_on, source", "signed_on");
    let (training, agreements) = (
        rows(estate, &training, &by)?,
        rows(estate, &agreements, &by)?,
    );
    let owners = [
        person.text("email"),
        person.text("name"),
        person.text("employee_number"),
    ];
    let assets = rows(
        estate,
        "select name, kind, system, os, os_version, encrypted, last_seen_on, retired_on, source from asset
         where owner <> '' and lower(owner) in (select lower(value) from json_each(?1) where value <> '')
         order by name limit ?2",
        &[list(owners.into_iter()), number(MOST)],
    )?;
    const TOLD: [&str; 7] = [
        "person",
        "account",
        "link",
        "grant",
        "training_completion",
        "agreement",
        "asset",
    ];
    Ok(Some(About {
        person,
        accounts,
        grants,
        training,
        agreements,
        assets,
        told: TOLD.map(|table| (table, told(estate, table))).into(),
    }))
}

#[derive(Template)]
#[template(path = "unlinked.html")]
struct UnlinkedPage {
    frame: Frame,
    words: String,
    total: u64,
    enabled: u64,
    /// Open ones that should be somebody's.
    human: u64,
    accounts: Vec<Row>,
    paging: Paging,
    told: Vec<Told>,
}

fn unlinked(visit: &Visit) -> Answer {
    let now: Arc<Snapshot> = visit.app.snapshot()?;
    let words = visit.asked("q").unwrap_or_default().to_owned();
    let page = page_number(visit);
    let (app, name) = (&visit.app, format!("unlinked {page} {words}"));
    let (counts, accounts, told) = app.memory.ask(&app.readers, &now, name, {
        let like = containing(&words);
        move |estate| {
            const PERSONAL: &str = "coalesce(kind, '') not in
              ('service', 'system', 'shared', 'break-glass')";
            const FROM: &str = "from account where not exists
                 (select 1 from link where link.account = account.id)
               and (?1 = '%%' or id like ?1 escape '\\' or login like ?1 escape '\\'
                 or name like ?1 escape '\\' or system like ?1 escape '\\')";
            let counts = one(
                estate,
                &format!("select count(*) as n, coalesce(sum(enabled), 0) as enabled,
                       coalesce(sum(enabled and {PERSONAL}), 0) as human {FROM}"),
                std::slice::from_ref(&like),
            )?;
            let accounts = rows(
                estate,
                &format!(
                    "select * {FROM} order by {PERSONAL} desc, enabled is not 1, system, login limit ?2 offset ?3"
                ),
                &[
                    like,
                    number(ON_A_PAGE as u64),
                    number((page - 1).saturating_mul(ON_A_PAGE as u64)),
                ],
            )?;
            Ok((
                counts,
                accounts,
                vec![told(estate, "account"), told(estate, "link")],
            ))
        }
    })?;
    let count = |name| counts.as_ref().map_or(0, |row| row.number(name));
    let paging = Paging::new(page, ON_A_PAGE, count("n"), "account", |page| {
        link(
            "/people/unlinked",
            &[("q", &words), ("page", &page.to_string())],
        )
    });
    let page = UnlinkedPage {
        frame: Frame::of(visit, "/people"),
        total: count("n"),
        enabled: count("enabled"),
        human: count("human"),
        words: words.clone(),
        accounts,
        paging,
        told,
    };
    Ok(Reply::page(page.render()?))
}

//! Systems: who can sign in to each, what data it holds, and whether it would come back.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use standing_assess::Estate;

use super::concerns::{Concerns, concerns};
use super::frame::Frame;
use super::paging::{Paging, link};
use super::words;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::rows::{Row, Told, containing, list, number, one, rows, text, told};
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/systems", Access::With(Right::Read), all),
    Route::get("/systems/{name}", Access::With(Right::Read), system),
];

const ON_A_PAGE: usize = 50;
/// Rows of one kind on the page of a system.
const MOST: u64 = 200;

/// Every name of a system, and whether the register of systems has it.
const NAMED: &str = "named as materialized (
   select min(name) as name, max(registered) as registered from (
     select name, 1 as registered from system
     union all select distinct system, 0 from account where system <> ''
     union all select distinct system, 0 from asset where system <> ''
     union all select distinct system, 0 from store where system <> '')
   group by name collate nocase)";

/// One system in the list.
struct Line {
    row: Row,
    href: String,
}

#[derive(Template)]
#[template(path = "systems.html")]
struct ListPage {
    frame: Frame,
    words: String,
    registered: u64,
    unregistered: u64,
    lines: Vec<Line>,
    paging: Paging,
    told: Vec<Told>,
    as_of: String,
}

fn page_number(visit: &Visit) -> u64 {
    let page = visit.asked("page").and_then(|page| page.parse().ok());
    page.unwrap_or(1).clamp(1, 1_000_000)
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let words = visit.asked("q").unwrap_or_default().to_owned();
    let page = page_number(visit);
    let (app, name) = (&visit.app, format!("systems {page} {words}"));
    let (counts, found, told) = app.memory.ask(&app.readers, &now, name, {
        let words = words.clone();
        move |estate| listed(estate, &words, page)
    })?;
    let count = |name| counts.as_ref().map_or(0, |row: &Row| row.number(name));
    let paging = Paging::new(page, ON_A_PAGE, count("n"), "system", |page| {
        link("/systems", &[("q", &words), ("page", &page.to_string())])
    });
    let line = |row: Row| Line {
        href: format!("/systems/{}", words::url(row.text("name"))),
        row,
    };
    let page = ListPage {
        frame: Frame::of(visit, "/systems"),
        registered: count("registered"),
        unregistered: count("n") - count("registered"),
        lines: found.into_iter().map(line).collect(),
        paging,
        told,
        as_of: crate::text::day(now.day()),
        words: words.clone(),
    };
    Ok(Reply::page(page.render()?))
}

type Listed = (Option<Row>, Vec<Row>, Vec<Told>);

fn listed(estate: &Estate<'_>, words: &str, page: u64) -> Result<Listed, Trouble> {
    let like = containing(words);
    let counts = one(
        estate,
        &format!(
            "with {NAMED} select count(*) as n, coalesce(sum(registered), 0) as registered from named
             where name like ?1 escape '\\'"
        ),
        std::slice::from_ref(&like),
    )?;
    let found = rows(
        estate,
        &format!(
            "with {NAMED}, wanted as materialized (
               select name, registered from named where name like ?1 escape '\\'
               order by registered desc, name collate nocase limit ?2 offset ?3)
             select wanted.name, wanted.registered, system.owner, system.importance,
               system.personal_data, system.remote, system.external, system.rto_minutes,
               (select count(*) from account where account.system = wanted.name) as accounts,
               (select count(*) from account where account.system = wanted.name and enabled) as enabled,
               (select count(*) from account where account.system = wanted.name and enabled and mfa)
                 as with_mfa,
               (select count(*) from asset where asset.system = wanted.name) as assets,
               (select count(*) from asset where asset.name = wanted.name) as machines,
               (select count(*) from store where store.system = wanted.name) as stores
             from wanted left join system on system.name = wanted.name
             group by wanted.name
             order by wanted.registered desc, wanted.name collate nocase"
        ),
        &[
            like,
            number(ON_A_PAGE as u64),
            number((page - 1).saturating_mul(ON_A_PAGE as u64)),
        ],
    )?;
    let told = ["system", "account", "asset", "store"].map(|table| told(estate, table));
    Ok((counts, found, told.into()))
}

#[derive(Template)]
#[template(path = "system.html")]
struct SystemPage {
    frame: Frame,
    name: String,
    about: About,
    /// Whether accounts may be shown one by one.
    open: bool,
    depends_on: Vec<String>,
    concerns: Concerns,
    paging: Paging,
}

/// What the estate has of one system.
#[derive(Clone)]
struct About {
    /// Its row in the register of systems, if it has one.
    system: Option<Row>,
    counts: Row,
    accounts: Vec<Row>,
    stores: Vec<Row>,
    elements: Vec<Row>,
    assets: Vec<Row>,
    findings: Vec<Row>,
    components: u64,
    backups: Vec<Row>,
    restores: Vec<Row>,
    flows: Vec<Row>,
    suppliers: Vec<Row>,
    needed_by: Vec<Row>,
    told: BTreeMap<&'static str, Told>,
}

impl About {
    fn told(&self, table: &str) -> &Told {
        &self.told[table]
    }

    /// A cell of the register; empty where the system is not in it.
    fn said(&self, name: &str) -> &str {
        self.system.as_ref().map_or("", |row| row.text(name))
    }

    fn yes(&self, name: &str) -> &'static str {
        self.system
            .as_ref()
            .map_or("not known", |row| row.yes(name))
    }

    /// Minutes as people say them.
    fn minutes(&self, name: &str) -> String {
        match &self.system {
            Some(row) if row.has(name) => span(row.number(name)),
            _ => "not set".into(),
        }
    }
}

/// `4 hours`, `90 minutes`, `2 days`.
fn span(minutes: u64) -> String {
    match minutes {
        m if m > 0 && m.is_multiple_of(1440) => crate::text::count(m / 1440, "day"),
        m if m > 0 && m.is_multiple_of(60) => crate::text::count(m / 60, "hour"),
        m => crate::text::count(m, "minute"),
    }
}

/// Minutes of a row as people say them; for templates.
fn took(row: &Row, name: &str) -> String {
    if row.has(name) {
        span(row.number(name))
    } else {
        "not known".into()
    }
}

fn system(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = visit.parameter("name").to_owned();
    let page = page_number(visit);
    let open = visit.who()?.may(Right::ReadPersonal);
    let (app, question) = (&visit.app, format!("system {page} {name}"));
    let about = app.memory.ask(&app.readers, &now, question, {
        let name = name.clone();
        move |estate| about(estate, &name, page)
    })?;
    let about = about.ok_or_else(|| {
        Trouble::missing("No table names a system like that.")
            .hint("the list of systems has all that are named")
    })?;
    let concerns = {
        let things = about.stores.iter().chain(&about.assets);
        let mut names: BTreeSet<&str> = things.map(|row| row.text("name")).collect();
        names.insert(about.counts.text("name"));
        concerns(&now, &names)
    };
    let name = about.counts.text("name").to_owned();
    let paging = Paging::new(
        page,
        ON_A_PAGE,
        about.counts.number("accounts"),
        "account",
        |page| {
            let path = format!("/systems/{}", words::url(&name));
            format!("{}#accounts", link(&path, &[("page", &page.to_string())]))
        },
    );
    let depends = about.said("depends_on").split(';').map(str::trim);
    let page = SystemPage {
        frame: Frame::of(visit, "/systems"),
        depends_on: depends
            .filter(|d| !d.is_empty())
            .map(str::to_owned)
            .collect(),
        open,
        concerns,
        paging,
        about,
        name,
    };
    Ok(Reply::page(page.render()?))
}

/// Names as one value: each once, because two sources may tell of one thing.
fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> rusqlite::types::Value {
    let names: BTreeMap<String, &str> = names.map(|name| (name.to_lowercase(), name)).collect();
    list(names.into_values())
}

fn about(estate: &Estate<'_>, name: &str, page: u64) -> Result<Option<About>, Trouble> {
    let named = one(
        estate,
        &format!("with {NAMED} select name, registered from named where name = ?1 collate nocase"),
        &[text(name)],
    )?;
    let Some(named) = named else {
        return Ok(None);
    };
    let name = text(named.text("name"));
    let this = std::slice::from_ref(&name);
    let system = one(estate, "select * from system where name = ?1", this)?;
    let counts = one(
        estate,
        "select ?1 as name, count(*) as accounts, coalesce(sum(enabled), 0) as enabled,
           coalesce(sum(enabled is null), 0) as unknown,
           coalesce(sum(enabled and mfa), 0) as with_mfa,
           coalesce(sum(enabled and mfa is null), 0) as mfa_unknown,
           coalesce(sum(enabled and privileged), 0) as privileged
         from account where system = ?1",
        this,
    )?;
    let counts = counts.ok_or_else(|| Trouble::ours("a count gave no row"))?;
    let accounts = rows(
        estate,
        "select account.*, link.person, person.name as person_name, person.left_on
         from account left join link on link.account = account.id
         left join person on person.id = link.person
         where account.system = ?1
         order by account.enabled is not 1, account.privileged is not 1, account.login, account.id
         limit ?2 offset ?3",
        &[
            name.clone(),
            number(ON_A_PAGE as u64),
            number((page - 1).saturating_mul(ON_A_PAGE as u64)),
        ],
    )?;
    let most = |sql: &str| rows(estate, sql, &[name.clone(), number(MOST)]);
    let stores = most("select * from store where system = ?1 order by name limit ?2")?;
    let assets = most(
        "select asset.*, (select count(*) from component where component.asset = asset.name) as parts
         from asset where system = ?1 or name = ?1 order by retired_on is not null, name limit ?2",
    )?;
    // What belongs to it, by name: itself, its stores, its machines.
    let parts = stores.iter().chain(&assets).map(|row| row.text("name"));
    let parts = each_once(parts.chain([named.text("name")]));
    let of_parts = |sql: &str| rows(estate, sql, &[parts.clone(), number(MOST)]);
    let elements = of_parts(
        "select data_element.* from json_each(?1) as p
         join data_element on data_element.store = p.value
         order by personal is not 1, store, data_element.name limit ?2",
    )?;
    let findings = of_parts(
        "select coalesce(f.severity, 'nobody has said') as severity, count(*) as n,
           count(distinct f.vulnerability) as vulnerabilities, sum(f.fixed is not null) as fixable,
           sum(f.verdict = 'breached') as late, sum(f.verdict = 'not compared') as not_compared
         from json_each(?1) as p join patch_clock as f on f.asset = p.value
         where f.policy = 'Cyber Essentials' and f.state not in ('mended', 'decommissioned')
         group by 1 order by case f.severity when 'critical' then 0 when 'high' then 1
           when 'medium' then 2 when 'low' then 3 else 4 end limit ?2",
    )?;
    let backups = of_parts(
        "select backup.target, count(*) as n, max(case when outcome = 'succeeded' then taken_on end)
             as last_on,
           sum(outcome = 'failed') as failed, min(encrypted) as encrypted,
           max(immutable) as immutable, max(offsite) as offsite
         from json_each(?1) as p join backup on backup.target = p.value
         group by backup.target collate nocase order by backup.target limit ?2",
    )?;
    let restores = of_parts(
        "select restore.* from json_each(?1) as p join restore on restore.target = p.value
         order by tested_on desc limit min(?2, 20)",
    )?;
    let flows = of_parts(
        "select flow.* from flow where origin in (select value from json_each(?1))
           or destination in (select value from json_each(?1))
         order by origin, destination limit ?2",
    )?;
    let ends = flows
        .iter()
        .flat_map(|f| [f.text("origin"), f.text("destination")]);
    let suppliers = rows(
        estate,
        "select supplier.name, supplier.service, supplier.contract_article_28,
           supplier.contract_ends_on, supplier.source,
           (select max(expires_on) from certificate where certificate.holder = supplier.name)
             as certified_until
         from json_each(?1) as p join supplier on supplier.name = p.value
         group by supplier.id order by supplier.name",
        &[list(ends)],
    )?;
    let needed_by = rows(
        estate,
        "select name from system
         where '; ' || lower(depends_on) || ';' like '%; ' || lower(?1) || ';%' order by name",
        this,
    )?;
    let components = assets
        .iter()
        .map(|asset| (asset.text("name").to_lowercase(), asset.number("parts")))
        .collect::<BTreeMap<_, _>>()
        .into_values()
        .sum();
    const TOLD: [&str; 10] = [
        "system",
        "account",
        "store",
        "data_element",
        "asset",
        "component",
        "patch_clock",
        "backup",
        "restore",
        "flow",
    ];
    Ok(Some(About {
        components,
        system,
        counts,
        accounts,
        stores,
        elements,
        assets,
        findings,
        backups,
        restores,
        flows,
        suppliers,
        needed_by,
        told: TOLD.map(|table| (table, told(estate, table))).into(),
    }))
}

//! All checks, and one check with its subjects.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use jiff::civil::Date;
use standing_assess::Estate;
use standing_assess::assessment::Assessment;
use standing_assess::check::{Check, CheckResult, Reason, Subject, Verdict};

use super::frame::Frame;
use super::paging::{Paging, link};
use super::words::capital;
use crate::commands;
use crate::explain::tally;
use crate::serve::csv;
use crate::serve::draw::{self, Tally};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::rows::{Told, list, rows, told};
use crate::serve::snapshot::Snapshot;
use crate::serve::subjects::{Found, ORDER, Subjects, Wanted, all_kept, page_of};
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/checks", Access::With(Right::Read), all),
    Route::get("/checks/{name}", Access::With(Right::Read), one),
    Route::get(
        "/checks/{name}/subjects.csv",
        Access::With(Right::ReadPersonal),
        export,
    ),
];

/// Subjects on a page.
const ON_A_PAGE: usize = 50;

/// Tables whose rows are about people: what a check says of their subjects may be personal.
const PERSONAL: &[&str] = &[
    "person",
    "account",
    "credential_factor",
    "grant",
    "link",
    "training_completion",
    "agreement",
    "role_holder",
];

/// One line of the list.
struct Line {
    name: String,
    claim: String,
    verdict: Verdict,
    tally: String,
    items: Vec<String>,
    gaps: Vec<String>,
}

struct FaultyLine {
    name: String,
    line: usize,
    what: String,
}

/// A choice among verdicts, with how many there are of each.
pub struct Choice {
    words: &'static str,
    count: String,
    href: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "checks.html")]
struct ListPage {
    frame: Frame,
    headline: String,
    drawing: String,
    as_of: String,
    day: String,
    lines: Vec<Line>,
    faulty: Vec<FaultyLine>,
    choices: Vec<Choice>,
    verdict: String,
    words: String,
}

/// The assessment of the day asked for: today's, or another's.
enum Looked {
    Today(Arc<Snapshot>),
    Other(Arc<crate::serve::snapshot::Judged>),
}

impl Looked {
    fn at(visit: &Visit, now: &Arc<Snapshot>) -> Result<(Self, Option<Date>), Trouble> {
        let Some(text) = visit.asked("day") else {
            return Ok((Looked::Today(Arc::clone(now)), None));
        };
        let day: Date = text.parse().map_err(|_| {
            Trouble::malformed(format!("{text:?} is not a day: write it as {}.", now.day()))
        })?;
        if day == now.day() {
            return Ok((Looked::Today(Arc::clone(now)), None));
        }
        Ok((Looked::Other(visit.app.judged_on(day)?), Some(day)))
    }

    fn assessment(&self) -> &Assessment {
        match self {
            Looked::Today(now) => &now.today,
            Looked::Other(judged) => &judged.assessment,
        }
    }
}

fn wanted_verdict(visit: &Visit) -> Result<Option<Verdict>, Trouble> {
    let Some(word) = visit.asked("verdict") else {
        return Ok(None);
    };
    Verdict::parse(word).map(Some).ok_or_else(|| {
        Trouble::malformed(
            "The verdict asked for is none of: met, not met, unknown, not applicable.",
        )
    })
}

fn all(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let (looked, day) = Looked::at(visit, &now)?;
    let assessment = looked.assessment();
    let verdict = wanted_verdict(visit)?;
    let words = visit.asked("q").unwrap_or_default().to_owned();
    let day_text = day.map_or_else(String::new, |d| d.to_string());
    let mut lines: Vec<Line> = assessment
        .checks
        .values()
        .map(|result| line(&now, assessment, result))
        .filter(|l| says(l, &words))
        .collect();
    let choices = choices(verdict, |v| {
        let of = lines.iter().filter(|l| v.is_none_or(|v| l.verdict == v));
        let href = link(
            "/checks",
            &[
                ("verdict", v.map_or("", Verdict::as_str)),
                ("q", &words),
                ("day", &day_text),
            ],
        );
        (of.count() as u64, href)
    });
    lines.retain(|l| verdict.is_none_or(|v| l.verdict == v));
    lines.sort_by(|a, b| (b.verdict, &a.claim).cmp(&(a.verdict, &b.claim)));
    let page = ListPage {
        frame: Frame::of(visit, "/checks"),
        headline: headline(assessment),
        drawing: drawing(
            "claims",
            "Claims by verdict",
            Tally::of(assessment.checks.values().map(|r| r.verdict)),
        ),
        as_of: crate::text::day(assessment.as_of),
        day: day_text,
        faulty: faulty(assessment),
        verdict: verdict.map_or_else(String::new, |v| v.to_string()),
        lines,
        choices,
        words,
    };
    Ok(Reply::page(page.render()?))
}

/// How many claims hold.
fn headline(assessment: &Assessment) -> String {
    let all = assessment.checks.len();
    let with = |v| {
        assessment
            .checks
            .values()
            .filter(|r| r.verdict == v)
            .count()
    };
    match (with(Verdict::NotMet), with(Verdict::Unknown)) {
        (0, 0) => format!("No claim of {all} fails"),
        (0, unknown) => format!("{unknown} of {all} claims cannot be judged"),
        (1, 0) => format!("1 of {all} claims does not hold"),
        (failing, 0) => format!("{failing} of {all} claims do not hold"),
        (failing, unknown) => {
            format!("Of {all} claims {failing} do not hold and {unknown} cannot be judged")
        }
    }
}

fn line(now: &Snapshot, assessment: &Assessment, result: &CheckResult) -> Line {
    let check = now.terms.checks.iter().find(|c| c.name == result.name);
    Line {
        name: result.name.clone(),
        claim: check.map_or_else(|| result.name.clone(), |c| c.claim.clone()),
        verdict: result.verdict,
        tally: tally(result),
        items: items(assessment, &result.name),
        gaps: result.gaps.iter().map(|g| g.detail.clone()).collect(),
    }
}

fn items(assessment: &Assessment, check: &str) -> Vec<String> {
    let carried = assessment.items.iter();
    carried
        .filter(|i| i.checks.iter().any(|c| c == check))
        .map(|i| i.item.clone())
        .collect()
}

fn says(line: &Line, words: &str) -> bool {
    let words = words.to_lowercase();
    let hay = format!("{} {} {}", line.name, line.claim, line.items.join(" "));
    hay.to_lowercase().contains(&words)
}

fn faulty(assessment: &Assessment) -> Vec<FaultyLine> {
    let faulty = assessment.faulty.iter();
    faulty
        .map(|f| FaultyLine {
            name: f.name.clone(),
            line: f.error.line,
            what: f.error.what.clone(),
        })
        .collect()
}

/// All verdicts to choose from, `of` giving number and place of each.
fn choices(chosen: Option<Verdict>, of: impl Fn(Option<Verdict>) -> (u64, String)) -> Vec<Choice> {
    let words = |v: Option<Verdict>| match v {
        None => "All",
        Some(Verdict::NotMet) => "Not met",
        Some(Verdict::Unknown) => "Unknown",
        Some(Verdict::NotApplicable) => "Not applicable",
        Some(Verdict::Met) => "Met",
    };
    let verdicts = [None].into_iter().chain(ORDER.map(Some));
    verdicts
        .map(|v| {
            let (count, href) = of(v);
            Choice {
                words: words(v),
                count: crate::text::number(count),
                href,
                chosen: v == chosen,
            }
        })
        .collect()
}

/// One subject as it is shown.
struct Shown {
    subject: Subject,
    /// The page of the person, system or account that it is.
    href: Option<String>,
    /// Where an exception for it can be asked for.
    except: Option<String>,
}

struct Known {
    told: Told,
    /// Whether nothing can be said without it, or only rows of known sources are judged.
    needed: bool,
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage {
    frame: Frame,
    name: String,
    claim: String,
    cannot_see: String,
    matters: String,
    revision: u32,
    parameters: Vec<(String, String)>,
    sql: String,
    sql_line: usize,
    explanation: Option<&'static str>,
    own: bool,
    items: Vec<String>,
    verdict: Verdict,
    tally: String,
    because: String,
    gaps: Vec<String>,
    drawing: String,
    known: Vec<Known>,
    as_of: String,
    day: String,
    /// Whether subjects may be shown to whoever looks.
    open: bool,
    choices: Vec<Choice>,
    chosen: String,
    words: String,
    subjects: Vec<Shown>,
    /// The rule, where it is the same for all that are shown.
    rule: Option<String>,
    paging: Paging,
    /// How many subjects the day's assessment did not keep, where it is not today's.
    left_out: u64,
    csv: Option<String>,
}

#[derive(Template)]
#[template(path = "check_faulty.html")]
struct FaultyPage {
    frame: Frame,
    faulty: FaultyLine,
    sql: Option<String>,
}

fn one(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let (looked, day) = Looked::at(visit, &now)?;
    let assessment = looked.assessment();
    let name = visit.parameter("name");
    let check = now.terms.checks.iter().find(|c| c.name == name);
    let (Some(check), Some(result)) = (check, assessment.checks.get(name)) else {
        return not_usable(visit, assessment, name, check);
    };
    let open = visit.who()?.may(Right::ReadPersonal);
    let wanted = Wanted {
        verdict: wanted_verdict(visit)?,
        words: visit.asked("q").unwrap_or_default().to_owned(),
    };
    let number = page_number(visit);
    let from = (number - 1) * ON_A_PAGE as u64;
    let found = match (open, &looked) {
        (false, _) => page_of(&[], &wanted, 0, 0),
        (true, Looked::Today(now)) => {
            Subjects::of(&visit.app, now, check)?.page(&wanted, from, ON_A_PAGE)?
        }
        (true, Looked::Other(_)) => page_of(&result.subjects, &wanted, from, ON_A_PAGE),
    };
    let asked = Asked {
        wanted,
        day,
        number,
        open,
    };
    let page = check_page(visit, &now, assessment, check, result, found, asked)?;
    Ok(Reply::page(page.render()?))
}

/// What whoever looks asked for.
struct Asked {
    wanted: Wanted,
    day: Option<Date>,
    number: u64,
    open: bool,
}

impl Asked {
    fn place(&self, name: &str, verdict: Option<Verdict>, page: u64) -> String {
        let day = self.day.map_or_else(String::new, |d| d.to_string());
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        link(
            &format!("/checks/{name}"),
            &[
                ("verdict", verdict.map_or("", Verdict::as_str)),
                ("q", &self.wanted.words),
                ("day", &day),
                ("page", &page),
            ],
        )
    }
}

fn page_number(visit: &Visit) -> u64 {
    let page = visit.asked("page").and_then(|page| page.parse().ok());
    page.unwrap_or(1).clamp(1, 1_000_000)
}

fn check_page(
    visit: &Visit,
    now: &Arc<Snapshot>,
    assessment: &Assessment,
    check: &Check,
    result: &CheckResult,
    found: Found,
    asked: Asked,
) -> Result<CheckPage, Trouble> {
    let who = visit.who()?;
    let (known, places) = visit.app.readers.ask(now, {
        let (check, names) = (check.clone(), names(&found.subjects));
        move |estate| Ok((known(estate, &check), places(estate, &check, &names)?))
    })?;
    let may_except = who.may(Right::Attest);
    let rule = one_rule(&found.subjects);
    let paging = Paging::new(asked.number, ON_A_PAGE, found.total, "subject", |page| {
        asked.place(&check.name, asked.wanted.verdict, page)
    });
    let shown = |subject: Subject| Shown {
        href: places.get(&subject.subject).cloned(),
        except: (may_except
            && subject.verdict == Verdict::NotMet
            && subject.excepted.is_none()
            && asked.day.is_none())
        .then(|| {
            let pairs = [
                ("check", check.name.as_str()),
                ("subject", &subject.subject),
            ];
            link("/exceptions/new", &pairs)
        }),
        subject,
    };
    let kept = result.subjects.len() as u64;
    let all: u64 = result.counts.values().sum();
    let csv = (asked.open && asked.day.is_none() && all > 0).then(|| {
        let place = asked.place(&check.name, asked.wanted.verdict, 1);
        let (path, query) = place.split_once('?').unwrap_or((&place, ""));
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        format!("{path}/subjects.csv{query}")
    });
    let builtin = standing_assess::checks::FILES
        .iter()
        .find(|(n, _, _)| *n == check.name);
    Ok(CheckPage {
        frame: Frame::of(visit, "/checks"),
        name: check.name.clone(),
        claim: check.claim.clone(),
        cannot_see: capital(&check.cannot_see),
        matters: capital(&check.matters),
        revision: check.revision,
        parameters: parameters(check),
        sql: check.sql.clone(),
        sql_line: check.sql_line,
        explanation: builtin.map(|(_, _, page)| *page),
        own: builtin.is_none(),
        items: items(assessment, &check.name),
        verdict: result.verdict,
        tally: tally(result),
        because: because(check, result),
        gaps: result.gaps.iter().map(|g| g.detail.clone()).collect(),
        drawing: drawing("shares", "Subjects by verdict", counted(result)),
        known,
        as_of: crate::text::day(assessment.as_of),
        day: asked.day.map_or_else(String::new, |d| d.to_string()),
        open: asked.open,
        choices: choices(asked.wanted.verdict, |v| {
            let count = v.map_or(all, |v| result.count(v));
            (count, asked.place(&check.name, v, 1))
        }),
        chosen: asked
            .wanted
            .verdict
            .map_or_else(String::new, |v| v.to_string()),
        subjects: found.subjects.into_iter().map(shown).collect(),
        rule,
        paging,
        left_out: if asked.day.is_some() && !all_kept(result) {
            all - kept
        } else {
            0
        },
        csv,
        words: asked.wanted.words,
    })
}

fn counted(result: &CheckResult) -> Tally {
    Tally {
        met: result.count(Verdict::Met),
        not_applicable: result.count(Verdict::NotApplicable),
        unknown: result.count(Verdict::Unknown),
        not_met: result.count(Verdict::NotMet),
    }
}

/// A picture of the counts; nothing where there is nothing to compare.
fn drawing(id: &str, title: &str, tally: Tally) -> String {
    if tally.total() < 2 {
        return String::new();
    }
    let row = draw::Row {
        name: String::new(),
        href: None,
        tally,
    };
    draw::verdicts(id, title, &[row])
}

fn parameters(check: &Check) -> Vec<(String, String)> {
    let all = check.parameters.iter();
    all.map(|(name, value)| (name.clone(), value.to_string()))
        .collect()
}

/// Why the verdict is what it is, where the counts do not say it.
fn because(check: &Check, result: &CheckResult) -> String {
    match &result.reason {
        Reason::Subjects => String::new(),
        Reason::Gap => "A table that the check reads is not completely and freshly known.".into(),
        Reason::Empty if check.when_empty == Verdict::Unknown => {
            "There was nothing to judge, which may mean that nobody has looked.".into()
        }
        Reason::Empty => "There was nothing to judge.".into(),
        Reason::Faulty(_) => "The check could not be run to its end.".into(),
    }
}

/// The rule of all subjects, if they share one.
fn one_rule(subjects: &[Subject]) -> Option<String> {
    let first = subjects.first()?;
    let same = subjects.len() > 1 && subjects.iter().all(|s| s.rule == first.rule);
    (same && !first.rule.is_empty()).then(|| first.rule.clone())
}

fn names(subjects: &[Subject]) -> Vec<String> {
    subjects.iter().map(|s| s.subject.clone()).collect()
}

fn known(estate: &Estate<'_>, check: &Check) -> Vec<Known> {
    let table = |table: &String, needed| Known {
        told: told(estate, table),
        needed,
    };
    let needs = check.needs.iter().map(|t| table(t, true));
    needs
        .chain(check.over.iter().map(|t| table(t, false)))
        .collect()
}

/// Where the subjects that are people, accounts, systems, assets or stores have their pages. Only
/// tables that the check reads are looked into: elsewhere a like name would mean something else.
fn places(
    estate: &Estate<'_>,
    check: &Check,
    names: &[String],
) -> Result<BTreeMap<String, String>, Trouble> {
    const TABLES: &[(&str, &str)] = &[
        (
            "person",
            "select w.value as name, '/people/person?id=' as base, person.id as what
           from json_each(?1) as w join person on person.id = w.value",
        ),
        (
            "account",
            "select w.value as name, case when link.person is null
             then '/people/unlinked?q=' else '/people/person?id=' end as base,
             coalesce(link.person, account.id) as what
           from json_each(?1) as w join account on account.id = w.value
           left join link on link.account = account.id",
        ),
        (
            "system",
            "select w.value as name, '/systems/' as base, system.name as what
           from json_each(?1) as w join system on system.name = w.value",
        ),
        (
            "asset",
            "select w.value as name, '/systems/' as base, asset.system as what
           from json_each(?1) as w join asset on asset.name = w.value
           where asset.system is not null",
        ),
        (
            "store",
            "select w.value as name, '/systems/' as base, store.system as what
           from json_each(?1) as w join store on store.name = w.value
           where store.system is not null",
        ),
    ];
    let mut places = BTreeMap::new();
    for (table, sql) in TABLES {
        if names.is_empty() || !check.tables().any(|t| t == *table) {
            continue;
        }
        for row in rows(estate, sql, &[list(names.iter().map(String::as_str))])? {
            let href = format!(
                "{}{}",
                row.text("base"),
                super::words::url(row.text("what"))
            );
            places.entry(row.text("name").to_owned()).or_insert(href);
        }
    }
    Ok(places)
}

/// A check that there is no result of: a faulty one, or none at all.
fn not_usable(visit: &Visit, assessment: &Assessment, name: &str, check: Option<&Check>) -> Answer {
    let found = faulty(assessment).into_iter().find(|f| f.name == name);
    let faulty = found.ok_or_else(|| Trouble::missing("There is no check of this name."))?;
    let page = FaultyPage {
        frame: Frame::of(visit, "/checks"),
        faulty,
        sql: check.map(|c| c.sql.clone()),
    };
    Ok(Reply::page(page.render()?))
}

/// All subjects of the filter as CSV. Where they are about people, taking them out in bulk asks for
/// more than looking at them, and the log says that it was done.
fn export(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = visit.parameter("name");
    let check = now.terms.checks.iter().find(|c| c.name == name);
    let check = check.ok_or_else(|| Trouble::missing("There is no check of this name."))?;
    let personal = check.tables().any(|t| PERSONAL.contains(&t));
    if personal {
        let who = visit.who()?;
        if !who.may(Right::ExportPersonal) {
            return Err(Trouble::forbidden(
                "These subjects are about people. Taking them out in bulk needs the right to export \
                 personal data, which your role does not carry.",
            ));
        }
        if !who.proven() {
            let query: Vec<(&str, &str)> = visit
                .query
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            let back = link(&visit.path, &query);
            return Ok(Reply::see(link("/prove", &[("next", &back)])));
        }
    }
    let wanted = Wanted {
        verdict: wanted_verdict(visit)?,
        words: visit.asked("q").unwrap_or_default().to_owned(),
    };
    let subjects = Subjects::of(&visit.app, &now, check)?;
    if personal {
        let (by, total) = (visit.by()?, subjects.page(&wanted, 0, 0)?.total);
        visit.app.act(by, |home, index| {
            commands::exported(home, index, by, &format!("subjects of {name}"), total)
        })?;
    }
    let file = format!("{name}-{}.csv", now.day());
    Ok(Reply::download(
        csv::KIND,
        &file,
        Box::new(move |out| write_csv(out, &subjects, &wanted)),
    ))
}

fn write_csv(
    out: &mut dyn std::io::Write,
    subjects: &Subjects,
    wanted: &Wanted,
) -> std::io::Result<()> {
    let mut table = csv::Table::begin(
        out,
        &[
            "subject",
            "verdict",
            "observed",
            "rule",
            "lapses_on",
            "excepted_by",
            "excepted_until",
        ],
    )?;
    let mut fault = None;
    let done = subjects.each(wanted, &mut |s| {
        let day = |day: Option<Date>| day.map(|d| d.to_string());
        let (lapses, until) = (day(s.lapses), day(s.excepted.as_ref().map(|e| e.until)));
        let written = table.row(&[
            (&s.subject).into(),
            s.verdict.as_str().into(),
            (&s.observed).into(),
            (&s.rule).into(),
            lapses.as_ref().into(),
            s.excepted.as_ref().map(|e| &e.approved_by).into(),
            until.as_ref().into(),
        ]);
        fault = written.err();
        fault.is_none()
    });
    match (fault, done) {
        (Some(error), _) => Err(error),
        (None, Err(trouble)) => Err(std::io::Error::other(trouble.log.unwrap_or(trouble.detail))),
        (None, Ok(())) => Ok(()),
    }
}

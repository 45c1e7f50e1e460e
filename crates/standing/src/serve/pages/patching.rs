//! Deadlines of fixes: what is late and what breaches next, by month, system, team and machine; one
//! vulnerability across the estate; one finding with every date and its source.

use std::collections::BTreeMap;

use askama::Template;
use standing_assess::clocks::{Clock, state_word};
use standing_patching::Reading;

use super::frame::Frame;
use super::paging::{Paging, link};
use super::words;
use crate::patch::months::{Month, Week, by_month, by_week, not_before};
use crate::patch::next::Sum;
use crate::patch::show::{Dated, dates, find, formerly, is_called, outcomes};
use crate::patch::{DEFAULT_POLICY, Line, Of, RULES, gaps, lines};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/patching", Access::With(Right::Read), overview),
    Route::get("/patching/finding", Access::With(Right::Read), finding),
    Route::get(
        "/patching/vulnerability",
        Access::With(Right::Read),
        vulnerability,
    ),
];

/// Clocks on a page.
const ON_A_PAGE: usize = 50;
/// Groups of one kind on the overview.
const SOME: usize = 20;

/// What a group of clocks comes to.
#[derive(Clone)]
struct Group {
    name: String,
    open: u64,
    late: u64,
}

/// What the overview asks.
#[derive(Clone)]
struct Found {
    open: Vec<Line>,
    sum: Sum,
    months: Vec<Month>,
    weeks: Vec<Week>,
    not_before: Option<String>,
    gaps: Vec<String>,
    policies: Vec<String>,
}

#[derive(Template)]
#[template(path = "patching.html")]
struct Overview {
    frame: Frame,
    headline: String,
    as_of: String,
    of: Of,
    policies: Vec<String>,
    sum: Sum,
    lines: Vec<Line>,
    paging: Paging,
    months: Vec<Month>,
    weeks: Vec<Week>,
    not_before: Option<String>,
    most: u64,
    groups: Vec<(&'static str, &'static str, Vec<Group>)>,
    gaps: Vec<String>,
}

/// The clocks that a visit asks for.
fn asked(visit: &Visit) -> Of {
    let some =
        |name| Some(visit.asked(name).unwrap_or_default().to_owned()).filter(|t| !t.is_empty());
    Of {
        policy: some("policy").unwrap_or_else(|| DEFAULT_POLICY.to_owned()),
        asset: some("asset"),
        system: some("system"),
        team: some("team"),
    }
}

fn overview(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let (app, of, day) = (&visit.app, asked(visit), now.day());
    let question = format!("patching {of:?}");
    let found = app.memory.ask(&app.readers, &now, question, {
        let of = of.clone();
        move |estate| {
            let lines = lines(estate, &of, None)?;
            let open: Vec<&Line> = lines.iter().filter(|line| line.is_open()).collect();
            let known_from = estate
                .clocks_from()
                .map_err(crate::failure::Failure::from)?;
            let weeks = by_week(&lines, day, known_from);
            Ok(Found {
                sum: Sum::of(&open),
                open: open.into_iter().cloned().collect(),
                months: by_month(&lines),
                not_before: not_before(&weeks, known_from),
                weeks,
                gaps: gaps(estate),
                policies: policies(estate)?,
            })
        }
    })?;
    let groups = [
        (
            "system",
            "By system",
            group(&found.open, |line| line.system.clone()),
        ),
        (
            "team",
            "By team",
            group(&found.open, |line| line.team.clone()),
        ),
        (
            "asset",
            "By machine",
            group(&found.open, |line| Some(line.asset.clone())),
        ),
    ];
    let shown: Vec<Line> = found
        .open
        .into_iter()
        .filter(|line| line.verdict != "not covered")
        .collect();
    let page = visit
        .asked("page")
        .unwrap_or_default()
        .parse()
        .unwrap_or(1)
        .max(1);
    let paging = Paging::new(page, ON_A_PAGE, shown.len() as u64, "finding", |page| {
        place(&of, Some(page))
    });
    let from = (page as usize - 1)
        .saturating_mul(ON_A_PAGE)
        .min(shown.len());
    let page = Overview {
        frame: Frame::of(visit, "/patching"),
        headline: headline(&found.sum, found.gaps.is_empty()),
        as_of: crate::text::day(day),
        policies: found.policies,
        sum: found.sum,
        lines: shown[from..(from + ON_A_PAGE).min(shown.len())].to_vec(),
        paging,
        months: found.months,
        most: found
            .weeks
            .iter()
            .map(|week| week.open)
            .max()
            .unwrap_or_default()
            .max(1),
        weeks: found.weeks,
        not_before: found.not_before,
        groups: groups
            .into_iter()
            .filter(|(_, _, groups)| !groups.is_empty())
            .collect(),
        gaps: found.gaps,
        of,
    };
    Ok(Reply::page(page.render()?))
}

fn place(of: &Of, page: Option<u64>) -> String {
    let page = page.map(|page| page.to_string());
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    let all = [
        ("policy", of.policy.clone()),
        ("asset", some(&of.asset)),
        ("system", some(&of.system)),
        ("team", some(&of.team)),
        ("page", page.unwrap_or_default()),
    ];
    let given: Vec<(&str, &str)> = all
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    link("/patching", &given)
}

fn headline(sum: &Sum, whole: bool) -> String {
    let fixes = |n: u64| crate::text::counted(n, "fix", "fixes");
    let are = |n: u64| if n == 1 { "is" } else { "are" };
    match (sum.breached, sum.unknown, sum.running) {
        (late @ 1.., ..) => format!("{} {} late", fixes(late), are(late)),
        (0, unknown @ 1.., _) => {
            format!(
                "Of {} it is not known whether they are late",
                fixes(unknown)
            )
        }
        _ if !whole => "Whether fixes are late is not completely known".into(),
        (0, 0, running @ 1..) => format!("No fix is late, {} {} due", fixes(running), are(running)),
        (0, 0, 0) => "No fix is late and none is due".into(),
    }
}

fn policies(estate: &standing_assess::Estate<'_>) -> Result<Vec<String>, Trouble> {
    let answer = estate
        .query(
            "select distinct policy from patch_clock order by policy",
            100,
        )
        .map_err(crate::failure::Failure::integrity)?;
    let name = |row: &Vec<rusqlite::types::Value>| match row.first() {
        Some(rusqlite::types::Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    Ok(answer.rows.iter().filter_map(name).collect())
}

/// Open clocks that the policy covers, by a name: those with the most that is late first.
fn group(open: &[Line], name: impl Fn(&Line) -> Option<String>) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for line in open.iter().filter(|line| line.verdict != "not covered") {
        let Some(name) = name(line) else { continue };
        let group = groups.entry(name.to_lowercase()).or_insert(Group {
            name,
            open: 0,
            late: 0,
        });
        group.open += 1;
        group.late += u64::from(line.verdict == "breached");
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| {
        (
            std::cmp::Reverse((group.late, group.open)),
            group.name.clone(),
        )
    });
    groups.truncate(SOME);
    groups
}

impl Line {
    /// The colour and shape of its verdict, which stands beside them in words.
    fn class(&self) -> (&'static str, &'static str) {
        match self.verdict.as_str() {
            "breached" | "late" => ("not-met", "✗"),
            "open" | "excepted" | "met" => ("met", "✓"),
            "no fix" | "announced" | "not covered" => ("not-applicable", "–"),
            _ => ("unknown", "?"),
        }
    }

    fn finding(&self) -> String {
        let all = [
            ("asset", self.asset.as_str()),
            ("component", self.component.as_str()),
            ("vulnerability", self.vulnerability.as_str()),
        ];
        link("/patching/finding", &all)
    }
}

#[derive(Template)]
#[template(path = "patching_finding.html")]
struct Finding {
    frame: Frame,
    clock: Clock,
    state: &'static str,
    grade: String,
    names: String,
    dates: Vec<Dated>,
    outcomes: Vec<(String, &'static str, String)>,
    formerly: Option<String>,
    across: String,
}

fn finding(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let [asset, component, vulnerability] = ["asset", "component", "vulnerability"]
        .map(|name| visit.asked(name).unwrap_or_default().to_owned());
    let (app, question) = (
        &visit.app,
        format!("patching finding {asset}\n{component}\n{vulnerability}"),
    );
    let clock = app
        .memory
        .ask(&app.readers, &now, question, move |estate| {
            let clocks = estate
                .clocks(&asset, &component)
                .map_err(crate::failure::Failure::from)?;
            Ok(clocks
                .into_iter()
                .find(|clock| is_called(clock, &vulnerability)))
        })?;
    let clock = clock.ok_or_else(|| {
        Trouble::missing("Nothing like that was ever seen.")
            .hint("the list of fixes has what is open")
    })?;
    let names: Vec<&str> = clock.names.iter().map(String::as_str).collect();
    let page = Finding {
        frame: Frame::of(visit, "/patching"),
        state: state_word(clock.timeline.state),
        grade: clock.grade_words(Reading::default()),
        names: names.join(", "),
        dates: dates(&clock),
        outcomes: outcomes(&clock),
        formerly: formerly(&clock),
        across: link(
            "/patching/vulnerability",
            &[("name", clock.vulnerability.as_str())],
        ),
        clock,
    };
    Ok(Reply::page(page.render()?))
}

#[derive(Template)]
#[template(path = "patching_vulnerability.html")]
struct Vulnerability {
    frame: Frame,
    name: String,
    told: String,
    lines: Vec<Line>,
    gaps: Vec<String>,
}

fn vulnerability(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let name = visit.asked("name").unwrap_or_default().to_owned();
    let (app, question) = (&visit.app, format!("patching vulnerability {name}"));
    let (told, lines, gaps) = app.memory.ask(&app.readers, &now, question, {
        let name = name.clone();
        move |estate| {
            let across = find(estate, &name)?;
            Ok((across.words(), across.lines, gaps(estate)))
        }
    })?;
    let page = Vulnerability {
        frame: Frame::of(visit, "/patching"),
        name,
        told,
        lines,
        gaps,
    };
    Ok(Reply::page(page.render()?))
}

//! `/reviews/{id}`: one access review as its lead sees it: how far each reviewer and each system has
//! come, what was to go and what proves it gone, how it was decided, what came since; and reassigning
//! rows and closing it.

use askama::Template;
use standing_assess::index::{Late, RemovalState};

use super::form::Entered;
use super::frame::Frame;
use super::paging::link;
use super::reviews::{self, Head};
use super::reviews_rows::Shown;
use super::words;
use crate::review::{self, Assigning, Campaign, Progress, Proof, Reviewer, Signals, State, Wanted};
use crate::serve::duties::unreached;
use crate::serve::reviewing::{ON_A_PAGE, campaign, email, now, of_rows};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

const SEES: Access = Access::With(Right::ReadPersonal);
const LEADS: Access = Access::With(Right::Attest);

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/reviews/{id}", SEES, page),
    Route::get("/reviews/{id}/rows", SEES, rows),
    Route::get("/reviews/{id}/removals", SEES, removals),
    Route::get("/reviews/{id}/late", SEES, late),
    Route::get("/reviews/{id}/assign", LEADS, ask_assign),
    Route::form("/reviews/{id}/assign", LEADS, assign),
    Route::form("/reviews/{id}/close", LEADS, close),
];

/// Removals on the page of the campaign.
const SOME: usize = 10;

/// One thing that was to go.
pub struct Going {
    pub n: u64,
    pub account: String,
    pub system: String,
    pub person: String,
    pub decision: String,
    pub decided: String,
    pub entry: u64,
    pub state: RemovalState,
    /// What complete readings turned: words, when, entry.
    pub steps: Vec<(&'static str, String, u64)>,
    pub excepted: Option<jiff::civil::Date>,
    pub overdue_from: Option<jiff::civil::Date>,
    pub overdue: bool,
    /// Notes and tickets: words and entry.
    pub acts: Vec<(String, u64)>,
}

impl Going {
    /// Of a proof.
    pub fn of(proof: &Proof) -> Self {
        let line = &proof.row.line;
        let steps = proof.removal.steps.iter().map(|step| {
            let word = if step.gone { "gone" } else { "came back" };
            (word, words::instant(&step.at), step.entry)
        });
        let acts = proof.acts.iter().map(|act| {
            let said = match (&act.expires_on, act.ticket.as_str()) {
                (Some(until), _) => format!(
                    "let stay until {} by {}: {}",
                    words::day(until),
                    act.approved_by,
                    act.note
                ),
                (None, "") => act.note.clone(),
                (None, _) if act.note.is_empty() => act.ticket_in_words(),
                (None, _) => format!("{}: {}", act.ticket_in_words(), act.note),
            };
            (said, act.entry)
        });
        Going {
            n: line.n,
            account: line.login.clone(),
            system: line.system.clone(),
            person: line
                .person
                .as_ref()
                .and_then(|p| p.name.clone())
                .unwrap_or_default(),
            decision: proof.removal.decision.clone(),
            decided: words::instant(&proof.removal.at),
            entry: proof.removal.entry,
            state: proof.removal.state(),
            steps: steps.collect(),
            excepted: proof
                .removal
                .exception
                .map(|(_, until)| until)
                .filter(|_| proof.excepted),
            overdue_from: proof.overdue_from,
            overdue: proof.overdue,
            acts: acts.collect(),
        }
    }

    /// The word for where it stands.
    pub fn word(&self) -> &'static str {
        match self.state {
            _ if self.excepted.is_some() => "excepted",
            RemovalState::Open if self.overdue => "open, overdue",
            state => state.as_str(),
        }
    }

    /// The class of its tag.
    pub fn class(&self) -> &'static str {
        match self.state {
            _ if self.excepted.is_some() => "not-applicable",
            RemovalState::Gone => "met",
            RemovalState::CameBack => "not-met",
            RemovalState::Open if self.overdue => "not-met",
            RemovalState::Open => "unknown",
        }
    }

    /// Its shape: never colour alone.
    pub fn shape(&self) -> &'static str {
        match self.class() {
            "met" => "✓",
            "not-met" => "✗",
            "unknown" => "?",
            _ => "–",
        }
    }

    /// The worst first: came back, overdue, open, excepted, gone.
    fn rank(&self) -> (u8, u64) {
        let rank = match self.state {
            RemovalState::Gone => 4,
            _ if self.excepted.is_some() => 3,
            RemovalState::CameBack => 0,
            RemovalState::Open if self.overdue => 1,
            RemovalState::Open => 2,
        };
        (rank, self.n)
    }
}

/// Everything that was to go, the worst first.
///
/// # Errors
/// When the index cannot be read.
pub fn going(index: &standing_assess::Index, id: &str) -> Result<Vec<Going>, Trouble> {
    let proofs = review::proof(index, id, &now())?;
    let mut going: Vec<Going> = proofs.iter().map(Going::of).collect();
    going.sort_by_key(Going::rank);
    Ok(going)
}

/// Figures of a reviewer or a system.
pub struct Figures {
    pub name: String,
    pub email: String,
    pub of: Progress,
}

impl Figures {
    /// Of each reviewer, who has most to decide first.
    pub fn of_reviewers(state: &State) -> Vec<Self> {
        let mut all: Vec<Self> = state
            .by_reviewer
            .iter()
            .map(|(reviewer, of)| Figures {
                name: name(reviewer),
                email: reviewer.email.clone(),
                of: *of,
            })
            .collect();
        all.sort_by_key(|f| std::cmp::Reverse(f.of.open + f.of.cannot_tell));
        all
    }

    /// Of each system.
    pub fn of_systems(state: &State) -> Vec<Self> {
        let of = |(system, of): &(String, Progress)| Figures {
            name: system.clone(),
            email: String::new(),
            of: *of,
        };
        state.by_system.iter().map(of).collect()
    }
}

fn name(reviewer: &Reviewer) -> String {
    match reviewer.email.as_str() {
        "" => "nobody".into(),
        _ => reviewer.shown().to_owned(),
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    frame: Frame,
    head: Head,
    state: State,
    turn: String,
    reviewers: Vec<Figures>,
    systems: Vec<Figures>,
    obstacles: Vec<String>,
    signals: Vec<Signals>,
    /// Whom no message reaches: e-mail and the code of the refusal.
    unreached: Vec<(String, String)>,
    removals: Vec<Going>,
    late: Vec<Late>,
    all_late: u64,
    /// Rows that wait for whoever looks.
    mine: u64,
    mistakes: Vec<(String, String)>,
}

fn page(visit: &Visit) -> Answer {
    show(visit, Vec::new())
}

fn show(visit: &Visit, mistakes: Vec<(String, String)>) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id().to_owned();
    let state = review::state(&index, &id, &now())?;
    let mut removals = going(&index, &id)?;
    removals.truncate(SOME);
    let mut late = review::delta(&index, &id)?;
    let all_late = late.len() as u64;
    late.truncate(SOME);
    let email = email(visit)?;
    let mine = match email.as_str() {
        _ if !visit.who()?.may(Right::Review) => 0,
        "" => 0,
        email => {
            let load = index.review_load(&id, email)?;
            let added = review::added(&index, &campaign, email, now().date, None, usize::MAX)?;
            load.open() + load.unsure + added.len() as u64
        }
    };
    let right = mistakes.is_empty();
    let page = Page {
        frame: Frame::of(visit, "/reviews"),
        head: Head::of(&campaign),
        turn: reviews::turn(&state),
        reviewers: Figures::of_reviewers(&state),
        systems: Figures::of_systems(&state),
        obstacles: review::obstacles(&state),
        signals: review::signals(&index, &id)?,
        unreached: unreached(&index, &id)?,
        removals,
        late,
        all_late,
        mine,
        state,
        mistakes,
    };
    let page = Reply::page(page.render()?);
    Ok(page.status(if right { 200 } else { 422 }))
}

#[derive(Template)]
#[template(path = "review_rows.html")]
struct Rows {
    frame: Frame,
    head: Head,
    rows: Vec<Shown>,
    next: Option<String>,
    reviewer: String,
    system: String,
    decision: String,
    suggestion: String,
    reviewers: Vec<(String, String)>,
    systems: Vec<String>,
    all: u64,
}

fn rows(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let asked = |name: &str| visit.asked(name).unwrap_or_default().to_owned();
    let (reviewer, system) = (asked("reviewer"), asked("system"));
    let (decision, suggestion) = (asked("decision"), asked("suggestion"));
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let after = match visit.asked("after") {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| Trouble::malformed("after: expected the number of a row"))?,
        ),
    };
    let wanted = Wanted {
        reviewer: match reviewer.as_str() {
            "nobody" => Some(String::new()),
            text => given(text),
        },
        system: given(&system),
        decision: match decision.as_str() {
            "open" => Some(String::new()),
            text => given(text),
        },
        suggestion: given(&suggestion),
        ..Wanted::default()
    };
    let page = review::rows(&index, campaign.id(), &wanted, after, ON_A_PAGE)?;
    let next = page.next.map(|n| {
        let pairs = [
            ("reviewer", reviewer.as_str()),
            ("system", &system),
            ("decision", &decision),
            ("suggestion", &suggestion),
            ("after", &n.to_string()),
        ];
        link(
            &format!("/reviews/{}/rows", words::url(campaign.id())),
            &pairs,
        )
    });
    let everybody = campaign.details.reviewers.iter();
    let page = Rows {
        frame: Frame::of(visit, "/reviews"),
        rows: page.rows.iter().map(Shown::of).collect(),
        next,
        reviewers: everybody
            .map(|r| (r.email.clone(), r.shown().to_owned()))
            .collect(),
        systems: campaign.details.systems.clone(),
        all: campaign.details.rows,
        head: Head::of(&campaign),
        reviewer,
        system,
        decision,
        suggestion,
    };
    Ok(Reply::page(page.render()?))
}

#[derive(Template)]
#[template(path = "review_removals.html")]
struct RemovalsPage {
    frame: Frame,
    head: Head,
    of: review::Removals,
    removals: Vec<Going>,
    before: Option<String>,
    after: Option<String>,
    words: String,
}

/// Page `page` of a list, and the links to its neighbours.
fn part<T>(
    visit: &Visit,
    mut all: Vec<T>,
    thing: &str,
    path: &str,
) -> (Vec<T>, super::paging::Paging) {
    let page = visit.asked("page").and_then(|page| page.parse().ok());
    let page: u64 = page.unwrap_or(1).clamp(1, 1_000_000);
    let paging = super::paging::Paging::new(page, ON_A_PAGE, all.len() as u64, thing, |page| {
        link(path, &[("page", &page.to_string())])
    });
    let from = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(ON_A_PAGE);
    all.drain(..from.min(all.len()));
    all.truncate(ON_A_PAGE);
    (all, paging)
}

fn removals(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id();
    let path = format!("/reviews/{}/removals", words::url(id));
    let (removals, paging) = part(visit, going(&index, id)?, "removal", &path);
    let page = RemovalsPage {
        frame: Frame::of(visit, "/reviews"),
        of: review::state(&index, id, &now())?.removals,
        head: Head::of(&campaign),
        removals,
        before: paging.before,
        after: paging.after,
        words: paging.words,
    };
    Ok(Reply::page(page.render()?))
}

#[derive(Template)]
#[template(path = "review_late.html")]
struct LatePage {
    frame: Frame,
    head: Head,
    late: Vec<Late>,
    all: u64,
    before: Option<String>,
    after: Option<String>,
    words: String,
}

fn late(visit: &Visit) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id();
    let late = review::delta(&index, id)?;
    let all = late.len() as u64;
    let path = format!("/reviews/{}/late", words::url(id));
    let (late, paging) = part(visit, late, "late change", &path);
    let page = LatePage {
        frame: Frame::of(visit, "/reviews"),
        head: Head::of(&campaign),
        late,
        all,
        before: paging.before,
        after: paging.after,
        words: paging.words,
    };
    Ok(Reply::page(page.render()?))
}

#[derive(Template)]
#[template(path = "review_assign.html")]
struct AssignPage {
    frame: Frame,
    head: Head,
    entered: Entered,
    /// The one row that is meant, where it is one.
    row: Option<Shown>,
    from: String,
    /// Rows that would be given on.
    rows: u64,
    /// Who could take them: e-mail and name.
    known: Vec<(String, String)>,
}

fn ask_assign(visit: &Visit) -> Answer {
    let asked = |name| visit.asked(name).unwrap_or_default();
    let entered = Entered::default()
        .with("from", asked("from"))
        .with("row", asked("row"));
    show_assign(visit, entered)
}

fn show_assign(visit: &Visit, entered: Entered) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id();
    let row = match entered.value("row").parse::<u64>() {
        Ok(n) => review::rows(&index, id, &of_rows(&[n]), None, 1)?
            .rows
            .pop(),
        Err(_) => None,
    };
    let from = match entered.value("from") {
        "nobody" => "",
        from => from,
    };
    let rows = match &row {
        Some(_) => 1,
        None => {
            let load = index.review_load(id, from)?;
            load.open()
        }
    };
    let status = if entered.is_right() { 200 } else { 422 };
    let page = AssignPage {
        frame: Frame::of(visit, "/reviews"),
        known: candidates(visit, &campaign),
        from: from.to_owned(),
        row: row.as_ref().map(Shown::of),
        head: Head::of(&campaign),
        rows,
        entered,
    };
    Ok(Reply::page(page.render()?).status(status))
}

/// Reviewers in line, the lead and members who may review, each once.
fn candidates(visit: &Visit, campaign: &Campaign) -> Vec<(String, String)> {
    let details = &campaign.details;
    let mut known: std::collections::BTreeMap<String, String> = details
        .reviewers
        .iter()
        .chain(&details.lead)
        .map(|r| (r.email.clone(), r.shown().to_owned()))
        .collect();
    for member in visit.app.members().members.values() {
        let email = member.email.trim().to_lowercase();
        if !email.is_empty() && member.role.may(Right::Review) {
            known.entry(email).or_insert_with(|| member.name.clone());
        }
    }
    known.remove("");
    known.into_iter().collect()
}

fn assign(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    entered.wanted("to", "Say by e-mail who is to decide from now on");
    entered.wanted("note", "Say why somebody else is to decide");
    let id = {
        let index = visit.app.index()?;
        campaign(visit, &index)?.id().to_owned()
    };
    let acted = if entered.is_right() {
        let typed = entered.clone();
        let from = match typed.value("from") {
            "nobody" => "",
            from => from,
        };
        let row = typed.value("row").parse::<u64>().ok();
        let asked = Assigning {
            campaign: &id,
            rows: row.into_iter().collect(),
            from: row.is_none().then_some(from),
            to: typed.value("to"),
            note: typed.value("note"),
        };
        entered.act(visit, |home, index, by| {
            review::assign(home, index, by, &asked)
        })?
    } else {
        None
    };
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "/reviews/{}?kept={}",
            words::url(&id),
            acted.entry
        ))),
        None => show_assign(visit, entered),
    }
}

fn close(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    let id = {
        let index = visit.app.index()?;
        campaign(visit, &index)?.id().to_owned()
    };
    let acted = entered.act(visit, |home, index, by| review::close(home, index, by, &id))?;
    match acted {
        Some(acted) => Ok(Reply::see(format!(
            "/reviews/{}?kept={}",
            words::url(&id),
            acted.entry
        ))),
        None => {
            let of = |(_, words): (String, String)| ("closing".to_owned(), words);
            show(visit, entered.mistakes.into_iter().map(of).collect())
        }
    }
}

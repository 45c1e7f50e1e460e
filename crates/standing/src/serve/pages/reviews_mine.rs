//! `/reviews/{id}/mine`: a reviewer's own rows, and their decisions.
//!
//! Without scripts it is a form: five choices a row and one button. With them the same form is filled
//! by the keyboard alone.

use askama::Template;
use standing_assess::Index;
use standing_assess::index::{ReviewLoad, ReviewPart};

use super::frame::Frame;
use super::paging::link;
use super::reviews::Head;
use super::reviews_rows::Shown;
use super::words;
use crate::review::{self, Decision, Item, Stage};
use crate::serve::reviewing::{
    Decided, ON_A_PAGE, Seen, are_theirs, campaign, decide, email, now, of_rows, seen, sees_all,
    stamp,
};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::text::{count, number};

const MAY: Access = Access::With(Right::Review);

/// Its routes.
pub const ROUTES: &[Route] = &[
    Route::get("/reviews/{id}/mine", MAY, page),
    Route::form("/reviews/{id}/mine", MAY, save),
    Route::form("/reviews/{id}/keep", MAY, keep),
];

/// Groups on a page.
const GROUPS: usize = 25;

/// Which of the rows are looked at.
#[derive(Clone, Debug, Default, PartialEq)]
struct Asked {
    /// `""`, `alike`, `unsure`, `decided` or `added`: of others, and waiting for too long.
    part: String,
    alike: String,
    after: Option<u64>,
}

impl Asked {
    fn of(value: impl Fn(&str) -> String) -> Result<Self, Trouble> {
        let after = value("after");
        let asked = Asked {
            part: value("part"),
            alike: value("alike"),
            after: match after.as_str() {
                "" => None,
                text => Some(
                    text.parse()
                        .map_err(|_| Trouble::malformed("after: expected the number of a row"))?,
                ),
            },
        };
        asked.part()?;
        Ok(asked)
    }

    fn part(&self) -> Result<Option<ReviewPart>, Trouble> {
        match self.part.as_str() {
            "" => Ok(Some(ReviewPart::Single)),
            "alike" => Ok(Some(ReviewPart::Alike(self.alike.clone()))),
            "unsure" => Ok(Some(ReviewPart::Unsure)),
            "decided" => Ok(Some(ReviewPart::Decided)),
            // Of others, and so of no part of their own.
            "added" => Ok(None),
            _ => Err(Trouble::malformed("There is no such part of a review.")),
        }
    }

    fn place(&self, id: &str, after: Option<u64>, kept: Option<u64>) -> String {
        let text = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
        link(
            &format!("/reviews/{}/mine", words::url(id)),
            &[
                ("part", &self.part),
                ("alike", &self.alike),
                ("after", &text(after)),
                ("kept", &text(kept)),
            ],
        )
    }
}

struct Choice {
    words: &'static str,
    /// `4 of 12`.
    count: String,
    href: String,
    chosen: bool,
}

/// Rows that are alike.
struct Group {
    first: Shown,
    rows: u64,
    href: String,
}

#[derive(Template)]
#[template(path = "review_mine.html")]
struct Mine {
    frame: Frame,
    head: Head,
    headline: String,
    load: ReviewLoad,
    /// Rows of others that wait for too long, and that they may decide too.
    added: u64,
    email: String,
    sees_all: bool,
    choices: Vec<Choice>,
    asked: Asked,
    rows: Vec<Shown>,
    /// Their numbers, as the form sends them back.
    numbers: String,
    stamp: String,
    next: Option<String>,
    groups: Vec<Group>,
    more_groups: u64,
    mistakes: Vec<(String, String)>,
    /// Whether answers can be given.
    open: bool,
}

impl Mine {
    /// Whether the rows are a group that may be kept at one stroke.
    fn is_group(&self) -> bool {
        self.asked.part == "alike"
    }

    fn after(&self) -> String {
        self.asked.after.map_or_else(String::new, |n| n.to_string())
    }
}

fn headline(load: &ReviewLoad, added: u64, email: &str) -> String {
    let waiting = load.open() + load.unsure;
    match (load.all(), waiting) {
        _ if email.is_empty() => "No review can be given to you".into(),
        (_, 0) if added > 0 => format!(
            "{} of others {} too long",
            count(added, "row"),
            if added == 1 { "waits" } else { "wait" }
        ),
        (0, _) => "Nothing of this review is given to you".into(),
        (1, 0) => "Your row is decided".into(),
        (all, 0) => format!("All of your {} are decided", count(all, "row")),
        (all, waiting) => format!(
            "{} of {} {} for you",
            number(waiting),
            count(all, "row"),
            if waiting == 1 { "waits" } else { "wait" }
        ),
    }
}

fn page(visit: &Visit) -> Answer {
    let asked = Asked::of(|name| visit.asked(name).unwrap_or_default().to_owned())?;
    show(visit, asked, None)
}

/// What was sent and refused.
struct Sent {
    rows: Vec<u64>,
    /// The stamp of the first showing: the rows have been on screen since then.
    stamp: String,
    message: String,
    of_rows: Vec<(u64, String)>,
}

fn show(visit: &Visit, asked: Asked, sent: Option<Sent>) -> Answer {
    let index = visit.app.index()?;
    let campaign = campaign(visit, &index)?;
    let id = campaign.id();
    let email = email(visit)?;
    let stage = review::state(&index, id, &now())?.stage;
    let today = now().date;
    let added = review::added(&index, &campaign, &email, today, None, usize::MAX)?.len() as u64;
    let load = match email.as_str() {
        "" => ReviewLoad::default(),
        _ => index.review_load(id, &email)?,
    };
    let mut numbers = match (&sent, email.as_str()) {
        (Some(sent), _) => sent.rows.clone(),
        (None, "") => Vec::new(),
        _ => match asked.part()? {
            Some(part) => index.review_numbers(id, &email, &part, asked.after, ON_A_PAGE + 1)?,
            None => review::added(&index, &campaign, &email, today, asked.after, ON_A_PAGE + 1)?,
        },
    };
    let more = numbers.len() > ON_A_PAGE;
    numbers.truncate(ON_A_PAGE);
    let mut rows = shown(&index, id, &numbers)?;
    let mut mistakes = Vec::new();
    if let Some(sent) = &sent {
        for row in &mut rows {
            answered(visit, row);
            let why = sent.of_rows.iter().find(|(n, _)| *n == row.n);
            row.mistake = why.map(|(_, why)| words::capital(why));
        }
        mistakes = mistakes_of(sent, &rows);
    }
    let groups = match (asked.part.as_str(), &sent) {
        ("", None) if !more => index.review_groups(id, &email)?,
        _ => Vec::new(),
    };
    let more_groups = groups.len().saturating_sub(GROUPS) as u64;
    let groups = groups.into_iter().take(GROUPS).map(|group| {
        let first = shown(&index, id, &[group.first])?.pop();
        let first = first.ok_or_else(|| Trouble::ours("a group without its first row"))?;
        let of = Asked {
            part: "alike".into(),
            alike: group.alike,
            after: None,
        };
        Ok(Group {
            first,
            rows: group.rows,
            href: of.place(id, None, None),
        })
    });
    let groups = groups.collect::<Result<Vec<_>, Trouble>>()?;
    let right = mistakes.is_empty();
    let page = Mine {
        frame: Frame::of(visit, "/reviews"),
        headline: headline(&load, added, &email),
        added,
        sees_all: sees_all(visit)?,
        choices: choices(id, &load, added, &asked),
        next: match rows.last() {
            Some(last) if more => Some(asked.place(id, Some(last.n), None)),
            _ => None,
        },
        stamp: match sent {
            Some(sent) => sent.stamp,
            None => stamp(visit, id, &numbers)?,
        },
        numbers: spaced(&numbers),
        open: stage != Stage::Closed,
        head: Head::of(&campaign),
        load,
        email,
        asked,
        rows,
        groups,
        more_groups,
        mistakes,
    };
    let page = Reply::page(page.render()?);
    Ok(page.status(if right { 200 } else { 422 }))
}

/// A line of the summary for each row with a mistake; one for all where it is of none.
fn mistakes_of(sent: &Sent, rows: &[Shown]) -> Vec<(String, String)> {
    let of_rows = rows.iter().filter_map(|row| {
        let why = row.mistake.as_deref()?;
        Some((
            format!("row-{}", row.n),
            format!("{} in {}: {why}", row.login, row.system),
        ))
    });
    let of_rows: Vec<_> = of_rows.collect();
    match of_rows.is_empty() {
        true => vec![("rows".into(), words::capital(&sent.message))],
        false => of_rows,
    }
}

fn spaced(numbers: &[u64]) -> String {
    let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
    words.join(" ")
}

fn choices(id: &str, load: &ReviewLoad, added: u64, asked: &Asked) -> Vec<Choice> {
    let of = |part: &str, words, rows: u64| Choice {
        words,
        count: match part {
            "added" => number(rows),
            _ => format!("{} of {}", number(rows), number(load.all())),
        },
        href: Asked {
            part: part.into(),
            ..Asked::default()
        }
        .place(id, None, None),
        chosen: asked.part == part || (part.is_empty() && asked.part == "alike"),
    };
    let mut choices = vec![
        of("", "To decide", load.open()),
        of("unsure", "Cannot tell", load.unsure),
        of("decided", "Decided", load.decided),
    ];
    if added > 0 {
        choices.push(of("added", "Of others, waiting too long", added));
    }
    choices
}

/// These rows in their order, with what was answered before.
fn shown(index: &Index, id: &str, numbers: &[u64]) -> Result<Vec<Shown>, Trouble> {
    let page = review::rows(index, id, &of_rows(numbers), None, numbers.len().max(1))?;
    let last = review::last_words(index, id, numbers)?;
    let rows = page.rows.iter().filter(|row| numbers.contains(&row.line.n));
    Ok(rows
        .map(|row| Shown::of(row).with_earlier(last.get(&row.line.n)))
        .collect())
}

/// Puts into a row what the form says of it.
fn answered(visit: &Visit, row: &mut Shown) {
    let field = |name: &str| {
        visit
            .field(&format!("{name}-{}", row.n))
            .unwrap_or_default()
    };
    let (decision, comment) = (field("decision").to_owned(), field("comment").to_owned());
    let rights = rights(visit, row.n);
    for choice in &mut row.choices {
        choice.chosen = choice.word == decision;
    }
    for right in &mut row.rights {
        right.ticked = rights.contains(&right.id);
    }
    row.comment = comment;
}

/// The rights of a row that are ticked.
fn rights(visit: &Visit, n: u64) -> Vec<String> {
    let name = format!("right-{n}");
    let fields = visit.fields().iter();
    fields
        .filter(|(field, _)| *field == name)
        .map(|(_, id)| id.clone())
        .collect()
}

/// The rows that the form bears.
fn numbers(visit: &Visit) -> Result<Vec<u64>, Trouble> {
    let text = visit.field("rows").unwrap_or_default();
    let numbers = text.split_whitespace().map(str::parse);
    let numbers: Vec<u64> = numbers
        .collect::<Result<_, _>>()
        .map_err(|_| Trouble::malformed("rows: expected the numbers of rows"))?;
    if numbers.len() > ON_A_PAGE {
        return Err(Trouble::malformed(format!(
            "at most {ON_A_PAGE} rows at once"
        )));
    }
    Ok(numbers)
}

/// What the form decides: rows whose answer is another than before.
fn items(visit: &Visit, index: &Index, id: &str, rows: &[u64]) -> Result<Vec<Item>, Trouble> {
    let mut items = Vec::new();
    for before in shown(index, id, rows)? {
        let n = before.n;
        let Some(word) = visit.field(&format!("decision-{n}")) else {
            continue;
        };
        let decision: Decision = word.parse()?;
        let comment = visit.field(&format!("comment-{n}")).unwrap_or_default();
        let rights = match decision {
            Decision::Change => rights(visit, n),
            _ => Vec::new(),
        };
        let ticked = before.rights.iter().filter(|r| r.ticked).map(|r| &r.id);
        let same = before.decision == Some(decision.as_str())
            && before.comment == comment
            && (decision != Decision::Change || ticked.eq(rights.iter()));
        if !same {
            items.push(Item {
                row: n,
                decision,
                rights,
                comment: comment.to_owned(),
            });
        }
    }
    Ok(items)
}

fn save(visit: &Visit) -> Answer {
    let asked = Asked::of(|name| visit.field(name).unwrap_or_default().to_owned())?;
    let rows = numbers(visit)?;
    let (id, items, seen) = {
        let index = visit.app.index()?;
        let id = campaign(visit, &index)?.id().to_owned();
        given(visit, &index, &id, &rows)?;
        let seen = self::seen(visit, &id, &rows, visit.field("stamp").unwrap_or_default())?;
        let items = items(visit, &index, &id, &rows)?;
        (id, items, seen)
    };
    let nothing = "Nothing new was answered: choose for at least one row";
    finish(visit, asked, &id, rows, items, (false, nothing), &seen)
}

/// Rows of others are not shown, nor is what was answered about them.
fn given(visit: &Visit, index: &Index, id: &str, rows: &[u64]) -> Result<(), Trouble> {
    if sees_all(visit)? || are_theirs(index, id, rows, &email(visit)?)? {
        return Ok(());
    }
    // Sent twice, a row that was passed on is no longer theirs: the first sending is found by its name.
    if let Some(once) = visit.once.as_deref()
        && let Some((key, _)) = once.split_once(':')
        && index.state(crate::project::ONCE, key)?.is_some()
    {
        return Ok(());
    }
    Err(Trouble::missing("A row of this form is not given to you."))
}

fn keep(visit: &Visit) -> Answer {
    let asked = Asked::of(|name| visit.field(name).unwrap_or_default().to_owned())?;
    let rows = numbers(visit)?;
    let (id, seen) = {
        let index = visit.app.index()?;
        let id = campaign(visit, &index)?.id().to_owned();
        given(visit, &index, &id, &rows)?;
        let seen = self::seen(visit, &id, &rows, visit.field("stamp").unwrap_or_default())?;
        (id, seen)
    };
    let ticked = visit.fields().iter().filter(|(name, _)| name == "row");
    let ticked: Vec<u64> = ticked.filter_map(|(_, n)| n.parse().ok()).collect();
    if ticked.iter().any(|n| !rows.contains(n)) {
        return Err(Trouble::malformed(
            "A row is to be kept that was not shown.",
        ));
    }
    let items = ticked.into_iter().map(|row| Item {
        row,
        decision: Decision::Keep,
        rights: Vec::new(),
        comment: String::new(),
    });
    let nothing = "No row is ticked";
    finish(
        visit,
        asked,
        &id,
        rows,
        items.collect(),
        (true, nothing),
        &seen,
    )
}

fn finish(
    visit: &Visit,
    asked: Asked,
    id: &str,
    rows: Vec<u64>,
    items: Vec<Item>,
    (bulk, nothing): (bool, &str),
    seen: &Seen,
) -> Answer {
    let refused = |message: String, of_rows| Sent {
        rows,
        stamp: visit.field("stamp").unwrap_or_default().to_owned(),
        message,
        of_rows,
    };
    if items.is_empty() && visit.once.is_none() {
        return show(visit, asked, Some(refused(nothing.into(), Vec::new())));
    }
    let one = visit.field("one").is_some();
    let first = items.first().map(|item| item.row);
    let decided = match items.is_empty() {
        // The same form sent twice finds everything answered as it says.
        true => match again(visit)? {
            Some(acted) => Decided::Kept(acted),
            None => Decided::Refused(nothing.into(), Vec::new()),
        },
        false => decide(visit, id, items, bulk, seen)?,
    };
    match decided {
        Decided::Refused(message, of_rows) => show(visit, asked, Some(refused(message, of_rows))),
        Decided::Kept(acted) => Ok(Reply::see(match first {
            Some(n) if one => {
                format!("/reviews/{}/rows/{n}?kept={}", words::url(id), acted.entry)
            }
            _ => asked.place(id, asked.after, Some(acted.entry)),
        })),
    }
}

/// The entry of the same request sent before, if it was.
fn again(visit: &Visit) -> Result<Option<crate::serve::app::Acted>, Trouble> {
    let mut fresh = false;
    let acted = visit.app.act(visit.by()?, |_, _| {
        fresh = true;
        Err::<u64, Trouble>(Trouble::unusable("nothing is answered"))
    });
    match acted {
        Ok(acted) => Ok(Some(acted)),
        Err(_) if fresh => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

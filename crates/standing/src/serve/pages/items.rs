//! `/items`: the ten standards as a list of what there is to do.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use standing_assess::assessment::{Basis, ItemStanding};
use standing_assess::catalogue::Ref;
use standing_assess::check::Verdict;

use super::frame::Frame;
use super::words;
use crate::serve::door::encode;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::snapshot::Snapshot;
use crate::serve::visit::{Answer, Reply, Visit};

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/items", Access::With(Right::Read), page)];

/// What is asked to be shown.
#[derive(Clone, Default)]
struct Filter {
    verdict: Option<String>,
    basis: Option<String>,
    turn: Option<String>,
    /// `yes`: only what binds.
    binding: Option<String>,
    /// Words that number and title hold.
    text: Option<String>,
}

/// What can be chosen, what each choice would show, and what is chosen.
struct Choice {
    value: String,
    label: String,
    count: usize,
    chosen: bool,
}

struct Standard<'a> {
    number: u16,
    title: &'a str,
    tally: String,
    /// The tally where there is little room.
    short: String,
    done: bool,
    assertions: Vec<Assertion<'a>>,
}

struct Assertion<'a> {
    reference: String,
    title: &'a str,
    items: Vec<&'a ItemStanding>,
}

/// Items that are not counted, and why.
struct Apart<'a> {
    heading: &'static str,
    why: &'static str,
    items: Vec<&'a ItemStanding>,
}

/// All there is to a page of items; `items.html` and `items_print.html` show it in two ways.
struct List<'a> {
    now: &'a Snapshot,
    headline: String,
    /// What stands in the way, whatever is filtered.
    way: Vec<&'a ItemStanding>,
    standards: Vec<Standard<'a>>,
    apart: Vec<Apart<'a>>,
    filter: Filter,
    shown: usize,
    /// What is asked, for the link to the other way of showing it.
    asked: String,
}

#[derive(Template)]
#[template(path = "items.html")]
struct Page<'a> {
    frame: Frame,
    list: List<'a>,
    verdicts: Vec<Choice>,
    bases: Vec<Choice>,
    turns: Vec<Choice>,
    bindings: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "items_print.html")]
struct Print<'a> {
    frame: Frame,
    list: List<'a>,
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let frame = Frame::of(visit, "/items");
    let filter = Filter::asked(visit);
    let list = List::of(&now, filter.clone());
    let html = if visit.asked("print").is_some() {
        Print { frame, list }.render()?
    } else {
        let items = &now.today.items;
        Page {
            frame,
            verdicts: filter.verdicts(items),
            bases: filter.bases(items),
            turns: filter.turns(items),
            bindings: filter.bindings(items),
            list,
        }
        .render()?
    };
    Ok(Reply::page(html))
}

impl Filter {
    fn asked(visit: &Visit) -> Self {
        let asked = |name| visit.asked(name).map(str::to_owned);
        Filter {
            verdict: asked("verdict"),
            basis: asked("basis"),
            turn: asked("turn"),
            binding: asked("binding"),
            text: asked("text"),
        }
    }

    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("verdict", &self.verdict),
            ("basis", &self.basis),
            ("turn", &self.turn),
            ("binding", &self.binding),
            ("text", &self.text),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .collect()
    }

    fn any(&self) -> bool {
        !self.pairs().is_empty()
    }

    fn lets(&self, item: &ItemStanding) -> bool {
        let is = |wanted: &Option<String>, word: &str| wanted.as_deref().is_none_or(|w| w == word);
        is(&self.verdict, item.verdict.as_str())
            && is(&self.basis, item.basis.as_str())
            && is(&self.turn, item.turn.as_deref().unwrap_or_default())
            && (self.binding.as_deref() != Some("yes") || item.binds())
            && self.text.as_deref().is_none_or(|text| holds(item, text))
    }

    fn count(&self, items: &[ItemStanding]) -> usize {
        items.iter().filter(|item| self.lets(item)).count()
    }

    /// One choice: what it would show beside what else is chosen.
    fn choice(
        &self,
        items: &[ItemStanding],
        (value, label): (&str, &str),
        part: fn(&mut Filter) -> &mut Option<String>,
    ) -> Choice {
        let mut with = self.clone();
        let chosen = part(&mut with).as_deref().unwrap_or_default() == value;
        *part(&mut with) = (!value.is_empty()).then(|| value.to_owned());
        Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            count: with.count(items),
            chosen,
        }
    }

    fn verdicts(&self, items: &[ItemStanding]) -> Vec<Choice> {
        let all = [
            Verdict::NotMet,
            Verdict::Unknown,
            Verdict::Met,
            Verdict::NotApplicable,
        ];
        let words = all.iter().map(|v| (v.as_str(), v.as_str()));
        [("", "Any verdict")]
            .into_iter()
            .chain(words)
            .map(|choice| self.choice(items, choice, |f| &mut f.verdict))
            .collect()
    }

    fn bases(&self, items: &[ItemStanding]) -> Vec<Choice> {
        let all = [
            Basis::Measured,
            Basis::Attested,
            Basis::Contradicted,
            Basis::Lapsed,
            Basis::Unsupported,
        ];
        let words = all.iter().map(|b| (b.as_str(), b.as_str()));
        [("", "Any basis")]
            .into_iter()
            .chain(words)
            .map(|choice| self.choice(items, choice, |f| &mut f.basis))
            .collect()
    }

    fn turns(&self, items: &[ItemStanding]) -> Vec<Choice> {
        let known: BTreeSet<&str> = items.iter().filter_map(|i| i.turn.as_deref()).collect();
        [("", "Anybody, or nobody")]
            .into_iter()
            .chain(known.into_iter().map(|turn| (turn, turn)))
            .map(|choice| self.choice(items, choice, |f| &mut f.turn))
            .collect()
    }

    fn bindings(&self, items: &[ItemStanding]) -> Vec<Choice> {
        [("", "All items"), ("yes", "Only items that bind")]
            .into_iter()
            .map(|choice| self.choice(items, choice, |f| &mut f.binding))
            .collect()
    }
}

/// Whether number and title hold every word, whatever the case.
fn holds(item: &ItemStanding, text: &str) -> bool {
    let whole = format!("{} {}", item.item, item.title).to_lowercase();
    text.to_lowercase()
        .split_whitespace()
        .all(|word| whole.contains(word))
}

impl<'a> List<'a> {
    fn of(now: &'a Snapshot, filter: Filter) -> Self {
        let shown: Vec<&ItemStanding> = now.today.items.iter().filter(|i| filter.lets(i)).collect();
        let asked = encode(&filter.pairs());
        List {
            headline: tally(now.today.items.iter()),
            way: now.today.items.iter().filter(|i| i.in_the_way()).collect(),
            standards: standards(now, &shown),
            apart: apart(&shown),
            shown: shown.len(),
            now,
            filter,
            asked,
        }
    }
}

fn standards<'a>(now: &'a Snapshot, shown: &[&'a ItemStanding]) -> Vec<Standard<'a>> {
    let mut found: BTreeMap<u16, BTreeMap<u16, Assertion<'a>>> = BTreeMap::new();
    for item in shown.iter().filter(|i| i.binds()) {
        let Ok(reference) = item.item.parse::<Ref>() else {
            continue;
        };
        let assertion = reference.assertion();
        let known = now.terms.catalogue.assertion(assertion);
        found
            .entry(reference.standard)
            .or_default()
            .entry(assertion.assertion)
            .or_insert_with(|| Assertion {
                reference: assertion.to_string(),
                title: known.map_or("", |a| a.title.as_str()),
                items: Vec::new(),
            })
            .items
            .push(item);
    }
    found
        .into_iter()
        .map(|(number, assertions)| {
            let of = |i: &&ItemStanding| i.item.parse().is_ok_and(|r: Ref| r.standard == number);
            let known = now.terms.catalogue.standard(number);
            let tally = tally(now.today.items.iter().filter(of));
            Standard {
                number,
                title: known.map_or("", |s| s.title.as_str()),
                short: tally.replace(" that bind are met", " met"),
                tally,
                done: !now
                    .today
                    .items
                    .iter()
                    .filter(of)
                    .any(ItemStanding::in_the_way),
                assertions: assertions.into_values().collect(),
            }
        })
        .collect()
}

/// `31 of 42 that bind are met`, with those that do not apply beside them.
fn tally<'a>(items: impl Iterator<Item = &'a ItemStanding>) -> String {
    let (mut binding, mut met, mut none) = (0, 0, 0);
    for item in items.filter(|i| i.binds()) {
        binding += 1;
        met += usize::from(item.verdict == Verdict::Met);
        none += usize::from(item.verdict == Verdict::NotApplicable);
    }
    let apart = match none {
        0 => String::new(),
        1 => ", 1 does not apply".to_owned(),
        n => format!(", {n} do not apply"),
    };
    format!("{met} of {binding} that bind are met{apart}")
}

fn apart<'a>(shown: &[&'a ItemStanding]) -> Vec<Apart<'a>> {
    let those = |wanted: fn(&ItemStanding) -> bool| {
        let items = shown.iter().copied().filter(|i| !i.binds());
        items.filter(|i| wanted(i)).collect::<Vec<_>>()
    };
    let groups = [
        Apart {
            heading: "Asked, and may be left unanswered",
            why: "These are asked of you and are known not to be mandatory. They are not counted.",
            items: those(|i| i.asked == "yes"),
        },
        Apart {
            heading: "Not known whether they bind",
            why: "Nothing that Standing has seen says whether these are asked of an organisation of \
                  your kind. They are shown so that you are not surprised, and are not counted. \
                  Importing the official sheet settles it.",
            items: those(|i| i.asked != "yes"),
        },
    ];
    groups.into_iter().filter(|g| !g.items.is_empty()).collect()
}

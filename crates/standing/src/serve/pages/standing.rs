//! The first page: what could truthfully be published, what stands in the way, what lapses next; and
//! the same as of any other day.

use std::sync::Arc;

use askama::Template;
use jiff::Span;
use jiff::civil::Date;
use standing_assess::assessment::{Assessment, ItemStanding};
use standing_assess::check::Verdict;
use standing_assess::lapses::Lapse;

use super::frame::Frame;
use super::words;
use crate::serve::draw::{self, Readiness, Tally};
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::snapshot::{Judged, Snapshot};
use crate::serve::timeline;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};
use crate::text::day as long;

/// Its routes.
pub const ROUTES: &[Route] = &[Route::get("/", Access::With(Right::Read), page)];

/// How many things that lapse are shown; the calendar has all of them.
const LAPSES: usize = 8;
/// How many items in the way are shown at once; the others are folded.
const ITEMS: usize = 8;
/// How far ahead one may look, in years.
const AHEAD: i64 = 3;

#[derive(Template)]
#[template(path = "standing.html")]
struct Page {
    frame: Frame,
    now: Arc<Snapshot>,
    headline: String,
    lead: String,
    /// What is said of another day than today.
    told: Option<Told>,
    cards: Vec<Card>,
    /// Items in the way, worst first, those that are shown at once and the others.
    way: (Vec<InTheWay>, Vec<InTheWay>),
    lapses: Vec<Lapsing>,
    /// How many lapses reading renews.
    by_reading: usize,
    sources: Vec<Wrong>,
    caveats: Vec<String>,
    drawing: String,
    scrub: Scrub,
    /// Nothing is configured yet.
    begin: bool,
}

/// What is said of another day.
struct Told {
    what: String,
    how: &'static str,
}

struct Card {
    title: String,
    figure: String,
    words: String,
    strip: String,
    /// Verdicts that occur, with their counts.
    counts: Vec<(Verdict, u64)>,
    more: Option<(String, String)>,
}

struct InTheWay {
    item: String,
    title: String,
    verdict: Verdict,
    reason: String,
    last: String,
}

struct Lapsing {
    when: String,
    what: String,
    detail: String,
    href: String,
    items: Vec<String>,
}

struct Wrong {
    name: String,
    /// Whether nothing can be claimed of it; otherwise a later reading went wrong.
    gap: bool,
    detail: String,
}

/// The form that goes to another day.
struct Scrub {
    day: Date,
    from: Date,
    to: Date,
    today: Date,
    steps: Vec<(String, &'static str)>,
}

fn page(visit: &Visit) -> Answer {
    let now = visit.app.snapshot()?;
    let today = now.day();
    let asked = match visit.asked("day") {
        None => today,
        Some(text) => parse(text, today)?,
    };
    let other = if asked == today {
        None
    } else if asked < today && timeline::first_day(&now)?.is_none_or(|first| asked < first) {
        Some((asked, None))
    } else {
        Some((asked, Some(visit.app.judged_on(asked)?)))
    };
    Ok(Reply::page(compose(visit, now, other).render()?))
}

fn parse(text: &str, today: Date) -> Result<Date, Trouble> {
    let day: Date = text.parse().map_err(|_| {
        Trouble::unusable(format!("{text:?} is not a day.")).hint("a day is written 2026-11-21")
    })?;
    if day > today.saturating_add(Span::new().years(AHEAD)) {
        return Err(Trouble::unusable(format!(
            "A forecast reaches {AHEAD} years at most."
        )));
    }
    Ok(day)
}

/// A day that is not today, and what was judged of it: nothing where nothing was known.
type Other = Option<(Date, Option<Arc<Judged>>)>;

fn compose(visit: &Visit, now: Arc<Snapshot>, other: Other) -> Page {
    let app = &visit.app;
    let unknown = matches!(other, Some((_, None)));
    let day = other.as_ref().map_or(now.day(), |(day, _)| *day);
    let judged = other.as_ref().and_then(|(_, judged)| judged.clone());
    let assessment = judged.as_ref().map_or(&now.today, |j| &j.assessment);
    let today = other.is_none();
    let points = app.timeline.points(&now);
    let readiness = Readiness {
        points: &points,
        today: now.day(),
        publish_on: now.terms.publish_on,
        shown: (!today).then_some(day),
    };
    let mut way = if unknown {
        Vec::new()
    } else {
        in_the_way(visit, assessment, today)
    };
    let folded = way.split_off(way.len().min(ITEMS));
    let lapses = if unknown { &[][..] } else { &assessment.lapses };
    let (by_reading, by_doing): (Vec<&Lapse>, Vec<&Lapse>) =
        lapses.iter().partition(|l| l.renewed_by_reading);
    Page {
        frame: Frame::of(visit, "/"),
        headline: headline(&now, assessment, day, unknown),
        lead: lead(visit, &now, today),
        told: other
            .as_ref()
            .map(|(day, judged)| told(&now, *day, judged.is_none())),
        cards: if unknown {
            Vec::new()
        } else {
            cards(&now, assessment, day)
        },
        way: (way, folded),
        lapses: lapsing(&by_doing, LAPSES),
        by_reading: by_reading.len(),
        sources: if unknown {
            Vec::new()
        } else {
            wrong(&now, assessment)
        },
        caveats: now.terms.caveats(),
        drawing: draw::readiness("readiness", &readiness),
        scrub: scrub(day, now.day(), &points),
        begin: now.home.config.sources.is_empty() && today,
        now,
    }
}

fn headline(now: &Snapshot, assessment: &Assessment, day: Date, unknown: bool) -> String {
    if unknown {
        return format!("On {} nothing was known", long(day));
    }
    let way = assessment.items.iter().filter(|i| i.in_the_way()).count();
    let binding = assessment.binding();
    let words = match (assessment.ready(), way) {
        (true, _) if !now.terms.short.is_empty() => {
            "Not ready: nothing known stands in the way, but the imported sheet is short of items"
                .into()
        }
        (true, _) => "Ready to publish truthfully, as far as Standing knows the rules".into(),
        (false, 0) => "Nothing can be said yet: no item is known to bind".into(),
        (false, 1) => format!("Not ready: 1 of {binding} items that bind stands in the way"),
        (false, n) => format!("Not ready: {n} of {binding} items that bind stand in the way"),
    };
    if day == now.day() {
        words
    } else {
        let mut letters = words.chars();
        let first = letters.next().map(|c| c.to_lowercase().to_string());
        format!(
            "On {}: {}{}",
            long(day),
            first.unwrap_or_default(),
            letters.as_str()
        )
    }
}

fn lead(visit: &Visit, now: &Snapshot, today: bool) -> String {
    let by = now
        .terms
        .catalogue
        .edition(&now.terms.edition)
        .map_or_else(String::new, |e| format!(" ({})", e.year));
    let profile = now.terms.catalogue.profile(&now.terms.profile);
    let judged = format!(
        "judged by edition {}{by} for the profile “{}”",
        now.terms.edition,
        profile.map_or(now.terms.profile.as_str(), |p| p.name.as_str())
    );
    if !today {
        return format!("{}.", capital(&judged));
    }
    let ready = now.today.ready() && now.terms.short.is_empty();
    let since = visit.app.timeline.ready_since(ready);
    let since = since.map_or_else(String::new, |since| format!("It has been so {since}. "));
    format!("{since}As of {}, {judged}.", words::moment(&now.at))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

fn told(now: &Snapshot, day: Date, unknown: bool) -> Told {
    if unknown {
        return Told {
            what: format!("You are looking at {}.", long(day)),
            how: "The vault has no entry as old as that, so nothing was known.",
        };
    }
    if day > now.day() {
        return Told {
            what: format!("A forecast for {}.", long(day)),
            how: "It supposes that the sources go on being read, that the systems stay as they are, \
                  and that nobody does anything else.",
        };
    }
    Told {
        what: format!("You are looking back at {}.", long(day)),
        how: "This is what was known at the end of that day.",
    }
}

fn tally(assessment: &Assessment) -> Tally {
    Tally::of(
        assessment
            .items
            .iter()
            .filter(|i| i.binds())
            .map(|i| i.verdict),
    )
}

fn card(id: &str, title: String, tally: Tally, words: &str) -> Card {
    let all = [
        Verdict::Met,
        Verdict::NotApplicable,
        Verdict::NotMet,
        Verdict::Unknown,
    ];
    Card {
        title,
        figure: format!("{} of {}", tally.met + tally.not_applicable, tally.total()),
        words: words.to_owned(),
        strip: draw::strip(id, tally),
        counts: all
            .into_iter()
            .map(|v| (v, tally.count(v)))
            .filter(|(_, n)| *n > 0)
            .collect(),
        more: None,
    }
}

fn cards(now: &Snapshot, assessment: &Assessment, day: Date) -> Vec<Card> {
    let words = "items that bind are met or not applicable";
    if day != now.day() {
        let then = card("then", long(day), tally(assessment), words);
        let today = card("now", "Today".into(), tally(&now.today), words);
        return vec![then, today];
    }
    let publish_on = now.terms.publish_on;
    let ready = if crate::status::ready(&now.terms, &now.then) {
        "ready"
    } else {
        "not ready"
    };
    let mut later = card(
        "later",
        format!("Publication on {}: {ready}", long(publish_on)),
        tally(&now.then),
        "items will be met, if sources go on being read and nobody does anything else",
    );
    let lost = crate::status::slipped(&now.today, &now.then).len() as u64;
    later.more = Some((
        format!("/?day={publish_on}"),
        match lost {
            0 if tally(&now.today).met == 0 => "How it would stand then".into(),
            0 => "No item met today will have lapsed".into(),
            n => format!("{} met today will have lapsed", words::count(&n, "item")),
        },
    ));
    vec![
        card("now", "Today".into(), tally(assessment), words),
        later,
        sources_card(now),
    ]
}

fn sources_card(now: &Snapshot) -> Card {
    let good = now
        .sources
        .iter()
        .filter(|s| !s.states.is_empty() && s.states.iter().all(|(_, state)| state.gap.is_none()))
        .count();
    let all = now.sources.len();
    let more = match wrong(now, &now.today).len() as u64 {
        0 => ("/sources".into(), "All sources".into()),
        1 => ("#sources".into(), "What is wrong: 1 thing".into()),
        n => ("#sources".into(), format!("What is wrong: {n} things")),
    };
    Card {
        title: "Sources".into(),
        figure: if all == 0 {
            "None yet".into()
        } else {
            format!("{good} of {all}")
        },
        words: "sources are read completely and lately enough to be relied upon".into(),
        strip: draw::strip(
            "sources-strip",
            Tally {
                met: good as u64,
                unknown: (all - good) as u64,
                ..Tally::default()
            },
        ),
        counts: Vec::new(),
        more: Some(more),
    }
}

fn in_the_way(visit: &Visit, assessment: &Assessment, today: bool) -> Vec<InTheWay> {
    let mut items: Vec<&ItemStanding> =
        assessment.items.iter().filter(|i| i.in_the_way()).collect();
    items.sort_by_key(|i| std::cmp::Reverse((i.verdict, i.basis)));
    let who = visit.who.as_ref();
    let personal = who.is_some_and(|w| w.may(Right::ReadPersonal));
    let one = |item: &ItemStanding| {
        let since = today.then(|| visit.app.timeline.item_since(&item.item, item.verdict));
        let since = since.flatten().map(|since| since.to_string());
        let turn = item
            .turn
            .as_ref()
            .map(|turn| format!("next to act: {turn}"));
        let last: Vec<String> = since.into_iter().chain(turn).collect();
        InTheWay {
            item: item.item.clone(),
            title: item.title.clone(),
            verdict: item.verdict,
            reason: item.reason_for(personal),
            last: capital(&last.join(" · ")),
        }
    };
    items.into_iter().map(one).collect()
}

/// Lapses of one thing within one month as one line, the soonest first.
fn lapsing(lapses: &[&Lapse], most: usize) -> Vec<Lapsing> {
    let groups = crate::status::by_month(lapses);
    let one = |group: &Vec<&Lapse>| {
        let (first, last) = (group[0], group[group.len() - 1]);
        let when = if first.on == last.on {
            long(first.on)
        } else {
            format!("{} to {}", first.on.day(), long(last.on))
        };
        let lapsing: u64 = group.iter().filter_map(|l| Some(l.subjects?.0)).sum();
        let detail = first.subjects.map_or_else(String::new, |(_, all)| {
            format!("{} of {}", words::number(&lapsing), words::number(&all))
        });
        let step = match first.what {
            "statement" => "items",
            "source" => "sources",
            _ => "checks",
        };
        Lapsing {
            when,
            what: first.detail.clone(),
            detail,
            href: format!("/{step}/{}", words::url(&first.name)),
            items: first.items.clone(),
        }
    };
    groups.iter().take(most).map(one).collect()
}

/// What each source does not tell, and which reading went wrong. The sentences begin with the source.
fn wrong(now: &Snapshot, assessment: &Assessment) -> Vec<Wrong> {
    let names = now.home.config.sources.iter();
    let names: Vec<&str> = names.map(|s| s.settings.source.as_str()).collect();
    let one = |gap: bool, detail: &String| {
        let of = names.iter().filter(|name| detail.starts_with(**name));
        let name = of.max_by_key(|name| name.len());
        Wrong {
            name: name.map_or_else(String::new, |name| (*name).to_owned()),
            gap,
            detail: detail.clone(),
        }
    };
    let gaps = assessment.gaps.iter().map(|detail| one(true, detail));
    gaps.chain(assessment.warnings.iter().map(|detail| one(false, detail)))
        .collect()
}

fn scrub(day: Date, today: Date, points: &[draw::Point]) -> Scrub {
    let step = |span: Span, name: &'static str| {
        let to = day.saturating_add(span);
        let href = if to == today {
            "/".into()
        } else {
            format!("/?day={to}")
        };
        (href, name)
    };
    Scrub {
        day,
        today,
        from: points.first().map_or(today, |p| p.day),
        to: points.last().map_or(today, |p| p.day),
        steps: vec![
            step(Span::new().months(-1), "A month earlier"),
            step(Span::new().weeks(-1), "A week earlier"),
            step(Span::new().days(-1), "A day earlier"),
            step(Span::new().days(1), "A day later"),
            step(Span::new().weeks(1), "A week later"),
            step(Span::new().months(1), "A month later"),
        ],
    }
}

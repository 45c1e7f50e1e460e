//! One message: what is new, in plain words. It names items, counts and sources, and no person. It is
//! kept with its claim, so that what is sent again is the same to the letter.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use standing_assess::{AsOf, long_date};

use super::fixes::Fix;
use super::picture::{ADVISORIES, News, Now, Quiet};
use crate::serve::pages::paging::link;
use crate::text::{counted, number};

/// Lines of one section; the rest is counted.
const LINES: usize = 20;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its subject.
    pub subject: String,
    /// The first sentence.
    pub lead: String,
    /// What is new, by kind.
    pub sections: Vec<Section>,
    /// Where to look.
    pub link: String,
    /// When it was made, RFC 3339.
    pub at: String,
}

/// What is new of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// One line each.
    pub lines: Vec<Line>,
}

/// One thing that is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// In one sentence.
    pub text: String,
    /// The page that says more, if there is one.
    pub link: Option<String>,
}

/// What a message says beside the news.
pub struct Frame<'a> {
    /// The firm.
    pub organisation: &'a str,
    /// What people type to reach the server.
    pub url: &'a str,
    /// Items that bind and are met, and all that bind.
    pub met: (usize, usize),
    /// When.
    pub now: Timestamp,
}

impl Message {
    /// Tells the news.
    pub fn digest(frame: &Frame<'_>, now: &Now, news: &News) -> Self {
        let (met, all) = frame.met;
        Message {
            subject: format!("Standing of {}: {}", frame.organisation, subject(news)),
            lead: format!("{met} of {all} items that bind are met."),
            sections: vec![
                turned(frame, now, news, true),
                fixes(frame, now, "Fixes that are late", &news.late),
                fixes(frame, now, "Fixes due soon", &news.due),
                not_known(frame, now, news),
                turned(frame, now, news, false),
                lost(frame, now, news),
                lapses(now, news),
                found(frame, news),
            ]
            .into_iter()
            .filter(|section| !section.lines.is_empty())
            .collect(),
            link: format!("{}/", frame.url),
            at: frame.now.to_string(),
        }
    }

    /// Tells nothing but that messages arrive.
    pub fn test(frame: &Frame<'_>) -> Self {
        Message {
            subject: format!("Standing of {}: a test", frame.organisation),
            lead: "This is a test. If you can read it, messages of Standing arrive here.".into(),
            sections: Vec::new(),
            link: format!("{}/", frame.url),
            at: frame.now.to_string(),
        }
    }

    /// In plain words.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.lead);
        for section in &self.sections {
            text.push_str(&format!("\n{}\n", section.title));
            for line in &section.lines {
                text.push_str(&format!("- {}\n", line.text));
                if let Some(link) = &line.link {
                    text.push_str(&format!("  {link}\n"));
                }
            }
        }
        text.push_str(&format!("\nMore: {}\n", self.link));
        text
    }
}

/// How many of each are new: `2 fixes late, 1 item turned`.
fn subject(news: &News) -> String {
    let counts = [
        (news.turned.len(), "item turned", "items turned"),
        (news.late.len(), "fix late", "fixes late"),
        (news.due.len(), "fix due soon", "fixes due soon"),
        (news.lapses.len(), "lapse ahead", "lapses ahead"),
        (news.lost.len(), "source not read", "sources not read"),
        (news.found.len(), "source read again", "sources read again"),
    ];
    let told = counts.into_iter().filter(|(n, ..)| *n > 0);
    let told: Vec<String> = told
        .map(|(n, one, several)| counted(n as u64, one, several))
        .collect();
    match told.is_empty() {
        true => "fixes without a deadline that is known".into(),
        false => told.join(", "),
    }
}

fn section(title: &str, lines: Vec<Line>) -> Section {
    section_of(title, lines, None)
}

/// The same where a page shows the rest.
fn section_of(title: &str, mut lines: Vec<Line>, rest: Option<String>) -> Section {
    let all = lines.len();
    if all > LINES {
        lines.truncate(LINES);
        lines.push(Line {
            text: format!("and {} more", number((all - LINES) as u64)),
            link: rest,
        });
    }
    Section {
        title: format!("{title} ({all})"),
        lines,
    }
}

fn turned(frame: &Frame<'_>, now: &Now, news: &News, bad: bool) -> Section {
    let lines = news.turned.iter().filter_map(|(name, before)| {
        let item = now.items.get(name)?;
        let good = matches!(item.verdict.as_str(), "met" | "not applicable");
        if good == bad {
            return None;
        }
        let before = before
            .as_deref()
            .map_or(String::new(), |b| format!(", was {b}"));
        let counts = if item.counts.is_empty() {
            String::new()
        } else {
            format!(" ({})", item.counts)
        };
        Some(Line {
            text: format!("{name} {}: {}{before}{counts}", item.title, item.verdict),
            link: Some(format!("{}/items/{name}", frame.url)),
        })
    });
    let title = if bad {
        "No longer met, or not known"
    } else {
        "Met now"
    };
    section(title, lines.collect())
}

fn fixes(frame: &Frame<'_>, now: &Now, title: &str, fixes: &[Fix]) -> Section {
    let place = |fix: &Fix| {
        let name = [("name", fix.vulnerability.as_str())];
        format!("{}{}", frame.url, link("/patching/vulnerability", &name))
    };
    let lines = fixes.iter().map(|fix| Line {
        text: fix.words(now.fixes.assets),
        link: Some(place(fix)),
    });
    section_of(
        title,
        lines.collect(),
        Some(format!("{}/patching", frame.url)),
    )
}

/// What is not known of fixes, beside whatever is told of them.
fn not_known(frame: &Frame<'_>, now: &Now, news: &News) -> Section {
    let (fixes, mut lines) = (&now.fixes, Vec::new());
    if fixes.unknown.all() > 0 {
        lines.push(fixes.unknown.words());
    }
    if fixes.gaps > 0 {
        let gaps = counted(fixes.gaps, "gap", "gaps");
        lines.push(format!(
            "What is installed, or what is wrong with it, is not completely known ({gaps}): there may be more"
        ));
    }
    let strangers = fixes.strangers.iter();
    lines.extend(strangers.map(|name| {
        format!(
            "No policy is called {name:?}, so nothing is told by it: fix_policies of standing.toml"
        )
    }));
    let place = format!("{}/patching", frame.url);
    let line = |text| Line {
        text,
        link: Some(place.clone()),
    };
    Section {
        title: "Not known of fixes".into(),
        lines: lines
            .into_iter()
            .filter(|_| news.of_fixes())
            .map(line)
            .collect(),
    }
}

fn lapses(now: &Now, news: &News) -> Section {
    let lines = news.lapses.iter().filter_map(|name| {
        let soon = now.lapses.get(name)?;
        Some(Line {
            text: format!("{}: {}", long_date(soon.on), soon.detail),
            link: None,
        })
    });
    section("Lapses soon, if nothing is done", lines.collect())
}

fn lost(frame: &Frame<'_>, now: &Now, news: &News) -> Section {
    let lines = news.lost.iter().filter_map(|name| {
        let lost = now.sources.get(name)?;
        let (read, it, was) = match name == ADVISORIES {
            true => ("taken in", "they", "were"),
            false => ("read completely", "it", "was"),
        };
        let since = lost.complete_at.map_or(format!("never {read}"), |at| {
            format!("last {read} on {}", day(at))
        });
        let text = match lost.quiet {
            Quiet::Silent => format!("{name} {was} {since}"),
            Quiet::Failing => {
                let times = lost.failures;
                format!("{name} {was} not {read} {times} times in a row; {it} {was} {since}")
            }
        };
        Some(Line {
            text,
            link: Some(source(frame, name)),
        })
    });
    section("Sources that are not read", lines.collect())
}

fn found(frame: &Frame<'_>, news: &News) -> Section {
    let lines = news.found.iter().map(|name| Line {
        text: match name == ADVISORIES {
            true => format!("{name} are taken in again, or are no longer configured"),
            false => format!("{name} is read again, or is no longer configured"),
        },
        link: Some(source(frame, name)),
    });
    section("Sources that are read again", lines.collect())
}

/// The page of a source.
fn source(frame: &Frame<'_>, name: &str) -> String {
    match name == ADVISORIES {
        true => format!("{}/patching/advisories", frame.url),
        false => format!("{}/sources/{name}", frame.url),
    }
}

/// The day in London.
fn day(at: Timestamp) -> String {
    long_date(AsOf::at(at).date)
}

//! `standing advisories …`: what is held, and taking in what is published now.

use jiff::Timestamp;
use serde_json::{Value, json};
use standing_assess::AsOf;
use standing_assess::index::AdvisoryEdition;

use super::update::{Updated, Wanted, in_force, update};
use super::{Feed, List, short};
use crate::cli::{AdvisoriesCommand, Format, Global};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::judge;
use crate::progress::Sources;
use crate::text::{Style, count, day, number, plain, table};

/// Places not understood that are shown without `--verbose`.
const SHOWN: usize = 5;

/// Runs `standing advisories …`. Exit code 0 if everything is as hoped, 1 if an update left something
/// aside or did not understand it, or if nothing is held.
///
/// # Errors
/// When nothing could be taken in, or the vault refuses.
pub fn command(
    home: &Home,
    command: &AdvisoriesCommand,
    format: Format,
    global: &Global,
) -> Result<u8, Failure> {
    match command {
        AdvisoriesCommand::Update {
            from,
            names,
            accept_smaller,
        } => {
            let wanted = Wanted {
                from: from.as_deref(),
                names,
                accept_smaller: *accept_smaller,
            };
            take_in(home, &wanted, format, global)
        }
        AdvisoriesCommand::List { as_of } => list(home, as_of.as_deref(), format),
    }
}

fn take_in(
    home: &Home,
    wanted: &Wanted<'_>,
    format: Format,
    global: &Global,
) -> Result<u8, Failure> {
    let index = home.index()?;
    let progress = Sources::new(global.quiet);
    let updated = update(home, &index, By::KEYBOARD, wanted, &|name, how_far| {
        progress.at(name, how_far);
    })?;
    match format {
        Format::Json => say!("{:#}", updated_json(&updated)),
        Format::Text => put!(
            "{}",
            updated_text(&updated, global.verbose, Style::stdout())
        ),
    }
    Ok(code(&updated.list))
}

/// 1 where something was left aside or not understood.
fn code(list: &List) -> u8 {
    let whole = list.left_aside.is_empty() && list.feeds.iter().all(|feed| feed.unread == 0);
    u8::from(!whole)
}

fn updated_json(updated: &Updated) -> Value {
    let feeds = updated.list.feeds.iter().map(|feed| {
        let mut value = feed_json(feed);
        value["changed"] = json!(updated.changed.contains(&feed.name));
        value
    });
    json!({
        "entry": updated.entry,
        "edition": updated.edition,
        "feeds": feeds.collect::<Vec<_>>(),
        "left_aside": updated.list.left_aside,
        "problems": updated.list.problems,
    })
}

fn feed_json(feed: &Feed) -> Value {
    json!({
        "name": feed.name,
        "kind": feed.kind,
        "records": feed.records,
        "unread": feed.unread,
        "as_of": feed.as_of,
        "checked_at": feed.checked_at,
        "bytes": feed.bytes,
        "sha256": feed.sha256,
    })
}

fn updated_text(updated: &Updated, verbose: bool, style: Style) -> String {
    let rows = updated.list.feeds.iter().map(|feed| {
        let changed = updated.changed.contains(&feed.name);
        vec![
            format!("  {}", plain(&feed.name)),
            if changed { "new" } else { "as before" }.to_owned(),
            records(feed),
        ]
    });
    let mut text = table(&rows.collect::<Vec<_>>());
    text.push_str(&left_aside(&updated.list, style));
    let shown = if verbose { usize::MAX } else { SHOWN };
    for problem in updated.list.problems.iter().take(shown) {
        let line = style.fold(4, &plain(&problem.to_string()));
        text.push_str(&format!("    {}\n", style.faint(&line)));
    }
    let more = updated
        .list
        .unread()
        .saturating_sub(shown.min(updated.list.problems.len()) as u64);
    if more > 0 {
        let more = count(more, "more place");
        text.push_str(&format!("    … and {more} (--verbose shows up to 1,000)\n"));
    }
    text.push_str(&format!(
        "entry {}: edition {} is in force\n",
        updated.entry,
        short(&updated.edition)
    ));
    text
}

fn left_aside(list: &List, style: Style) -> String {
    let lines = list.left_aside.iter().map(|left| {
        let line = format!("{} {}: left aside", left.name, left.why);
        format!("  ? {}\n", style.fold(4, &plain(&line)))
    });
    lines.collect()
}

fn records(feed: &Feed) -> String {
    match feed.unread {
        0 => count(feed.records, "record"),
        n => format!(
            "{}, {} not understood",
            count(feed.records, "record"),
            number(n)
        ),
    }
}

fn list(home: &Home, as_of: Option<&str>, format: Format) -> Result<u8, Failure> {
    let index = home.index()?;
    let as_of = judge::as_of(as_of)?;
    let held = in_force(&index, &as_of)?;
    let now = Timestamp::now();
    match (format, &held) {
        (Format::Json, held) => say!("{:#}", list_json(held.as_ref(), &as_of, now)),
        (Format::Text, None) => {
            say!("No advisories are held: nothing is known of what is installed.");
            say!("`standing advisories update` takes them in; docs/advisories.md says from where.");
        }
        (Format::Text, Some((edition, list))) => {
            put!("{}", list_text(edition, list, now, Style::stdout()));
        }
    }
    Ok(u8::from(held.is_none()))
}

fn list_json(held: Option<&(AdvisoryEdition, List)>, as_of: &AsOf, now: Timestamp) -> Value {
    let Some((edition, list)) = held else {
        return json!({ "as_of": as_of.instant, "edition": null, "feeds": [] });
    };
    let feeds = list.feeds.iter().map(|feed| {
        let mut value = feed_json(feed);
        value["age_days"] = json!(feed.age_days(AsOf::at(now).date));
        value
    });
    json!({
        "as_of": as_of.instant,
        "edition": edition.edition,
        "entry": edition.entry,
        "taken_in_at": edition.valid_from,
        "feeds": feeds.collect::<Vec<_>>(),
        "left_aside": list.left_aside,
        "problems": list.problems,
    })
}

fn list_text(edition: &AdvisoryEdition, list: &List, now: Timestamp, style: Style) -> String {
    let mut rows = vec![
        [
            "Name",
            "Holds",
            "Records",
            "As of",
            "Age",
            "Checked on",
            "SHA-256",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    rows.extend(list.feeds.iter().map(|feed| {
        vec![
            plain(&feed.name),
            feed.kind.as_str().to_owned(),
            records(feed),
            feed.as_of.map_or_else(|| "not known".into(), day),
            feed.age_days(AsOf::at(now).date)
                .map_or_else(|| "not known".into(), days),
            checked_on(feed),
            feed.short().to_owned(),
        ]
    }));
    let mut text = table(&rows);
    text.push_str(&left_aside(list, style));
    text.push_str(&format!(
        "edition {}, taken in at {} (entry {})\n",
        edition.edition, edition.valid_from, edition.entry
    ));
    text
}

/// The day on which we last had it, or heard that it is as it was.
fn checked_on(feed: &Feed) -> String {
    let at: Option<Timestamp> = feed.checked_at.parse().ok();
    at.map_or_else(|| "not known".into(), |at| day(AsOf::at(at).date))
}

fn days(days: i32) -> String {
    count(u64::from(days.unsigned_abs()), "day")
}

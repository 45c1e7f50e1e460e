//! `standing notify preview`: what each channel would be told. Nothing is sent, and nothing is written.

use jiff::Timestamp;
use standing_assess::Index;
use standing_assess::check::Verdict;

use super::channel::{self, Channel};
use super::ledger::{self, Status};
use super::message::{Frame, Message};
use super::picture::{News, Now, Picture};
use super::{fixes, nobody};
use crate::cli::When;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;
use crate::serve::visit::Trouble;
use crate::text::{counted, plain};

/// Shows it. `all` is as if nothing had been told.
///
/// # Errors
/// When no channel is configured, unless all is wanted, or the vault cannot be read.
pub fn preview(home: &Home, all: bool, as_of: Option<&str>) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let when = When {
        as_of: as_of.map(str::to_owned),
        publish_on: None,
    };
    let terms = Terms::settle(home, &index, &when)?;
    let now: Timestamp = terms.as_of.instant.parse().map_err(Failure::integrity)?;
    let attempts = index.last_attempts()?;
    let taking_in = crate::advisories::attempts(&index)?;
    let (config, notify) = (&home.config, &home.config.notify);
    let (today, fixes) = {
        let estate = terms.estate(&mut index)?;
        let why = |trouble: Trouble| Failure::integrity(trouble.log.unwrap_or(trouble.detail));
        let fixes = fixes::in_estate(&estate, notify).map_err(why)?;
        (terms.judge(&estate)?, fixes)
    };
    let stands = Now::of(&today, &attempts, &taking_in, fixes, config, now);
    let frame = Frame {
        organisation: &config.organisation,
        url: &config.serve.public_url,
        met: (today.binding_with(Verdict::Met), today.binding()),
        now,
    };
    let message = |news: &News| shown(&Message::digest(&frame, &stands, news));
    if all {
        put!("{}", message(&stands.news(&Picture::default())));
        return Ok(0);
    }
    let mut channels = channel::all(notify).peekable();
    if channels.peek().is_none() {
        return Err(nobody());
    }
    for channel in channels {
        let (state, text) = next(&index, &channel, &stands, &message)?;
        say!("{}: {state}", channel.name());
        put!("{text}");
    }
    Ok(0)
}

/// What comes next on a channel, and the message, if there is one.
fn next(
    index: &Index,
    channel: &Channel<'_>,
    stands: &Now,
    message: &dyn Fn(&News) -> String,
) -> Result<(String, String), Failure> {
    let last = ledger::last(index, channel.name())?;
    let Some((last, told)) = last.as_ref().and_then(|n| Some((n, n.told()?))) else {
        let what = "the first look takes what stands for told; --all shows that";
        return Ok((what.into(), String::new()));
    };
    let waits = last
        .details
        .message
        .as_ref()
        .map_or_else(String::new, shown);
    let news = stands.news(told);
    Ok(match last.status {
        Status::Claimed => ("about to be sent, again if it was".into(), waits),
        Status::Failed => {
            let tries = counted(last.attempt, "try", "tries");
            (format!("not taken after {tries}, and tried again"), waits)
        }
        _ if news.is_empty() => ("nothing new".into(), String::new()),
        _ if stands.urgent(&news) => ("at the next quarter of an hour".into(), message(&news)),
        _ => ("at the hour of the digest".into(), message(&news)),
    })
}

/// What advisories and scanners call things must not drive the terminal.
fn shown(message: &Message) -> String {
    let text = message.text();
    let lines: Vec<String> = text.lines().map(plain).collect();
    format!("\n{}\n\n{}\n\n", plain(&message.subject), lines.join("\n"))
}

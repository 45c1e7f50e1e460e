//! Issues of a repository on GitHub.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{LABEL, Line, PAGES, Ticket, TicketState, Wanted, answered, odd};
use crate::serve::notify::channel::Refused;
use crate::serve::outward::agent;

const WITHIN: Duration = Duration::from_secs(30);
const A_PAGE: usize = 100;

fn headed<B>(line: &Line<'_>, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
    request
        .header("authorization", format!("Bearer {}", line.token))
        .header("accept", "application/vnd.github+json")
        .header("content-type", "application/json")
        .header("x-github-api-version", "2022-11-28")
}

/// Every ticket of ours by its mark, the oldest where there are two.
pub(super) fn known(
    line: &Line<'_>,
    repository: &str,
) -> Result<BTreeMap<String, Ticket>, Refused> {
    let mut known = BTreeMap::new();
    for page in 1..=PAGES {
        let url = format!(
            "{}/repos/{repository}/issues?labels={LABEL}&state=all&sort=created&direction=asc&per_page={A_PAGE}&page={page}",
            line.settings.url
        );
        let asked = headed(line, agent(&url, WITHIN).get(&url));
        let issues = answered(asked.call())?;
        let issues = issues.as_array().ok_or_else(odd)?;
        for issue in issues {
            if let Some(mark) = mark(issue) {
                known.entry(mark.to_owned()).or_insert(ticket(issue)?);
            }
        }
        if issues.len() < A_PAGE {
            return Ok(known);
        }
    }
    Err(odd())
}

fn mark(issue: &Value) -> Option<&str> {
    let lines = issue["body"].as_str()?.lines();
    lines
        .filter_map(|line| line.trim().strip_prefix("Reference: "))
        .next_back()
}

fn ticket(issue: &Value) -> Result<Ticket, Refused> {
    Ok(Ticket {
        address: issue["html_url"].as_str().ok_or_else(odd)?.to_owned(),
        state: match issue["state"].as_str() {
            Some("open") => TicketState::Open,
            Some("closed") => TicketState::Closed,
            _ => return Err(odd()),
        },
    })
}

/// Makes one.
pub(super) fn make(line: &Line<'_>, repository: &str, wanted: &Wanted) -> Result<Ticket, Refused> {
    let url = format!("{}/repos/{repository}/issues", line.settings.url);
    let body = json!({
        "title": wanted.title,
        "body": wanted.lines.join("\n\n"),
        "labels": [LABEL],
    });
    let asked = headed(line, agent(&url, WITHIN).post(&url));
    ticket(&answered(asked.send(body.to_string()))?)
}

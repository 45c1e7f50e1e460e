//! Issues of a project in Jira.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{LABEL, Line, PAGES, Ticket, TicketState, Wanted, answered, odd};
use crate::serve::notify::channel::Refused;
use crate::serve::outward::agent;

const WITHIN: Duration = Duration::from_secs(30);

fn send(line: &Line<'_>, user: &str, path: &str, body: &Value) -> Result<Value, Refused> {
    let url = format!("{}/rest/api/3/{path}", line.settings.url);
    let who = STANDARD.encode(format!("{user}:{}", line.token));
    let asked = agent(&url, WITHIN)
        .post(&url)
        .header("authorization", format!("Basic {who}"))
        .header("accept", "application/json")
        .header("content-type", "application/json");
    answered(asked.send(body.to_string()))
}

/// Every ticket of ours by its mark, the oldest where there are two.
pub(super) fn known(
    line: &Line<'_>,
    project: &str,
    user: &str,
) -> Result<BTreeMap<String, Ticket>, Refused> {
    let mut known = BTreeMap::new();
    let mut body = json!({
        "jql": format!("project = \"{project}\" AND labels = \"{LABEL}\" ORDER BY created ASC"),
        "fields": ["labels", "status"],
        "maxResults": 100,
    });
    for _ in 0..PAGES {
        let answer = send(line, user, "search/jql", &body)?;
        for issue in answer["issues"].as_array().ok_or_else(odd)? {
            let fields = &issue["fields"];
            let labels = fields["labels"].as_array().ok_or_else(odd)?;
            let marks = labels.iter().filter_map(Value::as_str);
            let state = match fields["status"]["statusCategory"]["key"].as_str() {
                Some("done") => TicketState::Closed,
                Some(_) => TicketState::Open,
                None => return Err(odd()),
            };
            let ticket = Ticket {
                address: address(line, issue)?,
                state,
            };
            for mark in marks.filter(|mark| *mark != LABEL) {
                known.entry(mark.to_owned()).or_insert(ticket.clone());
            }
        }
        match answer["nextPageToken"].as_str() {
            Some(next) => body["nextPageToken"] = json!(next),
            None if answer["isLast"] == json!(false) => return Err(odd()),
            None => return Ok(known),
        }
    }
    Err(odd())
}

fn address(line: &Line<'_>, issue: &Value) -> Result<String, Refused> {
    let key = issue["key"].as_str().ok_or_else(odd)?;
    Ok(format!("{}/browse/{key}", line.settings.url))
}

/// Makes one.
pub(super) fn make(
    line: &Line<'_>,
    project: &str,
    issue_type: &str,
    user: &str,
    wanted: &Wanted,
) -> Result<Ticket, Refused> {
    let paragraph = |text: &String| json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] });
    let body = json!({ "fields": {
        "project": { "key": project },
        "issuetype": { "name": issue_type },
        "summary": wanted.title,
        "labels": [LABEL, wanted.mark],
        "description": {
            "type": "doc",
            "version": 1,
            "content": wanted.lines.iter().map(paragraph).collect::<Vec<_>>(),
        },
    }});
    let made = send(line, user, "issue", &body)?;
    Ok(Ticket {
        address: address(line, &made)?,
        state: TicketState::Open,
    })
}

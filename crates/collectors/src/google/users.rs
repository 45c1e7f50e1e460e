//! Accounts, and the days on which they were suspended.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use standing_facts::tables::Account;
use standing_facts::{Date, GapCode};

use crate::answers::{Answers, Found};
use crate::{Sink, dates};

/// E-mail in lower case → day of the last suspension in the audit log.
#[derive(Default)]
pub(super) struct Suspensions(HashMap<String, Date>);

impl Suspensions {
    /// A log without events has no list.
    pub(super) fn read(answers: &Answers<'_>, sink: &mut Sink<'_>) -> Self {
        let mut days = Suspensions::default();
        answers.read_or_none(
            "suspensions",
            "account",
            "items",
            sink,
            &mut |found, sink| {
                let Some(day) = found.text_at(&["id", "time"]).and_then(dates::parse) else {
                    found.problem(sink, "expected an instant at id.time");
                    return;
                };
                let events = found.at(&["events"]).and_then(Value::as_array);
                let parameters = events
                    .into_iter()
                    .flatten()
                    .filter(|event| event["name"] == "SUSPEND_USER")
                    .filter_map(|event| event["parameters"].as_array())
                    .flatten();
                let users = parameters.filter(|p| p["name"] == "USER_EMAIL");
                for user in users.filter_map(|p| p["value"].as_str()) {
                    let last = days.0.entry(user.to_lowercase()).or_insert(day);
                    *last = day.max(*last);
                }
            },
        );
        days
    }
}

/// Reads the users. The administrator in whose name they are read is one of them: where it is not in the
/// list, a part of them is shown.
pub(super) fn read(
    (system, subject): (&str, &str),
    answers: &Answers<'_>,
    administrators: Option<&HashSet<String>>,
    suspensions: &Suspensions,
    sink: &mut Sink<'_>,
) {
    let mut seen = false;
    let whole = answers.read("users", "account", "users", sink, &mut |found, sink| {
        let (Some(id), Some(login)) = (found.text("id"), found.text("primaryEmail")) else {
            found.problem(sink, "expected id and primaryEmail; the user was left out");
            return;
        };
        seen |= goes_by(found, login, subject);
        let (suspended, archived) = (found.flag("suspended"), found.flag("archived"));
        let enabled = match (suspended, archived) {
            (Some(true), _) | (_, Some(true)) => Some(false),
            (Some(false), _) => Some(true),
            _ => None,
        };
        let (mfa, basis) = second_factor(found);
        let marked = [found.flag("isAdmin"), found.flag("isDelegatedAdmin")];
        let named = administrators.map(|all| all.contains(id));
        let disabled_on = suspensions.0.get(&login.to_lowercase()).copied();
        let created_on = found.day("creationTime", sink);
        let last_used_on = last_login(found, sink);
        sink.fact(&Account {
            id: sink.id(id),
            system: system.to_owned(),
            login: login.to_owned(),
            name: found.text_at(&["name", "fullName"]).map(str::to_owned),
            email: Some(login.to_owned()),
            employee_number: employee_number(found),
            enabled,
            kind: None,
            privileged: if marked.contains(&Some(true)) {
                Some(true)
            } else {
                named
            },
            mfa,
            mfa_basis: basis.map(str::to_owned),
            created_on,
            last_used_on,
            password_changed_on: None,
            owner: None,
            disabled_on: disabled_on.filter(|_| suspended == Some(true)),
            expires_on: None,
        });
    });
    if whole && !seen {
        let why = "the list of users lacks the administrator in whose name it is read: a part of them is shown";
        sink.gap(None, GapCode::Denied, why);
    }
}

fn goes_by(found: &Found<'_>, login: &str, name: &str) -> bool {
    let aliases = found.at(&["aliases"]).and_then(Value::as_array);
    let mut aliases = aliases.into_iter().flatten().filter_map(Value::as_str);
    login.eq_ignore_ascii_case(name) || aliases.any(|a| a.eq_ignore_ascii_case(name))
}

/// Whoever is not enrolled has no second factor, even where one will be demanded.
fn second_factor(found: &Found<'_>) -> (Option<bool>, Option<&'static str>) {
    match (found.flag("isEnrolledIn2Sv"), found.flag("isEnforcedIn2Sv")) {
        (Some(true), Some(true)) => (Some(true), Some("enforced")),
        (Some(enrolled), _) => (Some(enrolled), Some("registered")),
        (None, _) => (None, None),
    }
}

fn employee_number(found: &Found<'_>) -> Option<String> {
    let all = found.at(&["externalIds"])?.as_array()?;
    let own = all.iter().find(|id| id["type"] == "organization")?;
    own["value"]
        .as_str()
        .filter(|v| !v.is_empty())
        .map(str::to_owned)
}

/// Google writes the first instant of 1970 for *never*.
fn last_login(found: &Found<'_>, sink: &mut Sink<'_>) -> Option<Date> {
    let never = found.text("lastLoginTime")?.starts_with("1970-01-01");
    if never {
        None
    } else {
        found.day("lastLoginTime", sink)
    }
}

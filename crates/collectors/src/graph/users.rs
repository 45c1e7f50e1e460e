//! Accounts.

use serde_json::{Map, Value};
use standing_facts::tables::Account;
use standing_facts::{Date, GapCode};

use super::grants::Roles;
use super::pages::{Pages, USERS, element};
use super::registration::Registered;
use crate::answers::Answers;
use crate::{Parts, Sink, dates};

/// `roles` is what makes an account privileged; `None` where that is not completely known.
pub(super) fn read(
    (parts, asked): (&Parts<'_>, Option<&Answers<'_>>),
    system: &str,
    roles: Option<&Roles>,
    registered: &Registered,
    sink: &mut Sink<'_>,
) {
    let pages = Pages::of(parts, asked, USERS);
    if pages.not_saved() {
        sink.fail(GapCode::Missing, "no users*.json in the folder");
    }
    sink.count_distinct("account");
    let answer = pages.read("account", sink, &mut |part, place, object, sink| {
        let Some(account) = account(system, part, place, &object, sink) else {
            return;
        };
        let user = object.get("id").and_then(Value::as_str).unwrap_or_default();
        let mfa = registered.of(user);
        sink.fact(&Account {
            id: sink.id(user),
            privileged: roles.map(|r| r.is_privileged(user)),
            mfa,
            mfa_basis: mfa.map(|_| "registered".into()),
            ..account
        });
    });
    let counted = asked.and_then(|a| a.single("usersCount")?.as_u64());
    if let Some(count) = answer.count.or(counted) {
        sink.announced("account", count);
    }
}

fn account(
    system: &str,
    part: &str,
    place: u64,
    object: &Map<String, Value>,
    sink: &mut Sink<'_>,
) -> Option<Account> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(_), Some(login)) = (text("id"), text("userPrincipalName")) else {
        let what = "expected id and userPrincipalName; the user was left out";
        sink.problem(part, None, Some(&element(place)), what);
        return None;
    };
    let guest = login.contains("#EXT#") || text("userType").is_some_and(|t| t == "Guest");
    let mut day = |value: Option<&Value>, name: &str| day(value, (part, place, name), sink);
    let activity = object.get("signInActivity");
    let last_used_on = ["lastSuccessfulSignInDateTime", "lastSignInDateTime"]
        .into_iter()
        .chain(["lastNonInteractiveSignInDateTime"])
        .filter_map(|name| day(activity.and_then(|a| a.get(name)), name))
        .max();
    Some(Account {
        id: String::new(),
        system: system.to_owned(),
        name: text("displayName"),
        email: text("mail"),
        employee_number: text("employeeId"),
        enabled: object.get("accountEnabled").and_then(Value::as_bool),
        kind: guest.then(|| "external".into()),
        privileged: None,
        mfa: None,
        mfa_basis: None,
        created_on: day(object.get("createdDateTime"), "createdDateTime"),
        last_used_on,
        password_changed_on: day(
            object.get("lastPasswordChangeDateTime"),
            "lastPasswordChangeDateTime",
        ),
        owner: None,
        disabled_on: None,
        expires_on: None,
        login,
    })
}

/// Graph writes an instant of the year 1 for *never*.
fn day(
    value: Option<&Value>,
    (part, place, name): (&str, u64, &str),
    sink: &mut Sink<'_>,
) -> Option<Date> {
    let text = value?.as_str().filter(|t| !t.starts_with("0001-"))?;
    let day = dates::parse(text);
    if day.is_none() {
        let at = format!("{} {name}", element(place));
        sink.problem(
            part,
            None,
            Some(&at),
            "expected an instant as 2026-12-31T10:00:00Z",
        );
    }
    day
}

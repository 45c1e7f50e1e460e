//! Accounts, with the roles and entitlements that stand in them.

use serde_json::Value;
use standing_facts::GapCode;
use standing_facts::tables::{Account, Grant};

use crate::answers::{Answers, Found};
use crate::{Sink, dates};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Reads the users.
pub(super) fn read(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) {
    sink.count_distinct("account");
    // A list without rows may be left out.
    let list = "Resources";
    answers.read_or_none("users", "account", list, sink, &mut |found, sink| {
        let (Some(id), Some(login)) = (found.text("id"), found.text("userName")) else {
            found.problem(sink, "expected id and userName; the user was left out");
            return;
        };
        rights(system, id, found, sink);
        let created_on = found.text_at(&["meta", "created"]).and_then(dates::parse);
        sink.fact(&Account {
            id: sink.id(id),
            system: system.to_owned(),
            login: login.to_owned(),
            name: name(found),
            email: email(found),
            employee_number: found
                .text_at(&[ENTERPRISE, "employeeNumber"])
                .map(str::to_owned),
            enabled: found.flag("active"),
            kind: None,
            privileged: None,
            mfa: None,
            mfa_basis: None,
            created_on,
            last_used_on: None,
            password_changed_on: None,
            owner: None,
            disabled_on: None,
            expires_on: None,
        });
    });
    match super::total(answers, "users") {
        Some(total) => sink.announced("account", total),
        None => {
            let why = "users: the service does not say how many there are";
            sink.gap(Some("account"), GapCode::Malformed, why);
        }
    }
}

fn name(found: &Found<'_>) -> Option<String> {
    let part = |name: &str| found.text_at(&["name", name]);
    let own = found.text("displayName").or_else(|| part("formatted"));
    let joined = || Some(format!("{} {}", part("givenName")?, part("familyName")?));
    own.map(str::to_owned).or_else(joined)
}

/// The first address, unless another is marked as the primary one.
fn email(found: &Found<'_>) -> Option<String> {
    let all = found.at(&["emails"])?.as_array()?;
    let primary = all.iter().find(|e| e["primary"] == true).or(all.first())?;
    primary["value"]
        .as_str()
        .filter(|v| !v.is_empty())
        .map(str::to_owned)
}

/// What SCIM calls roles and entitlements has no fixed meaning: whether it makes an administrator is not
/// known.
fn rights(system: &str, user: &str, found: &Found<'_>, sink: &mut Sink<'_>) {
    for (list, entitlement) in [("roles", "role"), ("entitlements", "entitlement")] {
        let all = found.at(&[list]).and_then(Value::as_array);
        for right in all.into_iter().flatten() {
            let name = right["display"]
                .as_str()
                .or_else(|| right["value"].as_str());
            let Some(name) = name.or_else(|| right.as_str()) else {
                found.problem(sink, "expected a role or entitlement with a value");
                continue;
            };
            sink.fact(&Grant {
                id: sink.id(&format!("{user}/{name}/{entitlement}")),
                account: sink.id(user),
                system: system.to_owned(),
                resource: name.to_owned(),
                entitlement: entitlement.to_owned(),
                privileged: None,
                direct: None,
                granted_on: None,
            });
        }
    }
}

//! Accounts, their credentials, and when they were last used.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use standing_facts::tables::{Account, CredentialFactor};
use standing_facts::{Date, GapCode};

use crate::Sink;
use crate::answers::{self, Answers, Found, Of, text};

/// User → whether a second factor is registered, and when the password was set.
#[derive(Default)]
pub(super) struct Credentials(HashMap<String, (bool, Option<Date>)>);

/// User → day of the last LOGIN event that the realm still keeps.
#[derive(Default)]
pub(super) struct Used(HashMap<String, Date>);

impl Credentials {
    pub(super) fn read(answers: &Answers<'_>, sink: &mut Sink<'_>) -> Self {
        let mut all = Credentials::default();
        let name = "credentials";
        answers.read_each(
            name,
            "credential_factor",
            sink,
            &mut |user, of, sink| match of {
                Of::Page(page) if page.is_array() => all.take(user, page, sink),
                Of::Page(_) => sink.problem(name, None, None, "expected a list of credentials"),
                Of::Cut => {}
            },
        );
        all
    }

    fn take(&mut self, user: &str, page: &Value, sink: &mut Sink<'_>) {
        let (mut second, mut password) = (false, None);
        for credential in answers::objects(page, "") {
            let (Some(id), Some(kind)) = (text(credential, "id"), text(credential, "type")) else {
                sink.problem("credentials", None, None, "expected id and type");
                continue;
            };
            let made = day_of(credential, "createdDate");
            let (kind, phishing_resistant) = match kind {
                "otp" => ("totp", false),
                "webauthn" | "webauthn-passwordless" => ("fido2", true),
                "recovery-authn-codes" => ("recovery-codes", false),
                other => (other, false),
            };
            second |= matches!(kind, "totp" | "fido2");
            if kind == "password" {
                password = made;
            }
            sink.fact(&CredentialFactor {
                id: sink.id(&format!("{user}/{id}")),
                account: sink.id(user),
                kind: kind.to_owned(),
                phishing_resistant: Some(phishing_resistant),
                active: Some(true),
                created_on: made,
                last_used_on: None,
            });
        }
        self.0.insert(user.to_owned(), (second, password));
    }
}

impl Used {
    /// A realm that saves no events was not asked for any.
    pub(super) fn read(answers: &Answers<'_>, sink: &mut Sink<'_>) -> Self {
        let mut used = Used::default();
        let realm = answers.single("realm").unwrap_or_default();
        if realm["eventsEnabled"] == false {
            let why = "the realm saves no events, so when accounts were last used is not known; set \
leave_out = \"events\" where that is meant";
            sink.gap(Some("account"), GapCode::NotAsked, why);
            return used;
        }
        answers.read("events", "account", "", sink, &mut |found, sink| {
            let Some(user) = found.text("userId") else {
                return;
            };
            if let Some(day) = found.day_of_millis("time", sink) {
                let last = used.0.entry(user.to_owned()).or_insert(day);
                *last = day.max(*last);
            }
        });
        used
    }
}

/// Reads the users.
pub(super) fn read(
    system: &str,
    answers: &Answers<'_>,
    administrators: Option<&HashSet<String>>,
    credentials: &Credentials,
    used: &Used,
    sink: &mut Sink<'_>,
) {
    answers.whole("realm", "account", sink);
    sink.count_distinct("account");
    answers.read("users", "account", "", sink, &mut |found, sink| {
        let (Some(id), Some(login)) = (found.text("id"), found.text("username")) else {
            found.problem(sink, "expected id and username; the user was left out");
            return;
        };
        let own = credentials.0.get(id);
        let mfa = own.map(|(second, _)| *second);
        let created_on = found.day_of_millis("createdTimestamp", sink);
        let service = found.text("serviceAccountClientId").is_some();
        sink.fact(&Account {
            id: sink.id(id),
            system: system.to_owned(),
            login: login.to_owned(),
            name: name(found),
            email: found.text("email").map(str::to_owned),
            employee_number: employee_number(found),
            enabled: found.flag("enabled"),
            kind: service.then(|| "service".into()),
            privileged: administrators.map(|all| all.contains(id)),
            mfa,
            mfa_basis: mfa.map(|_| "registered".into()),
            created_on,
            last_used_on: used.0.get(id).copied(),
            password_changed_on: own.and_then(|(_, password)| *password),
            owner: None,
            disabled_on: None,
            expires_on: None,
        });
    });
    if answers.whole("usersCount", "account", sink) {
        match answers
            .single("usersCount")
            .and_then(|count| count.as_u64())
        {
            Some(count) => sink.announced("account", count),
            None => {
                let why = "usersCount: expected a number";
                sink.gap(Some("account"), GapCode::Malformed, why);
            }
        }
    }
}

fn name(found: &Found<'_>) -> Option<String> {
    match (found.text("firstName"), found.text("lastName")) {
        (None, None) => None,
        (first, last) => {
            let both: Vec<&str> = first.into_iter().chain(last).collect();
            Some(both.join(" "))
        }
    }
}

fn employee_number(found: &Found<'_>) -> Option<String> {
    let attributes = found.at(&["attributes"])?;
    let names = ["employeeNumber", "employee_number"];
    let value = names
        .iter()
        .find_map(|name| attributes[*name].as_array()?.first()?.as_str());
    value.filter(|v| !v.is_empty()).map(str::to_owned)
}

fn day_of(object: &Map<String, Value>, name: &str) -> Option<Date> {
    let millis = object.get(name)?.as_i64().filter(|millis| *millis > 0)?;
    let at = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(at.to_zoned(TimeZone::UTC).date())
}

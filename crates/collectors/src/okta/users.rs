//! Accounts and their factors.

use std::collections::HashMap;

use standing_facts::tables::{Account, CredentialFactor};

use super::grants::Roles;
use crate::answers::{self, Answers, Found, Of, text};
use crate::{Sink, dates};

/// What was seen of the users.
#[derive(Default)]
pub(super) struct Seen {
    /// How many came.
    pub(super) users: u64,
    /// Whether the token's own user is among them.
    pub(super) itself: bool,
    /// Whether the list came to its end.
    pub(super) asked: bool,
}

/// User → whether a second factor is registered; those whose factors are not known are not in here.
#[derive(Default)]
pub(super) struct Factors(HashMap<String, bool>);

impl Factors {
    pub(super) fn read(answers: &Answers<'_>, sink: &mut Sink<'_>) -> Self {
        let mut factors = Factors::default();
        answers.read_each(
            "factors",
            "credential_factor",
            sink,
            &mut |user, of, sink| match of {
                Of::Page(page) if answers::is_list(page, "") => factors.take(user, page, sink),
                Of::Page(_) => sink.problem("factors", None, None, "expected a list of factors"),
                Of::Cut => {}
            },
        );
        factors
    }

    fn take(&mut self, user: &str, page: &serde_json::Value, sink: &mut Sink<'_>) {
        let mut second = false;
        for factor in answers::objects(page, "") {
            let (Some(id), Some(kind)) = (text(factor, "id"), text(factor, "factorType")) else {
                sink.problem("factors", None, None, "expected id and factorType");
                continue;
            };
            let active = text(factor, "status").map(|status| status == "ACTIVE");
            let (kind, phishing_resistant, counts) = factor_in_our_words(kind);
            second |= counts && active == Some(true);
            sink.fact(&CredentialFactor {
                id: sink.id(&format!("{user}/{id}")),
                account: sink.id(user),
                kind: kind.to_owned(),
                phishing_resistant: Some(phishing_resistant),
                active,
                created_on: text(factor, "created").and_then(dates::parse),
                last_used_on: None,
            });
        }
        self.0.insert(user.to_owned(), second);
    }
}

/// The factor's kind, whether it resists phishing, and whether it counts as a second factor. E-mail is
/// enrolled for everybody without their doing.
fn factor_in_our_words(kind: &str) -> (&str, bool, bool) {
    match kind {
        "webauthn" | "u2f" => ("fido2", true, true),
        "signed_nonce" => ("platform-key", true, true),
        "push" => ("push", false, true),
        "sms" => ("sms", false, true),
        "call" => ("phone-call", false, true),
        "token:software:totp" | "token:hotp" | "token:hardware" | "token" => ("totp", false, true),
        "email" => ("email", false, false),
        "question" => ("questions", false, false),
        other => (other, false, true),
    }
}

/// Reads the users that are there and those that were deactivated.
pub(super) fn read(
    system: &str,
    answers: &Answers<'_>,
    roles: Option<&Roles>,
    factors: &Factors,
    own: Option<&str>,
    sink: &mut Sink<'_>,
) -> Seen {
    let mut seen = Seen::default();
    for list in ["users", "deprovisioned"] {
        let whole = answers.read(list, "account", "", sink, &mut |found, sink| {
            let Some(account) = account(system, found, sink) else {
                return;
            };
            let id = found.text("id").unwrap_or_default();
            seen.users += u64::from(list == "users");
            seen.itself |= own == Some(id);
            let mfa = factors.0.get(id).copied();
            sink.fact(&Account {
                privileged: roles.map(|r| r.is_privileged(id)),
                mfa,
                mfa_basis: mfa.map(|_| "registered".into()),
                ..account
            });
        });
        seen.asked |= whole && list == "users";
    }
    seen
}

fn account(system: &str, found: &Found<'_>, sink: &mut Sink<'_>) -> Option<Account> {
    let profile = |name: &str| found.text_at(&["profile", name]).map(str::to_owned);
    let (Some(id), Some(login)) = (found.text("id"), profile("login")) else {
        found.problem(sink, "expected id and profile.login; the user was left out");
        return None;
    };
    let status = found.text("status").unwrap_or_default();
    let enabled = match status {
        "ACTIVE" | "PROVISIONED" | "RECOVERY" | "PASSWORD_EXPIRED" | "LOCKED_OUT" => Some(true),
        "STAGED" | "SUSPENDED" | "DEPROVISIONED" => Some(false),
        _ => {
            found.problem(sink, "expected a status that is known");
            None
        }
    };
    let shut = matches!(status, "SUSPENDED" | "DEPROVISIONED");
    let changed = found.day("statusChanged", sink);
    let whole_name = || {
        Some(format!(
            "{} {}",
            profile("firstName")?,
            profile("lastName")?
        ))
    };
    Some(Account {
        id: sink.id(id),
        system: system.to_owned(),
        name: profile("displayName").or_else(whole_name),
        email: profile("email"),
        employee_number: profile("employeeNumber"),
        enabled,
        kind: None,
        privileged: None,
        mfa: None,
        mfa_basis: None,
        created_on: found.day("created", sink),
        last_used_on: found.day("lastLogin", sink),
        password_changed_on: found.day("passwordChanged", sink),
        owner: None,
        disabled_on: changed.filter(|_| shut),
        expires_on: None,
        login,
    })
}

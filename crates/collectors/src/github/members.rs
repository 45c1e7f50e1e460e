//! Accounts, their second factors, and their rights.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};
use standing_facts::GapCode;
use standing_facts::tables::{Account, CredentialFactor, Grant};

use super::saml::Identities;
use crate::Sink;
use crate::answers::{self, Answers, Of, text};

/// Rights that come with a list: the answer's name, the entitlement, whether it makes an administrator.
const LISTS: [(&str, &str, bool); 3] = [
    ("admins", "owner", true),
    ("members", "member", false),
    ("outside", "outside collaborator", false),
];

/// Whose second factors are known, and how they are.
struct SecondFactors {
    lists: BTreeMap<&'static str, HashSet<String>>,
    whole: HashSet<&'static str>,
    enforced: bool,
}

/// Reads everything.
pub(super) fn read(
    system: &str,
    answers: &Answers<'_>,
    identities: &Identities,
    left_out: &dyn Fn(&str) -> bool,
    sink: &mut Sink<'_>,
) {
    membership(answers, sink);
    let factors = SecondFactors::read(answers, left_out("two-factor"), sink);
    let mut privileged = BTreeSet::new();
    let mut roles_known = true;
    if !left_out("teams") {
        teams(system, answers, sink);
    }
    if !left_out("roles") {
        roles_known = roles(system, answers, &mut privileged, sink);
    }
    for (list, entitlement, owner) in LISTS {
        answers.whole(list, "grant", sink);
        answers.read(list, "account", "", sink, &mut |found, sink| {
            let (Some(id), Some(login)) = (id(found.object), found.text("login")) else {
                found.problem(sink, "expected id and login; the account was left out");
                return;
            };
            sink.fact(&Grant {
                privileged: Some(owner),
                ..grant(sink, system, &id, "organisation", entitlement, true)
            });
            let (mfa, basis) = factors.of(&id, list == "outside", sink);
            let administers = owner || privileged.contains(&id);
            sink.fact(&Account {
                id: sink.id(&id),
                system: system.to_owned(),
                login: login.to_owned(),
                name: None,
                email: found
                    .object
                    .get("id")
                    .and_then(|id| identities.email_of(id)),
                employee_number: None,
                enabled: Some(true),
                kind: kind(found.text("type"), list == "outside"),
                privileged: (administers || roles_known).then_some(administers),
                mfa,
                mfa_basis: basis.map(str::to_owned),
                created_on: None,
                last_used_on: None,
                password_changed_on: None,
                owner: None,
                disabled_on: None,
                expires_on: None,
            });
        });
    }
}

fn kind(said: Option<&str>, outside: bool) -> Option<String> {
    match said {
        Some("Bot") => Some("service".into()),
        _ => outside.then(|| "external".into()),
    }
}

/// Who is not a member is shown the public members only, and no error.
fn membership(answers: &Answers<'_>, sink: &mut Sink<'_>) {
    if !answers.whole("membership", "account", sink) {
        return;
    }
    let own = answers.single("membership").unwrap_or_default();
    if own["state"] != "active" {
        let why = "the token's own user is no active member of the organisation: it is shown a part of \
the members";
        sink.gap(None, GapCode::Denied, why);
    }
}

impl SecondFactors {
    /// The list of those without one says nothing to whoever is not an owner.
    fn read(answers: &Answers<'_>, left_out: bool, sink: &mut Sink<'_>) -> Self {
        let mut factors = SecondFactors {
            lists: BTreeMap::new(),
            whole: HashSet::new(),
            enforced: false,
        };
        let names = [
            "members_2fa_disabled",
            "members_2fa_insecure",
            "outside_2fa_disabled",
            "outside_2fa_insecure",
        ];
        for name in if left_out { &names[..0] } else { &names[..] } {
            let mut ids = HashSet::new();
            let mut understood = true;
            let table = if name.ends_with("insecure") {
                "credential_factor"
            } else {
                "account"
            };
            let whole = answers.read(
                name,
                table,
                "",
                sink,
                &mut |found, sink| match id(found.object) {
                    Some(id) => drop(ids.insert(id)),
                    None => {
                        understood = false;
                        found.problem(sink, "expected an id");
                    }
                },
            );
            factors.lists.insert(name, ids);
            if whole && understood {
                factors.whole.insert(name);
            }
        }
        let whole = answers.whole("organisation", "account", sink);
        let organisation = answers.single("organisation").unwrap_or_default();
        if whole && !organisation.is_object() {
            let why = "organisation: expected an object";
            sink.gap(Some("account"), GapCode::Malformed, why);
        }
        factors.enforced = organisation["two_factor_requirement_enabled"] == true;
        factors
    }

    fn of(
        &self,
        id: &str,
        outside: bool,
        sink: &mut Sink<'_>,
    ) -> (Option<bool>, Option<&'static str>) {
        let [disabled, insecure] = if outside {
            ["outside_2fa_disabled", "outside_2fa_insecure"]
        } else {
            ["members_2fa_disabled", "members_2fa_insecure"]
        };
        let named = |list: &str| self.lists.get(list).is_some_and(|ids| ids.contains(id));
        if named(insecure) {
            sink.fact(&CredentialFactor {
                id: sink.id(&format!("{id}/sms")),
                account: sink.id(id),
                kind: "sms".into(),
                phishing_resistant: Some(false),
                active: Some(true),
                created_on: None,
                last_used_on: None,
            });
        }
        if named(disabled) {
            (Some(false), Some("registered"))
        } else if !self.whole.contains(disabled) {
            (None, None)
        } else if self.enforced {
            (Some(true), Some("enforced"))
        } else {
            (Some(true), Some("registered"))
        }
    }
}

fn teams(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) {
    let mut names = HashMap::new();
    answers.read("teams", "grant", "", sink, &mut |found, sink| match (
        found.text("slug"),
        found.text("name"),
    ) {
        (Some(slug), Some(name)) => drop(names.insert(slug.to_owned(), name.to_owned())),
        _ => found.problem(sink, "expected slug and name"),
    });
    for (list, entitlement) in [
        ("team_maintainers", "maintainer"),
        ("team_members", "member"),
    ] {
        each_user(answers, list, sink, &mut |slug, id, _, sink| {
            let name = names.get(slug).map_or(slug, String::as_str);
            let resource = format!("team {name}");
            sink.fact(&Grant {
                privileged: Some(false),
                direct: None,
                ..grant(sink, system, id, &resource, entitlement, true)
            });
        });
    }
}

/// Every role in the organisation that can change something makes an administrator. Says whether all are
/// known.
fn roles(
    system: &str,
    answers: &Answers<'_>,
    privileged: &mut BTreeSet<String>,
    sink: &mut Sink<'_>,
) -> bool {
    let mut names = HashMap::new();
    let mut known = answers.read("roles", "grant", "roles", sink, &mut |found, sink| match (
        id(found.object),
        found.text("name"),
    ) {
        (Some(id), Some(name)) => drop(names.insert(id, name.to_owned())),
        _ => found.problem(sink, "expected id and name"),
    });
    let total = answers
        .documents("roles")
        .find_map(|page| page["total_count"].as_u64());
    if total.is_some_and(|total| total > names.len() as u64) {
        known = false;
        let why = "roles: there are more than were given";
        sink.gap(Some("grant"), GapCode::Truncated, why);
    }
    known &= each_user(answers, "role_users", sink, &mut |role, id, user, sink| {
        let name = names.get(role).map_or(role, String::as_str);
        let harmless = name == "all_repo_read";
        if !harmless {
            privileged.insert(id.to_owned());
        }
        let direct = text(user, "assignment").map(|by| by != "indirect");
        sink.fact(&Grant {
            privileged: Some(!harmless),
            direct,
            ..grant(sink, system, id, &format!("role {name}"), "role", true)
        });
    });
    known
}

type TakeUser<'t> = dyn FnMut(&str, &str, &Map<String, Value>, &mut Sink<'_>) + 't;

fn each_user(
    answers: &Answers<'_>,
    name: &str,
    sink: &mut Sink<'_>,
    take: &mut TakeUser<'_>,
) -> bool {
    let mut odd = 0_u64;
    let whole = answers.read_each(name, "grant", sink, &mut |thing, of, sink| {
        let Of::Page(page) = of else {
            return;
        };
        odd += u64::from(!page.is_array());
        for user in answers::objects(page, "") {
            match id(user) {
                Some(id) => take(thing, &id, user, sink),
                None => odd += 1,
            }
        }
    });
    if odd > 0 {
        let why = format!("{name}: places that were not understood: {odd}");
        sink.gap(Some("grant"), GapCode::Malformed, why);
    }
    whole && odd == 0
}

fn id(object: &Map<String, Value>) -> Option<String> {
    object.get("id")?.as_u64().map(|id| id.to_string())
}

fn grant(
    sink: &Sink<'_>,
    system: &str,
    user: &str,
    resource: &str,
    entitlement: &str,
    direct: bool,
) -> Grant {
    Grant {
        id: sink.id(&format!("{user}/{resource}/{entitlement}")),
        account: sink.id(user),
        system: system.to_owned(),
        resource: resource.to_owned(),
        entitlement: entitlement.to_owned(),
        privileged: None,
        direct: Some(direct),
        granted_on: None,
    }
}

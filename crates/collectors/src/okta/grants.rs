//! Administrator roles, groups and applications.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use standing_facts::GapCode;
use standing_facts::tables::Grant;

use crate::answers::{self, Answers, Of, text};
use crate::{Sink, dates};

/// Roles that see every user. Any other may be held for some groups only.
const SEE_ALL: [&str; 3] = ["SUPER_ADMIN", "ORG_ADMIN", "READ_ONLY_ADMIN"];
/// Roles that can change nothing.
const HARMLESS: [&str; 2] = ["READ_ONLY_ADMIN", "REPORT_ADMIN"];

/// Who is an administrator.
#[derive(Default)]
pub(super) struct Roles(HashSet<String>);

impl Roles {
    pub(super) fn is_privileged(&self, user: &str) -> bool {
        self.0.contains(user)
    }
}

/// The roles of administrators; `None` where not all of them are known.
pub(super) fn roles(
    system: &str,
    answers: &Answers<'_>,
    own: Option<&str>,
    sink: &mut Sink<'_>,
) -> Option<Roles> {
    let mut roles = Roles::default();
    let mut known = answers.whole("assignees", "grant", sink);
    let (mut sees_all, mut all_understood) = (false, true);
    known &= answers.read_each("roles", "grant", sink, &mut |user, of, sink| {
        let Of::Page(page) = of else {
            return;
        };
        all_understood &= answers::is_list(page, "");
        for role in answers::objects(page, "") {
            let kind = text(role, "type").unwrap_or("a role without a type");
            let name = text(role, "label").unwrap_or(kind);
            if text(role, "status").is_some_and(|s| s != "ACTIVE") {
                continue;
            }
            sees_all |= own == Some(user) && SEE_ALL.contains(&kind);
            let privileged = !HARMLESS.contains(&kind);
            if privileged {
                roles.0.insert(user.to_owned());
            }
            let direct = text(role, "assignmentType").map(|by| by == "USER");
            let given = Grant {
                privileged: Some(privileged),
                direct,
                granted_on: day(role),
                ..grant(sink, system, user, name, "role")
            };
            sink.fact(&given);
        }
    });
    if !all_understood {
        let why = "roles: expected a list of roles of each administrator";
        sink.gap(Some("grant"), GapCode::Malformed, why);
    }
    if !known {
        let why = "the roles of the token's own user are not known, so neither is whether it is shown every user";
        sink.gap(Some("account"), GapCode::Denied, why);
    } else if own.is_some() && !sees_all {
        let why = "the token's own user does not hold a role that sees every user (Read Only Administrator): \
it may be shown a part of them";
        sink.gap(None, GapCode::Denied, why);
    }
    (known && all_understood).then_some(roles)
}

/// Memberships.
pub(super) fn groups(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) {
    let mut names = HashMap::new();
    answers.read("groups", "grant", "", sink, &mut |found, sink| match (
        found.text("id"),
        found.text_at(&["profile", "name"]),
    ) {
        (Some(id), Some(name)) => {
            names.insert(id.to_owned(), name.to_owned());
        }
        _ => found.problem(sink, "expected id and profile.name"),
    });
    let of = "groupMembers";
    each_user(answers, of, sink, &mut |group, _, id, sink| {
        let name = names.get(group).map_or(group, String::as_str);
        let resource = format!("group {name}");
        let given = Grant {
            privileged: Some(false),
            direct: Some(true),
            ..grant(sink, system, id, &resource, "member")
        };
        sink.fact(&given);
    });
}

/// Who is assigned to which application. What they may do there is that application's matter.
pub(super) fn applications(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) {
    let mut names = HashMap::new();
    answers.read("apps", "grant", "", sink, &mut |found, sink| {
        let name = found.text("label").or_else(|| found.text("name"));
        match (found.text("id"), name) {
            (Some(id), Some(name)) => {
                names.insert(id.to_owned(), name.to_owned());
            }
            _ => found.problem(sink, "expected id and label"),
        }
    });
    each_user(answers, "appUsers", sink, &mut |app, user, id, sink| {
        let name = names.get(app).map_or(app, String::as_str);
        let resource = format!("app {name}");
        let given = Grant {
            direct: text(user, "scope").map(|scope| scope == "USER"),
            granted_on: day(user),
            ..grant(sink, system, id, &resource, "user")
        };
        sink.fact(&given);
    });
}

type TakeUser<'t> = dyn FnMut(&str, &Map<String, Value>, &str, &mut Sink<'_>) + 't;

fn each_user(answers: &Answers<'_>, name: &str, sink: &mut Sink<'_>, take: &mut TakeUser<'_>) {
    let mut odd = 0_u64;
    answers.read_each(name, "grant", sink, &mut |thing, of, sink| {
        let Of::Page(page) = of else {
            return;
        };
        odd += u64::from(!answers::is_list(page, ""));
        for user in answers::objects(page, "") {
            match text(user, "id") {
                Some(id) => take(thing, user, id, sink),
                None => odd += 1,
            }
        }
    });
    if odd > 0 {
        let why = format!("{name}: places that were not understood: {odd}");
        sink.gap(Some("grant"), GapCode::Malformed, why);
    }
}

fn day(object: &Map<String, Value>) -> Option<standing_facts::Date> {
    text(object, "created").and_then(dates::parse)
}

fn grant(sink: &Sink<'_>, system: &str, user: &str, resource: &str, entitlement: &str) -> Grant {
    Grant {
        id: sink.id(&format!("{user}/{resource}/{entitlement}")),
        account: sink.id(user),
        system: system.to_owned(),
        resource: resource.to_owned(),
        entitlement: entitlement.to_owned(),
        privileged: None,
        direct: None,
        granted_on: None,
    }
}

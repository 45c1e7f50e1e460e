//! Administrator roles, and groups with their members.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use standing_facts::GapCode;
use standing_facts::tables::Grant;

use crate::Sink;
use crate::answers::{self, Answers, Of, text};

/// Roles as they are assigned.
pub(super) struct Assigned {
    users: HashSet<String>,
    /// Group → roles.
    groups: BTreeMap<String, Vec<String>>,
    whole: bool,
}

/// The users who are members of each group that was read to its end.
#[derive(Default)]
pub(super) struct Members(HashMap<String, BTreeSet<String>>);

/// Reads who is assigned which role. Every role makes an administrator: those made by the firm may hold
/// any right.
pub(super) fn read(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) -> Assigned {
    let mut names = HashMap::new();
    answers.read_or_none("roles", "grant", "items", sink, &mut |found, sink| match (
        found.text("roleId"),
        found.text("roleName"),
    ) {
        (Some(id), Some(name)) => {
            names.insert(id.to_owned(), name.to_owned());
        }
        _ => found.problem(sink, "expected roleId and roleName"),
    });
    let mut assigned = Assigned {
        users: HashSet::new(),
        groups: BTreeMap::new(),
        whole: true,
    };
    let mut understood = true;
    let list = "roleassignments";
    assigned.whole = answers.read_or_none(list, "grant", "items", sink, &mut |found, sink| {
        let (Some(role), Some(to)) = (found.text("roleId"), found.text("assignedTo")) else {
            understood = false;
            found.problem(sink, "expected roleId and assignedTo");
            return;
        };
        let name = names.get(role).map_or(role, String::as_str).to_owned();
        if found.text("assigneeType") == Some("group") {
            let roles = assigned.groups.entry(to.to_owned()).or_default();
            roles.push(name);
            return;
        }
        assigned.users.insert(to.to_owned());
        sink.fact(&role_of(sink, system, to, &name, true));
    });
    assigned.whole &= understood;
    assigned
}

/// Reads groups and their members. What a group counts itself is compared with who came.
pub(super) fn groups(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) -> Members {
    let mut known: HashMap<String, (String, Option<u64>)> = HashMap::new();
    answers.read_or_none("groups", "grant", "groups", sink, &mut |found, sink| {
        let name = found.text("email").or_else(|| found.text("name"));
        match (found.text("id"), name) {
            (Some(id), Some(name)) => {
                let count = found
                    .text("directMembersCount")
                    .and_then(|c| c.parse().ok());
                known.insert(id.to_owned(), (name.to_owned(), count));
            }
            _ => found.problem(sink, "expected id and email"),
        }
    });
    let mut members = Members::default();
    let (mut came, mut cut, mut odd) = (HashMap::<String, u64>::new(), HashSet::new(), 0_u64);
    answers.read_each("members", "grant", sink, &mut |group, of, sink| {
        let Of::Page(page) = of else {
            cut.insert(group.to_owned());
            return;
        };
        let name = known.get(group).map_or(group, |(name, _)| name.as_str());
        let of_group = members.0.entry(group.to_owned()).or_default();
        // A group without members is answered without the list.
        let listed = page.get("members");
        odd += u64::from(!page.is_object() || listed.is_some_and(|m| !m.is_array()));
        for member in answers::objects(page, "members") {
            *came.entry(group.to_owned()).or_default() += 1;
            if text(member, "type").is_some_and(|kind| kind != "USER") {
                continue;
            }
            let Some(id) = text(member, "id") else {
                odd += 1;
                continue;
            };
            of_group.insert(id.to_owned());
            let role = text(member, "role").unwrap_or("member").to_lowercase();
            sink.fact(&Grant {
                privileged: Some(false),
                ..grant(sink, system, id, &format!("group {name}"), &role, true)
            });
        }
    });
    let short = known.iter().filter(|(id, (_, count))| {
        let came = came.get(*id).copied().unwrap_or_default();
        !cut.contains(*id) && members.0.contains_key(*id) && count.is_some_and(|c| came < c)
    });
    let short = short.count();
    if short > 0 {
        let why = format!("groups that count more members than they gave: {short}");
        sink.gap(Some("grant"), GapCode::Truncated, why);
    }
    if odd > 0 {
        let why = format!("members: places that were not understood: {odd}");
        sink.gap(Some("grant"), GapCode::Malformed, why);
    }
    members.0.retain(|id, _| !cut.contains(id));
    members
}

/// The roles that members hold through a group; all administrators, or `None` where not all are known.
pub(super) fn through_groups(
    system: &str,
    assigned: Assigned,
    members: &Members,
    sink: &mut Sink<'_>,
) -> Option<HashSet<String>> {
    let (mut users, mut unread) = (assigned.users, 0);
    for (group, roles) in &assigned.groups {
        let Some(of_group) = members.0.get(group) else {
            unread += 1;
            continue;
        };
        for user in of_group {
            users.insert(user.clone());
            for role in roles {
                sink.fact(&role_of(sink, system, user, role, false));
            }
        }
    }
    if unread > 0 {
        let why = format!("groups that hold roles and whose members are not known: {unread}");
        sink.gap(Some("grant"), GapCode::Missing, why);
    }
    (assigned.whole && unread == 0).then_some(users)
}

fn role_of(sink: &Sink<'_>, system: &str, user: &str, role: &str, direct: bool) -> Grant {
    Grant {
        privileged: Some(true),
        ..grant(sink, system, user, role, "role", direct)
    }
}

fn grant(
    sink: &Sink<'_>,
    system: &str,
    user: &str,
    resource: &str,
    entitlement: &str,
    direct: bool,
) -> Grant {
    let way = if direct { "" } else { "/through a group" };
    Grant {
        id: sink.id(&format!("{user}/{resource}/{entitlement}{way}")),
        account: sink.id(user),
        system: system.to_owned(),
        resource: resource.to_owned(),
        entitlement: entitlement.to_owned(),
        privileged: None,
        direct: Some(direct),
        granted_on: None,
    }
}

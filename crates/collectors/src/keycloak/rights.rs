//! Roles, with what composite ones hold, of users and of groups; memberships.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};
use standing_facts::GapCode;
use standing_facts::tables::Grant;

use crate::Sink;
use crate::answers::{self, Answers, Of, text};

/// A role: whose it is (the client, or nothing for the realm's own) and its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Role {
    client: String,
    name: String,
}

impl Role {
    /// The clients by which Keycloak itself is administered, and the realm's role that does.
    fn privileged(&self) -> bool {
        let console = self.client == "realm-management" || self.client.ends_with("-realm");
        let reads = self.name.starts_with("view-") || self.name.starts_with("query-");
        (console && !reads) || (self.client.is_empty() && self.name.contains("admin"))
    }

    fn resource(&self) -> String {
        match self.client.as_str() {
            "" => format!("role {}", self.name),
            client => format!("client {client} role {}", self.name),
        }
    }
}

#[derive(Default)]
struct Roles {
    clients: HashMap<String, String>,
    held: HashMap<String, Vec<(String, Role)>>,
    odd: u64,
}

impl Roles {
    /// A role by its id.
    fn role(&self, object: &Map<String, Value>) -> Option<(String, Role)> {
        let (id, name) = (text(object, "id")?, text(object, "name")?);
        let of_client = object.get("clientRole") == Some(&Value::Bool(true));
        let client = text(object, "containerId")
            .filter(|_| of_client)
            .unwrap_or_default();
        let client = self.clients.get(client).map_or(client, String::as_str);
        let role = Role {
            client: client.to_owned(),
            name: name.to_owned(),
        };
        Some((id.to_owned(), role))
    }

    fn list(&mut self, list: &Value) -> Vec<(String, Role)> {
        let Some(all) = list.as_array() else {
            self.odd += u64::from(!list.is_null());
            return Vec::new();
        };
        let (mut roles, mut odd) = (Vec::new(), 0);
        for role in all {
            match role.as_object().and_then(|role| self.role(role)) {
                Some(role) => roles.push(role),
                None => odd += 1,
            }
        }
        self.odd += odd;
        roles
    }

    /// `role-mappings`: the realm's roles and each client's.
    fn mappings(&mut self, page: &Value) -> Vec<(String, Role)> {
        if !page.is_object() {
            self.odd += 1;
        }
        let mut roles = self.list(&page["realmMappings"]);
        for client in page["clientMappings"]
            .as_object()
            .into_iter()
            .flat_map(Map::values)
        {
            roles.extend(self.list(&client["mappings"]));
        }
        roles
    }

    /// These roles, and those that they hold.
    fn with_held(&self, direct: &[(String, Role)]) -> BTreeMap<Role, bool> {
        let mut all = BTreeMap::new();
        let mut seen = HashSet::new();
        let mut open: Vec<(&(String, Role), bool)> = direct.iter().map(|r| (r, true)).collect();
        while let Some(((id, role), is_direct)) = open.pop() {
            *all.entry(role.clone()).or_insert(false) |= is_direct;
            if seen.insert(id) {
                let held = self.held.get(id).into_iter().flatten();
                open.extend(held.map(|role| (role, false)));
            }
        }
        all
    }
}

/// Reads everybody's rights: who is an administrator, or `None` where not all is known.
pub(super) fn read(
    system: &str,
    answers: &Answers<'_>,
    without_groups: bool,
    sink: &mut Sink<'_>,
) -> Option<HashSet<String>> {
    let mut roles = Roles::default();
    let mut known = answers.read("realmRoles", "grant", "", sink, &mut |_, _| {});
    known &= answers.read_each("clientRoles", "grant", sink, &mut |_, of, _| {
        roles.odd += u64::from(matches!(of, Of::Page(page) if !page.is_array()));
    });
    known &= answers.read("clients", "grant", "", sink, &mut |found, sink| match (
        found.text("id"),
        found.text("clientId"),
    ) {
        (Some(id), Some(name)) => drop(roles.clients.insert(id.to_owned(), name.to_owned())),
        _ => found.problem(sink, "expected id and clientId"),
    });
    known &= answers.read_each("composites", "grant", sink, &mut |role, of, _| {
        if let Of::Page(page) = of {
            let held = roles.list(page);
            roles.held.insert(role.to_owned(), held);
        }
    });
    let mut administrators = HashSet::new();
    known &= answers.read_each("userRoles", "grant", sink, &mut |user, of, sink| {
        if let Of::Page(page) = of {
            let direct = roles.mappings(page);
            for (role, is_direct) in roles.with_held(&direct) {
                give(
                    system,
                    user,
                    &role,
                    is_direct,
                    "",
                    &mut administrators,
                    sink,
                );
            }
        }
    });
    if !without_groups {
        known &= groups(system, answers, &mut roles, &mut administrators, sink);
    }
    if roles.odd > 0 {
        let why = format!("roles: places that were not understood: {}", roles.odd);
        sink.gap(Some("grant"), GapCode::Malformed, why);
    }
    (known && roles.odd == 0).then_some(administrators)
}

/// A member of a group holds the roles of that and of those above it.
fn groups(
    system: &str,
    answers: &Answers<'_>,
    roles: &mut Roles,
    administrators: &mut HashSet<String>,
    sink: &mut Sink<'_>,
) -> bool {
    let mut names: HashMap<String, String> = HashMap::new();
    let mut above: HashMap<String, String> = HashMap::new();
    let mut known = answers.read("groups", "grant", "", sink, &mut |found, sink| match (
        found.text("id"),
        found.text("name"),
    ) {
        (Some(id), Some(name)) => drop(names.insert(id.to_owned(), name.to_owned())),
        _ => found.problem(sink, "expected id and name"),
    });
    let mut level: BTreeSet<String> = names.keys().cloned().collect();
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        let mut below = BTreeSet::new();
        let name = format!("children{depth}");
        known &= answers.read_each(&name, "grant", sink, &mut |parent, of, _| {
            let Of::Page(page) = of else {
                return;
            };
            roles.odd += u64::from(!page.is_array());
            for group in answers::objects(page, "") {
                let (Some(id), Some(name)) = (text(group, "id"), text(group, "name")) else {
                    roles.odd += 1;
                    continue;
                };
                if names.contains_key(id) {
                    continue;
                }
                let path = names.get(parent).map_or("", String::as_str);
                names.insert(id.to_owned(), format!("{path}/{name}"));
                above.insert(id.to_owned(), parent.to_owned());
                below.insert(id.to_owned());
            }
        });
        level = below;
    }
    let mut held: HashMap<String, Vec<(String, Role)>> = HashMap::new();
    known &= answers.read_each("groupRoles", "grant", sink, &mut |group, of, _| {
        if let Of::Page(page) = of {
            let direct = roles.mappings(page);
            held.insert(group.to_owned(), direct);
        }
    });
    known &= answers.read_each("groupMembers", "grant", sink, &mut |group, of, sink| {
        let Of::Page(page) = of else {
            return;
        };
        roles.odd += u64::from(!page.is_array());
        let mut direct = Vec::new();
        let mut at = Some(group.to_owned());
        while let Some(here) = at {
            direct.extend(held.get(&here).cloned().unwrap_or_default());
            at = above.get(&here).cloned();
        }
        let name = names.get(group).map_or(group, String::as_str);
        for member in answers::objects(page, "") {
            let Some(user) = text(member, "id") else {
                roles.odd += 1;
                continue;
            };
            let resource = format!("group {name}");
            sink.fact(&Grant {
                privileged: Some(false),
                ..grant(sink, system, user, &resource, "member", "")
            });
            for (role, _) in roles.with_held(&direct) {
                let way = "/through a group";
                give(system, user, &role, false, way, administrators, sink);
            }
        }
    });
    known
}

fn give(
    system: &str,
    user: &str,
    role: &Role,
    direct: bool,
    way: &str,
    administrators: &mut HashSet<String>,
    sink: &mut Sink<'_>,
) {
    if role.privileged() {
        administrators.insert(user.to_owned());
    }
    sink.fact(&Grant {
        privileged: Some(role.privileged()),
        direct: Some(direct),
        ..grant(sink, system, user, &role.resource(), "role", way)
    });
}

fn grant(
    sink: &Sink<'_>,
    system: &str,
    user: &str,
    resource: &str,
    entitlement: &str,
    way: &str,
) -> Grant {
    Grant {
        id: sink.id(&format!("{user}/{resource}/{entitlement}{way}")),
        account: sink.id(user),
        system: system.to_owned(),
        resource: resource.to_owned(),
        entitlement: entitlement.to_owned(),
        privileged: None,
        direct: Some(true),
        granted_on: None,
    }
}

//! Directory roles and groups.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};
use standing_facts::GapCode;
use standing_facts::tables::Grant;

use super::pages::element;
use crate::Sink;

/// An `$expand` of members gives this many and does not say that there are more.
const EXPANDED_AT_MOST: usize = 20;

/// Who holds which role.
#[derive(Default)]
pub(super) struct Roles {
    definitions: HashMap<String, (String, Option<bool>)>,
    privileged: HashSet<String>,
    /// Holder → roles. For a group they are those of all its members.
    held: BTreeMap<String, Vec<(String, bool)>>,
    /// Holders that are groups for certain.
    groups: BTreeSet<String>,
    /// A role's holders may be more than we were given.
    pub(super) incomplete: bool,
}

impl Roles {
    /// Takes an object of any of the three answers about roles.
    pub(super) fn take(
        &mut self,
        system: &str,
        part: &str,
        place: u64,
        object: &Map<String, Value>,
        sink: &mut Sink<'_>,
    ) {
        if object.contains_key("roleDefinitionId") {
            self.assignment(system, part, place, object, sink);
        } else if object.contains_key("members") {
            self.role(system, object, sink);
        } else if let (Some(id), Some(name)) = (text(object, "id"), text(object, "displayName")) {
            let marked = object.get("isPrivileged").and_then(Value::as_bool);
            let definition = (name.to_owned(), marked);
            self.definitions.insert(id.to_owned(), definition);
            if part.to_lowercase().contains("directoryroles") {
                self.incomplete = true;
                let what = "a role without members: was it asked for with $expand=members?";
                sink.problem(part, None, Some(&element(place)), what);
            }
        } else {
            self.incomplete = true;
            let what = "expected a role or a role assignment";
            sink.problem(part, None, Some(&element(place)), what);
        }
    }

    /// `roleManagement/directory/roleAssignments`: one principal, one role.
    fn assignment(
        &mut self,
        system: &str,
        part: &str,
        place: u64,
        object: &Map<String, Value>,
        sink: &mut Sink<'_>,
    ) {
        let definition = object.get("roleDefinition").and_then(Value::as_object);
        let role_id = text(object, "roleDefinitionId").unwrap_or_default();
        let named = definition.and_then(|d| text(d, "displayName"));
        let marked = definition.and_then(|d| d.get("isPrivileged")?.as_bool());
        let known = self.definitions.get(role_id);
        let name = named
            .or(known.map(|k| k.0.as_str()))
            .unwrap_or(role_id)
            .to_owned();
        let privileged = is_privileged(&name, marked.or(known.and_then(|k| k.1)));
        let expanded = object.get("principal").and_then(Value::as_object);
        let Some(principal) =
            text(object, "principalId").or_else(|| expanded.and_then(|p| text(p, "id")))
        else {
            self.incomplete = true;
            let what = "expected a principalId";
            sink.problem(part, None, Some(&element(place)), what);
            return;
        };
        let kind = expanded.and_then(|p| text(p, "@odata.type"));
        self.give(system, principal, kind, (&name, privileged), sink);
    }

    /// `directoryRoles` with its members.
    fn role(&mut self, system: &str, object: &Map<String, Value>, sink: &mut Sink<'_>) {
        let name = text(object, "displayName").unwrap_or("a role without a name");
        let privileged = is_privileged(name, object.get("isPrivileged").and_then(Value::as_bool));
        if is_cut(object) {
            self.incomplete = true;
            let why =
                format!("the role {name:?} comes with as many members as an $expand gives at most");
            sink.gap(Some("grant"), GapCode::Truncated, why);
        }
        for member in members(object) {
            if let Some(id) = text(member, "id") {
                let kind = text(member, "@odata.type");
                self.give(system, id, kind, (name, privileged), sink);
            }
        }
    }

    /// A group holds a role for its members; a service principal's is a service's.
    fn give(
        &mut self,
        system: &str,
        principal: &str,
        kind: Option<&str>,
        (name, privileged): (&str, bool),
        sink: &mut Sink<'_>,
    ) {
        let roles = self.held.entry(principal.to_owned()).or_default();
        roles.push((name.to_owned(), privileged));
        if kind.is_some_and(|k| k.ends_with("group")) {
            self.groups.insert(principal.to_owned());
            return;
        }
        if privileged {
            self.privileged.insert(principal.to_owned());
        }
        sink.fact(&grant(
            sink, system, principal, name, "role", privileged, true,
        ));
    }

    /// The roles that members hold through a group, as grants of their own.
    pub(super) fn through_groups(&mut self, system: &str, groups: &Groups, sink: &mut Sink<'_>) {
        for (group, members) in &groups.of_roles {
            for (role, privileged) in self.held.get(group).into_iter().flatten() {
                for member in members {
                    let given = grant(sink, system, member, role, "role", *privileged, false);
                    sink.fact(&given);
                    if *privileged {
                        self.privileged.insert(member.clone());
                    }
                }
            }
        }
        let unread = self.groups.iter().filter(|g| !groups.read.contains(*g));
        let unread = unread.count();
        if unread > 0 {
            self.incomplete = true;
            let why = format!("groups that hold roles and whose members are not known: {unread}");
            sink.gap(Some("grant"), GapCode::Missing, why);
        }
    }

    pub(super) fn is_privileged(&self, user: &str) -> bool {
        self.privileged.contains(user)
    }

    fn holds(&self, group: &str) -> bool {
        self.held.contains_key(group)
    }
}

/// Memberships. Only those of groups that hold roles are kept.
#[derive(Default)]
pub(super) struct Groups {
    of_roles: BTreeMap<String, Vec<String>>,
    /// Groups that hold roles and whose members we have.
    read: BTreeSet<String>,
    cut: u64,
    without_members: u64,
}

impl Groups {
    pub(super) fn take(
        &mut self,
        system: &str,
        roles: &Roles,
        part: &str,
        place: u64,
        object: &Map<String, Value>,
        sink: &mut Sink<'_>,
    ) {
        let (Some(id), Some(name)) = (text(object, "id"), text(object, "displayName")) else {
            let what = "expected id and displayName; the group was left out";
            sink.problem(part, None, Some(&element(place)), what);
            return;
        };
        let listed = object.contains_key("members");
        self.without_members += u64::from(!listed);
        self.cut += u64::from(is_cut(object));
        if listed && !is_cut(object) && roles.holds(id) {
            self.read.insert(id.to_owned());
        }
        for member in members(object) {
            let is_user = text(member, "@odata.type").is_none_or(|t| t.ends_with("user"));
            let Some(user) = text(member, "id").filter(|_| is_user) else {
                continue;
            };
            let resource = format!("group {name}");
            sink.fact(&grant(sink, system, user, &resource, "member", false, true));
            if roles.holds(id) {
                let members = self.of_roles.entry(id.to_owned()).or_default();
                members.push(user.to_owned());
            }
        }
    }

    pub(super) fn report(&self, sink: &mut Sink<'_>) {
        if self.without_members > 0 {
            let why = format!(
                "groups whose members are not in the file: {}",
                self.without_members
            );
            sink.gap(Some("grant"), GapCode::Missing, why);
        }
        if self.cut > 0 {
            let why = format!(
                "groups with as many members as an $expand gives at most: {}",
                self.cut
            );
            sink.gap(Some("grant"), GapCode::Truncated, why);
        }
    }
}

fn grant(
    sink: &Sink<'_>,
    system: &str,
    principal: &str,
    resource: &str,
    entitlement: &str,
    privileged: bool,
    direct: bool,
) -> Grant {
    let way = if direct { "" } else { "/through a group" };
    Grant {
        id: sink.id(&format!("{principal}/{resource}/{entitlement}{way}")),
        account: sink.id(principal),
        system: system.to_owned(),
        resource: resource.to_owned(),
        entitlement: entitlement.to_owned(),
        privileged: Some(privileged),
        direct: Some(direct),
        granted_on: None,
    }
}

/// Every directory role that can change something makes an administrator. Graph marks fewer as
/// privileged, so its mark adds to this and takes nothing away.
fn is_privileged(name: &str, marked: Option<bool>) -> bool {
    const HARMLESS: [&str; 4] = [
        "User",
        "Guest User",
        "Restricted Guest User",
        "Guest Inviter",
    ];
    let reads = name.contains("Reader") || name.contains("Viewer");
    marked == Some(true) || !(reads || HARMLESS.contains(&name))
}

fn is_cut(object: &Map<String, Value>) -> bool {
    object.contains_key("members@odata.nextLink")
        || object
            .get("members")
            .and_then(Value::as_array)
            .is_some_and(|m| m.len() == EXPANDED_AT_MOST)
}

fn members(object: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let list = object.get("members").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o str> {
    object.get(name)?.as_str().filter(|t| !t.is_empty())
}

//! Directory roles and groups.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};
use standing_facts::GapCode;
use standing_facts::tables::Grant;

use super::pages::element;
use crate::Sink;

/// An `$expand` of members gives this many and does not say that there are more.
const EXPANDED_AT_MOST: usize = 20;
/// The role of whoever is let into an application that has no roles.
const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";

/// What somebody holds.
#[derive(Clone)]
struct Right {
    resource: String,
    entitlement: String,
    privileged: Option<bool>,
}

impl Right {
    fn role(name: &str, privileged: bool) -> Self {
        Right {
            resource: name.to_owned(),
            entitlement: "role".to_owned(),
            privileged: Some(privileged),
        }
    }
}

/// Who holds which role.
#[derive(Default)]
pub(super) struct Roles {
    definitions: HashMap<String, (String, Option<bool>)>,
    privileged: HashSet<String>,
    /// Holder → rights. For a group they are those of all its members.
    held: BTreeMap<String, Vec<Right>>,
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
            self.assignment(system, part, place, object, "role", sink);
        } else if object.contains_key("members") {
            self.incomplete |= has_odd_members(part, place, object, sink);
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

    /// `roleManagement/directory/roleAssignments`: one principal, one role. Of
    /// `roleEligibilitySchedules`, which have the same form, the entitlement says that the role must
    /// first be taken up.
    pub(super) fn assignment(
        &mut self,
        system: &str,
        part: &str,
        place: u64,
        object: &Map<String, Value>,
        entitlement: &str,
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
        let right = Right {
            entitlement: entitlement.to_owned(),
            ..Right::role(&name, privileged)
        };
        self.give(system, principal, is_group(kind), right, sink);
    }

    /// `appRoleAssignedTo` of one application: `resource` is that, `roles` are the names of its roles.
    pub(super) fn application(
        &mut self,
        system: &str,
        resource: &str,
        roles: &HashMap<String, String>,
        object: &Map<String, Value>,
        sink: &mut Sink<'_>,
    ) -> bool {
        let Some(principal) = text(object, "principalId") else {
            return false;
        };
        let id = text(object, "appRoleId").unwrap_or_default();
        let entitlement = match roles.get(id) {
            Some(name) => name.clone(),
            None if id == NO_ROLE => "user".to_owned(),
            None => id.to_owned(),
        };
        let administers = entitlement.to_lowercase().contains("admin");
        let right = Right {
            resource: format!("app {resource}"),
            entitlement,
            privileged: administers.then_some(true),
        };
        let group = text(object, "principalType") == Some("Group");
        self.give(system, principal, group, right, sink);
        true
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
                let group = is_group(text(member, "@odata.type"));
                self.give(system, id, group, Right::role(name, privileged), sink);
            }
        }
    }

    /// A group holds a role for its members; a service principal's is a service's.
    fn give(
        &mut self,
        system: &str,
        principal: &str,
        group: bool,
        right: Right,
        sink: &mut Sink<'_>,
    ) {
        let rights = self.held.entry(principal.to_owned()).or_default();
        rights.push(right.clone());
        if group {
            self.groups.insert(principal.to_owned());
            return;
        }
        self.mark(principal, &right);
        sink.fact(&grant(sink, system, principal, &right, true));
    }

    /// Directory roles make administrators; what a right in an application makes is that one's matter.
    fn mark(&mut self, principal: &str, right: &Right) {
        if right.privileged == Some(true) && !right.resource.starts_with("app ") {
            self.privileged.insert(principal.to_owned());
        }
    }

    /// The roles that members hold through a group, as grants of their own.
    pub(super) fn through_groups(&mut self, system: &str, groups: &Groups, sink: &mut Sink<'_>) {
        for (group, members) in &groups.of_roles {
            for right in self.held.get(group).cloned().unwrap_or_default() {
                for member in members {
                    sink.fact(&grant(sink, system, member, &right, false));
                    self.mark(member, &right);
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
    /// Group → name, where members are an answer of their own.
    names: HashMap<String, String>,
}

impl Groups {
    /// A group whose members are an answer of their own.
    pub(super) fn named(&mut self, object: &Map<String, Value>) -> bool {
        let (Some(id), Some(name)) = (text(object, "id"), text(object, "displayName")) else {
            return false;
        };
        self.names.insert(id.to_owned(), name.to_owned());
        true
    }

    /// A page of the members of one group.
    pub(super) fn members_of<'m>(
        &mut self,
        system: &str,
        roles: &Roles,
        id: &str,
        members: impl Iterator<Item = &'m Map<String, Value>>,
        sink: &mut Sink<'_>,
    ) {
        let name = self.names.get(id).map_or(id, String::as_str);
        let resource = format!("group {name}");
        if roles.holds(id) {
            self.read.insert(id.to_owned());
        }
        self.give(system, roles, id, &resource, members, sink);
    }

    /// The members of one group are not all known.
    pub(super) fn not_all_of(&mut self, id: &str) {
        self.read.remove(id);
    }

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
        let is_odd = has_odd_members(part, place, object, sink);
        self.without_members += u64::from(!listed);
        self.cut += u64::from(is_cut(object));
        if listed && !is_odd && !is_cut(object) && roles.holds(id) {
            self.read.insert(id.to_owned());
        }
        let resource = format!("group {name}");
        self.give(system, roles, id, &resource, members(object), sink);
    }

    fn give<'m>(
        &mut self,
        system: &str,
        roles: &Roles,
        id: &str,
        resource: &str,
        members: impl Iterator<Item = &'m Map<String, Value>>,
        sink: &mut Sink<'_>,
    ) {
        let right = Right {
            resource: resource.to_owned(),
            entitlement: "member".to_owned(),
            privileged: Some(false),
        };
        for member in members {
            let is_user = text(member, "@odata.type").is_none_or(|t| t.ends_with("user"));
            let Some(user) = text(member, "id").filter(|_| is_user) else {
                continue;
            };
            sink.fact(&grant(sink, system, user, &right, true));
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

fn grant(sink: &Sink<'_>, system: &str, principal: &str, right: &Right, direct: bool) -> Grant {
    let way = if direct { "" } else { "/through a group" };
    let (resource, entitlement) = (&right.resource, &right.entitlement);
    Grant {
        id: sink.id(&format!("{principal}/{resource}/{entitlement}{way}")),
        account: sink.id(principal),
        system: system.to_owned(),
        resource: resource.clone(),
        entitlement: entitlement.clone(),
        privileged: right.privileged,
        direct: Some(direct),
        granted_on: None,
    }
}

fn is_group(kind: Option<&str>) -> bool {
    kind.is_some_and(|k| k.ends_with("group"))
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

/// Whether what is listed as a member is nobody; that is told.
fn has_odd_members(
    part: &str,
    place: u64,
    object: &Map<String, Value>,
    sink: &mut Sink<'_>,
) -> bool {
    let list = object.get("members").and_then(Value::as_array);
    let odd = list.into_iter().flatten().filter(|m| !m["id"].is_string());
    let count = odd.count();
    if count > 0 {
        let what = format!("expected members with their ids; left out: {count}");
        sink.problem(part, None, Some(&element(place)), what);
    }
    count > 0
}

fn members(object: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let list = object.get("members").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o str> {
    object.get(name)?.as_str().filter(|t| !t.is_empty())
}

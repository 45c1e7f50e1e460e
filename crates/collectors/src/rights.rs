//! Who holds what in a system of roles: rights of one's own, and those that come through roles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use standing_facts::tables::Grant;

use crate::Sink;

/// A right: on what, to do what.
type Right = (String, String);

/// Roles, their members and their rights. Logins are roles among others.
#[derive(Default)]
pub(crate) struct Rights {
    held: HashMap<String, BTreeMap<Right, bool>>,
    roles: HashMap<String, BTreeMap<String, bool>>,
    everybody: BTreeMap<Right, bool>,
}

impl Rights {
    /// A holder has a right of its own.
    pub(crate) fn add(&mut self, holder: &str, on: &str, to: &str, privileged: bool) {
        let rights = self.held.entry(holder.to_owned()).or_default();
        *rights.entry((on.to_owned(), to.to_owned())).or_default() |= privileged;
    }

    /// Everybody has a right.
    pub(crate) fn add_for_everybody(&mut self, on: &str, to: &str, privileged: bool) {
        let right = (on.to_owned(), to.to_owned());
        *self.everybody.entry(right).or_default() |= privileged;
    }

    /// A holder is a member of a role, and perhaps may make others its members.
    pub(crate) fn member(&mut self, holder: &str, role: &str, admin: bool) {
        let roles = self.roles.entry(holder.to_owned()).or_default();
        *roles.entry(role.to_owned()).or_default() |= admin;
    }

    /// Gives the grants of one account; whether any makes it an administrator. `holder` is the
    /// account's name among the roles, and the native id of the account.
    pub(crate) fn give(&self, system: &str, holder: &str, sink: &mut Sink<'_>) -> bool {
        let mut all: BTreeMap<Right, (bool, bool)> = BTreeMap::new();
        let mut put = |(on, to): &Right, privileged: bool, direct: bool| {
            let found = all.entry((on.clone(), to.clone())).or_default();
            *found = (found.0 | privileged, found.1 | direct);
        };
        for (right, privileged) in self.held.get(holder).into_iter().flatten() {
            put(right, *privileged, true);
        }
        for (right, privileged) in &self.everybody {
            put(right, *privileged, false);
        }
        for (role, (direct, admin)) in self.through(holder) {
            let rights = self.held.get(&role);
            let privileged = rights.is_some_and(|r| r.values().any(|p| *p));
            let on = format!("role {}", shown(&role));
            put(&(on.clone(), "member".into()), privileged, direct);
            if admin {
                put(&(on, "admin".into()), true, direct);
            }
            for (right, privileged) in rights.into_iter().flatten() {
                put(right, *privileged, false);
            }
        }
        for ((resource, entitlement), (privileged, direct)) in &all {
            sink.fact(&Grant {
                id: sink.id(&format!("{holder}/{resource}/{entitlement}")),
                account: sink.id(holder),
                system: system.to_owned(),
                resource: resource.clone(),
                entitlement: entitlement.clone(),
                privileged: Some(*privileged),
                direct: Some(*direct),
                granted_on: None,
            });
        }
        all.values().any(|(privileged, _)| *privileged)
    }

    /// Every role that a holder has, through however many others; whether it is its own, and whether
    /// it may give it on.
    fn through(&self, holder: &str) -> BTreeMap<String, (bool, bool)> {
        let mut found: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        let mut waiting = vec![(holder.to_owned(), true)];
        let mut looked = BTreeSet::new();
        while let Some((name, direct)) = waiting.pop() {
            if !looked.insert(name.clone()) {
                continue;
            }
            for (role, admin) in self.roles.get(&name).into_iter().flatten() {
                let known = found.entry(role.clone()).or_default();
                *known = (known.0 | direct, known.1 | *admin);
                waiting.push((role.clone(), false));
            }
        }
        found
    }
}

/// A role of MariaDB has no host: `reader@` is `reader`.
fn shown(role: &str) -> &str {
    role.strip_suffix('@').unwrap_or(role)
}

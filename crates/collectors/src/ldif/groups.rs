//! Groups, who is in them, and what they are in themselves.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::entries::Entry;

/// Groups whose members administer a domain or a directory, in lower case.
const PRIVILEGED: [&str; 22] = [
    "domain admins",
    "enterprise admins",
    "schema admins",
    "administrators",
    "account operators",
    "server operators",
    "backup operators",
    "print operators",
    "dnsadmins",
    "group policy creator owners",
    "key admins",
    "enterprise key admins",
    "hyper-v administrators",
    "exchange organization administrators",
    "organization management",
    "admins",
    "admin",
    "sysadmins",
    "ldapadmins",
    "ldap-admins",
    "wheel",
    "sudo",
];

/// What an account holds through one group.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) dn: String,
    pub(super) name: String,
    pub(super) privileged: bool,
    pub(super) direct: bool,
}

struct Group {
    dn: String,
    name: String,
    /// Distinguished names of the groups it says it is in.
    member_of: Vec<String>,
}

/// All groups of the export. Members are kept as digests: twelve bytes each.
#[derive(Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    by_dn: HashMap<u64, u32>,
    members: Vec<(u64, u32)>,
}

impl Groups {
    pub(super) fn is_group(entry: &Entry) -> bool {
        const CLASSES: [&str; 6] = [
            "group",
            "groupOfNames",
            "groupOfUniqueNames",
            "posixGroup",
            "groupOfEntries",
            "dynamicGroup",
        ];
        // OpenLDAP's own administrator is an organizationalRole too, with a password.
        let role = entry.is("organizationalRole") && !entry.is("simpleSecurityObject");
        role || CLASSES.iter().any(|class| entry.is(class))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn add(&mut self, dn: &str, entry: &Entry) {
        let Ok(index) = u32::try_from(self.groups.len()) else {
            return;
        };
        self.by_dn.insert(digest(&plain(dn)), index);
        let by_name = ["member", "uniquemember", "roleoccupant"];
        for member in by_name.iter().flat_map(|name| entry.all(name)) {
            self.members.push((digest(&plain(member)), index));
        }
        for login in entry.all("memberuid") {
            self.members.push((login_digest(login), index));
        }
        self.groups.push(Group {
            dn: plain(dn),
            name: entry
                .text("cn")
                .map_or_else(|| first_value(dn), str::to_owned),
            member_of: entry.all("memberof").map(str::to_owned).collect(),
        });
    }

    /// Call once after the last group.
    pub(super) fn settle(&mut self) {
        self.members.sort_unstable();
        self.members.dedup();
    }

    fn holding(&self, digest: u64) -> impl Iterator<Item = u32> + '_ {
        let from = self.members.partition_point(|(d, _)| *d < digest);
        let held = self.members[from..]
            .iter()
            .take_while(move |(d, _)| *d == digest);
        held.map(|(_, group)| *group)
    }

    /// All groups that somebody is in, and whether each of them stands in the export, so that
    /// there can be no others.
    pub(super) fn of(&self, dn: &str, login: &str, member_of: &[&str]) -> (Vec<Membership>, bool) {
        let mut found = BTreeMap::new();
        let mut whole = true;
        let mut next: Vec<(u32, bool)> = self
            .holding(digest(&plain(dn)))
            .map(|g| (g, true))
            .collect();
        next.extend(self.holding(login_digest(login)).map(|g| (g, true)));
        for written in member_of {
            whole &= self.find(written, true, &mut next, &mut found);
        }
        let mut seen = HashSet::new();
        while let Some((index, direct)) = next.pop() {
            if !seen.insert((index, direct)) {
                continue;
            }
            let group = &self.groups[index as usize];
            add(&mut found, &group.dn, &group.name, direct);
            next.extend(self.holding(digest(&group.dn)).map(|g| (g, false)));
            for written in &group.member_of {
                whole &= self.find(written, false, &mut next, &mut found);
            }
        }
        (found.into_values().collect(), whole)
    }

    /// Follows a group's name if it stands in the export; otherwise takes it as it is named.
    fn find(
        &self,
        written: &str,
        direct: bool,
        next: &mut Vec<(u32, bool)>,
        found: &mut BTreeMap<String, Membership>,
    ) -> bool {
        let dn = plain(written);
        match self.by_dn.get(&digest(&dn)) {
            Some(index) => next.push((*index, direct)),
            None => add(found, &dn, &first_value(written), direct),
        }
        self.by_dn.contains_key(&digest(&dn))
    }
}

fn add(found: &mut BTreeMap<String, Membership>, dn: &str, name: &str, direct: bool) {
    let membership = found.entry(dn.to_owned()).or_insert_with(|| Membership {
        dn: dn.to_owned(),
        name: name.to_owned(),
        privileged: is_privileged(name),
        direct,
    });
    membership.direct |= direct;
}

pub(super) fn is_privileged(name: &str) -> bool {
    PRIVILEGED.contains(&name.to_lowercase().as_str())
}

/// A distinguished name as it is compared: lower case, no blanks around its commas.
pub(super) fn plain(dn: &str) -> String {
    let pieces = dn.split(',').map(str::trim);
    pieces.collect::<Vec<_>>().join(",").to_lowercase()
}

/// `Sales` out of `CN=Sales,OU=Groups,DC=example,DC=test`. A backslash stands before a character
/// that is meant as such, or before two hexadecimal digits for one byte of UTF-8 (RFC 4514, 2.4).
pub(super) fn first_value(dn: &str) -> String {
    let written = dn.split_once('=').map_or(dn, |(_, rest)| rest).as_bytes();
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(byte) = written.get(at) {
        let pair = written.get(at + 1..at + 3).and_then(hex);
        match (byte, pair) {
            (b',', _) => break,
            (b'\\', Some(byte)) => {
                value.push(byte);
                at += 3;
            }
            (b'\\', None) => {
                value.extend(written.get(at + 1));
                at += 2;
            }
            _ => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&value).trim().to_owned()
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digits = pair.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(pair).ok().filter(|_| digits)?;
    u8::from_str_radix(text, 16).ok()
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Logins are digested apart from distinguished names.
fn login_digest(login: &str) -> u64 {
    digest(&format!("\u{1f}{}", login.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_without_its_escapes() {
        for (dn, expected) in [
            ("CN=Sales,OU=Groups,DC=example,DC=test", "Sales"),
            (r"cn=Büro\2C Süd,ou=groups", "Büro, Süd"),
            (r"cn=Büro\, Süd,ou=groups", "Büro, Süd"),
            (r"cn=B\C3\BCro,ou=groups", "Büro"),
            (r"cn=a\\,ou=groups", r"a\"),
            (r"cn=\+1\", "+1"),
            ("Sales", "Sales"),
        ] {
            assert_eq!(first_value(dn), expected, "{dn}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(dn in "(\\\\|[0-9a-fA-F]|[,=+é]|\\PC){0,20}") {
            let _ = first_value(&dn);
        }
    }
}

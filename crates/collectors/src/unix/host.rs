//! One host's accounts: `passwd`, `shadow` and `group`.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;

/// One line of `passwd`.
pub(super) struct User {
    pub(super) login: String,
    pub(super) uid: String,
    pub(super) gid: String,
    pub(super) name: Option<String>,
    pub(super) home: String,
    pub(super) shell: String,
}

/// One line of `shadow`, without its hash.
pub(super) struct Secret {
    pub(super) password: Password,
    pub(super) changed_on: Option<Date>,
    pub(super) ends_on: Option<Date>,
}

/// What the second field of `shadow` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// There is one, or an empty one: it opens.
    Open,
    /// There is one and somebody put a lock before it.
    Locked,
    /// There never was one: keys may open the account, and `shadow` does not know.
    None,
}

impl User {
    /// A line of seven fields.
    pub(super) fn of(line: &str) -> Option<User> {
        let fields: Vec<&str> = line.split(':').collect();
        let [login, _, uid, gid, gecos, home, shell] = fields[..] else {
            return None;
        };
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if login.is_empty() || !number(uid) || !number(gid) {
            return None;
        }
        let name = gecos.split(',').next().unwrap_or_default().trim();
        Some(User {
            login: login.to_owned(),
            uid: uid.to_owned(),
            gid: gid.to_owned(),
            name: (!name.is_empty()).then(|| name.to_owned()),
            home: home.trim_end_matches('/').to_owned(),
            shell: shell.trim().to_owned(),
        })
    }

    /// Whether the shell lets nobody in. An empty field means `/bin/sh`.
    pub(super) fn has_no_shell(&self) -> bool {
        let program = self.shell.rsplit('/').next().unwrap_or_default();
        ["nologin", "false", "sync", "shutdown", "halt", "git-shell"].contains(&program)
    }

    /// `system` for accounts of the machine itself; root is shared by whoever may become it.
    pub(super) fn kind(&self) -> &'static str {
        match self.uid.parse::<u64>() {
            Ok(0) => "shared",
            Ok(uid) if uid >= 1_000 && !self.has_no_shell() => "human",
            _ => "system",
        }
    }
}

impl Secret {
    /// A line of nine fields (older systems write eight); the hash is looked at and dropped.
    pub(super) fn of(line: &str) -> Option<(String, Secret)> {
        let fields: Vec<&str> = line.split(':').collect();
        if !(8..=9).contains(&fields.len()) || fields[0].is_empty() {
            return None;
        }
        let password = match fields[1] {
            "" => Password::Open,
            hash if hash.trim_matches(['!', '*', 'x']).is_empty() => Password::None,
            hash if hash.starts_with('!') || hash.starts_with("*LK*") => Password::Locked,
            hash if hash.starts_with('*') => Password::None,
            _ => Password::Open,
        };
        let secret = Secret {
            password,
            changed_on: days(fields[2]).filter(|_| fields[2] != "0"),
            ends_on: days(fields[7]),
        };
        Some((fields[0].to_owned(), secret))
    }
}

fn days(text: &str) -> Option<Date> {
    let days: i64 = text.parse().ok().filter(|d| (0..100_000).contains(d))?;
    let epoch = jiff::civil::date(1970, 1, 1);
    epoch.checked_add(jiff::Span::new().days(days)).ok()
}

/// The groups of a host.
#[derive(Default)]
pub(super) struct Groups {
    names: BTreeMap<String, String>,
    of_login: HashMap<String, Vec<String>>,
}

impl Groups {
    /// Takes a line of four fields.
    pub(super) fn take(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, gid, members] = fields[..] else {
            return None;
        };
        if name.is_empty() {
            return None;
        }
        self.names.insert(gid.to_owned(), name.to_owned());
        for login in members.split(',').map(str::trim).filter(|m| !m.is_empty()) {
            let groups = self.of_login.entry(login.to_owned()).or_default();
            groups.push(name.to_owned());
        }
        Some(())
    }

    /// All groups of a user, the primary one first; a number where the name is not known.
    pub(super) fn of(&self, user: &User) -> Vec<String> {
        let primary = self.names.get(&user.gid).cloned();
        let mut groups = vec![primary.unwrap_or_else(|| format!("#{}", user.gid))];
        for group in self.of_login.get(&user.login).into_iter().flatten() {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        groups
    }

    /// The same by name and by number, as `sudoers` may write them.
    pub(super) fn names_and_numbers(&self, user: &User) -> HashSet<String> {
        let mut all: HashSet<String> = self.of(user).into_iter().collect();
        let numbers = self.names.iter().filter(|(_, name)| all.contains(*name));
        let numbers: Vec<String> = numbers.map(|(gid, _)| format!("#{gid}")).collect();
        all.extend(numbers);
        all.insert(format!("#{}", user.gid));
        all
    }
}

/// Groups whose members can become root without asking `sudoers`.
pub(super) fn is_root_by_itself(group: &str) -> bool {
    [
        "root",
        "docker",
        "lxd",
        "libvirt",
        "disk",
        "shadow",
        "incus-admin",
    ]
    .contains(&group)
}

/// Groups that distributions give `sudo` to: whether they do is in `sudoers`.
pub(super) fn is_usual_for_sudo(group: &str) -> bool {
    ["sudo", "wheel", "admin"].contains(&group)
}

//! Local accounts of Unix hosts, out of copies of their `/etc`.

mod host;
mod keys;
mod logins;
mod sudoers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Read};

use jiff::civil::Date;
use standing_facts::GapCode;
use standing_facts::tables::{Account, CredentialFactor, Grant};

use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
use host::{Groups, Password, Secret, User};
use logins::Logins;
use sudoers::{Sudoers, Who};

/// `sudoers` is read whole; real ones are a few kilobytes.
const SUDOERS_BYTES: u64 = 4 << 20;
/// A line of passwd, shadow or group is never longer in earnest.
const LINE_BYTES: u64 = 1 << 20;

/// Reads copies of `/etc` of hosts.
pub struct Unix;

static ABOUT: About = About {
    kind: "unix",
    summary: "local accounts of Unix hosts: copies of passwd, shadow, group, sudoers and SSH keys",
    revision: 1,
    asks: Asks::Files,
    tables: &["account", "credential_factor", "grant"],
    settings: &[Setting {
        name: "ssh_keys",
        meaning: "`yes` where authorized_keys of every host were copied too",
        default: "no",
        required: false,
    }],
    how: "Make one folder a host, named as the host is named elsewhere, and copy into it with their \
paths etc/passwd, etc/group, etc/shadow, etc/sudoers and the folder etc/sudoers.d. Only root may \
read shadow and sudoers: copy them with a job that runs as root, and cut the hashes out of shadow \
on the way (awk -F: -v OFS=: '$2 ~ /^[^!*]/ {$2=\"set\"} $2 ~ /^![^!*]/ {$2=\"!set\"} {print}'); \
only whether a password is there, its age and its expiry are looked at. For last sign-ins add \
var/log/lastlog, or what LC_ALL=C lastlog prints as lastlog.txt, or LC_ALL=C lslogins --raw \
--time-format=iso --output=USER,LAST-LOGIN as lslogins.txt. For SSH keys set ssh_keys = \"yes\", copy \
every .ssh/authorized_keys with its path (and the folder etc/ssh/authorized_keys where sshd looks \
there), and save the list of what was found as authorized_keys.list: find / -xdev -path \
'*/.ssh/authorized_keys*' -type f; without the list nobody can tell a host without keys from one \
that was not looked through. Of a key the fingerprint is kept as a fact and nothing else. \
Certificates and keys that sshd gets from a command are not seen. Accounts that come from a \
directory are not in these files: read the directory as a source of its own.",
};

impl Collector for Unix {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        let all = ABOUT.tables.iter().copied();
        all.filter(|t| *t != "credential_factor" || reads_keys(settings))
            .collect()
    }

    fn wants(&self, relative: &str) -> bool {
        split(relative).is_some()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut hosts: BTreeMap<&str, BTreeMap<&str, &Kept>> = BTreeMap::new();
        for part in parts.list() {
            if let Some((host, file)) = split(&part.name) {
                let host = if host.is_empty() {
                    &settings.source
                } else {
                    host
                };
                hosts.entry(host).or_default().insert(file, part);
            }
        }
        if hosts.is_empty() {
            let why = "expected folders of hosts with etc/passwd in them";
            sink.fail(GapCode::Missing, why);
        }
        for (name, files) in hosts {
            let keys = reads_keys(settings);
            let host = Host {
                name,
                files,
                parts,
                keys,
            };
            host.read(sink);
        }
    }
}

fn reads_keys(settings: &Settings) -> bool {
    settings.value("ssh_keys") == "yes"
}

/// Where the paths of a host begin: everything before them is its folder.
const ROOTS: [&str; 8] = ["etc", "var", "root", "home", "srv", "opt", "usr", "export"];
const BESIDE: [&str; 3] = ["lastlog.txt", "lslogins.txt", "authorized_keys.list"];
const LASTLOG: &str = "var/log/lastlog";

/// `web1/etc/sudoers.d/ops` → `web1`, `sudoers.d/ops`; files beside `etc` keep their whole path.
fn split(path: &str) -> Option<(&str, &str)> {
    let (host, file) = match path.strip_prefix("etc/") {
        Some(file) => ("", file),
        None => path.rsplit_once("/etc/").unwrap_or(("", "")),
    };
    let known = ["passwd", "shadow", "group", "sudoers"].contains(&file);
    if known || file.starts_with("sudoers.d/") {
        return Some((host.rsplit('/').next().unwrap_or(host), file));
    }
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    let (host, file) = std::iter::once(0)
        .chain(starts)
        .map(|at| (path[..at].trim_end_matches('/'), &path[at..]))
        .find(|(_, file)| {
            let root = file.split('/').next().unwrap_or_default();
            let keys = ROOTS.contains(&root) && keys::is_file(file);
            keys || *file == LASTLOG || BESIDE.contains(file)
        })?;
    Some((host.rsplit('/').next().unwrap_or(host), file))
}

struct Host<'a> {
    name: &'a str,
    files: BTreeMap<&'a str, &'a Kept>,
    parts: &'a Parts<'a>,
    /// Whether SSH keys were asked for.
    keys: bool,
}

/// What must be known before the first line of `passwd`.
struct Known {
    secrets: Option<HashMap<String, Secret>>,
    /// The host was alive on this day or later: expiry is judged by it, since reading must not
    /// depend on the day of reading.
    latest: Option<Date>,
    groups: Option<Groups>,
    sudoers: Option<Sudoers>,
    /// Every file that `sudoers` names was here and understood.
    sudoers_whole: bool,
    logins: Logins,
}

impl Host<'_> {
    fn read(&self, sink: &mut Sink<'_>) {
        let mut secrets = HashMap::new();
        let shadow = self.lines("shadow", "account", sink, &mut |line, _| {
            let (login, secret) = Secret::of(line)?;
            secrets.insert(login, secret);
            Some(())
        });
        let mut groups = Groups::default();
        let group = self.lines("group", "grant", sink, &mut |line, _| groups.take(line));
        let (sudoers, sudoers_whole) = self.sudoers(sink);
        let (keys, keys_whole) = self.keys(sink);
        let known = Known {
            logins: self.logins(sink),
            latest: secrets.values().filter_map(|s| s.changed_on).max(),
            secrets: shadow.then_some(secrets),
            groups: group.then_some(groups),
            sudoers,
            sudoers_whole,
        };
        let mut accounts = 0;
        let here = self.lines("passwd", "account", sink, &mut |line, sink| {
            if line.starts_with(['+', '-']) {
                return Some(());
            }
            let user = User::of(line)?;
            let of_home = keys.get(&user.home).into_iter().flatten();
            let of_login = keys.get(&user.login).into_iter().flatten();
            let own: Vec<&keys::Key> = of_home.chain(of_login).collect();
            self.factors(&user, &own, sink);
            let opened = keys_whole.then_some(!own.is_empty());
            self.account(&user, &known, opened, sink);
            accounts += 1;
            Some(())
        });
        if here && accounts == 0 {
            let why = format!(
                "{} has nobody in etc/passwd, and no host has nobody",
                self.name
            );
            sink.gap(Some("account"), GapCode::Missing, why);
        }
    }

    /// Hands out the lines of one file; whether the file is there. One that is not leaves a gap.
    fn lines(
        &self,
        file: &str,
        table: &str,
        sink: &mut Sink<'_>,
        each: &mut dyn FnMut(&str, &mut Sink<'_>) -> Option<()>,
    ) -> bool {
        let Some(part) = self.files.get(file) else {
            let why = format!("{} has no etc/{file}", self.name);
            sink.gap(Some(table), GapCode::Missing, why);
            return false;
        };
        let Ok(bytes) = self.parts.open(part) else {
            sink.fail(GapCode::Malformed, format!("{} cannot be read", part.name));
            return false;
        };
        let mut bytes = BufReader::new(bytes);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let taken = (&mut bytes).take(LINE_BYTES).read_until(b'\n', &mut line);
            match taken {
                Ok(0) => break,
                Ok(_) if line.contains(&0) || line.len() as u64 == LINE_BYTES => {
                    let why = format!("{} is not text in lines", part.name);
                    sink.fail(GapCode::Malformed, why);
                    return false;
                }
                Ok(_) => {}
                Err(error) => {
                    let why = format!("{} cannot be read: {}", part.name, error.kind());
                    sink.fail(GapCode::Malformed, why);
                    return false;
                }
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            if !text.is_empty() && !text.starts_with('#') && each(text, sink).is_none() {
                let what = format!("not a line of {file}; left out");
                sink.problem(&part.name, Some(number), None, what);
            }
        }
        true
    }

    fn sudoers(&self, sink: &mut Sink<'_>) -> (Option<Sudoers>, bool) {
        if !self.files.contains_key("sudoers") {
            let why = format!("{} has no etc/sudoers", self.name);
            sink.gap(Some("grant"), GapCode::Missing, why);
            return (None, false);
        }
        let mut sudoers = Sudoers::default();
        let mut waiting = vec!["sudoers".to_owned()];
        let mut taken = BTreeSet::new();
        let mut whole = true;
        while let Some(file) = waiting.pop() {
            if !taken.insert(file.clone()) {
                continue;
            }
            whole &= self.take(&file, &mut sudoers, sink);
            for include in std::mem::take(&mut sudoers.includes) {
                let found = self.included(&include.path, include.folder);
                if found.is_empty() && !include.folder {
                    let what = format!("etc/{file} line {}", include.line);
                    let why = format!("{}: {what} includes a file that is not here", self.name);
                    sink.gap(Some("grant"), GapCode::Missing, why);
                    whole = false;
                }
                waiting.extend(found);
            }
        }
        for file in self.files.keys().filter(|f| f.starts_with("sudoers.d/")) {
            if !taken.contains(*file) {
                let what = "no include names this file, or its name has a dot: sudo passes it over";
                sink.notice(&self.files[file].name, None, None, what);
            }
        }
        (Some(sudoers), whole)
    }

    fn take(&self, file: &str, sudoers: &mut Sudoers, sink: &mut Sink<'_>) -> bool {
        let part = self.files[file];
        let bytes = self.parts.whole(part, SUDOERS_BYTES).ok().flatten();
        let Some(bytes) = bytes else {
            let why = format!(
                "{} cannot be read or is longer than {SUDOERS_BYTES} bytes",
                part.name
            );
            sink.gap(Some("grant"), GapCode::TooLarge, why);
            return false;
        };
        let mut understood = true;
        sudoers.take(&String::from_utf8_lossy(&bytes), &mut |line, what| {
            understood = false;
            sink.problem(&part.name, Some(line), None, what);
        });
        understood
    }

    /// The files that an include names, as we have them. In folders `sudo` passes over names that
    /// hold a dot or end in a tilde.
    fn included(&self, path: &str, folder: bool) -> Vec<String> {
        let path = path
            .strip_prefix("/etc/")
            .unwrap_or(path)
            .trim_end_matches('/');
        let of_folder = |file: &&&str| {
            let name = file
                .strip_prefix(path)
                .and_then(|rest| rest.strip_prefix('/'));
            name.is_some_and(|n| !n.contains(['.', '/']) && !n.ends_with('~'))
        };
        let files = self.files.keys();
        if folder {
            files.filter(of_folder).map(|f| (*f).to_owned()).collect()
        } else {
            files
                .filter(|f| **f == path)
                .map(|f| (*f).to_owned())
                .collect()
        }
    }

    /// Last sign-ins, as far as they were copied.
    fn logins(&self, sink: &mut Sink<'_>) -> Logins {
        let mut logins = Logins::default();
        if let Some(part) = self.files.get(LASTLOG) {
            let whole = self.parts.open(part).and_then(|b| logins.take_file(b));
            if !matches!(whole, Ok(true)) {
                let why = format!("{} breaks off in the middle of a record", part.name);
                sink.gap(Some("account"), GapCode::Truncated, why);
            }
        }
        for file in ["lastlog.txt", "lslogins.txt"] {
            if !self.files.contains_key(file) {
                continue;
            }
            let mut headings = true;
            self.lines(file, "account", sink, &mut |line, _| {
                if std::mem::take(&mut headings) {
                    return Some(());
                }
                logins.take_line(line)
            });
        }
        logins
    }

    /// Keys by the home or the login that they open, and whether all of the host's are here.
    fn keys(&self, sink: &mut Sink<'_>) -> (HashMap<String, Vec<keys::Key>>, bool) {
        let mut found: HashMap<String, Vec<keys::Key>> = HashMap::new();
        let files: Vec<&str> = self.files.keys().copied().collect();
        if !self.keys {
            if let Some(file) = files.iter().find(|f| keys::is_file(f)) {
                let what = "SSH keys are here and were not read; set ssh_keys = \"yes\"";
                sink.notice(&self.files[file].name, None, None, what);
            }
            return (found, false);
        }
        // A line that is not understood may be the one that opens an account.
        let mut whole = true;
        for file in files.iter().filter(|f| keys::is_file(f)) {
            let login = || keys::owner_by_folder(file).map(str::to_owned);
            let Some(whose) = keys::home(file).or_else(login) else {
                continue;
            };
            let of = found.entry(whose).or_default();
            self.lines(file, "credential_factor", sink, &mut |line, _| {
                let key = keys::key(line);
                whole &= key.is_some();
                let key = key?;
                if !of.contains(&key) {
                    of.push(key);
                }
                Some(())
            });
        }
        let mut gap = |code, why, sink: &mut Sink<'_>| {
            sink.gap(Some("credential_factor"), code, why);
            whole = false;
        };
        if !self.files.contains_key("authorized_keys.list") {
            let why = format!(
                "{} has no authorized_keys.list: whether it has other keys is not known",
                self.name
            );
            gap(GapCode::NotAsked, why, sink);
            return (found, false);
        }
        let mut absent = 0;
        self.lines(
            "authorized_keys.list",
            "credential_factor",
            sink,
            &mut |line, _| {
                let path = line.trim().trim_start_matches('/');
                absent += u64::from(keys::is_file(path) && !files.contains(&path));
                Some(())
            },
        );
        if absent > 0 {
            let why = format!(
                "{} lists {absent} file(s) of keys that are not here",
                self.name
            );
            gap(GapCode::Missing, why, sink);
        }
        (found, whole)
    }

    fn factors(&self, user: &User, own: &[&keys::Key], sink: &mut Sink<'_>) {
        for key in own {
            let id = format!("{}/{}", self.name, user.login);
            sink.fact(&CredentialFactor {
                id: sink.id(&format!("{id}/{}", key.fingerprint)),
                account: sink.id(&id),
                kind: "ssh-key".into(),
                phishing_resistant: key.in_hardware.then_some(true),
                active: Some(!user.has_no_shell()),
                created_on: None,
                last_used_on: None,
            });
        }
    }

    fn account(&self, user: &User, known: &Known, opened: Option<bool>, sink: &mut Sink<'_>) {
        let id = format!("{}/{}", self.name, user.login);
        let mut rights = Vec::new();
        if let Some(groups) = &known.groups {
            for group in groups.of(user) {
                let privileged = match group.as_str() {
                    g if host::is_root_by_itself(g) => Some(true),
                    g if host::is_usual_for_sudo(g) => known.sudoers_whole.then_some(false),
                    _ => Some(false),
                };
                self.grant(&id, &format!("group {group}"), "member", privileged, sink);
                rights.push(privileged);
            }
        }
        for (entitlement, privileged) in self.sudo(user, known) {
            self.grant(&id, self.name, &entitlement, Some(privileged), sink);
            rights.push(Some(privileged));
        }
        let whole = known.groups.is_some() && known.sudoers_whole;
        let privileged = user.uid == "0" || rights.contains(&Some(true));
        let secret = known.secrets.as_ref().and_then(|s| s.get(&user.login));
        sink.fact(&Account {
            id: sink.id(&id),
            system: self.name.to_owned(),
            login: user.login.clone(),
            name: user.name.clone(),
            email: None,
            employee_number: None,
            enabled: enabled(user, secret, known.latest, opened),
            kind: Some(user.kind().to_owned()),
            privileged: (privileged || whole).then_some(privileged),
            mfa: None,
            mfa_basis: None,
            created_on: None,
            last_used_on: known.logins.of(user),
            password_changed_on: secret.and_then(|s| s.changed_on),
            owner: None,
            disabled_on: None,
            expires_on: None,
        });
    }

    /// What `sudo` lets a user do here, one entry a command.
    fn sudo(&self, user: &User, known: &Known) -> BTreeMap<String, bool> {
        let (Some(sudoers), Some(groups)) = (&known.sudoers, &known.groups) else {
            return BTreeMap::new();
        };
        let who = Who {
            login: &user.login,
            uid: &user.uid,
            groups: &groups.names_and_numbers(user),
        };
        let rules = sudoers.rules.iter();
        let rules = rules.filter(|r| sudoers.concerns(r, &who) && sudoers.holds_on(r, self.name));
        let mut found = BTreeMap::new();
        for rule in rules {
            let how = if sudoers.asks_no_password(rule) {
                " without password"
            } else {
                ""
            };
            for command in sudoers.allowed(rule) {
                let entry = found.entry(format!("sudo {command}{how}")).or_default();
                *entry |= sudoers.as_root(rule);
            }
        }
        found
    }

    fn grant(
        &self,
        account: &str,
        resource: &str,
        entitlement: &str,
        privileged: Option<bool>,
        sink: &mut Sink<'_>,
    ) {
        sink.fact(&Grant {
            id: sink.id(&format!("{account}/{resource}/{entitlement}")),
            account: sink.id(account),
            system: self.name.to_owned(),
            resource: resource.to_owned(),
            entitlement: entitlement.to_owned(),
            privileged,
            direct: Some(true),
            granted_on: None,
        });
    }
}

/// Whether anybody can sign in. Without a password keys may open an account that has a shell: where it
/// is not known whether there are any (`opened`), neither is this.
fn enabled(
    user: &User,
    secret: Option<&Secret>,
    latest: Option<Date>,
    opened: Option<bool>,
) -> Option<bool> {
    if user.has_no_shell() {
        return Some(false);
    }
    let secret = secret?;
    // Days 0 and 1 are the customary way of closing an account.
    let long_past = jiff::civil::date(1970, 1, 2);
    let ended = |day: Date| day <= long_past || latest.is_some_and(|l| day < l);
    if secret.ends_on.is_some_and(ended) {
        return Some(false);
    }
    match secret.password {
        Password::Open => Some(true),
        Password::Locked => Some(false),
        Password::None => opened,
    }
}

//! The population of a campaign: a row for each account that can sign in and each system it has rights
//! in, with all that a reviewer needs to decide. A pure function of an estate and a day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use standing_assess::AsOf;
use standing_assess::frozen::{Account, Population, Right as Held, Somebody};
use standing_assess::index::ReviewedBefore;

use super::peers::Peers;
use super::reviewers::InLine;
use super::suggest::suggest;
use super::{Line, Person, Right};

/// What the last review held of each account and system: by account and system in lower case.
pub(super) type Before = HashMap<(String, String), ReviewedBefore>;

/// What is frozen.
#[derive(Default)]
pub(super) struct Frozen {
    pub(super) lines: Vec<Line>,
    /// The systems that have rows, as they are written.
    pub(super) systems: Vec<String>,
    pub(super) accounts: u64,
    /// Accounts left out because they cannot sign in.
    pub(super) disabled: u64,
}

/// What rows are compared with.
pub(super) struct Earlier<'e> {
    pub(super) rows: &'e Before,
    /// Systems in lower case that were reviewed before.
    pub(super) systems: &'e BTreeSet<String>,
    /// The rights that an earlier row held, by that row; asked only where they changed.
    pub(super) rights: &'e dyn Fn(&ReviewedBefore) -> Vec<Right>,
}

/// Sixteen hexadecimal digits of a digest over texts.
pub(super) fn print<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0x1f]);
    }
    let digest = hash.finalize();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Freezes the rows of the systems that are wanted; of all where none is named.
pub(super) fn freeze(
    population: &Population,
    wanted: &BTreeSet<String>,
    earlier: &Earlier<'_>,
    scopes: &HashMap<String, String>,
    in_line: &mut InLine<'_>,
    today: Date,
) -> Frozen {
    let mut frozen = Frozen::default();
    let people: HashMap<&str, &Somebody> = population
        .people
        .iter()
        .map(|somebody| (somebody.id.as_str(), somebody))
        .collect();
    let peers = Peers::of(population, today);
    let mut held: HashMap<&str, Vec<&Held>> = HashMap::new();
    for right in &population.rights {
        held.entry(&right.account).or_default().push(right);
    }
    let asked = |system: &str| wanted.is_empty() || wanted.contains(&system.to_lowercase());
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let mut ranked: Vec<(u8, Line)> = Vec::new();
    for account in &population.accounts {
        let rights = held.get(account.id.as_str()).map_or(&[][..], Vec::as_slice);
        if account.enabled == Some(false) {
            frozen.disabled += u64::from(asked(&account.system));
            continue;
        }
        let mut systems: BTreeMap<String, (&str, Vec<&Held>)> = BTreeMap::new();
        systems.insert(account.system.to_lowercase(), (&account.system, Vec::new()));
        for right in rights {
            let of = systems.entry(right.system.to_lowercase());
            of.or_insert_with(|| (&right.system, Vec::new()))
                .1
                .push(right);
        }
        systems.retain(|_, (system, _)| asked(system));
        frozen.accounts += u64::from(!systems.is_empty());
        for (key, (system, rights)) in systems {
            let system = written
                .entry(key)
                .or_insert_with(|| system.to_owned())
                .clone();
            let mut line = line(account, system, &rights, &people, &peers, population);
            line.scope = scopes.get(&account.source).cloned().unwrap_or_default();
            compare(&mut line, earlier);
            let found = suggest(&line, today);
            line.suggestion = found.suggestion;
            line.reasons = found.reasons;
            ranked.push((found.rank, line));
        }
    }
    ranked.sort_by(|(a, x), (b, y)| {
        (a, &x.system, &x.alike, &x.login, &x.account)
            .cmp(&(b, &y.system, &y.alike, &y.login, &y.account))
    });
    for (n, (_, mut line)) in ranked.into_iter().enumerate() {
        line.n = n as u64;
        in_line.assign(&mut line);
        frozen.lines.push(line);
    }
    frozen.systems = written.into_values().collect();
    frozen
}

fn line(
    account: &Account,
    system: String,
    rights: &[&Held],
    people: &HashMap<&str, &Somebody>,
    peers: &Peers<'_>,
    population: &Population,
) -> Line {
    let somebody = account.person.as_deref();
    let somebody = somebody.and_then(|id| people.get(id).copied());
    let mut rights: Vec<Right> = rights
        .iter()
        .map(|right| {
            let [title, department] = somebody.map_or([None, None], |s| peers.share(right, s));
            Right {
                id: right.id.clone(),
                resource: right.resource.clone(),
                entitlement: right.entitlement.clone(),
                privileged: right.privileged,
                direct: right.direct,
                granted_on: right.granted_on.clone(),
                title,
                department,
                new: false,
            }
        })
        .collect();
    rights.sort_by(|a, b| {
        (&a.resource, &a.entitlement, &a.id).cmp(&(&b.resource, &b.entitlement, &b.id))
    });
    let title = somebody
        .and_then(|s| s.job_title.as_deref())
        .unwrap_or_default();
    let department = somebody
        .and_then(|s| s.department.as_deref())
        .unwrap_or_default();
    let what = rights
        .iter()
        .flat_map(|r| [r.resource.as_str(), r.entitlement.as_str()]);
    let rights_print = print(what);
    let first_seen = population.first_seen.get(&account.id);
    Line {
        home: system.eq_ignore_ascii_case(&account.system),
        alike: print([system.to_lowercase().as_str(), &rights_print, title]),
        role: print([title, department]),
        print: rights_print,
        account: account.id.clone(),
        source: account.source.clone(),
        login: account.login.clone(),
        name: account.name.clone(),
        email: account.email.clone(),
        kind: account.kind.clone(),
        owner: account.owner.clone(),
        enabled: account.enabled,
        person: somebody.map(person),
        maybe: maybe(account, people),
        link: account.keys.clone().filter(|_| somebody.is_some()),
        first_seen: first_seen.and_then(|at| on(at)),
        created_on: account.created_on.clone(),
        last_used_on: account.last_used_on.clone(),
        expires_on: account.expires_on.clone(),
        privileged: account.privileged,
        mfa: account.mfa,
        mfa_basis: account.mfa_basis.clone(),
        rights,
        system,
        ..Line::default()
    }
}

/// Whose it may be: their ids, and their e-mails.
fn maybe(account: &Account, people: &HashMap<&str, &Somebody>) -> Vec<String> {
    let each = account.maybe.iter().flat_map(|id| {
        let known = people.get(id.as_str());
        let email = known.and_then(|somebody| somebody.email.clone());
        std::iter::once(id.clone()).chain(email)
    });
    each.collect()
}

fn person(somebody: &Somebody) -> Person {
    Person {
        id: somebody.id.clone(),
        name: somebody.name.clone(),
        email: somebody.email.clone(),
        job_title: somebody.job_title.clone(),
        department: somebody.department.clone(),
        kind: somebody.kind.clone(),
        left_on: somebody.left_on.clone(),
        moved_on: somebody.moved_on.clone(),
    }
}

/// The day of an instant as the index keeps it.
fn on(instant: &str) -> Option<String> {
    let instant = instant.parse().ok()?;
    Some(AsOf::at(instant).date.to_string())
}

/// What changed since the last review of the system.
fn compare(line: &mut Line, earlier: &Earlier<'_>) {
    let system = line.system.to_lowercase();
    if !earlier.systems.contains(&system) {
        line.changed = "first review".into();
        return;
    }
    let Some(before) = earlier.rows.get(&(line.account.clone(), system)) else {
        line.changed = "new".into();
        return;
    };
    if before.rights != line.print {
        let then = (earlier.rights)(before);
        let same =
            |a: &Right, b: &Right| (&a.resource, &a.entitlement) == (&b.resource, &b.entitlement);
        for right in &mut line.rights {
            right.new = !then.iter().any(|r| same(r, right));
        }
        let gone = then
            .iter()
            .filter(|r| !line.rights.iter().any(|now| same(now, r)));
        line.gone = gone
            .map(|r| format!("{} of {}", r.entitlement, r.resource))
            .collect();
        line.changed = "rights".into();
    } else if before.role != line.role {
        line.changed = "moved".into();
    } else if before.decision != "keep" && before.decision != "change" {
        line.changed = "not decided".into();
    } else {
        line.changed = "unchanged".into();
    }
}

//! `directory/office.ldif`: an `ldapsearch` of the office's Active Directory.

use std::fmt::Write as _;
use std::io;

use jiff::civil::Date;

use crate::firm::{self, DOMAIN};
use crate::out::Out;
use crate::world::{Person, World};

const BASE: &str = "DC=office,DC=larkfieldpathways,DC=example";
/// A normal account.
const NORMAL: u32 = 0x200;
/// It cannot sign in.
const DISABLED: u32 = 0x2;
/// A smart card is demanded, as of everybody in the office.
const SMART_CARD: u32 = 0x4_0000;

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut rng = world.rng("directory");
    let mut text = String::from("# extended LDIF\n#\n# LDAPv3\n");
    let _ = writeln!(text, "# base <{BASE}> with scope subtree");
    text.push_str("# filter: (|(objectCategory=person)(objectCategory=group))\n#\n\n");
    let mut entries = 0;
    for person in world.people.iter().filter(|p| !p.partner()) {
        text.push_str(&account(world, person, &mut rng));
        entries += 1;
    }
    for name in groups() {
        text.push_str(&group(world, name, &mut rng));
        entries += 1;
    }
    text.push_str("# search result\nsearch: 2\nresult: 0 Success\n\n");
    let _ = writeln!(
        text,
        "# numResponses: {}\n# numEntries: {entries}",
        entries + 1
    );
    out.write("directory/office.ldif", text)
}

fn groups() -> Vec<String> {
    let teams = firm::DEPARTMENTS
        .iter()
        .map(|(name, ..)| format!("{name} share"));
    teams.chain(["Domain Admins".to_owned()]).collect()
}

/// The sixteen bytes by which the directory knows an account.
fn guid(world: &World, person: &Person) -> Vec<u8> {
    let mut rng = world.rng(&format!("directory account {}", person.number));
    (0..16).map(|_| (rng.bits() & 0xff) as u8).collect()
}

/// The same as text: the first three groups are kept in the reverse order of their bytes.
pub(crate) fn account_id(world: &World, person: &Person) -> String {
    const ORDER: [&[usize]; 5] = [
        &[3, 2, 1, 0],
        &[5, 4],
        &[7, 6],
        &[8, 9],
        &[10, 11, 12, 13, 14, 15],
    ];
    let bytes = guid(world, person);
    let group = |places: &&[usize]| -> String {
        let hex = places.iter().map(|place| format!("{:02x}", bytes[*place]));
        hex.collect()
    };
    ORDER.iter().map(group).collect::<Vec<_>>().join("-")
}

pub(crate) fn administrators(world: &World) -> [&Person; 2] {
    [firm::PLATFORM_LEAD, firm::ADMINISTRATOR].map(|who| world.cast(who))
}

/// The leaver's account stays open when that is planted.
fn open(world: &World, person: &Person) -> bool {
    let leaver = world.cast(firm::LEAVER).number == person.number;
    person.current() || (leaver && world.fault("leaver-still-active"))
}

fn account(world: &World, person: &Person, rng: &mut crate::rng::Rng) -> String {
    let administers = administrators(world)
        .iter()
        .any(|a| a.number == person.number);
    let mut control = NORMAL | SMART_CARD;
    if !open(world, person) {
        control |= DISABLED;
    }
    let used = person.left.unwrap_or_else(|| world.ago(rng.between(0, 11)));
    let changed = world.ago(rng.between(100, 350)).max(person.started);
    let dn = format!("CN={} ({}),OU=Staff,{BASE}", person.name(), person.login);
    let mut entry = String::new();
    let _ = writeln!(entry, "# {}, Staff, office", person.login);
    attribute(&mut entry, "dn", &dn);
    for class in ["top", "person", "organizationalPerson", "user"] {
        attribute(&mut entry, "objectClass", class);
    }
    attribute(
        &mut entry,
        "cn",
        &format!("{} ({})", person.name(), person.login),
    );
    let _ = writeln!(entry, "objectGUID:: {}", base64(&guid(world, person)));
    attribute(&mut entry, "sAMAccountName", &person.login);
    attribute(&mut entry, "userPrincipalName", &person.email);
    attribute(&mut entry, "displayName", &person.name());
    attribute(&mut entry, "mail", &person.email);
    attribute(&mut entry, "employeeID", &person.number);
    attribute(&mut entry, "userAccountControl", &control.to_string());
    attribute(&mut entry, "accountExpires", "9223372036854775807");
    attribute(&mut entry, "lastLogonTimestamp", &filetime(used));
    attribute(&mut entry, "pwdLastSet", &filetime(changed));
    attribute(&mut entry, "whenCreated", &generalized(person.started));
    attribute(&mut entry, "whenChanged", &generalized(changed));
    attribute(&mut entry, "primaryGroupID", "513");
    attribute(
        &mut entry,
        "memberOf",
        &group_dn(&format!("{} share", person.department)),
    );
    if administers {
        attribute(&mut entry, "memberOf", &group_dn("Domain Admins"));
    }
    entry.push('\n');
    entry
}

fn group_dn(name: &str) -> String {
    format!("CN={name},OU=Groups,{BASE}")
}

fn group(world: &World, name: String, rng: &mut crate::rng::Rng) -> String {
    let mut entry = String::new();
    attribute(&mut entry, "dn", &group_dn(&name));
    attribute(&mut entry, "objectClass", "group");
    attribute(&mut entry, "cn", &name);
    let guid: Vec<u8> = (0..16).map(|_| (rng.bits() & 0xff) as u8).collect();
    let _ = writeln!(entry, "objectGUID:: {}", base64(&guid));
    attribute(&mut entry, "sAMAccountName", &name);
    attribute(&mut entry, "description", &format!("{name}, {DOMAIN}"));
    attribute(&mut entry, "whenCreated", &generalized(world.ago(1_500)));
    entry.push('\n');
    entry
}

/// `name: value`, or base64 where the value is not plain (RFC 2849), folded at 76 columns.
fn attribute(entry: &mut String, name: &str, value: &str) {
    let line = if value.is_ascii() {
        format!("{name}: {value}")
    } else {
        format!("{name}:: {}", base64(value.as_bytes()))
    };
    let mut rest = line.as_str();
    let mut room = 76;
    while rest.len() > room {
        let (now, later) = rest.split_at(room);
        entry.push_str(now);
        entry.push_str("\n ");
        rest = later;
        room = 75;
    }
    entry.push_str(rest);
    entry.push('\n');
}

/// Steps of 100 nanoseconds since 1601.
fn filetime(day: Date) -> String {
    let since = jiff::civil::date(1601, 1, 1).until((jiff::Unit::Day, day));
    let days = since.map_or(0, |span| i64::from(span.get_days()));
    (days * 864_000_000_000 + 8 * 36_000_000_000).to_string()
}

/// `20261231080000.0Z`
fn generalized(day: Date) -> String {
    format!("{}080000.0Z", day.strftime("%Y%m%d"))
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_directories_write_them() {
        assert_eq!(base64(b"CN=Bj"), "Q049Qmo=");
        assert_eq!(base64("Björn".as_bytes()), "QmrDtnJu");
        assert_eq!(
            filetime(jiff::civil::date(2025, 12, 29)),
            "134114688000000000"
        );
        let mut entry = String::new();
        attribute(&mut entry, "description", &"x".repeat(100));
        assert_eq!(entry.lines().map(str::len).collect::<Vec<_>>(), [76, 38]);
    }
}

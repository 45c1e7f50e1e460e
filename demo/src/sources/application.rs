//! `application/accounts.csv`: the accounts of the product itself, as its own page of users
//! exports them.

use std::io;

use jiff::ToSpan as _;

use crate::firm;
use crate::out::{Csv, Out, british, british_or_blank, yes};
use crate::world::{Person, World};

/// The shared account, when that is planted.
pub(crate) const SHARED: &str = "frontdesk";

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut rng = world.rng("application");
    let mut table = Csv::new(&[
        "System",
        "Login",
        "Name",
        "Email",
        "Employee number",
        "Enabled",
        "Kind",
        "Privileged",
        "MFA",
        "MFA basis",
        "Created on",
        "Last used on",
        "Owner",
        "Disabled on",
    ]);
    for (system, person) in users(world) {
        let leaver = person.number == world.cast(firm::LEAVER).number;
        let open = person.current() || (leaver && world.fault("leaver-still-active"));
        let used = person.left.unwrap_or_else(|| world.ago(rng.between(0, 20)));
        let late = system == firm::TRIAGE && world.fault("leaver-closed-late");
        let closed = person.left.filter(|_| !open);
        let closed = closed.map(|day| day.saturating_add((if late { 19 } else { 0 }).days()));
        table.row(&[
            system,
            &person.login,
            &person.name(),
            &person.email,
            &person.number,
            yes(open),
            "human",
            yes(administers(world, system, person)),
            "yes",
            "enforced",
            &british(person.started),
            &british(used),
            "",
            &british_or_blank(closed),
        ]);
    }
    for row in others(world) {
        table.row(&row);
    }
    out.write("application/accounts.csv", table.bytes())
}

fn users(world: &World) -> Vec<(&'static str, &Person)> {
    let leaver = [world.cast(firm::LEAVER)].into_iter();
    let former = world.former().map(|p| (firm::TRIAGE, p));
    let own = |p: &&Person| !p.partner();
    let referrals = world
        .team("Support")
        .filter(own)
        .chain(world.team("Clinical Safety"));
    let triage = world.team("Clinical Safety").chain(world.team("Data"));
    let platform: Vec<&Person> = world.team("Platform").take(2).collect();
    let referrals = referrals.chain(platform.clone()).chain(leaver);
    let referrals = referrals.map(|p| (firm::REFERRALS, p));
    referrals
        .chain(triage.chain(platform).map(|p| (firm::TRIAGE, p)))
        .chain(former)
        .collect()
}

fn administers(world: &World, system: &str, person: &Person) -> bool {
    let lead = world.cast(firm::PLATFORM_LEAD);
    let guardian = world.cast(firm::GUARDIAN);
    person.number == lead.number || (system == firm::TRIAGE && person.number == guardian.number)
}

/// The interface engine's account, with its owner; and the shared one when that is planted.
fn others(world: &World) -> Vec<[String; 14]> {
    let lead = &world.cast(firm::PLATFORM_LEAD).email;
    let made = british(world.ago(700));
    let used = british(world.ago(1));
    let account = |login: &str, name: &str, kind: &str, mfa: &str| {
        [
            firm::REFERRALS,
            login,
            name,
            "",
            "",
            "yes",
            kind,
            "no",
            mfa,
            if mfa == "yes" { "enforced" } else { "" },
            &made,
            &used,
            lead,
            "",
        ]
        .map(str::to_owned)
    };
    let mut rows = vec![account(
        "svc-interface",
        "Interface engine",
        "service",
        "no",
    )];
    if world.fault("shared-account") {
        rows.push(account(SHARED, "Front desk", "shared", "yes"));
    }
    rows
}

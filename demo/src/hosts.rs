//! Servers and laptops.

use jiff::civil::Date;

use crate::firm;
use crate::world::World;

/// One server, on Debian.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    /// What it is for: decides its packages.
    pub(crate) role: &'static str,
    /// The system it serves.
    pub(crate) system: &'static str,
    /// In 192.0.2.0/24, 198.51.100.0/24 or 203.0.113.0/24: addresses of nobody.
    pub(crate) address: String,
    pub(crate) internet_facing: bool,
    pub(crate) seen: Date,
}

/// One laptop.
#[derive(Clone, Debug)]
pub(crate) struct Laptop {
    pub(crate) name: String,
    /// E-mail of whoever holds it.
    pub(crate) holder: String,
    pub(crate) os: &'static str,
    pub(crate) version: &'static str,
    pub(crate) seen: Date,
    pub(crate) antimalware_updated: Date,
}

/// Role, system, how many at a scale of one, whether the internet reaches it.
const SERVERS: [(&str, &str, usize, bool); 9] = [
    ("web", firm::REFERRALS, 3, true),
    ("app", firm::REFERRALS, 3, false),
    ("triage", firm::TRIAGE, 3, true),
    ("db", firm::REFERRALS, 2, false),
    ("queue", firm::TRIAGE, 2, false),
    ("logs", firm::SERVERS, 1, false),
    ("build", firm::SERVERS, 2, false),
    ("backup", firm::SERVERS, 1, false),
    ("bastion", firm::SERVERS, 1, true),
];

/// The server that installed a kernel and goes on with the old one.
pub(crate) const NOT_RESTARTED: &str = "lkf-triage-02";
/// The server that was there and is in no list today, when that is planted.
pub(crate) const VANISHED: &str = "lkf-spare-01";
/// The last day on which it was still read.
const LAST_READ: i64 = 28;
/// The laptop whose system is unsupported when that is planted.
pub(crate) const UNSUPPORTED: &str = "LKF-L009";

pub(crate) fn servers(world: &World) -> Vec<Server> {
    let mut rng = world.rng("servers");
    let mut made = Vec::new();
    for (role, system, count, internet_facing) in SERVERS {
        for number in 1..=count * world.scale {
            let block = ["192.0.2", "198.51.100", "203.0.113"][made.len() / 250 % 3];
            made.push(Server {
                name: format!("lkf-{role}-{number:02}"),
                role,
                system,
                address: format!("{block}.{}", 4 + made.len() % 250),
                internet_facing,
                seen: world.ago(rng.between(0, 2)),
            });
        }
    }
    made
}

/// The server that vanished, on the days on which it was there.
pub(crate) fn vanished(world: &World) -> Option<Server> {
    let was_there = world.fault("server-vanished") && world.then >= LAST_READ;
    was_there.then(|| Server {
        name: VANISHED.into(),
        role: "spare",
        system: firm::SERVERS,
        address: "192.0.2.254".into(),
        internet_facing: false,
        seen: world.today(),
    })
}

/// One for everybody but the partners.
pub(crate) fn laptops(world: &World) -> Vec<Laptop> {
    let mut rng = world.rng("laptops");
    let holders = world.staff().filter(|p| !p.partner());
    let mut made = Vec::new();
    for (place, holder) in holders.enumerate() {
        let name = format!("LKF-L{:03}", place + 1);
        let (mut os, mut version) = match rng.between(1, 10) {
            1..=6 => ("windows", "11-25h2-e"),
            7 | 8 => ("macos", "26"),
            9 => ("macos", "15"),
            _ => ("ubuntu", "24.04"),
        };
        if name == UNSUPPORTED {
            (os, version) = ("windows", "11-25h2-e");
            if world.fault("unsupported-system") {
                version = "10-21h2-e";
            }
        }
        made.push(Laptop {
            name,
            holder: holder.email.clone(),
            os,
            version,
            seen: world.ago(rng.between(0, 6)),
            antimalware_updated: world.ago(rng.between(0, 2)),
        });
    }
    made
}

//! `mdm/devices.csv`: what device management knows of laptops; `registers/servers.csv`: servers,
//! images and containers.

use std::io;

use crate::firm;
use crate::out::{Csv, Out, british, yes};
use crate::world::World;

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    out.write("mdm/devices.csv", laptops(world).bytes())?;
    out.write("registers/servers.csv", servers(world).bytes())
}

fn laptops(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Device name",
        "Serial number",
        "Category",
        "Primary user",
        "Operating system",
        "OS release",
        "Disk encrypted",
        "Defender running",
        "Definitions updated",
        "Last check-in",
    ]);
    let mut rng = world.rng("serial numbers");
    for laptop in &world.laptops {
        table.row(&[
            &laptop.name,
            &format!("INV{}", rng.hex(4).to_uppercase()),
            "laptop",
            &laptop.holder,
            laptop.os,
            laptop.version,
            "Yes",
            "Yes",
            &british(laptop.antimalware_updated),
            &british(laptop.seen),
        ]);
    }
    table
}

/// What the product is built into: name, system, kind.
pub(crate) const IMAGES: [(&str, &str, &str); 2] = [
    (
        "registry.larkfieldpathways.example/referrals-api",
        firm::REFERRALS,
        "image",
    ),
    ("triage-web", firm::TRIAGE, "repository"),
];

/// Repositories whose lockfiles are read: of the web forms, of the scores, of the reports.
pub(crate) const REPOSITORIES: [(&str, &str, &str); 3] = [
    ("larkfield-forms", firm::REFERRALS, "repository"),
    ("larkfield-scoring", firm::TRIAGE, "repository"),
    ("larkfield-reports", firm::REFERRALS, "repository"),
];

/// Containers that the compose file declares: proxy, interface, worker, pages.
pub(crate) const CONTAINERS: [&str; 4] = [
    "larkfield-proxy",
    "larkfield-api",
    "larkfield-worker",
    "larkfield-web",
];

fn servers(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Name",
        "Kind",
        "System",
        "Owner",
        "OS",
        "OS version",
        "Encrypted",
        "Internet facing",
        "Region",
        "Last seen on",
    ]);
    let lead = &world.cast(firm::PLATFORM_LEAD).email;
    for server in &world.servers {
        table.row(&[
            &server.name,
            "server",
            server.system,
            lead,
            "debian",
            "13",
            "yes",
            yes(server.internet_facing),
            "eu-west-2",
            &british(server.seen),
        ]);
    }
    let containers = CONTAINERS.map(|name| (name, firm::REFERRALS, "container"));
    let built = IMAGES.into_iter().chain(REPOSITORIES);
    for (name, system, kind) in built.chain(containers) {
        let seen = british(world.ago(1));
        table.row(&[
            name,
            kind,
            system,
            lead,
            "",
            "",
            "",
            "no",
            "eu-west-2",
            &seen,
        ]);
    }
    table
}

//! `registers/stores.csv` and beside it: where data lies, what of it is personal, how it flows, how
//! it is backed up and brought back.

use std::io;

use crate::firm;
use crate::out::{Csv, Out, british, yes};
use crate::world::World;

/// A store that the register names and the infrastructure declares: name, kind, system.
pub(crate) const STORES: [(&str, &str, &str); 3] = [
    ("larkfield-referrals", "database", firm::REFERRALS),
    ("larkfield-triage", "database", firm::TRIAGE),
    ("larkfield-referral-documents", "bucket", firm::REFERRALS),
];

/// The store that the register does not name when that is planted.
pub(crate) const UNREGISTERED: &str = "larkfield-research-extract";

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut keep = |name: &str, table: Csv| {
        let path = format!("registers/{name}.csv");
        out.write(&path, table.bytes())
    };
    keep("stores", stores(world))?;
    keep("data-elements", data_elements())?;
    keep("flows", flows())?;
    keep("backups", backups(world))?;
    keep("restores", restores(world))
}

fn stores(world: &World) -> Csv {
    let headings = [
        "Name",
        "Kind",
        "System",
        "Region",
        "Encrypted",
        "Public",
        "Approved on",
    ];
    let mut table = Csv::new(&headings);
    for (place, (name, kind, system)) in STORES.into_iter().enumerate() {
        let approved = british(world.ago(60 + place as i64));
        table.row(&[name, kind, system, "eu-west-2", "yes", "no", &approved]);
    }
    table
}

fn data_elements() -> Csv {
    let mut table = Csv::new(&["Store", "Name", "Category", "Personal", "Special"]);
    let patient = [
        ("patient.name", "name", false),
        ("patient.nhs_number", "nhs number", false),
        ("patient.born_on", "date of birth", false),
        ("referral.reason", "health", true),
    ];
    for (store, ..) in &STORES[..2] {
        for (name, category, special) in patient {
            table.row(&[*store, name, category, "yes", yes(special)]);
        }
    }
    table.row(&[STORES[2].0, "letters", "health", "yes", "yes"]);
    table
}

fn flows() -> Csv {
    let mut table = Csv::new(&[
        "Origin",
        "Destination",
        "Protocol",
        "Encrypted",
        "Personal",
        "Destination region",
    ]);
    let rows = [
        ("GP practices", firm::REFERRALS, "https", "yes"),
        (firm::REFERRALS, "larkfield-referrals", "postgresql", "yes"),
        (
            firm::REFERRALS,
            "larkfield-referral-documents",
            "https",
            "yes",
        ),
        (firm::REFERRALS, firm::TRIAGE, "https", "yes"),
        (firm::TRIAGE, "larkfield-triage", "postgresql", "yes"),
        (
            firm::TRIAGE,
            "Tidewrack Messaging (invented)",
            "https",
            "yes",
        ),
        (
            "Pennywhistle Payroll (invented)",
            firm::OFFICE,
            "https",
            "yes",
        ),
        (firm::SERVERS, "lkf-logs-01", "syslog-tls", "no"),
    ];
    for (origin, destination, protocol, personal) in rows {
        table.row(&[
            origin,
            destination,
            protocol,
            "yes",
            personal,
            "United Kingdom",
        ]);
    }
    table
}

/// What is backed up and rehearsed: target, minutes a restore took, minutes lost.
const TARGETS: [(&str, i64, i64); 8] = [
    ("larkfield-referrals", 96, 9),
    ("larkfield-referral-documents", 150, 30),
    ("larkfield-triage", 81, 12),
    (firm::ENTRA, 210, 700),
    (firm::AWS, 260, 60),
    (firm::SERVERS, 190, 240),
    (firm::DIRECTORY, 320, 600),
    (firm::DESK, 240, 480),
];

fn backups(world: &World) -> Csv {
    let headings = [
        "Target",
        "Taken on",
        "Outcome",
        "Encrypted",
        "Immutable",
        "Offsite",
    ];
    let mut table = Csv::new(&headings);
    for (target, ..) in TARGETS {
        for ago in 0..14 {
            let failed = ago == 6 && target == firm::DESK;
            let outcome = if failed { "failed" } else { "succeeded" };
            table.row(&[
                target,
                &british(world.ago(ago)),
                outcome,
                "yes",
                "yes",
                "yes",
            ]);
        }
    }
    table
}

/// One rehearsal a target within the year and one before it; of one target only an old one when
/// that is planted.
fn restores(world: &World) -> Csv {
    let headings = [
        "Target",
        "Tested on",
        "Outcome",
        "Took minutes",
        "Loss minutes",
    ];
    let mut table = Csv::new(&headings);
    for (place, (target, took, loss)) in TARGETS.into_iter().enumerate() {
        let old = target == "larkfield-triage" && world.fault("restore-too-old");
        let latest = match old {
            true => world.months_ago(14),
            false => world.ago(40 + 12 * place as i64),
        };
        let mut row = |day, took: i64, loss: i64| {
            let (took, loss) = (took.to_string(), loss.to_string());
            table.row(&[target, &british(day), "passed", &took, &loss]);
        };
        row(latest, took, loss);
        row(world.months_ago(20), took + 15, loss);
    }
    table
}

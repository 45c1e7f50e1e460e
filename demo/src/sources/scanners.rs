//! `scanner/*.csv`: what two scanners report, one of the network and one with an agent on each laptop.

use std::io;

use jiff::civil::Date;

use crate::out::{Csv, Out, instant};
use crate::world::World;

/// The test of the network's scanner that only a setting satisfies.
pub(crate) const SETTING: &str = "1.3.6.1.4.1.25623.1.0.999001";
/// The servers on which it fails until the setting was made; the first has evidence of it.
pub(crate) const SET: [&str; 2] = ["lkf-bastion-01", "lkf-queue-01"];
/// The day on which it was made.
pub(crate) const SET_ON: i64 = 3;

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    out.write("scanner/network.csv", network(world).bytes())?;
    out.write("scanner/laptops.csv", laptops(world).bytes())
}

/// In the form of OpenVAS. No field dates a fix.
fn network(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "IP",
        "Hostname",
        "Port",
        "Port Protocol",
        "CVSS",
        "Severity",
        "Solution Type",
        "NVT Name",
        "Specific Result",
        "NVT OID",
        "CVEs",
        "Timestamp",
    ]);
    let at = instant(world.today(), 2, 30);
    let mut row =
        |host: &str, port: &str, score: &str, level: &str, solution: &str, what: [&str; 2]| {
            let address = world.servers.iter().find(|s| s.name == host);
            let address = address.map_or("", |s| s.address.as_str());
            let [name, test] = what;
            table.row(&[
                address, host, port, "tcp", score, level, solution, name, "", test, "", &at,
            ]);
        };
    let clocks = [
        "Invented: the host tells its uptime",
        "1.3.6.1.4.1.25623.1.0.999003",
    ];
    row("lkf-logs-01", "22", "2.6", "Low", "NoneAvailable", clocks);
    if (SET_ON..=6).contains(&world.then) {
        let tls = ["Invented: the console takes old TLS", SETTING];
        for host in SET {
            row(host, "8443", "7.5", "High", "Workaround", tls);
        }
    }
    table
}

/// In the form of Qualys: it dates the fix, and its own first sight.
fn laptops(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Asset Name",
        "QID",
        "Title",
        "Severity",
        "Type Detected",
        "Status",
        "First Detected",
        "Patch Released",
        "Vuln Patchable",
    ]);
    if world.then > 10 {
        return table;
    }
    let (seen, released) = (american(world.ago(10)), american(world.ago(12)));
    let updated = if world.then > 7 { "Active" } else { "Fixed" };
    for (laptop, status) in [("LKF-L003", "Active"), ("LKF-L005", updated)] {
        table.row(&[
            laptop,
            "999002",
            "Invented: Quillpage Reader below 24.5",
            "4",
            "Confirmed",
            status,
            &seen,
            &released,
            "Yes",
        ]);
    }
    table
}

/// `12/31/2026`.
fn american(day: Date) -> String {
    format!("{:02}/{:02}/{}", day.month(), day.day(), day.year())
}

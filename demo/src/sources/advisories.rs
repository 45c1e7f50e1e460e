//! `advisories/*.json`: advisories in OSV's form. Every one of them is invented.

use std::io;

use serde_json::{Value, json};

use super::packages::FIXED;
use crate::out::{Out, instant};
use crate::world::World;

const HIGH: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N";
const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N";

struct Advisory {
    ecosystem: &'static str,
    package: &'static str,
    fixed: &'static str,
    vector: &'static str,
    /// Days since it was published.
    age: i64,
    summary: &'static str,
    withdrawn: bool,
}

const fn advisory(
    (ecosystem, package, fixed): (&'static str, &'static str, &'static str),
    vector: &'static str,
    age: i64,
    summary: &'static str,
) -> Advisory {
    Advisory {
        ecosystem,
        package,
        fixed,
        vector,
        age,
        summary,
        withdrawn: false,
    }
}

/// The first is the one whose fix one server lacks when that is planted. Of the others some are
/// installed, some are of medium risk and wait, and one is new and still has its days.
const ADVISORIES: [Advisory; 9] = [
    advisory(
        ("Debian:13", "openssl", FIXED),
        HIGH,
        17,
        "Invented: reading past the end of a certificate's name",
    ),
    advisory(
        ("Debian:13", "nginx", "1.26.3-3+deb13u1"),
        HIGH,
        64,
        "Invented: a long header stops a worker",
    ),
    advisory(
        ("Debian:13", "curl", "8.14.1-2+deb13u2"),
        MEDIUM,
        33,
        "Invented: a cookie is sent to a neighbouring host",
    ),
    advisory(
        ("Debian:13", "postgresql-17", "17.7-0+deb13u1"),
        HIGH,
        5,
        "Invented: a view shows rows that its reader may not see",
    ),
    advisory(
        ("Debian:12", "openssl", "3.0.19-1~deb12u1"),
        HIGH,
        17,
        "Invented: reading past the end of a certificate's name, in the release before",
    ),
    advisory(
        ("npm", "lodash", "4.17.22"),
        MEDIUM,
        21,
        "Invented: a crafted path sets a property of all objects",
    ),
    advisory(
        ("PyPI", "jinja2", "3.1.6"),
        HIGH,
        200,
        "Invented: a template reaches out of its sandbox",
    ),
    advisory(
        ("crates.io", "ring", "0.17.12"),
        HIGH,
        230,
        "Invented: some lengths stop the program",
    ),
    Advisory {
        withdrawn: true,
        ..advisory(
            ("npm", "axios", "2.0.0"),
            HIGH,
            90,
            "Invented, and found to be none",
        )
    },
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    for (place, advisory) in ADVISORIES.iter().enumerate() {
        let id = format!("DEMO-2026-{:04}", place + 1);
        let record = record(world, &id, advisory);
        let text = serde_json::to_string_pretty(&record).unwrap_or_default();
        out.write(&format!("advisories/{id}.json"), text)?;
    }
    Ok(())
}

fn record(world: &World, id: &str, advisory: &Advisory) -> Value {
    let published = instant(world.ago(advisory.age), 11, 0);
    let mut record = json!({
        "schema_version": "1.6.7",
        "id": id,
        "summary": advisory.summary,
        "details": "This advisory is invented for a demonstration and describes no real fault.",
        "published": published,
        "modified": published,
        "severity": [{"type": "CVSS_V3", "score": advisory.vector}],
        "affected": [{
            "package": {"ecosystem": advisory.ecosystem, "name": advisory.package},
            "ranges": [{"type": "ECOSYSTEM",
                "events": [{"introduced": "0"}, {"fixed": advisory.fixed}]}],
        }],
    });
    if advisory.withdrawn {
        record["withdrawn"] = json!(instant(world.ago(advisory.age - 4), 9, 0));
    }
    record
}

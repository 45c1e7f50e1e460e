//! `lockfiles/NAME/…`: what three repositories lock. Names of packages are invented.

use std::fmt::Write as _;
use std::io;

use serde_json::{Map, Value, json};

use super::devices::REPOSITORIES;
use crate::fixes::in_repository;
use crate::out::Out;
use crate::world::World;

const SCRIPT: [(&str, &str); 4] = [
    ("@larkfield-demo/forms-core", "2.4.0"),
    ("@larkfield-demo/router", "1.1.1"),
    ("@larkfield-demo/widgets", "5.0.2"),
    ("@larkfield-demo/dates", "3.2.0"),
];

const RUST: [(&str, &str); 3] = [
    ("larkfield-demo-codec", "0.3.1"),
    ("larkfield-demo-frames", "1.0.4"),
    ("larkfield-demo-weights", "0.9.0"),
];

const PYTHON: [(&str, &str); 2] = [
    ("larkfield-demo-charts", "2.0.1"),
    ("larkfield-demo-tables", "1.8.0"),
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let [(forms, ..), (scoring, ..), (reports, ..)] = REPOSITORIES;
    let mut keep =
        |name: &str, file: &str, text: String| out.write(&format!("lockfiles/{name}/{file}"), text);
    keep(forms, "package-lock.json", npm(world, forms))?;
    keep(scoring, "Cargo.lock", cargo(world, scoring))?;
    keep(reports, "requirements.txt", pip(world, reports))
}

fn npm(world: &World, repository: &str) -> String {
    let locked = SCRIPT.iter().map(|(name, today)| {
        let version = in_repository(world, repository, name, today);
        (format!("node_modules/{name}"), json!({"version": version}))
    });
    let own = json!({"name": repository, "version": "1.0.0"});
    let mut packages: Map<String, Value> = Map::from_iter([(String::new(), own)]);
    packages.extend(locked);
    let lock = json!({"name": repository, "version": "1.0.0", "lockfileVersion": 3,
        "requires": true, "packages": packages});
    format!("{lock:#}\n")
}

fn cargo(world: &World, repository: &str) -> String {
    let mut text = String::from("version = 4\n");
    for (name, today) in RUST {
        let version = in_repository(world, repository, name, today);
        let _ = write!(
            text,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
        );
    }
    text
}

fn pip(world: &World, repository: &str) -> String {
    let pinned = PYTHON.iter().map(|(name, today)| {
        let version = in_repository(world, repository, name, today);
        format!("{name}=={version}\n")
    });
    pinned.collect()
}

//! Patching at size: `cargo bench -p standing --bench patching`.
//!
//! Advisories compiled and opened; lockfiles judged one by one and a thousand at once; a fleet of 50,000
//! hosts, and the same a day later; a host's packages read. The peer is cargo-audit, where it is on the
//! path. `… -- lockfiles` runs one part. `STANDING_BENCH_HOSTS` sets another size of the fleet.
//!
//! Each part runs in a process of its own, so that its peak memory is its own.

mod data;
mod dpkg;
mod fleet;
mod index;
mod locks;
mod measure;
mod peer;

use std::path::Path;
use std::process::Command;

const PART: &str = "STANDING_PATCHING_BENCH";
type Part = (&'static str, fn(&Path));
const PARTS: [Part; 5] = [
    ("index", index::bench),
    ("lockfiles", locks::bench),
    ("peer", peer::bench),
    ("fleet", fleet::bench),
    ("dpkg", dpkg::bench),
];

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("patching-bench");
    if let Ok(part) = std::env::var(PART) {
        let found = PARTS.iter().find(|(name, _)| *name == part);
        return found.expect("a part").1(&folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below target");
    let words = std::env::args().skip(1);
    let only: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| only.is_empty() || only.iter().any(|word| word == part);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} processors");
    data::write(&folder);
    for (part, _) in PARTS.iter().filter(|(part, _)| wanted(part)) {
        println!("\n{part}");
        let own = std::env::current_exe().expect("own path");
        let ended = Command::new(own).env(PART, part).status();
        assert!(ended.expect("the part").success(), "{part}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

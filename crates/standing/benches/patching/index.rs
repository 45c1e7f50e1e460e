//! The compiled index of all shared advisories.

use std::path::Path;

use crate::data;
use crate::measure::{peak_mib, report, times};

pub fn bench(folder: &Path) {
    let path = folder.join("shared.adv");
    let size = std::fs::metadata(&path).expect("the database").len();
    let held = data::open(&path);
    println!(
        "{} advisories, {:.1} MB",
        held.advisories(),
        size as f64 / 1e6
    );
    report("opened", times(201, || drop(data::open(&path))));
    let answered = times(201, || {
        let database = data::open(&path);
        let hits = database.judge("crates.io", "openssl", "0.8.0");
        assert!(hits.is_ok());
    });
    report("opened and asked about one package", answered);
    println!("peak memory {} MiB", peak_mib());
    let shared = data::shared();
    let built = times(5, || {
        assert!(data::build(&shared) == std::fs::read(&path).expect("it"))
    });
    report("built, records as text in memory", built);
    println!("peak memory with the records {} MiB", peak_mib());
}

//! Support dates: the tables that lie beside the repository give what the catalogue says, which was made
//! of them by hand; and any bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use standing_facts::{Cell, Outcome, Row};

use crate::scanner::read_as;

/// The sample data beside the repository, if it is there.
fn advisories() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = above.map(|folder| folder.join("shared/data/advisories"));
    let found = folders.find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: ../shared/data not present");
    }
    found
}

/// Product and cycle, and the two days.
type Dated = BTreeMap<(String, String), (String, String)>;

fn dated(rows: &[Row]) -> Dated {
    let text = |row: &Row, name: &str| {
        let at = row
            .table
            .columns
            .iter()
            .position(|c| c.name == name)
            .unwrap();
        match &row.cells[at] {
            Cell::Text(text) => text.clone(),
            _ => String::new(),
        }
    };
    let one = |row: &Row| {
        let key = (text(row, "product"), text(row, "cycle"));
        (key, (text(row, "ends_on"), text(row, "extended_until")))
    };
    rows.iter().map(one).collect()
}

/// The catalogue's rows whose origin the sentence begins with.
fn catalogue(origin: &str) -> Dated {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/support.csv");
    let text = std::fs::read_to_string(file).unwrap();
    let cells = text
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect::<Vec<_>>());
    let wanted = cells.filter(|c| c[4].starts_with(origin));
    let one = |c: Vec<&str>| ((c[0].into(), c[1].into()), (c[2].into(), c[3].into()));
    wanted.map(one).collect()
}

#[test]
fn the_tables_that_the_catalogue_was_made_of_give_its_rows() {
    let Some(folder) = advisories() else { return };
    for (files, origin, least) in [
        (&["endoflife-products.jsonl.gz"][..], "endoflife.date", 160),
        (
            &["debian/debian.csv", "debian/ubuntu.csv"][..],
            "Debian",
            30,
        ),
    ] {
        let mut found = Dated::new();
        for file in files {
            let bytes = std::fs::read(folder.join(file)).unwrap();
            let name = file.rsplit('/').next().unwrap();
            let (done, rows) = read_as("support", name, &bytes);
            assert_eq!(done.outcome, Outcome::Complete, "{file}: {:?}", done.gaps);
            found.extend(dated(&rows));
        }
        let catalogue = catalogue(origin);
        assert!(catalogue.len() >= least, "{}", catalogue.len());
        println!(
            "{origin}: {} rows, of which {} in the catalogue",
            found.len(),
            catalogue.len()
        );
        for (key, days) in &catalogue {
            assert_eq!(found.get(key), Some(days), "{key:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_as("support", "a.json", &bytes);
    }

    #[test]
    fn no_json_panics(text in "[\\[{](\"(product|name|result|releases|cycle|eol|isEol|eoes|releaseCycle)\":([\\[{]|1|null|true|false|\"x\"|\"2026-01-01\"),?|[\\]}],?|\n){0,30}") {
        read_as("support", "a.json", text.as_bytes());
    }

    #[test]
    fn no_table_panics(rows in "version,series,eol,eol-(lts|esm)\n(([0-9a-zé-]{0,10},){0,6}\n){0,6}") {
        read_as("support", "a.csv", rows.as_bytes());
    }

    /// A recorded file with one byte changed and the rest cut off somewhere.
    #[test]
    fn no_damage_panics(which in 0usize..4, at in 0usize..100_000, byte: u8, cut in 0usize..100_000) {
        let name = ["products.jsonl", "postgresql.json", "v1.json", "debian.csv"][which];
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/support/testdata/complete/input");
        let mut bytes = std::fs::read(folder.join(name)).unwrap();
        let length = bytes.len();
        bytes[at % length] = byte;
        read_as("support", name, &bytes);
        read_as("support", name, &bytes[..cut % length]);
    }
}

//! Readers of software: real files of other people's tools, which lie beside the repository and are not part
//! of it.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use standing_collectors::{Keeper, Kept, Root, Run, Settings, by_kind, run};
use standing_facts::{Cell, Outcome, Row};

/// Gives the same bytes for every file.
struct Always(Vec<u8>);

impl Keeper for Always {
    fn keep(&mut self, name: &str, _: &mut dyn Read) -> io::Result<Kept> {
        Ok(Kept {
            name: name.to_owned(),
            handle: String::new(),
            bytes: self.0.len() as u64,
            sha256: String::new(),
        })
    }

    fn open(&self, _: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }
}

/// Reads `bytes` as the one file `name` of a source of that kind.
fn read_as(kind: &str, name: &str, bytes: &[u8], each: &mut dyn FnMut(Row)) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(kind).join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "").unwrap();
    let settings = Settings {
        source: "src".into(),
        path: kind.into(),
        ..Settings::default()
    };
    run(
        by_kind(kind).unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Always(bytes.to_vec()),
        &BTreeMap::new(),
        &mut |_| {},
        each,
    )
}

/// The sample data beside the repository, if it is there.
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.is_dir() {
        println!("skipped: ../shared/data not present");
        return None;
    }
    Some(folder)
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|e| e == "gz") {
        let mut whole = Vec::new();
        let mut packed = flate2::read::GzDecoder::new(&bytes[..]);
        packed.read_to_end(&mut whole).unwrap();
        bytes = whole;
    }
    bytes
}

fn names(rows: &[Row]) -> std::collections::BTreeSet<String> {
    let of = |row: &Row| {
        let cell = |name: &str| {
            let at = row.table.columns.iter().position(|c| c.name == name);
            match &row.cells[at.unwrap()] {
                Cell::Text(text) => text.clone(),
                _ => String::new(),
            }
        };
        let binary = Some(cell("binary")).filter(|b| !b.is_empty());
        let binary = binary.unwrap_or_else(|| cell("name"));
        format!("{binary} {} {}", cell("name"), cell("version"))
    };
    let components = rows.iter().filter(|r| r.table.name == "component");
    components.map(of).collect()
}

#[test]
fn a_real_status_file_and_its_bill_of_materials_agree() {
    let Some(data) = data() else { return };
    let folder = data.join("vectors/sbom");
    let status = unpacked(&folder.join("debian12.dpkg-status.gz"));
    let bill = unpacked(&folder.join("debian12.syft-1.18.1.cdx.json.gz"));
    let (mut of_dpkg, mut of_syft) = (Vec::new(), Vec::new());
    let begun = std::time::Instant::now();
    read_as("dpkg", "web1/var/lib/dpkg/status", &status, &mut |row| {
        of_dpkg.push(row);
    });
    println!("{} rows of dpkg in {:?}", of_dpkg.len(), begun.elapsed());
    let done = read_as("sbom", "bom.json", &bill, &mut |row| of_syft.push(row));
    assert_eq!(done.outcome, Outcome::Complete, "{:?}", done.gaps);
    let (of_dpkg, of_syft) = (names(&of_dpkg), names(&of_syft));
    assert!(of_dpkg.len() > 700, "{}", of_dpkg.len());
    // Two packages of data were brought up to date between the one file and the other.
    let updated = |name: &&String| {
        name.starts_with("debian-security-support ") || name.starts_with("distro-info-data ")
    };
    let apart = of_dpkg.symmetric_difference(&of_syft);
    let apart: Vec<_> = apart.filter(|name| !updated(name)).collect();
    assert!(apart.is_empty(), "{apart:#?}");
}

#[test]
fn real_bills_of_materials_are_read_or_named() {
    let Some(data) = data() else { return };
    let mut read = 0;
    for (file, least) in [
        ("SBOM/laravel-7.12.0/bom.1.2.json", 50),
        ("SBOM/laravel-7.12.0/bom.1.4.json", 50),
        ("SBOM/juice-shop/via_npm/flat/bom.1.4.json.gz", 500),
        ("SBOM/protonmail-webclient-v4-0912dff/bom.json", 500),
        ("spdx/software/example11/spdx2.3/sbom.spdx.json.gz", 4),
    ] {
        let bytes = unpacked(&data.join("vectors/sbom").join(file));
        let mut rows = Vec::new();
        let done = read_as("sbom", "bom.json", &bytes, &mut |row| rows.push(row));
        assert_ne!(done.outcome, Outcome::Failed, "{file}: {:?}", done.gaps);
        assert!(
            names(&rows).len() >= least,
            "{file}: {}",
            names(&rows).len()
        );
        read += 1;
    }
    for (file, word) in [
        ("SBOM/laravel-7.12.0/bom.1.4.xml", "XML"),
        (
            "spdx/software/example11/spdx3.0/sbom.spdx3.json.gz",
            "SPDX 3",
        ),
        (
            "spdx/software/example1/spdx2.2/example1.spdx",
            "tags and values",
        ),
    ] {
        let bytes = unpacked(&data.join("vectors/sbom").join(file));
        let done = read_as("sbom", "bom.json", &bytes, &mut |_| {});
        assert_eq!(done.outcome, Outcome::Failed, "{file}");
        assert!(done.gaps[0].detail.contains(word), "{:?}", done.gaps);
    }
    println!("{read} real bills of materials");
}

#[test]
fn real_advisories_are_read_to_the_last() {
    let Some(data) = data() else { return };
    for (file, records) in [
        ("rustsec", 1_206),
        ("go", 4_291),
        ("pypa", 2_661),
        ("bitnami", 7_444),
        ("almalinux", 5_680),
    ] {
        let path = data.join(format!("advisories/{file}-osv.jsonl.gz"));
        let bytes = std::fs::read(path).unwrap();
        let mut ids = std::collections::BTreeSet::new();
        let mut keys = std::collections::BTreeSet::new();
        let mut rows = 0;
        let done = read_as("osv", "a.jsonl.gz", &bytes, &mut |row| {
            rows += 1;
            keys.insert(row.key());
            let Cell::Text(id) = &row.cells[0] else {
                panic!("an id")
            };
            ids.insert(id.clone());
        });
        // AlmaLinux's file holds some records twice.
        let are_distinct = rows == keys.len() || file == "almalinux";
        assert!(are_distinct, "{file}: rows share keys");
        let odd: Vec<_> = done.problems.iter().filter(|p| p.lost).collect();
        assert!(odd.is_empty(), "{file}: {odd:#?}");
        assert!(
            ids.len() <= records && ids.len() * 100 >= records * 99,
            "{file}: {}",
            ids.len()
        );
    }
}

//! What dpkg has installed, through the collector to facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use standing_collectors::{Keeper, Kept, Root, Settings, by_kind, run};

use crate::data;
use crate::measure::{peak_mib, report, times};

/// Keeps in memory, by name.
#[derive(Default)]
struct InMemory(BTreeMap<String, Vec<u8>>);

impl Keeper for InMemory {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        let mut kept = Vec::new();
        bytes.read_to_end(&mut kept)?;
        let part = Kept {
            name: name.to_owned(),
            handle: String::new(),
            bytes: kept.len() as u64,
            sha256: String::new(),
        };
        self.0.insert(name.to_owned(), kept);
        Ok(part)
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(&self.0[&part.name][..]))
    }
}

pub fn bench(folder: &Path) {
    let text = status();
    let release = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";
    for (name, text) in [("var/lib/dpkg/status", &*text), ("etc/os-release", release)] {
        let path = folder.join("dpkg/web1").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file of the host");
    }
    let settings = Settings {
        source: "hosts".into(),
        path: "dpkg".into(),
        ..Settings::default()
    };
    let mut components = 0;
    let read = times(51, || {
        components = 0;
        let done = run(
            by_kind("dpkg").expect("the kind"),
            &settings,
            &Root::new(folder),
            &mut InMemory::default(),
            &BTreeMap::new(),
            &mut |_| {},
            &mut |row| components += usize::from(row.table.name == "component"),
        );
        assert!(done.problems.iter().all(|problem| !problem.lost));
    });
    println!(
        "a status file of {} kB, {components} components",
        text.len() / 1000
    );
    report("collected: found, kept in memory, read to facts", read);
    println!("peak memory {} MiB", peak_mib());
}

/// The status file beside the repository, or an invented one.
fn status() -> String {
    let shared = data::folder().map(|f| f.join("vectors/sbom/debian12.dpkg-status.gz"));
    if let Some(path) = shared.filter(|path| path.is_file()) {
        return data::unpacked(&path);
    }
    println!("../shared/data is not present: an invented status file stands in");
    let mut text = String::new();
    for i in 0..780 {
        let version = data::debian_version(i % 6);
        let _ = write!(
            text,
            "Package: deb-{i}\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\n\
             Version: {version}\nMaintainer: Someone <someone@firm.example>\nDepends: deb-1, deb-2\n\
             Description: an invented package\n{}\n",
            " A line that describes it and is as long as such lines are.\n".repeat(8)
        );
    }
    text
}

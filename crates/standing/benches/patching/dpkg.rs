//! What dpkg has installed, through the collector to facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use standing_collectors::{Keeper, Kept, Root, Settings, by_kind, run};

use crate::data;
use crate::measure::{peak_mib, report, times};

/// Keeps in memory.
struct InMemory(Vec<u8>);

impl Keeper for InMemory {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        self.0.clear();
        bytes.read_to_end(&mut self.0)?;
        Ok(Kept {
            name: name.to_owned(),
            handle: String::new(),
            bytes: self.0.len() as u64,
            sha256: String::new(),
        })
    }

    fn open(&self, _: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(&self.0[..]))
    }
}

pub fn bench(folder: &Path) {
    let text = status();
    let path = folder.join("dpkg/web1/var/lib/dpkg/status");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, &text).expect("the status");
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
            &mut InMemory(Vec::new()),
            &BTreeMap::new(),
            &mut |_| {},
            &mut |row| components += usize::from(row.table.name == "component"),
        );
        assert_eq!(done.problem_count, 0);
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

//! Recorded cases: `src/<kind>/testdata/<case>/` holds `input/` (or a single `input.*` file),
//! optionally `source.toml`, and `expected.txt`, which `UPDATE=1` writes anew.
//!
//! `source.toml` may hold `[values]`, `[columns]` and `deny = ["file", …]`: files that the file
//! system refuses to open in this case.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use standing_collectors::{Collector, Keeper, Kept, Root, Settings, run};

const CASES: [&str; 5] = [
    "complete",
    "empty",
    "denied",
    "second-page-missing",
    "malformed",
];

/// Keeps parts in memory.
#[derive(Default)]
pub struct Memory(RefCell<BTreeMap<String, Vec<u8>>>);

impl Keeper for Memory {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all)?;
        let kept = Kept {
            name: name.to_owned(),
            handle: name.to_owned(),
            bytes: all.len() as u64,
            sha256: String::new(),
        };
        self.0.borrow_mut().insert(name.to_owned(), all);
        Ok(kept)
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(io::Cursor::new(
            self.0.borrow()[&part.handle].clone(),
        )))
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Source {
    values: BTreeMap<String, String>,
    columns: BTreeMap<String, String>,
    deny: Vec<String>,
}

/// One run as text: outcome, gaps, problems, facts.
fn transcript(collector: &dyn Collector, case: &Path) -> String {
    let source: Source = std::fs::read_to_string(case.join("source.toml"))
        .map(|text| toml::from_str(&text).expect("source.toml"))
        .unwrap_or_default();
    let mut values: BTreeMap<String, String> = collector
        .about()
        .settings
        .iter()
        .map(|s| (s.name.to_owned(), s.default.to_owned()))
        .collect();
    values.extend(source.values);
    let settings = Settings {
        source: "src".into(),
        path: input(case),
        values,
        columns: source.columns,
    };
    let open = |path: &Path| {
        if source.deny.iter().any(|d| path.ends_with(d)) {
            Err(io::ErrorKind::PermissionDenied.into())
        } else {
            std::fs::File::open(path)
        }
    };
    let root = Root {
        folder: case,
        open: &open,
    };
    let mut facts = Vec::new();
    let done = run(
        collector,
        &settings,
        &root,
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| facts.push(standing_facts::to_line(&row)),
    );
    let mut text = format!("outcome: {}\n", done.outcome.as_str());
    for gap in &done.gaps {
        let table = gap.table.as_deref().unwrap_or("all tables");
        writeln!(text, "gap: {} ({table}): {}", gap.code, gap.detail).unwrap();
    }
    for problem in &done.problems {
        let word = if problem.lost { "problem" } else { "notice" };
        writeln!(text, "{word}: {problem}").unwrap();
    }
    for fact in facts {
        writeln!(text, "{fact}").unwrap();
    }
    text
}

fn input(case: &Path) -> PathBuf {
    std::fs::read_dir(case)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .find(|name| name.to_string_lossy().starts_with("input"))
        .map_or_else(|| PathBuf::from("input"), PathBuf::from)
}

#[test]
fn recorded_cases_read_as_recorded() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for collector in standing_collectors::ALL {
        let kind = collector.about().kind;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src")
            .join(kind.replace('-', "_"))
            .join("testdata");
        for case in CASES {
            assert!(folder.join(case).is_dir(), "{kind} lacks the case {case}");
        }
        let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        cases.sort();
        for case in cases {
            let found = transcript(*collector, &case);
            let expected = case.join("expected.txt");
            if update {
                std::fs::write(&expected, &found).unwrap();
            }
            let kept = std::fs::read_to_string(&expected).unwrap_or_default();
            if kept != found {
                wrong.push(format!(
                    "{}\n--- expected\n{kept}\n--- found\n{found}",
                    case.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

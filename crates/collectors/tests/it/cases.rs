//! Recorded cases: `src/<kind>/testdata/<case>/` holds `input/` (or a single `input.*` file),
//! optionally `source.toml`, and `expected.txt`, which `UPDATE=1` writes anew.
//!
//! `source.toml` may hold `[values]`, `[columns]`, `[secrets]` and `deny = ["file", …]`: files that the
//! file system refuses to open in this case. Each secret `x` lies in a file that the setting `x_file` names.
//!
//! Of a kind that asks a system over HTTP, a case holds `http.txt` instead of an input (see
//! [`crate::replay`]): the questions are asked for real, of a server that replays it. Where a case of such a
//! kind holds `input`, these are the parts as a run would have kept them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use standing_collectors::{About, Asks, Collector, Keeper, Kept, Parts, Root, Settings, Sink, run};

use crate::replay::{self, Replay, Spoil};

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
    secrets: BTreeMap<String, String>,
    deny: Vec<String>,
}

/// A kind that asks a system, given what a run of it once kept.
struct KeptParts<'a>(&'a dyn Collector);

impl Collector for KeptParts<'_> {
    fn about(&self) -> &'static About {
        self.0.about()
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        self.0.tables(settings)
    }

    fn wants(&self, _: &str) -> bool {
        true
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        self.0.read(settings, parts, sink);
    }
}

/// What a run came to whose system gave one answer that was no good.
pub struct Spoilt {
    /// The outcome's word.
    pub outcome: String,
    /// The words of its gaps.
    pub gaps: Vec<String>,
}

/// The recorded case with one of its answers gone bad.
pub fn spoilt_outcome(
    collector: &dyn Collector,
    case: &Path,
    exchange: usize,
    how: Spoil,
) -> Spoilt {
    let text = collected(collector, case, Some((exchange, how))).text;
    let after = |start: &'static str| text.lines().filter_map(move |l| l.strip_prefix(start));
    Spoilt {
        outcome: after("outcome: ").collect(),
        gaps: after("gap: ")
            .filter_map(|gap| Some(gap.split_once(' ')?.0.to_owned()))
            .collect(),
    }
}

/// What a run of a recorded case came to.
pub struct Collected {
    /// Outcome, gaps, problems and facts as text.
    pub text: String,
    /// The parts that it kept.
    pub parts: Vec<(String, Vec<u8>)>,
    /// The source's settings.
    pub settings: Settings,
}

/// The folder that holds a kind's cases.
pub fn folder_of(kind: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    folder.join(kind.replace('-', "_")).join("testdata")
}

/// Runs a recorded case, with one of its system's answers gone bad or none.
pub fn collected(
    collector: &dyn Collector,
    case: &Path,
    spoil: Option<(usize, Spoil)>,
) -> Collected {
    let source: Source = std::fs::read_to_string(case.join("source.toml"))
        .map(|text| toml::from_str(&text).expect("source.toml"))
        .unwrap_or_default();
    let server = Replay::spoilt(&case.join("http.txt"), spoil);
    let mut values: BTreeMap<String, String> = collector
        .about()
        .settings
        .iter()
        .map(|s| (s.name.to_owned(), s.default.to_owned()))
        .collect();
    values.extend(source.values.into_iter().map(|(name, value)| {
        let here = server.as_ref().map_or("", |s| s.address.as_str());
        (name, value.replace("{{server}}", here))
    }));
    let secrets = tempfile::tempdir().unwrap();
    for (name, secret) in &source.secrets {
        let file = secrets.path().join(name);
        std::fs::write(&file, secret).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        values.insert(format!("{name}_file"), file.display().to_string());
    }
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
    let waits = Mutex::new(Vec::new());
    let wait = |how_long: Duration| waits.lock().unwrap().push(how_long.as_secs());
    let root = Root {
        folder: case,
        open: &open,
        now: &|| replay::NOW.parse().unwrap(),
        wait: &wait,
    };
    let kept = KeptParts(collector);
    let asked: &dyn Collector = if server.is_none() && collector.about().asks == Asks::System {
        &kept
    } else {
        collector
    };
    let mut keeper = Memory::default();
    let mut facts = Vec::new();
    let done = run(
        asked,
        &settings,
        &root,
        &mut keeper,
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| facts.push(standing_facts::to_line(&row)),
    );
    let mut text = format!("outcome: {}\n", done.outcome.as_str());
    let address = server.as_ref().map(|s| s.address.clone());
    if let Some(server) = server {
        for odd in server.end() {
            writeln!(text, "replay: {odd}").unwrap();
        }
        for seconds in waits.lock().unwrap().iter() {
            writeln!(text, "waited: {seconds} s").unwrap();
        }
    }
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
    if let Some(address) = address {
        text = text.replace(&address, "{{server}}");
    }
    // A secret opens the source and stands nowhere afterwards.
    for secret in source.secrets.values() {
        let kept = keeper.0.borrow();
        let told = kept.values().map(Vec::as_slice).chain([text.as_bytes()]);
        for bytes in told {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{}: a secret was kept or told", case.display());
        }
    }
    Collected {
        text,
        parts: done
            .parts
            .into_iter()
            .map(|part| {
                let bytes = keeper.0.borrow()[&part.handle].clone();
                (part.name, bytes)
            })
            .collect(),
        settings,
    }
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
        let folder = folder_of(kind);
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
            let found = collected(*collector, &case, None).text;
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

//! Every reader of every kind, given what its recorded cases hold, damaged in every way: nothing panics, the
//! same bytes give the same facts, every row fits its table, and JSON that breaks off is never complete.
//!
//! `PROPTEST_CASES` says how many damaged inputs each kind is given; without it they are few.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use standing_collectors::{
    ALL, About, Asks, Collector, FetchError, Line, Parts, Root, Settings, Sink, run,
};
use standing_facts::Outcome;

use crate::cases::{Collected, Memory, collected, folder_of};

/// Damaged inputs a kind, unless the environment says otherwise.
const CASES: u32 = 24;
/// No damaged input keeps a reader busy for longer; a recorded one takes milliseconds.
const LONGEST: Duration = Duration::from_secs(20);

/// Texts that begin, end or part something in one of the forms.
const MARKS: [&str; 30] = [
    "{", "}", "[", "]", "\"", ":", ",", ";", "\n", "\r\n", "\t", " ", "<", "</a>", "<a>", "<!--",
    "&#0;", "- ", "  ", "#", "=", "==", "(", ")", "@", "null", "-1", "1e999", "\u{feff}", "\u{0}",
];

/// One thing that happens to the bytes of one part.
#[derive(Clone, Debug)]
enum Harm {
    Flip(Index, u8),
    Cut(Index),
    Remove(Index, usize),
    Repeat(Index, usize, usize),
    /// A mark, so many times: nesting that nobody closes.
    Nest(Index, Index, usize),
    /// A word of the part itself, put elsewhere.
    Move(Index, Index),
    /// Nothing but the beginning, and noise.
    Noise(Index, Vec<u8>),
    /// The words of the part, in another order.
    Shuffle(Vec<Index>),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(a, b)| Harm::Flip(a, b)),
        at().prop_map(Harm::Cut),
        (at(), 1usize..200).prop_map(|(a, n)| Harm::Remove(a, n)),
        (at(), 1usize..200, 1usize..20).prop_map(|(a, n, t)| Harm::Repeat(a, n, t)),
        (at(), at(), prop_oneof![1usize..4, Just(5_000)]).prop_map(|(a, m, t)| Harm::Nest(a, m, t)),
        (at(), at()).prop_map(|(a, b)| Harm::Move(a, b)),
        (at(), prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(a, b)| Harm::Noise(a, b)),
        prop::collection::vec(at(), 1..60).prop_map(Harm::Shuffle),
    ]
}

/// The part in words, each with what parts it from the next.
fn words(bytes: &[u8]) -> Vec<&[u8]> {
    bytes
        .split_inclusive(|b| b" \n\t,;:\"<>{}[]()=".contains(b))
        .collect()
}

fn damaged(mut bytes: Vec<u8>, harm: &Harm) -> Vec<u8> {
    let length = bytes.len();
    let place = |at: &Index| at.index(length + 1);
    match harm {
        Harm::Flip(at, byte) if length > 0 => bytes[at.index(length)] = *byte,
        Harm::Flip(..) => {}
        Harm::Cut(at) => bytes.truncate(place(at)),
        Harm::Remove(at, count) => {
            let from = place(at);
            bytes.drain(from..(from + count).min(length));
        }
        Harm::Repeat(at, count, times) => {
            let from = place(at);
            let again = bytes[from..(from + count).min(length)].repeat(*times);
            bytes.splice(from..from, again);
        }
        Harm::Nest(at, mark, times) => {
            let from = place(at);
            let nest = MARKS[mark.index(MARKS.len())].repeat(*times).into_bytes();
            bytes.splice(from..from, nest);
        }
        Harm::Move(from, to) => {
            let all = words(&bytes);
            if !all.is_empty() {
                let word = all[from.index(all.len())].to_vec();
                let to = place(to);
                bytes.splice(to..to, word);
            }
        }
        Harm::Noise(at, noise) => {
            bytes.truncate(place(at));
            bytes.extend(noise);
        }
        Harm::Shuffle(order) => {
            let all = words(&bytes);
            if !all.is_empty() {
                bytes = order
                    .iter()
                    .flat_map(|i| all[i.index(all.len())].to_vec())
                    .collect();
            }
        }
    }
    bytes
}

/// Gives parts from memory to the reader of a kind.
struct Given<'a> {
    collector: &'a dyn Collector,
    parts: &'a [(String, Vec<u8>)],
}

impl Collector for Given<'_> {
    fn about(&self) -> &'static About {
        self.collector.about()
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        self.collector.tables(settings)
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        for (name, bytes) in self.parts {
            line.keep(name, bytes)?;
        }
        Ok(())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        self.collector.read(settings, parts, sink);
    }
}

/// Everything that a run says.
#[derive(Debug, PartialEq)]
struct Said {
    outcome: Outcome,
    told: Vec<String>,
    rows: Vec<String>,
}

fn said(collector: &dyn Collector, settings: &Settings, parts: &[(String, Vec<u8>)]) -> Said {
    let mut rows = Vec::new();
    let given = Given { collector, parts };
    let done = run(
        &given,
        settings,
        &Root::new(Path::new(".")),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| {
            let line = standing_facts::to_line(&row);
            let back = standing_facts::parse_line(&line).expect("a row that fits");
            assert_eq!(standing_facts::to_line(&back), line);
            rows.push(line);
        },
    );
    let problems = done.problems.iter().map(ToString::to_string);
    let gaps = done.gaps.iter().map(|gap| format!("{gap:?}"));
    Said {
        outcome: done.outcome,
        told: problems.chain(gaps).collect(),
        rows,
    }
}

/// What the recorded cases of a kind kept. Of kinds that ask a system, the complete one.
fn recorded(collector: &dyn Collector) -> Vec<(PathBuf, Collected)> {
    let folder = folder_of(collector.about().kind);
    let entries = std::fs::read_dir(folder).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.is_dir());
    if collector.about().asks == Asks::System {
        cases.retain(|case| case.ends_with("complete"));
    }
    cases.sort();
    let all = cases.into_iter();
    let all = all.map(|case| (case.clone(), collected(collector, &case, None)));
    all.filter(|(_, collected)| !collected.parts.is_empty())
        .collect()
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Value>(bytes).is_ok()
}

fn one(
    collector: &dyn Collector,
    collected: &Collected,
    which: Index,
    harms: &[Harm],
) -> Result<(), TestCaseError> {
    let mut parts = collected.parts.clone();
    let (_, bytes) = &mut parts[which.index(collected.parts.len())];
    let whole = bytes.clone();
    for harm in harms {
        *bytes = damaged(std::mem::take(bytes), harm);
    }
    let kind = collector.about().kind;
    // What a system answered was whole when it was kept, and the vault gives back what it kept.
    let is_file = collector.about().asks == Asks::Files;
    // Of lines of JSON there may be none, which is told.
    let is_half = !bytes.trim_ascii().is_empty() && !is_json(bytes);
    let is_cut = matches!(harms, [Harm::Cut(_)]) && is_json(&whole) && is_half;
    let is_lost = is_file && is_cut;
    let begun = Instant::now();
    let first = said(collector, &collected.settings, &parts);
    let took = begun.elapsed();
    prop_assert!(took < LONGEST, "{} took {:?}", kind, took);
    prop_assert_eq!(&first, &said(collector, &collected.settings, &parts));
    prop_assert!(
        !is_lost || first.outcome != Outcome::Complete,
        "half of the JSON is taken for the whole: {:?}",
        first
    );
    Ok(())
}

#[test]
fn no_damage_to_a_recorded_case_panics_or_is_taken_for_the_whole() {
    let wanted = std::env::var("PROPTEST_CASES").ok();
    let cases = wanted.and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let only = std::env::var("KIND").ok();
    let mut wrong = Vec::new();
    for collector in ALL {
        let kind = collector.about().kind;
        if only.as_deref().is_some_and(|only| only != kind) {
            continue;
        }
        let recorded = recorded(*collector);
        assert!(!recorded.is_empty(), "{kind} has no case to damage");
        let config = Config {
            cases,
            failure_persistence: None,
            ..Config::default()
        };
        let strategy = (
            any::<Index>(),
            any::<Index>(),
            prop::collection::vec(harm(), 1..4),
        );
        let begun = Instant::now();
        let done = TestRunner::new(config).run(&strategy, |(case, part, harms)| {
            let (_, collected) = case.get(&recorded);
            one(*collector, collected, part, &harms)
        });
        println!("{kind}: {cases} in {:?}", begun.elapsed());
        wrong.extend(done.err().map(|error| format!("{kind}: {error}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Every list within a document, and how many objects it holds.
fn lists(value: &Value, at: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::Array(all) => {
            for (n, one) in all.iter().enumerate() {
                if one.is_object() {
                    found.push((at.to_owned(), n));
                }
                lists(one, &format!("{at}/{n}"), found);
            }
        }
        Value::Object(all) => {
            for (name, one) in all {
                let name = name.replace('~', "~0").replace('/', "~1");
                lists(one, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// What lies in the attributes of Terraform's resources is their providers', and any of it may be absent.
fn is_of_the_provider(kind: &str, at: &str) -> bool {
    kind == "terraform" && at.contains("/attributes/")
}

/// Where an object of a list is a number instead, the rows that are lost with it are not lost in silence.
#[test]
fn an_element_that_is_no_object_is_told_of() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for collector in ALL.iter().filter(|c| c.about().asks == Asks::Files) {
        for (case, collected) in recorded(*collector) {
            let before = said(*collector, &collected.settings, &collected.parts);
            for (n, (name, bytes)) in collected.parts.iter().enumerate() {
                let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
                    continue;
                };
                let mut found = Vec::new();
                lists(&document, "", &mut found);
                found.retain(|(at, _)| !is_of_the_provider(collector.about().kind, at));
                for (at, place) in found {
                    let mut odd = document.clone();
                    odd.pointer_mut(&at).unwrap()[place] = Value::from(7);
                    let mut parts = collected.parts.clone();
                    parts[n].1 = odd.to_string().into_bytes();
                    let after = said(*collector, &collected.settings, &parts);
                    tried += 1;
                    if after.rows.len() < before.rows.len() && after.told == before.told {
                        let (case, rows) = (case.display(), before.rows.len() - after.rows.len());
                        wrong.push(format!("{case} {name} {at}/{place}: {rows} rows"));
                    }
                }
            }
        }
    }
    println!("{tried} elements");
    assert!(wrong.is_empty(), "of {tried}:\n{}", wrong.join("\n"));
}

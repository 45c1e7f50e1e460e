//! Each question that a live source asks, answered badly in each way there is: none of that ends as complete.
//!
//! Every kind that asks a system over HTTP has a recorded case `complete`. Here each of its answers in turn
//! is a refusal, an ended credential, an answer that breaks off, nothing but appeals for patience, something
//! else than was asked for, comes from a machine with another clock, or counts more than it gives.

use std::path::Path;

use standing_collectors::{ALL, Asks};

use crate::cases::{Spoilt, spoilt_outcome};
use crate::replay::Spoil;

/// Kinds that ask a system and do not speak HTTP: what goes wrong with them is told in their own tests.
const OTHERWISE: [&str; 4] = ["hr-sql", "ldap", "mysql", "postgresql"];

/// Kinds whose system says how many rows there are.
const COUNTING: [&str; 5] = ["entra", "github", "google", "keycloak", "scim"];

/// How an answer goes bad, and the reasons that may then be given.
const TRAPS: [(Spoil, &[&str]); 9] = [
    (Spoil::Status(403), &["denied", "malformed", "missing"]),
    (Spoil::Status(401), &["denied", "malformed"]),
    (Spoil::Status(404), &["missing", "denied", "malformed"]),
    (Spoil::Break, &["unreachable"]),
    (Spoil::Patience, &["throttled"]),
    (Spoil::Page, &["malformed"]),
    (Spoil::Clock, &["clock-skewed"]),
    (
        Spoil::Surprise,
        &["malformed", "missing", "denied", "not-asked"],
    ),
    (Spoil::Count, &["truncated"]),
];

fn complete(kind: &str) -> std::path::PathBuf {
    let folder = kind.replace('-', "_");
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(folder)
        .join("testdata/complete")
}

#[test]
fn no_bad_answer_ends_as_complete() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for collector in ALL.iter().filter(|c| c.about().asks == Asks::System) {
        let kind = collector.about().kind;
        let case = complete(kind);
        if !case.join("http.txt").exists() {
            assert!(OTHERWISE.contains(&kind), "{kind} has no recorded system");
            continue;
        }
        for (spoil, reasons) in TRAPS {
            let exchanges = crate::replay::spoilable(&case.join("http.txt"), spoil);
            let counts = matches!(spoil, Spoil::Count) && COUNTING.contains(&kind);
            assert!(!counts || !exchanges.is_empty(), "{kind} counts nothing");
            for exchange in exchanges {
                tried += 1;
                let Spoilt { outcome, gaps } = spoilt_outcome(*collector, &case, exchange, spoil);
                let named = gaps.iter().any(|gap| reasons.contains(&gap.as_str()));
                if outcome == "complete" || !named {
                    wrong.push(format!(
                        "{kind}, answer {exchange}, {spoil:?}: {outcome} {gaps:?}"
                    ));
                }
            }
        }
    }
    assert!(tried > 100, "only {tried} answers were spoilt");
    assert!(
        wrong.is_empty(),
        "{} of {tried}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

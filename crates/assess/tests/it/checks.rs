//! Every check that comes with the product: parsed, linted, and held to its own page.

use std::collections::BTreeSet;
use std::path::Path;

use standing_assess::check::Check;
use standing_assess::{checks, literate};

#[test]
fn every_check_gives_the_verdicts_of_its_page() {
    let mut wrong = Vec::new();
    for (name, sql, page) in checks::FILES {
        let check = match Check::parse(name, sql) {
            Ok(check) => check,
            Err(error) => {
                wrong.push(format!("checks/{name}.sql {error}"));
                continue;
            }
        };
        let examples = match literate::examples(page) {
            Ok(examples) => examples,
            Err(error) => {
                wrong.push(format!("checks/{name}.md {error}"));
                continue;
            }
        };
        if examples.len() < 2 {
            wrong.push(format!("checks/{name}.md needs two examples or more"));
        }
        for example in examples {
            if let Err(error) = example.hold(&check) {
                wrong.push(format!(
                    "checks/{name}.md line {}, {:?}:\n   {error}",
                    example.line, example.title
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_page_shows_a_verdict_of_each_side() {
    for (name, _, page) in checks::FILES {
        for verdict in ["  met", "  not met"] {
            assert!(
                page.contains(verdict),
                "checks/{name}.md shows no subject that is{verdict}"
            );
        }
    }
}

#[test]
fn no_file_in_the_folder_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../checks");
    let names: BTreeSet<String> = checks::FILES
        .iter()
        .flat_map(|(name, _, _)| [format!("{name}.sql"), format!("{name}.md")])
        .collect();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&file), "checks/{file} belongs to no check");
    }
}

#[test]
fn the_page_of_checks_is_what_the_checks_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/checks.md");
    let page = checks::page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/checks.md is out of date: UPDATE=1 cargo test -p standing-assess"
    );
}

#[test]
fn every_check_that_an_item_names_exists() {
    let names: BTreeSet<&str> = checks::FILES.iter().map(|(name, _, _)| *name).collect();
    let unknown = standing_assess::catalogue::Catalogue::builtin().unknown_checks(&names);
    assert!(unknown.is_empty(), "{unknown:?}");
}

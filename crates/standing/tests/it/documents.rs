//! What the documents say can be done as they say it.

use std::path::Path;

use standing::config::Config;
use standing_collectors::Asks;

/// The fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}");
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == opening {
            let block = lines.by_ref().take_while(|line| *line != "```");
            found.push(block.collect::<Vec<_>>().join("\n"));
        }
    }
    found
}

#[test]
fn every_setting_that_the_servers_manual_shows_is_understood() {
    let blocks = blocks(&document("server.md"), "toml");
    for section in ["[serve]", "[serve.oidc]", "[notify]", "[source.hr]"] {
        let shown = blocks.iter().any(|b| b.lines().any(|line| line == section));
        assert!(shown, "no example of {section}");
    }
    all_understood(blocks);
}

#[test]
fn every_setting_of_advisories_that_the_manual_shows_is_understood() {
    let blocks = blocks(&document("advisories.md"), "toml");
    let shown = |word: &str| blocks.iter().any(|b| b.contains(word));
    for field in [
        "osv",
        "kev",
        "epss",
        "folder",
        "every_hours",
        "longest_mebibytes",
        "ca_file",
    ] {
        assert!(shown(&format!("{field} = ")), "no example of {field}");
    }
    all_understood(blocks);
}

#[test]
fn every_live_source_has_its_section_and_an_example_that_is_understood() {
    let text = document("sources.md");
    let shown = text.lines().filter_map(|line| line.strip_prefix("## `"));
    let shown: Vec<&str> = shown.map(|line| line.trim_end_matches('`')).collect();
    let kinds = standing_collectors::ALL.iter().map(|c| c.about());
    let kinds = kinds.filter(|a| a.asks == Asks::System).map(|a| a.kind);
    assert_eq!(shown, kinds.collect::<Vec<_>>());
    let blocks = blocks(&text, "toml");
    for kind in shown {
        let line = format!("kind = \"{kind}\"");
        let example = blocks.iter().any(|b| b.lines().any(|l| l == line));
        assert!(example, "no example of {kind}");
    }
    all_understood(blocks);
}

fn document(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::read_to_string(docs.join(name)).unwrap()
}

fn all_understood(blocks: Vec<String>) {
    for block in blocks {
        if let Err(failure) = Config::parse(&block) {
            panic!("{failure}\n{block}");
        }
        // What is shown in a comment must be right too where somebody takes the mark away.
        let whole: Vec<&str> = block
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .collect();
        if let Err(failure) = Config::parse(&whole.join("\n")) {
            panic!("{failure}\n{}", whole.join("\n"));
        }
    }
}

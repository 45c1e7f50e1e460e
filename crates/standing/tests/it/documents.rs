//! What the documents say can be done as they say it.

use std::path::Path;

use standing::config::Config;

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
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/server.md");
    let text = std::fs::read_to_string(manual).unwrap();
    let blocks = blocks(&text, "toml");
    for section in ["[serve]", "[serve.oidc]", "[notify]", "[source.hr]"] {
        let shown = blocks.iter().any(|b| b.lines().any(|line| line == section));
        assert!(shown, "no example of {section}");
    }
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

//! PDF documents as real tools make them, compared with what poppler's `pdftotext` reads of them:
//! the same statements, blanks and holders of roles, read once out of the PDF and once out of
//! poppler's text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use standing_collectors::{Root, Settings, by_kind, run};
use standing_facts::Outcome;

use crate::cases::Memory;

const PAGES: [&[&str]; 2] = [
    &[
        "Access Control Policy",
        "Version: 2.4",
        "Approved on: 3 May 2026",
        "Next review: 12 March 2027",
        "SIRO: Zoë Ångström",
        "Data Protection Officer: [Insert name]",
        "Access is given by role, reviewed four times a year, and taken away on the day",
        "on which somebody leaves the firm; the office of the firm keeps the records of",
        "every decision for six years, and difficult efforts to find out who may do what",
        "are no reason to put a review off.",
    ],
    &["Questions go to TBC before the end of the month."],
];

/// Letters of the fourteen fonts that every reader has; ligatures, kerning and filled lines.
fn by_groff() -> Option<Vec<u8>> {
    // Debian's groff-base is groff without this part.
    pipe("gropdf", &["-v"], b"")?;
    let mut text = String::from(".fam H\n.ps 10\n");
    let [first, second] = PAGES;
    let (lines, prose) = first.split_at(6);
    writeln!(
        text,
        ".nf\n{}\n.fi\n.sp\n{}",
        lines.join("\n"),
        prose.join("\n")
    )
    .unwrap();
    writeln!(text, ".bp\n{}", second.join("\n")).unwrap();
    pipe("groff", &["-Kutf8", "-Tpdf"], text.as_bytes())
}

/// Part of a font in the file, letters by their number in it.
fn by_cairo() -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let mut words = vec!["-f".to_owned(), "pdf".to_owned()];
    for (number, lines) in PAGES.iter().enumerate() {
        let mut text = String::from(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"600\" height=\"800\" \
             font-family=\"sans-serif\" font-size=\"11\">",
        );
        for (line, words) in lines.iter().enumerate() {
            let y = 40 + 20 * line;
            write!(text, "<text x=\"40\" y=\"{y}\">{words}</text>").unwrap();
        }
        text.push_str("</svg>");
        let file = folder.path().join(format!("{number}.svg"));
        std::fs::write(&file, text).unwrap();
        words.push(path(&file).to_owned());
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    pipe("rsvg-convert", &words, b"")
}

/// The same file as another program packs it.
fn packed(pdf: &[u8], options: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.pdf");
    std::fs::write(&file, pdf).unwrap();
    pipe("qpdf", &[options, &[path(&file), "-"]].concat(), b"")
}

/// `None`, and says so, where a part is not installed.
fn pipe(program: &str, words: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new(program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: {program} not found");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let done = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program}: {said}");
    Some(done.stdout)
}

/// What is read of one file.
fn facts(name: &str, bytes: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("documents")).unwrap();
    std::fs::write(folder.path().join("documents").join(name), bytes).unwrap();
    let settings = Settings {
        source: "src".into(),
        path: "documents".into(),
        ..Settings::default()
    };
    let mut facts = Vec::new();
    let done = run(
        by_kind("documents").unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| facts.push(serde_json::from_str(&standing_facts::to_line(&row)).unwrap()),
    );
    assert_eq!(done.outcome, Outcome::Complete, "{done:?}");
    facts
}

/// What does not depend on where a line or page ends.
fn said(facts: &[Value]) -> Vec<String> {
    let mut said = Vec::new();
    for fact in facts {
        let columns: &[&str] = match fact["table"].as_str().unwrap() {
            "document" => &[
                "title",
                "kind",
                "version",
                "approved_on",
                "review_by",
                "words",
            ],
            "document_fault" => &["rule", "found"],
            _ => &["role", "holder"],
        };
        let values = columns.iter().map(|column| fact[*column].to_string());
        said.push(format!(
            "{}: {}",
            fact["table"],
            values.collect::<Vec<_>>().join(" ")
        ));
    }
    said
}

fn as_poppler_reads_it(pdf: &[u8]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.pdf");
    std::fs::write(&file, pdf).unwrap();
    let text = pipe("pdftotext", &["-nopgbrk", path(&file), "-"], b"")?;
    Some(said(&facts("policy.txt", &text)))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn expected() -> Vec<String> {
    let words = PAGES.iter().copied().flatten();
    let words = words.flat_map(|line| line.split_whitespace()).count();
    vec![
        format!(
            "\"document\": \"Access Control Policy\" \"policy\" \"2.4\" \"2026-05-03\" \
             \"2027-03-12\" {words}"
        ),
        "\"document_fault\": \"placeholder\" \"[Insert name]\"".into(),
        "\"document_fault\": \"placeholder\" \"TBC\"".into(),
        "\"role_holder\": \"SIRO\" \"Zoë Ångström\"".into(),
    ]
}

/// The same policy, by the tools that are installed.
fn policies() -> Vec<(&'static str, Vec<u8>)> {
    let mut policies = Vec::new();
    policies.extend(by_cairo().map(|pdf| ("cairo", pdf)));
    if let Some(pdf) = by_groff() {
        let packed_ = packed(&pdf, &["--object-streams=generate"]);
        policies.extend(packed_.map(|pdf| ("groff, packed into streams", pdf)));
        let options = ["--encrypt", "", "of-the-tests", "256", "--print=none", "--"];
        let locked = packed(&pdf, &options);
        policies.extend(locked.map(|pdf| ("groff, not to be printed", pdf)));
        policies.push(("groff", pdf));
    }
    policies
}

fn as_we_read_it(pdf: &[u8]) -> Vec<String> {
    said(&facts("policy.pdf", pdf))
}

fn blanks(said: &[String]) -> Vec<&String> {
    let is_blank = |line: &&String| line.starts_with("\"document_fault\"");
    said.iter().filter(is_blank).collect()
}

#[test]
fn the_blanks_in_real_policies_are_found_as_in_popplers_text() {
    for (tool, pdf) in policies() {
        let Some(oracle) = as_poppler_reads_it(&pdf) else {
            return;
        };
        assert_eq!(oracle, expected(), "{tool}, as poppler reads it");
        assert_eq!(blanks(&as_we_read_it(&pdf)), blanks(&oracle), "{tool}");
    }
}

#[test]
fn how_a_policy_is_packed_changes_nothing() {
    let policies = policies();
    let Some((_, plain)) = policies.iter().find(|(tool, _)| *tool == "groff") else {
        return;
    };
    for (tool, pdf) in &policies {
        if tool.starts_with("groff") {
            assert_eq!(as_we_read_it(pdf), as_we_read_it(plain), "{tool}");
        }
    }
}

#[test]
fn all_that_real_policies_state_is_read_as_in_popplers_text() {
    let mut wrong = Vec::new();
    for (tool, pdf) in policies() {
        let Some(oracle) = as_poppler_reads_it(&pdf) else {
            return;
        };
        let found = as_we_read_it(&pdf);
        if found != oracle {
            wrong.push(format!(
                "{tool}\n--- poppler\n{oracle:#?}\n--- found\n{found:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

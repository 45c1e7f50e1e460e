//! The commands of docs/hosts.md, run on this very machine, and collected from.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use standing_collectors::{Root, Settings, by_kind, run};
use standing_facts::{Cell, GapCode, Outcome, Row};

use crate::cases::Memory;

/// The command that the page has a host run, by how it begins.
fn documented(section: &str, start: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/hosts.md");
    let page = std::fs::read_to_string(page).unwrap();
    let from = page.find(&format!("## {section}")).expect("the section");
    let begin = page[from..].find(start).expect("the command") + from;
    let length = page[begin..].find('\'').expect("an end of the command");
    page[begin..begin + length].to_owned()
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

fn cell(row: &Row, column: &str) -> Option<String> {
    let at = row.table.columns.iter().position(|c| c.name == column)?;
    match &row.cells[at] {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }
}

#[test]
fn this_machine_is_collected_by_the_documented_command() {
    if !Path::new("/var/lib/dpkg/status").exists() {
        println!("skipped: this machine is neither Debian nor Ubuntu");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().join("hosts/here");
    std::fs::create_dir_all(&host).unwrap();
    let mut packed = shell(&documented("Debian", "cd / && tar"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let unpacked = Command::new("tar")
        .arg("-C")
        .arg(&host)
        .args(["-xf", "-"])
        .stdin(packed.stdout.take().unwrap())
        .status()
        .unwrap();
    packed.wait().unwrap();
    assert!(unpacked.success());
    let kernel = shell(&documented("Debian", "uname -r")).output().unwrap();
    std::fs::write(host.join("uname-r.txt"), &kernel.stdout).unwrap();

    let settings = Settings {
        source: "src".into(),
        path: "hosts".into(),
        ..Settings::default()
    };
    let mut rows = Vec::new();
    let done = run(
        by_kind("dpkg").unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| rows.push(row),
    );
    assert_eq!(
        done.outcome,
        Outcome::Complete,
        "{:?} {:?}",
        done.gaps,
        done.problems
    );
    let asset = rows.iter().find(|row| row.table.name == "asset").unwrap();
    assert_eq!(cell(asset, "name").as_deref(), Some("here"));
    assert_eq!(
        cell(asset, "kernel").as_deref(),
        Some(String::from_utf8_lossy(&kernel.stdout).trim())
    );

    let query = "dpkg-query -W -f '${db:Status-Status}\\n' | grep -c '^installed$'";
    let counted = shell(query).output().unwrap();
    let counted: usize = String::from_utf8_lossy(&counted.stdout)
        .trim()
        .parse()
        .unwrap();
    let components: Vec<&Row> = rows
        .iter()
        .filter(|row| row.table.name == "component")
        .collect();
    assert_eq!(components.len(), counted);
    let dated = components
        .iter()
        .filter(|row| cell(row, "installed_on").is_some())
        .count();
    println!("{counted} packages, of which the log dates {dated}");
}

/// The page has rpm asked for the columns that the reader knows.
#[test]
fn the_page_and_the_collector_ask_rpm_alike() {
    let page = documented("AlmaLinux", "%{NAME}");
    assert!(
        by_kind("rpm").unwrap().about().how.contains(&page),
        "{page}"
    );
}

/// What the two commands that date fixes print here is read whole; lists of apt that are old are said to be.
#[test]
fn this_machine_tells_from_when_fixes_could_be_had() {
    let lists = Path::new("/var/lib/apt/lists");
    if !Path::new("/var/lib/dpkg/status").exists() || !lists.exists() {
        println!("skipped: this machine is neither Debian nor Ubuntu");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().join("hosts/here");
    std::fs::create_dir_all(host.join("etc")).unwrap();
    std::fs::create_dir_all(host.join("var/lib/dpkg")).unwrap();
    for file in ["etc/os-release", "var/lib/dpkg/status"] {
        std::fs::copy(Path::new("/").join(file), host.join(file)).unwrap();
    }
    let print = |start: &str, file: &str| {
        let printed = shell(&documented("Debian", start)).output().unwrap();
        std::fs::write(host.join(file), &printed.stdout).unwrap();
        String::from_utf8(printed.stdout).unwrap()
    };
    let changelogs = print("cd /usr/share/doc", "changelogs.txt");
    let channel = print("date -u", "channel.txt");
    let settings = Settings {
        source: "src".into(),
        path: "hosts".into(),
        ..Settings::default()
    };
    let mut rows = Vec::new();
    let done = run(
        by_kind("dpkg").unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| rows.push(row),
    );
    let odd: Vec<_> = done.problems.iter().filter(|p| p.lost).collect();
    assert!(odd.is_empty(), "{odd:?}");
    let of = |kind: &str| {
        let is_it = |row: &&Row| cell(row, "kind").as_deref() == Some(kind);
        let all = rows
            .iter()
            .filter(|row| row.table.name == "package_release");
        all.filter(is_it).count()
    };
    // Two lines may tell of one version, where a package was built again.
    let (dated, lines) = (of("changelog"), changelogs.lines().count());
    assert!(
        dated <= lines && dated * 10 >= lines * 9,
        "{dated} of {lines}"
    );
    let listed = channel.matches("\nPackage: ").count();
    let is_old = done.gaps.iter().any(|gap| gap.code == GapCode::Stale);
    assert_eq!(of("channel") == 0, is_old || listed == 0, "{:?}", done.gaps);
    println!(
        "{dated} versions dated, {} held by the channel, old lists: {is_old}",
        of("channel")
    );
}

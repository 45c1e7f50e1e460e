//! A database that rpm itself made, read as it lies there and as rpm prints it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use standing_collectors::{Root, Run, Settings, by_kind, run};
use standing_facts::Outcome;

use crate::cases::Memory;

const SPEC: &str = "Name: standing-probe
Version: 1.2
Release: 3
Epoch: 4
Summary: a probe
License: none
Vendor: AlmaLinux
%description
A probe.
%package libs
Summary: its libraries
Version: 1.2.1
%description libs
Libraries.
%files
%files libs
";

fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        println!("skipped: {tool} is not here");
    }
    found
}

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The folder of a host, with a database that holds two packages, both built by rpm.
fn host(folder: &Path) {
    let spec = folder.join("probe.spec");
    std::fs::write(&spec, SPEC).unwrap();
    let top = format!("_topdir {}", folder.join("top").display());
    done(
        Command::new("rpmbuild")
            .args(["-bb", "--quiet", "--define", &top])
            .arg(&spec),
    );
    let database = folder.join("hosts/alma1/var/lib/rpm");
    std::fs::create_dir_all(&database).unwrap();
    let packages = folder.join("top/RPMS");
    let mut install = Command::new("rpm");
    install
        .args(["-i", "--justdb", "--nodeps", "--dbpath"])
        .arg(&database);
    for architecture in std::fs::read_dir(packages).unwrap() {
        for package in std::fs::read_dir(architecture.unwrap().path()).unwrap() {
            install.arg(package.unwrap().path());
        }
    }
    done(&mut install);
    let etc = folder.join("hosts/alma1/etc");
    std::fs::create_dir_all(&etc).unwrap();
    std::fs::write(etc.join("os-release"), "ID=almalinux\nVERSION_ID=9.3\n").unwrap();
}

/// The run, and the lines of components.
fn collected(folder: &Path) -> (Run, Vec<String>) {
    let settings = Settings {
        source: "src".into(),
        path: "hosts".into(),
        ..Settings::default()
    };
    let mut lines = Vec::new();
    let done = run(
        by_kind("rpm").unwrap(),
        &settings,
        &Root::new(folder),
        &mut Memory::default(),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| lines.push(standing_facts::to_line(&row)),
    );
    lines.retain(|line| line.contains("\"component\""));
    lines.sort();
    (done, lines)
}

#[test]
fn a_real_database_and_what_rpm_prints_of_it_agree() {
    if !has("rpm") || !has("rpmbuild") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    host(folder.path());
    let (run, of_database) = collected(folder.path());
    assert_eq!(
        run.outcome,
        Outcome::Complete,
        "{:?} {:?}",
        run.gaps,
        run.problems
    );
    assert_eq!(of_database.len(), 2, "{of_database:?}");
    for expected in [
        "\"version\":\"4:1.2-3\"",
        "\"name\":\"standing-probe-libs\",\"version\":\"4:1.2.1-3\"",
    ] {
        assert!(
            of_database.iter().any(|line| line.contains(expected)),
            "{of_database:?}"
        );
    }
    assert!(
        of_database
            .iter()
            .all(|line| line.contains("\"installed_on\":\"20"))
    );

    let about = by_kind("rpm").unwrap().about();
    let format = about
        .how
        .split('\'')
        .nth(1)
        .expect("a format in quotation marks");
    let database = folder.path().join("hosts/alma1/var/lib/rpm");
    let printed = done(
        Command::new("rpm")
            .args(["-qa", "--queryformat", format, "--dbpath"])
            .arg(&database),
    );
    std::fs::remove_dir_all(&database).unwrap();
    std::fs::write(folder.path().join("hosts/alma1/rpm-qa.txt"), printed).unwrap();
    let (run, of_listing) = collected(folder.path());
    assert_eq!(
        run.outcome,
        Outcome::Complete,
        "{:?} {:?}",
        run.gaps,
        run.problems
    );
    assert_eq!(of_database, of_listing);
}

//! What others are to read, compared with the schemas of its formats by validators that are not ours, and
//! read by a consumer.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use crate::api::program;
use crate::home::Home;
use crate::patch;

/// Runs `real/vex.py` over a document; `None` where it cannot be run here.
fn consumer(home: &Home, document: &str) -> Option<Output> {
    let python = program("python")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/vex.py");
    let path = home.path.join(document);
    let said = Command::new(python).arg(script).arg(path).output();
    Some(said.unwrap())
}

/// The document, validated; what the consumer found in it.
fn vex(home: &Home) -> Option<String> {
    let made = home.run(&["patch", "vex", "--out", "vex.json"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let said = consumer(home, "vex.json")?;
    let found = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{found}\n{said:?}");
    Some(found)
}

#[test]
fn a_consumer_reads_the_vex_of_every_kind_of_clock() {
    let (home, made) = Home::demo(&[]);
    assert_eq!(made.code, 0, "{}{}", made.out, made.err);
    let Some(found) = vex(&home) else { return };
    for line in [
        "DSA-DEMO-01 exploitable openssl 3.5.4-1~deb13u1 -",
        "DSA-DEMO-01 resolved openssl 3.5.4-1~deb13u2 -",
        "DSA-DEMO-11 exploitable restic 0.18.0-1 pkg:deb/debian/restic@0.18.0-1?arch=amd64&distro=debian-13",
        "DSA-DEMO-15 false_positive erlang 1:27.3.4.1+dfsg-1 \
         pkg:deb/debian/erlang-base@1:27.3.4.1%2Bdfsg-1?arch=amd64&distro=debian-13&upstream=erlang",
        "DEMO-0025 exploitable @larkfield-demo/widgets 5.0.2 pkg:npm/%40larkfield-demo/widgets@5.0.2",
        "qualys:999002 exploitable Invented: Quillpage Reader below 24.5 - -",
    ] {
        assert!(found.lines().any(|l| l == line), "{line}\n{found}");
    }
}

#[test]
fn the_vex_of_each_ground_of_an_exception_is_valid() {
    for (ground, state) in [
        ("accepted risk", "exploitable"),
        ("false positive", "false_positive"),
        ("mitigated", "not_affected"),
        ("out of scope", "not_affected"),
        ("removed", "not_affected"),
    ] {
        let home = patch::firm();
        let ground = format!("ground={ground}");
        let recorded = home.run(&[
            "record",
            "patch_exception",
            "add",
            "vulnerability=CVE-2026-7",
            "policy=DSPT",
            &ground,
            "reason=why",
            "owner=ada@firm.test",
            "approved_by=bob@firm.test",
            "from_on=2026-03-10",
            "expires_on=2099-01-01",
            "evidence=ticket 7",
        ]);
        assert_eq!(recorded.code, 0, "{}", recorded.err);
        let Some(found) = vex(&home) else { return };
        let line = format!("CVE-2026-7 {state} openssl 3.0.11-1~deb12u1 ");
        assert!(found.starts_with(&line), "{ground}: {found}");
    }
}

#[test]
fn a_document_that_is_otherwise_is_refused() {
    let home = Home::empty();
    let document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "vulnerabilities": [{"id": "CVE-1900-0001", "analysis": {"state": "perhaps"}}]});
    home.write("odd.json", document.to_string());
    let Some(said) = consumer(&home, "odd.json") else {
        return;
    };
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    assert!(
        String::from_utf8_lossy(&said.stdout).contains("perhaps"),
        "{said:?}"
    );
}

/// Compares a file with the schema of SARIF; `None`, and says so, where that cannot be done here.
fn sarif(home: &Home, file: &str) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/tests");
    if !folder.join("node_modules/@microsoft/jest-sarif").is_dir() {
        eprintln!("skipped: web/tests/node_modules is not here; ./test fetches it");
        return None;
    }
    let mut node = Command::new("node");
    node.arg("sarif.mjs").arg(home.path.join(file));
    let said = node.current_dir(folder).output();
    if said.is_err() {
        eprintln!("skipped: node not found");
    }
    said.ok()
}

#[test]
fn the_sarif_of_a_gate_is_valid() {
    let home = patch::firm();
    home.write("Cargo.lock", patch::LOCK);
    let nothing = "version = 4\n\n[[package]]\nname = \"right\"\nversion = \"1.0.0\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    home.write("apart/Cargo.lock", nothing);
    for (file, results) in [("Cargo.lock", 2), ("apart/Cargo.lock", 0)] {
        home.run(&["patch", "gate", file, "--sarif", "out.sarif"]);
        let Some(said) = sarif(&home, "out.sarif") else {
            return;
        };
        let told = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success(), "{told}\n{said:?}");
        assert!(told.contains(&format!("{results} result(s)")), "{told}");
    }
    home.write(
        "odd.sarif",
        r#"{"version": "2.1.0", "runs": [{"results": []}]}"#,
    );
    let refused = sarif(&home, "odd.sarif").unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
}

//! `standing patch …` at the keyboard: what is late, how it came to be, a gate, VEX and a rehearsal.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::home::Home;

const STATUS: &str = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n\
    Version: 3.0.11-1~deb12u1\n\nPackage: bash\nStatus: install ok installed\nArchitecture: amd64\n\
    Version: 5.2.15-2+b7\n\n";
const RELEASE: &str = "ID=debian\nVERSION_ID=\"12\"\n";
pub const LOCK: &str = "version = 4\n\n[[package]]\nname = \"left\"\nversion = \"1.0.0\"\n\
    source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n[[package]]\nname = \"old\"\n\
    version = \"0.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

fn record(id: &str, ecosystem: &str, package: &str, fixed: &str, more: Value) -> String {
    let mut record = json!({
        "id": id, "modified": "2026-03-02T00:00:00Z", "published": "2026-03-02T10:00:00Z",
        "affected": [{"package": {"ecosystem": ecosystem, "name": package},
            "ranges": [{"type": if ecosystem == "crates.io" { "SEMVER" } else { "ECOSYSTEM" },
                "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
    });
    for (key, value) in more.as_object().unwrap() {
        record[key] = value.clone();
    }
    record.to_string()
}

/// A firm with one host of two packages, and advisories about one of them and about two crates.
pub fn firm() -> Home {
    let home = Home::new();
    home.write("hosts/web1/var/lib/dpkg/status", STATUS);
    home.write("hosts/web1/etc/os-release", RELEASE);
    home.configure("[source.hosts]\nkind = \"dpkg\"\npath = \"hosts\"\n");
    let critical = json!({"severity": [{"type": "CVSS_V3",
        "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], "aliases": ["CVE-2026-8"],
        "summary": "left falls over"});
    let mut unmaintained: Value = serde_json::from_str(&record(
        "RUSTSEC-2026-9",
        "crates.io",
        "old",
        "9.0.0",
        json!({}),
    ))
    .unwrap();
    unmaintained["affected"][0]["database_specific"] = json!({"informational": "unmaintained"});
    let records = [
        record(
            "DSA-1-1",
            "Debian:12",
            "openssl",
            "3.0.11-1~deb12u2",
            json!({"upstream": ["CVE-2026-7"]}),
        ),
        record("RUSTSEC-2026-8", "crates.io", "left", "1.2.0", critical),
        unmaintained.to_string(),
    ];
    home.write("mirror/all.jsonl", records.join("\n"));
    let taken = home.run(&["advisories", "update", "--from", "mirror"]);
    assert_eq!(taken.code, 0, "{}{}", taken.out, taken.err);
    let read = home.run(&["collect"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
    home
}

#[test]
fn what_is_late_is_told_with_where_each_date_comes_from() {
    let home = firm();
    let next = home.run(&["patch", "next", "--format", "json"]);
    assert_eq!(next.code, 1, "{}{}", next.out, next.err);
    let told = next.json();
    assert_eq!(told["open"]["breached"], 1, "{told:#}");
    let clock = &told["clocks"][0];
    assert_eq!(clock["vulnerability"], "CVE-2026-7");
    assert_eq!(clock["fix_released_on"], "2026-03-02");
    assert_eq!(clock["due_on"], "2026-03-16");
    assert_eq!(clock["grade"], "grave: the vendor gives no level");
    let shown = home.run(&["patch", "show", "web1", "openssl", "dsa-1-1"]);
    assert_eq!(shown.code, 0);
    for words in [
        "2026-03-02",
        "fix released (exact date; this one counts)",
        "the vendor's advisory DSA-1-1, written 2026-03-02T10:00:00Z",
        "Cyber Essentials: breached, due 16 March 2026",
    ] {
        assert!(shown.out.contains(words), "{words}\n{}", shown.out);
    }
    let nothing = home.run(&["patch", "show", "web1", "bash"]);
    assert_eq!(
        (nothing.code, nothing.out.starts_with("No vulnerability")),
        (1, true)
    );
    let across = home.run(&["patch", "vulnerability", "DSA-1-1", "--format", "json"]);
    assert_eq!(across.code, 1);
    assert_eq!(across.json()["assets_looked_at"], 1);
    let months = home.run(&["patch", "months", "--format", "json"]).json();
    assert_eq!(months["months"][0]["month"], "2026-03");
    assert_eq!(months["months"][0]["settled"], 1);
    assert_eq!(months["months"][0]["in_time"], 0);
    let weeks = months["weeks"].as_array().unwrap();
    assert_eq!(
        weeks.len(),
        1,
        "of the weeks before the first reading nothing is known"
    );
    assert_eq!(
        (&weeks[0]["open"], &weeks[0]["late"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(weeks[0]["day"], months["known_from"]);
    let told = home.run(&["patch", "months"]);
    assert!(told.out.contains("was first read on"), "{}", told.out);
    let check = home.run(&["check", "high_risk_fixes_are_installed_in_time"]);
    assert!(
        check.out.contains("web1 openssl CVE-2026-7"),
        "{}",
        check.out
    );
}

#[test]
fn what_would_be_told_is_shown_before_anybody_is_told() {
    let home = firm();
    let nobody = home.run(&["notify", "preview"]);
    assert_eq!(nobody.code, 2, "{}", nobody.out);
    assert!(nobody.err.contains("[notify.email]"), "{}", nobody.err);
    let late = "CVE-2026-7 in openssl: was due 16 March 2026, ";
    let all = home.run(&["notify", "preview", "--all"]);
    assert_eq!(all.code, 0, "{}", all.err);
    assert!(all.out.contains("1 fix late"), "{}", all.out);
    assert!(all.out.contains(late), "{}", all.out);
    home.configure("[[notify.webhook]]\nname = \"team\"\nurl = \"http://127.0.0.1:9/\"\n");
    let first = home.run(&["notify", "preview"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let said = "team: the first look takes what stands for told";
    assert!(first.out.starts_with(said), "{}", first.out);
    assert!(!first.out.contains(late), "{}", first.out);
}

#[test]
fn nothing_late_of_what_nobody_knows_is_no_answer() {
    let home = firm();
    for (flag, name) in [
        ("--asset", "web9"),
        ("--system", "nothing"),
        ("--team", "nobody"),
        ("--policy", "PCI"),
    ] {
        let asked = home.run(&["patch", "next", flag, name]);
        assert_eq!(asked.code, 2, "{flag}: {}", asked.out);
        assert!(asked.err.contains(name), "{}", asked.err);
    }
    assert_eq!(home.run(&["patch", "next", "--asset", "WEB1"]).code, 1);
}

#[test]
fn a_register_says_what_the_channel_of_the_hosts_holds() {
    let home = firm();
    home.write(
        "channel.csv",
        "ecosystem,package,version,kind,released_on\nDebian:12,openssl,3.0.11-1~deb12u1,channel,\n",
    );
    home.configure(
        "[source.channel]\nkind = \"register\"\npath = \"channel.csv\"\ntable = \"package_release\"\n",
    );
    let read = home.run(&["collect", "channel"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
    let next = home.run(&["patch", "next", "--format", "json"]).json();
    assert_eq!(next["clocks"][0]["verdict"], "announced", "{next:#}");
}

#[test]
fn evidence_and_exceptions_are_recorded_and_what_is_incomplete_is_refused() {
    let home = firm();
    let base = [
        "record",
        "patch_exception",
        "add",
        "vulnerability=CVE-2026-7",
        "policy=Cyber Essentials",
        "ground=mitigated",
        "reason=set as the vendor says",
        "owner=ada@firm.test",
        "approved_by=bob@firm.test",
        "from_on=2026-03-10",
        "expires_on=2099-01-01",
    ];
    let refused = home.run(&base);
    assert_eq!(refused.code, 2, "{}", refused.out);
    assert!(refused.err.contains("evidence"), "{}", refused.err);
    let added = home.run(&[&base[..], &["evidence=ticket 7"]].concat());
    assert_eq!(added.code, 0, "{}", added.err);
    let next = home.run(&["patch", "next", "--format", "json"]).json();
    assert_eq!(next["open"]["breached"], 0, "{next:#}");
    assert_eq!(next["open"]["excepted"], 1);
    let vex = home.run(&["patch", "vex"]).json();
    assert_eq!(
        vex["vulnerabilities"][0]["analysis"]["state"],
        "not_affected"
    );
    let risk = |policy: &str| {
        let words = [
            "record",
            "patch_exception",
            "add",
            "vulnerability=CVE-2026-7",
            &format!("policy={policy}"),
            "ground=accepted risk",
            "reason=replaced soon",
            "owner=ada@firm.test",
            "approved_by=bob@firm.test",
            "from_on=2026-03-10",
            "expires_on=2099-01-01",
        ];
        home.run(&words)
    };
    for (policy, why) in [
        ("Cyber Essentials", "admits no accepted risk"),
        ("KEV", "admits no accepted risk"),
        ("Cyber Esentials", "Cyber Esentials"),
    ] {
        let refused = risk(policy);
        assert_eq!(refused.code, 2, "{policy}: {}", refused.out);
        assert!(refused.err.contains(why), "{policy}: {}", refused.err);
    }
    assert_eq!(risk("DSPT").code, 0);
    let policy = home.run(&[
        "record",
        "patch_policy",
        "add",
        "name=Cyber Essentials",
        "from_on=2026-01-01",
        "days=90",
        "covers=grave",
        "starts=fix",
        "accepts_risk=yes",
        "restarts=no",
    ]);
    assert_eq!(
        policy.code, 2,
        "the rules' own names are taken: {}",
        policy.out
    );
}

#[test]
fn a_gate_stops_what_it_was_asked_to_stop() {
    let home = firm();
    home.write("Cargo.lock", LOCK);
    let gate = |words: &[&str]| {
        home.run(&[&["patch", "gate", "Cargo.lock", "--format", "json"], words].concat())
    };
    let stopped = gate(&["--fail-on", "high", "--sarif", "out.sarif"]);
    assert_eq!(stopped.code, 1, "{}{}", stopped.out, stopped.err);
    let told = stopped.json();
    assert_eq!(told["packages"], 2);
    assert_eq!(told["stops"], 1);
    let informational: Vec<&Value> = told["found"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["informational"] == "unmaintained")
        .collect();
    assert_eq!(informational.len(), 1, "{told:#}");
    assert_eq!(gate(&["--fail-on", "exploited"]).code, 0);
    assert_eq!(gate(&["--fail-on", "critical"]).code, 1);
    let sarif = std::fs::read_to_string(home.path.join("out.sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let one = results
        .iter()
        .find(|one| one["ruleId"] == "CVE-2026-8")
        .unwrap();
    assert_eq!(one["level"], "error");
    assert_eq!(
        one["locations"][0]["physicalLocation"]["region"]["startLine"],
        3
    );
    home.write(
        "web/package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"":{"name":"x"},
        "node_modules/left":{"version":"1.0.0","resolved":"https://mirror.example/left.tgz"}}}"#,
    );
    let unknown = home.run(&["patch", "gate", "web/package-lock.json"]);
    assert_eq!(
        unknown.code, 2,
        "compared with nothing: {}{}",
        unknown.out, unknown.err
    );
    assert_eq!(home.run(&["patch", "gate", "notes.txt"]).code, 2);
}

#[test]
fn what_is_compared_with_nothing_or_named_by_nobody_is_no_good_news() {
    let home = Home::new();
    home.write("hosts/web1/var/lib/dpkg/status", STATUS);
    home.write("hosts/web1/etc/os-release", RELEASE);
    home.configure("[source.hosts]\nkind = \"dpkg\"\npath = \"hosts\"\n");
    let crates = record("RUSTSEC-2026-8", "crates.io", "left", "1.2.0", json!({}));
    home.write("mirror/all.jsonl", crates);
    let taken = home.run(&["advisories", "update", "--from", "mirror"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    assert_eq!(home.run(&["collect"]).code, 0);
    let nothing = "Debian:12: 2 components, compared with nothing";
    for words in [
        &["next"][..],
        &["months"],
        &["show", "web1", "bash"],
        &["vulnerability", "RUSTSEC-2026-8"],
        &["rehearsal"],
    ] {
        let told = home.run(&[&["patch"], words].concat());
        assert!(told.out.contains(nothing), "{words:?}: {}", told.out);
        assert_eq!(told.code, 2, "{words:?}");
    }
    for (words, why) in [
        (["show", "web2", "bash"], "no asset is called \"web2\""),
        (
            ["show", "web1", "bahs"],
            "no package \"bahs\" is known on web1",
        ),
    ] {
        let refused = home.run(&[&["patch"], &words[..]].concat());
        assert!(refused.err.contains(why), "{}", refused.err);
    }
    let unknown = home.run(&["patch", "vulnerability", "CVE-2099-1"]);
    assert!(
        unknown.out.contains("no advisory that is held names"),
        "{}",
        unknown.out
    );
}

#[test]
fn statements_about_days_to_come_and_names_of_nobody_are_refused() {
    let home = firm();
    let refused = |words: &[&str], why: &str| {
        let done = home.run(&[&["record"], words].concat());
        assert_eq!(done.code, 2, "{words:?}: {}", done.out);
        assert!(done.err.contains(why), "{words:?}: {}", done.err);
    };
    let fix = [
        "fix_date",
        "add",
        "vulnerability=CVE-2026-7",
        "component=openssl",
        "reason=r",
        "evidence=e",
        "stated_by=ada",
        "released_on=2099-01-01",
    ];
    refused(&fix, "lies in the future");
    let done = [
        "patch_evidence",
        "add",
        "vulnerability=CVE-2026-7",
        "asset=web1",
        "evidence=e",
        "done_by=ada",
        "done_on=2099-01-01",
    ];
    refused(&done, "lies in the future");
    let rename = [
        "asset_rename",
        "add",
        "former=web1",
        "name=front",
        "evidence=e",
        "stated_by=ada",
        "renamed_on=2026-01-02",
    ];
    refused(&rename, "\"web1\" was not known on 1 January 2026");
}

#[test]
fn an_asset_that_only_a_scanner_knows_is_among_those_looked_at() {
    let home = Home::new();
    home.write(
        "audit.json",
        r#"{"dependencies": [{"name": "quill", "version": "0.5", "vulns": [{"id": "PYSEC-2026-1",
            "fix_versions": ["1.0"], "aliases": [], "description": "falls over"}]}], "fixes": []}"#,
    );
    home.configure("[source.audit]\nkind = \"scanner\"\npath = \"audit.json\"\nasset = \"app\"\n");
    let read = home.run(&["collect"]);
    assert_eq!(read.code, 0, "{}{}", read.out, read.err);
    let across = home.run(&["patch", "vulnerability", "PYSEC-2026-1", "--format", "json"]);
    let across = across.json();
    assert_eq!(across["clocks"].as_array().unwrap().len(), 1, "{across:#}");
    assert_eq!(
        (
            &across["assets_looked_at"],
            &across["assets_with_component"]
        ),
        (&json!(1), &json!(1))
    );
}

/// `name version`, as a lockfile of 900 packages has them.
const LOCKED: &str = include_str!("cargo_audit/packages.txt");
/// What cargo-audit 0.22.2 said of that lockfile by RustSec's records beside the repository: kind,
/// advisory, name, version. The bench asks it again where it is installed.
const AUDITED: &str = include_str!("cargo_audit/findings.txt");

#[test]
fn a_gate_finds_what_cargo_audit_finds() {
    let records = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/advisories/rustsec-osv.jsonl.gz");
    let Ok(records) = std::fs::read(records) else {
        println!("skipped: ../shared/data not present");
        return;
    };
    let home = Home::new();
    home.write("mirror/rustsec.jsonl.gz", records);
    assert_eq!(
        home.run(&["advisories", "update", "--from", "mirror"]).code,
        0
    );
    let mut lock = "version = 4\n".to_owned();
    for (name, version) in LOCKED.lines().filter_map(|line| line.split_once(' ')) {
        lock += &format!(
            "\n[[package]]\nname = {name:?}\nversion = {version:?}\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
        );
    }
    home.write("Cargo.lock", lock);
    let told = home
        .run(&["patch", "gate", "--format", "json", "Cargo.lock"])
        .json();
    let mut found = BTreeSet::new();
    for one in told["found"].as_array().unwrap() {
        let text = |name: &str| one[name].as_str().unwrap_or("vulnerability");
        for advisory in one["advisories"].as_array().unwrap() {
            let id = advisory.as_str().unwrap();
            let about = [text("informational"), id, text("package"), text("version")];
            found.insert(about.join(" "));
        }
    }
    let expected: BTreeSet<String> = AUDITED.lines().map(str::to_owned).collect();
    assert_eq!(found, expected);
}

#[test]
fn vex_says_what_is_exploitable_here() {
    let home = firm();
    let first = home.run(&["patch", "vex", "--as-of", "2099-01-01"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let vex = home.run(&["patch", "vex"]).json();
    assert_eq!(
        (&vex["bomFormat"], &vex["specVersion"]),
        (&json!("CycloneDX"), &json!("1.6"))
    );
    let one = &vex["vulnerabilities"][0];
    assert_eq!(one["id"], "CVE-2026-7");
    assert_eq!(one["analysis"]["state"], "exploitable");
    let reference = one["affects"][0]["ref"].as_str().unwrap();
    let components = vex["components"].as_array().unwrap();
    assert!(
        components.iter().any(|c| c["bom-ref"] == reference),
        "{vex:#}"
    );
}

#[test]
fn a_rehearsal_fails_with_what_is_late_and_does_not_pass_on_silence() {
    let home = firm();
    let told = home.run(&["patch", "rehearsal", "--format", "json"]);
    assert_eq!(told.code, 1, "{}{}", told.out, told.err);
    let told = told.json();
    assert_eq!(told["verdict"], "fail");
    let questions = told["questions"].as_array().unwrap();
    let answer = |number: &str| {
        let one = questions.iter().find(|q| q["number"] == number).unwrap();
        one["answer"].as_str().unwrap().to_owned()
    };
    assert_eq!(answer("A6.4"), "no");
    assert_eq!(answer("A7.16"), "unknown");
}

/// Takes in one more file of advisories: of crates and of a Debian package, without ratings and fixes.
fn more_advisories(home: &Home) {
    let ranged = |id: &str, ecosystem: &str, package: &str, range: Value| {
        json!({"id": id, "modified": "2026-03-02T00:00:00Z", "published": "2026-03-02T10:00:00Z",
            "affected": [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": [range]}]})
        .to_string()
    };
    let commits = json!({"type": "GIT", "repo": "https://git.example/x",
        "events": [{"introduced": "0"}]});
    let all = |kind: &str| json!({"type": kind, "events": [{"introduced": "0"}]});
    let records = [
        ranged("RUSTSEC-2026-11", "crates.io", "quiet", all("SEMVER")),
        ranged("RUSTSEC-2026-12", "crates.io", "murky", commits.clone()),
        ranged("DSA-3-1", "Debian:12", "bash", all("ECOSYSTEM")),
        ranged("DSA-4-1", "Debian:12", "bash", commits),
    ];
    home.write("mirror/more.jsonl", records.join("\n"));
    let taken = home.run(&["advisories", "update", "--from", "mirror"]);
    assert_eq!(taken.code, 0, "{}{}", taken.out, taken.err);
}

fn lock(package: &str) -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"{package}\"\nversion = \"1.0.0\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
    )
}

#[test]
fn what_nobody_rated_stops_and_what_cannot_be_compared_is_told_apart() {
    let home = firm();
    more_advisories(&home);
    for (package, compared) in [("quiet", true), ("murky", false)] {
        home.write("Cargo.lock", lock(package));
        let gate = home.run(&["patch", "gate", "Cargo.lock", "--format", "json"]);
        assert_eq!(gate.code, 1, "{package}: {}", gate.out);
        assert_eq!(gate.json()["found"][0]["compared"], compared, "{package}");
    }
    home.write("Cargo.lock", lock("right"));
    assert_eq!(home.run(&["patch", "gate", "Cargo.lock"]).code, 0);
    let words = ["patch", "gate", "Cargo.lock", "--as-of", "2099-01-01"];
    assert_eq!(home.run(&words).code, 2, "old advisories tell nothing");
}

/// State and response of each vulnerability in the VEX.
fn states(home: &Home) -> Vec<String> {
    let vex = home.run(&["patch", "vex"]).json();
    let all = vex["vulnerabilities"].as_array().unwrap().iter();
    let told = all.map(|one| {
        let response = one["analysis"]["response"][0].as_str().unwrap_or("-");
        let [id, state] = [&one["id"], &one["analysis"]["state"]].map(|v| v.as_str().unwrap());
        format!("{id} {state} {response}")
    });
    told.collect()
}

#[test]
fn vex_tells_what_has_no_fix_what_is_not_known_and_what_was_taken_away() {
    let home = firm();
    more_advisories(&home);
    let exploitable = "CVE-2026-7 exploitable update";
    let others = ["DSA-3-1 exploitable can_not_fix", "DSA-4-1 in_triage -"];
    assert_eq!(states(&home), [exploitable, others[0], others[1]]);
    for (from, expires) in [("2026-03-10", "2026-03-20"), ("2098-01-01", "2099-01-01")] {
        let added = home.run(&[
            "record",
            "patch_exception",
            "add",
            "vulnerability=CVE-2026-7",
            "policy=Cyber Essentials",
            "ground=mitigated",
            "reason=set as the vendor says",
            "owner=ada@firm.test",
            "approved_by=bob@firm.test",
            &format!("from_on={from}"),
            &format!("expires_on={expires}"),
            "evidence=ticket 7",
        ]);
        assert_eq!(added.code, 0, "{}", added.err);
        assert_eq!(states(&home)[0], exploitable, "{from} {expires}");
    }
    let retired = [
        "record",
        "asset",
        "add",
        "name=web1",
        "retired_on=2026-03-12",
    ];
    // The day of its first sight is later: a machine that is seen again is not gone.
    assert_eq!(home.run(&retired).code, 0);
    assert_eq!(states(&home)[0], exploitable);
    let today = standing_assess::AsOf::at(jiff::Timestamp::now()).date;
    let retired = format!("retired_on={today}");
    let gone = ["record", "asset", "add", "name=web1", &retired];
    assert_eq!(home.run(&gone).code, 0);
    assert_eq!(states(&home)[0], "CVE-2026-7 resolved -");
    let next = home.run(&["patch", "next", "--format", "json"]).json();
    assert_eq!(next["open"]["all"], 0, "{next:#}");
}

#[test]
fn what_is_not_known_is_not_good_news() {
    let home = firm();
    more_advisories(&home);
    home.write(
        "hosts/web1/var/lib/dpkg/status",
        STATUS.replace("3.0.11-1~deb12u1", "3.0.11-1~deb12u2"),
    );
    assert_eq!(home.run(&["collect"]).code, 0);
    let next = home.run(&["patch", "next", "--format", "json"]);
    assert_eq!(next.json()["open"]["breached"], 0, "{}", next.out);
    assert_eq!(next.code, 2, "{}", next.out);
}

//! Reports that real scanners wrote, which lie beside the repository and are not part of it: each is
//! recognised, and holds as many findings as are counted here in another way.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;
use standing_collectors::{Keeper, Kept, Root, Run, Settings, by_kind, run};
use standing_facts::{Outcome, Row};

/// Gives the same bytes for every file.
struct Always(Vec<u8>);

impl Keeper for Always {
    fn keep(&mut self, name: &str, _: &mut dyn Read) -> io::Result<Kept> {
        Ok(Kept {
            name: name.to_owned(),
            handle: String::new(),
            bytes: self.0.len() as u64,
            sha256: String::new(),
        })
    }

    fn open(&self, _: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(Cursor::new(self.0.as_slice())))
    }
}

/// Reads `bytes` as the one file of that name; every row is written and read back.
pub fn read_as(kind: &str, name: &str, bytes: &[u8]) -> (Run, Vec<Row>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), "").unwrap();
    let settings = Settings {
        source: "src".into(),
        path: name.into(),
        ..Settings::default()
    };
    let mut rows = Vec::new();
    let done = run(
        by_kind(kind).unwrap(),
        &settings,
        &Root::new(folder.path()),
        &mut Always(bytes.to_vec()),
        &BTreeMap::new(),
        &mut |_| {},
        &mut |row| {
            let line = standing_facts::to_line(&row);
            standing_facts::parse_line(&line).expect("a row that fits");
            rows.push(row);
        },
    );
    (done, rows)
}

/// The folder of reports, if it is there.
fn reports() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = above.map(|folder| folder.join("shared/data/vectors/scanner-output"));
    let found = folders.find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: ../shared/data not present");
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// What a report must come to.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// So many findings.
    Findings(usize),
    /// Named as nothing that the kind knows, or as broken.
    Refused,
}
use Expected::{Findings, Refused};

/// Counted by the shape of the form alone, with nothing of the collector's.
fn expected(name: &str, bytes: &[u8]) -> Expected {
    let folder = name.split('/').next().unwrap();
    let text = String::from_utf8_lossy(bytes);
    let whole = serde_json::from_slice::<Value>(bytes);
    let json = whole.as_ref().cloned().unwrap_or_default();
    match folder {
        "trivy" if json.is_null() => Refused,
        "trivy" => Findings(occurrences(&text, "\"VulnerabilityID\"")),
        "anchore_grype" => Findings(length(&json["matches"])),
        "osv_scanner" => Findings(inner(&json["results"], &["packages", "vulnerabilities"])),
        "pip_audit" if length(&json) == 0 => Refused,
        "pip_audit" => Findings(inner(&json, &["vulns"])),
        "npm_audit" | "npm_audit_7_plus" | "yarn_audit" if json["advisories"].is_object() => {
            Findings(inner(&values(&json["advisories"]), &["findings"]))
        }
        "npm_audit" | "npm_audit_7_plus" => Findings(
            values(&json["vulnerabilities"])
                .as_array()
                .unwrap()
                .iter()
                .map(|p| {
                    p["via"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .filter(|v| v.is_object())
                        .count()
                })
                .sum(),
        ),
        "trivy_operator" if text.contains("\"vulnerabilityID\"") => {
            Findings(occurrences(&text, "\"vulnerabilityID\""))
        }
        "yarn_audit" => Findings(occurrences(&text, "{\"type\":\"auditAdvisory\"")),
        "cargo_audit" => {
            Findings(usize::try_from(json["vulnerabilities"]["count"].as_u64().unwrap()).unwrap())
        }
        "aws_inspector2" => Findings(inner(
            &json["findings"],
            &["packageVulnerabilityDetails/vulnerablePackages"],
        )),
        "ms_defender" if name.ends_with(".zip") => Findings(match name {
            "ms_defender/defender_multiple_files.zip" => 5,
            _ => 4,
        }),
        "ms_defender" => Findings(length(&json["value"])),
        "govulncheck" if name.contains("sarif") => Findings(inner(&json["runs"], &["results"])),
        "tenable" if name.ends_with(".nessus") => Findings(nessus(&text)),
        "tenable" => Findings(rows(&text, &["CVE", "definition.cve"], &tenable_matters)),
        "qualys" | "qualys_vmdr" => Findings(rows(&text, &["CVE ID", "CVE", "CVEID"], &|_| true)),
        "openvas" if name.ends_with(".xml") => Findings(occurrences(&text, "<ref type=\"cve\"")),
        "openvas" => Findings(rows(&text, &["CVEs"], &|row| row["Severity"] != "Log")),
        _ => Refused,
    }
}

fn occurrences(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

fn values(value: &Value) -> Value {
    Value::Array(value.as_object().unwrap().values().cloned().collect())
}

/// How many elements lie in lists within lists.
fn inner(value: &Value, path: &[&str]) -> usize {
    let all = value.as_array().into_iter().flatten();
    let Some((next, rest)) = path.split_first() else {
        return length(value);
    };
    let at = |one: &Value| {
        one.pointer(&format!("/{next}"))
            .cloned()
            .unwrap_or_default()
    };
    all.map(|one| inner(&at(one), rest)).sum()
}

/// One for each CVE of a result that is more than informational, one where it has none.
fn nessus(text: &str) -> usize {
    let items = text.split("<ReportItem").skip(1);
    let grave = items.filter(|item| !item.contains("severity=\"0\""));
    grave.map(|item| occurrences(item, "<cve>").max(1)).sum()
}

fn tenable_matters(row: &BTreeMap<String, String>) -> bool {
    let names = [
        "Original Severity",
        "definition.severity",
        "Risk",
        "Severity",
    ];
    let word = names.iter().find_map(|name| row.get(*name)).unwrap();
    !["none", "info", "0"].contains(&word.to_lowercase().as_str())
}

/// One for each CVE of a row that matters, one where it has none.
fn rows(text: &str, cves: &[&str], matters: &dyn Fn(&BTreeMap<String, String>) -> bool) -> usize {
    let text = text.trim_start_matches('\u{feff}');
    let head = text
        .lines()
        .find(|l| l.len() > 100)
        .or(text.lines().next())
        .unwrap();
    let separator = if occurrences(head, ";") > 20 {
        b';'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let all: Vec<_> = reader.records().map(Result::unwrap).collect();
    let at = all.iter().position(|row| row.len() > 8).unwrap();
    let mut count = 0;
    for row in all[at + 1..]
        .iter()
        .filter(|row| row.iter().any(|c| !c.is_empty()))
    {
        let cells = all[at]
            .iter()
            .map(str::to_owned)
            .zip(row.iter().map(str::to_owned));
        let cells: BTreeMap<_, _> = cells.collect();
        if matters(&cells) {
            let named = cves.iter().find_map(|name| cells.get(*name));
            count += occurrences(named.map_or("", String::as_str), "CVE-").max(1);
        }
    }
    count
}

#[test]
fn every_real_report_is_recognised_and_counted() {
    let Some(folder) = reports() else { return };
    let (mut wrong, mut seen, mut findings) = (Vec::new(), 0, 0);
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        if name.starts_with("LICENSE") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let (done, rows) = read_as(
            "scanner",
            path.file_name().unwrap().to_str().unwrap(),
            &bytes,
        );
        let found = match done.outcome {
            Outcome::Failed => Refused,
            _ => Findings(rows.len()),
        };
        let expected = expected(name, &unpacked(&bytes));
        let problems = done.problems.iter().filter(|p| p.lost).collect::<Vec<_>>();
        println!(
            "{name}: {found:?} {:?} {:?} {problems:?}",
            done.outcome, done.gaps
        );
        if found == Refused {
            let why = &done.gaps[0].detail;
            let is_named = ["is not a report that this kind knows", "holds nothing but"];
            assert!(
                is_named.iter().any(|words| why.contains(words)),
                "{name}: {why}"
            );
        }
        if found != expected {
            wrong.push(format!(
                "{name}: expected {expected:?}, found {found:?} {:?}",
                done.gaps
            ));
        }
        if !name.ends_with(".csv") {
            let file = path.file_name().unwrap().to_str().unwrap();
            let (done, _) = read_as("scanner", file, &bytes[..bytes.len() / 2]);
            assert_ne!(
                done.outcome,
                Outcome::Complete,
                "{name}, of which half is there"
            );
        }
        seen += 1;
        findings += rows.len();
    }
    println!("{seen} reports, {findings} findings");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 120, "{seen}");
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut whole)
            .unwrap(),
        false => return bytes.to_vec(),
    };
    whole
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_json_panics(text in "[\\[{]{1,3}(\"(SchemaVersion|Results|matches|results|runs|findings|value|advisories|vulnerabilities|type|data)\":([\\[{]|1|null|\"x\"),?|[\\]}],?){0,30}") {
        read_as("scanner", "a.json", text.as_bytes());
    }

    #[test]
    fn no_xml_panics(text in "<(NessusClientData_v2|report)>(</?(ReportHost|HostProperties|ReportItem|result|cve|tag)( (severity|name|pluginID)=\"[0-9<&;]{0,2}\")?/?>|&#?[a-z0-9]{0,3};|\\PC){0,40}") {
        read_as("scanner", "a.xml", text.as_bytes());
    }

    #[test]
    fn no_table_panics(rows in "(Plugin ID|QID|NVT OID)([,;\t](CVE|Severity|Host|Port|Name|First Found|State|CVSS)){2,6}\n(([a-zA-Z0-9é/:. -]{0,12}[,;\t\"]){0,8}\n){0,6}") {
        read_as("scanner", "a.csv", rows.as_bytes());
    }
}

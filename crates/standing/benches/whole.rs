//! The whole program, as its users run it: `cargo bench -p standing`.
//!
//! The demonstration from end to end, the warm assessment of its estate, and one 500 MB export of
//! each format that is read as a stream, with the peak memory of the reading process.
//! `STANDING_BENCH_MB` sets another size; `cargo bench -p standing -- terraform` runs one format alone.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 15;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole-bench");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below target");
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    if only.is_empty() {
        demonstration(&folder);
    }
    let megabytes = std::env::var("STANDING_BENCH_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(500);
    let chosen = |f: &&Format| only.is_empty() || only.iter().any(|word| word == f.kind);
    for format in FORMATS.iter().filter(chosen) {
        gigantic(&folder, format, megabytes * 1_000_000);
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn demonstration(folder: &Path) {
    let mut whole = Vec::new();
    for run in 0..5 {
        let dir = folder.join(format!("demo-{run}"));
        let words = ["demo", "--quiet", "--dir", dir.to_str().expect("a path")];
        whole.push(run_once(folder, &words).0);
    }
    report("standing demo, end to end", &mut whole);
    let home = folder.join("demo-0");
    for words in [
        &["status"][..],
        &["check"],
        &["item", "4.2.4"],
        &["forecast"],
    ] {
        let mut times: Vec<Duration> = (0..RUNS).map(|_| run_once(&home, words).0).collect();
        report(
            &format!("standing {} (whole process, warm)", words.join(" ")),
            &mut times,
        );
    }
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let ms = |d: Duration| d.as_secs_f64() * 1000.0;
    println!(
        "{what}: median of {} {:.0} ms ({:.0} to {:.0})",
        times.len(),
        ms(times[times.len() / 2]),
        ms(times[0]),
        ms(times[times.len() - 1])
    );
}

/// Runs the program; gives the time it took and its peak memory in MiB.
fn run_once(home: &Path, words: &[&str]) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(words)
        .current_dir(home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let ended = loop {
        peak = peak.max(peak_mib(&status));
        if let Some(ended) = child.try_wait().expect("the program's end") {
            break ended;
        }
        let waited = if begun.elapsed().as_secs() < 1 { 1 } else { 50 };
        std::thread::sleep(Duration::from_millis(waited));
    };
    let took = begun.elapsed();
    assert!(
        ended.code().is_some_and(|code| code < 2),
        "{words:?}: {ended}"
    );
    (took, peak)
}

fn peak_mib(status: &Path) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text
        .lines()
        .find(|l| l.starts_with("VmHWM:"))
        .unwrap_or_default();
    let kib = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse::<u64>().ok());
    kib.unwrap_or(0) >> 10
}

/// A format: kind, file below the source's folder, what comes before, between and after, one record.
struct Format {
    kind: &'static str,
    file: &'static str,
    head: &'static str,
    between: &'static str,
    foot: &'static str,
    record: fn(usize) -> String,
    /// Small files that the source also wants.
    beside: &'static [(&'static str, &'static str)],
}

const FORMATS: &[Format] = &[
    Format {
        kind: "hr",
        file: "people.csv",
        head: "Employee Number,Name,Email,Department,Job Title,Start Date,Leaving Date,Status\n",
        between: "",
        foot: "",
        record: |i| {
            format!(
                "{i:08},Person Number {i},person{i}@firm.test,Department {},A title,01/02/2020,,Active\n",
                i % 500
            )
        },
        beside: &[],
    },
    Format {
        kind: "graph",
        file: "users-1.json",
        head: "{\"value\":[",
        between: ",\n",
        foot: "]}",
        record: |i| {
            format!(
                "{{\"id\":\"{i:032x}\",\"userPrincipalName\":\"u{i}@firm.test\",\"mail\":\"u{i}@firm.test\",\"displayName\":\"U {i}\",\"accountEnabled\":true,\"userType\":\"Member\",\"employeeId\":\"{i:08}\"}}"
            )
        },
        beside: &[],
    },
    Format {
        kind: "ldif",
        file: "all.ldif",
        head: "version: 1\n\n",
        between: "\n",
        foot: "",
        record: |i| {
            format!(
                "dn: uid=u{i},ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\nuid: u{i}\ncn: User {i}\nmail: u{i}@firm.test\nemployeeNumber: {i:08}\n"
            )
        },
        beside: &[],
    },
    Format {
        kind: "dpkg",
        file: "host1/var/lib/dpkg/status",
        head: "",
        between: "\n",
        foot: "",
        record: |i| {
            format!(
                "Package: package-{i}\nStatus: install ok installed\nPriority: optional\nArchitecture: amd64\nVersion: 1.{}-1\nDescription: a package that was invented\n with a second line of description\n",
                i % 90
            )
        },
        beside: &[("host1/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")],
    },
    Format {
        kind: "sbom",
        file: "product.cdx.json",
        head: "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"metadata\":{\"component\":{\"type\":\"application\",\"name\":\"product\"}},\"components\":[",
        between: ",\n",
        foot: "]}",
        record: |i| {
            format!(
                "{{\"type\":\"library\",\"name\":\"package-{i}\",\"version\":\"1.0.{}\",\"purl\":\"pkg:npm/package-{i}@1.0.{}\"}}",
                i % 90,
                i % 90
            )
        },
        beside: &[],
    },
    Format {
        kind: "osv",
        file: "all.jsonl",
        head: "",
        between: "\n",
        foot: "\n",
        record: |i| {
            format!(
                "{{\"id\":\"BENCH-{i}\",\"modified\":\"2026-01-01T00:00:00Z\",\"published\":\"2026-01-01T00:00:00Z\",\"affected\":[{{\"package\":{{\"ecosystem\":\"npm\",\"name\":\"package-{i}\"}},\"ranges\":[{{\"type\":\"SEMVER\",\"events\":[{{\"introduced\":\"0\"}},{{\"fixed\":\"1.0.{}\"}}]}}]}}]}}",
                i % 90
            )
        },
        beside: &[],
    },
    Format {
        kind: "terraform",
        file: "terraform.tfstate",
        head: "{\"version\":4,\"terraform_version\":\"1.9.0\",\"serial\":1,\"lineage\":\"x\",\"outputs\":{},\"resources\":[",
        between: ",\n",
        foot: "]}",
        record: |i| {
            format!(
                "{{\"mode\":\"managed\",\"type\":\"aws_instance\",\"name\":\"h{i}\",\"provider\":\"provider[\\\"registry.terraform.io/hashicorp/aws\\\"]\",\"instances\":[{{\"schema_version\":1,\"attributes\":{{\"id\":\"i-{i}\",\"availability_zone\":\"eu-west-2a\",\"public_ip\":\"\",\"tags\":{{\"Name\":\"h{i}\"}}}}}}]}}"
            )
        },
        beside: &[],
    },
    Format {
        kind: "training",
        file: "completions.csv",
        head: "Employee Number,Email,Course Title,Completion Date,Status\n",
        between: "",
        foot: "",
        record: |i| {
            format!("{i:08},person{i}@firm.test,Data security awareness,01/02/2026,Passed\n")
        },
        beside: &[],
    },
];

fn gigantic(folder: &Path, format: &Format, bytes: usize) {
    let home = folder.join(format.kind);
    let words = ["init", home.to_str().expect("a path")];
    run_once(folder, &words);
    let source = home.join("export");
    let file = source.join(format.file);
    for (name, text) in format.beside {
        write(&source.join(name), |out| out.write_all(text.as_bytes()));
    }
    let mut records = 0;
    write(&file, |out| {
        out.write_all(format.head.as_bytes())?;
        let mut written = 0;
        while written < bytes {
            if records > 0 {
                out.write_all(format.between.as_bytes())?;
            }
            let record = (format.record)(records);
            written += record.len() + format.between.len();
            out.write_all(record.as_bytes())?;
            records += 1;
        }
        out.write_all(format.foot.as_bytes())
    });
    let config = home.join("standing.toml");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    let block = format!(
        "\n[source.big]\nkind = \"{}\"\npath = \"export\"\n",
        format.kind
    );
    std::fs::write(&config, text + &block).expect("the configuration");
    let (took, peak) = run_once(&home, &["collect", "--quiet"]);
    println!(
        "collect {}: {} MB, {records} records: {:.0} s, peak memory {peak} MiB",
        format.kind,
        bytes / 1_000_000,
        took.as_secs_f64()
    );
    let _ = std::fs::remove_dir_all(&home);
}

fn write(path: &Path, work: impl FnOnce(&mut BufWriter<std::fs::File>) -> std::io::Result<()>) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut out = BufWriter::new(std::fs::File::create(path).expect("a file"));
    work(&mut out)
        .and_then(|()| out.flush())
        .expect("the file written");
}

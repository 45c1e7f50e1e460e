//! How fast and how large: `cargo bench -p standing-vault`.
//!
//! Every phase runs in a process of its own, so that its peak memory is its own.
//! Figures are medians over several runs, with the slowest and the fastest beside.
//! Everything happens on the disk that holds the target directory.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rusqlite::Connection;
use serde_json::{Value, json};
use standing_vault::{Blob, Digest, Draft, KeyFiles, Keys, Options, Time, Vault, Verdict, fsck};

const PHASE: &str = "STANDING_VAULT_BENCH_PHASE";
const LARGE: u64 = 1_000_000;
const BLOB_BYTES: u64 = 500_000_000;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vault-bench");
    if let Ok(phase) = std::env::var(PHASE) {
        run(&phase, &folder);
        println!("peak_mib={}", peak_mib());
        return;
    }
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below target");
    println!(
        "a synced write of 4 KiB to this disk takes {:.3} ms",
        synced_write_ms(&folder)
    );
    for batch in [100, 1000] {
        // Alternating, so that both see the same neighbours on the machine.
        let (mut vault, mut sqlite) = (Vec::new(), Vec::new());
        for _ in 0..7 {
            vault.push(phase(&format!("append {batch}")));
            sqlite.push(phase(&format!("sqlite {batch}")));
        }
        report(
            &format!("vault:  durable entries/s, {batch} at a time (bar 5,000)"),
            &vault,
        );
        report(
            &format!("SQLite: durable rows/s, {batch} at a time, WAL, FULL"),
            &sqlite,
        );
    }
    report(
        &format!("building a vault of {LARGE} entries, entries/s"),
        &[phase("build")],
    );
    let several = |name: &str, runs: usize| (0..runs).map(|_| phase(name)).collect::<Vec<_>>();
    report("opening it, s (bar 1)", &several("open", 7));
    report("fsck of it, s (bar 20)", &several("fsck", 5));
    report("reading every entry of it, s", &several("entries", 3));
    report("writing a blob of 500 MB, MB/s", &several("write-blob", 3));
    report("reading it, MB/s", &several("read-blob", 3));
    let _ = std::fs::remove_dir_all(&folder);
}

/// The figure of a phase and its peak memory.
fn phase(name: &str) -> (f64, u64) {
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .env(PHASE, name)
        .output()
        .expect("a process of its own");
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let field = |name: &str| {
        let line = text.lines().find_map(|l| l.strip_prefix(name));
        line.expect("the phase prints it")
            .parse::<f64>()
            .expect("a number")
    };
    (field("figure="), field("peak_mib=") as u64)
}

fn report(what: &str, runs: &[(f64, u64)]) {
    let mut figures: Vec<f64> = runs.iter().map(|(figure, _)| *figure).collect();
    figures.sort_by(f64::total_cmp);
    let peak = runs
        .iter()
        .map(|(_, peak)| peak)
        .max()
        .expect("at least one run");
    let digits = if figures[0] < 100.0 { 4 } else { 0 };
    println!(
        "{what}: {:.digits$} ({:.digits$} to {:.digits$}, {} runs); peak {peak} MiB",
        figures[figures.len() / 2],
        figures[0],
        figures[figures.len() - 1],
        figures.len(),
    );
}

/// The most memory this process ever held.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find_map(|l| l.strip_prefix("VmHWM:"))
        .expect("VmHWM");
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .expect("a number")
        / 1024
}

fn run(phase: &str, folder: &Path) {
    let large = folder.join("large");
    let keys = keys(folder);
    let began = Instant::now();
    let figure = match phase.split(' ').collect::<Vec<_>>()[..] {
        ["append", batch] => append(folder, &keys, batch.parse().expect("a number")),
        ["sqlite", batch] => sqlite(folder, batch.parse().expect("a number")),
        ["build"] => {
            let vault =
                Vault::init(&large, "bench.example/log", &keys, Options::default()).expect("init");
            for first in (0..LARGE).step_by(1000) {
                vault.append(&drafts(first, 1000)).expect("append");
            }
            LARGE as f64 / began.elapsed().as_secs_f64()
        }
        ["open"] => {
            let vault = Vault::open(&large, &keys).expect("open");
            assert_eq!(vault.size(), LARGE);
            began.elapsed().as_secs_f64()
        }
        ["fsck"] => {
            let report =
                fsck(&large, Some(keys.blob_key()), None, &mut |_, _| {}).expect("readable");
            assert_eq!((report.verdict(), report.entries), (Verdict::Sound, LARGE));
            began.elapsed().as_secs_f64()
        }
        ["entries"] => {
            let vault = Vault::open_read_only(&large, None).expect("open");
            assert!(
                vault
                    .entries(0..LARGE)
                    .expect("range")
                    .all(|entry| entry.is_ok())
            );
            began.elapsed().as_secs_f64()
        }
        ["write-blob"] => write_blob(folder, &keys),
        ["read-blob"] => read_blob(folder, &keys),
        _ => panic!("no phase {phase}"),
    };
    println!("figure={figure}");
}

fn keys(folder: &Path) -> Keys {
    let files = KeyFiles {
        signing: folder.join("signing.key"),
        blobs: folder.join("blobs.key"),
    };
    files.load().or_else(|_| files.generate()).expect("keys")
}

/// Entries of the size that collections and decisions have: about 350 bytes.
fn drafts(first: u64, count: u64) -> Vec<Draft> {
    (first..first + count)
        .map(|i| {
            let Value::Object(body) = json!({
                "outcome": "complete",
                "source": format!("directory-{}", i % 40),
                "subject": format!("account-{i:08}@supplier.example"),
                "observed": "met",
                "rows": i,
                "remark": "an entry of ordinary length, as a collection or a decision would leave it in the log",
            }) else {
                unreachable!("an object literal")
            };
            Draft {
                actor: "bench@supplier.example".into(),
                kind: "decision".into(),
                body,
                time: Time::from_milliseconds(1_793_000_000_000 + i as i64).expect("in range"),
            }
        })
        .collect()
}

fn fresh(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn entries_for(batch: u64) -> u64 {
    (batch * 300).min(100_000)
}

fn append(folder: &Path, keys: &Keys, batch: u64) -> f64 {
    let vault = Vault::init(
        &fresh(folder, "small"),
        "bench.example/log",
        keys,
        Options::default(),
    )
    .expect("init");
    let batches: Vec<_> = (0..entries_for(batch))
        .step_by(batch as usize)
        .map(|i| drafts(i, batch))
        .collect();
    let began = Instant::now();
    for drafts in &batches {
        vault.append(drafts).expect("append");
    }
    entries_for(batch) as f64 / began.elapsed().as_secs_f64()
}

/// The same bytes into a table, one transaction per batch.
fn sqlite(folder: &Path, batch: u64) -> f64 {
    let dir = fresh(folder, "sqlite");
    std::fs::create_dir(&dir).expect("a directory");
    let mut connection = Connection::open(dir.join("log.db")).expect("open");
    connection
        .execute_batch("pragma journal_mode=wal; pragma synchronous=full; create table entry (seq integer primary key, line text not null);")
        .expect("a table");
    let lines: Vec<Vec<String>> = (0..entries_for(batch))
        .step_by(batch as usize)
        .map(|i| lines(i, batch))
        .collect();
    let began = Instant::now();
    for batch in &lines {
        let transaction = connection.transaction().expect("begin");
        {
            let mut insert = transaction
                .prepare_cached("insert into entry (line) values (?1)")
                .expect("prepare");
            for line in batch {
                insert.execute([line]).expect("insert");
            }
        }
        transaction.commit().expect("commit");
    }
    entries_for(batch) as f64 / began.elapsed().as_secs_f64()
}

fn lines(first: u64, count: u64) -> Vec<String> {
    drafts(first, count)
        .into_iter()
        .map(|d| {
            json!({ "actor": d.actor, "body": d.body, "kind": d.kind, "time": d.time.to_string() })
                .to_string()
        })
        .collect()
}

fn write_blob(folder: &Path, keys: &Keys) -> f64 {
    let vault = Vault::init(
        &fresh(folder, "blob"),
        "bench.example/log",
        keys,
        Options::default(),
    )
    .expect("init");
    // Text of the kind that exports are: it compresses, but not to nothing, and the
    // repetition is farther apart than the compressor looks back.
    let mut state = 1u64;
    let line: Vec<u8> = (0..4 << 20)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            b"abcdefghij0123456789,;\"\n"[(state >> 60) as usize]
        })
        .collect();
    let began = Instant::now();
    let mut writer = vault.blob_writer().expect("writer");
    let mut left = BLOB_BYTES as usize;
    while left > 0 {
        let count = left.min(line.len());
        writer.write_all(&line[..count]).expect("write");
        left -= count;
    }
    let blob = writer.finish().expect("finish");
    let seconds = began.elapsed().as_secs_f64();
    std::fs::write(folder.join("digest"), blob.digest.to_string()).expect("write");
    BLOB_BYTES as f64 / 1e6 / seconds
}

fn read_blob(folder: &Path, keys: &Keys) -> f64 {
    let vault = Vault::open(&folder.join("blob"), keys).expect("open");
    let digest: Digest = std::fs::read_to_string(folder.join("digest"))
        .expect("written before")
        .parse()
        .expect("a digest");
    let began = Instant::now();
    let Blob::Present(mut reader) = vault.blob(&digest).expect("blob") else {
        panic!("erased")
    };
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    loop {
        match reader.read(&mut buffer).expect("readable") {
            0 => break,
            count => total += count as u64,
        }
    }
    assert_eq!(total, BLOB_BYTES);
    BLOB_BYTES as f64 / 1e6 / began.elapsed().as_secs_f64()
}

fn synced_write_ms(folder: &Path) -> f64 {
    let mut times: Vec<f64> = (0..50)
        .map(|i| {
            let began = Instant::now();
            let mut file = std::fs::File::create(folder.join(format!("sync-{i}"))).expect("create");
            file.write_all(&[7; 4096])
                .and_then(|()| file.sync_data())
                .expect("sync");
            began.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

//! How long the server takes to start over a large vault.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use standing::home::{By, Home};

use super::program::{Server, run};
use super::size;

const STARTS: usize = 11;
/// Records that stand in the end; every other entry replaced one of them.
const RECORDS: usize = 1000;

pub fn bench(folder: &Path) {
    let home = folder.join("start");
    run(&["demo", "--quiet", "--dir", home.to_str().expect("a path")]);
    let entries = size("STANDING_BENCH_ENTRIES", 100_000);
    let size = fill(&home, entries as u64);
    let mut first = Server::start(&home);
    let ready = first.until("/readyz");
    println!(
        "first start over {size} entries, the index {} of them behind: ready in {:.0} ms",
        size - 88,
        milliseconds(ready)
    );
    drop(first);
    let mut alive = Vec::new();
    let mut ready = Vec::new();
    for _ in 0..STARTS {
        let mut server = Server::start(&home);
        alive.push(server.until("/healthz"));
        ready.push(server.until("/readyz"));
    }
    report("until /healthz answers", &mut alive);
    report("until /readyz answers, judged", &mut ready);
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    println!(
        "start, index warm, {what}: median of {} {:.0} ms ({:.0} to {:.0})",
        times.len(),
        milliseconds(times[times.len() / 2]),
        milliseconds(times[0]),
        milliseconds(times[times.len() - 1])
    );
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Appends records, each but the first thousand in the place of an earlier one, until the vault has
/// so many entries; gives how many it has.
fn fill(folder: &Path, entries: u64) -> u64 {
    let home = Home::open(folder).expect("the home");
    let index = home.index().expect("its index");
    let rows: Vec<String> = (0..RECORDS).map(|n| row(&home, n)).collect();
    let mut replaced: Vec<Option<u64>> = vec![None; RECORDS];
    while home.vault.size() < entries {
        let body = |n: usize| {
            let body = json!({"table": "risk", "row": rows[n], "replaces": replaced[n]});
            ("record".to_owned(), body)
        };
        let written = home
            .append_all(&index, By::KEYBOARD, (0..RECORDS).map(body).collect())
            .expect("the entries");
        let records = written.iter().filter(|entry| entry.kind == "record");
        for (slot, entry) in replaced.iter_mut().zip(records) {
            *slot = Some(entry.seq);
        }
    }
    home.vault.size()
}

fn row(home: &Home, n: usize) -> String {
    let row = json!({"table": "risk", "id": format!("risk-{n}"), "title": format!("Risk {n}"), "level": "low"});
    let blob = home.vault.put_blob(row.to_string().as_bytes());
    blob.expect("a blob").digest.reference()
}

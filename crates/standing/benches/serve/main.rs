//! The server as its users meet it: `cargo bench -p standing --bench serve`.
//!
//! 200 readers at once on the demonstration estate ×50, first each with a person's pauses between
//! pages, then without any; and how long the server takes to start over a vault of 100,000 entries.
//! The readers are in this process, so they share the machine's processors with the server.
//! `… -- load` or `… -- start` runs one part. `STANDING_BENCH_SCALE`, `STANDING_BENCH_READERS` and
//! `STANDING_BENCH_ENTRIES` set other sizes; `STANDING_BIN` another program.

mod load;
mod program;
mod start;

use std::path::Path;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve-bench");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below target");
    let only: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |part: &str| only.is_empty() || only.iter().any(|word| word == part);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} processors, shared by the server and its readers");
    if wanted("load") {
        load::bench(&folder);
    }
    if wanted("start") {
        start::bench(&folder);
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// A size that the environment may set.
fn size(name: &str, usual: usize) -> usize {
    let set = std::env::var(name).ok().and_then(|text| text.parse().ok());
    set.unwrap_or(usual)
}

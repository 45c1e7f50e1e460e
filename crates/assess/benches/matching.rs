//! Who is who, at size: `cargo bench -p standing-assess --bench matching`.
//!
//! 100,000 people and 120,000 accounts with known answers, several seeds, 3 % and 10 % noise; each firm
//! in a process of its own so that its peak memory is its own. The peer is what one would write in
//! SQL: links by two equal keys.

#[path = "matching/figures.rs"]
mod figures;
#[path = "matching/firm.rs"]
mod firm;
#[path = "matching/peer.rs"]
mod peer;

use std::process::Command;
use std::time::Instant;

use figures::Figures;
use firm::Firm;
use standing_assess::matching::matches;

const PHASE: &str = "STANDING_MATCHING_BENCH";
const PEOPLE: usize = 100_000;
const RUNS: usize = 7;
const SEEDS: [u64; 6] = [1, 2, 3, 4, 5, 6];

fn main() {
    if let Ok(phase) = std::env::var(PHASE) {
        let numbers: Vec<u64> = phase.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [seed, percent, with_peer] = numbers[..] else {
            panic!("{PHASE} is seed, percent and 0 or 1");
        };
        measure(seed, percent, with_peer == 1);
        return;
    }
    println!("{PEOPLE} people, 120,000 accounts; precision and recall a band");
    let run = |seed: u64, percent: u64, with_peer: bool| {
        let status = Command::new(std::env::current_exe().expect("own path"))
            .env(PHASE, format!("{seed} {percent} {}", u8::from(with_peer)))
            .status()
            .expect("a firm");
        assert!(status.success());
    };
    for (percent, seeds) in [(3, &SEEDS[..]), (10, &SEEDS[..2])] {
        println!("noise {percent} %:");
        for seed in seeds {
            run(*seed, percent, false);
        }
    }
    run(1, 3, true);
}

fn measure(seed: u64, percent: u64, with_peer: bool) {
    let firm = Firm::new(seed, PEOPLE, percent as f64 / 100.0);
    let (people, accounts) = (firm.people(), firm.accounts());
    if with_peer {
        let (begun, cpu) = (Instant::now(), cpu_ms());
        let found = peer::links(&people, &accounts);
        let (took, spent) = (begun.elapsed().as_millis(), cpu_ms() - cpu);
        println!(
            "peer, two equal keys in SQLite: {}",
            Figures::of(&firm.truth, &found)
        );
        println!(
            "    CPU {spent} ms, wall {took} ms, peak memory {} MiB",
            peak_mib()
        );
        return;
    }
    let held = peak_mib();
    let mut times = Vec::new();
    let mut found = Vec::new();
    for _ in 0..RUNS {
        let (begun, cpu) = (Instant::now(), cpu_ms());
        found = matches(&people, &accounts);
        times.push((cpu_ms() - cpu, begun.elapsed().as_millis()));
    }
    times.sort_unstable();
    println!("  seed {seed}: {}", Figures::of(&firm.truth, &found));
    println!(
        "    CPU {} ms ({} to {}), wall of that run {} ms, peak memory {} MiB, of which the firm {held}",
        times[RUNS / 2].0,
        times[0].0,
        times[RUNS - 1].0,
        times[RUNS / 2].1,
        peak_mib()
    );
}

/// Processor time of this process, user and system, in steps of 10 ms.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2);
    ticks.filter_map(|t| t.parse::<u64>().ok()).sum::<u64>() * 10
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    let number = line.unwrap_or_default().split_whitespace().nth(1);
    number.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) >> 10
}

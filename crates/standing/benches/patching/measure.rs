//! Times, processor time and peak memory.

use std::time::{Duration, Instant};

/// Runs the work so many times; gives how long each run took.
pub fn times(runs: usize, mut work: impl FnMut()) -> Vec<Duration> {
    let once = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..runs).map(once).collect()
}

/// Median, fastest and slowest, in milliseconds.
pub fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!(
        "{what}: median of {} {} ms ({} to {})",
        times.len(),
        ms(times[times.len() / 2]),
        ms(times[0]),
        ms(times[times.len() - 1])
    );
}

pub fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    match ms {
        10.0.. => format!("{ms:.0}"),
        0.1.. => format!("{ms:.2}"),
        _ => format!("{ms:.4}"),
    }
}

/// Processor time of one piece of work, of this thread alone: the median of seven rounds of so many.
pub fn cpu(what: &str, rounds: u32, mut work: impl FnMut()) {
    let mut spent = Vec::new();
    for _ in 0..7 {
        let begun = on_processor();
        (0..rounds).for_each(|_| work());
        spent.push((on_processor() - begun) / rounds);
    }
    report(&format!("{what}, processor time"), spent);
}

/// How long this thread was on a processor, kept by the system to a tick.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    let nanoseconds = first.and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.expect("/proc/thread-self/schedstat"))
}

pub fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM:"));
    let number = line.unwrap_or_default().split_whitespace().nth(1);
    number.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) >> 10
}

//! A fleet of 50,000 hosts with 600 packages each, from nothing and a day later.

use std::cell::OnceCell;
use std::path::Path;
use std::time::Instant;

use standing_patching::{Changed, Database, Fleet, Package, Record, Tally};

use crate::data::{self, Dice};
use crate::measure::{ms, peak_mib, report};

const PACKAGES: usize = 600;
/// Names of each distribution.
const NAMES: usize = 2_000;
const THREADS: usize = 2;
/// One host in so many is another the next day.
const CHANGED: usize = 100;
const RUNS: usize = 3;

/// Fleets over the same bytes, each with its part of the hosts.
type Fleets<'a> = Vec<Fleet<&'a [u8]>>;

/// What hosts may have installed.
struct Pool {
    distributions: [Distribution; 2],
    hosts: usize,
}

struct Distribution {
    ecosystem: &'static str,
    /// Names, each with three to six versions and one that is new on the next day.
    packages: Vec<(String, Vec<String>)>,
}

pub fn bench(folder: &Path) {
    let pool = Pool::new();
    let mapped = standing_mapped::open(&folder.join("all.adv")).expect("the database");
    let later = OnceCell::new();
    let (mut times, mut fleets) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        fleets.clear();
        let begun = Instant::now();
        fleets = matched(mapped.as_ref(), &pool, 0);
        sum(&fleets);
        times.push(begun.elapsed());
    }
    println!(
        "{} hosts of {PACKAGES} packages, {} distinct ones: {:?}",
        pool.hosts,
        distinct(&fleets),
        sum(&fleets)
    );
    report("matched and counted from nothing, two threads", times);
    println!("peak memory {} MiB", peak_mib());
    hosts_changed(&mut fleets, mapped.as_ref(), &pool);
    advisories_changed(&mut fleets, &later, &pool);
    println!(
        "peak memory with all records as text and two fleets {} MiB",
        peak_mib()
    );
}

/// Packages in numbers, those in both fleets twice.
fn distinct(fleets: &Fleets<'_>) -> usize {
    fleets.iter().map(Fleet::packages).sum()
}

fn hosts_changed<'a>(fleets: &mut Fleets<'a>, bytes: &'a [u8], pool: &Pool) {
    let before = distinct(fleets);
    let mut times = Vec::new();
    let mut told = Tally::default();
    // There and back: the first and the last run are a day forward.
    for day in [1, 0, 1, 0, 1] {
        let begun = Instant::now();
        each(fleets, |part, fleet| {
            for host in pool.part(part).filter(|host| host % CHANGED == 0) {
                pool.put(fleet, host, day);
            }
        });
        told = sum(fleets);
        times.push(begun.elapsed());
    }
    report("1 % of the hosts changed, all counted", times);
    println!(
        "  {} packages asked about, {told:?}",
        distinct(fleets) - before
    );
    same(fleets, &matched(bytes, pool, 1));
}

fn advisories_changed<'a>(fleets: &mut Fleets<'a>, later: &'a OnceCell<Vec<u8>>, pool: &Pool) {
    let (now, records) = data::a_day_later(&data::all());
    let begun = Instant::now();
    let bytes: &'a [u8] = later.get_or_init(|| data::build(&now));
    let built = begun.elapsed();
    let changed = changed(&records);
    let compiled = begun.elapsed() - built;
    let begun = Instant::now();
    let asked = each(fleets, |_, fleet| {
        let database = Database::open(bytes).expect("whole");
        fleet.renew(database, &changed).expect("whole")
    });
    let told = sum(fleets);
    let renewed = begun.elapsed();
    println!(
        "1 % of the advisories changed, once: {} ms, of which the index built anew {}, what changed \
         read {}, asked again and counted {}",
        ms(built + compiled + renewed),
        ms(built),
        ms(compiled),
        ms(renewed)
    );
    println!(
        "  {} records, as they were and as they are; {asked:?} packages asked about again of {}; {told:?}",
        records.len(),
        distinct(fleets)
    );
    same(fleets, &matched(bytes, pool, 1));
}

fn changed(records: &[String]) -> Changed {
    let mut changed = Changed::new();
    for record in records {
        changed.add(&Record::read(record).expect("a record"));
    }
    changed
}

/// All hosts as they are on a day, each thread with its part.
fn matched<'a>(bytes: &'a [u8], pool: &Pool, day: usize) -> Fleets<'a> {
    let open = |_| Fleet::new(Database::open(bytes).expect("whole"));
    let mut fleets: Fleets<'a> = (0..THREADS).map(open).collect();
    each(&mut fleets, |part, fleet| {
        for host in pool.part(part) {
            pool.put(fleet, host, if host % CHANGED == 0 { day } else { 0 });
        }
    });
    fleets
}

/// The work done to each fleet on a thread of its own.
fn each<'a, T: Send>(
    fleets: &mut Fleets<'a>,
    work: impl Fn(usize, &mut Fleet<&'a [u8]>) -> T + Sync,
) -> Vec<T> {
    let work = &work;
    std::thread::scope(|scope| {
        let parts = fleets.iter_mut().enumerate();
        let threads: Vec<_> = parts
            .map(|(part, fleet)| scope.spawn(move || work(part, fleet)))
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|done| done.expect("a part")).collect()
    })
}

/// Every host counted, and the sum over all.
fn sum(fleets: &Fleets<'_>) -> Tally {
    let mut sum = Tally::default();
    for (_, tally) in fleets.iter().flat_map(Fleet::tallies) {
        sum.packages += tally.packages;
        sum.not_compared += tally.not_compared;
        sum.affected += tally.affected;
        sum.cannot_tell += tally.cannot_tell;
        sum.informational += tally.informational;
    }
    sum
}

/// The same hosts with the same counts, and of every hundredth the same findings.
fn same(fleets: &Fleets<'_>, anew: &Fleets<'_>) {
    for (one, other) in fleets.iter().zip(anew) {
        assert!(one.tallies().eq(other.tallies()), "counts differ");
        for (host, _) in one.tallies().step_by(100) {
            assert!(one.findings(host) == other.findings(host), "{host} differs");
        }
    }
    println!(
        "  the same counts for all hosts as from nothing, the same findings for every hundredth"
    );
}

impl Pool {
    fn new() -> Pool {
        let hosts = std::env::var("STANDING_BENCH_HOSTS").ok();
        Pool {
            distributions: [debian(), alma()],
            hosts: hosts.and_then(|text| text.parse().ok()).unwrap_or(50_000),
        }
    }

    /// The hosts of one thread.
    fn part(&self, part: usize) -> impl Iterator<Item = usize> + use<> {
        (part..self.hosts).step_by(THREADS)
    }

    /// Distinct names, each at one of its versions; on the next day others, of which one is new.
    fn put<B: AsRef<[u8]>>(&self, fleet: &mut Fleet<B>, host: usize, day: usize) {
        let distribution = &self.distributions[usize::from(host % 5 > 2)];
        let mut dice = Dice((host + 1_000_000 * day) as u64);
        // Has no divisor in common with the number of names, so that no name comes twice.
        let stride = [1, 3, 7, 11, 13, 17][dice.below(6)];
        let first = dice.below(NAMES);
        let packages = (0..PACKAGES).map(|i| {
            let (name, versions) = &distribution.packages[(first + i * stride) % NAMES];
            Package {
                ecosystem: distribution.ecosystem,
                name,
                version: &versions[dice.below(versions.len() - 1 + day)],
            }
        });
        let name = format!("host-{host}.firm.example");
        fleet.put(&name, packages).expect("whole");
    }
}

/// Half of the names have advisories, each with fixes in its second and third version.
fn debian() -> Distribution {
    let versions = |i: usize| (0..4 + i % 4).map(data::debian_version).collect();
    let names = 0..NAMES;
    Distribution {
        ecosystem: "Debian:12",
        packages: names.map(|i| (format!("deb-{i}"), versions(i))).collect(),
    }
}

/// Half of the names are AlmaLinux's own at versions that its advisories name, the rest invented.
fn alma() -> Distribution {
    let ecosystem = "AlmaLinux:9";
    let mut packages: Vec<(String, Vec<String>)> = Vec::new();
    for real in data::real(&data::shared(), ecosystem) {
        let later = |i: usize| format!("{}.{i}", real.fixed);
        let mut versions = vec![
            format!("0:0.{}-1.el9", packages.len() % 7),
            real.fixed.clone(),
        ];
        versions.extend((1..3 + packages.len() % 4).map(later));
        packages.push((real.name, versions));
    }
    packages.truncate(NAMES / 2);
    while packages.len() < NAMES {
        let versions = (0..4 + packages.len() % 4).map(|i| format!("0:1.{i}-{i}.el9"));
        packages.push((format!("rpm-{}", packages.len()), versions.collect()));
    }
    Distribution {
        ecosystem,
        packages,
    }
}

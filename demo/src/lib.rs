//! The estate of an invented supplier, in the formats that real tools export, with planted faults.
//!
//! Everything follows from a seed and a day: the same [`Plan`] writes the same bytes. Without
//! faults every check is met on that day; each fault of [`faults`] is found by the check it names.
//!
//! *Architecture invariant:* this crate knows formats, not collectors or checks, which only its
//! tests use. What it writes could have come from anywhere.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use jiff::civil::Date;
use standing_facts::Row;

mod config;
mod faults;
mod firm;
mod fixes;
mod hosts;
mod names;
mod out;
mod records;
mod rng;
mod sources;
mod world;

pub use faults::{Fault, faults};
pub use fixes::{Expected, Shown, shown};
use world::World;

/// What to write.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Everything that is drawn is drawn from it.
    pub seed: u64,
    /// The day on which the exports were made.
    pub as_of: Date,
    /// Whether the faults are planted.
    pub faults: bool,
    /// Multiplies people, accounts, servers and packages; 1 is a firm of about forty.
    pub scale: usize,
}

impl Plan {
    /// The ordinary estate of that day, faults included.
    pub fn new(seed: u64, as_of: Date) -> Self {
        Plan {
            seed,
            as_of,
            faults: true,
            scale: 1,
        }
    }
}

/// An item of the toolkit about which somebody must state something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementWanted {
    /// `1.1.5`
    pub item: String,
    /// Its short title.
    pub title: String,
    /// Whether "not applicable" may be answered.
    pub not_applicable_allowed: bool,
}

/// What was written, and what goes beside it.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Text of `standing.toml`; its paths are relative to the folder given.
    pub config: String,
    /// What people stated.
    pub records: Vec<Row>,
    /// Number of files in `estate/`.
    pub files: usize,
    /// The days before on which the sources with a past were read, the oldest first.
    pub past: Vec<Day>,
    /// The day of the estate.
    pub today: Day,
}

/// A day on which the sources with a past were read and advisories taken in.
#[derive(Clone, Debug)]
pub struct Day {
    /// The day.
    pub on: Date,
    /// The names of these sources.
    pub sources: &'static [&'static str],
    world: World,
}

impl Day {
    /// Lays these sources and the mirror of advisories out as they were on the day.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        sources::with_a_past(&self.world, &mut out::Out::new(folder))
    }
}

/// How many days before the day of the estate its fixes were looked at.
const LOOKED: [i64; 7] = [300, 97, 70, 28, 13, 9, 6];

fn day(world: &World, then: i64) -> Day {
    let mut world = world.clone();
    world.then = then;
    Day {
        on: world.today(),
        sources: sources::WITH_A_PAST,
        world,
    }
}

/// Writes the estate into `folder/estate/`.
///
/// # Errors
/// When a file cannot be written.
pub fn generate(folder: &Path, plan: &Plan, statements: &[StatementWanted]) -> io::Result<Estate> {
    let all = faults().into_iter().map(|f| f.id);
    let planted: BTreeSet<String> = all.filter(|_| plan.faults).collect();
    generate_with(folder, plan, statements, &planted)
}

/// Writes the estate with the faults of these ids and no others, whatever the plan says.
///
/// # Errors
/// When a file cannot be written.
pub fn generate_with(
    folder: &Path,
    plan: &Plan,
    statements: &[StatementWanted],
    planted: &BTreeSet<String>,
) -> io::Result<Estate> {
    let world = World::new(plan, planted.clone());
    let mut out = out::Out::new(folder);
    sources::write(&world, &mut out)?;
    Ok(Estate {
        config: config::text(plan.as_of),
        records: records::rows(&world, statements),
        files: out.files,
        past: LOOKED.iter().map(|then| day(&world, *then)).collect(),
        today: day(&world, 0),
    })
}

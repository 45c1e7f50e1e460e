//! A source tried out: read as it would be, and nothing kept.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use standing_collectors::{Keeper, Kept, Root, Run, run};
use standing_facts::Outcome;

use crate::config::Source;
use crate::home::Home;
use crate::text::count;

/// Reads a source without keeping anything.
///
/// # Errors
/// When there is no place for what is read in between; a source that cannot be read is an outcome.
pub fn trial(home: &Home, source: &Source) -> io::Result<Run> {
    let mut keeper = Scratch::new(home)?;
    Ok(run(
        source.collector,
        &source.settings,
        &Root::new(&home.folder),
        &mut keeper,
        &BTreeMap::new(),
        &mut |_| {},
        &mut |_| {},
    ))
}

/// What a trial came to, in one sentence.
pub fn sentence(name: &str, done: &Run) -> String {
    match (done.outcome, done.gaps.first()) {
        (Outcome::Complete, _) => format!(
            "{name} can be read completely: {} from {}.",
            count(done.counts.values().sum(), "row"),
            count(done.parts.len() as u64, "file")
        ),
        (Outcome::Partial, Some(gap)) => {
            format!(
                "{name} can be read only in part: {}.",
                gap.detail.trim_end_matches('.')
            )
        }
        (_, Some(gap)) => format!(
            "{name} cannot be read: {}.",
            gap.detail.trim_end_matches('.')
        ),
        (_, None) => format!("{name} cannot be read."),
    }
}

/// Keeps parts in files that are gone when the trial is over. Each trial has a folder of its own below
/// the process's, by whose name it is swept away where the process was killed.
struct Scratch {
    folder: PathBuf,
    next: usize,
}

impl Scratch {
    fn new(home: &Home) -> io::Result<Self> {
        static TRIALS: AtomicU64 = AtomicU64::new(0);
        let cache = crate::home::private_cache(&home.folder)?;
        let trial = TRIALS.fetch_add(1, Ordering::Relaxed);
        let folder = cache
            .join(format!("test-{}", std::process::id()))
            .join(trial.to_string());
        std::fs::create_dir_all(&folder)?;
        Ok(Scratch { folder, next: 0 })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the folder is a cache.
        let _ = std::fs::remove_dir_all(&self.folder);
        // Fails, as it should, while another trial goes on beside this one.
        let _ = self.folder.parent().map(std::fs::remove_dir);
    }
}

impl Keeper for Scratch {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        self.next += 1;
        let handle = self.next.to_string();
        let mut file = std::fs::File::create(self.folder.join(&handle))?;
        let length = io::copy(bytes, &mut file)?;
        Ok(Kept {
            name: name.to_owned(),
            handle,
            bytes: length,
            sha256: String::new(),
        })
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(std::fs::File::open(
            self.folder.join(&part.handle),
        )?))
    }
}

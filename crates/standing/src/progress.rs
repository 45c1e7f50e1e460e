//! Progress on standard error: bars on a terminal, plain lines elsewhere, nothing when quiet.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// One piece of work with a known number of steps.
pub struct Steps {
    bar: Option<ProgressBar>,
}

impl Steps {
    /// Begins.
    pub fn new(what: &'static str, quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(0).with_message(what);
            if let Ok(style) =
                ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len}")
            {
                bar.set_style(style);
            }
            bar
        });
        Steps { bar }
    }

    /// So far.
    pub fn at(&mut self, done: u64, all: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(done);
        }
    }

    /// Over.
    pub fn done(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Several sources being read at once.
pub struct Sources {
    quiet: bool,
    bars: Option<MultiProgress>,
    open: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Sources {
    /// Begins.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Sources {
            quiet,
            bars: (!quiet && terminal).then(MultiProgress::new),
            open: Mutex::new(BTreeMap::new()),
        }
    }

    /// A source reads a part, or is done.
    pub fn at(&self, source: &str, part: Option<&str>) {
        let Some(bars) = &self.bars else {
            if part.is_none() && !self.quiet {
                eprintln!("read {source}");
            }
            return;
        };
        let Ok(mut open) = self.open.lock() else {
            return;
        };
        match part {
            Some(part) => {
                let bar = open.entry(source.to_owned()).or_insert_with(|| {
                    bars.add(ProgressBar::new_spinner().with_message(source.to_owned()))
                });
                bar.set_message(format!("{source}: {part}"));
                bar.tick();
            }
            None => {
                if let Some(bar) = open.remove(source) {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

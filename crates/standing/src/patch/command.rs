//! The words of `standing patch`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Of;
use crate::cli::When;

/// What to ask about fixes.
#[derive(Debug, Subcommand)]
pub enum PatchCommand {
    /// What breaches next, in the order of the deadlines
    Next {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        when: When,
        /// Lines to show
        #[arg(long, default_value_t = 30)]
        rows: usize,
    },
    /// In time or not by month, and how many were open week by week, each with its denominator
    Months {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        when: When,
    },
    /// The timeline of one component on one asset: every date and who says so
    Show(Show),
    /// One vulnerability across the estate
    Vulnerability {
        /// Any of its names: CVE-…, GHSA-…, DSA-…
        name: String,
        #[command(flatten)]
        when: When,
    },
    /// Judge lockfiles before they are merged: exit code 1 if something is found
    #[command(after_help = "\
In a pipeline:
  standing patch gate --fail-on high --sarif patch.sarif Cargo.lock web/package-lock.json

`high` also stops what nobody has rated, because that is not known to be less. `exploited` stops what
CISA lists, `any` every vulnerability. Advisories that are only informational never stop anything.

Exit codes: 0 nothing that stops; 1 something that stops; 2 could not tell: a file that is not read
whole, or an ecosystem without advisories.")]
    Gate(Gate),
    /// What is exploitable, mended or does not apply here, as CycloneDX VEX
    Vex {
        #[command(flatten)]
        when: When,
        /// Only this asset
        #[arg(long)]
        asset: Option<String>,
        /// Where to write [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Rehearse Cyber Essentials Plus: samples, every server, and the questions that fail outright
    Rehearsal(Rehearsal),
}

/// Which timeline.
#[derive(Debug, Args)]
pub struct Show {
    /// The asset, by name
    pub asset: String,
    /// The package
    pub component: String,
    /// Only this vulnerability, by any of its names
    pub vulnerability: Option<String>,
    #[command(flatten)]
    pub when: When,
}

/// What stops a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum FailOn {
    /// Critical, or not rated
    Critical,
    /// High or critical, or not rated
    High,
    /// Listed by CISA as exploited
    Exploited,
    /// Every vulnerability
    Any,
}

/// Lockfiles to judge.
#[derive(Debug, Args)]
pub struct Gate {
    /// Lockfiles, by the names that their tools give them
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// What stops the merge
    #[arg(long, value_enum, default_value = "high")]
    pub fail_on: FailOn,
    /// Write the findings as SARIF 2.1.0
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// With the advisories in force on this day or at this instant [default: now]
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
}

/// How to draw the samples.
#[derive(Debug, Args)]
pub struct Rehearsal {
    /// What the samples are drawn by: the same number draws the same machines
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub when: When,
}

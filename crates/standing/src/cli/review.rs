//! The words of `standing review`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;

/// Shown below `standing review --help`.
pub const HELP: &str = "\
A review from beginning to end:
  standing collect                                      read the sources first
  standing review open                                  freeze who can get in, of every system
  standing review rows ID --open --reviewer a@firm.test what waits for one reviewer, exceptions first
  standing review decide ID keep --reviewer a@firm.test --row 7 --row 8
  standing review decide ID remove --reviewer a@firm.test --row 0 --comment \"left in June\"
  standing review proof ID                              what was to go, and whether it is gone
  standing review report ID --out review.md             signed; anybody can check it with `verify`

Nothing is kept by silence: a row without an answer is not reviewed. Standing removes nothing itself.
A removal is open until a later complete reading shows it gone, and a campaign closes by itself once
every row is decided and every removal is gone. The keys of this machine are not asked who sits at
them: --reviewer says who decides, so that nobody decides about their own access.

Exit codes: 0 as hoped; 1 a clear no (removals not proven, late changes found, overdue, not verified);
2 could not tell, or refused.";

/// What to do with access reviews.
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// Every campaign and how far it has come
    List,
    /// Freeze who can get in, and give each row to somebody to decide
    Open(Open),
    /// How far one campaign has come, by reviewer and system, and what stands in its way
    Show {
        /// The campaign, as the list gives it
        id: String,
    },
    /// Rows of a campaign, exceptions first; one row with everything behind it
    Rows(Rows),
    /// Decide rows: keep, change, remove, not-mine or cannot-tell
    #[command(after_help = "\
A comment is needed to keep what is suggested to go, to keep privileged access, to change, and where
nobody can tell. Several rows are kept at one stroke only where they are alike in system, rights and
job title, not privileged, unchanged since the last review and suggested to be kept. `change` names
the rights that are to go (--right, as `standing review rows ID --row N` shows them). `not-mine` sends
the row to the next in line. Decided again, the last word counts and the earlier ones stay.")]
    Decide(Decide),
    /// Give rows to somebody else, with a note
    Assign(Assign),
    /// What was to go: open, gone or come back, by which complete reading
    Proof {
        /// The campaign
        id: String,
        /// Readings up to this day or instant [default: now]
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
    /// Note a ticket or a note about a row, or let what was to go stay until a day
    Act(Act),
    /// Whose turn it is: reminders, escalations, removals that are overdue
    Remind {
        /// Only this campaign
        id: Option<String>,
        /// As of this day [default: today]
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
        /// Note in the vault that they were told, so that they are not told again
        #[arg(long, conflicts_with = "send")]
        told: bool,
        /// Tell them by e-mail, as `standing serve` does by itself; [notify.email] says how
        #[arg(long)]
        send: bool,
    },
    /// Ask for what is to go by tickets in GitHub or Jira, and note what became of them
    #[command(after_help = "\
[tickets] in standing.toml says where. Each removal gets one ticket, however often this runs and wherever
it breaks off. A ticket names the system and the row, and a login only where the file allows it. That
somebody closes it proves nothing: gone is what a later complete reading shows gone.")]
    Tickets {
        /// Only this campaign
        id: Option<String>,
        /// Show the tickets that would be made, and ask nobody for anything
        #[arg(long)]
        dry_run: bool,
    },
    /// Close a campaign; refused, with what stands in the way, unless everything is proven
    Close {
        /// The campaign
        id: String,
    },
    /// The signed report: people, systems, decisions, proof, exceptions and gaps
    Report {
        /// The campaign
        id: String,
        /// Where to write it: .json, or Markdown by any other name [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Check a report as a stranger would, with a public key alone
    Verify {
        /// The report, .json or Markdown
        file: PathBuf,
        /// The firm's public key, name+id+key [default: that of the vault here]
        #[arg(long, value_name = "KEY")]
        public_key: Option<String>,
    },
    /// Accounts and rights that came after the freezing: reviewed by nobody
    Delta {
        /// The campaign
        id: String,
    },
}

/// Opening a campaign.
#[derive(Debug, Args)]
pub struct Open {
    /// A system to review, by name; may be repeated [default: systems under [review], or all]
    #[arg(long = "system", value_name = "NAME")]
    pub systems: Vec<String>,
    /// A title [default: made from the day]
    #[arg(long, default_value = "")]
    pub title: String,
    /// Last day for deciding [default: due_in_days under [review]]
    #[arg(long, value_name = "DATE")]
    pub due: Option<Date>,
    /// Why it is opened though a source is stale, partial or was never read: every output says so
    #[arg(long, value_name = "NOTE")]
    pub despite_gaps: Option<String>,
    /// Who leads it, by e-mail or name [default: lead under [review]]
    #[arg(long, value_name = "WHO")]
    pub lead: Option<String>,
}

/// Listing rows.
#[derive(Debug, Args)]
pub struct Rows {
    /// The campaign
    pub id: String,
    /// Those that this reviewer is to decide, by e-mail
    #[arg(long, value_name = "E-MAIL")]
    pub reviewer: Option<String>,
    /// Those of this system
    #[arg(long, value_name = "NAME")]
    pub system: Option<String>,
    /// Those not reviewed yet
    #[arg(long, conflicts_with = "decision")]
    pub open: bool,
    /// Those with this decision
    #[arg(long)]
    pub decision: Option<String>,
    /// Those with this suggestion: keep, look or remove
    #[arg(long)]
    pub suggestion: Option<String>,
    /// One row, with its rights and every decision about it
    #[arg(long, value_name = "N")]
    pub row: Option<u64>,
    /// Go on behind this row
    #[arg(long, value_name = "N")]
    pub after: Option<u64>,
    /// Rows to show, at most 1000
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
}

/// Deciding rows.
#[derive(Debug, Args)]
pub struct Decide {
    /// The campaign
    pub id: String,
    /// keep, change, remove, not-mine or cannot-tell
    pub decision: String,
    /// Who decides, by e-mail
    #[arg(long, value_name = "E-MAIL")]
    pub reviewer: String,
    /// A row; may be repeated
    #[arg(long = "row", value_name = "N", required = true)]
    pub rows: Vec<u64>,
    /// For change: a right that is to go; may be repeated
    #[arg(long = "right", value_name = "ID")]
    pub rights: Vec<String>,
    /// Why
    #[arg(long, default_value = "")]
    pub comment: String,
}

/// Reassigning rows.
#[derive(Debug, Args)]
pub struct Assign {
    /// The campaign
    pub id: String,
    /// To whom, by e-mail
    #[arg(long, value_name = "E-MAIL")]
    pub to: String,
    /// Why
    #[arg(long)]
    pub note: String,
    /// A row; may be repeated
    #[arg(long = "row", value_name = "N", required_unless_present = "from")]
    pub rows: Vec<u64>,
    /// Every open row of this reviewer, by e-mail
    #[arg(long, value_name = "E-MAIL")]
    pub from: Option<String>,
}

/// What was done about a row.
#[derive(Debug, Args)]
pub struct Act {
    /// The campaign
    pub id: String,
    /// The row
    #[arg(long, value_name = "N")]
    pub row: u64,
    /// Name or address of the ticket by which it was asked for
    #[arg(long, default_value = "")]
    pub ticket: String,
    /// A note; for an exception its reason
    #[arg(long, default_value = "")]
    pub note: String,
    /// Who approves that it stays, by e-mail; not the person whose access it is
    #[arg(long, value_name = "E-MAIL", default_value = "", requires = "until")]
    pub approved_by: String,
    /// Last day on which it may stay
    #[arg(long, value_name = "DATE", requires = "approved_by")]
    pub until: Option<Date>,
}

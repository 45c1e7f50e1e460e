//! The command line: a contract that scripts and people rely on.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::serve::right::Role;

pub mod review;

use review::ReviewCommand;

/// Keeps an NHS supplier's DSPT standing true, from its own infrastructure.
///
/// Standing reads the systems a firm already has, keeps what they said in a vault in which every later
/// change shows, and says what could truthfully be published today, why not more, and what will
/// lapse before the publication date.
#[derive(Debug, Parser)]
#[command(
    name = "standing",
    version,
    propagate_version = true,
    after_help = "\
First steps:
  standing demo                    a worked example with planted faults, no network, no account
  standing init                    an empty vault and a commented standing.toml here
  standing source add hr --kind hr --path people.csv
  standing collect                 read every source
  standing status                  what could truthfully be published today

Exit codes: 0 as hoped, 1 a clear no (not ready, findings, not verified), 2 could not tell."
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The folder with standing.toml [default: the nearest one upwards from here]
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How results are written to standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// No progress on standard error
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// More detail
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// Text for people, JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs: documented in docs/json.md and stable
    Json,
}

/// The day an assessment speaks of.
#[derive(Debug, Clone, Args)]
pub struct When {
    /// Judge as of this day (2026-11-21, to its end) or instant (2026-11-21T09:00:00Z) [default: now]
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// The planned day of publication [default: publish_on in standing.toml, then the next 30 June]
    #[arg(long, value_name = "DATE")]
    pub publish_on: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an invented supplier with planted faults, find them, and prove the vault
    Demo(Demo),
    /// Make an empty vault, its keys and a commented standing.toml
    Init {
        /// Where [default: here]
        path: Option<PathBuf>,
        /// The log's name in its checkpoints [default: made from the folder's name]
        #[arg(long)]
        origin: Option<String>,
    },
    /// List, add or try the systems that Standing reads
    #[command(subcommand)]
    Source(SourceCommand),
    /// Read sources now: all, or those named
    Collect {
        /// Sources to read
        names: Vec<String>,
        /// Believe a source that suddenly yields less than half of what it did
        #[arg(long)]
        accept_fall: bool,
    },
    /// What could truthfully be published, and what stands in the way
    Status {
        #[command(flatten)]
        when: When,
        /// List the items that are met too
        #[arg(long)]
        all: bool,
    },
    /// Explain one item and draft its answer
    Item {
        /// The item, for example 4.2.4
        item: String,
        #[command(flatten)]
        when: When,
    },
    /// List the checks, or explain one with its rows
    Check {
        /// The check, for example leavers_have_no_access
        name: Option<String>,
        #[command(flatten)]
        when: When,
        /// Rows to show
        #[arg(long, default_value_t = 20)]
        rows: usize,
    },
    /// What lapses between today and the day of publication, in the order of days
    Forecast {
        #[command(flatten)]
        when: When,
    },
    /// Ask the facts in SQL, read-only
    #[command(after_help = crate::query::HELP)]
    Query {
        /// One SELECT over the tables of docs/facts.md
        sql: String,
        /// Facts as of this day or instant [default: now]
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
        /// Form of the rows
        #[arg(long, value_enum, default_value_t = RowFormat::Table)]
        output: RowFormat,
    },
    /// List, import or compare editions of the toolkit
    #[command(subcommand)]
    Edition(EditionCommand),
    /// State something and answer for it: attestations, exceptions, registers
    Record {
        /// The kind of record, for example attestation; `standing record kinds` lists them
        kind: String,
        #[command(subcommand)]
        action: Option<RecordAction>,
    },
    /// Who can get in, against who works here
    #[command(subcommand)]
    Access(AccessCommand),
    /// List or take in the advisories by which it is known what is wrong with what is installed
    #[command(subcommand)]
    Advisories(AdvisoriesCommand),
    /// Try the ways by which people are told, or see what would be sent; [notify] in standing.toml says which
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Serve the web interface and the API from this machine
    Serve(Serve),
    /// List, add, invite or end the people who may come into the server
    #[command(subcommand)]
    Member(MemberCommand),
    /// List, make or end the tokens by which programs come into the server
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check, or erase from, the vault
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Deadlines of fixes: what is late, what breaches next, and how each date came to be
    #[command(subcommand)]
    Patch(crate::patch::PatchCommand),
    /// Review who can get in, and follow what was to go until it is proven gone
    #[command(subcommand, after_help = review::HELP)]
    Review(ReviewCommand),
    /// Check a vault as a stranger would
    Verify {
        /// The vault's folder, or a folder with a standing.toml
        path: PathBuf,
        /// A checkpoint of this vault that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// The blob key; without one the contents of sealed blobs cannot be checked
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

impl Command {
    /// Whether `--format json` gives anything but text.
    pub fn has_json(&self) -> bool {
        match self {
            Command::Collect { .. }
            | Command::Status { .. }
            | Command::Item { .. }
            | Command::Check { .. }
            | Command::Forecast { .. }
            | Command::Query { .. }
            | Command::Review(_)
            | Command::Advisories(_)
            | Command::Patch(_)
            | Command::Verify { .. } => true,
            Command::Access(command) => command.has_json(),
            Command::Source(command) => matches!(command, SourceCommand::List),
            Command::Member(command) => matches!(command, MemberCommand::List),
            Command::Token(command) => matches!(command, TokenCommand::List),
            Command::Edition(command) => !matches!(command, EditionCommand::Import { .. }),
            Command::Record { kind, action } => {
                kind != "kinds" && matches!(action, None | Some(RecordAction::List))
            }
            Command::Vault(command) => matches!(command, VaultCommand::Fsck { .. }),
            Command::Demo(_) | Command::Init { .. } | Command::Notify(_) | Command::Serve(_) => {
                false
            }
        }
    }
}

/// What to do with advisories.
#[derive(Debug, Subcommand)]
pub enum AdvisoriesCommand {
    /// Take in what is published now: all that [advisories] in standing.toml names, or those named here
    Update {
        /// Read the files of this folder instead
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
        /// Feeds or files to take in; the others stay as they are
        names: Vec<String>,
        /// Believe an edition that holds less than half of the records of the last one
        #[arg(long)]
        accept_smaller: bool,
    },
    /// What is held: name, records, as of, age and digest
    List {
        /// What was held on this day or at this instant [default: now]
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
}

/// What to ask or decide about access.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Accounts that wait for somebody to decide whose they are, with those they may belong to
    Queue {
        /// As of this day or instant [default: now]
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
        /// Accounts to show
        #[arg(long, default_value_t = 20)]
        rows: usize,
    },
    /// Decide whose an account is, or that it is nobody's in particular and who answers for it
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true)
        .args(["person", "kind", "nobody"]))]
    Decide {
        /// The account, as the queue names it
        account: String,
        /// The person it belongs to, as the queue names them
        #[arg(long)]
        person: Option<String>,
        /// human, service, shared, break-glass, contractor or external
        #[arg(long)]
        kind: Option<String>,
        /// Who answers for it
        #[arg(long)]
        owner: Option<String>,
        /// Last day on which the decision counts; contractors' and shared accounts need one
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// It belongs to none of those suggested
        #[arg(long, conflicts_with_all = ["person", "kind"])]
        nobody: bool,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who decides [default: whoever sits at the keyboard]
        #[arg(long)]
        by: Option<String>,
    },
    /// How many people there are, where the number comes from, and which accounts are nobody's
    Population {
        #[command(flatten)]
        when: When,
    },
    /// When the accounts of those who left stopped working, system by system
    Leavers {
        #[command(flatten)]
        when: When,
        /// One system only
        #[arg(long)]
        system: Option<String>,
    },
    /// Which accounts use a second factor, by which rule, and on which evidence
    Mfa {
        #[command(flatten)]
        when: When,
        /// One system only
        #[arg(long)]
        system: Option<String>,
        /// Accounts without a known second factor to show
        #[arg(long, default_value_t = 20)]
        rows: usize,
    },
    /// Who has had the training that the role needs, today and on the day of publication
    Training {
        #[command(flatten)]
        when: When,
        /// People who are late to show
        #[arg(long, default_value_t = 20)]
        rows: usize,
    },
    /// The rights that each role is meant to have
    #[command(subcommand)]
    Roles(RolesCommand),
}

impl AccessCommand {
    /// Whether `--format json` gives anything but text.
    pub fn has_json(&self) -> bool {
        !matches!(self, AccessCommand::Roles(_))
    }
}

/// What to do with the file of roles.
#[derive(Debug, Subcommand)]
pub enum RolesCommand {
    /// Write a first file of roles as CSV: what more than half of a role's people hold
    #[command(after_help = "\
Strike out what should not be there, keep the file, and have it read:
  standing access roles propose > roles.csv
  standing source add roles --kind register --path roles.csv --set table=role_entitlement
Rows are `*` for everybody, departments and job titles of two people or more; a right that everybody
has is not repeated below. Of, Holders and People are for whoever reads and are not taken in.")]
    Propose {
        #[command(flatten)]
        when: When,
    },
}

/// What to do with the ways by which people are told.
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test by each of them and say what came of it; nothing is written to the vault
    Test,
    /// Show what each of them would be told now; nothing is sent and nothing is written to the vault
    Preview {
        /// Show all that stands, as if nothing had been told yet
        #[arg(long)]
        all: bool,
        /// As of this day or instant [default: now]
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
}

/// The worked example.
#[derive(Debug, Args)]
pub struct Demo {
    /// Seed of the generator: another seed makes another firm
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Make the firm without planted faults
    #[arg(long)]
    pub no_faults: bool,
    /// Make the firm so many times as large: 1 is about forty people
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub scale: u16,
}

/// The server.
#[derive(Debug, Args)]
#[command(after_help = "\
The first time, it prints a link by which the first owner registers a passkey. It serves plain HTTP on
loopback only; [serve] in standing.toml sets certificates, or the proxies that are trusted.")]
pub struct Serve {
    /// Address and port [default: listen in standing.toml, then 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<std::net::SocketAddr>,
    /// How the log is written to standard error
    #[arg(long, value_enum, default_value_t = LogForm::Text)]
    pub log: LogForm,
}

/// Form of the server's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// A line for people
    Text,
    /// One JSON object a line
    Json,
}

/// Form of a query's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// Aligned columns
    Table,
    /// RFC 4180, with cells that a spreadsheet would run as formulas made text
    Csv,
    /// A JSON list of objects
    Json,
}

/// What to do with sources.
#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// What is configured, and how each source stands
    List,
    /// Kinds of source, how to make their exports, and their settings
    Kinds {
        /// Only this kind
        kind: Option<String>,
    },
    /// Add a source to standing.toml
    Add {
        /// Its name: lower-case letters, digits and hyphens
        name: String,
        /// Its kind; `standing source kinds` lists them
        #[arg(long)]
        kind: String,
        /// File or folder, relative to the folder of standing.toml; kinds that ask a system have none
        #[arg(long)]
        path: Option<PathBuf>,
        /// Days for which a complete reading is relied upon
        #[arg(long, default_value_t = 31)]
        fresh_for_days: i64,
        /// A setting of the kind, as name=value
        #[arg(long, value_name = "NAME=VALUE")]
        set: Vec<String>,
        /// A column mapping, as column=heading
        #[arg(long, value_name = "COLUMN=HEADING")]
        column: Vec<String>,
    },
    /// Read a source without keeping anything, and say what is missing
    Test {
        /// The source
        name: String,
    },
}

/// What to do with members.
#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Members, how each comes in, and open invitations
    List,
    /// Make somebody a member, as yet without a key
    Add {
        /// Name
        #[arg(long)]
        name: String,
        /// owner, lead, engineer, reviewer or auditor
        #[arg(long)]
        role: Role,
        /// Address for notices
        #[arg(long, default_value = "")]
        email: String,
    },
    /// Print a link that works once: for somebody new, or for a member who needs a new key
    Invite {
        /// A new name with --role, or the name or identifier of a member
        who: String,
        /// owner, lead, engineer, reviewer or auditor
        #[arg(long)]
        role: Option<Role>,
        /// Address for notices
        #[arg(long)]
        email: Option<String>,
        /// Days for which the link works, at most 30
        #[arg(long, default_value_t = 7)]
        days: i64,
    },
    /// End a member at once, with their keys, links, tokens and sessions
    End {
        /// Name or identifier
        who: String,
    },
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Tokens with their scopes and last days; never the tokens themselves
    List,
    /// Make a token and print it, this once
    Add {
        /// In whose name it acts: name or identifier of a member
        #[arg(long)]
        member: String,
        /// What it may be used for, for example read,collect
        #[arg(long, value_delimiter = ',', required = true)]
        scopes: Vec<String>,
        /// What it is for
        #[arg(long, default_value = "made at the keyboard")]
        label: String,
        /// Days for which it works, at most 366
        #[arg(long, default_value_t = 30)]
        days: i64,
    },
    /// End a token at once
    End {
        /// Its identifier, as the list gives it
        id: String,
    },
}

/// What to do with editions.
#[derive(Debug, Subcommand)]
pub enum EditionCommand {
    /// Editions and what is known of each
    List,
    /// Lay your own download of the official spreadsheet over what we know
    Import {
        /// The .xlsx file
        file: PathBuf,
        /// The edition it is of, for example v9 [default: from the file's name]
        #[arg(long)]
        edition: Option<String>,
        /// Only say what would be taken from it
        #[arg(long)]
        dry_run: bool,
        /// Import it though rows were left aside or far fewer items were found than expected
        #[arg(long)]
        accept: bool,
    },
    /// What changed from one edition to another, for your profile
    Diff {
        /// The earlier edition
        from: String,
        /// The later edition
        to: String,
    },
}

/// What to do with records of one kind.
#[derive(Debug, Subcommand)]
pub enum RecordAction {
    /// Records that have not ended
    List,
    /// State something: column=value …
    Add {
        /// Columns and their values; see docs/facts.md
        #[arg(value_name = "COLUMN=VALUE", required = true)]
        values: Vec<String>,
    },
    /// One record by the number of its entry
    Show {
        /// Number of its entry
        entry: u64,
    },
    /// End a record: it stays in the vault, and no longer counts
    End {
        /// Number of its entry
        entry: u64,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// What to do with the vault.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Rebuild the log's root from its entries and check every blob, by an independent reader
    Fsck {
        /// A checkpoint of this vault that was kept elsewhere
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print the checkpoint: keep a copy where nobody of the firm can change it
    Checkpoint,
    /// Erase a payload for good; the log and every proof stay
    Erase {
        /// The blob, as blob:… or its digits
        blob: String,
        /// Why: kept in the log, so without personal data
        #[arg(long)]
        reason: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

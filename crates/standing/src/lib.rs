//! The one binary: command line, configuration, and the joining of vault, collectors and assessment.

#[macro_use]
mod out;
mod patch;

mod access;
pub mod advisories;
mod cli;
mod collect;
mod commands;
pub mod config;
mod demo;
mod edition;
mod explain;
mod failure;
pub mod home;
mod init;
mod judge;
mod member;
mod progress;
pub mod project;
mod query;
mod record;
pub mod review;
pub mod serve;
mod sheet;
mod source;
mod stated;
mod status;
mod text;
mod tickets;
mod vaults;

pub use cli::{Cli, Global};
pub use failure::{Failure, Sort};

use cli::Command;
use home::Home;

/// Runs one command and gives its exit code: 0 as hoped, 1 a clear no.
///
/// # Errors
/// When it could not tell: exit code 2.
pub fn run(cli: &Cli) -> Result<u8, Failure> {
    let global = &cli.global;
    let format = global.format;
    let folder = || Home::find(global.dir.as_deref());
    let open = || Home::open(&folder()?);
    if format == cli::Format::Json && !cli.command.has_json() {
        return Err(Failure::usage("this command has no JSON form")
            .hint("docs/json.md lists those that have"));
    }
    match &cli.command {
        Command::Demo(options) => demo::demo(global, options),
        Command::Init { path, origin } => {
            let here = std::path::Path::new(".");
            let path = path.as_deref().or(global.dir.as_deref()).unwrap_or(here);
            init::init(path, origin.as_deref())
        }
        Command::Source(cli::SourceCommand::Kinds { kind }) => source::kinds(kind.as_deref()),
        Command::Source(command) => source::source(&folder()?, command, format),
        Command::Collect { names, accept_fall } => {
            collect::command(&open()?, names, *accept_fall, format, global)
        }
        Command::Status { when, all } => status::status(&open()?, when, *all, format),
        Command::Item { item, when } => explain::item(&open()?, item, when, format),
        Command::Check { name, when, rows } => {
            explain::check(&open()?, name.as_deref(), when, *rows, format)
        }
        Command::Forecast { when } => status::forecast(&open()?, when, format),
        Command::Query { sql, as_of, output } => {
            let output = match format {
                cli::Format::Json => cli::RowFormat::Json,
                cli::Format::Text => *output,
            };
            query::query(&open()?, sql, as_of.as_deref(), output)
        }
        Command::Edition(command) => edition::edition(folder(), command, format),
        Command::Record { kind, action } => record::record(&open()?, kind, action.as_ref(), format),
        Command::Patch(command) => patch::patch(&open()?, command, format, global),
        Command::Access(command) => access::access(&open()?, command, format),
        Command::Review(command) => review::command(global, command),
        Command::Member(command) => member::member(&folder()?, command, format),
        Command::Token(command) => member::token(&folder()?, command, format),
        Command::Advisories(command) => advisories::command(&open()?, command, format, global),
        Command::Notify(command) => serve::notify::command(&open()?, command),
        Command::Serve(options) => serve::serve(&folder()?, options),
        Command::Vault(command) => vaults::vault(&folder()?, command, format, global.quiet),
        Command::Verify {
            path,
            checkpoint,
            key,
        } => vaults::verify(
            path,
            checkpoint.as_deref(),
            key.as_deref(),
            format,
            global.quiet,
        ),
    }
}

//! `standing edition`: the toolkit's years.

use std::path::Path;

use jiff::Timestamp;
use serde_json::json;
use standing_assess::AsOf;
use standing_assess::catalogue::Catalogue;

use crate::cli::{EditionCommand, Format};
use crate::config::Config;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge;
use crate::text::{Style, day, table};

/// Runs `standing edition …`.
///
/// # Errors
/// When an edition or a file is not as expected.
pub fn edition(
    folder: Result<std::path::PathBuf, Failure>,
    command: &EditionCommand,
    format: Format,
) -> Result<u8, Failure> {
    match command {
        EditionCommand::Import {
            file,
            edition,
            dry_run,
            accept,
        } => {
            let how = crate::sheet::How {
                dry_run: *dry_run,
                accept: *accept,
            };
            crate::sheet::import(&folder?, file, edition.as_deref(), how)
        }
        EditionCommand::List => {
            let (catalogue, profile) = known(folder)?;
            list(&catalogue, &profile, format);
            Ok(0)
        }
        EditionCommand::Diff { from, to } => {
            let (catalogue, profile) = known(folder)?;
            diff(&catalogue, &profile, from, to, format)
        }
    }
}

/// The catalogue with the home's imports, where there is a home; and the profile.
fn known(folder: Result<std::path::PathBuf, Failure>) -> Result<(Catalogue, String), Failure> {
    match folder {
        Ok(folder) => of_home(&folder),
        Err(_) => Ok((Catalogue::builtin().clone(), "company-3".into())),
    }
}

fn of_home(folder: &Path) -> Result<(Catalogue, String), Failure> {
    let profile = Config::load(folder)?.profile;
    let home = Home::open(folder)?;
    let index = home.index()?;
    Ok((
        judge::catalogue(&index, &AsOf::at(Timestamp::now()))?,
        profile,
    ))
}

fn list(catalogue: &Catalogue, profile: &str, format: Format) {
    let coverage = |id: &str| catalogue.coverage(profile, id);
    if format == Format::Json {
        let all: Vec<_> = catalogue
            .editions
            .iter()
            .map(|e| json!({ "edition": e, "coverage": coverage(&e.id) }))
            .collect();
        say!("{:#}", json!(all));
        return;
    }
    let style = Style::stdout();
    for edition in &catalogue.editions {
        let deadline = edition.deadline.map_or("unknown".into(), day);
        say!(
            "{} ({}) · due {deadline} ({}) · items known: {}",
            style.strong(&edition.id),
            edition.year,
            edition.deadline_certainty,
            edition.items_known
        );
        say!("  {}", style.fold(2, &edition.note));
        let c = coverage(&edition.id);
        if c.items > 0 {
            say!(
                "  {profile}: {} items, of which {} not known to be asked at all; mandatory: {} yes, {} no, {} not known;\n  \
                 {} carried by checks, {} of them by checks alone; {} by a statement only.",
                c.items,
                c.asked_unknown,
                c.mandatory,
                c.optional,
                c.mandatory_unknown,
                c.carried_by_checks,
                c.carried_by_checks_alone,
                c.by_statement_only
            );
            say!("  {}", style.fold(2, &c.completeness));
        }
        say!();
    }
}

fn diff(
    catalogue: &Catalogue,
    profile: &str,
    from: &str,
    to: &str,
    format: Format,
) -> Result<u8, Failure> {
    for id in [from, to] {
        if catalogue.edition(id).is_none() {
            return Err(Failure::usage(format!("no edition {id:?} is known"))
                .hint("`standing edition list` lists them"));
        }
    }
    let changes = catalogue.diff(from, to, profile);
    if format == Format::Json {
        say!("{:#}", json!(changes));
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = changes
        .iter()
        .map(|c| {
            vec![
                c.item.to_string(),
                c.kind.to_string(),
                format!("({})", c.certainty),
                c.note
                    .as_ref()
                    .map_or(String::new(), |n| n.as_str().to_owned()),
            ]
        })
        .collect();
    say!("From {from} to {to}, for {profile}:");
    put!("{}", table(&rows));
    let open = |kind| {
        use standing_assess::catalogue::ChangeKind::{MandatoryUnknown, Unknown};
        matches!(kind, Unknown | MandatoryUnknown)
    };
    let unsure = changes.iter().filter(|c| open(c.kind)).count();
    eprintln!(
        "{} known; {} cannot be compared, because one of the two editions is not fully known",
        crate::text::count((changes.len() - unsure) as u64, "change"),
        crate::text::count(unsure as u64, "item")
    );
    Ok(0)
}

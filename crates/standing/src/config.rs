//! `standing.toml`: read, then validated into another type. Unknown fields are errors, all mistakes
//! are reported at once, and secrets are file paths, never values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use standing_collectors::{Asks, Collector, Settings, by_kind};
use toml::de::{DeTable, DeValue};

use crate::failure::Failure;

mod advisories;
pub mod notify;
mod oidc;
mod review;
mod serve;
pub mod tickets;

pub use advisories::{Advisories, Feed};
pub use notify::Notify;
pub use oidc::{Oidc, may_be_asked};
pub use review::Review;
pub use serve::Serve;

/// Name of the file that makes a folder a home of Standing.
pub const FILE: &str = "standing.toml";

/// How long a source's complete reading is relied upon where the file does not say.
const FRESH_FOR_DAYS: i64 = 31;

/// How often the server reads a source, and takes in advisories, where the file does not say.
const EVERY_HOURS: i64 = 24;

/// The validated configuration.
#[derive(Debug)]
pub struct Config {
    /// The firm's name, for headings.
    pub organisation: String,
    /// Which profile of the toolkit binds it.
    pub profile: String,
    /// Edition to judge by, where the firm chose one.
    pub edition: Option<String>,
    /// Day on which the firm plans to publish.
    pub publish_on: Option<Date>,
    /// The vault's folder.
    pub vault: PathBuf,
    /// File of the key that signs the log.
    pub signing_key: PathBuf,
    /// File of the key that hides the blobs.
    pub blob_key: PathBuf,
    /// Folder of the firm's own checks.
    pub checks: Option<PathBuf>,
    /// Sources by name.
    pub sources: Vec<Source>,
    /// The web interface.
    pub serve: Serve,
    /// Who is told of what.
    pub notify: Notify,
    /// How often access is reviewed.
    pub review: Review,
    /// Where what is to go is asked for as a ticket.
    pub tickets: Option<tickets::Tickets>,
    /// Where advisories come from.
    pub advisories: Option<Advisories>,
}

/// One configured source.
pub struct Source {
    /// The code that reads it.
    pub collector: &'static dyn Collector,
    /// Its settings.
    pub settings: Settings,
    /// Days for which a complete reading is relied upon.
    pub fresh_for_days: i64,
    /// Hours after which the server reads it again; 0: only when somebody asks for it.
    pub every_hours: i64,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ({})",
            self.settings.source,
            self.collector.about().kind
        )
    }
}

impl Source {
    /// What is asked of the source: rows are compared only with rows of the same scope.
    pub fn scope(&self) -> String {
        self.settings.scope()
    }

    /// The tables a complete run speaks for.
    pub fn tables(&self) -> Vec<&'static str> {
        self.collector.tables(&self.settings)
    }
}

impl Config {
    /// Reads and validates the file in `home`.
    ///
    /// # Errors
    /// Every mistake, each with its line.
    pub fn load(home: &Path) -> Result<Self, Failure> {
        let path = home.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::configuration(format!("cannot read {}: {error}", path.display()))
                .hint("`standing init` makes a vault and a commented standing.toml")
        })?;
        Config::parse(&text)
    }

    /// Validates the file's text.
    ///
    /// # Errors
    /// Every mistake, each with its line.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            Failure::configuration(format!(
                "cannot read {FILE} line {line}: {}",
                error.message()
            ))
        })?;
        let mut reader = Reader {
            text,
            mistakes: Vec::new(),
        };
        let config = reader.config(table.get_ref());
        if reader.mistakes.is_empty() {
            return Ok(config);
        }
        let (lines, hints): (Vec<_>, Vec<_>) = reader.mistakes.into_iter().unzip();
        let mut failure = Failure::configuration(lines.join("\nerror: "));
        failure.hint = hints.into_iter().flatten().next();
        Err(failure)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

struct Reader<'t> {
    text: &'t str,
    mistakes: Vec<(String, Option<String>)>,
}

impl<'t> Reader<'t> {
    fn mistake(&mut self, at: usize, what: impl std::fmt::Display, hint: Option<String>) {
        let line = line_of(self.text, at);
        self.mistakes
            .push((format!("cannot read {FILE} line {line}: {what}"), hint));
    }

    fn known(&mut self, table: &DeTable<'t>, place: &str, names: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !names.contains(&name) {
                let hint = nearest(name, names).map(|n| format!("did you mean {n:?}?"));
                let what = format!(
                    "unknown field {name:?} in {place}; known are {}",
                    names.join(", ")
                );
                self.mistake(key.span().start, what, hint);
            }
        }
    }

    fn table<'a>(&mut self, table: &'a DeTable<'t>, name: &str) -> Option<&'a DeTable<'t>> {
        let value = table.get(name)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            _ => {
                self.mistake(
                    value.span().start,
                    format!("{name}: expected a table [{name}]"),
                    None,
                );
                None
            }
        }
    }

    fn text(&mut self, table: &DeTable<'t>, name: &str) -> Option<String> {
        let value = table.get(name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.mistake(
                    value.span().start,
                    format!("{name}: expected text in quotes"),
                    None,
                );
                None
            }
        }
    }

    fn date(&mut self, table: &DeTable<'t>, name: &str) -> Option<Date> {
        let value = table.get(name)?;
        let text = match value.get_ref() {
            DeValue::Datetime(day) => day.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.mistake(
                value.span().start,
                format!("{name}: expected a date as 2027-06-30"),
                None,
            );
        }
        parsed
    }

    fn config(&mut self, table: &DeTable<'t>) -> Config {
        self.known(
            table,
            "the file",
            &[
                "organisation",
                "vault",
                "checks",
                "source",
                "serve",
                "notify",
                "review",
                "tickets",
                "advisories",
            ],
        );
        let empty = DeTable::new();
        let organisation = self.table(table, "organisation").unwrap_or(&empty);
        self.known(
            organisation,
            "[organisation]",
            &["name", "profile", "edition", "publish_on"],
        );
        let vault = self.table(table, "vault").unwrap_or(&empty);
        self.known(vault, "[vault]", &["path", "signing_key", "blob_key"]);
        let checks = self.table(table, "checks").unwrap_or(&empty);
        self.known(checks, "[checks]", &["folder"]);
        let mut path = |name, default: &str| {
            PathBuf::from(self.text(vault, name).unwrap_or_else(|| default.to_owned()))
        };
        Config {
            vault: path("path", "vault"),
            signing_key: path("signing_key", "keys/signing.key"),
            blob_key: path("blob_key", "keys/blobs.key"),
            organisation: self
                .text(organisation, "name")
                .unwrap_or_else(|| "This organisation".into()),
            profile: self.profile(organisation),
            edition: self.text(organisation, "edition"),
            publish_on: self.date(organisation, "publish_on"),
            checks: self.text(checks, "folder").map(PathBuf::from),
            sources: self.sources(table),
            serve: self.serve(table),
            notify: self.notify(table),
            review: self.review(table),
            tickets: self.tickets(table),
            advisories: self.advisories(table),
        }
    }

    fn profile(&mut self, organisation: &DeTable<'t>) -> String {
        let catalogue = standing_assess::catalogue::Catalogue::builtin();
        let ids: Vec<&str> = catalogue.profiles.iter().map(|p| p.id.as_str()).collect();
        match self.text(organisation, "profile") {
            Some(id) if ids.contains(&id.as_str()) => id,
            Some(id) => {
                let at = organisation.get("profile").map_or(0, |v| v.span().start);
                let hint = nearest(&id, &ids).map(|n| format!("did you mean {n:?}?"));
                self.mistake(
                    at,
                    format!("profile {id:?}: expected one of {}", ids.join(", ")),
                    hint,
                );
                id
            }
            None => "company-3".into(),
        }
    }

    fn sources(&mut self, table: &DeTable<'t>) -> Vec<Source> {
        let Some(sources) = self.table(table, "source") else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, value) in sources {
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let at = name.span().start;
                    found.extend(self.source(name.get_ref(), at, inner));
                }
                _ => self.mistake(value.span().start, "expected a table [source.NAME]", None),
            }
        }
        found.sort_by(|a, b| a.settings.source.cmp(&b.settings.source));
        found
    }

    fn source(&mut self, name: &str, at: usize, table: &DeTable<'t>) -> Option<Source> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(plain) || name == standing_assess::index::RECORDS {
            let what = format!(
                "source name {name:?}: expected lower-case letters, digits and hyphens, and not {:?}",
                standing_assess::index::RECORDS
            );
            self.mistake(at, what, None);
        }
        let kinds: Vec<&str> = standing_collectors::ALL
            .iter()
            .map(|c| c.about().kind)
            .collect();
        let Some(kind) = self.text(table, "kind") else {
            let what = format!(
                "source {name:?} has no kind; known are {}",
                kinds.join(", ")
            );
            self.mistake(at, what, None);
            return None;
        };
        let Some(collector) = by_kind(&kind) else {
            let hint = nearest(&kind, &kinds).map(|n| format!("did you mean {n:?}?"));
            let what = format!(
                "source {name:?}: no kind {kind:?}; known are {}",
                kinds.join(", ")
            );
            self.mistake(at, what, hint);
            return None;
        };
        let about = collector.about();
        let mut names = vec!["kind", "path", "fresh_for_days", "every_hours", "columns"];
        names.extend(about.settings.iter().map(|s| s.name));
        self.known(table, &format!("[source.{name}]"), &names);
        let mut values = BTreeMap::new();
        for setting in about.settings {
            let value = self.text(table, setting.name);
            if value.is_none() && setting.required {
                let what = format!(
                    "source {name:?} lacks {}: {}",
                    setting.name, setting.meaning
                );
                self.mistake(at, what, None);
            }
            values.insert(
                setting.name.to_owned(),
                value.unwrap_or_else(|| setting.default.to_owned()),
            );
        }
        let path = self.text(table, "path").map(PathBuf::from);
        match (about.asks, &path) {
            (Asks::Files, None) => {
                self.mistake(at, format!("source {name:?} has no path"), None);
            }
            (Asks::System, Some(_)) => {
                let what = format!("source {name:?} of kind {kind} asks a system and has no path");
                self.mistake(at, what, None);
            }
            _ => {}
        }
        Some(Source {
            collector,
            fresh_for_days: self
                .number(table, "fresh_for_days", 1..=366)
                .unwrap_or(FRESH_FOR_DAYS),
            every_hours: self
                .number(table, "every_hours", 0..=8784)
                .unwrap_or(EVERY_HOURS),
            settings: Settings {
                source: name.to_owned(),
                path: path.unwrap_or_default(),
                values,
                columns: self.columns(table),
            },
        })
    }

    fn columns(&mut self, table: &DeTable<'t>) -> BTreeMap<String, String> {
        let Some(columns) = self.table(table, "columns") else {
            return BTreeMap::new();
        };
        let names: Vec<String> = columns.keys().map(|k| k.get_ref().to_string()).collect();
        names
            .into_iter()
            .filter_map(|name| Some((name.clone(), self.text(columns, &name)?)))
            .collect()
    }
}

/// The known word nearest to a mistyped one, if one is near.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| (distance(word, k), *k))
        .filter(|(d, k)| *d <= 2.min(k.len() / 2))
        .min()
        .map(|(_, k)| k)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

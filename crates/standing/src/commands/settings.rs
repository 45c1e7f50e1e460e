//! Changing `standing.toml`: comments and order are kept, the new text is validated before it takes the
//! old one's place, and the vault keeps it as it was written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;

use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use standing_assess::{AsOf, Index};
use standing_collectors::by_kind;
use toml_edit::{DocumentMut, Item, Table, Value, value};

use crate::config::{Config, FILE};
use crate::failure::{Failure, Sort};
use crate::home::{Author, By, Home, private_cache};
use crate::{judge, project};

/// A source that is to be read from now on.
#[derive(Clone, Debug, Default)]
pub struct NewSource {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// File or folder, relative to the folder of `standing.toml`; empty for kinds that ask a system.
    pub path: String,
    /// Days for which a complete reading is relied upon; the usual number where not given.
    pub fresh_for_days: Option<i64>,
    /// Hours after which the server reads it again; the usual number where not given.
    pub every_hours: Option<i64>,
    /// The kind's own settings.
    pub settings: BTreeMap<String, String>,
    /// Column mappings: our column, their heading.
    pub columns: BTreeMap<String, String>,
}

/// What a form of settings says: the whole of it, not only what is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The firm's name.
    pub organisation: String,
    /// Which profile binds it.
    pub profile: String,
    /// The edition to judge by; the one that the day of publication belongs to where not given.
    pub edition: Option<String>,
    /// The planned day of publication; the next 30 June where not given.
    pub publish_on: Option<Date>,
}

impl Settings {
    /// As the configuration has them.
    pub fn of(config: &Config) -> Self {
        Settings {
            organisation: config.organisation.clone(),
            profile: config.profile.clone(),
            edition: config.edition.clone(),
            publish_on: config.publish_on,
        }
    }
}

/// By what a text of `standing.toml` is known again.
pub fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|b| format!("{b:02x}")).collect()
}

/// Adds a source to `standing.toml`.
///
/// Whoever does not sit at the machine may only name what lies in the home's own folder, and neither
/// the vault nor the keys: otherwise the server would read out any file that it can open.
///
/// # Errors
/// When there is one of that name, or the file would not be valid with it.
pub fn add_source(home: &Home, index: &Index, by: By<'_>, new: &NewSource) -> Result<u64, Failure> {
    own(new)?;
    if by.who != Author::Keyboard {
        super::sources::files_only(&new.kind)?;
        super::sources::within(home, &new.path)?;
    }
    let change = |text: &str| {
        let parsed = Config::parse(text)?;
        if parsed.sources.iter().any(|s| s.settings.source == new.name) {
            let failure =
                Failure::usage(format!("a source {:?} stands in {FILE} already", new.name));
            return Err(failure
                .hint("change it there, or give the new one another name")
                .at("name"));
        }
        let mut document = document(text)?;
        let sources = document.entry("source").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let sources = sources.as_table_mut().ok_or_else(|| {
            Failure::configuration(format!(
                "{FILE} keeps its sources in a form that cannot be added to"
            ))
            .hint("add the source there by hand")
        })?;
        sources.insert(&new.name, Item::Table(block(new)));
        Ok(document.to_string())
    };
    write(home, index, by, None, &change)
}

/// That every setting is one of the kind's own. All of them are written into one table, so a setting
/// called `path` would take the place of the path that was looked at before.
///
/// # Errors
/// The settings that the kind does not have.
pub(super) fn own(new: &NewSource) -> Result<(), Failure> {
    // What is of no kind is refused where the whole file is looked at.
    let of_kind = by_kind(&new.kind).map_or(&[][..], |c| c.about().settings);
    let known = |name: &str| of_kind.iter().any(|s| s.name == name);
    match new.settings.keys().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!(
            "a source of the kind {:?} has no setting {name:?}",
            new.kind
        ))
        .at("settings")),
    }
}

/// The new source's own table.
pub(super) fn block(new: &NewSource) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table.insert("kind", value(new.kind.as_str()));
    if !new.path.is_empty() {
        table.insert("path", value(new.path.as_str()));
    }
    if let Some(days) = new.fresh_for_days {
        table.insert("fresh_for_days", value(days));
    }
    if let Some(hours) = new.every_hours {
        table.insert("every_hours", value(hours));
    }
    for (name, text) in &new.settings {
        table.insert(name, value(text.as_str()));
    }
    if !new.columns.is_empty() {
        let mut columns = Table::new();
        for (column, heading) in &new.columns {
            columns.insert(column, value(heading.as_str()));
        }
        table.insert("columns", Item::Table(columns));
    }
    table
}

/// Changes the settings of the organisation. `seen` is the [`fingerprint`] of the text that whoever
/// asks had before them.
///
/// # Errors
/// When the file was changed since, or would not be valid.
pub fn change_settings(
    home: &Home,
    index: &Index,
    by: By<'_>,
    seen: &str,
    wanted: &Settings,
) -> Result<u64, Failure> {
    if wanted.organisation.trim().is_empty() {
        return Err(Failure::usage("the organisation needs a name").at("organisation"));
    }
    let change = |text: &str| {
        let mut document = document(text)?;
        let table = document
            .entry("organisation")
            .or_insert_with(|| Item::Table(Table::new()));
        let table = table
            .as_table_like_mut()
            .ok_or_else(|| Failure::configuration(format!("{FILE}: organisation is no table")))?;
        set(table, "name", Some(wanted.organisation.trim().into()));
        set(table, "profile", Some(wanted.profile.as_str().into()));
        set(table, "edition", wanted.edition.as_deref().map(Into::into));
        set(
            table,
            "publish_on",
            wanted.publish_on.map(date).transpose()?,
        );
        let text = document.to_string();
        let config = Config::parse(&text).map_err(|f| f.at("profile"))?;
        judge::editions(
            &judge::catalogue(index, &AsOf::at(jiff::Timestamp::now()))?,
            &config,
            judge::planned(&config, super::today()),
        )
        .map_err(|f| {
            Failure {
                sort: Sort::Usage,
                ..f
            }
            .at("edition")
        })?;
        Ok(text)
    };
    write(home, index, by, Some(seen), &change)
}

fn date(day: Date) -> Result<Value, Failure> {
    let date: toml_edit::Datetime = day.to_string().parse().map_err(Failure::integrity)?;
    Ok(Value::from(date))
}

/// Sets or removes a value; the comment behind it stays, and so does a value that is the same.
fn set(table: &mut dyn toml_edit::TableLike, name: &str, wanted: Option<Value>) {
    let Some(mut wanted) = wanted else {
        table.remove(name);
        return;
    };
    match table.get_mut(name).and_then(Item::as_value_mut) {
        Some(old) => {
            if plain(old) != plain(&wanted) {
                *wanted.decor_mut() = old.decor().clone();
                *old = wanted;
            }
        }
        None => {
            table.insert(name, Item::Value(wanted));
        }
    }
}

/// What a value says: a day is the same in quotes or without.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.value().clone(),
        Value::Datetime(day) => day.value().to_string(),
        other => other.to_string(),
    }
}

pub(super) fn document(text: &str) -> Result<DocumentMut, Failure> {
    text.parse()
        .map_err(|e| Failure::configuration(format!("cannot read {FILE}: {e}")))
}

/// Puts the changed text in the place of the old one and notes it in the log.
///
/// The file goes first: a kill between the two leaves a changed file that nobody was told of, never an
/// acknowledged change that is not there. If the vault refuses, the old text is put back.
pub(super) fn write(
    home: &Home,
    index: &Index,
    by: By<'_>,
    seen: Option<&str>,
    change: &dyn Fn(&str) -> Result<String, Failure>,
) -> Result<u64, Failure> {
    let lock = File::create(private_cache(&home.folder)?.join("settings.lock"))?;
    lock.lock()?;
    let path = home.folder.join(FILE);
    let old = std::fs::read_to_string(&path)?;
    if seen.is_some_and(|seen| seen != fingerprint(&old)) {
        return Err(Failure::new(
            Sort::Configuration,
            format!("{FILE} was changed since this page was shown"),
        )
        .hint("look at it as it is now and try again; nothing was changed"));
    }
    let new = change(&old)?;
    Config::parse(&new)?;
    let blob = home.vault.put_blob(new.as_bytes())?;
    replace(home, &new)?;
    let body = json!({ "file": blob.digest.reference() });
    let entry = match home.append(index, by, "settings", body) {
        Ok(entry) => entry,
        Err(failure) => {
            replace(home, &old)?;
            return Err(failure);
        }
    };
    project::catch_up(&home.vault, index)?;
    Ok(entry.seq)
}

/// Puts the file whole or not at all; who may read it stays as it was.
fn replace(home: &Home, text: &str) -> Result<(), Failure> {
    let path = home.folder.join(FILE);
    let fresh = home.folder.join(format!(".{FILE}.new"));
    let permissions = std::fs::metadata(&path)?.permissions();
    let mut file = File::create(&fresh)?;
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&fresh, &path)?;
    File::open(&home.folder)?.sync_all()?;
    Ok(())
}

//! Changing and removing sources in `standing.toml`, and what may be named as one.

use std::path::{Path, PathBuf};

use standing_assess::Index;
use standing_collectors::{Asks, by_kind};
use toml_edit::{DocumentMut, Item, TableLike};

use super::settings::{NewSource, block, document, own, write};
use crate::config::FILE;
use crate::failure::Failure;
use crate::home::{By, Home, key_files, private_cache};

/// Whether whoever does not sit at the machine may name this path: it lies in the home's own folder,
/// where neither vault, keys, secrets nor cache lie. Otherwise the server would read out any file that
/// it can open.
///
/// # Errors
/// Why not.
pub fn within(home: &Home, path: &str) -> Result<(), Failure> {
    use std::path::Component;
    let refused = |why: &str| {
        Err(Failure::usage(format!("path {path:?}: {why}"))
            .hint(
                "put the export into a folder beside standing.toml; other places can be named only at \
                 the machine itself, with `standing source add`",
            )
            .at("path"))
    };
    let plain: PathBuf = Path::new(path).components().collect();
    let ordinary = |c: Component<'_>| matches!(c, Component::Normal(_) | Component::CurDir);
    if path.is_empty() || !plain.components().all(ordinary) {
        return refused("expected a file or folder below the folder of standing.toml");
    }
    let root = home.folder.canonicalize()?;
    let real = resolved(&root.join(&plain));
    if !real.starts_with(&root) {
        return refused("it leads out of the folder of standing.toml");
    }
    for place in own_places(home)? {
        let place = resolved(&place);
        // The folder around a secret is refused too: it is read whole.
        if real.starts_with(&place) || place.starts_with(&real) {
            return refused("the vault, the keys and standing.toml are no sources");
        }
    }
    Ok(())
}

/// Whether whoever does not sit at the machine may configure a source of this kind. One that asks a system
/// is told where to send which secret: named at a distance, it could send any of them anywhere.
///
/// # Errors
/// When it asks a system.
pub fn files_only(kind: &str) -> Result<(), Failure> {
    match by_kind(kind).map(|c| c.about().asks) {
        Some(Asks::System) => Err(Failure::usage(format!(
            "a source of the kind {kind:?} asks a system with a secret"
        ))
        .hint("such sources are configured at the machine itself, with `standing source add`")
        .at("kind")),
        Some(Asks::Files) | None => Ok(()),
    }
}

/// A path with the links of all that exists of it resolved: what is not there yet may come to lie where
/// a link leads.
fn resolved(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut there = path;
    loop {
        if let Ok(real) = there.canonicalize() {
            return rest.iter().rev().fold(real, |path, name| path.join(name));
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name);
                there = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// What belongs to Standing itself: vault, cache, configuration, and every file of keys and secrets
/// that the configuration names.
fn own_places(home: &Home) -> Result<Vec<PathBuf>, Failure> {
    let files = key_files(&home.folder, &home.config);
    // Whatever lies beside a key is taken for a key too, unless that is everything.
    let beside = [&files.signing, &files.blobs].map(|file| {
        let folder = file.parent().filter(|folder| *folder != home.folder);
        folder.unwrap_or(file).to_owned()
    });
    let mut places = vec![
        home.folder.join(&home.config.vault),
        private_cache(&home.folder)?,
        home.folder.join(FILE),
    ];
    places.extend(beside);
    let text = std::fs::read_to_string(home.folder.join(FILE))?;
    let document: DocumentMut = document(&text)?;
    for (name, item) in document.iter() {
        secrets(name, item, &mut |file| places.push(home.folder.join(file)));
    }
    Ok(places)
}

/// Files that a setting names whose own name says that it is a file of keys or secrets.
fn secrets(name: &str, item: &Item, found: &mut dyn FnMut(&str)) {
    if let Some(file) = item.as_str() {
        if name.ends_with("_file") || name.ends_with("_key") {
            found(file);
        }
        return;
    }
    let tables = item.as_array_of_tables().into_iter().flatten();
    let tables = tables.map(|table| table as &dyn TableLike);
    for table in tables.chain(item.as_table_like()) {
        for (name, item) in table.iter() {
            secrets(name, item, found);
        }
    }
}

fn missing(name: &str) -> Failure {
    Failure::usage(format!("no source {name:?} stands in {FILE}"))
        .hint("`standing source list` lists those that do")
        .at("name")
}

/// Takes a source out of `standing.toml`. What it told stays in the vault; it is not read any more, and
/// what rests on it is no longer known.
///
/// # Errors
/// When there is none of that name, or the file would not be valid without it.
pub fn remove_source(home: &Home, index: &Index, by: By<'_>, name: &str) -> Result<u64, Failure> {
    let change = |text: &str| {
        let mut document = document(text)?;
        let sources = document.get_mut("source").and_then(Item::as_table_like_mut);
        let removed = sources.and_then(|table| table.remove(name));
        removed.ok_or_else(|| missing(name))?;
        Ok(document.to_string())
    };
    write(home, index, by, None, &change)
}

/// Gives a source that stands in `standing.toml` other settings; its kind stays, and so do the comments
/// around it.
///
/// # Errors
/// When there is none of that name, or the file would not be valid.
pub fn change_source(
    home: &Home,
    index: &Index,
    by: By<'_>,
    new: &NewSource,
) -> Result<u64, Failure> {
    own(new)?;
    if by.who != crate::home::Author::Keyboard {
        files_only(&new.kind)?;
        let same = |s: &crate::config::Source| {
            s.settings.source == new.name && s.settings.path == Path::new(&new.path)
        };
        // A path that was named at the machine itself may stay.
        if !home.config.sources.iter().any(same) {
            within(home, &new.path)?;
        }
    }
    let change = |text: &str| {
        let mut document = document(text)?;
        let sources = document.get_mut("source").and_then(Item::as_table_mut);
        let old = sources.and_then(|table| table.get_mut(&new.name));
        let old = old.and_then(Item::as_table_mut);
        let old = old.ok_or_else(|| missing(&new.name))?;
        let wanted = block(new);
        old.retain(|name, _| name == "kind" || wanted.contains_key(name));
        for (name, item) in wanted.iter().filter(|(name, _)| *name != "kind") {
            put(old, name, item.clone());
        }
        Ok(document.to_string())
    };
    write(home, index, by, None, &change)
}

/// Puts a value in the place of another; the comment behind it stays.
fn put(table: &mut toml_edit::Table, name: &str, mut item: Item) {
    let old = table.get(name).and_then(Item::as_value);
    if let (Some(old), Some(new)) = (old, item.as_value_mut()) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(name) {
        Some(place) => *place = item,
        None => {
            table.insert(name, item);
        }
    }
}

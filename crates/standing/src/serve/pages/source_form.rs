//! Adding a source by a form that its collector's own declaration makes, changing one and removing one.

use std::collections::BTreeMap;

use askama::Template;
use standing_collectors::{ALL, About, Asks, Collector, Setting, by_kind};

use super::form::Entered;
use super::frame::Frame;
use super::words::{self, capital};
use crate::commands::{self, NewSource};
use crate::config::Source;
use crate::home::Home;
use crate::serve::right::{Access, Right};
use crate::serve::routes::Route;
use crate::serve::visit::{Answer, Reply, Trouble, Visit};

const CONFIGURE: Access = Access::With(Right::Configure);

/// Their routes.
pub const ROUTES: &[Route] = &[
    Route::get("/sources/new", CONFIGURE, kinds),
    Route::get("/sources/new/{kind}", CONFIGURE, blank),
    Route::form("/sources/new/{kind}", CONFIGURE, add),
    Route::get("/sources/{name}/change", CONFIGURE, filled),
    Route::form("/sources/{name}/change", CONFIGURE, change),
    Route::get("/sources/{name}/remove", CONFIGURE, confirm),
    Route::form("/sources/{name}/remove", CONFIGURE, remove),
];

#[derive(Template)]
#[template(path = "source_kinds.html")]
struct KindsPage {
    frame: Frame,
    kinds: Vec<&'static About>,
}

fn kinds(visit: &Visit) -> Answer {
    let page = KindsPage {
        frame: Frame::of(visit, "/sources"),
        kinds: ALL.iter().map(|c| c.about()).collect(),
    };
    Ok(Reply::page(page.render()?))
}

/// One setting of the collector's own, as a field.
struct Field {
    name: String,
    label: String,
    help: String,
}

#[derive(Template)]
#[template(path = "source_elsewhere.html")]
struct ElsewherePage {
    frame: Frame,
    about: &'static About,
}

#[derive(Template)]
#[template(path = "source_form.html")]
struct FormPage {
    frame: Frame,
    /// Name of the source that is changed; empty for a new one.
    changed: String,
    about: &'static About,
    fields: Vec<Field>,
    /// Columns of each table, for the mapping.
    columns: Vec<(&'static str, String)>,
    entered: Entered,
    /// What is to be minded before it is kept.
    mind: Option<String>,
}

fn collector(kind: &str) -> Result<&'static dyn Collector, Trouble> {
    by_kind(kind).ok_or_else(|| {
        Trouble::missing("There is no such kind of source.").hint("choose one of those listed")
    })
}

fn field_of(setting: &Setting) -> String {
    format!("set-{}", setting.name)
}

fn form_page(
    visit: &Visit,
    about: &'static About,
    changed: &str,
    entered: Entered,
    mind: Option<String>,
) -> Answer {
    let field = |setting: &Setting| {
        let more = match (setting.required, setting.default) {
            (true, _) => String::new(),
            (false, "") => " May be left empty.".into(),
            (false, default) => {
                format!(" Usually {default}, which is taken where it is left empty.")
            }
        };
        Field {
            name: field_of(setting),
            label: capital(&setting.name.replace('_', " ")),
            help: format!("{}.{more}", capital(setting.meaning.trim_end_matches('.'))),
        }
    };
    let wrong = !entered.is_right();
    let columns = about.tables.iter().filter_map(|name| {
        let table = standing_facts::tables::table(name)?;
        let names: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        Some((table.name, names.join(", ")))
    });
    let page = FormPage {
        frame: Frame::of(visit, "/sources"),
        changed: changed.to_owned(),
        about,
        fields: about.settings.iter().map(field).collect(),
        columns: columns.collect(),
        entered,
        mind,
    };
    let status = if wrong { 422 } else { 200 };
    Ok(Reply::page(page.render()?).status(status))
}

/// Sources that ask a system are told at the machine itself where to send which secret.
fn elsewhere(visit: &Visit, about: &'static About) -> Answer {
    let page = ElsewherePage {
        frame: Frame::of(visit, "/sources"),
        about,
    };
    Ok(Reply::page(page.render()?))
}

fn blank(visit: &Visit) -> Answer {
    let about = collector(visit.parameter("kind"))?.about();
    if about.asks == Asks::System {
        return elsewhere(visit, about);
    }
    let mut entered = Entered::default()
        .with("fresh_for_days", "31")
        .with("every_hours", "24");
    let home = visit.app.home();
    let taken = |name: &str| {
        let mut sources = home.config.sources.iter();
        sources.any(|s| s.settings.source == name)
    };
    // A kind of which there may be many does not say what this one is.
    if about.kind != "register" && !taken(about.kind) {
        entered = entered.with("name", about.kind);
    }
    form_page(visit, about, "", entered, None)
}

fn add(visit: &Visit) -> Answer {
    let about = collector(visit.parameter("kind"))?.about();
    let mut entered = Entered::sent(visit);
    let name = entered.value("name").to_owned();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) || name == "new" {
        entered.wrong(
            "name",
            "Give it a name of lower-case letters, digits and hyphens, other than “new”",
        );
    }
    keep(visit, about, "", entered, &name)
}

/// What is configured of a source.
fn source<'h>(home: &'h Home, name: &str) -> Result<&'h Source, Trouble> {
    let sources = &home.config.sources;
    let found = sources.iter().find(|s| s.settings.source == name);
    found.ok_or_else(|| Trouble::missing("There is no source of this name."))
}

fn filled(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let source = source(&home, visit.parameter("name"))?;
    if source.collector.about().asks == Asks::System {
        return elsewhere(visit, source.collector.about());
    }
    let settings = &source.settings;
    let columns = settings.columns.iter();
    let columns: Vec<String> = columns
        .map(|(ours, theirs)| format!("{ours} = {theirs}"))
        .collect();
    let mut entered = Entered::default()
        .with("path", settings.path.display().to_string())
        .with("fresh_for_days", source.fresh_for_days.to_string())
        .with("every_hours", source.every_hours.to_string())
        .with("columns", columns.join("\n"));
    for setting in source.collector.about().settings {
        let value = settings.value(setting.name);
        if value != setting.default {
            entered = entered.with(&field_of(setting), value);
        }
    }
    form_page(
        visit,
        source.collector.about(),
        &settings.source,
        entered,
        None,
    )
}

fn change(visit: &Visit) -> Answer {
    let home = visit.app.home();
    let name = visit.parameter("name").to_owned();
    let about = source(&home, &name)?.collector.about();
    keep(visit, about, &name, Entered::sent(visit), &name)
}

/// Reads the form, and keeps what it says if nothing is wrong with it.
fn keep(
    visit: &Visit,
    about: &'static About,
    changed: &str,
    mut entered: Entered,
    name: &str,
) -> Answer {
    let home = visit.app.home();
    commands::files_only(about.kind)?;
    let new = asked_for(about, &mut entered, name);
    entered.wanted("path", "Say which file or folder is read");
    let unchanged =
        || source(&home, changed).is_ok_and(|s| s.settings.path.as_os_str() == new.path.as_str());
    if !new.path.is_empty()
        && !unchanged()
        && let Err(failure) = commands::within(&home, &new.path)
    {
        let hint = "Put the export into a folder beside standing.toml; other places can be named only \
                    at the machine itself, by the command line";
        entered.wrong("path", format!("{}. {hint}", failure.message));
    }
    if !entered.is_right() {
        return form_page(visit, about, changed, entered, None);
    }
    if !entered.is("anyway", "yes") && !home.folder.join(&new.path).exists() {
        let mind = format!(
            "There is nothing at {} yet. Until there is, the source cannot be read, and what it should \
             tell is not known.",
            new.path
        );
        return form_page(visit, about, changed, entered, Some(mind));
    }
    let acted = entered.act(visit, |home, index, by| {
        if changed.is_empty() {
            commands::add_source(home, index, by, &new)
        } else {
            commands::change_source(home, index, by, &new)
        }
    })?;
    match acted {
        None => form_page(visit, about, changed, entered, None),
        Some(acted) => {
            let place = format!("/sources/{}?kept={}", words::url(name), acted.entry);
            Ok(Reply::see(place))
        }
    }
}

/// The source that the form asks for; what cannot be understood becomes a mistake of its field.
fn asked_for(about: &About, entered: &mut Entered, name: &str) -> NewSource {
    let fresh_for_days = whole(entered, "fresh_for_days", 1..=366);
    let every_hours = whole(entered, "every_hours", 0..=8784);
    let mut settings = BTreeMap::new();
    for setting in about.settings {
        let field = field_of(setting);
        if setting.required {
            entered.wanted(
                &field,
                &format!("{} is needed", setting.name.replace('_', " ")),
            );
        }
        let value = entered.value(&field);
        if !value.is_empty() {
            settings.insert(setting.name.to_owned(), value.to_owned());
        }
    }
    NewSource {
        name: name.to_owned(),
        kind: about.kind.to_owned(),
        path: entered.value("path").to_owned(),
        fresh_for_days,
        every_hours,
        settings,
        columns: columns(entered),
    }
}

fn whole(entered: &mut Entered, name: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let text = entered.value(name);
    if text.is_empty() {
        return None;
    }
    let number = text.parse().ok().filter(|n| range.contains(n));
    if number.is_none() {
        let words = format!(
            "Expected a whole number from {} to {}",
            range.start(),
            range.end()
        );
        entered.wrong(name, words);
    }
    number
}

/// The mapping of columns, one a line.
fn columns(entered: &mut Entered) -> BTreeMap<String, String> {
    let mut columns = BTreeMap::new();
    let mut mistake = None;
    let lines = entered.value("columns").lines().map(str::trim).enumerate();
    for (i, line) in lines.filter(|(_, line)| !line.is_empty()) {
        match line.split_once('=').map(|(a, b)| (a.trim(), b.trim())) {
            Some((ours, theirs)) if !ours.is_empty() && !theirs.is_empty() => {
                columns.insert(ours.to_owned(), theirs.to_owned());
            }
            _ => mistake = mistake.or(Some(i + 1)),
        }
    }
    if let Some(line) = mistake {
        let words = format!("Line {line}: expected our column, an equals sign, their heading");
        entered.wrong("columns", words);
    }
    columns
}

#[derive(Template)]
#[template(path = "source_remove.html")]
struct RemovePage {
    frame: Frame,
    name: String,
    tables: String,
    entered: Entered,
}

fn remove_page(visit: &Visit, entered: Entered) -> Answer {
    let home = visit.app.home();
    let name = visit.parameter("name");
    let wrong = !entered.is_right();
    let page = RemovePage {
        frame: Frame::of(visit, "/sources"),
        tables: source(&home, name)?.tables().join(", "),
        name: name.to_owned(),
        entered,
    };
    let status = if wrong { 422 } else { 200 };
    Ok(Reply::page(page.render()?).status(status))
}

fn confirm(visit: &Visit) -> Answer {
    remove_page(visit, Entered::default())
}

fn remove(visit: &Visit) -> Answer {
    let mut entered = Entered::sent(visit);
    if !entered.is("sure", "yes") {
        entered.wrong("sure", "Say that you are sure");
        return remove_page(visit, entered);
    }
    let name = visit.parameter("name");
    let acted = entered.act(visit, |home, index, by| {
        commands::remove_source(home, index, by, name)
    })?;
    match acted {
        None => remove_page(visit, entered),
        Some(acted) => Ok(Reply::see(format!("/sources?kept={}", acted.entry))),
    }
}

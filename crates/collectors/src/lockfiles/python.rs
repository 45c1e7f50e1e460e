//! Pipfile.lock, poetry.lock and uv.lock.
//!
//! Sources: <https://pipenv.pypa.io/en/latest/pipfile.html>, <https://python-poetry.org/docs/> and
//! <https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile>.

use serde_json::Value;
use standing_patching::pypi_name;

use super::reading::{LockfileReading, Reason};
use super::toml_tables::{self, Package};

pub(super) fn pipfile(text: &str, reading: &mut LockfileReading) {
    let lock: Value = match serde_json::from_str(text) {
        Ok(lock) => lock,
        Err(error) => return reading.refuse_json(&error),
    };
    let groups = lock.as_object().filter(|lock| lock.contains_key("_meta"));
    let Some(groups) = groups else {
        return reading.refuse(None, "is no Pipfile.lock: it has no _meta");
    };
    for (group, packages) in groups.iter().filter(|(group, _)| *group != "_meta") {
        let Some(packages) = packages.as_object() else {
            let what = "expected groups of packages only";
            reading.odd(None, format!("{}: {what}", short(group)));
            continue;
        };
        for (name, package) in packages {
            piped(name, package, reading);
        }
    }
    reading.once();
}

fn piped(name: &str, package: &Value, reading: &mut LockfileReading) {
    let text = |key: &str| package.get(key).and_then(Value::as_str);
    let version = text("version").and_then(|v| v.strip_prefix("=="));
    if text("git").is_some() {
        reading.leave(Reason::Git);
    } else if text("path").is_some() || package.get("editable").is_some() {
        reading.leave(Reason::OwnCode);
    } else if text("file").is_some() {
        reading.leave(Reason::Address);
    } else if let Some(version) = version.filter(|v| !v.contains('*')) {
        reading.take(
            "PyPI",
            &pypi_name(name),
            version.trim_start_matches('='),
            None,
        );
    } else if package.is_object() {
        reading.leave(Reason::Unpinned);
    } else {
        reading.odd(
            None,
            format!("{}: expected a package's particulars", short(name)),
        );
    }
}

fn short(name: &str) -> &str {
    match name.len() {
        0..=128 => name,
        _ => "a long name",
    }
}

/// A package of poetry's without a source is from the index.
///
/// poetry ends its file with a table of metadata.
pub(super) fn poetry(text: &str, reading: &mut LockfileReading) {
    if !text.lines().any(|line| line == "[metadata]") {
        reading.odd(
            None,
            "expected the table of metadata at the end: the file was cut off",
        );
    }
    each(
        text,
        "poetry.lock",
        reading,
        &|package| match package.source_type {
            None | Some("legacy") => None,
            Some("git") => Some(Reason::Git),
            Some("directory" | "file") => Some(Reason::OwnCode),
            Some(_) => Some(Reason::Address),
        },
    );
}

/// uv writes `source = { registry = "…" }`, and other keys for what is from elsewhere.
pub(super) fn uv(text: &str, reading: &mut LockfileReading) {
    each(text, "uv.lock", reading, &|package| {
        let source = package.source.unwrap_or_default();
        let has = |key: &str| toml_tables::member(source, key).is_some();
        if has("registry") {
            None
        } else if has("git") {
            Some(Reason::Git)
        } else if has("url") {
            Some(Reason::Address)
        } else {
            Some(Reason::OwnCode)
        }
    });
}

fn each(
    text: &str,
    name: &str,
    reading: &mut LockfileReading,
    left_out: &dyn Fn(&Package<'_>) -> Option<Reason>,
) {
    let packages = toml_tables::packages(text);
    if !packages.is_one {
        let what = format!("has neither packages nor a version: it is no {name}");
        return reading.refuse(None, what);
    }
    for (line, what) in &packages.odd {
        reading.odd(Some(*line), *what);
    }
    reading.cut_off(packages.lacking());
    for package in &packages.all {
        let line = Some(package.line);
        match (left_out(package), package.name, package.version) {
            (Some(why), Some(_), _) => reading.leave(why),
            (None, Some(name), Some(version)) => {
                reading.take("PyPI", &pypi_name(name), version, line);
            }
            _ => reading.odd(line, "expected a name and a version in every package"),
        }
    }
    reading.once();
}

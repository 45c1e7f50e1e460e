//! The forms in which registries answer.
//!
//! Sources: npm's package metadata, PyPI's JSON API, RubyGems' API version 1, NuGet's registration
//! resource, Composer's repository metadata, Go's module proxy protocol, Cargo's sparse index.

use serde_json::Value;
use standing_patching::pypi_name;

use super::answers::Answer;
use crate::unpacked::Refusal;

type Read = fn(&str, &Value) -> Option<Vec<Answer>>;

const FORMS: [Read; 6] = [npm, pypi, rubygems, nuget, packagist, go];

/// What one document says. `name` is the path under which it lies: RubyGems and Go name the package
/// nowhere else.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Vec<Answer>, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::new("is not text in UTF-8"))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::new("is empty"));
    }
    if text.starts_with('<') {
        return Err(Refusal::new(match text.contains("<metadata") {
            true => {
                "is Maven's metadata, in which no member dates a version: lastUpdated is of the whole"
            }
            false => "is XML or a page for people, and no answer about versions",
        }));
    }
    let first = text.lines().next().unwrap_or_default();
    if let Ok(line) = serde_json::from_str::<Value>(first)
        && line["vers"].is_string()
    {
        return index(text);
    }
    let value: Value = serde_json::from_str(text).map_err(|e| Refusal::json(&e))?;
    if value["dist-tags"].is_object() && !value["time"].is_object() {
        return Err(Refusal::new(
            "is npm's short form, which has no times; ask for application/json",
        ));
    }
    FORMS
        .iter()
        .find_map(|form| form(name, &value))
        .ok_or_else(|| Refusal::new("is no answer of a registry about a package's versions"))
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value[name].as_str().filter(|text| !text.is_empty())
}

impl Answer {
    fn of(ecosystem: &'static str, package: impl Into<String>) -> Self {
        Answer {
            ecosystem,
            package: package.into(),
            ..Answer::default()
        }
    }

    fn add(&mut self, version: Option<&str>, at: Option<&str>) {
        match (version, at) {
            (Some(version), Some(at)) => self.versions.push((version.to_owned(), at.to_owned())),
            _ => self.undated += 1,
        }
    }
}

/// `time` keeps versions that were unpublished, and two members that are no versions.
fn npm(_: &str, value: &Value) -> Option<Vec<Answer>> {
    let mut answer = Answer::of("npm", text(value, "name")?);
    let held = value["versions"].as_object();
    for (version, at) in value["time"].as_object()? {
        match version.as_str() {
            "created" | "modified" | "unpublished" => {}
            _ if held.is_some_and(|held| !held.contains_key(version)) => answer.withdrawn += 1,
            _ => answer.add(Some(version), at.as_str()),
        }
    }
    Some(vec![answer])
}

/// A version is there from its first file on.
fn pypi(_: &str, value: &Value) -> Option<Vec<Answer>> {
    let mut answer = Answer::of("PyPI", pypi_name(text(&value["info"], "name")?));
    for (version, files) in value["releases"].as_object()? {
        let files = files.as_array()?.iter();
        let first = files
            .filter_map(|file| text(file, "upload_time_iso_8601"))
            .min();
        answer.add(Some(version), first);
    }
    Some(vec![answer])
}

/// One element for each platform of a version.
fn rubygems(name: &str, value: &Value) -> Option<Vec<Answer>> {
    let file = name.rsplit('/').next()?;
    let file = file.strip_suffix(".gz").unwrap_or(file);
    let mut answer = Answer::of("RubyGems", file.strip_suffix(".json").unwrap_or(file));
    let all = value.as_array()?;
    text(all.first()?, "number")?;
    for version in all {
        answer.add(text(version, "number"), text(version, "created_at"));
    }
    Some(vec![answer])
}

/// An index whose pages hold their versions or name an address, or one such page. What is unlisted is
/// dated to 1900.
fn nuget(_: &str, value: &Value) -> Option<Vec<Answer>> {
    let items = value["items"].as_array()?;
    let is_one = |item: &Value| {
        item["catalogEntry"].is_object() || item["items"].is_array() || is_page(item)
    };
    if items.is_empty() || !items.iter().all(is_one) {
        return None;
    }
    let held = items.iter().filter_map(|page| page["items"].as_array());
    let own = items.iter().filter(|item| item["catalogEntry"].is_object());
    let mut answer = Answer::of("NuGet", "");
    for leaf in held.flatten().chain(own) {
        if !leaf["catalogEntry"].is_object() {
            answer.odd += 1;
            continue;
        }
        let entry = &leaf["catalogEntry"];
        if let Some(id) = text(entry, "id").filter(|_| answer.package.is_empty()) {
            id.clone_into(&mut answer.package);
        }
        match text(entry, "published") {
            Some(at) if at.starts_with("1900-") => answer.withdrawn += 1,
            at => answer.add(text(entry, "version"), at),
        }
    }
    answer.page = text(value, "@id").map(str::to_owned);
    answer.pages = pages(value);
    Some(vec![answer])
}

fn is_page(item: &Value) -> bool {
    item["catalogEntry"].is_null() && text(item, "@id").is_some() && item["count"].is_u64()
}

/// The addresses of the pages that an index of NuGet's names and does not hold.
pub(crate) fn pages(value: &Value) -> Vec<String> {
    let items = value["items"].as_array().into_iter().flatten();
    let lacking = items.filter(|item| is_page(item) && !item["items"].is_array());
    let addresses = lacking.filter_map(|item| text(item, "@id"));
    addresses.map(str::to_owned).collect()
}

/// In the minified form each version gives what differs from the one before.
fn packagist(_: &str, value: &Value) -> Option<Vec<Answer>> {
    let packages = value["packages"].as_object()?;
    let is_minified = text(value, "minified").is_some();
    let mut answers = Vec::new();
    for (package, versions) in packages {
        let mut answer = Answer::of("Packagist", package.as_str());
        let mut before = None;
        for version in versions.as_array()? {
            let at = match &version["time"] {
                Value::Null if is_minified => before,
                Value::String(at) if at != "__unset" => Some(at.as_str()),
                _ => None,
            };
            before = at;
            answer.add(text(version, "version"), at);
        }
        answers.push(answer);
    }
    Some(answers)
}

/// A module's path begins with the name of a host, and a capital letter is written `!c`.
fn go(name: &str, value: &Value) -> Option<Vec<Answer>> {
    let (path, _) = name.rsplit_once("/@v/")?;
    let mut words = path.split('/').skip_while(|word| !word.contains('.'));
    let module = words.next().map(|first| {
        let rest = words.fold(String::new(), |rest, word| rest + "/" + word);
        first.to_owned() + &rest
    })?;
    let mut answer = Answer::of("Go", plain(&module));
    answer.add(Some(text(value, "Version")?), text(value, "Time"));
    Some(vec![answer])
}

fn plain(escaped: &str) -> String {
    let mut plain = String::new();
    let mut capital = false;
    for letter in escaped.chars() {
        match letter {
            '!' => capital = true,
            letter if std::mem::take(&mut capital) => plain.push(letter.to_ascii_uppercase()),
            letter => plain.push(letter),
        }
    }
    plain
}

/// Lines of one crate; before 2025 they had no `pubtime`.
fn index(text_of: &str) -> Result<Vec<Answer>, Refusal> {
    let mut answer = Answer::of("crates.io", "");
    for (number, line) in (1..).zip(text_of.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let line: Value = serde_json::from_str(line).map_err(|e| Refusal::json(&e).at(number))?;
        let (Some(name), Some(version)) = (text(&line, "name"), text(&line, "vers")) else {
            return Err(Refusal::new("expected a crate and a version").at(number));
        };
        if answer.package.is_empty() {
            name.clone_into(&mut answer.package);
        }
        answer.add(Some(version), text(&line, "pubtime"));
    }
    Ok(vec![answer])
}

/// Where a crate lies in an index: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcdef`.
pub(crate) fn index_place(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match (name.len(), name.get(..1), name.get(..2), name.get(2..4)) {
        (length @ (1 | 2), ..) => format!("{length}/{name}"),
        (3, Some(first), ..) => format!("3/{first}/{name}"),
        (_, _, Some(first), Some(second)) => format!("{first}/{second}/{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_lie_where_cargo_looks() {
        for (name, place) in [
            ("a", "1/a"),
            ("ab", "2/ab"),
            ("Syn", "3/s/syn"),
            ("serde", "se/rd/serde"),
            ("é", "2/é"),
            ("aéx", "aéx"),
        ] {
            assert_eq!(index_place(name), place);
        }
    }
}

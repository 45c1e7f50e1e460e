//! TOML as the tools write their lockfiles: one key or heading a line, so that no tree is built.
//!
//! Source: <https://toml.io/en/v1.0.0>. Lists may run over lines, with one element in each. Texts that
//! do are passed over: nothing that is read here lies in one.

use std::collections::HashSet;

/// What [`each`] hands out for one line.
pub(super) enum Item<'a> {
    /// `[[package]]`, with its brackets.
    Heading(&'a str),
    /// A key and its value as written.
    Pair(&'a str, &'a str),
    /// A line of the list that the pair before began.
    Element(&'a str),
    /// A line that is neither.
    Odd(&'static str),
}

/// Hands out headings and pairs with their lines.
pub(super) fn each<'a>(text: &'a str, take: &mut dyn FnMut(u64, Item<'a>)) {
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            take(number, Item::Heading(line));
            continue;
        }
        // No key that is read here holds the mark.
        let Some((key, value)) = line.split_once('=') else {
            take(number, Item::Odd("expected a key and a value"));
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        take(number, Item::Pair(key, value));
        let Some(end) = open_end(value) else { continue };
        let mut is_ended = false;
        for (number, line) in lines.by_ref() {
            is_ended = end.ends(line);
            if is_ended {
                break;
            }
            if matches!(end, End::List) {
                take(number, Item::Element(line.trim()));
            }
        }
        if !is_ended {
            let what = "expected an end of the list or text that begins here";
            return take(number, Item::Odd(what));
        }
    }
}

/// How a value ends that goes on in the next line.
enum End {
    List,
    Text(&'static str),
}

impl End {
    fn ends(&self, line: &str) -> bool {
        match self {
            End::List => line.trim_start().starts_with(']'),
            End::Text(marks) => line.contains(marks),
        }
    }
}

fn open_end(value: &str) -> Option<End> {
    for marks in ["\"\"\"", "'''"] {
        if let Some(rest) = value.strip_prefix(marks) {
            return (!rest.contains(marks)).then_some(End::Text(marks));
        }
    }
    (value.starts_with('[') && !value.ends_with(']')).then_some(End::List)
}

/// The text between quotation marks, if it is one without escapes.
pub(super) fn text(value: &str) -> Option<&str> {
    let quoted = |mark: char| value.strip_prefix(mark)?.strip_suffix(mark);
    quoted('"')
        .or_else(|| quoted('\''))
        .filter(|text| !text.contains(['"', '\\']))
}

/// The value of `key` in an inline table such as `{ registry = "…" }`.
pub(super) fn member<'a>(table: &'a str, key: &str) -> Option<&'a str> {
    let inner = table.strip_prefix('{')?.strip_suffix('}')?;
    let mut pairs = inner.split(',').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| found.trim() == key)?;
    text(value.trim())
}

/// The package that an element of a list of dependencies names: `"name 1.0.0"` of Cargo's, or
/// `{ name = "name" }` of uv's.
fn dependency(element: &str) -> Option<&str> {
    let element = element.trim_end_matches(',');
    let name = text(element).or_else(|| member(element, "name"))?;
    name.split(' ').next()
}

/// One `[[package]]`.
#[derive(Default)]
pub(super) struct Package<'a> {
    pub(super) line: u64,
    pub(super) name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    /// The value of `source` as written.
    pub(super) source: Option<&'a str>,
    /// `type` in the table `[package.source]`.
    pub(super) source_type: Option<&'a str>,
}

/// What a file of `[[package]]` tables holds.
#[derive(Default)]
pub(super) struct Packages<'a> {
    pub(super) all: Vec<Package<'a>>,
    /// The names of all packages that others depend on, as often as they are named.
    needed: Vec<&'a str>,
    /// Whether anything at all says that it is such a file.
    pub(super) is_one: bool,
    pub(super) odd: Vec<(u64, &'static str)>,
}

/// Reads every `[[package]]`.
pub(super) fn packages(text: &str) -> Packages<'_> {
    let mut found = Packages::default();
    let mut table = Table::Top;
    let mut is_needed = false;
    each(text, &mut |line, item| match item {
        Item::Odd(what) => found.odd.push((line, what)),
        Item::Element(element) if is_needed => found.needed.extend(dependency(element)),
        Item::Element(_) => {}
        Item::Heading("[[package]]") => {
            table = Table::Package;
            found.is_one = true;
            found.all.push(Package {
                line,
                ..Package::default()
            });
        }
        Item::Heading("[package.source]") => table = Table::Source,
        Item::Heading(heading) => {
            table = Table::Other;
            found.is_one |= ["[metadata]", "[root]"].contains(&heading);
        }
        Item::Pair(key, value) => {
            is_needed = matches!(table, Table::Package) && key == "dependencies";
            match (&table, found.all.last_mut()) {
                (Table::Top, _) => found.is_one |= ["version", "package"].contains(&key),
                (Table::Package, Some(package)) => package.set(key, value),
                (Table::Source, Some(package)) if key == "type" => {
                    package.source_type = self::text(value);
                }
                _ => {}
            }
        }
    });
    found
}

impl Packages<'_> {
    /// How many packages others depend on that the file does not hold. The tools lock every one, so
    /// where there are any the file was cut off or edited.
    pub(super) fn lacking(&self) -> usize {
        let held: HashSet<&str> = self.all.iter().filter_map(|p| p.name).collect();
        let needed = self.needed.iter().filter(|name| !held.contains(*name));
        needed.collect::<HashSet<_>>().len()
    }
}

enum Table {
    Top,
    Package,
    Source,
    Other,
}

impl<'a> Package<'a> {
    fn set(&mut self, key: &str, value: &'a str) {
        match key {
            "name" => self.name = text(value),
            "version" => self.version = text(value),
            "source" => self.source = Some(value),
            _ => {}
        }
    }
}

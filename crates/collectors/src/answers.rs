//! Understanding what [`crate::asking`] kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use standing_facts::{Date, GapCode};

use crate::asking::{Asked, JOURNAL};
use crate::{Kept, Parts, Piece, Sink, dates, stream_objects};

/// What was asked in one run, and what came of it.
pub(crate) struct Answers<'p> {
    parts: &'p Parts<'p>,
    asked: BTreeMap<String, Asked>,
}

/// One object of an answer and where it stands.
pub(crate) struct Found<'f> {
    /// The object.
    pub object: &'f Map<String, Value>,
    part: &'f str,
    place: u64,
}

/// One gathered answer about one thing.
pub(crate) enum Of<'f> {
    /// A page of it.
    Page(&'f Value),
    /// Its end was not reached.
    Cut,
}

#[derive(serde::Deserialize)]
struct Journal {
    answers: Vec<Asked>,
}

impl<'p> Answers<'p> {
    /// What a run kept; `None`, and the run fails, where there is no journal.
    pub(crate) fn of(parts: &'p Parts<'p>, sink: &mut Sink<'_>) -> Option<Self> {
        let journal = parts.list().iter().find(|p| p.name == JOURNAL);
        let bytes = journal.and_then(|part| parts.whole(part, 1 << 20).ok().flatten());
        let journal = bytes.and_then(|b| serde_json::from_slice::<Journal>(&b).ok());
        let Some(journal) = journal else {
            let why =
                format!("{JOURNAL}, which says what was asked, is not there or not understood");
            sink.fail(GapCode::Missing, why);
            return None;
        };
        let asked = journal.answers.into_iter();
        Some(Answers {
            parts,
            asked: asked.map(|a| (a.name.clone(), a)).collect(),
        })
    }

    /// Whether an answer was asked for and came to its last page. Where not, that is a gap in `table`.
    pub(crate) fn whole(&self, name: &str, table: &str, sink: &mut Sink<'_>) -> bool {
        let kept = self.files(name).len() as u64;
        match self.asked.get(name) {
            None => {
                let why = format!("{name}: not asked for");
                sink.gap(Some(table), GapCode::NotAsked, why);
                false
            }
            Some(Asked {
                code: Some(code),
                why,
                ..
            }) => {
                sink.gap(Some(table), *code, why.clone());
                false
            }
            Some(asked) if asked.pages != kept => {
                let why = format!("{name}: {} pages came and {kept} are here", asked.pages);
                sink.gap(Some(table), GapCode::Missing, why);
                false
            }
            Some(_) => true,
        }
    }

    /// Hands out every object of every page of an answer: those of its member `list`, or of the document
    /// where that is a list. Says whether it is whole and all of it was understood.
    pub(crate) fn read(
        &self,
        name: &str,
        table: &str,
        list: &str,
        sink: &mut Sink<'_>,
        take: &mut dyn FnMut(&Found<'_>, &mut Sink<'_>),
    ) -> bool {
        self.pages(name, table, (list, false), sink, take)
    }

    /// As [`Answers::read`], for systems that leave the list out where it would be empty.
    pub(crate) fn read_or_none(
        &self,
        name: &str,
        table: &str,
        list: &str,
        sink: &mut Sink<'_>,
        take: &mut dyn FnMut(&Found<'_>, &mut Sink<'_>),
    ) -> bool {
        self.pages(name, table, (list, true), sink, take)
    }

    fn pages(
        &self,
        name: &str,
        table: &str,
        list: (&str, bool),
        sink: &mut Sink<'_>,
        take: &mut dyn FnMut(&Found<'_>, &mut Sink<'_>),
    ) -> bool {
        let mut whole = self.whole(name, table, sink);
        for file in self.files(name) {
            whole &= self.page(file, table, list, sink, take);
        }
        whole
    }

    /// Hands out the gathered answers about one thing each, with the thing's id.
    pub(crate) fn read_each(
        &self,
        name: &str,
        table: &str,
        sink: &mut Sink<'_>,
        take: &mut dyn FnMut(&str, Of<'_>, &mut Sink<'_>),
    ) -> bool {
        self.read(name, table, "value", sink, &mut |found, sink| {
            let of = found.text("of").unwrap_or_default();
            match found.object.get("answer") {
                Some(page) => take(of, Of::Page(page), sink),
                None => take(of, Of::Cut, sink),
            }
        })
    }

    /// The only page of an answer.
    pub(crate) fn single(&self, name: &str) -> Option<Value> {
        let file = self.files(name).first().copied()?;
        let bytes = self.parts.whole(file, 8 << 20).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Every page of an answer as one document, where it is no list.
    pub(crate) fn documents(&self, name: &str) -> impl Iterator<Item = Value> {
        let files = self.files(name).into_iter();
        files.map(|file| {
            let bytes = self.parts.whole(file, 8 << 20).ok().flatten();
            serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default()
        })
    }

    fn files(&self, name: &str) -> Vec<&'p Kept> {
        let number = |part: &Kept| -> Option<u64> {
            let rest = part.name.strip_prefix(name)?.strip_prefix('-')?;
            rest.strip_suffix(".json")?.parse().ok()
        };
        let parts = self.parts.list().iter();
        let mut files: Vec<(u64, &Kept)> = parts.filter_map(|p| Some((number(p)?, p))).collect();
        files.sort_by_key(|(number, _)| *number);
        files.into_iter().map(|(_, part)| part).collect()
    }

    fn page(
        &self,
        file: &Kept,
        table: &str,
        (list, may_lack): (&str, bool),
        sink: &mut Sink<'_>,
        take: &mut dyn FnMut(&Found<'_>, &mut Sink<'_>),
    ) -> bool {
        let part = file.name.as_str();
        let (mut elements, mut understood) = (false, true);
        let done = self.parts.open(file).map(|bytes| {
            stream_objects(bytes, list, &[], &mut |piece| match piece {
                Piece::Element(position, Value::Object(object)) => {
                    elements = true;
                    let found = Found {
                        object: &object,
                        part,
                        place: position + 1,
                    };
                    take(&found, sink);
                }
                Piece::Element(position, _) => {
                    elements = true;
                    understood = false;
                    let at = format!("element {}", position + 1);
                    sink.problem(part, None, Some(&at), "expected an object in the list");
                }
                Piece::Member(..) => {}
            })
        });
        let listed = elements || self.is_list(file, list, may_lack);
        if !matches!(done, Ok(Ok(()))) || !listed {
            let what = match list {
                "" => "a list".to_owned(),
                list => format!("a list {list:?}"),
            };
            let why = format!("{part} is not what was expected: {what}");
            sink.gap(Some(table), GapCode::Malformed, why);
            return false;
        }
        understood
    }

    /// An answer without elements is short; whether its list is there decides between *none* and *not an
    /// answer*.
    fn is_list(&self, file: &Kept, list: &str, may_lack: bool) -> bool {
        let bytes = self.parts.whole(file, 1 << 20).ok().flatten();
        let document: Value =
            serde_json::from_slice(&bytes.unwrap_or_default()).unwrap_or_default();
        match document.get(list) {
            Some(value) => value.is_array(),
            None => document.is_array() || (may_lack && document.is_object()),
        }
    }
}

impl<'f> Found<'f> {
    /// A text that is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&'f str> {
        self.object.get(name)?.as_str().filter(|t| !t.is_empty())
    }

    /// A value deeper down.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&'f Value> {
        let (first, rest) = path.split_first()?;
        let first = self.object.get(*first);
        rest.iter().fold(first, |value, name| value?.get(*name))
    }

    /// A text deeper down.
    pub(crate) fn text_at(&self, path: &[&str]) -> Option<&'f str> {
        self.at(path)?.as_str().filter(|t| !t.is_empty())
    }

    /// Yes or no, or neither.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.object.get(name)?.as_bool()
    }

    /// The day of an instant; one that cannot be understood is a problem.
    pub(crate) fn day(&self, name: &str, sink: &mut Sink<'_>) -> Option<Date> {
        let day = dates::parse(self.text(name)?);
        if day.is_none() {
            self.problem(sink, "expected an instant as 2026-12-31T10:00:00Z");
        }
        day
    }

    /// The day of an instant given in milliseconds since 1970.
    pub(crate) fn day_of_millis(&self, name: &str, sink: &mut Sink<'_>) -> Option<Date> {
        let value = self
            .object
            .get(name)?
            .as_i64()
            .filter(|millis| *millis > 0)?;
        let day = jiff::Timestamp::from_millisecond(value).ok();
        if day.is_none() {
            self.problem(sink, "expected an instant in milliseconds");
        }
        day.map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Something of this object was not understood.
    pub(crate) fn problem(&self, sink: &mut Sink<'_>, what: &str) {
        let at = format!("element {}", self.place);
        sink.problem(self.part, None, Some(&at), what);
    }
}

/// The objects of a page of a gathered answer: of its member `list`, or of the page itself.
pub(crate) fn objects<'v>(
    page: &'v Value,
    list: &str,
) -> impl Iterator<Item = &'v Map<String, Value>> {
    let all = page.as_array().or_else(|| page[list].as_array());
    all.into_iter().flatten().filter_map(Value::as_object)
}

/// Whether a page of a gathered answer is the list that was expected.
pub(crate) fn is_list(page: &Value, list: &str) -> bool {
    page.is_array() || page[list].is_array()
}

/// A text of an object that is there and not empty.
pub(crate) fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o str> {
    object.get(name)?.as_str().filter(|t| !t.is_empty())
}

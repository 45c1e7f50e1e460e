//! People whom a system was asked for, leavers among them.

use serde_json::Value;
use standing_facts::GapCode;

use super::people::People;
use crate::tabular::{Columns, Record};
use crate::{Kept, Parts, Setting, Settings, Sink};

/// Longest answer that is taken apart.
const ANSWER_BYTES: u64 = crate::http::LONGEST;

/// One field: our column, and the system's name for what fills it.
pub(crate) type Field<'a> = (&'static str, &'a str);

/// Fields that are neither asked for nor missed.
pub(crate) const LEAVE_OUT: Setting = Setting {
    name: "leave_out",
    meaning: "fields that are not to be read, separated by commas: they are neither asked for nor missed",
    default: "",
    required: false,
};

/// Said by a firm that nobody has left yet.
pub(crate) const NOBODY_LEFT: Setting = Setting {
    name: "nobody_left",
    meaning: "`yes` where nobody has ever left: otherwise a list without leavers is not taken for whole",
    default: "no",
    required: false,
};

/// The fields without those that the settings leave out.
pub(crate) fn fields<'a>(all: &[Field<'a>], settings: &Settings) -> Vec<Field<'a>> {
    let left_out = settings.value("leave_out").split(',').map(str::trim);
    let left_out: Vec<&str> = left_out.collect();
    let kept = all.iter().filter(|(_, field)| !left_out.contains(field));
    kept.copied().collect()
}

/// What a row says under a field: nothing at all, null, or a text.
pub(crate) type Found = Option<Option<String>>;

/// The answers of one system on their way to people.
pub(crate) struct Asked<'a> {
    fields: Vec<Field<'a>>,
    came: Vec<bool>,
    columns: Columns,
    people: People,
}

impl<'a> Asked<'a> {
    /// Of rows with these fields.
    pub(crate) fn of(fields: Vec<Field<'a>>) -> Self {
        let columns = Columns::of(&fields);
        let mut people = People::default();
        people.told_by(&columns);
        Asked {
            came: vec![false; fields.len()],
            columns,
            people,
            fields,
        }
    }

    /// One row: `find` says what stands in it under a field.
    pub(crate) fn take(
        &mut self,
        (part, place): (&str, u64),
        find: &dyn Fn(&str) -> Found,
        sink: &mut Sink<'_>,
    ) {
        let mut cells = Vec::with_capacity(self.fields.len());
        for ((_, field), came) in self.fields.iter().zip(&mut self.came) {
            let found = find(field);
            *came |= found.is_some();
            cells.push(found.flatten().unwrap_or_default().trim().to_owned());
        }
        self.people
            .take(&self.columns, &Record::of(part, place, &cells), sink);
    }

    /// Gives the people, and says what was withheld: a system leaves out silently what may not be read.
    pub(crate) fn end(self, settings: &Settings, sink: &mut Sink<'_>) {
        let absent = self
            .fields
            .iter()
            .zip(&self.came)
            .filter(|(_, came)| !**came);
        let absent: Vec<&str> = absent.map(|((_, field), _)| *field).collect();
        if !absent.is_empty() && absent.len() < self.fields.len() {
            let why = format!(
                "no row has {}: let the credential read it, or name it under leave_out",
                absent.join(", ")
            );
            sink.gap(Some("person"), GapCode::Denied, why);
        }
        self.people.end_of_asked(settings, sink);
    }
}

/// A kept answer as JSON. What is none fails the run.
pub(crate) fn answer(parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) -> Option<Value> {
    let Ok(Some(bytes)) = parts.whole(part, ANSWER_BYTES) else {
        let why = format!("{} cannot be read or is too long", part.name);
        sink.fail(GapCode::TooLarge, why);
        return None;
    };
    let value = serde_json::from_slice(&bytes).ok();
    if value.is_none() {
        let why = format!("{} is not JSON", part.name);
        sink.fail(GapCode::Malformed, why);
    }
    value
}

/// The list at a name of an answer. An answer without it fails the run.
pub(crate) fn list<'v>(
    answer: &'v Value,
    name: &str,
    part: &Kept,
    sink: &mut Sink<'_>,
) -> Option<&'v Vec<Value>> {
    let list = answer.get(name).and_then(Value::as_array);
    if list.is_none() {
        let why = format!("{} holds no list {name:?}", part.name);
        sink.fail(GapCode::Malformed, why);
    }
    list
}

/// A value as a text: what is neither text, number nor truth says nothing.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The day of a text that holds a day and perhaps a time: as written, in whatever zone.
pub(crate) fn day(text: String) -> String {
    match text.split_once('T') {
        Some((day, _)) => day.to_owned(),
        None => text,
    }
}

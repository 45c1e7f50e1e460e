//! What the tags of a store say about the data in it.

use standing_facts::tables::DataElement;

use super::resource::{Instance, plain};
use crate::{Kept, Sink};

/// Tag keys, as [`plain`] leaves them.
const CLASSES: [&str; 3] = ["dataclassification", "dataclass", "datacategory"];
const PERSONAL: [&str; 3] = ["containspii", "pii", "personaldata"];

/// Statements of tags.
#[derive(Default)]
pub(super) struct Tags {
    found: Vec<(String, DataElement)>,
    /// Addresses of stores whose class is none of the known words.
    unknown: Vec<String>,
}

impl Tags {
    pub(super) fn take(&mut self, instance: &Instance<'_>, store: &str) {
        for (keys, meaning) in [(&CLASSES, class as fn(&str) -> _), (&PERSONAL, truth)] {
            let Some((key, value)) = instance.tag(keys) else {
                continue;
            };
            let Some((personal, special, category)) = meaning(&plain(value)) else {
                self.unknown.push(instance.address.clone());
                continue;
            };
            let element = DataElement {
                id: String::new(),
                store: store.to_owned(),
                name: key.to_owned(),
                category: category.map(str::to_owned),
                personal: Some(personal),
                special,
                basis: "declared".into(),
            };
            self.found
                .push((format!("{}#{key}", instance.address), element));
        }
    }

    /// Keeps no row.
    pub(super) fn forget_rows(&mut self) {
        self.found.clear();
        self.unknown.clear();
    }

    pub(super) fn give(&mut self, part: &Kept, sink: &mut Sink<'_>) {
        for address in std::mem::take(&mut self.unknown) {
            let what = "the tag's class is not known; none, personal and special-category are";
            sink.notice(&part.name, None, Some(&address), what);
        }
        for (place, mut element) in std::mem::take(&mut self.found) {
            element.id = sink.id(&format!("{}/{place}", part.name));
            sink.fact(&element);
        }
    }
}

/// Personal, special category, category.
type Meaning = (bool, Option<bool>, Option<&'static str>);

fn class(value: &str) -> Option<Meaning> {
    match value {
        "none" | "public" | "nonpersonal" | "nopersonaldata" | "notpersonal" | "anonymous" => {
            Some((false, Some(false), None))
        }
        "personal" | "pii" | "personaldata" => Some((true, None, None)),
        "specialcategory" | "special" | "sensitivepersonal" => Some((true, Some(true), None)),
        "health" | "phi" | "patient" | "patientdata" | "clinical" => {
            Some((true, Some(true), Some("health")))
        }
        _ => None,
    }
}

fn truth(value: &str) -> Option<Meaning> {
    match value {
        "true" | "yes" | "y" | "1" => Some((true, None, None)),
        "false" | "no" | "n" | "0" => Some((false, Some(false), None)),
        _ => None,
    }
}

//! Infrastructure as Terraform or OpenTofu last applied it: their state files, version 4.
//!
//! *Architecture invariant:* states hold passwords and keys. Attributes are taken one by one, by
//! name, and no value that is not named here leaves this folder: not in facts, not in problems.

mod assets;
mod resource;
mod stores;
mod tags;

use serde_json::Value;
use standing_facts::GapCode;

use crate::json::{Piece, stream_objects};
use crate::{About, Asks, Collector, Kept, Parts, Settings, Sink};
use resource::Instance;

/// Reads Terraform's states.
pub struct Terraform;

static ABOUT: About = About {
    kind: "terraform",
    summary: "databases, buckets, shares and machines in Terraform or OpenTofu state files",
    revision: 1,
    asks: Asks::Files,
    tables: &["store", "data_element", "asset"],
    settings: &[],
    how: "Save what terraform state pull (or tofu state pull) prints as NAME.tfstate, one file for \
each state. It needs only to read where the state is kept: no access to the cloud, and no right to \
change anything. States hold passwords and keys, so keep the copies as carefully as the original; \
only a list of harmless attributes is read. Tag stores with data-classification (none, personal, \
special-category) and with system, and their data and systems are known too.",
};

/// Members that hold values or are of no use here, passed over without being looked at.
const SKIP: [&str; 12] = [
    "outputs",
    "check_results",
    "modules",
    "values",
    "planned_values",
    "resource_changes",
    "resource_drift",
    "output_changes",
    "prior_state",
    "configuration",
    "variables",
    "encrypted_data",
];

impl Collector for Terraform {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        name.ends_with(".tfstate") || name.ends_with(".json")
    }

    fn read(&self, _settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        for part in parts.list() {
            let mut state = State::default();
            match state.read(parts, part, sink) {
                Ok(()) => state.give(parts, part, sink),
                Err(why) if parts.list().len() == 1 => {
                    sink.fail(GapCode::Malformed, format!("{} {why}", part.name));
                }
                Err(why) => sink.problem(&part.name, None, None, why),
            }
        }
    }
}

/// What one state says. It is read twice, because resources that complete each other stand in any
/// order, and so does the state's version: first what completes others is gathered, then each row is
/// given as it comes, so that a state of any size needs no more memory than its small resources.
#[derive(Default)]
struct State {
    version: Option<u64>,
    /// `terraform show -json` and plans say this instead of a version.
    is_shown: bool,
    is_encrypted: bool,
    stores: stores::Stores,
    assets: assets::Assets,
    tags: tags::Tags,
    deposed: u64,
    /// Types that may hold data and are not read.
    unread: std::collections::BTreeSet<String>,
}

impl State {
    fn read(&mut self, parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) -> Result<(), String> {
        let bytes = parts
            .open(part)
            .map_err(|e| format!("cannot be read: {}", e.kind()))?;
        let read = stream_objects(bytes, "resources", &SKIP, &mut |piece| match piece {
            Piece::Element(position, value) => {
                let understood = self.resource(&value);
                self.forget_rows();
                if understood.is_none() {
                    let place = format!("resources[{position}]");
                    let what = "expected mode, type, name and instances; it was left out";
                    sink.problem(&part.name, None, Some(&place), what);
                }
            }
            Piece::Member(name, value) => match name.as_str() {
                "version" => self.version = value.as_u64(),
                "format_version" => self.is_shown = true,
                "encryption_version" => self.is_encrypted = true,
                _ => {}
            },
        });
        // The parser's own words may repeat values, so only its place is kept.
        read.map_err(|e| format!("line {} is not JSON, or the file ends there", e.line()))?;
        self.judge()
    }

    fn judge(&self) -> Result<(), String> {
        match self.version {
            Some(4) => Ok(()),
            Some(other) => Err(format!("is a state of version {other}; version 4 is read")),
            None if self.is_encrypted => {
                Err("is encrypted; save what tofu state pull prints".into())
            }
            None if self.is_shown => {
                Err("is the output of show -json; save what terraform state pull prints".into())
            }
            None => Err("is no Terraform state: it has no version".into()),
        }
    }

    /// `None` where the resource has not the form of one.
    fn resource(&mut self, value: &Value) -> Option<()> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let (mode, kind, _) = (text("mode")?, text("type")?, text("name")?);
        let instances = value.get("instances")?.as_array()?;
        if mode != "managed" {
            return Some(());
        }
        let mut is_read = false;
        for instance in instances {
            if instance.get("deposed").is_some() {
                self.deposed += 1;
                continue;
            }
            let instance = Instance::new(value, instance)?;
            is_read |= self.stores.take(&instance) | self.assets.take(&instance);
            if let Some(store) = self.stores.last_of(&instance) {
                self.tags.take(&instance, store);
            }
        }
        if !is_read && stores::may_hold_data(kind) {
            self.unread.insert(kind.to_owned());
        }
        Some(())
    }

    /// Rows are for the second reading.
    fn forget_rows(&mut self) {
        self.stores.forget_rows();
        self.tags.forget_rows();
        self.assets.forget_rows();
    }

    fn give(mut self, parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) {
        if self.deposed > 0 {
            let what = format!(
                "replaced objects that wait to be destroyed, left out: {}",
                self.deposed
            );
            sink.notice(&part.name, None, None, what);
        }
        if !self.unread.is_empty() {
            let types: Vec<&str> = self.unread.iter().take(20).map(String::as_str).collect();
            let what = format!(
                "types that may hold data and are not read: {}",
                types.join(", ")
            );
            sink.notice(&part.name, None, None, what);
        }
        let Ok(bytes) = parts.open(part) else {
            sink.problem(&part.name, None, None, "could not be read a second time");
            return;
        };
        let again = stream_objects(bytes, "resources", &SKIP, &mut |piece| {
            if let Piece::Element(_, value) = piece {
                // What has not the form of a resource was reported at the first reading.
                let _ = self.resource(&value);
                self.stores.give(part, sink);
                self.tags.give(part, sink);
                self.assets.give(part, sink);
            }
        });
        if again.is_err() {
            sink.problem(&part.name, None, None, "could not be read a second time");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The recorded cases hold this mark wherever a state holds a secret.
    const SECRET: &str = "TOP-SECRET";

    #[test]
    fn no_secret_of_a_recorded_state_is_in_what_was_read_of_it() {
        let folder = Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/terraform/testdata"
        ));
        let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect(path);
        for (input, expected) in [
            ("complete/input.tfstate", "complete/expected.txt"),
            ("malformed/input/c.json", "malformed/expected.txt"),
            ("malformed/input/e.tfstate", "malformed/expected.txt"),
        ] {
            let hidden = read(input).contains(SECRET) || read(input).contains("password");
            assert!(hidden, "{input} holds no secret to be found");
            assert!(!read(expected).contains(SECRET), "{expected}");
        }
    }
}

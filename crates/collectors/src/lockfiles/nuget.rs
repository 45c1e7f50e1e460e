//! packages.lock.json.
//!
//! Source: <https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files>.

use serde_json::Value;

use super::reading::{LockfileReading, Reason};

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let lock: Value = match serde_json::from_str(text) {
        Ok(lock) => lock,
        Err(error) => return reading.refuse_json(&error),
    };
    let frameworks = lock.get("dependencies").and_then(Value::as_object);
    let Some(frameworks) = frameworks else {
        return reading.refuse(None, "is no packages.lock.json: it has no dependencies");
    };
    for packages in frameworks.values() {
        for (name, package) in packages.as_object().into_iter().flatten() {
            one(name, package, reading);
        }
    }
    reading.once();
}

/// A project is another project of the same solution.
fn one(name: &str, package: &Value, reading: &mut LockfileReading) {
    let text = |key: &str| package.get(key).and_then(Value::as_str);
    match (text("type"), text("resolved")) {
        (Some("Project"), _) => reading.leave(Reason::OwnCode),
        (_, Some(version)) => reading.take("NuGet", name, version, None),
        _ => reading.odd(None, "expected a resolved version of every package"),
    }
}

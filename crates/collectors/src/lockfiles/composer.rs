//! composer.lock. Source: <https://getcomposer.org/doc/01-basic-usage.md>.

use serde_json::Value;

use super::reading::{LockfileReading, Reason};

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let lock: Value = match serde_json::from_str(text) {
        Ok(lock) => lock,
        Err(error) => return reading.refuse_json(&error),
    };
    if !lock.get("packages").is_some_and(Value::is_array) {
        return reading.refuse(None, "is no composer.lock: it has no list of packages");
    }
    for list in ["packages", "packages-dev"] {
        let packages = lock.get(list).and_then(Value::as_array);
        for (position, package) in packages.into_iter().flatten().enumerate() {
            one(package, &format!("{list}[{position}]"), reading);
        }
    }
    reading.once();
}

/// A branch (`dev-main`) is no release.
fn one(package: &Value, place: &str, reading: &mut LockfileReading) {
    let text = |name: &str| package.get(name).and_then(Value::as_str);
    let (Some(name), Some(version)) = (text("name"), text("version")) else {
        return reading.odd(None, format!("{place}: expected a name and a version"));
    };
    let dist = package.get("dist").and_then(|dist| dist.get("type"));
    if dist.and_then(Value::as_str) == Some("path") {
        reading.leave(Reason::OwnCode);
    } else if version.starts_with("dev-") || version.ends_with("-dev") {
        reading.leave(Reason::Git);
    } else {
        reading.take("Packagist", &name.to_lowercase(), version, None);
    }
}

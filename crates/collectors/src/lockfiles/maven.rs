//! What Maven and Gradle resolved: `gradle.lockfile`, and the output of `mvn dependency:list` or
//! `mvn dependency:tree`. A `pom.xml` has no resolved versions.
//!
//! Sources: <https://docs.gradle.org/current/userguide/dependency_locking.html> and
//! <https://maven.apache.org/plugins/maven-dependency-plugin/>.

use super::reading::{LockfileReading, Reason};

const SCOPES: [&str; 6] = ["compile", "runtime", "provided", "test", "system", "import"];

/// Lines of `group:artifact:version=configurations`.
pub(super) fn gradle(text: &str, reading: &mut LockfileReading) {
    let mut is_one = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let coordinates = line.split('=').next().unwrap_or_default();
        let parts: Vec<&str> = coordinates.split(':').collect();
        match parts[..] {
            ["empty"] => is_one = true,
            [group, artifact, version] => {
                is_one = true;
                reading.take(
                    "Maven",
                    &format!("{group}:{artifact}"),
                    version,
                    Some(number),
                );
            }
            _ => reading.odd(
                Some(number),
                "expected group:artifact:version=configurations",
            ),
        }
    }
    if !is_one {
        reading.refuse(
            None,
            "names no package, and does not say that there is none",
        );
    }
    reading.once();
}

/// Lines of `group:artifact:type:version:scope`, behind Maven's own words and the branches of a tree.
pub(super) fn listed(text: &str, reading: &mut LockfileReading) {
    let mut own: Vec<String> = Vec::new();
    let mut is_one = false;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start_matches("[INFO]");
        let line = line.trim_start_matches([' ', '+', '-', '\\', '|', '<', '\t']);
        if line.starts_with("[ERROR]") || line.starts_with("BUILD FAILURE") {
            reading.odd(
                Some(number),
                "Maven failed here, so the list may not be whole",
            );
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        is_one |= word == "none" || line.starts_with("The following files have been resolved");
        let parts: Vec<&str> = word.split(':').collect();
        match parts[..] {
            [group, artifact] if line.ends_with("---") => own.push(format!("{group}:{artifact}")),
            [group, artifact, _, _] if is_name(group) => {
                is_one = true;
                own.push(format!("{group}:{artifact}"));
            }
            [group, artifact, _, version, scope] | [group, artifact, _, _, version, scope]
                if SCOPES.contains(&scope) && is_name(group) =>
            {
                is_one = true;
                reading.take(
                    "Maven",
                    &format!("{group}:{artifact}"),
                    version,
                    Some(number),
                );
            }
            _ => {}
        }
    }
    if !is_one {
        let what = "names no dependency: it is not what dependency:list or dependency:tree prints";
        return reading.refuse(None, what);
    }
    reading.once();
    without(&own, reading);
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !text.is_empty() && text.chars().all(fits)
}

/// Modules of the build itself are dependencies of each other.
fn without(own: &[String], reading: &mut LockfileReading) {
    let all = std::mem::take(&mut reading.components);
    for component in all {
        match own.contains(&component.name) {
            true => reading.leave(Reason::OwnCode),
            false => reading.components.push(component),
        }
    }
}

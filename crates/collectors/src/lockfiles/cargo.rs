//! Cargo.lock. Source: <https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>, and
//! cargo's own `cargo::core::resolver::encode`.

use super::reading::{LockfileReading, Reason};
use super::toml_tables::{self, Package};

pub(super) fn read(text: &str, reading: &mut LockfileReading) {
    let packages = toml_tables::packages(text);
    if !packages.is_one {
        return reading.refuse(
            None,
            "has neither packages nor a version: it is no Cargo.lock",
        );
    }
    for (line, what) in &packages.odd {
        reading.odd(Some(*line), *what);
    }
    reading.cut_off(packages.lacking());
    reading.components.reserve(packages.all.len());
    for package in &packages.all {
        one(package, reading);
    }
}

/// A package without a source is a member or a path.
fn one(package: &Package<'_>, reading: &mut LockfileReading) {
    let line = Some(package.line);
    let (Some(name), Some(version)) = (package.name, package.version) else {
        return reading.odd(line, "expected a name and a version in every package");
    };
    let source = package
        .source
        .map(|s| toml_tables::text(s).unwrap_or_default());
    match source {
        None => reading.leave(Reason::OwnCode),
        Some(source) if source.starts_with("git+") => reading.leave(Reason::Git),
        Some(source) if is_registry(source) && source.contains("crates.io") => {
            reading.take("crates.io", name, version, line);
        }
        Some(source) if is_registry(source) => reading.leave(Reason::OtherRegistry),
        Some(_) => reading.odd(
            line,
            "expected a source that cargo writes: a registry or git",
        ),
    }
}

fn is_registry(source: &str) -> bool {
    source.starts_with("registry+") || source.starts_with("sparse+")
}

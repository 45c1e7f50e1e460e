//! What became of fixes in the firm's year, as `fixes.toml` lists it, and what the estate shows of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::hosts::Server;
use crate::world::World;

/// An invented advisory, and which version was where at which time. Days are counted back from the
/// day of the estate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fix {
    pub(crate) advisory: String,
    pub(crate) ecosystem: String,
    pub(crate) package: String,
    /// None: there is no fix.
    pub(crate) fixed: Option<String>,
    pub(crate) published: i64,
    pub(crate) withdrawn: Option<i64>,
    pub(crate) vector: Option<String>,
    /// The vendor's own word for how grave it is.
    pub(crate) word: Option<String>,
    /// The fault by which the advisory loses every rating.
    unrated_by: Option<String>,
    pub(crate) cve: Option<String>,
    /// The day on which CISA listed it.
    pub(crate) exploited: Option<i64>,
    pub(crate) epss: Option<String>,
    pub(crate) summary: String,
    pub(crate) release: Option<Release>,
    #[serde(default)]
    had: Vec<Had>,
}

/// A line of the register of releases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    pub(crate) kind: String,
    pub(crate) version: String,
    pub(crate) on: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Had {
    on: Vec<String>,
    fault: Option<String>,
    /// The oldest first.
    versions: Vec<Version>,
}

/// A version, and since when it was there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Version {
    pub(crate) from: i64,
    pub(crate) version: String,
    /// Whether dpkg's log says the day.
    #[serde(default)]
    pub(crate) logged: bool,
}

#[derive(Deserialize)]
struct Fixes {
    fix: Vec<Fix>,
}

/// The fixes in the order of the file. That the compiled-in file can be read is a test.
pub(crate) fn fixes() -> Vec<Fix> {
    let list: Result<Fixes, _> = toml::from_str(include_str!("../fixes.toml"));
    list.map(|list| list.fix).unwrap_or_default()
}

impl Fix {
    /// Whether anybody has published it by the day that the world shows.
    pub(crate) fn is_known(&self, world: &World) -> bool {
        self.published >= world.then
    }

    /// Whether the advisory says how grave it is.
    pub(crate) fn is_rated(&self, world: &World) -> bool {
        !self.unrated_by.as_ref().is_some_and(|id| world.fault(id))
    }

    /// The versions that came to one place up to the day that the world shows.
    fn came(&self, world: &World, named: impl Fn(&str) -> bool) -> &[Version] {
        let fits = |had: &&Had| {
            let planted = had.fault.as_ref().is_none_or(|id| world.fault(id));
            planted && had.on.iter().any(|on| named(on))
        };
        let Some(had) = self.had.iter().rfind(fits) else {
            return &[];
        };
        let come = had.versions.iter().take_while(|v| v.from >= world.then);
        &had.versions[..come.count()]
    }
}

/// The versions of a Debian package that a server has had, the last one being there; empty where it has
/// what it has today.
pub(crate) fn on_server<'w>(world: &'w World, server: &Server, package: &str) -> &'w [Version] {
    let fits = |fix: &&Fix| fix.package == package && fix.ecosystem == "Debian:13";
    let named = |on: &str| on == "all" || on == server.role || on == server.name;
    let fix = world.fixes.iter().find(fits);
    fix.map_or(&[], |fix| fix.came(world, named))
}

/// The version of a package that a repository locks.
pub(crate) fn in_repository<'w>(
    world: &'w World,
    repository: &str,
    package: &str,
    today: &'w str,
) -> &'w str {
    let fix = world.fixes.iter().find(|fix| fix.package == package);
    let came = fix.map_or(&[][..], |fix| fix.came(world, |on| on == repository));
    came.last().map_or(today, |last| &last.version)
}

/// One clock that the estate is there to show, and what the policies make of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// What kind of clock it is.
    pub what: String,
    /// The asset, by name.
    pub asset: String,
    /// The package, or what else is vulnerable.
    pub component: String,
    /// The vulnerability.
    pub vulnerability: String,
    /// The fault with which it is there; without one it always is.
    pub fault: Option<String>,
    /// How it stands.
    pub state: String,
    /// How many days ago the fix was released.
    pub fix: Option<i64>,
    /// What kind of date that is.
    pub bound: Option<String>,
    /// How many days ago it was mended.
    pub mended: Option<i64>,
    /// How many days ago it was first seen.
    pub seen: Option<i64>,
    /// How often it came back.
    #[serde(default)]
    pub reopened: i64,
    /// How the words begin that say how grave it is.
    #[serde(default)]
    pub grade: String,
    /// By the name of the policy.
    pub policies: BTreeMap<String, Expected>,
}

/// What one policy makes of a clock.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// In the words of the table `patch_clock`.
    pub verdict: String,
    /// How many days ago the deadline was; below zero it is yet to come.
    pub due: Option<i64>,
    /// Days left or over.
    pub days: Option<i64>,
}

#[derive(Deserialize)]
struct List {
    shown: Vec<Shown>,
}

/// What the estate shows, in the order of `shown.toml`.
///
/// # Panics
/// Never: that the compiled-in file can be read is a test.
pub fn shown() -> Vec<Shown> {
    let list: Result<List, _> = toml::from_str(include_str!("../shown.toml"));
    list.map(|list| list.shown).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_read_and_name_each_other() {
        let fixes: Fixes = toml::from_str(include_str!("../fixes.toml")).expect("fixes");
        let list: List = toml::from_str(include_str!("../shown.toml")).expect("shown");
        for shown in &list.shown {
            let told = fixes.fix.iter().any(|fix| {
                let names = [Some(&fix.advisory), fix.cve.as_ref()];
                names.contains(&Some(&shown.vulnerability)) && fix.package == shown.component
            });
            let scanned = shown.vulnerability.contains(':');
            assert!(told || scanned, "{}", shown.vulnerability);
        }
    }

    #[test]
    fn versions_came_one_after_the_other() {
        for had in fixes().iter().flat_map(|fix| &fix.had) {
            let versions = &had.versions;
            assert!(versions.is_sorted_by(|a, b| a.from > b.from), "{had:?}");
        }
    }
}

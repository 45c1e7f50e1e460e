//! Where registries answer about a package.

use crate::asking::step;
use crate::releases::index_place;

/// Where Go's proxy lists the versions of a module.
pub(super) const GO_LIST: &str = "/@v/list";

/// One sort of registry.
pub(super) struct Registry {
    /// Ecosystem in OSV's words.
    pub(super) ecosystem: &'static str,
    address: fn(&str) -> String,
}

static ALL: [Registry; 7] = [
    Registry {
        ecosystem: "npm",
        address: step,
    },
    Registry {
        ecosystem: "PyPI",
        address: |name| format!("pypi/{}/json", step(name)),
    },
    Registry {
        ecosystem: "crates.io",
        address: |name| path(&index_place(name)),
    },
    Registry {
        ecosystem: "RubyGems",
        address: |name| format!("api/v1/versions/{}.json", step(name)),
    },
    Registry {
        ecosystem: "Go",
        address: |name| format!("{}{GO_LIST}", path(&escaped(name))),
    },
    Registry {
        ecosystem: "NuGet",
        address: |name| format!("{}/index.json", step(&name.to_ascii_lowercase())),
    },
    Registry {
        ecosystem: "Packagist",
        address: |name| format!("p2/{}.json", path(&name.to_ascii_lowercase())),
    },
];

/// The ecosystems whose registries can be asked.
pub(super) fn known() -> String {
    ALL.each_ref().map(|registry| registry.ecosystem).join(", ")
}

impl Registry {
    pub(super) fn of(ecosystem: &str) -> Option<&'static Registry> {
        ALL.iter()
            .find(|registry| registry.ecosystem.eq_ignore_ascii_case(ecosystem))
    }

    /// The path, below the base, at which it answers first about a package.
    pub(super) fn address(&self, package: &str) -> String {
        (self.address)(package)
    }
}

/// Where Go's proxy answers about one version.
pub(super) fn go_version(package: &str, version: &str) -> String {
    let module = path(&escaped(package));
    format!("{module}/@v/{}.info", path(&escaped(version)))
}

/// Each word as one step. The mark that Go sets before capital letters may stand in a path.
fn path(text: &str) -> String {
    let words = text.split('/').map(|word| step(word).replace("%21", "!"));
    words.collect::<Vec<_>>().join("/")
}

/// Go writes capital letters as `!c`, since some file systems do not tell them apart.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(letter.to_ascii_lowercase());
    }
    escaped
}

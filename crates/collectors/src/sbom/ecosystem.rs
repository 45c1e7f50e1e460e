//! Package URLs in the words of OSV: ecosystem and name.

use crate::distribution::Release;
use standing_patching::{Purl, pypi_name};

/// What one component is called where advisories are looked up.
pub(crate) struct Identity {
    pub(crate) ecosystem: String,
    pub(crate) name: String,
    /// Version of the source package, where the URL gives its own.
    pub(crate) version: Option<String>,
    /// The binary package, where `name` is the source's and differs.
    pub(crate) binary: Option<String>,
}

/// Types without an ecosystem of OSV's keep the type as the ecosystem.
pub(crate) fn identity(purl: &Purl) -> Identity {
    let joined = |separator: &str| match &purl.namespace {
        Some(namespace) => format!("{namespace}{separator}{}", purl.name),
        None => purl.name.clone(),
    };
    let (ecosystem, name) = match purl.kind.as_str() {
        "deb" => return debian(purl),
        "npm" => ("npm", joined("/")),
        "pypi" => ("PyPI", pypi_name(&purl.name)),
        "cargo" => ("crates.io", purl.name.clone()),
        "golang" => ("Go", joined("/")),
        "maven" => ("Maven", joined(":")),
        "gem" => ("RubyGems", purl.name.clone()),
        "composer" => ("Packagist", joined("/").to_lowercase()),
        "nuget" => ("NuGet", purl.name.clone()),
        "hex" => ("Hex", purl.name.clone()),
        "pub" => ("Pub", purl.name.clone()),
        other => (other, joined("/")),
    };
    Identity {
        ecosystem: ecosystem.to_owned(),
        name,
        version: None,
        binary: None,
    }
}

/// Advisories name the source package, which syft writes as `upstream=openssl` or
/// `upstream=gcc-12@12.2.0-14`.
fn debian(purl: &Purl) -> Identity {
    let namespace = purl.namespace.as_deref().unwrap_or("debian");
    let release = match purl.qualifiers.get("distro") {
        Some(distro) => Release::from_qualifier(namespace, distro),
        None => Release::new(namespace, None),
    };
    let upstream = purl.qualifiers.get("upstream").map(String::as_str);
    let (source, version) = match upstream.map(|u| u.split_once('@').unwrap_or((u, ""))) {
        Some((source, version)) if !source.is_empty() => (source, version),
        _ => (purl.name.as_str(), ""),
    };
    Identity {
        ecosystem: release.ecosystem(),
        name: source.to_owned(),
        version: (!version.is_empty()).then(|| version.to_owned()),
        binary: (source != purl.name).then(|| purl.name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_become_ecosystems() {
        for (url, ecosystem, name) in [
            (
                "pkg:deb/debian/openssl@3?distro=debian-12",
                "Debian:12",
                "openssl",
            ),
            (
                "pkg:deb/ubuntu/curl@7?distro=ubuntu-22.04",
                "Ubuntu:22.04:LTS",
                "curl",
            ),
            (
                "pkg:deb/debian/libssl3@3?distro=bookworm&upstream=openssl",
                "Debian:12",
                "openssl",
            ),
            ("pkg:npm/%40angular/core@1", "npm", "@angular/core"),
            ("pkg:pypi/Zope.Interface@1", "PyPI", "zope-interface"),
            ("pkg:cargo/serde@1", "crates.io", "serde"),
            (
                "pkg:golang/github.com/gin-gonic/gin@v1",
                "Go",
                "github.com/gin-gonic/gin",
            ),
            ("pkg:maven/org.jline/jline@3", "Maven", "org.jline:jline"),
            ("pkg:gem/rails@7", "RubyGems", "rails"),
            (
                "pkg:composer/Laravel/framework@7",
                "Packagist",
                "laravel/framework",
            ),
            ("pkg:nuget/Newtonsoft.Json@13", "NuGet", "Newtonsoft.Json"),
            ("pkg:apk/alpine/musl@1", "apk", "alpine/musl"),
        ] {
            let purl = Purl::parse(url).expect("a package URL");
            let found = identity(&purl);
            assert_eq!(
                (found.ecosystem.as_str(), found.name.as_str()),
                (ecosystem, name)
            );
        }
    }

    #[test]
    fn the_source_may_have_a_version_of_its_own() {
        let url = "pkg:deb/debian/libgcc-s1@12.2.0-14%2Bb1?upstream=gcc-12%4012.2.0-14";
        let found = identity(&Purl::parse(url).expect("a package URL"));
        assert_eq!(found.version.as_deref(), Some("12.2.0-14"));
        assert_eq!(found.binary.as_deref(), Some("libgcc-s1"));
    }
}

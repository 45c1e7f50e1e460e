//! Package URLs in the words of OSV: ecosystem and name.

use crate::distribution::Release;
use crate::rpm::Package;
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
        "apk" => return alpine(purl),
        "rpm" => return rpm(purl, None),
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

/// The release that a package of a distribution is of.
fn release(purl: &Purl, usual: &str) -> Release {
    let namespace = purl.namespace.as_deref().unwrap_or(usual);
    match purl.qualifiers.get("distro") {
        Some(distro) => Release::from_qualifier(namespace, distro),
        None => Release::new(namespace, None),
    }
}

/// Advisories name the origin, which syft writes as `upstream=openssl`; all its packages are of one
/// version.
fn alpine(purl: &Purl) -> Identity {
    let origin = purl.qualifiers.get("upstream");
    let origin = origin.map_or(purl.name.as_str(), |upstream| {
        upstream.split_once('@').map_or(upstream.as_str(), |u| u.0)
    });
    Identity {
        ecosystem: release(purl, "alpine").ecosystem(),
        name: origin.to_owned(),
        version: None,
        binary: (origin != purl.name).then(|| purl.name.clone()),
    }
}

/// A package of rpm's, as on a host: what others than the distribution built is compared with nothing.
pub(super) fn rpm(purl: &Purl, vendor: Option<&str>) -> Identity {
    let qualifier = |name: &str| purl.qualifiers.get(name).cloned();
    let full = purl.version.as_deref().unwrap_or_default();
    let (version, release_number) = full.rsplit_once('-').unwrap_or((full, ""));
    let package = Package {
        name: purl.name.clone(),
        epoch: qualifier("epoch").and_then(|epoch| epoch.parse().ok()),
        version: version.to_owned(),
        release: release_number.to_owned(),
        architecture: qualifier("arch"),
        source: qualifier("upstream"),
        installed: None,
        vendor: vendor.map(str::to_owned),
        module: qualifier("rpmmod"),
    };
    let component = package.component("", &release(purl, "rpm"), None);
    Identity {
        ecosystem: component.ecosystem,
        name: component.name,
        version: Some(component.version).filter(|_| !full.is_empty() && !release_number.is_empty()),
        binary: component.binary,
    }
}

/// Advisories name the source package, which syft writes as `upstream=openssl` or
/// `upstream=gcc-12@12.2.0-14`.
fn debian(purl: &Purl) -> Identity {
    let release = release(purl, "debian");
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
            ("pkg:apk/alpine/musl@1", "Alpine", "musl"),
            (
                "pkg:apk/alpine/ssl_client@1.36.1-r2?distro=alpine-3.18.2&upstream=busybox",
                "Alpine:v3.18",
                "busybox",
            ),
            (
                "pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?distro=almalinux-9.3&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm",
                "AlmaLinux:9",
                "openssl-libs",
            ),
            (
                "pkg:rpm/rocky/openssl-libs@3.0.7-24.el9?distro=rocky-9.3&epoch=1&upstream=openssl-3.0.7-24.el9.src.rpm",
                "Rocky Linux:9",
                "openssl",
            ),
            (
                "pkg:rpm/redhat/bash@5.1.8-6.el9_1?distro=redhat-9.2",
                "Red Hat",
                "bash",
            ),
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
    fn the_epoch_of_rpm_stands_before_the_version() {
        let url = "pkg:rpm/almalinux/openssl-libs@3.0.7-24.el9?distro=almalinux-9.3&epoch=1";
        let purl = Purl::parse(url).expect("a package URL");
        assert_eq!(identity(&purl).version.as_deref(), Some("1:3.0.7-24.el9"));
        assert_eq!(rpm(&purl, Some("Somebody")).ecosystem, "rpm");
        assert_eq!(rpm(&purl, Some("AlmaLinux")).ecosystem, "AlmaLinux:9");
    }

    #[test]
    fn the_source_may_have_a_version_of_its_own() {
        let url = "pkg:deb/debian/libgcc-s1@12.2.0-14%2Bb1?upstream=gcc-12%4012.2.0-14";
        let found = identity(&Purl::parse(url).expect("a package URL"));
        assert_eq!(found.version.as_deref(), Some("12.2.0-14"));
        assert_eq!(found.binary.as_deref(), Some("libgcc-s1"));
    }
}

//! Trivy's JSON: of an image, a file system or a repository, in both versions of its schema, and of a
//! Kubernetes cluster. Source: <https://trivy.dev/latest/docs/configuration/reporting/>.
//!
//! No field dates a fix: `PublishedDate` is the vulnerability's.

use serde_json::Value;
use standing_patching::{Level, Purl};

use super::finding::{Desk, Finding};
use super::versions::first_fix;
use super::words::{list, text, texts};
use crate::distribution::Release;
use crate::json::{Piece, stream_objects};
use crate::sbom::ecosystem;
use crate::unpacked::{Document, Refusal};

/// Lists beside the vulnerabilities of a result, and what is in them.
const OTHERS: [(&str, &str); 4] = [
    ("Misconfigurations", "misconfigurations"),
    ("Secrets", "secrets"),
    ("Licenses", "licences"),
    ("CustomResources", "custom resources"),
];

/// What the report says of everything in it.
struct Scanned<'v> {
    asset: Option<String>,
    os: &'v Value,
}

/// Version 2 of the schema.
pub(super) fn read(
    document: &Document<'_>,
    head: &Value,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    if head["Results"].is_null() {
        return Ok(());
    }
    let metadata = &head["Metadata"];
    let tag = texts(metadata, "RepoTags").into_iter().next();
    let tag = tag.filter(|tag| !tag.is_empty());
    let scanned = Scanned {
        asset: text(head, "ArtifactName").map(str::to_owned).or(tag),
        os: &metadata["OS"],
    };
    each(document, "Results", &mut |value, place| {
        result(&scanned, value, place, desk)
    })
}

/// Version 1: a list of results that names no artifact. Of an image the first result is that of its
/// distribution, whose target names the image; the others' targets are places in it.
pub(super) fn read_list(
    document: &Document<'_>,
    head: &Value,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    let first = text(&head[0], "Target").unwrap_or_default();
    let scanned = Scanned {
        asset: described(first).map(|(image, _)| image.to_owned()),
        os: &Value::Null,
    };
    each(document, "Results", &mut |value, place| {
        result(&scanned, value, place, desk)
    })
}

/// A cluster: every resource has results of its own.
pub(super) fn read_cluster(
    document: &Document<'_>,
    head: &Value,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    let lists = ["Resources", "Vulnerabilities", "Findings"];
    let found = lists.into_iter().find(|name| head.get(name).is_some());
    each(
        document,
        found.unwrap_or("Resources"),
        &mut |value, place| {
            if !value.is_object() {
                return desk.odd(None, Some(place), "expected a resource");
            }
            let words = ["Namespace", "Kind", "Name"].map(|name| text(value, name));
            let words: Vec<&str> = words.into_iter().flatten().collect();
            let scanned = Scanned {
                asset: (!words.is_empty()).then(|| words.join("/")),
                os: &value["Metadata"]["OS"],
            };
            for one in list(value, "Results") {
                result(&scanned, one, place, desk);
            }
        },
    )?;
    Ok(())
}

fn each(
    document: &Document<'_>,
    name: &str,
    take: &mut dyn FnMut(&Value, &str),
) -> Result<(), Refusal> {
    let mut elements = |piece| {
        if let Piece::Element(position, value) = piece {
            take(&value, &format!("{name}[{position}]"));
        }
    };
    let skip = ["Metadata", "Misconfigurations"];
    stream_objects(document.text()?, name, &skip, &mut elements).map_err(|e| Refusal::json(&e))
}

fn result(scanned: &Scanned<'_>, value: &Value, place: &str, desk: &mut Desk<'_, '_>) {
    if !value.is_object() {
        return desk.odd(None, Some(place), "expected a result");
    }
    for (name, what) in OTHERS {
        desk.leave_many(what, list(value, name).len());
    }
    let target = text(value, "Target").unwrap_or_default();
    let described = described(target);
    let image = described.map(|(image, _)| image);
    let of_list = image.or(Some(target)).filter(|_| scanned.os.is_null());
    let asset = scanned.asset.as_deref().or(image).or(of_list);
    let asset = desk.asset(asset);
    let ecosystem = ecosystem(value, scanned.os, described.map(|(_, os)| os));
    for (position, one) in list(value, "Vulnerabilities").iter().enumerate() {
        let place = format!("{place}.Vulnerabilities[{position}]");
        let mut finding = vulnerability(one, ecosystem.as_deref(), desk);
        finding.asset.clone_from(&asset);
        desk.put(finding, None, Some(&place));
    }
}

/// `image:tag (debian 12.5)`: the image, and its distribution with the bracket.
fn described(target: &str) -> Option<(&str, &str)> {
    target.rsplit_once(" (").filter(|_| target.ends_with(')'))
}

/// The ecosystem of a result by its type, for packages without a package URL.
pub(super) fn ecosystem(value: &Value, os: &Value, described: Option<&str>) -> Option<String> {
    let kind = text(value, "Type")?;
    Some(match kind {
        "npm" | "yarn" | "pnpm" | "node-pkg" | "bun" => "npm".to_owned(),
        "pip" | "pipenv" | "poetry" | "uv" | "python-pkg" => "PyPI".to_owned(),
        "cargo" | "rustbinary" => "crates.io".to_owned(),
        "gomod" | "gobinary" => "Go".to_owned(),
        "jar" | "pom" | "gradle" | "sbt" => "Maven".to_owned(),
        "bundler" | "gemspec" => "RubyGems".to_owned(),
        "composer" | "composer-vendor" => "Packagist".to_owned(),
        "nuget" | "dotnet-core" | "packages-props" => "NuGet".to_owned(),
        "hex" => "Hex".to_owned(),
        "pub" => "Pub".to_owned(),
        "debian" | "ubuntu" | "alpine" | "alma" | "rocky" | "redhat" | "opensuse.leap" => {
            let words = described.map(|d| d.trim_end_matches(')'));
            let version = text(os, "Name").or_else(|| words?.split(' ').nth(1));
            Release::new(kind, version).ecosystem()
        }
        _ => return None,
    })
}

pub(super) fn vulnerability(
    one: &Value,
    of_result: Option<&str>,
    desk: &mut Desk<'_, '_>,
) -> Finding {
    let purl = text(&one["PkgIdentifier"], "PURL").or_else(|| text(one, "PkgRef"));
    let identity = purl.and_then(Purl::parse).map(|p| ecosystem::identity(&p));
    let ecosystem = identity.as_ref().map(|i| i.ecosystem.clone());
    let ecosystem = ecosystem.or_else(|| of_result.map(str::to_owned));
    let named = text(one, "PkgName").unwrap_or_default().to_owned();
    let version = text(one, "InstalledVersion").unwrap_or_default().to_owned();
    let fixes = text(one, "FixedVersion").unwrap_or_default();
    let fixes: Vec<String> = fixes.split(',').map(str::to_owned).collect();
    let fixed = first_fix(ecosystem.as_deref(), &version, &fixes);
    let status = text(one, "Status").unwrap_or_default();
    Finding {
        component: identity.map_or(named, |i| i.name),
        advisory: text(one, "VulnerabilityID").unwrap_or_default().to_owned(),
        aliases: texts(one, "VendorIDs")
            .into_iter()
            .filter(|id| is_alias(id))
            .collect(),
        is_closed: status == "not_affected",
        fix_state: fix_state(status, fixed.is_some()),
        severity: severity(one),
        cvss: vectors(one),
        published_on: desk.day_of(one, "PublishedDate"),
        version,
        ecosystem,
        fixed,
        ..Finding::default()
    }
}

/// A distribution's advisory mends several vulnerabilities, which makes it no other name of each.
fn is_alias(id: &str) -> bool {
    !super::ids::all(id).is_empty()
}

fn fix_state(status: &str, has_fix: bool) -> Option<&'static str> {
    match status {
        "fixed" => Some("fixed"),
        "affected" | "fix_deferred" => Some("none"),
        "will_not_fix" | "end_of_life" => Some("will not fix"),
        _ => has_fix.then_some("fixed"),
    }
}

/// The level that Trivy shows is the one of `SeveritySource`. Where the report does not name it, one
/// author among `VendorSeverity` may be the only one who gives that level; else it is Trivy's.
fn severity(one: &Value) -> Option<(Level, String)> {
    let level = Level::of_word(text(one, "Severity")?)?;
    let number = match level {
        Level::None => 0,
        Level::Low => 1,
        Level::Medium => 2,
        Level::High => 3,
        Level::Critical => 4,
    };
    let authors = one["VendorSeverity"].as_object().into_iter().flatten();
    let mut same = authors.filter(|(_, value)| value.as_u64() == Some(number));
    let only = same.next().filter(|_| same.next().is_none());
    let source = text(one, "SeveritySource").or(only.map(|(name, _)| name.as_str()));
    Some((
        level,
        source.map_or_else(|| "scanner Trivy".to_owned(), author),
    ))
}

/// Trivy's name of a source of data, and what kind of author that is.
fn author(source: &str) -> String {
    let vendor = match source {
        "debian" => "Debian",
        "ubuntu" => "Ubuntu",
        "redhat" | "redhat-oval" => "Red Hat",
        "alma" => "AlmaLinux",
        "rocky" => "Rocky Linux",
        "amazon" => "Amazon",
        "oracle-oval" => "Oracle",
        "fedora" => "Fedora",
        "alpine" => "Alpine",
        "wolfi" => "Wolfi",
        "chainguard" => "Chainguard",
        "suse-cvrf" => "SUSE",
        "photon" => "Photon",
        "azure" | "cbl-mariner" => "Microsoft",
        "arch-linux" => "Arch Linux",
        "bitnami" => "Bitnami",
        "k8s" => "Kubernetes",
        _ => return format!("database {source}"),
    };
    format!("vendor {vendor}")
}

/// Those of the author whose level stands first, then NVD's, then the others'.
fn vectors(one: &Value) -> Vec<String> {
    let source = text(one, "SeveritySource").unwrap_or_default();
    let mut authors: Vec<_> = one["CVSS"].as_object().into_iter().flatten().collect();
    authors.sort_by_key(|(name, _)| match name.as_str() {
        name if name == source => 0,
        "nvd" => 1,
        _ => 2,
    });
    let vectors = authors.iter().flat_map(|(_, scores)| {
        ["V3Vector", "V40Vector", "V2Vector"].map(|name| text(scores, name))
    });
    vectors.flatten().map(str::to_owned).collect()
}

//! AWS Inspector's findings (version 2), as its command line or an export writes them.
//! Source: <https://docs.aws.amazon.com/inspector/v2/APIReference/API_Finding.html>.
//!
//! No field dates a fix for certain: `vendorCreatedAt` is the day of the advisory, which may be that
//! of the vulnerability, so it is `published_on`; `firstObservedAt` is Inspector's first sight.

use serde_json::Value;
use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::words::{list, text, texts};
use crate::distribution::Release;
use crate::json::{Piece, stream_objects};
use crate::unpacked::{Document, Refusal};

/// Reads the findings one by one.
pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let mut further = false;
    let read = stream_objects(
        document.text()?,
        "findings",
        &[],
        &mut |piece| match piece {
            Piece::Element(position, value) => take(&value, &format!("findings[{position}]"), desk),
            Piece::Member(name, value) => {
                further |= name == "nextToken" && value.as_str().is_some_and(|t| !t.is_empty());
            }
        },
    );
    if further {
        let why = format!("{} says that there are further pages", desk.part);
        desk.truncated(why);
    }
    read.map_err(|e| Refusal::json(&e))
}

fn take(value: &Value, place: &str, desk: &mut Desk<'_, '_>) {
    match text(value, "type") {
        Some("NETWORK_REACHABILITY") => return desk.leave("findings of open ports"),
        Some("CODE_VULNERABILITY") => return desk.leave("findings in code"),
        _ => {}
    }
    let details = &value["packageVulnerabilityDetails"];
    let (resources, packages) = (
        list(value, "resources"),
        list(details, "vulnerablePackages"),
    );
    if resources.is_empty() || packages.is_empty() {
        return desk.odd(
            None,
            Some(place),
            "names no resource or no package; left out",
        );
    }
    for resource in resources {
        for package in packages {
            let finding = one(value, resource, package, desk);
            desk.put(finding, None, Some(place));
        }
    }
}

fn one(value: &Value, resource: &Value, package: &Value, desk: &mut Desk<'_, '_>) -> Finding {
    let details = &value["packageVulnerabilityDetails"];
    let fixed = text(package, "fixedInVersion").filter(|f| *f != "NotAvailable");
    let fixed = fixed.map(|f| f.strip_prefix("0:").unwrap_or(f).to_owned());
    let cvss = list(details, "cvss").iter();
    Finding {
        asset: desk.named(asset(resource).as_deref()),
        component: text(package, "name").unwrap_or_default().to_owned(),
        version: version(package),
        advisory: text(details, "vulnerabilityId")
            .unwrap_or_default()
            .to_owned(),
        aliases: aliases(details),
        is_closed: text(value, "status") == Some("CLOSED"),
        ecosystem: ecosystem(package, resource),
        severity: severity(value, details),
        cvss: cvss
            .filter_map(|c| text(c, "scoringVector"))
            .map(str::to_owned)
            .collect(),
        fix_state: match text(value, "fixAvailable") {
            Some("YES") => Some("fixed"),
            Some("NO") => Some("none"),
            _ => fixed.is_some().then_some("fixed"),
        },
        published_on: desk.day_of(details, "vendorCreatedAt"),
        first_seen_on: desk.day_of(value, "firstObservedAt"),
        fixed,
        ..Finding::default()
    }
}

/// An image by its repository and tag, a function by its name, anything else by its id.
fn asset(resource: &Value) -> Option<String> {
    let image = &resource["details"]["awsEcrContainerImage"];
    let function = &resource["details"]["awsLambdaFunction"];
    let tag = texts(image, "imageTags").into_iter().next();
    let digest = text(image, "imageHash").map(|hash| format!("@{hash}"));
    let tag = tag
        .map(|tag| format!(":{tag}"))
        .or(digest)
        .unwrap_or_default();
    let image = text(image, "repositoryName").map(|name| format!("{name}{tag}"));
    image
        .or_else(|| text(function, "functionName").map(str::to_owned))
        .or_else(|| text(resource, "id").map(str::to_owned))
}

/// Epoch, version and release, as the package manager writes them.
fn version(package: &Value) -> String {
    let version = text(package, "version").unwrap_or_default();
    let epoch = package["epoch"].as_u64().filter(|epoch| *epoch > 0);
    let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
    let release = text(package, "release").map(|release| format!("-{release}"));
    format!("{epoch}{version}{}", release.unwrap_or_default())
}

/// One related id is another name of the same; several are what one advisory mends.
fn aliases(details: &Value) -> Vec<String> {
    let related = texts(details, "relatedVulnerabilities");
    if related.len() == 1 {
        related
    } else {
        Vec::new()
    }
}

fn ecosystem(package: &Value, resource: &Value) -> Option<String> {
    let details = &resource["details"];
    let platforms = ["awsEcrContainerImage", "awsEc2Instance"];
    let platform = platforms
        .iter()
        .find_map(|name| text(&details[*name], "platform"));
    Some(match text(package, "packageManager")? {
        "NPM" | "NODEPKG" | "YARN" | "PNPM" => "npm".to_owned(),
        "PIP" | "PIPENV" | "POETRY" | "PYTHON" | "PYTHONPKG" => "PyPI".to_owned(),
        "CARGO" => "crates.io".to_owned(),
        "GO" | "GOMOD" | "GOBINARY" => "Go".to_owned(),
        "JAR" | "POM" => "Maven".to_owned(),
        "BUNDLER" | "GEMSPEC" => "RubyGems".to_owned(),
        "COMPOSER" => "Packagist".to_owned(),
        "NUGET" | "DOTNET_CORE" => "NuGet".to_owned(),
        "OS" => {
            let (os, version) = platform?.split_once('_')?;
            let os = os.to_lowercase();
            let known = ["debian", "ubuntu"].contains(&os.as_str());
            let version = version.replace('_', ".");
            return known.then(|| Release::new(&os, Some(&version)).ecosystem());
        }
        _ => return None,
    })
}

/// The word of whoever the details come from goes before Inspector's own.
fn severity(value: &Value, details: &Value) -> Option<(Level, String)> {
    let of_vendor = text(details, "vendorSeverity").and_then(Level::of_word);
    let author = match text(details, "source").unwrap_or_default() {
        "NVD" => Some("database nvd"),
        "GITHUB" | "GITHUB_SECURITY_ADVISORY" => Some("database ghsa"),
        source if source.starts_with("DEBIAN") => Some("vendor Debian"),
        source if source.starts_with("UBUNTU") => Some("vendor Ubuntu"),
        source if source.starts_with("REDHAT") => Some("vendor Red Hat"),
        source if source.starts_with("AMAZON") || source.starts_with("ALAS") => {
            Some("vendor Amazon")
        }
        source if source.starts_with("MICROSOFT") => Some("vendor Microsoft"),
        _ => None,
    };
    let of_scanner = || {
        let level = Level::of_word(text(value, "severity")?)?;
        Some((level, "scanner Inspector".to_owned()))
    };
    let vendors = of_vendor.zip(author.map(str::to_owned));
    vendors.or_else(of_scanner)
}

//! Grype's JSON. Source: <https://github.com/anchore/grype>, `schema/grype`.
//!
//! `fix.available` dates fixes: `date` is the day on which that version could be had, and `kind` says
//! how Grype knows it, so it goes into `fix_dated_by`.

use serde_json::Value;
use standing_facts::Date;
use standing_patching::{Level, Purl};

use super::finding::{Desk, Finding};
use super::ids;
use super::versions::first_fix;
use super::words::{list, text, texts};
use crate::json::{Piece, stream_objects};
use crate::sbom::ecosystem;
use crate::unpacked::{Document, Refusal};

/// Reads the matches one by one.
pub(super) fn read(
    document: &Document<'_>,
    head: &Value,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    let asset = desk.asset(asset(&head["source"]).as_deref());
    let skip = ["descriptor", "source", "ignoredMatches", "distro"];
    let read = stream_objects(document.text()?, "matches", &skip, &mut |piece| {
        if let Piece::Element(position, value) = piece {
            let place = format!("matches[{position}]");
            let finding = one(&value, asset.clone(), desk);
            desk.put(finding, None, Some(&place));
        }
    });
    read.map_err(|e| Refusal::json(&e))
}

/// An image is named by what was asked for, a folder or file by its path.
fn asset(source: &Value) -> Option<String> {
    let target = &source["target"];
    let named = text(target, "userInput").or_else(|| target.as_str());
    let named = named.map(|n| n.trim_matches('"').trim());
    named.filter(|n| !n.is_empty()).map(str::to_owned)
}

fn one(value: &Value, asset: String, desk: &mut Desk<'_, '_>) -> Finding {
    let (vulnerability, artifact) = (&value["vulnerability"], &value["artifact"]);
    let purl = text(artifact, "purl").and_then(Purl::parse);
    let identity = purl.map(|p| ecosystem::identity(&p));
    let ecosystem = identity.as_ref().map(|i| i.ecosystem.clone());
    let version = text(artifact, "version").unwrap_or_default().to_owned();
    let fixed = fixed(value, ecosystem.as_deref(), &version);
    let named = text(artifact, "name").unwrap_or_default().to_owned();
    let related = list(value, "relatedVulnerabilities");
    let ratings = std::iter::once(vulnerability).chain(related);
    let vectors = ratings.flat_map(|rating| list(rating, "cvss"));
    Finding {
        asset,
        component: identity.map_or(named, |i| i.name),
        advisory: text(vulnerability, "id").unwrap_or_default().to_owned(),
        aliases: aliases(vulnerability, related),
        severity: severity(vulnerability),
        cvss: vectors
            .filter_map(|c| text(c, "vector"))
            .map(str::to_owned)
            .collect(),
        fix_state: match text(&vulnerability["fix"], "state") {
            Some("fixed") => Some("fixed"),
            Some("not-fixed") => Some("none"),
            Some("wont-fix") => Some("will not fix"),
            _ => None,
        },
        fix: fixed.as_deref().and_then(|f| dated(vulnerability, f, desk)),
        version,
        ecosystem,
        fixed,
        ..Finding::default()
    }
}

/// Related ones are other names of the same unless there are several: then they are what one
/// advisory of a distribution mends.
fn aliases(vulnerability: &Value, related: &[Value]) -> Vec<String> {
    let own = ids::all(text(vulnerability, "id").unwrap_or_default());
    match related {
        [one] => text(one, "id").map(str::to_owned).into_iter().collect(),
        several if own.iter().any(|id| id.starts_with("GHSA-")) => several
            .iter()
            .filter_map(|r| text(r, "id"))
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// Grype's own suggestion for the installed version goes before the list of all branches.
fn fixed(value: &Value, ecosystem: Option<&str>, installed: &str) -> Option<String> {
    let details = list(value, "matchDetails").iter();
    let suggested = details
        .filter_map(|d| text(&d["fix"], "suggestedVersion"))
        .next();
    let versions = texts(&value["vulnerability"]["fix"], "versions");
    suggested
        .map(str::to_owned)
        .or_else(|| first_fix(ecosystem, installed, &versions))
}

fn dated(vulnerability: &Value, fixed: &str, desk: &mut Desk<'_, '_>) -> Option<(Date, String)> {
    let available = list(&vulnerability["fix"], "available").iter();
    let available =
        available.filter(|a| text(a, "version") == Some(fixed) && text(a, "date").is_some());
    let one = available.min_by_key(|a| text(a, "date"))?;
    let day = desk.day_of(one, "date")?;
    let kind = text(one, "kind").map(|kind| format!(" ({kind})"));
    Some((
        day,
        format!("grype fix.available.date{}", kind.unwrap_or_default()),
    ))
}

/// Alpine and others without a level of their own get theirs from Grype.
fn severity(vulnerability: &Value) -> Option<(Level, String)> {
    let level = Level::of_word(text(vulnerability, "severity")?)?;
    let namespace = text(vulnerability, "namespace").unwrap_or_default();
    let by = match namespace.split(':').next().unwrap_or_default() {
        "nvd" => "database nvd",
        "github" => "database ghsa",
        "debian" => "vendor Debian",
        "ubuntu" => "vendor Ubuntu",
        "redhat" | "rhel" => "vendor Red Hat",
        "amazon" => "vendor Amazon",
        "oracle" | "ol" => "vendor Oracle",
        "sles" => "vendor SUSE",
        "mariner" | "azurelinux" | "msrc" => "vendor Microsoft",
        _ => "scanner Grype",
    };
    Some((level, by.to_owned()))
}

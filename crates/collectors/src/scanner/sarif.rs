//! SARIF 2.1.0. A result is of a vulnerability where its rule bears such an id or states a
//! `security-severity`; everything else is counted.
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>.

use std::collections::HashMap;

use serde_json::Value;
use standing_patching::{Level, Purl};

use super::finding::{Desk, Finding};
use super::ids;
use super::words::{list, tenths, text, texts};
use crate::json::{Piece, stream_objects};
use crate::sbom::ecosystem;
use crate::unpacked::{Document, Refusal};

/// Reads the runs one by one.
pub(super) fn read(
    document: &Document<'_>,
    head: &Value,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    match text(head, "version") {
        Some("2.1.0") => {}
        Some(version) if version.len() <= 16 => {
            let why = format!("SARIF {version} is not read; 2.1.0 is");
            return Err(Refusal::new(why));
        }
        _ => return Err(Refusal::new("SARIF of no version is not read; 2.1.0 is")),
    }
    let read = stream_objects(document.text()?, "runs", &[], &mut |piece| {
        if let Piece::Element(position, value) = piece {
            run(&value, position, desk);
        }
    });
    read.map_err(|e| Refusal::json(&e))
}

fn run(value: &Value, position: u64, desk: &mut Desk<'_, '_>) {
    let driver = &value["tool"]["driver"];
    let tool = text(driver, "name").unwrap_or("SARIF");
    let asset = desk.asset(text(&value["properties"], "imageName"));
    let rules = Rules::of(value);
    for (index, result) in list(value, "results").iter().enumerate() {
        let place = format!("runs[{position}].results[{index}]");
        match one(result, rules.rule(result), tool, &asset) {
            Some(finding) => desk.put(finding, None, Some(&place)),
            None => desk.leave("results that are not of vulnerabilities"),
        }
    }
}

/// The descriptions of a run's rules.
struct Rules<'v> {
    listed: &'v [Value],
    by_id: HashMap<&'v str, &'v Value>,
}

impl<'v> Rules<'v> {
    fn of(run: &'v Value) -> Self {
        let listed = list(&run["tool"]["driver"], "rules");
        let extensions = list(&run["tool"], "extensions").iter();
        let all = extensions.flat_map(|e| list(e, "rules")).chain(listed);
        let by_id = all.filter_map(|rule| Some((text(rule, "id")?, rule)));
        Rules {
            listed,
            by_id: by_id.collect(),
        }
    }

    /// The description of a result's rule, by its id or, where it bears none, by its place.
    fn rule(&self, result: &Value) -> &'v Value {
        let index = result["ruleIndex"]
            .as_u64()
            .or(result["rule"]["index"].as_u64());
        let indexed = || self.listed.get(usize::try_from(index?).ok()?);
        let found = match rule_id(result) {
            Some(id) => self.by_id.get(id).copied(),
            None => indexed(),
        };
        found.unwrap_or(&Value::Null)
    }
}

fn rule_id(result: &Value) -> Option<&str> {
    text(result, "ruleId").or_else(|| text(&result["rule"], "id"))
}

/// The finding of one result; `None` where it is not of a vulnerability.
fn one(result: &Value, rule: &Value, tool: &str, asset: &str) -> Option<Finding> {
    let kind = text(result, "kind").unwrap_or("fail");
    let id = rule_id(result)
        .or_else(|| text(rule, "id"))
        .unwrap_or_default();
    let named = ids::all(id);
    let other = ids::all(&format!(
        "{} {} {}",
        text(rule, "name").unwrap_or_default(),
        text(&rule["shortDescription"], "text").unwrap_or_default(),
        texts(&rule["properties"], "tags").join(" ")
    ));
    let score = score(&result["properties"]).or_else(|| score(&rule["properties"]));
    let is_one = !named.is_empty() || !other.is_empty() || score.is_some();
    if !is_one || ["pass", "notApplicable", "informational"].contains(&kind) {
        return None;
    }
    let main = named.first().or(other.first()).cloned();
    let told = Told::of(result, rule);
    Some(Finding {
        asset: asset.to_owned(),
        component: told.component,
        version: told.version,
        ecosystem: told.ecosystem,
        advisory: main.unwrap_or_else(|| format!("{}:{id}", tool.to_lowercase())),
        aliases: named.into_iter().chain(other).collect(),
        is_closed: text(result, "baselineState") == Some("absent"),
        severity: score.map(|level| (level, format!("scanner {tool}"))),
        fix_state: told.fixed.is_some().then_some("fixed"),
        fixed: told.fixed,
        ..Finding::default()
    })
}

/// A `security-severity` is a score whose scale is not told; its bands are those of CVSS.
fn score(properties: &Value) -> Option<Level> {
    let stated = &properties["security-severity"];
    let text = stated.as_str().map(str::to_owned);
    let text = text.or_else(|| stated.as_f64().map(|n| n.to_string()))?;
    let tenths = u8::try_from(tenths(&text)?).ok()?;
    Some(Level::of_tenths(tenths))
}

/// What is vulnerable, as far as the result says.
struct Told {
    component: String,
    version: String,
    ecosystem: Option<String>,
    fixed: Option<String>,
}

impl Told {
    /// Trivy writes `Package: …` lines; Grype gives package URLs. Otherwise it is the file.
    fn of(result: &Value, rule: &Value) -> Told {
        let message = text(&result["message"], "text").unwrap_or_default();
        let line = |start: &str| {
            let mut lines = message.lines().map(str::trim);
            let found = lines.find_map(|l| l.strip_prefix(start))?.trim();
            (!found.is_empty()).then(|| found.to_owned())
        };
        let purls = texts(&rule["properties"], "purls");
        let purl = purls.first().filter(|_| purls.len() == 1);
        let purl = purl.and_then(|p| Purl::parse(p));
        let version = purl.as_ref().and_then(|p| p.version.clone());
        let identity = purl.map(|p| ecosystem::identity(&p));
        let of_url = identity.as_ref().map(|i| i.name.clone());
        Told {
            component: line("Package:").or(of_url).unwrap_or_else(|| file(result)),
            version: line("Installed Version:").or(version).unwrap_or_default(),
            ecosystem: identity.map(|i| i.ecosystem),
            fixed: line("Fixed Version:"),
        }
    }
}

/// Where the result was found.
fn file(result: &Value) -> String {
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
    let logical = &result["locations"][0]["logicalLocations"][0];
    let name = text(place, "uri").or_else(|| text(logical, "fullyQualifiedName"));
    name.unwrap_or_default().to_owned()
}

//! `standing patch vex`: what applies here, as a CycloneDX 1.6 document.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::Value as Sql;
use serde_json::{Value, json};
use standing_assess::Estate;
use standing_assess::clocks::{Clock, level_of};
use standing_patching::clock::{Ground, State};
use standing_patching::{Rating, Scale, Severity, VendorWord, Version};

use super::BUDGET;
use crate::cli::When;
use crate::failure::Failure;
use crate::home::Home;
use crate::judge::Terms;

/// Runs the command. Exit code 0.
///
/// # Errors
/// When it could not tell, or the file cannot be written.
pub fn vex(
    home: &Home,
    when: &When,
    asset: Option<&str>,
    out: Option<&Path>,
) -> Result<u8, Failure> {
    let mut index = home.index()?;
    let terms = Terms::settle(home, &index, when)?;
    let estate = terms.estate(&mut index)?;
    let mut clocks = Vec::new();
    estate.each_clock(&mut |clock| {
        if asset.is_none_or(|asset| clock.asset.eq_ignore_ascii_case(asset)) {
            clocks.push(clock);
        }
    })?;
    let gaps = super::gaps(&estate);
    let purls = purls(&estate)?;
    let document = document(&clocks, &purls, &terms, &gaps);
    match out {
        Some(path) => std::fs::write(path, format!("{document:#}\n"))
            .map_err(|e| Failure::usage(format!("cannot write {}: {e}", path.display())))?,
        None => say!("{document:#}"),
    }
    Ok(0)
}

/// Package URLs by the reference of their component. Where a package of a distribution was built into
/// several, none of them speaks for all.
fn purls(estate: &Estate<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let sql = "select component.asset || '#' || component.ecosystem || '/' || component.name || '@'
               || component.version, min(component.purl)
             from (select distinct asset, ecosystem, component as name, version from patch_clock) as clock
             join component using (asset, ecosystem, name, version)
             group by 1 having count(distinct component.purl) = 1";
    let answer = estate.query_with(sql, &[], BUDGET);
    let rows = answer.map_err(Failure::integrity)?.rows.into_iter();
    let pair = |row: Vec<Sql>| match <[Sql; 2]>::try_from(row) {
        Ok([Sql::Text(reference), Sql::Text(purl)]) => Some((reference, purl)),
        _ => None,
    };
    Ok(rows.filter_map(pair).collect())
}

/// The document as of a moment. The same clocks give the same bytes.
fn document(
    clocks: &[Clock],
    purls: &BTreeMap<String, String>,
    terms: &Terms,
    gaps: &[String],
) -> Value {
    let mut components: BTreeMap<String, Value> = BTreeMap::new();
    let mut found: BTreeMap<(String, String), (Value, Vec<Value>)> = BTreeMap::new();
    for clock in clocks {
        let reference = format!(
            "{}#{}/{}@{}",
            clock.asset, clock.ecosystem, clock.component, clock.version
        );
        components
            .entry(reference.clone())
            .or_insert_with(|| component(clock, &reference, purls.get(&reference)));
        let analysis = analysis(clock, terms.as_of.date);
        let key = (clock.vulnerability.clone(), analysis.to_string());
        let (_, affects) = found
            .entry(key)
            .or_insert_with(|| (vulnerability(clock, &analysis), Vec::new()));
        let status = match analysis["state"].as_str() {
            Some("exploitable") => "affected",
            Some("in_triage") => "unknown",
            _ => "unaffected",
        };
        let mut affected = json!({"ref": reference});
        // A scanner may name no version, and a consumer does not take an empty one.
        if !clock.version.is_empty() {
            affected["versions"] = json!([{"version": clock.version, "status": status}]);
        }
        affects.push(affected);
    }
    let vulnerabilities = found.into_values().map(|(mut one, affects)| {
        one["affects"] = Value::Array(affects);
        one
    });
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": terms.as_of.instant,
            "tools": {"components": [{"type": "application", "name": "Standing",
                "version": env!("CARGO_PKG_VERSION")}]},
            "properties": gaps.iter()
                .map(|gap| json!({"name": "standing:gap", "value": gap})).collect::<Vec<_>>(),
        },
        "components": components.into_values().collect::<Vec<_>>(),
        "vulnerabilities": vulnerabilities.collect::<Vec<_>>(),
    })
}

fn component(clock: &Clock, reference: &str, purl: Option<&String>) -> Value {
    let mut one = json!({
        "type": "library",
        "bom-ref": reference,
        "name": clock.component,
        "properties": [
            {"name": "standing:asset", "value": clock.asset},
            {"name": "standing:ecosystem", "value": clock.ecosystem},
        ],
    });
    if !clock.version.is_empty() {
        one["version"] = json!(clock.version);
    }
    if let Some(purl) = purl {
        one["purl"] = json!(purl);
    }
    one
}

fn vulnerability(clock: &Clock, analysis: &Value) -> Value {
    let ratings: Vec<Value> = clock
        .severity
        .ratings
        .iter()
        .map(|rating| {
            let mut one = json!({"source": {"name": rating.name}});
            let method = match rating.scale {
                Scale::Cvss(Version::V2) => Some("CVSSv2"),
                Scale::Cvss(Version::V30) => Some("CVSSv3"),
                Scale::Cvss(Version::V31) => Some("CVSSv31"),
                Scale::Cvss(Version::V40) => Some("CVSSv4"),
                Scale::Word => None,
            };
            match (method, rating.tenths) {
                (Some(method), Some(tenths)) => {
                    one["method"] = json!(method);
                    one["vector"] = json!(rating.text);
                    one["score"] = json!(f64::from(tenths) / 10.0);
                }
                _ => one["severity"] = json!(word(rating)),
            }
            one
        })
        .collect();
    let references: Vec<Value> = clock
        .names
        .iter()
        .filter(|name| **name != clock.vulnerability)
        .map(|name| json!({"id": name, "source": {"name": name.split('-').next()}}))
        .collect();
    let mut one = json!({
        "id": clock.vulnerability,
        "references": references,
        "ratings": ratings,
        "analysis": analysis,
    });
    if let Some(summary) = &clock.summary {
        one["description"] = json!(summary);
    }
    if let Some(published) = clock.published {
        one["published"] = json!(format!("{published}T00:00:00Z"));
    }
    if let Some(fixed) = &clock.fixed {
        one["recommendation"] = json!(format!("Install {fixed} or later."));
    }
    one
}

/// What a rating alone comes to.
fn word(rating: &Rating) -> Option<&'static str> {
    level_of(&Severity {
        ratings: vec![rating.clone()],
        vendor: VendorWord::NotHeld,
    })
}

/// What is known of it here. An exception counts whose ground says that the vulnerability is not there or
/// cannot be reached; that somebody accepts a risk changes nothing about it.
fn analysis(clock: &Clock, today: jiff::civil::Date) -> Value {
    match clock.timeline.state {
        State::Mended { by, .. } => {
            return json!({"state": "resolved", "response": ["update"],
                "detail": format!("Seen mended by {by}.")});
        }
        State::Decommissioned(on) => {
            return json!({"state": "resolved", "detail": format!("Asset taken out of use on {on}.")});
        }
        _ => {}
    }
    let standing = clock.case.exceptions.iter().filter(|e| {
        let from = e.request().from.parse::<jiff::civil::Date>();
        from.is_ok_and(|from| from <= today) && e.expires() >= today
    });
    for exception in standing {
        let request = exception.request();
        let detail = format!("{} Until {}.", request.reason, exception.expires());
        match request.ground {
            Ground::FalsePositive => {
                return json!({"state": "false_positive", "detail": detail});
            }
            Ground::Mitigated => {
                return json!({"state": "not_affected", "detail": detail,
                    "justification": "protected_by_mitigating_control"});
            }
            Ground::OutOfScope => {
                return json!({"state": "not_affected", "detail": detail,
                    "justification": "protected_at_perimeter"});
            }
            Ground::Removed => {
                return json!({"state": "not_affected", "detail": detail,
                    "justification": "code_not_present"});
            }
            Ground::AcceptedRisk => {}
        }
    }
    if clock.not_compared {
        let detail = "The installed version could not be compared with the advisory.";
        return json!({"state": "in_triage", "detail": detail});
    }
    match clock.fixed {
        Some(_) => json!({"state": "exploitable", "response": ["update"],
            "detail": "The installed version is affected; whether it can be reached was not examined."}),
        None => json!({"state": "exploitable", "response": ["can_not_fix"],
            "detail": "The installed version is affected and no fix is known."}),
    }
}

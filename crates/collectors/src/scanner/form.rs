//! Which form a report has, told by what it holds.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::finding::Desk;
use super::sketch::{self, Sketch};
use super::words::{list, text};
use super::{
    cargo_audit, defender, grype, inspector, npm_audit, osv_scanner, pip_audit, sarif, table,
    trivy, trivy_operator, xml, yarn,
};
use crate::lines::{self, Line};
use crate::unpacked::{Document, Refusal};

/// A form, and what is known of the report before it is read.
pub(super) enum Form {
    Json(Json, Sketch),
    /// A document on each line.
    Lines,
    Table(table::Kind),
    Nessus,
    OpenVas,
}

/// A form of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Trivy,
    TrivyList,
    TrivyCluster,
    TrivyOperator,
    Grype,
    OsvScanner,
    PipAudit,
    Npm6,
    Npm7,
    CargoAudit,
    Sarif,
    Inspector,
    Defender,
    DefenderOne,
    Machines,
    YarnLine,
    Yarn4Line,
}

/// The longest line of JSON.
const LINE_BYTES: usize = 16 << 20;
/// The longest document of a form whose findings are not one list of the outermost object.
const WHOLE_BYTES: u64 = 128 << 20;

/// Recognises a report, reading it once where it is JSON.
pub(super) fn of(document: &Document<'_>) -> Result<Form, Refusal> {
    let mut start = Vec::new();
    let read = document.text()?.take(64 << 10).read_to_end(&mut start);
    read.map_err(|e| Refusal::io(&e))?;
    let start = String::from_utf8_lossy(&start);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    match start.chars().next() {
        None => Err(Refusal::new("is empty")),
        Some('<') => of_xml(document, start),
        Some('{' | '[') => of_json(document),
        Some(_) if start.trim_end() == "null" => Err(nothing("null")),
        Some(_) if start.contains("\nAdvisory: ") => {
            Err(unknown(Some("a report of bundler-audit")))
        }
        Some(_) => table::kind(document).map(Form::Table),
    }
}

fn nothing(what: &str) -> Refusal {
    Refusal::new(format!(
        "holds nothing but {what}: it does not say which scanner looked, or at what"
    ))
}

fn unknown(name: Option<&str>) -> Refusal {
    Refusal::new(match name {
        Some(name) => format!("is not a report that this kind knows: it is {name}"),
        None => "is not a report that this kind knows".to_owned(),
    })
}

fn of_xml(document: &Document<'_>, start: &str) -> Result<Form, Refusal> {
    let root = xml::root(document)?;
    match root.as_str() {
        "NessusClientData_v2" => Ok(Form::Nessus),
        "report" | "get_reports_response" if is_openvas(start) => Ok(Form::OpenVas),
        "analysis" => Err(unknown(Some("a report of Dependency-Check"))),
        "bom" => Err(unknown(Some("a CycloneDX bill of materials as XML"))),
        _ if start.contains("nmaprun") => Err(unknown(Some("a report of Nmap"))),
        _ => Err(unknown(Some("XML"))),
    }
}

fn is_openvas(start: &str) -> bool {
    let marks = [
        "<gmp>",
        "<omp>",
        "<scan_run_status>",
        "<results",
        "format_id=",
    ];
    marks.iter().any(|mark| start.contains(mark))
}

fn of_json(document: &Document<'_>) -> Result<Form, Refusal> {
    let sketch = sketch::of(document.text()?).map_err(|e| Refusal::json(&e))?;
    match json(&sketch.value)? {
        _ if !sketch.is_whole && !begins_with_a_line(document)? => Err(Refusal::new(
            "is several documents of JSON, and not one on each line",
        )),
        Json::YarnLine | Json::Yarn4Line => Ok(Form::Lines),
        form if sketch.is_whole => Ok(Form::Json(form, sketch)),
        _ => Ok(Form::Lines),
    }
}

fn begins_with_a_line(document: &Document<'_>) -> Result<bool, Refusal> {
    let mut line = Vec::new();
    let mut bytes = BufReader::new(document.text()?.take(LINE_BYTES as u64));
    let read = bytes.read_until(b'\n', &mut line);
    read.map_err(|e| Refusal::io(&e))?;
    Ok(serde_json::from_slice::<Value>(&line).is_ok())
}

type Test = fn(&Value) -> bool;

/// The form of a document in outline.
fn json(value: &Value) -> Result<Json, Refusal> {
    if value.as_array().is_some_and(Vec::is_empty) {
        return Err(nothing("an empty list"));
    }
    let tests: [(Json, Test); 17] = [
        (Json::Trivy, |v| {
            v["SchemaVersion"].is_u64() && has_any(v, &["ArtifactName", "Results"])
        }),
        (Json::TrivyList, |v| {
            v[0]["Target"].is_string() && has_any(&v[0], &["Vulnerabilities", "Type", "Class"])
        }),
        (Json::TrivyCluster, |v| {
            v["ClusterName"].is_string()
                && has_any(
                    v,
                    &[
                        "Resources",
                        "Vulnerabilities",
                        "Misconfigurations",
                        "Findings",
                    ],
                )
        }),
        (Json::TrivyOperator, trivy_operator::is_one),
        (Json::Grype, is_grype),
        (Json::OsvScanner, is_osv_scanner),
        (Json::PipAudit, |v| {
            is_audited(&v[0])
                || is_audited(&v["dependencies"][0])
                || (v["dependencies"].is_array() && v["fixes"].is_array())
        }),
        (Json::Npm6, |v| {
            v["advisories"].is_object() && has_any(v, &["metadata", "actions"])
        }),
        (Json::Npm7, |v| {
            v["auditReportVersion"].is_u64() && v["vulnerabilities"].is_object()
        }),
        (Json::CargoAudit, |v| {
            v["vulnerabilities"]["list"].is_array() && has_any(v, &["lockfile", "database"])
        }),
        (Json::Sarif, is_sarif),
        (Json::Inspector, is_inspector),
        (Json::Defender, is_defender),
        (Json::DefenderOne, defender::is_one),
        (Json::Machines, |v| {
            has_any(&v["value"][0], &["computerDnsName"]) && has_any(&v["value"][0], &["id"])
        }),
        (Json::YarnLine, |v| {
            v["type"].is_string() && v.get("data").is_some()
        }),
        (Json::Yarn4Line, |v| {
            v["value"].is_string() && v["children"]["Tree Versions"].is_array()
        }),
    ];
    let found = tests.iter().find(|(_, is_it)| is_it(value));
    found
        .map(|(form, _)| *form)
        .ok_or_else(|| unknown(name(value)))
}

fn has_any(value: &Value, names: &[&str]) -> bool {
    names.iter().any(|name| value.get(name).is_some())
}

fn is_grype(value: &Value) -> bool {
    let first = &value["matches"][0];
    let is_match = has_any(first, &["vulnerability"]) && has_any(first, &["artifact"]);
    let says_so = text(&value["descriptor"], "name") == Some("grype");
    value["matches"].is_array() && (is_match || says_so)
}

/// Other tools have a list `results` too; an empty one is this scanner's where it stands alone or
/// beside what this scanner writes there.
fn is_osv_scanner(value: &Value) -> bool {
    let first = &value["results"][0];
    let is_result = has_any(first, &["source"]) && has_any(first, &["packages"]);
    let members = value.as_object().map(|members| members.len());
    let is_empty = value["results"].is_array() && first.is_null();
    is_result || is_empty && (members == Some(1) || has_any(value, &["experimental_config"]))
}

fn is_audited(value: &Value) -> bool {
    has_any(value, &["name"]) && has_any(value, &["vulns", "skip_reason"])
}

fn is_sarif(value: &Value) -> bool {
    let schema = text(value, "$schema").unwrap_or_default();
    value["runs"].is_array() && (value["version"].is_string() || schema.contains("sarif"))
}

fn is_inspector(value: &Value) -> bool {
    let members = value.as_object().into_iter().flatten();
    let mut others =
        members.filter(|(name, _)| !["findings", "nextToken"].contains(&name.as_str()));
    match list(value, "findings").first() {
        Some(first) => has_any(first, &["findingArn", "awsAccountId"]),
        None => value["findings"].is_array() && others.next().is_none(),
    }
}

fn is_defender(value: &Value) -> bool {
    let context = text(value, "@odata.context").unwrap_or_default();
    let is_empty = value["value"].as_array().is_some_and(Vec::is_empty);
    defender::is_one(&value["value"][0]) || (is_empty && context.contains("ulnerabilit"))
}

/// What else is recognised, so that it can be named.
fn name(value: &Value) -> Option<&'static str> {
    let first = value.as_array().and_then(|all| all.first());
    let one = first.unwrap_or(value);
    Some(match () {
        () if has_any(one, &["template-id", "templateID", "template-url"]) => "a report of Nuclei",
        () if value["reportSchema"].is_string() => "a report of Dependency-Check",
        () if text(value, "bomFormat") == Some("CycloneDX") => {
            "a CycloneDX document, whose components the kind sbom reads"
        }
        () if has_any(value, &["spdxVersion"]) => "an SPDX document, which the kind sbom reads",
        () if has_any(value, &["findings"]) && has_any(value, &["project", "meta"]) => {
            "a report of Dependency-Track"
        }
        () if has_any(one, &["config", "osv", "SBOM", "Calls"]) => {
            "govulncheck's own form, which can be SARIF instead"
        }
        () if has_any(&value["data"], &["repository", "search"]) || has_any(one, &["html_url"]) => {
            "an answer of GitHub's"
        }
        () if value["data"]["affected_items"].is_array() || value["hits"].is_object() => {
            "a report of Wazuh"
        }
        () => return None,
    })
}

/// Reads one document of JSON.
pub(super) fn read_json(
    form: Json,
    document: &Document<'_>,
    sketch: &Sketch,
    desk: &mut Desk<'_, '_>,
) -> Result<(), Refusal> {
    let is_streamed = matches!(
        form,
        Json::Grype | Json::OsvScanner | Json::PipAudit | Json::Inspector | Json::Defender
    );
    if !is_streamed && sketch.bytes > WHOLE_BYTES {
        return Err(Refusal::too_large(
            "is longer than 128 MiB; split it, one report an asset",
        ));
    }
    let head = &sketch.value;
    match form {
        Json::Trivy => trivy::read(document, head, desk),
        Json::TrivyList => trivy::read_list(document, head, desk),
        Json::TrivyCluster => trivy::read_cluster(document, head, desk),
        Json::TrivyOperator => trivy_operator::read(document, desk),
        Json::Grype => grype::read(document, head, desk),
        Json::OsvScanner => osv_scanner::read(document, desk),
        Json::PipAudit => pip_audit::read(document, desk),
        Json::Npm6 => npm_audit::read6(document, desk),
        Json::Npm7 => npm_audit::read7(document, desk),
        Json::CargoAudit => cargo_audit::read(document, desk),
        Json::Sarif => sarif::read(document, head, desk),
        Json::Inspector => inspector::read(document, desk),
        Json::Defender => defender::read(document, desk),
        Json::DefenderOne => defender::read_one(document, desk),
        Json::Machines => defender::read_machines(document, desk),
        Json::YarnLine | Json::Yarn4Line => Err(unknown(None)),
    }
}

/// Reads a file with one document on each line.
pub(super) fn read_lines(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let mut yarn = yarn::Seen::default();
    let read = lines::each(
        document.text()?,
        LINE_BYTES,
        &mut |number, line| match line {
            Line::TooLong => desk.odd(Some(number), None, "longer than 16 MiB"),
            Line::Text(text) if text.trim().is_empty() => {}
            Line::Text(text) => one_line(text, number, document, &mut yarn, desk),
        },
    );
    read.map_err(|e| Refusal::io(&e))?;
    yarn.finish(desk);
    Ok(())
}

fn one_line(
    text: &str,
    number: u64,
    document: &Document<'_>,
    yarn: &mut yarn::Seen,
    desk: &mut Desk<'_, '_>,
) {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return desk.odd(Some(number), None, "expected one JSON document");
    };
    match json(&value) {
        Ok(Json::YarnLine) => yarn.line(&value, number, desk),
        Ok(Json::Yarn4Line) => yarn::line4(&value, number, desk),
        Ok(Json::DefenderOne) => defender::one(&value, Some(number), None, desk),
        Ok(form) => {
            let of_line = Document::of_memory(&document.part, &document.stem, text.as_bytes());
            let sketch = sketch::of(text.as_bytes()).map_err(|e| Refusal::json(&e));
            let read = sketch.and_then(|sketch| read_json(form, &of_line, &sketch, desk));
            if let Err(refusal) = read {
                desk.odd(Some(number), None, refusal.why());
            }
        }
        Err(refusal) => desk.odd(Some(number), None, refusal.why()),
    }
}

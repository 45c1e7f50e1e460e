//! Findings of vulnerability scanners, in the forms in which they report them.
//!
//! One module a form. A form is recognised by what the file holds, never by its name. Every date keeps
//! the meaning that the scanner gives it: only a field that dates the *fix* becomes `fix_released_on`,
//! and `fix_dated_by` names it.

mod cargo_audit;
mod defender;
mod finding;
mod form;
mod grype;
mod ids;
mod inspector;
mod nessus;
mod npm_audit;
mod openvas;
mod osv_scanner;
mod pip_audit;
mod qualys;
mod sarif;
mod sketch;
mod table;
mod tenable;
mod trivy;
mod trivy_operator;
mod versions;
mod words;
mod xml;
mod yarn;

use std::collections::BTreeMap;

use crate::unpacked::{self, Document};
use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink};
use finding::{Desk, Findings};
use form::Form;

/// Reads scanners' reports.
pub struct Scanner;

static ABOUT: About = About {
    kind: "scanner",
    summary: "findings of vulnerability scanners: Trivy and its operator, Grype, OSV-Scanner, pip-audit, npm and yarn \
audit, cargo-audit, SARIF, Nessus, Tenable, Qualys, OpenVAS, AWS Inspector, Microsoft Defender",
    revision: 2,
    asks: Asks::Files,
    tables: &["advisory_finding"],
    settings: &[Setting {
        name: "asset",
        meaning: "the asset's name, where reports of one thing shall not name it; reports of many hosts keep \
the hosts' own names",
        default: "",
        required: false,
    }],
    how: "Put the newest report of each asset into one folder, and take away the older ones: what is in \
the folder is what is found today. Read are Trivy's, Trivy Operator's (kubectl get \
vulnerabilityreports -A -o json), Grype's, OSV-Scanner's, pip-audit's, npm audit's, yarn audit's (of Yarn 4 \
yarn npm audit --json, whose lines have no end that could be missed) and cargo-audit's JSON, SARIF 2.1.0, .nessus files, CSV exports of Nessus, Tenable, Qualys \
and OpenVAS, OpenVAS' XML, findings of AWS Inspector as JSON, and Microsoft Defender's vulnerabilities \
by machine as JSON or as a zip of JSON; also as lines of JSON and with .gz. All before SARIF name no host \
where they scan a folder: then the file's own name is the asset's, so name the file after it. An export \
needs no more than the scanner's role that may read findings. Reports hold host names and the names of \
packages, no personal data.",
};

impl Collector for Scanner {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        [
            ".json", ".jsonl", ".ndjson", ".sarif", ".nessus", ".xml", ".csv", ".zip",
        ]
        .iter()
        .any(|end| name.ends_with(end))
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let documents = unpacked::all(parts, sink);
        let alone = documents.len() == 1 && parts.list().len() == 1;
        let mut findings = Findings::new(settings.value("asset"));
        let mut forms = Vec::new();
        for document in &documents {
            match form::of(document) {
                Ok(form) => forms.push((document, form)),
                Err(refusal) => refusal.report(&document.part, alone, sink),
            }
        }
        // Names of machines may stand in a file of their own.
        forms.sort_by_key(|(_, form)| !matches!(form, Form::Json(form::Json::Machines, _)));
        for (document, form) in &forms {
            one(document, form, &mut findings, alone, sink);
        }
        findings.finish(sink);
    }
}

fn one(
    document: &Document<'_>,
    form: &Form,
    findings: &mut Findings,
    alone: bool,
    sink: &mut Sink<'_>,
) {
    let mut left = BTreeMap::new();
    let mut desk = Desk::new(document, findings, &mut left, sink);
    let read = match form {
        Form::Json(json, sketch) => form::read_json(*json, document, sketch, &mut desk),
        Form::Lines => form::read_lines(document, &mut desk),
        Form::Table(kind) => table::read(document, *kind, &mut desk),
        Form::Nessus => nessus::read(document, &mut desk),
        Form::OpenVas => openvas::read_xml(document, &mut desk),
    };
    if let Err(refusal) = read {
        refusal.report(&document.part, alone, sink);
    }
    for (what, count) in left {
        sink.notice(
            &document.part,
            None,
            None,
            format!("{what}, left out: {count}"),
        );
    }
}

//! OpenVAS' (Greenbone's) reports as CSV and as XML.
//! Source: <https://docs.greenbone.net/API/GMP/gmp-22.4.html#type_report>.
//!
//! No field dates a fix, and the time of a result is not that of its first sight.

use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::ids;
use super::nessus::at_port;
use super::table::Row;
use super::words::tenths;
use super::xml::{self, Element, Piece};
use crate::unpacked::{Document, Refusal};

/// One row of the CSV.
pub(super) fn row(row: &Row<'_>, desk: &mut Desk<'_, '_>) {
    let result = Result {
        oid: row.get(&["nvtoid"]).unwrap_or_default(),
        name: row.get(&["nvtname"]).unwrap_or_default(),
        host: row.get(&["hostname", "ip"]),
        port: row.get(&["port"]),
        protocol: row.get(&["portprotocol"]),
        threat: row.get(&["severity"]).unwrap_or_default(),
        score: row.get(&["cvss"]),
        solution: row.get(&["solutiontype"]).unwrap_or_default(),
        cvss: Vec::new(),
        cves: ids::cves(row.get(&["cves"]).unwrap_or_default()),
    };
    result.put(row.line, desk);
}

/// Reads the results of the XML one by one.
pub(super) fn read_xml(
    document: &Document<'_>,
    desk: &mut Desk<'_, '_>,
) -> std::result::Result<(), Refusal> {
    let wanted = ["result", "scan_run_status", "result_count"];
    let (mut results, mut announced) = (0, 0);
    xml::read(document, &wanted, &mut |piece| match piece {
        Piece::Whole("result", element) => {
            results += 1;
            of_element(&element, desk);
        }
        Piece::Whole("result_count", element) => {
            let filtered = element.text("filtered").and_then(|n| n.parse::<u64>().ok());
            announced = filtered.unwrap_or_default();
        }
        Piece::Whole("scan_run_status", element) if element.own_text() != Some("Done") => {
            let why = format!("{} is of a scan that was not done", desk.part);
            desk.truncated(why);
        }
        _ => {}
    })?;
    if announced > results {
        let why = format!(
            "{} counts {announced} results and holds {results}",
            desk.part
        );
        desk.truncated(why);
    }
    Ok(())
}

fn of_element(element: &Element, desk: &mut Desk<'_, '_>) {
    let nvt = element.at(&["nvt"]);
    let host = element.at(&["host"]);
    let named = host.and_then(|h| h.text("hostname"));
    let (port, protocol) = element
        .text("port")
        .and_then(|port| port.split_once('/'))
        .unzip();
    let refs = element.at(&["nvt", "refs"]);
    let refs = refs.into_iter().flat_map(|refs| refs.all("ref"));
    let listed = refs.filter_map(|r| r.attribute("id"));
    let old = nvt.and_then(|n| n.text("cve"));
    let cves: Vec<&str> = listed.chain(old).collect();
    let severities = element.at(&["nvt", "severities"]);
    let severities = severities.into_iter().flat_map(|s| s.all("severity"));
    let result = Result {
        oid: nvt.and_then(|n| n.attribute("oid")).unwrap_or_default(),
        name: element
            .text("name")
            .or(nvt.and_then(|n| n.text("name")))
            .unwrap_or_default(),
        host: named.or(host.and_then(Element::own_text)),
        port,
        protocol,
        threat: element.text("threat").unwrap_or_default(),
        score: element.text("severity"),
        solution: element
            .at(&["nvt", "solution"])
            .and_then(|s| s.attribute("type"))
            .unwrap_or_default(),
        cvss: severities
            .filter_map(|s| s.text("value"))
            .map(str::to_owned)
            .collect(),
        cves: ids::cves(&cves.join(" ")),
    };
    result.put(None, desk);
}

/// One result of one test, from either form.
struct Result<'r> {
    oid: &'r str,
    name: &'r str,
    host: Option<&'r str>,
    port: Option<&'r str>,
    protocol: Option<&'r str>,
    threat: &'r str,
    score: Option<&'r str>,
    solution: &'r str,
    cvss: Vec<String>,
    cves: Vec<String>,
}

impl Result<'_> {
    fn put(self, line: Option<u64>, desk: &mut Desk<'_, '_>) {
        let tenths = self.score.and_then(tenths);
        let threat = self.threat.to_ascii_lowercase();
        let is_false = threat == "false positive";
        if ["log", "debug"].contains(&threat.as_str()) || (tenths == Some(0) && !is_false) {
            return desk.leave("results that are only logged");
        }
        let Some(asset) = desk.host(self.host, line) else {
            return;
        };
        let level = Level::of_word(&threat);
        let finding = Finding {
            asset,
            component: at_port(self.name, self.port, self.protocol),
            is_closed: is_false,
            severity: level.map(|level| (level, "scanner OpenVAS".to_owned())),
            cvss: self.cvss,
            cvss_tenths: tenths,
            fix_state: match self.solution {
                "VendorFix" => Some("fixed"),
                "WillNotFix" => Some("will not fix"),
                "NoneAvailable" => Some("none"),
                _ => None,
            },
            // A mitigation lessens and does not mend.
            by_setting: self.solution == "Workaround",
            ..Finding::default()
        };
        desk.put_each(&finding, &self.cves, &format!("openvas:{}", self.oid), line);
    }
}

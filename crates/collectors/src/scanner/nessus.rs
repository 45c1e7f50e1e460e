//! Nessus' own XML. Source: <https://static.tenable.com/documentation/nessus_v2_file_format.pdf>.
//!
//! `patch_publication_date` dates the fix, `vuln_publication_date` the vulnerability; the dates of the
//! plugin are neither.

use std::net::IpAddr;

use standing_patching::Level;

use super::finding::{Desk, Finding};
use super::words::tenths;
use super::xml::{self, Element, Piece};
use crate::unpacked::{Document, Refusal};

const DATED_BY: &str = "nessus patch_publication_date";

/// Reads the results host by host, one at a time.
pub(super) fn read(document: &Document<'_>, desk: &mut Desk<'_, '_>) -> Result<(), Refusal> {
    let wanted = ["HostProperties", "ReportItem"];
    let mut host = Host::default();
    xml::read(document, &wanted, &mut |piece| match piece {
        Piece::Begin("ReportHost", element) => {
            host = Host {
                target: element.attribute("name").map(str::to_owned),
                name: None,
            };
        }
        Piece::Whole("HostProperties", element) => host.name = host_name(&element),
        Piece::Whole("ReportItem", element) => item(&element, &host, desk),
        _ => {}
    })
}

/// The host whose results are being read.
#[derive(Default)]
struct Host {
    target: Option<String>,
    name: Option<String>,
}

impl Host {
    /// What was scanned, if that is a name; else the name that the scanner found, or the address.
    fn called(&self) -> Option<&str> {
        let target = self.target.as_deref();
        let by_name = target.filter(|t| t.parse::<IpAddr>().is_err());
        by_name.or(self.name.as_deref()).or(target)
    }
}

fn host_name(properties: &Element) -> Option<String> {
    let tag = |name: &str| {
        let mut tags = properties.all("tag");
        tags.find(|tag| tag.attribute("name") == Some(name))?
            .own_text()
    };
    let names = ["host-fqdn", "hostname", "netbios-name"];
    names.iter().find_map(|name| tag(name)).map(str::to_owned)
}

fn item(item: &Element, host: &Host, desk: &mut Desk<'_, '_>) {
    let plugin = item.attribute("pluginID").unwrap_or_default();
    let level = match item.attribute("severity") {
        Some("0") => return desk.leave("informational results"),
        Some("1") => Level::Low,
        Some("2") => Level::Medium,
        Some("3") => Level::High,
        Some("4") => Level::Critical,
        _ => {
            return desk.odd(
                None,
                Some("ReportItem"),
                "expected a severity of 0 to 4; left out",
            );
        }
    };
    let Some(asset) = desk.host(host.called(), None) else {
        return;
    };
    let name = item.attribute("pluginName").unwrap_or(plugin);
    let patched = item.text("patch_publication_date");
    let patched = patched.and_then(|text| desk.day(text, None, "patch_publication_date"));
    let published = item.text("vuln_publication_date");
    let vectors = ["cvss3_vector", "cvss4_vector", "cvss_vector"];
    let output = item.text("plugin_output").unwrap_or_default();
    let fixed = labelled(output, "Fixed version");
    let finding = Finding {
        asset,
        component: at_port(name, item.attribute("port"), item.attribute("protocol")),
        version: labelled(output, "Installed version").unwrap_or_default(),
        severity: Some((level, "scanner Nessus".to_owned())),
        cvss: vectors
            .iter()
            .filter_map(|v| item.text(v))
            .map(str::to_owned)
            .collect(),
        cvss_tenths: item.text("cvss3_base_score").and_then(tenths),
        fix_state: (patched.is_some() || fixed.is_some()).then_some("fixed"),
        fix: patched.map(|day| (day, DATED_BY.to_owned())),
        published_on: published.and_then(|text| desk.day(text, None, "vuln_publication_date")),
        fixed,
        ..Finding::default()
    };
    let cves: Vec<String> = item
        .all("cve")
        .filter_map(Element::own_text)
        .map(str::to_owned)
        .collect();
    desk.put_each(&finding, &cves, &format!("nessus:{plugin}"), None);
}

/// What a test of the network found, with the port where there is one: two services of one host may
/// differ.
pub(super) fn at_port(name: &str, port: Option<&str>, protocol: Option<&str>) -> String {
    match port.filter(|port| port.bytes().any(|b| b.is_ascii_digit() && b != b'0')) {
        Some(port) => format!(
            "{name} on {}/{port}",
            protocol.unwrap_or("port").to_lowercase()
        ),
        None => name.to_owned(),
    }
}

/// What stands behind `label   :` in a plugin's output, if one line alone says it.
pub(super) fn labelled(output: &str, label: &str) -> Option<String> {
    let mut lines = output.lines().filter_map(|line| {
        let (name, value) = line.split_once(" : ")?;
        name.trim()
            .eq_ignore_ascii_case(label)
            .then_some(value.trim())
    });
    let one = lines.next().filter(|value| !value.is_empty())?;
    lines.next().is_none().then(|| one.to_owned())
}

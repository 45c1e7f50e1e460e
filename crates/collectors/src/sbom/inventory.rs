//! The components of one asset, and what of the file could not be used.

use standing_facts::GapCode;
use standing_facts::tables::{Asset, Component};
use standing_patching::Purl;

use super::ecosystem::identity;
use crate::Sink;
use crate::distribution::Release;

/// One piece of software as either family of files describes it.
pub(super) struct Software<'a> {
    /// Where it stands: `components[3]`.
    pub(super) place: String,
    pub(super) purl: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    /// Whether it is a piece of software whose version matters, rather than a file or the like.
    pub(super) judged: bool,
    /// Source package and its version, where the file gives them beside the URL.
    pub(super) source: Option<(String, Option<String>)>,
}

/// Collects one file's components.
pub(super) struct Inventory<'a> {
    part: &'a str,
    name: String,
    pub(super) kind: Option<&'static str>,
    pub(super) os: Option<Release>,
    /// Whether the file names any software.
    pub(super) listed: bool,
    /// Whether it tells of vulnerabilities.
    pub(super) vulnerabilities: bool,
    unnamed: u64,
    unversioned: u64,
    unreleased: u64,
}

impl<'a> Inventory<'a> {
    pub(super) fn new(part: &'a str, name: String, kind: Option<&'static str>) -> Self {
        Inventory {
            part,
            name,
            kind,
            os: None,
            listed: false,
            vulnerabilities: false,
            unnamed: 0,
            unversioned: 0,
            unreleased: 0,
        }
    }

    pub(super) fn odd(&self, place: &str, what: &str, sink: &mut Sink<'_>) {
        sink.problem(self.part, None, Some(place), what);
    }

    pub(super) fn take(&mut self, software: Software<'_>, sink: &mut Sink<'_>) {
        let Some(url) = software.purl else {
            match software.judged && software.version.is_none() {
                true => self.unversioned += 1,
                false => self.unnamed += 1,
            }
            return;
        };
        let Some(parsed) = Purl::parse(url) else {
            let what = "expected a package URL; the component was left out";
            return self.odd(&format!("{}.purl", software.place), what, sink);
        };
        let mut identity = identity(&parsed);
        let version = parsed.version.as_deref().or(software.version);
        if let Some((source, version)) = software.source.filter(|_| parsed.kind == "deb") {
            identity.binary = (source != parsed.name).then(|| parsed.name.clone());
            identity.name = source;
            identity.version = version;
        }
        let Some(version) = identity.version.as_deref().or(version) else {
            self.unversioned += 1;
            return;
        };
        self.unreleased += u64::from(["Debian", "Ubuntu"].contains(&identity.ecosystem.as_str()));
        sink.fact(&Component {
            asset: self.name.clone(),
            version: version.to_owned(),
            ecosystem: identity.ecosystem,
            name: identity.name,
            binary: identity.binary,
            purl: Some(url.to_owned()),
            installed_on: None,
            running: None,
        });
    }

    /// The asset's own row comes last: its system may stand anywhere among the components.
    ///
    /// Software without a version cannot be judged. A file may hold thousands of it, so it is one
    /// gap with a count.
    pub(super) fn finish(self, sink: &mut Sink<'_>) {
        let part = self.part;
        let gap = |sink: &mut Sink<'_>, code, what: String| {
            sink.gap(Some("component"), code, format!("{part}: {what}"));
        };
        if !self.listed && self.vulnerabilities {
            let what = "vulnerabilities and no components: not a bill of materials";
            return gap(sink, GapCode::Missing, what.into());
        }
        if !self.listed {
            let what = "names no component; make sure that the tool could see them";
            sink.notice(part, None, None, what);
        }
        if self.unversioned > 0 {
            let what = format!(
                "no version is given for {} of the components",
                self.unversioned
            );
            gap(sink, GapCode::Malformed, what);
        }
        if self.unnamed > 0 {
            let what = format!("without package URL, left out: {}", self.unnamed);
            sink.notice(part, None, None, what);
        }
        if self.unreleased > 0 {
            let what = format!(
                "packages that name no release of their distribution: {}",
                self.unreleased
            );
            sink.notice(part, None, None, what);
        }
        let asset = Asset {
            id: sink.id(&self.name),
            name: self.name,
            kind: self.kind.map(str::to_owned),
            system: None,
            owner: None,
            os_version: self.os.as_ref().and_then(|os| os.version.clone()),
            os: self.os.map(|os| os.os),
            encrypted: None,
            antimalware: None,
            antimalware_updated_on: None,
            internet_facing: None,
            region: None,
            last_seen_on: None,
            retired_on: None,
            kernel: None,
        };
        sink.fact(&asset);
    }
}

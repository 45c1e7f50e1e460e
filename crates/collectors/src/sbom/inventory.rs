//! The components of one asset, and what of the file could not be used.

use std::collections::HashSet;

use standing_facts::GapCode;
use standing_facts::tables::{Asset, Component};
use standing_patching::Purl;

use super::ecosystem::{identity, rpm};
use crate::Sink;
use crate::distribution::Release;

/// One piece of software as either family of files describes it.
pub(super) struct Software<'a> {
    /// Its id, in documents whose relationships name packages by it.
    pub(super) id: Option<&'a str>,
    /// Where it stands: `components[3]`.
    pub(super) place: String,
    pub(super) purl: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    /// Whether it is a piece of software whose version matters, rather than a file or the like.
    pub(super) judged: bool,
    /// Source package and its version, where the file gives them beside the URL.
    pub(super) source: Option<(String, Option<String>)>,
    /// Who built it.
    pub(super) vendor: Option<&'a str>,
    /// What says that a package of the distribution brought it.
    pub(super) owner: Option<Owner>,
}

/// Why a package of a language may be a part of a package of the distribution.
pub(super) enum Owner {
    /// It lies where only packages of Debian and its kin put files.
    Folder,
    /// The document says so of this package.
    Package(String),
}

/// Kinds of packages that distributions install.
const OF_DISTRIBUTIONS: [&str; 3] = ["deb", "rpm", "apk"];

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
    /// Whether packages of Debian or its kin are listed.
    has_debs: bool,
    /// The ids of packages of the distribution, in documents that have ids.
    distributed: HashSet<String>,
    /// Packages of languages that may be parts of these.
    held: Vec<(Owner, Component)>,
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
            has_debs: false,
            distributed: HashSet::new(),
            held: Vec::new(),
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
        let mut identity = match parsed.kind.as_str() {
            "rpm" => rpm(&parsed, software.vendor),
            _ => identity(&parsed),
        };
        let version = parsed.version.as_deref().or(software.version);
        let has_source = ["deb", "apk"].contains(&parsed.kind.as_str());
        if let Some((source, version)) = software.source.filter(|_| has_source) {
            identity.binary = (source != parsed.name).then(|| parsed.name.clone());
            identity.name = source;
            identity.version = version.filter(|_| parsed.kind == "deb");
        }
        let Some(version) = identity.version.as_deref().or(version) else {
            self.unversioned += 1;
            return;
        };
        let is_distributed = OF_DISTRIBUTIONS.contains(&parsed.kind.as_str());
        let names_a_release = parsed.qualifiers.contains_key("distro");
        self.unreleased += u64::from(is_distributed && !names_a_release);
        self.has_debs |= parsed.kind == "deb";
        if is_distributed && let Some(id) = software.id {
            self.distributed.insert(id.to_owned());
        }
        let component = Component {
            asset: self.name.clone(),
            version: version.to_owned(),
            ecosystem: identity.ecosystem,
            name: identity.name,
            binary: identity.binary,
            purl: Some(url.to_owned()),
            installed_on: None,
            running: None,
        };
        match software.owner.filter(|_| !is_distributed) {
            Some(owner) => self.held.push((owner, component)),
            None => sink.fact(&component),
        }
    }

    /// A package of a language that a package of the distribution brought is mended by the distribution,
    /// under the distribution's version: it is not compared with the language's advisories.
    fn settle(&mut self, sink: &mut Sink<'_>) {
        let mut owned = 0;
        for (owner, component) in std::mem::take(&mut self.held) {
            let is_owned = match owner {
                Owner::Folder => self.has_debs,
                Owner::Package(id) => self.distributed.contains(&id),
            };
            match is_owned {
                true => owned += 1,
                false => sink.fact(&component),
            }
        }
        if owned > 0 {
            let what = format!(
                "packages of languages that packages of the distribution brought, left out: {owned}"
            );
            sink.notice(self.part, None, None, what);
        }
    }

    /// The asset's own row comes last: its system may stand anywhere among the components.
    ///
    /// Software without a version cannot be judged. A file may hold thousands of it, so it is one
    /// gap with a count.
    pub(super) fn finish(mut self, sink: &mut Sink<'_>) {
        self.settle(sink);
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

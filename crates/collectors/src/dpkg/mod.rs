//! Installed packages of Debian, Ubuntu and their kin, from dpkg's own records.

mod log;
mod stanzas;

use std::collections::BTreeMap;

use standing_facts::GapCode;
use standing_facts::tables::Component;
use standing_patching::Purl;

use crate::distribution::Release;
use crate::host::{self, Host};
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
use log::Log;
use stanzas::{Piece, Stanza};

/// Reads `var/lib/dpkg/status` of many hosts.
pub struct Dpkg;

static ABOUT: About = About {
    kind: "dpkg",
    summary: "installed packages of Debian and Ubuntu hosts, from their dpkg status files",
    revision: 2,
    asks: Asks::Files,
    tables: &["asset", "component"],
    settings: &[
        Setting {
            name: "asset",
            meaning: "the host's name, where the path is a single status file or one host's root",
            default: "",
            required: false,
        },
        Setting {
            name: "release",
            meaning: "the release of hosts whose os-release is not there, such as debian 12",
            default: "",
            required: false,
        },
    ],
    how: "Copy two files from each host into a folder named after it, keeping their paths: \
HOST/var/lib/dpkg/status and HOST/etc/os-release (or HOST/usr/lib/os-release, which the former is \
often only a link to). Everybody on the host may read both; no privilege is needed. Two more say more: \
HOST/var/log/dpkg.log, with dpkg.log.1 and dpkg.log.2.gz and so on, says on which day each version \
came, and HOST/uname-r.txt, what uname -r prints, says which of the installed kernels runs \
(HOST/proc/sys/kernel/osrelease serves too). For containers take the same files out of the image. Copy \
every host each time: a host that is missing is not known to be gone.",
};

const STATUS: &str = "var/lib/dpkg/status";

impl Collector for Dpkg {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        host::folder(relative, STATUS).is_some()
            || host::told(relative).is_some()
            || log::rotated(relative).is_some()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut hosts: BTreeMap<String, Records<'_>> = BTreeMap::new();
        let named = |folder: &str| host::named(folder, settings, &[STATUS]);
        for part in parts.list() {
            if let Some(folder) = host::told(&part.name) {
                let of = hosts.entry(named(folder)).or_default();
                of.host.take(parts, part, sink);
            } else if let Some((folder, number)) = log::rotated(&part.name) {
                let of = hosts.entry(named(folder)).or_default();
                of.logs.insert(number, part);
            } else {
                let folder = host::folder(&part.name, STATUS).unwrap_or_default();
                hosts.entry(named(folder)).or_default().status = Some(part);
            }
        }
        let alone = hosts.len() == 1;
        for (name, mut records) in hosts {
            let release = records.host.release.take();
            records.host.release = release.or_else(|| host::stated(settings));
            records.give(&name, alone, parts, sink);
        }
    }
}

/// What was kept of one host.
#[derive(Default)]
struct Records<'a> {
    host: Host,
    status: Option<&'a Kept>,
    /// By how many times they were rotated.
    logs: BTreeMap<u32, &'a Kept>,
}

impl Records<'_> {
    fn give(&self, name: &str, alone: bool, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        if let Some(status) = self.status.filter(|s| !names_a_package(parts, s)) {
            let what = "names no package: it is no dpkg status file";
            if alone {
                sink.fail(GapCode::Malformed, format!("{} {what}", status.name));
            } else {
                sink.problem(&status.name, None, None, what);
            }
            return;
        }
        if self.host.release.is_none() {
            let why = format!("no os-release names the distribution of {name}");
            sink.gap(None, GapCode::Missing, why);
        }
        sink.fact(&self.host.asset(name, sink));
        let Some(status) = self.status else {
            let why = format!("no {STATUS} was read for {name}");
            sink.gap(Some("component"), GapCode::Missing, why);
            return;
        };
        let mut log = Log::default();
        for part in self.logs.values().rev() {
            log.read(parts, part, sink);
        }
        self.packages(name, status, &log, parts, sink);
    }

    fn packages(
        &self,
        name: &str,
        status: &Kept,
        log: &Log,
        parts: &Parts<'_>,
        sink: &mut Sink<'_>,
    ) {
        if self.host.release.is_none() {
            let what = "the packages are taken for Debian's, of no particular release";
            sink.notice(&status.name, None, None, what);
        }
        let release = self.host.release.clone();
        let release = release.unwrap_or_else(|| Release::new("debian", None));
        let packages = Packages {
            asset: name,
            ecosystem: release.ecosystem(),
            release,
            part: &status.name,
            kernel: self.host.kernel.as_deref(),
            log,
        };
        let read = parts
            .open(status)
            .and_then(|bytes| stanzas::read(bytes, &mut |piece| packages.take(piece, sink)));
        if let Err(error) = read {
            let why = format!("cannot be read: {}", error.kind());
            sink.problem(&status.name, None, None, why);
        }
    }
}

/// Whether any stanza does. What cannot be read is reported where it is read.
fn names_a_package(parts: &Parts<'_>, status: &Kept) -> bool {
    let mut named = false;
    let read = parts.open(status).and_then(|bytes| {
        stanzas::read(bytes, &mut |piece| {
            named |= matches!(piece, Piece::Stanza(s) if s.package.is_some());
        })
    });
    named || read.is_err()
}

struct Packages<'a> {
    asset: &'a str,
    ecosystem: String,
    release: Release,
    part: &'a str,
    /// The release of the kernel that runs.
    kernel: Option<&'a str>,
    log: &'a Log,
}

impl Packages<'_> {
    fn take(&self, piece: Piece, sink: &mut Sink<'_>) {
        match piece {
            Piece::Odd(line, what) => sink.problem(self.part, Some(line), None, what),
            Piece::Stanza(stanza) => self.judge(&stanza, sink),
        }
    }

    fn judge(&self, stanza: &Stanza, sink: &mut Sink<'_>) {
        let line = Some(stanza.line);
        let lacking = |column, sink: &mut Sink<'_>| {
            let what = "expected this field in every stanza; the stanza was left out";
            sink.problem(self.part, line, Some(column), what);
        };
        let Some(package) = &stanza.package else {
            return lacking("Package", sink);
        };
        let Some(status) = &stanza.status else {
            return lacking("Status", sink);
        };
        match status.split_whitespace().nth(2) {
            Some("installed" | "triggers-pending" | "triggers-awaited") => {}
            Some("not-installed" | "config-files") => return,
            Some("unpacked" | "half-configured") => {
                let what = "unpacked and not configured; its files are there, so it counts";
                sink.notice(self.part, line, Some("Status"), what);
            }
            Some("half-installed") => {
                let what = "half installed: no version can be named, so it does not count";
                return sink.notice(self.part, line, Some("Status"), what);
            }
            _ => {
                let what = "expected three words, the last one a state that dpkg knows";
                return sink.problem(self.part, line, Some("Status"), what);
            }
        }
        match &stanza.version {
            Some(version) => sink.fact(&self.component(package, version, stanza)),
            None => lacking("Version", sink),
        }
    }

    /// `Source: openssl (3.0.11-1)` names a version of its own where it differs from the binary's.
    fn component(&self, package: &str, version: &str, stanza: &Stanza) -> Component {
        let source = stanza.source.as_deref().unwrap_or(package);
        let (name, source_version) = match source.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches(')').trim()),
            None => (source.trim(), version),
        };
        let signed = self.unsigned(name);
        let (name, source_version) = match &signed {
            Some(unsigned) => (unsigned.as_str(), version),
            None => (name, source_version),
        };
        let architecture = stanza.architecture.as_deref().unwrap_or_default();
        Component {
            asset: self.asset.to_owned(),
            ecosystem: self.ecosystem.clone(),
            name: name.to_owned(),
            version: source_version.to_owned(),
            binary: (name != package).then(|| package.to_owned()),
            purl: Some(self.purl(package, version, name, source_version, stanza)),
            installed_on: self.log.day(package, architecture, version),
            running: self.runs(package),
        }
    }

    /// Signed kernels are built from a source of their own that no advisory names: `linux-signed-amd64`
    /// of Debian's and `linux-signed-hwe` of Ubuntu's are `linux` and `linux-hwe` at the binary's version.
    fn unsigned(&self, source: &str) -> Option<String> {
        let rest = source.strip_prefix("linux-signed")?;
        Some(match self.release.os.as_str() {
            "ubuntu" => format!("linux{rest}"),
            _ => "linux".to_owned(),
        })
    }

    /// Of `linux-image-6.1.0-18-amd64`: whether that is the kernel that runs. `linux-image-amd64` only
    /// names the newest one.
    fn runs(&self, package: &str) -> Option<bool> {
        let release = package.strip_prefix("linux-image-")?;
        let release = release.strip_prefix("unsigned-").unwrap_or(release);
        let release = release.strip_suffix("-unsigned").unwrap_or(release);
        let numbered = release.starts_with(|c: char| c.is_ascii_digit());
        let kernel = self.kernel.filter(|_| numbered)?;
        Some(kernel == release)
    }

    fn purl(
        &self,
        package: &str,
        version: &str,
        source: &str,
        source_version: &str,
        stanza: &Stanza,
    ) -> String {
        let mut qualifiers = BTreeMap::new();
        let mut add = |key: &str, value: String| qualifiers.insert(key.to_owned(), value);
        if let Some(architecture) = &stanza.architecture {
            add("arch", architecture.clone());
        }
        if let Some(number) = &self.release.version {
            add("distro", format!("{}-{number}", self.release.os));
        }
        if source_version != version {
            add("upstream", format!("{source}@{source_version}"));
        } else if source != package {
            add("upstream", source.to_owned());
        }
        let purl = Purl {
            kind: "deb".into(),
            namespace: Some(self.release.os.clone()),
            name: package.into(),
            version: Some(version.into()),
            qualifiers,
            subpath: None,
        };
        purl.to_string()
    }
}

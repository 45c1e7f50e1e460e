//! Installed packages of Debian, Ubuntu and their kin, from dpkg's own records.

mod os_release;
mod stanzas;

use std::collections::BTreeMap;
use std::path::Path;

use standing_facts::GapCode;
use standing_facts::tables::{Asset, Component};
use standing_patching::Purl;

use crate::distribution::Release;
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
use stanzas::{Piece, Stanza};

/// Reads `var/lib/dpkg/status` of many hosts.
pub struct Dpkg;

static ABOUT: About = About {
    kind: "dpkg",
    summary: "installed packages of Debian and Ubuntu hosts, from their dpkg status files",
    revision: 1,
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
often only a link to). Everybody on the host may read both; no privilege is needed. For containers \
take the same files out of the image. Copy every host each time: a host that is missing is not \
known to be gone.",
};

const STATUS: &str = "var/lib/dpkg/status";
const OS_RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

impl Collector for Dpkg {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        host(relative, STATUS).is_some() || OS_RELEASE.iter().any(|p| host(relative, p).is_some())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut hosts: BTreeMap<String, Host<'_>> = BTreeMap::new();
        for part in parts.list() {
            if let Some(name) = OS_RELEASE.iter().find_map(|p| host(&part.name, p)) {
                let found = hosts.entry(named(name, settings)).or_default();
                match os_release::read(parts, part) {
                    Ok(release) => found.release = found.release.take().or(release),
                    Err(why) => sink.problem(&part.name, None, None, why),
                }
            } else {
                let name = host(&part.name, STATUS).unwrap_or_default();
                hosts.entry(named(name, settings)).or_default().status = Some(part);
            }
        }
        let alone = hosts.len() == 1;
        for (name, host) in &hosts {
            host.give(name, alone, settings, parts, sink);
        }
    }
}

/// The folder before `path` in `relative`; empty where `relative` is the path itself.
fn host<'a>(relative: &'a str, path: &str) -> Option<&'a str> {
    let before = relative.strip_suffix(path)?;
    before.strip_suffix('/').or(before.is_empty().then_some(""))
}

/// A host's name: its folder; without one, the setting or the path's own words.
fn named(folder: &str, settings: &Settings) -> String {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    if !folder.is_empty() {
        return last(folder);
    }
    if !settings.value("asset").is_empty() {
        return settings.value("asset").to_owned();
    }
    let path = settings.path.to_string_lossy();
    let above = match host(&path, STATUS) {
        Some(root) => last(root),
        None if settings.path.ends_with("status") => {
            let parent = settings.path.parent().and_then(Path::file_name);
            parent
                .map(|p| p.to_string_lossy().into_owned())
                .unwrap_or_default()
        }
        None => last(&path),
    };
    if above.is_empty() {
        settings.source.clone()
    } else {
        above
    }
}

#[derive(Default)]
struct Host<'a> {
    release: Option<Release>,
    status: Option<&'a Kept>,
}

impl Host<'_> {
    fn give(
        &self,
        name: &str,
        alone: bool,
        settings: &Settings,
        parts: &Parts<'_>,
        sink: &mut Sink<'_>,
    ) {
        if let Some(status) = self.status.filter(|s| !names_a_package(parts, s)) {
            let what = "names no package: it is no dpkg status file";
            if alone {
                sink.fail(GapCode::Malformed, format!("{} {what}", status.name));
            } else {
                sink.problem(&status.name, None, None, what);
            }
            return;
        }
        let release = self.release.clone().or_else(|| stated(settings));
        if release.is_none() {
            let why = format!("no os-release names the distribution of {name}");
            sink.gap(None, GapCode::Missing, why);
        }
        sink.fact(&asset(name, release.as_ref(), sink));
        let Some(status) = self.status else {
            let why = format!("no {STATUS} was read for {name}");
            sink.gap(Some("component"), GapCode::Missing, why);
            return;
        };
        if release.is_none() {
            let what = "the packages are taken for Debian's, of no particular release";
            sink.notice(&status.name, None, None, what);
        }
        let release = release.unwrap_or_else(|| Release::new("debian", None));
        let packages = Packages {
            asset: name,
            ecosystem: release.ecosystem(),
            release,
            part: &status.name,
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

fn stated(settings: &Settings) -> Option<Release> {
    let stated = settings.value("release");
    let (id, version) = stated.split_once([' ', ':']).unwrap_or((stated, ""));
    (!id.is_empty()).then(|| Release::new(id, Some(version)))
}

fn asset(name: &str, release: Option<&Release>, sink: &Sink<'_>) -> Asset {
    Asset {
        id: sink.id(name),
        name: name.to_owned(),
        kind: Some("server".into()),
        system: None,
        owner: None,
        os: release.map(|r| r.os.clone()),
        os_version: release.and_then(|r| r.version.clone()),
        encrypted: None,
        antimalware: None,
        antimalware_updated_on: None,
        internet_facing: None,
        region: None,
        last_seen_on: None,
        retired_on: None,
        kernel: None,
    }
}

struct Packages<'a> {
    asset: &'a str,
    ecosystem: String,
    release: Release,
    part: &'a str,
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
        Component {
            asset: self.asset.to_owned(),
            ecosystem: self.ecosystem.clone(),
            name: name.to_owned(),
            version: source_version.to_owned(),
            binary: (name != package).then(|| package.to_owned()),
            purl: Some(self.purl(package, version, name, source_version, stanza)),
            installed_on: None,
            running: None,
        }
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

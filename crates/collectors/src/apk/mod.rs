//! Installed packages of Alpine hosts and images, from apk's own list.

mod stanzas;

use std::collections::BTreeMap;

use standing_facts::GapCode;
use standing_facts::tables::Component;
use standing_patching::Purl;

use crate::distribution::Release;
use crate::host::{self, Host};
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
use stanzas::{Piece, Stanza};

/// Reads `lib/apk/db/installed` of many hosts.
pub struct Apk;

static ABOUT: About = About {
    kind: "apk",
    summary: "installed packages of Alpine hosts and images, from apk's list of them",
    revision: 1,
    asks: Asks::Files,
    tables: &["asset", "component"],
    settings: &[
        Setting {
            name: "asset",
            meaning: "the host's name, where the path is a single list or one host's root",
            default: "",
            required: false,
        },
        Setting {
            name: "release",
            meaning: "the release of hosts whose os-release is not there, such as alpine 3.19",
            default: "",
            required: false,
        },
    ],
    how: "Copy two files from each host or image into a folder named after it, keeping their paths: \
HOST/lib/apk/db/installed (HOST/usr/lib/apk/db/installed where /lib is a link) and HOST/etc/os-release. \
Everybody on the host may read both; no privilege is needed. Save what uname -r prints as \
HOST/uname-r.txt, which says which kernel runs; a container runs its host's. Copy every host each time: \
a host that is missing is not known to be gone.",
};

const LISTS: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];

/// Packages `linux-…` that are kernels.
const FLAVOURS: [&str; 6] = ["lts", "virt", "edge", "stable", "rpi", "asahi"];

impl Collector for Apk {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        list_of(relative).is_some() || host::told(relative).is_some()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut hosts: BTreeMap<String, (Host, Option<&Kept>)> = BTreeMap::new();
        let named = |folder: &str| host::named(folder, settings, &[LISTS[1], LISTS[0]]);
        for part in parts.list() {
            if let Some(folder) = host::told(&part.name) {
                let (host, _) = hosts.entry(named(folder)).or_default();
                host.take(parts, part, sink);
            } else {
                let folder = list_of(&part.name).unwrap_or_default();
                let (_, list) = hosts.entry(named(folder)).or_default();
                host::once(list, part, sink);
            }
        }
        let alone = hosts.len() == 1;
        for (name, (mut host, list)) in hosts {
            host.release = host.release.take().or_else(|| host::stated(settings));
            give(&name, &host, list, alone, parts, sink);
        }
    }
}

/// The folder of the host whose list that is; the longer path comes first, since it ends in the other.
fn list_of(relative: &str) -> Option<&str> {
    host::folder_of_any(relative, &[LISTS[1], LISTS[0]])
}

fn give(
    name: &str,
    host: &Host,
    list: Option<&Kept>,
    alone: bool,
    parts: &Parts<'_>,
    sink: &mut Sink<'_>,
) {
    if host.release.is_none() {
        let why = format!("no os-release names the distribution of {name}");
        sink.gap(None, GapCode::Missing, why);
    }
    sink.fact(&host.asset(name, sink));
    let Some(list) = list else {
        let why = format!("no {} was read for {name}", LISTS[0]);
        return sink.gap(Some("component"), GapCode::Missing, why);
    };
    let mut packages = Packages {
        asset: name,
        release: host
            .release
            .clone()
            .unwrap_or_else(|| Release::new("alpine", None)),
        kernel: host.kernel.as_deref(),
        part: &list.name,
        found: 0,
    };
    let read = parts
        .open(list)
        .and_then(|bytes| stanzas::read(bytes, &mut |piece| packages.take(piece, sink)));
    if let Err(error) = read {
        let why = format!("cannot be read: {}", error.kind());
        sink.problem(&list.name, None, None, why);
    } else if packages.found == 0 {
        let what = "names no package: it is no list of apk's";
        match alone {
            true => sink.fail(GapCode::Malformed, format!("{} {what}", list.name)),
            false => sink.problem(&list.name, None, None, what),
        }
    }
}

struct Packages<'a> {
    asset: &'a str,
    release: Release,
    /// The release of the kernel that runs.
    kernel: Option<&'a str>,
    part: &'a str,
    found: u64,
}

impl Packages<'_> {
    fn take(&mut self, piece: Piece, sink: &mut Sink<'_>) {
        let stanza = match piece {
            Piece::Odd(line, what) => return sink.problem(self.part, Some(line), None, what),
            Piece::Stanza(stanza) => stanza,
        };
        match (&stanza.package, &stanza.version) {
            (Some(package), Some(version)) => {
                self.found += 1;
                sink.fact(&self.component(package, version, &stanza));
            }
            (package, _) => {
                let letter = if package.is_none() { "P" } else { "V" };
                let what = "expected this letter in every stanza; the stanza was left out";
                sink.problem(self.part, Some(stanza.line), Some(letter), what);
            }
        }
    }

    /// Advisories name the origin: the source that several packages are built from, all of one version.
    fn component(&self, package: &str, version: &str, stanza: &Stanza) -> Component {
        let origin = stanza.origin.as_deref().unwrap_or(package);
        Component {
            asset: self.asset.to_owned(),
            ecosystem: self.release.ecosystem(),
            name: origin.to_owned(),
            version: version.to_owned(),
            binary: (origin != package).then(|| package.to_owned()),
            purl: Some(self.purl(package, version, origin, stanza)),
            installed_on: None,
            running: self
                .kernel
                .and_then(|kernel| runs(package, version, kernel)),
        }
    }

    fn purl(&self, package: &str, version: &str, origin: &str, stanza: &Stanza) -> String {
        let mut qualifiers = BTreeMap::new();
        let mut add = |key: &str, value: String| qualifiers.insert(key.to_owned(), value);
        if let Some(architecture) = &stanza.architecture {
            add("arch", architecture.clone());
        }
        if let Some(number) = &self.release.version {
            add("distro", format!("{}-{number}", self.release.os));
        }
        if origin != package {
            add("upstream", origin.to_owned());
        }
        let purl = Purl {
            kind: "apk".into(),
            namespace: Some(self.release.os.clone()),
            name: package.into(),
            version: Some(version.into()),
            qualifiers,
            subpath: None,
        };
        purl.to_string()
    }
}

/// Of `linux-lts` at `6.6.14-r0`: whether `6.6.14-0-lts` runs.
fn runs(package: &str, version: &str, kernel: &str) -> Option<bool> {
    let flavour = package.strip_prefix("linux-")?;
    let (number, revision) = version.split_once("-r")?;
    FLAVOURS
        .contains(&flavour)
        .then(|| kernel == format!("{number}-{revision}-{flavour}"))
}

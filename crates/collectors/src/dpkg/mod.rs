//! Installed packages of Debian, Ubuntu and their kin, from dpkg's own records.

mod installed;
mod log;
mod released;
mod stanzas;

use std::collections::BTreeMap;

use standing_facts::GapCode;
use standing_facts::tables::Component;

use crate::distribution::Release;
use crate::host::{self, Host};
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink};
pub(crate) use installed::Installed;
use log::Log;
use released::{CHANGELOGS, CHANNEL, Released};
use stanzas::{Piece, Stanza};

/// Reads `var/lib/dpkg/status` of many hosts.
pub struct Dpkg;

static ABOUT: About = About {
    kind: "dpkg",
    summary: "installed packages of Debian and Ubuntu hosts, from their dpkg status files",
    revision: 3,
    asks: Asks::Files,
    tables: &["asset", "component", "package_release"],
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
(HOST/proc/sys/kernel/osrelease serves too). Two more date fixes, and docs/hosts.md has the commands that \
print them: HOST/changelogs.txt, the days on which versions were signed, and HOST/channel.txt, the versions \
that apt can install. For containers take the same files out of the image. Copy \
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
            || host::folder_of_any(relative, &[CHANGELOGS, CHANNEL]).is_some()
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
            } else if let Some(folder) = host::folder(&part.name, CHANGELOGS) {
                let of = hosts.entry(named(folder)).or_default();
                host::once(&mut of.changelogs, part, sink);
            } else if let Some(folder) = host::folder(&part.name, CHANNEL) {
                let of = hosts.entry(named(folder)).or_default();
                host::once(&mut of.channel, part, sink);
            } else {
                let folder = host::folder(&part.name, STATUS).unwrap_or_default();
                let of = hosts.entry(named(folder)).or_default();
                host::once(&mut of.status, part, sink);
            }
        }
        let alone = hosts.len() == 1;
        let mut released = Released::default();
        for (name, mut records) in hosts {
            let release = records.host.release.take();
            records.host.release = release.or_else(|| host::stated(settings));
            records.give(&name, alone, parts, sink);
            records.released(&mut released, parts, sink);
        }
        released.give(sink);
    }
}

/// What was kept of one host.
#[derive(Default)]
struct Records<'a> {
    host: Host,
    status: Option<&'a Kept>,
    /// By how many times they were rotated.
    logs: BTreeMap<u32, &'a Kept>,
    changelogs: Option<&'a Kept>,
    channel: Option<&'a Kept>,
}

impl Records<'_> {
    /// Versions of a distribution whose release nobody names are nobody's.
    fn released(&self, released: &mut Released, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(of) = &self.host.release else { return };
        if let Some(part) = self.changelogs {
            released.changelogs(parts, part, of, sink);
        }
        if let Some(part) = self.channel {
            released.channel(parts, part, of, sink);
        }
    }

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
            Some(version) => {
                let installed = Installed {
                    package,
                    version,
                    source: stanza.source.as_deref(),
                    architecture: stanza.architecture.as_deref(),
                };
                sink.fact(&self.component(&installed));
            }
            None => lacking("Version", sink),
        }
    }

    fn component(&self, installed: &Installed<'_>) -> Component {
        let architecture = installed.architecture.unwrap_or_default();
        let day = self
            .log
            .day(installed.package, architecture, installed.version);
        Component {
            installed_on: day,
            ..installed.component(self.asset, &self.release, self.kernel)
        }
    }
}

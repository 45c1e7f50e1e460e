//! Installed packages of Red Hat's, SUSE's and their kin, from rpm's database or from what rpm prints.

mod database;
mod header;
mod listing;
mod package;

use std::cell::RefCell;
use std::collections::BTreeMap;

use standing_facts::GapCode;

use crate::distribution::Release;
use crate::host::{self, Host};
use crate::{About, Asks, Collector, FetchError, Kept, Line, Parts, Setting, Settings, Sink};
pub(crate) use package::Package;

/// Reads rpm's databases of many hosts.
pub struct Rpm;

static ABOUT: About = About {
    kind: "rpm",
    summary: "installed packages of AlmaLinux, Rocky, Red Hat, SUSE and other rpm hosts",
    revision: 1,
    asks: Asks::Files,
    tables: &["asset", "component"],
    settings: &[
        Setting {
            name: "asset",
            meaning: "the host's name, where the path is a single file or one host's root",
            default: "",
            required: false,
        },
        Setting {
            name: "release",
            meaning: "the release of hosts whose os-release is not there, such as almalinux 9",
            default: "",
            required: false,
        },
    ],
    how: "Copy from each host into a folder named after it, keeping the paths: \
HOST/var/lib/rpm/rpmdb.sqlite (or HOST/usr/lib/sysimage/rpm/rpmdb.sqlite), while no installation runs, \
and HOST/etc/os-release. Or save, as HOST/rpm-qa.txt, what this prints: rpm -qa --queryformat \
'%{NAME}\\t%{EPOCH}\\t%{VERSION}\\t%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{INSTALLTIME}\\t%{VENDOR}\\t\
%{MODULARITYLABEL}\\n'; it is the only way where the database is of an older form (Berkeley DB or ndb). \
Save what uname -r prints as HOST/uname-r.txt, which says which of the installed kernels runs. Nobody \
needs a privilege for any of these. Red Hat's and SUSE's advisories speak of streams and modules, which \
no host tells of its packages, so these hosts are compared with nothing yet. Packages that others than \
the distribution built are listed and compared with nothing. Copy every host each time: a host that is \
missing is not known to be gone.",
};

const DATABASES: [&str; 2] = [
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
];
/// Changes that SQLite has not yet brought into the database.
const CHANGES: [&str; 2] = [
    "var/lib/rpm/rpmdb.sqlite-wal",
    "usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
];
const LISTING: &str = "rpm-qa.txt";
/// Databases of forms that are not read.
const OTHERS: [(&str, &str); 4] = [
    ("var/lib/rpm/Packages", "a Berkeley database"),
    ("usr/lib/sysimage/rpm/Packages", "a Berkeley database"),
    ("var/lib/rpm/Packages.db", "an ndb database"),
    ("usr/lib/sysimage/rpm/Packages.db", "an ndb database"),
];

/// A database beyond this is nobody's.
const LONGEST: u64 = 512 << 20;

impl Collector for Rpm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        host::told(relative).is_some() || Form::of(relative).is_some()
    }

    /// Databases of forms that are not read are large, so they are named and not kept.
    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let seen = RefCell::new(Vec::new());
        let fetched = line.files(&|relative| {
            seen.borrow_mut().push(relative.to_owned());
            self.wants(relative)
        });
        let seen = seen.into_inner();
        for name in &seen {
            for (path, form) in OTHERS {
                let Some(folder) = host::folder(name, path) else {
                    continue;
                };
                let is_told = seen
                    .iter()
                    .any(|other| host::folder(other, LISTING) == Some(folder));
                if !is_told {
                    let why = format!(
                        "{name} is {form}, which is not read; save what rpm -qa prints as {LISTING}"
                    );
                    line.gap(Some("component"), GapCode::NotAsked, why);
                }
            }
        }
        fetched
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut hosts: BTreeMap<String, Records<'_>> = BTreeMap::new();
        let paths = [DATABASES[0], DATABASES[1], LISTING];
        let named = |folder: &str| host::named(folder, settings, &paths);
        for part in parts.list() {
            if let Some(folder) = host::told(&part.name) {
                let of = hosts.entry(named(folder)).or_default();
                of.host.take(parts, part, sink);
            } else {
                let (folder, form) =
                    Form::of(&part.name).unwrap_or(("", Form::by_name(&part.name)));
                let of = hosts.entry(named(folder)).or_default();
                host::once(of.place(form), part, sink);
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

/// What a file is of a host.
#[derive(Clone, Copy)]
enum Form {
    Database,
    Listing,
    Changes,
}

impl Form {
    fn of(relative: &str) -> Option<(&str, Form)> {
        let database = host::folder_of_any(relative, &DATABASES).map(|f| (f, Form::Database));
        let listing = || host::folder(relative, LISTING).map(|f| (f, Form::Listing));
        let changes = || host::folder_of_any(relative, &CHANGES).map(|f| (f, Form::Changes));
        database.or_else(listing).or_else(changes)
    }

    /// Of a single file that the source's path names.
    fn by_name(name: &str) -> Form {
        match name.ends_with(".txt") {
            true => Form::Listing,
            false => Form::Database,
        }
    }
}

/// What was kept of one host.
#[derive(Default)]
struct Records<'a> {
    host: Host,
    database: Option<&'a Kept>,
    listing: Option<&'a Kept>,
    changes: Option<&'a Kept>,
}

impl<'a> Records<'a> {
    fn place(&mut self, form: Form) -> &mut Option<&'a Kept> {
        match form {
            Form::Database => &mut self.database,
            Form::Listing => &mut self.listing,
            Form::Changes => &mut self.changes,
        }
    }

    /// The database is read where it is there, and what rpm printed where it cannot be.
    fn give(&self, name: &str, alone: bool, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        if self.host.release.is_none() {
            let why = format!("no os-release names the distribution of {name}");
            sink.gap(None, GapCode::Missing, why);
        }
        sink.fact(&self.host.asset(name, sink));
        let release = self.host.release.clone();
        let mut packages = Packages {
            asset: name,
            release: release.unwrap_or_else(|| Release::new("rpm", None)),
            kernel: self.host.kernel.as_deref(),
            found: 0,
            foreign: 0,
        };
        let mut refused = None;
        if let Some(part) = self.database {
            self.changes(sink);
            match packages.database(part, parts, sink) {
                Ok(()) => return packages.finish(part, alone, sink),
                Err(why) => refused = Some((part, why)),
            }
        }
        match (self.listing, refused) {
            (Some(part), refused) => {
                if let Some((database, why)) = refused {
                    let what = format!("{why}; {LISTING} is read instead");
                    sink.notice(&database.name, None, None, what);
                }
                match packages.listed(part, parts, sink) {
                    Ok(()) => packages.finish(part, alone, sink),
                    Err(why) => refuse(part, alone, why, sink),
                }
            }
            (None, Some((part, why))) => refuse(part, alone, why, sink),
            (None, None) => {
                let why = format!("neither {} nor {LISTING} was read for {name}", DATABASES[0]);
                sink.gap(Some("component"), GapCode::Missing, why);
            }
        }
    }

    fn changes(&self, sink: &mut Sink<'_>) {
        if let Some(part) = self.changes.filter(|part| part.bytes > 0) {
            let why = format!(
                "{} holds changes that the database beside it may lack; copy it while no \
installation runs, or save what rpm -qa prints as {LISTING} instead",
                part.name
            );
            sink.gap(Some("component"), GapCode::Truncated, why);
        }
    }
}

fn refuse(part: &Kept, alone: bool, why: String, sink: &mut Sink<'_>) {
    match alone {
        true => sink.fail(GapCode::Malformed, format!("{} {why}", part.name)),
        false => sink.problem(&part.name, None, None, why),
    }
}

/// The packages of one host on their way.
struct Packages<'a> {
    asset: &'a str,
    release: Release,
    kernel: Option<&'a str>,
    found: u64,
    foreign: u64,
}

impl Packages<'_> {
    fn database(
        &mut self,
        part: &Kept,
        parts: &Parts<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), String> {
        let length = usize::try_from(part.bytes)
            .ok()
            .filter(|_| part.bytes <= LONGEST);
        let length = length.ok_or_else(|| format!("is longer than {LONGEST} bytes"))?;
        let bytes = parts
            .open(part)
            .map_err(|e| format!("cannot be read: {}", e.kind()))?;
        let mut number = 0;
        database::headers(bytes, length, &mut |blob| {
            number += 1;
            match header::read(blob) {
                Some(package) => self.take(&package, sink),
                None => {
                    let place = format!("package {number}");
                    let what = "expected a header with name, version and release";
                    sink.problem(&part.name, None, Some(&place), what);
                }
            }
        })
    }

    fn listed(
        &mut self,
        part: &Kept,
        parts: &Parts<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), String> {
        let read = parts.open(part).and_then(|bytes| {
            listing::read(bytes, &mut |line, package| match package {
                Ok(package) => self.take(&package, sink),
                Err(what) => sink.problem(&part.name, Some(line), None, what),
            })
        });
        read.map_err(|e| format!("cannot be read: {}", e.kind()))
    }

    fn take(&mut self, package: &Package, sink: &mut Sink<'_>) {
        self.found += 1;
        if !package.is_key() {
            self.foreign += u64::from(package.is_foreign(&self.release.os));
            sink.fact(&package.component(self.asset, &self.release, self.kernel));
        }
    }

    fn finish(&self, part: &Kept, alone: bool, sink: &mut Sink<'_>) {
        if self.found == 0 {
            let why = "names no package: it is not what rpm keeps or prints";
            refuse(part, alone, why.into(), sink);
        }
        if self.foreign > 0 {
            let what = format!(
                "packages of other vendors, of which the distribution's advisories say nothing: {}",
                self.foreign
            );
            sink.notice(&part.name, None, None, what);
        }
    }
}

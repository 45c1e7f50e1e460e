//! One machine: what is told of it, and its software as components.

use jiff::Timestamp;
use serde_json::{Map, Value};
use standing_facts::tables::{Asset, Component};
use standing_facts::{Date, GapCode};
use standing_patching::{Purl, pypi_name};

use super::table::Table;
use crate::distribution::Release;
use crate::dpkg::Installed;
use crate::rpm::Package;
use crate::{Sink, dates, systems};

/// What is told of a machine beside its software.
#[derive(Default)]
pub(super) struct Machine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) os: Option<String>,
    pub(super) os_version: Option<String>,
    pub(super) kernel: Option<String>,
    pub(super) encrypted: Option<bool>,
    pub(super) seen_on: Option<Date>,
    /// Whether the source package of each Debian package is told.
    pub(super) tells_sources: bool,
}

/// What of a machine's software was left out.
#[derive(Default)]
pub(super) struct Left {
    unversioned: u64,
    unsourced: u64,
    owned: u64,
}

impl Machine {
    pub(super) fn named(name: &str) -> Self {
        Machine {
            id: name.to_owned(),
            name: name.to_owned(),
            tells_sources: true,
            ..Machine::default()
        }
    }

    /// Takes a row of `os_version`.
    pub(super) fn runs_os(&mut self, row: &Map<String, Value>) {
        let name = match text(row, "platform") {
            Some("windows") | None => text(row, "name"),
            platform => platform,
        };
        let version = text(row, "version").and_then(|v| v.split_whitespace().next());
        self.says_os(name, version);
    }

    pub(super) fn says_os(&mut self, name: Option<&str>, version: Option<&str>) {
        let word = name.map(systems::word);
        self.os_version = match (&word, version) {
            (Some(word), Some(version)) => Some(systems::release(word, version)),
            (_, version) => version.map(str::to_owned),
        };
        self.os = word;
    }

    /// Takes a row of `kernel_info`.
    pub(super) fn runs_kernel(&mut self, row: &Map<String, Value>) {
        self.kernel = text(row, "version").map(str::to_owned);
    }

    pub(super) fn asset(&self, sink: &Sink<'_>) -> Asset {
        Asset {
            id: sink.id(&self.id),
            name: self.name.clone(),
            kind: None,
            system: None,
            owner: None,
            os: self.os.clone(),
            os_version: self.os_version.clone(),
            encrypted: self.encrypted,
            antimalware: None,
            antimalware_updated_on: None,
            internet_facing: None,
            region: None,
            last_seen_on: self.seen_on,
            retired_on: None,
            kernel: self.kernel.clone(),
        }
    }

    fn release(&self, without: &str) -> Release {
        match &self.os {
            Some(os) => Release::new(os, self.os_version.as_deref()),
            None => Release::new(without, None),
        }
    }

    /// Takes a row of a table of software; `None` where the row is no such row.
    pub(super) fn software(
        &self,
        table: Table,
        row: &Map<String, Value>,
        left: &mut Left,
        sink: &mut Sink<'_>,
    ) -> Option<()> {
        let name = text(row, "name")?;
        let version = ["version", "bundle_short_version", "bundle_version"];
        let version = version.iter().find_map(|column| text(row, column));
        let Some(version) = version else {
            left.unversioned += 1;
            return Some(());
        };
        if table == Table::Deb && !is_installed(row) {
            return Some(());
        }
        if matches!(table, Table::Python | Table::Npm) && is_distributions(row) {
            left.owned += 1;
            return Some(());
        }
        left.unsourced += u64::from(table == Table::Deb && !self.tells_sources);
        sink.fact(&match table {
            Table::Deb => self.deb(name, version, row),
            Table::Rpm => self.rpm(name, version, row)?,
            Table::Python => self.registry("PyPI", "pypi", &pypi_name(name), version),
            Table::Npm => self.registry("npm", "npm", name, version),
            Table::Programs => self.program("windows", name, version, row),
            Table::Apps => self.program("macos", name, version, row),
            Table::Os | Table::Kernel => return None,
        });
        Some(())
    }

    fn deb(&self, package: &str, version: &str, row: &Map<String, Value>) -> Component {
        let installed = Installed {
            package,
            version,
            source: text(row, "source").filter(|_| self.tells_sources),
            architecture: text(row, "arch"),
        };
        let kernel = self.kernel.as_deref();
        installed.component(&self.name, &self.release("debian"), kernel)
    }

    fn rpm(&self, name: &str, version: &str, row: &Map<String, Value>) -> Option<Component> {
        let owned = |column: &str| text(row, column).map(str::to_owned);
        let number = |column: &str| text(row, column).and_then(|t| t.parse::<u32>().ok());
        let package = Package {
            name: name.to_owned(),
            epoch: number("epoch"),
            version: version.to_owned(),
            release: owned("release")?,
            architecture: owned("arch"),
            source: owned("source").filter(|s| s.ends_with(".rpm")),
            installed: number("install_time").map(i64::from),
            vendor: owned("vendor"),
            module: None,
        };
        Some(package.component(&self.name, &self.release("rpm"), self.kernel.as_deref()))
    }

    fn registry(&self, ecosystem: &str, kind: &str, name: &str, version: &str) -> Component {
        let (namespace, last) = match name.rsplit_once('/') {
            Some((namespace, last)) => (Some(namespace.to_owned()), last),
            None => (None, name),
        };
        let purl = Purl {
            kind: kind.to_owned(),
            namespace,
            name: last.to_owned(),
            version: Some(version.to_owned()),
            ..Purl::default()
        };
        Component {
            purl: Some(purl.to_string()),
            ..self.plain(ecosystem, name, version)
        }
    }

    /// OSV knows no ecosystem of installed programs; they are compared with nothing.
    fn program(
        &self,
        ecosystem: &str,
        name: &str,
        version: &str,
        row: &Map<String, Value>,
    ) -> Component {
        let day = text(row, "install_date").and_then(day);
        Component {
            installed_on: day,
            ..self.plain(ecosystem, name, version)
        }
    }

    fn plain(&self, ecosystem: &str, name: &str, version: &str) -> Component {
        Component {
            asset: self.name.clone(),
            ecosystem: ecosystem.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
            binary: None,
            purl: None,
            installed_on: None,
            running: None,
        }
    }

    /// Says what was left out, each reason once with its count.
    pub(super) fn finish(&self, part: &str, left: &Left, sink: &mut Sink<'_>) {
        if left.unversioned > 0 {
            let what = format!("software without a version, left out: {}", left.unversioned);
            sink.notice(part, None, None, what);
        }
        if left.owned > 0 {
            let what = format!(
                "libraries that the distribution's own packages hold, judged as these and left out: {}",
                left.owned
            );
            sink.notice(part, None, None, what);
        }
        if left.unsourced > 0 {
            let why = format!(
                "{part}: packages of Debian's form whose source is not told, while advisories name \
sources: {}",
                left.unsourced
            );
            sink.gap(Some("component"), GapCode::NotAsked, why);
        }
    }
}

/// A column that is there and not blank. osquery writes every value as a text.
pub(super) fn text<'r>(row: &'r Map<String, Value>, column: &str) -> Option<&'r str> {
    let text = row.get(column)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Whether a library lies where only the distribution's packages put any. What people install
/// themselves lies below `/usr/local`, `/opt` or their homes.
fn is_distributions(row: &Map<String, Value>) -> bool {
    let place = text(row, "path").or_else(|| text(row, "directory"));
    let place = place.unwrap_or_default();
    let starts = ["/usr/lib/python", "/usr/lib64/python", "/usr/share/nodejs/"];
    starts.iter().any(|start| place.starts_with(start))
}

/// dpkg's third word; where there is no status the package is listed because it is installed.
fn is_installed(row: &Map<String, Value>) -> bool {
    let state = text(row, "status").and_then(|s| s.split_whitespace().nth(2));
    !matches!(
        state,
        Some("not-installed" | "config-files" | "half-installed")
    )
}

/// `20260304`, as Windows writes it, or a day in full.
fn day(text: &str) -> Option<Date> {
    let is_short = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    match is_short {
        true => dates::parse(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])),
        false => dates::parse(text),
    }
}

/// The day of a moment in seconds since 1970, in UTC.
pub(super) fn day_of(seconds: i64) -> Option<Date> {
    let at = Timestamp::from_second(seconds).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

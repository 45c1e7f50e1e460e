//! One installed package of rpm's, and the component that it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use standing_facts::Date;
use standing_facts::tables::Component;
use standing_patching::Purl;

use crate::distribution::Release;

/// What rpm knows of one package.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) epoch: Option<u32>,
    pub(crate) version: String,
    pub(crate) release: String,
    pub(crate) architecture: Option<String>,
    /// File name of the source package.
    pub(crate) source: Option<String>,
    /// Seconds since 1970.
    pub(crate) installed: Option<i64>,
    pub(crate) vendor: Option<String>,
    /// Label of the module, such as `nodejs:18:…`.
    pub(crate) module: Option<String>,
}

/// Distributions whose advisories name source packages. The others' name the packages themselves.
const BY_SOURCE: [&str; 5] = [
    "rocky",
    "sles",
    "sles_sap",
    "opensuse-leap",
    "opensuse-tumbleweed",
];

/// Distributions, and a word in the vendor of each package that is their own.
const VENDORS: [(&str, &str); 7] = [
    ("almalinux", "AlmaLinux"),
    ("rocky", "Rocky"),
    ("rhel", "Red Hat"),
    ("sles", "SUSE"),
    ("sles_sap", "SUSE"),
    ("opensuse-leap", "SUSE"),
    ("opensuse-tumbleweed", "SUSE"),
];

/// Packages of a kernel that is one of several installed. `kernel-devel` and `kernel-tools` do not run.
const KERNELS: [&str; 5] = [
    "kernel",
    "kernel-core",
    "kernel-modules",
    "kernel-modules-core",
    "kernel-modules-extra",
];

impl Package {
    /// Keys that rpm keeps as packages are no software.
    pub(crate) fn is_key(&self) -> bool {
        self.name == "gpg-pubkey"
    }

    /// `epoch:version-release`, without an epoch of 0.
    fn full_version(&self) -> String {
        let (version, release) = (&self.version, &self.release);
        match self.epoch {
            None | Some(0) => format!("{version}-{release}"),
            Some(epoch) => format!("{epoch}:{version}-{release}"),
        }
    }

    /// `openssl` of `openssl-3.0.7-1.el9.src.rpm`.
    fn source_name(&self) -> Option<&str> {
        let stem = self.source.as_deref()?.strip_suffix(".rpm")?;
        let (stem, _) = stem.rsplit_once('.')?;
        let (stem, _) = stem.rsplit_once('-')?;
        stem.rsplit_once('-').map(|(name, _)| name)
    }

    /// Whether somebody else than the distribution built it; no when it does not say.
    pub(crate) fn is_foreign(&self, os: &str) -> bool {
        let word = VENDORS.iter().find(|(own, _)| *own == os);
        let vendor = self.vendor.as_deref();
        word.zip(vendor)
            .is_some_and(|((_, word), vendor)| !vendor.contains(word))
    }

    /// The component on that host. The distribution's advisories say nothing of packages that others
    /// built, so these stand under `rpm` and are compared with nothing.
    pub(crate) fn component(&self, asset: &str, of: &Release, kernel: Option<&str>) -> Component {
        let source = self
            .source_name()
            .filter(|_| BY_SOURCE.contains(&of.os.as_str()));
        let name = source.unwrap_or(&self.name);
        Component {
            asset: asset.to_owned(),
            ecosystem: match self.is_foreign(&of.os) {
                true => "rpm".into(),
                false => of.ecosystem(),
            },
            name: name.to_owned(),
            version: self.full_version(),
            binary: (name != self.name).then(|| self.name.clone()),
            purl: Some(self.purl(of)),
            installed_on: self.installed_on(),
            running: kernel.and_then(|kernel| self.runs(kernel)),
        }
    }

    /// The day in UTC.
    fn installed_on(&self) -> Option<Date> {
        let at = Timestamp::from_second(self.installed?).ok()?;
        Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Of a kernel, whether `uname -r` names it. SUSE's leaves out the last number of the release.
    fn runs(&self, kernel: &str) -> Option<bool> {
        let own = format!("{}-{}", self.version, self.release);
        if let Some(flavour) = self
            .name
            .strip_prefix("kernel-")
            .filter(|f| ["default", "azure"].contains(f))
        {
            let base = kernel
                .strip_suffix(flavour)
                .and_then(|k| k.strip_suffix('-'));
            return Some(base.is_some_and(|base| {
                own.strip_prefix(base)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }));
        }
        let architecture = self.architecture.as_deref()?;
        KERNELS
            .contains(&self.name.as_str())
            .then(|| kernel == format!("{own}.{architecture}"))
    }

    fn purl(&self, of: &Release) -> String {
        let mut qualifiers = BTreeMap::new();
        let mut add = |key: &str, value: Option<String>| {
            if let Some(value) = value.filter(|v| !v.is_empty()) {
                qualifiers.insert(key.to_owned(), value);
            }
        };
        add("arch", self.architecture.clone());
        add(
            "epoch",
            self.epoch.filter(|e| *e > 0).map(|e| e.to_string()),
        );
        add(
            "distro",
            of.version.as_ref().map(|v| format!("{}-{v}", of.os)),
        );
        add("upstream", self.source.clone());
        add("rpmmod", self.module.clone());
        let namespace = match of.os.as_str() {
            "rhel" => "redhat",
            other => other,
        };
        let purl = Purl {
            kind: "rpm".into(),
            namespace: Some(namespace.to_owned()),
            name: self.name.clone(),
            version: Some(format!("{}-{}", self.version, self.release)),
            qualifiers,
            subpath: None,
        };
        purl.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, release: &str) -> Package {
        Package {
            name: name.into(),
            epoch: None,
            version: version.into(),
            release: release.into(),
            architecture: Some("x86_64".into()),
            source: None,
            installed: None,
            vendor: None,
            module: None,
        }
    }

    #[test]
    fn installed_is_not_running() {
        for (name, version, release, kernel, expected) in [
            (
                "kernel-core",
                "5.14.0",
                "362.el9",
                "5.14.0-362.el9.x86_64",
                Some(true),
            ),
            (
                "kernel-core",
                "5.14.0",
                "284.el9",
                "5.14.0-362.el9.x86_64",
                Some(false),
            ),
            (
                "kernel-tools",
                "5.14.0",
                "362.el9",
                "5.14.0-362.el9.x86_64",
                None,
            ),
            (
                "kernel-default",
                "5.14.21",
                "150500.55.52.1",
                "5.14.21-150500.55.52-default",
                Some(true),
            ),
            (
                "kernel-default",
                "5.14.21",
                "150500.55.520.1",
                "5.14.21-150500.55.52-default",
                Some(false),
            ),
            ("bash", "5", "1", "5.14.0-362.el9.x86_64", None),
        ] {
            assert_eq!(
                package(name, version, release).runs(kernel),
                expected,
                "{name} {release}"
            );
        }
    }

    #[test]
    fn the_source_is_named_by_its_file() {
        let mut found = package("openssl-libs", "3.0.7", "1.el9");
        found.source = Some("openssl-3.0.7-1.el9.src.rpm".into());
        assert_eq!(found.source_name(), Some("openssl"));
        found.source = Some("odd".into());
        assert_eq!(found.source_name(), None);
    }
}

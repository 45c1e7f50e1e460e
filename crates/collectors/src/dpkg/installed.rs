//! One installed package of dpkg's, and the component that it is.

use std::collections::BTreeMap;

use standing_facts::tables::Component;
use standing_patching::Purl;

use crate::distribution::Release;

/// What dpkg's records, or another's copy of them, say of one package.
pub(crate) struct Installed<'a> {
    pub(crate) package: &'a str,
    pub(crate) version: &'a str,
    /// The field `Source`, where it is there.
    pub(crate) source: Option<&'a str>,
    pub(crate) architecture: Option<&'a str>,
}

impl Installed<'_> {
    /// The component on that host, under the name of its source, as advisories have it.
    pub(crate) fn component(&self, asset: &str, of: &Release, kernel: Option<&str>) -> Component {
        let (name, version) = self.source(of);
        Component {
            asset: asset.to_owned(),
            ecosystem: of.ecosystem(),
            binary: (name != self.package).then(|| self.package.to_owned()),
            purl: Some(self.purl(&name, version, of)),
            name,
            version: version.to_owned(),
            installed_on: None,
            running: self.runs(kernel),
        }
    }

    /// `Source: openssl (3.0.11-1)` names a version of its own where it differs from the binary's.
    ///
    /// Signed kernels are built from a source of their own that no advisory names: `linux-signed-amd64`
    /// of Debian's and `linux-signed-hwe` of Ubuntu's are `linux` and `linux-hwe` at the binary's version.
    pub(super) fn source(&self, of: &Release) -> (String, &str) {
        let source = self.source.unwrap_or(self.package);
        let (name, version) = match source.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches(')').trim()),
            None => (source.trim(), self.version),
        };
        match name.strip_prefix("linux-signed") {
            Some(rest) if of.os == "ubuntu" => (format!("linux{rest}"), self.version),
            Some(_) => ("linux".to_owned(), self.version),
            None => (name.to_owned(), version),
        }
    }

    /// Of `linux-image-6.1.0-18-amd64`: whether that is the kernel that runs. `linux-image-amd64` only
    /// names the newest one.
    fn runs(&self, kernel: Option<&str>) -> Option<bool> {
        let release = self.package.strip_prefix("linux-image-")?;
        let release = release.strip_prefix("unsigned-").unwrap_or(release);
        let release = release.strip_suffix("-unsigned").unwrap_or(release);
        let numbered = release.starts_with(|c: char| c.is_ascii_digit());
        let kernel = kernel.filter(|_| numbered)?;
        Some(kernel == release)
    }

    fn purl(&self, source: &str, source_version: &str, of: &Release) -> String {
        let mut qualifiers = BTreeMap::new();
        let mut add = |key: &str, value: String| qualifiers.insert(key.to_owned(), value);
        if let Some(architecture) = self.architecture {
            add("arch", architecture.to_owned());
        }
        if let Some(number) = &of.version {
            add("distro", format!("{}-{number}", of.os));
        }
        if source_version != self.version {
            add("upstream", format!("{source}@{source_version}"));
        } else if source != self.package {
            add("upstream", source.to_owned());
        }
        let purl = Purl {
            kind: "deb".into(),
            namespace: Some(of.os.clone()),
            name: self.package.into(),
            version: Some(self.version.into()),
            qualifiers,
            subpath: None,
        };
        purl.to_string()
    }
}

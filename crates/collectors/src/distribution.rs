//! Distributions of Linux in the words of OSV and of end-of-life tables.

/// Names of releases that stand in package URLs instead of numbers.
const CODENAMES: [(&str, &str); 11] = [
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("xenial", "16.04"),
    ("bionic", "18.04"),
    ("focal", "20.04"),
    ("jammy", "22.04"),
    ("noble", "24.04"),
    ("resolute", "26.04"),
];

/// Distributions whose own id, or what bills of materials call them, is not the word of end-of-life
/// tables.
const OTHER_WORDS: [(&str, &str); 9] = [
    ("amzn", "amazon-linux"),
    ("amazon", "amazon-linux"),
    ("ol", "oracle-linux"),
    ("oracle", "oracle-linux"),
    ("redhat", "rhel"),
    ("alma", "almalinux"),
    ("opensuse.leap", "opensuse-leap"),
    ("opensuse.tumbleweed", "opensuse-tumbleweed"),
    ("suse linux enterprise server", "sles"),
];

/// One release of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// `debian`, `rocky`, `amazon-linux`, or another distribution's own id in small letters.
    pub(crate) os: String,
    /// `12`, `22.04`.
    pub(crate) version: Option<String>,
}

impl Release {
    /// `id` and `version` as `os-release` gives them; a point release is its release.
    pub(crate) fn new(id: &str, version: Option<&str>) -> Self {
        let id = id.to_ascii_lowercase();
        let word = OTHER_WORDS.iter().find(|(own, _)| *own == id);
        let os = word.map_or(id, |(_, word)| (*word).to_owned());
        let first = |v: &str, count| v.split('.').take(count).collect::<Vec<_>>().join(".");
        let version = version
            .filter(|v| !v.is_empty())
            .map(|v| match os.as_str() {
                "debian" | "almalinux" | "rocky" | "rhel" | "centos" | "centos-stream"
                | "oracle-linux" => first(v, 1),
                "alpine" if v.contains("_alpha") => "edge".to_owned(),
                "ubuntu" | "alpine" => first(v, 2),
                _ => v.to_owned(),
            });
        Release { os, version }
    }

    /// The `distro` qualifier of a package URL: `debian-12`, `opensuse-leap-15.5`, or without the
    /// distribution, which the namespace then names: `3.18.4`, `bookworm`.
    pub(crate) fn from_qualifier(namespace: &str, distro: &str) -> Self {
        let (id, version) = match distro.rsplit_once('-') {
            Some((id, version)) if !id.is_empty() => (id, version),
            _ => (namespace, distro),
        };
        let named = CODENAMES.iter().find(|(name, _)| *name == version);
        Release::new(id, Some(named.map_or(version, |(_, number)| number)))
    }

    /// The ecosystem as OSV spells it: `Debian:12`, `Ubuntu:22.04:LTS`, `Alpine:v3.19`. Ubuntu's
    /// releases of every second April are the long-term ones. Red Hat's and SUSE's advisories speak of
    /// streams and modules, which no host tells, so their ecosystems name no release. Other
    /// distributions keep their id.
    pub(crate) fn ecosystem(&self) -> String {
        let name = match self.os.as_str() {
            "debian" => "Debian",
            "ubuntu" => "Ubuntu",
            "almalinux" => "AlmaLinux",
            "rocky" => "Rocky Linux",
            "alpine" => "Alpine",
            "opensuse-leap" | "opensuse-tumbleweed" => "openSUSE",
            "rhel" => return "Red Hat".into(),
            "sles" | "sles_sap" => return "SUSE".into(),
            other => other,
        };
        match (self.os.as_str(), &self.version) {
            ("opensuse-tumbleweed", _) => format!("{name}:Tumbleweed"),
            (_, None) => name.to_owned(),
            ("ubuntu", Some(version)) if is_long_term(version) => {
                format!("{name}:{version}:LTS")
            }
            ("opensuse-leap", Some(version)) => format!("{name}:Leap {version}"),
            ("alpine", Some(version)) if version != "edge" => format!("{name}:v{version}"),
            (_, Some(version)) => format!("{name}:{version}"),
        }
    }
}

fn is_long_term(version: &str) -> bool {
    version
        .strip_suffix(".04")
        .and_then(|year| year.parse::<u32>().ok())
        .is_some_and(|year| year % 2 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecosystems_are_spelled_as_osv_spells_them() {
        for (id, version, expected) in [
            ("debian", Some("12"), "Debian:12"),
            ("debian", Some("12.5"), "Debian:12"),
            ("debian", None, "Debian"),
            ("Ubuntu", Some("22.04"), "Ubuntu:22.04:LTS"),
            ("ubuntu", Some("22.04.3"), "Ubuntu:22.04:LTS"),
            ("ubuntu", Some("23.04"), "Ubuntu:23.04"),
            ("ubuntu", Some("24.10"), "Ubuntu:24.10"),
            ("raspbian", Some("11"), "raspbian:11"),
            ("almalinux", Some("9.3"), "AlmaLinux:9"),
            ("rocky", Some("8.9"), "Rocky Linux:8"),
            ("rhel", Some("9.3"), "Red Hat"),
            ("sles", Some("15.5"), "SUSE"),
            ("opensuse-leap", Some("15.5"), "openSUSE:Leap 15.5"),
            (
                "opensuse-tumbleweed",
                Some("20240101"),
                "openSUSE:Tumbleweed",
            ),
            ("alpine", Some("3.19.1"), "Alpine:v3.19"),
            ("alpine", Some("3.21.0_alpha20240923"), "Alpine:edge"),
            ("fedora", Some("40"), "fedora:40"),
            ("amzn", Some("2023"), "amazon-linux:2023"),
        ] {
            assert_eq!(Release::new(id, version).ecosystem(), expected);
        }
    }

    #[test]
    fn qualifiers_name_releases_by_number_or_by_name() {
        for (namespace, distro, expected) in [
            ("debian", "debian-12", "Debian:12"),
            ("debian", "debian-12.5", "Debian:12"),
            ("debian", "bookworm", "Debian:12"),
            ("ubuntu", "ubuntu-22.04", "Ubuntu:22.04:LTS"),
            ("ubuntu", "jammy", "Ubuntu:22.04:LTS"),
            ("alpine", "alpine-3.18.2", "Alpine:v3.18"),
            ("alpine", "3.18.2", "Alpine:v3.18"),
            ("redhat", "rhel-9.2", "Red Hat"),
            ("redhat", "redhat-9.2", "Red Hat"),
            ("alma", "alma-9.3", "AlmaLinux:9"),
            ("rocky", "rocky-8.9", "Rocky Linux:8"),
            ("opensuse", "opensuse-leap-15.5", "openSUSE:Leap 15.5"),
            ("opensuse.leap", "opensuse.leap-15.5", "openSUSE:Leap 15.5"),
        ] {
            assert_eq!(
                Release::from_qualifier(namespace, distro).ecosystem(),
                expected
            );
        }
    }
}

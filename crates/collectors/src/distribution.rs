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

/// One release of a distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// `debian`, `ubuntu`, or another distribution's own id in small letters.
    pub(crate) os: String,
    /// `12`, `22.04`.
    pub(crate) version: Option<String>,
}

impl Release {
    /// `id` and `version` as `os-release` gives them; a Debian point release is its release.
    pub(crate) fn new(id: &str, version: Option<&str>) -> Self {
        let os = id.to_ascii_lowercase();
        let version = version
            .filter(|v| !v.is_empty())
            .map(|v| match os.as_str() {
                "debian" => v.split('.').next().unwrap_or(v).to_owned(),
                "ubuntu" => v.split('.').take(2).collect::<Vec<_>>().join("."),
                _ => v.to_owned(),
            });
        Release { os, version }
    }

    /// The `distro` qualifier of a package URL: `debian-12`, `ubuntu-22.04`, `bookworm`.
    pub(crate) fn from_qualifier(namespace: &str, distro: &str) -> Self {
        let version = distro
            .split_once('-')
            .map_or(distro, |(_, version)| version);
        let named = CODENAMES.iter().find(|(name, _)| *name == version);
        Release::new(namespace, Some(named.map_or(version, |(_, number)| number)))
    }

    /// The ecosystem as OSV spells it: `Debian:12`, `Ubuntu:22.04:LTS`, `Ubuntu:23.10`. Ubuntu's
    /// releases of every second April are the long-term ones. Other distributions keep their id.
    pub(crate) fn ecosystem(&self) -> String {
        let name = match self.os.as_str() {
            "debian" => "Debian",
            "ubuntu" => "Ubuntu",
            other => other,
        };
        match &self.version {
            None => name.to_owned(),
            Some(version) if self.os == "ubuntu" && is_long_term(version) => {
                format!("{name}:{version}:LTS")
            }
            Some(version) => format!("{name}:{version}"),
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
        ] {
            assert_eq!(
                Release::from_qualifier(namespace, distro).ecosystem(),
                expected
            );
        }
    }
}

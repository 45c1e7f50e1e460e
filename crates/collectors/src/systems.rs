//! Operating systems of devices in the words of end-of-life tables.

/// Builds of Windows and the release that each is, on clients and, where there is one, on servers.
const WINDOWS: [(&str, &str, &str); 26] = [
    ("6003", "", "2008-sp2"),
    ("7601", "", "2008-r2-sp1"),
    ("9200", "", "2012"),
    ("9600", "", "2012-r2"),
    ("10240", "10-1507", ""),
    ("10586", "10-1511", ""),
    ("14393", "10-1607", "2016"),
    ("15063", "10-1703", ""),
    ("16299", "10-1709", ""),
    ("17134", "10-1803", ""),
    ("17763", "10-1809", "2019"),
    ("18362", "10-1903", ""),
    ("18363", "10-1909", ""),
    ("19041", "10-2004", ""),
    ("19042", "10-20h2", ""),
    ("19043", "10-21h1", ""),
    ("19044", "10-21h2", ""),
    ("19045", "10-22h2", ""),
    ("20348", "", "2022"),
    ("22000", "11-21h2", ""),
    ("22621", "11-22h2", ""),
    ("22631", "11-23h2", ""),
    ("25398", "", "23h2-ac"),
    ("26100", "11-24h2", "2025"),
    ("26200", "11-25h2", ""),
    ("28000", "11-26h1", ""),
];

/// Beginnings of what systems are called, longest first where one begins another, and our words.
const NAMES: [(&str, &str); 26] = [
    ("microsoft windows server", "windows-server"),
    ("microsoft windows", "windows"),
    ("windows server", "windows-server"),
    ("windows", "windows"),
    ("macos", "macos"),
    ("mac os", "macos"),
    ("darwin", "macos"),
    ("ipados", "ipados"),
    ("ios", "ios"),
    ("android", "android"),
    ("ubuntu", "ubuntu"),
    ("debian", "debian"),
    ("rocky", "rocky"),
    ("almalinux", "almalinux"),
    ("red hat", "rhel"),
    ("rhel", "rhel"),
    ("centos stream", "centos-stream"),
    ("centos", "centos"),
    ("fedora", "fedora"),
    ("oracle", "oracle-linux"),
    ("ol", "oracle-linux"),
    ("amazon", "amazon-linux"),
    ("amzn", "amazon-linux"),
    ("opensuse leap", "opensuse-leap"),
    ("sles", "sles"),
    ("alpine", "alpine"),
];

/// The word for an operating system; what is not known stays as it is written, in small letters.
pub(crate) fn word(name: &str) -> String {
    let name = name.trim().to_lowercase();
    // Intune has Linux (ubuntu) and Android (personally-owned work profile).
    let inner = name
        .strip_prefix("linux (")
        .and_then(|n| n.strip_suffix(')'));
    let name = inner.unwrap_or(&name);
    let known = NAMES.iter().find(|(start, _)| begins(name, start));
    known.map_or_else(|| name.to_owned(), |(_, word)| (*word).to_owned())
}

/// Whether the name begins so, and with whole words where the beginning is short.
fn begins(name: &str, start: &str) -> bool {
    name.strip_prefix(start).is_some_and(|rest| {
        start.len() > 4 || rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// The release in the words of end-of-life tables: `10.0.26100.1742` of Windows is `11-24h2`, `14.4.1` of
/// macOS is `14`. What is not known stays as it is written.
pub(crate) fn release(word: &str, version: &str) -> String {
    let version = version.trim();
    let first = |count: usize| version.split('.').take(count).collect::<Vec<_>>().join(".");
    let numbered = version.starts_with(|c: char| c.is_ascii_digit());
    match word {
        "windows" | "windows-server" => windows(word, version).unwrap_or(version).to_owned(),
        _ if !numbered => version.to_owned(),
        "macos" if version.starts_with("10.") => first(2),
        "android" if version.starts_with("12.1") || version.starts_with("8.") => first(2),
        "macos" | "ios" | "ipados" | "android" | "debian" | "rocky" | "almalinux" | "rhel"
        | "centos" | "centos-stream" | "oracle-linux" | "fedora" => first(1),
        "ubuntu" | "alpine" => first(2),
        _ => version.to_owned(),
    }
}

/// The build is the third number of `10.0.26100.1742`.
fn windows(word: &str, version: &str) -> Option<&'static str> {
    let build = version.split('.').nth(2)?;
    let (_, client, server) = WINDOWS.iter().find(|(known, ..)| *known == build)?;
    let release = if word == "windows" { client } else { server };
    (!release.is_empty()).then_some(*release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_become_the_releases_of_the_support_table() {
        for (name, version, expected) in [
            ("Windows", "10.0.26100.1742", ("windows", "11-24h2")),
            ("Windows 11 Pro", "10.0.22631.3296", ("windows", "11-23h2")),
            ("Windows", "10.0.99999.1", ("windows", "10.0.99999.1")),
            (
                "Microsoft Windows Server 2022",
                "10.0.20348",
                ("windows-server", "2022"),
            ),
            (
                "Windows Server 2019",
                "10.0.17763.1",
                ("windows-server", "2019"),
            ),
            ("macOS", "14.4.1", ("macos", "14")),
            ("darwin", "10.15.7", ("macos", "10.15")),
            ("iOS", "17.4.1", ("ios", "17")),
            ("iPadOS", "17.4", ("ipados", "17")),
            ("Android (dedicated)", "14.0", ("android", "14")),
            ("AndroidEnterprise", "8.1.0", ("android", "8.1")),
            ("Linux (ubuntu)", "22.04.3", ("ubuntu", "22.04")),
            ("Rocky Linux", "9.3", ("rocky", "9")),
            ("Ubuntu", "unknown", ("ubuntu", "unknown")),
            ("Iostat OS", "1", ("iostat os", "1")),
        ] {
            let word = word(name);
            assert_eq!((word.as_str(), release(&word, version).as_str()), expected);
        }
    }

    #[test]
    fn every_release_of_windows_stands_in_the_support_table() {
        let table = include_str!("../../../catalogue/support.csv");
        let has = |product: &str, cycle: &str| {
            let start = format!("{product},{cycle},");
            table.lines().any(|line| line.starts_with(&start))
        };
        for (_, client, server) in &WINDOWS {
            assert!(client.is_empty() || has("windows", client), "{client}");
            assert!(
                server.is_empty() || has("windows-server", server),
                "{server}"
            );
        }
    }
}

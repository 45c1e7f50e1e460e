//! Names of vulnerabilities, found in texts.

use std::collections::HashSet;

/// Databases whose ids are `NAME-YEAR-NUMBER`.
const BY_YEAR: [&str; 9] = [
    "RUSTSEC", "PYSEC", "GO", "OSV", "MAL", "JLSEC", "HSEC", "RSEC", "PSF",
];

/// Every id in a text, in the order in which they stand, none twice.
pub(super) fn all(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let mut start = 0;
        while let Some(rest) = word.get(start..).filter(|rest| !rest.is_empty()) {
            match at(rest) {
                Some((id, length)) => {
                    if seen.insert(id.clone()) {
                        found.push(id);
                    }
                    start += length;
                }
                None => start += rest.find('-').map_or(rest.len(), |dash| dash + 1),
            }
        }
    }
    found
}

/// Those among them that are CVE ids.
pub(super) fn cves(text: &str) -> Vec<String> {
    let mut all = all(text);
    all.retain(|id| id.starts_with("CVE-"));
    all
}

/// The id with which a word begins, in its usual spelling, and its length.
fn at(word: &str) -> Option<(String, usize)> {
    let (name, rest) = word.split_once('-')?;
    let name = name.to_ascii_uppercase();
    let of_name = |length: usize| name.len() + 1 + length;
    if name == "GHSA" {
        let length = 14;
        let groups = rest.get(..length)?;
        let ends = rest[length..].chars().next().is_none_or(|c| c == '-');
        let three = groups.split('-').map(str::len).eq([4, 4, 4]);
        return (ends && three)
            .then(|| (format!("GHSA-{}", groups.to_lowercase()), of_name(length)));
    }
    if name != "CVE" && !BY_YEAR.contains(&name.as_str()) {
        return None;
    }
    let (year, rest) = rest.split_once('-')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let is_year = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    let ends = rest[digits..].chars().next().is_none_or(|c| c == '-');
    let id = format!("{name}-{year}-{}", &rest[..digits]);
    (is_year && ends && digits >= 1 && (name != "CVE" || digits >= 4))
        .then(|| (id, of_name(5 + digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_where_they_stand() {
        for (text, expected) in [
            ("CVE-2024-1234", "CVE-2024-1234"),
            ("cve-2024-1234-openssl", "CVE-2024-1234"),
            (
                "x CVE-2024-1234,CVE-2024-12345; CVE-2024-1234",
                "CVE-2024-1234 CVE-2024-12345",
            ),
            (
                "https://x.example/GHSA-AAAA-bbbb-cc12",
                "GHSA-aaaa-bbbb-cc12",
            ),
            (
                "[GO-2026-4864] RUSTSEC-2020-0091/PYSEC-2020-1",
                "GO-2026-4864 RUSTSEC-2020-0091 PYSEC-2020-1",
            ),
            ("SNYK-CVE-2024-1234", "CVE-2024-1234"),
        ] {
            assert_eq!(all(text).join(" "), expected, "{text}");
        }
        for text in [
            "",
            "CVE",
            "CVE-",
            "CVE-2024",
            "CVE-2024-",
            "CVE-2024-123",
            "CVE-2024-1234x",
            "GHSA-aaaa-bbbb",
            "GHSA-aaaa-bbbb-ccccc",
            "DGO-2026-1",
            "js/sql-injection",
            "é-CVE",
        ] {
            assert_eq!(all(text), [] as [&str; 0], "{text}");
        }
        assert_eq!(cves("GO-2026-1 CVE-2026-0001"), ["CVE-2026-0001"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(CVE|GHSA|GO|-|[0-9]{1,5}|[a-zé]{1,5}| ){0,20}") {
            let _ = all(&text);
        }
    }
}

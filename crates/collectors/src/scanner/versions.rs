//! Which of several versions is the fix.

use std::cmp::Ordering;

use standing_patching::compare;

/// The earliest of the versions that lie above the installed one. Where the order is not known, or
/// none lies above, the versions as they are told, because choosing would be guessing.
pub(super) fn first_fix(
    ecosystem: Option<&str>,
    installed: &str,
    versions: &[String],
) -> Option<String> {
    let versions = versions.iter().map(|v| v.trim()).filter(|v| !v.is_empty());
    let versions: Vec<&str> = versions.collect();
    if let [] | [_] = versions[..] {
        return versions.first().map(|v| (*v).to_owned());
    }
    let above = ecosystem.and_then(|e| earliest_above(e, installed, &versions));
    Some(above.map_or_else(|| versions.join(", "), str::to_owned))
}

fn earliest_above<'v>(ecosystem: &str, installed: &str, versions: &[&'v str]) -> Option<&'v str> {
    let mut best: Option<&str> = None;
    for version in versions {
        if compare(ecosystem, version, installed)? != Ordering::Greater {
            continue;
        }
        let is_earlier = match best {
            Some(best) => compare(ecosystem, version, best)? == Ordering::Less,
            None => true,
        };
        if is_earlier {
            best = Some(version);
        }
    }
    best
}

/// The first versions that a requirement lets in: `>=0.2.1 <1.0.0 || >=1.2.3` gives two.
pub(super) fn floors(requirement: &str) -> Vec<String> {
    let words = comparators(requirement);
    let floor = |word: &String| {
        let version = word.strip_prefix(">=").or_else(|| word.strip_prefix('^'));
        let version = version.or_else(|| word.strip_prefix('~'));
        let version = version.or_else(|| word.strip_prefix('='));
        version.map(str::to_owned)
    };
    words.iter().filter_map(floor).collect()
}

/// The versions below which a range lies: `<11.8.5` gives one, `<=2.6.8` none.
pub(super) fn ceilings(range: &str) -> Vec<String> {
    let words = comparators(range);
    let ceiling = |word: &String| {
        let version = word.strip_prefix('<')?;
        (!version.starts_with('=')).then(|| version.to_owned())
    };
    words.iter().filter_map(ceiling).collect()
}

/// The parts of a requirement, without blanks inside them.
fn comparators(requirement: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in requirement.split(|c: char| c.is_whitespace() || c == ',' || c == '|') {
        match words.last_mut() {
            Some(last) if !last.is_empty() && last.chars().all(|c| "<>=^~".contains(c)) => {
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words.retain(|w| w.chars().any(|c| c.is_ascii_digit()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|t| (*t).to_owned()).collect()
    }

    #[test]
    fn the_earliest_above_the_installed_is_the_fix() {
        let branches = texts(&["11.0.14", "10.1.49", "9.0.112"]);
        let fix =
            |ecosystem, installed, versions: &[String]| first_fix(ecosystem, installed, versions);
        assert_eq!(
            fix(Some("Maven"), "9.0.109", &branches).as_deref(),
            Some("9.0.112")
        );
        assert_eq!(
            fix(Some("Maven"), "10.0.1", &branches).as_deref(),
            Some("10.1.49")
        );
        let told = Some("11.0.14, 10.1.49, 9.0.112");
        assert_eq!(fix(Some("Maven"), "12", &branches).as_deref(), told);
        assert_eq!(fix(None, "9.0.109", &branches).as_deref(), told);
        assert_eq!(fix(None, "1", &texts(&["2"])).as_deref(), Some("2"));
        assert_eq!(fix(None, "1", &[]), None);
        assert_eq!(fix(None, "1", &texts(&["", " "])), None);
    }

    #[test]
    fn requirements_have_floors_and_ranges_ceilings() {
        assert_eq!(floors(">=0.2.1 <1.0.0 || >=1.2.3"), ["0.2.1", "1.2.3"]);
        assert_eq!(
            floors(">= 2.11.2 < 3.0.0|| >= 3.6.4 < 4.0.0"),
            ["2.11.2", "3.6.4"]
        );
        assert_eq!(floors("^1.2.3"), ["1.2.3"]);
        assert_eq!(floors("<0.0.0"), [] as [&str; 0]);
        assert_eq!(ceilings("<11.8.5"), ["11.8.5"]);
        assert_eq!(ceilings(">=1.0.0 <1.2.3 || < 0.2.1"), ["1.2.3", "0.2.1"]);
        assert_eq!(ceilings("<=2.6.8"), [] as [&str; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "([<>=^~| ,é]|[0-9.]{1,6}){0,20}") {
            let (floors, ceilings) = (floors(&text), ceilings(&text));
            let _ = first_fix(Some("npm"), &text, &floors);
            let _ = first_fix(Some("PyPI"), &text, &ceilings);
        }
    }
}

//! How grave a record says it is.

use serde::Deserialize;
use standing_patching::{Level, Version, score};

/// One entry of OSV's `severity` lists.
#[derive(Deserialize)]
pub(super) struct Stated {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) score: String,
}

/// The word and the number, where the record gives them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Severity {
    pub(super) word: Option<&'static str>,
    pub(super) cvss_tenths: Option<i64>,
}

/// The first word that means something stands; without one, the CVSS base score gives it.
/// Where scores of several versions are stated, version 3 goes before 4 and 4 before 2, because
/// the deadlines that are judged by it name version 3.
pub(super) fn judge<'a>(words: impl Iterator<Item = &'a str>, stated: &'a [Stated]) -> Severity {
    let scores = stated.iter().filter_map(|s| score(&s.score));
    let best = scores.min_by_key(|scores| match scores.version {
        Version::V30 | Version::V31 => 0,
        Version::V40 => 1,
        Version::V2 => 2,
    });
    // Temporal and environmental metrics are somebody's circumstances.
    let base = best.map(|scores| scores.base);
    let distribution = stated
        .iter()
        .filter(|s| !s.kind.starts_with("CVSS"))
        .map(|s| s.score.as_str());
    Severity {
        word: words
            .chain(distribution)
            .find_map(word)
            .or(base.map(|tenths| name(Level::of_tenths(tenths)))),
        cvss_tenths: base.map(i64::from),
    }
}

fn word(text: &str) -> Option<&'static str> {
    Level::of_word(text)
        .filter(|level| *level != Level::None)
        .map(name)
}

/// A score of zero is the mildest word there is.
fn name(level: Level) -> &'static str {
    match level {
        Level::Critical => "critical",
        Level::High => "high",
        Level::Medium => "medium",
        Level::Low | Level::None => "low",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH_V3: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
    const LOW_V4: &str = "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";

    fn stated(scores: &[(&str, &str)]) -> Vec<Stated> {
        let one = |(kind, score): &(&str, &str)| Stated {
            kind: (*kind).into(),
            score: (*score).into(),
        };
        scores.iter().map(one).collect()
    }

    #[test]
    fn words_go_before_scores_and_version_3_before_4() {
        let both = stated(&[("CVSS_V4", LOW_V4), ("CVSS_V3", HIGH_V3)]);
        let expected = |word, cvss_tenths| Severity { word, cvss_tenths };
        assert_eq!(
            judge([].into_iter(), &both),
            expected(Some("high"), Some(75))
        );
        assert_eq!(
            judge(["MODERATE"].into_iter(), &both),
            expected(Some("medium"), Some(75))
        );
        assert_eq!(
            judge(["Unknown"].into_iter(), &both),
            expected(Some("high"), Some(75))
        );
        assert_eq!(
            judge(["not yet assigned"].into_iter(), &[]),
            expected(None, None)
        );
        let ubuntu = stated(&[("Ubuntu", "negligible")]);
        assert_eq!(judge([].into_iter(), &ubuntu), expected(Some("low"), None));
        assert_eq!(
            judge([].into_iter(), &stated(&[("CVSS_V3", "7.5")])),
            expected(None, None)
        );
    }

    #[test]
    fn circumstances_do_not_change_the_base_score() {
        let temporal = format!("{HIGH_V3}/E:U/RL:O/RC:U/MAV:P");
        let found = judge([].into_iter(), &stated(&[("CVSS_V3", &temporal)]));
        assert_eq!((found.word, found.cvss_tenths), (Some("high"), Some(75)));
        let none = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N";
        let found = judge(["none"].into_iter(), &stated(&[("CVSS_V3", none)]));
        assert_eq!((found.word, found.cvss_tenths), (Some("low"), Some(0)));
    }
}

//! How grave a record says it is.

use serde::Deserialize;

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
    let scores = || stated.iter().filter_map(|s| base_score(&s.score));
    let best = scores().min_by_key(|(version, _)| match version {
        3 => 0,
        4 => 1,
        _ => 2,
    });
    let cvss_tenths = best.map(|(_, tenths)| tenths);
    let distribution = stated
        .iter()
        .filter(|s| !s.kind.starts_with("CVSS"))
        .map(|s| s.score.as_str());
    Severity {
        word: words
            .chain(distribution)
            .find_map(word)
            .or(cvss_tenths.map(rating)),
        cvss_tenths,
    }
}

/// Databases use the words of their own traditions. Debian's `unimportant` and Ubuntu's
/// `negligible` are low; words that withhold a judgement give none.
fn word(text: &str) -> Option<&'static str> {
    match text
        .trim()
        .trim_end_matches('*')
        .to_ascii_lowercase()
        .as_str()
    {
        "critical" => Some("critical"),
        "high" | "important" => Some("high"),
        "medium" | "moderate" => Some("medium"),
        "low" | "minor" | "unimportant" | "negligible" => Some("low"),
        _ => None,
    }
}

/// The qualitative scale of CVSS 3 and 4; a score of zero is the mildest word there is.
fn rating(tenths: i64) -> &'static str {
    match tenths {
        90.. => "critical",
        70.. => "high",
        40.. => "medium",
        _ => "low",
    }
}

/// The base score of a vector in tenths, and CVSS's major version. Temporal and environmental
/// metrics are somebody's circumstances and are left out. Numbers without a vector are no score.
fn base_score(vector: &str) -> Option<(u8, i64)> {
    const BASE: [&str; 17] = [
        "AV", "AC", "Au", "PR", "UI", "S", "C", "I", "A", "AT", "VC", "VI", "VA", "SC", "SI", "SA",
        "CVSS",
    ];
    let is_base = |metric: &&str| {
        metric
            .split_once(':')
            .is_some_and(|(m, _)| BASE.contains(&m))
    };
    let base: Vec<&str> = vector.trim().split('/').filter(is_base).collect();
    let parsed: cvss::Cvss = base.join("/").parse().ok()?;
    let version = match parsed {
        cvss::Cvss::CvssV30(_) | cvss::Cvss::CvssV31(_) => 3,
        cvss::Cvss::CvssV40(_) => 4,
        _ => 2,
    };
    Some((version, (parsed.score() * 10.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

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
        assert_eq!(base_score(&temporal), Some((3, 75)));
        let base = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
        assert_eq!(base_score(base), Some((4, 93)));
        assert_eq!(base_score(&format!("{base}/E:U")), Some((4, 93)));
    }

    #[test]
    fn published_vectors_give_published_scores() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/data/vectors/cvss"
        );
        // FIRST's own calculators differ by a tenth on a few version 4 vectors.
        for (file, version, tolerance) in [
            ("cvss2-base", 2, 0),
            ("cvss30-base", 3, 0),
            ("cvss31-base", 3, 0),
            ("cvss40", 4, 1),
        ] {
            let Ok(packed) = std::fs::File::open(format!("{folder}/{file}.tsv.gz")) else {
                println!("skipped: ../shared/data not present");
                return;
            };
            let mut text = String::new();
            let mut unpacked = flate2::read::GzDecoder::new(packed);
            unpacked.read_to_string(&mut text).expect("a gzip file");
            let mut seen = 0;
            for line in text.lines() {
                let mut fields = line.split('\t');
                let (vector, score) = (fields.next(), fields.next());
                let vector = vector.expect("a vector");
                let score: f64 = score.and_then(|s| s.parse().ok()).expect("a score");
                let expected = (score * 10.0).round() as i64;
                let is_base = version != 4 || vector.split('/').count() == 12;
                if is_base {
                    let (v, tenths) = base_score(vector).expect(vector);
                    assert_eq!(v, version, "{vector}");
                    assert!((tenths - expected).abs() <= tolerance, "{vector}: {tenths}");
                    seen += 1;
                }
            }
            assert!(seen > 20, "{file}: {seen}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(CVSS:[234].[01])?[A-Z:/\\PC]{0,60}") {
            let _ = base_score(&text);
        }
    }
}

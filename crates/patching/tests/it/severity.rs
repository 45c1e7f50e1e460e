//! Scores against published and our own vectors; what a policy makes of ratings.

use crate::shared;
use proptest::prelude::*;
use standing_patching::{
    Author, Grade, Level, Rating, Reading, Severity, VendorWord, Version, Why, score,
};

fn base(vector: &str) -> Option<u8> {
    score(vector).map(|scores| scores.base)
}

/// Worked by hand from the equations of each specification.
#[test]
fn our_vectors_score() {
    for (vector, version, expected) in [
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", Version::V2, [100, 100, 100]),
        (
            "AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C",
            Version::V2,
            [78, 64, 64],
        ),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:N", Version::V2, [0, 0, 0]),
        (
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            Version::V31,
            [98, 98, 98],
        ),
        (
            "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
            Version::V30,
            [100, 100, 100],
        ),
        (
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U",
            Version::V31,
            [75, 69, 69],
        ),
        (
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/MA:N",
            Version::V31,
            [75, 75, 0],
        ),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
            Version::V40,
            [100, 100, 100],
        ),
        (
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N",
            Version::V40,
            [0, 0, 0],
        ),
    ] {
        let found = score(vector).unwrap();
        assert_eq!(found.version, version, "{vector}");
        assert_eq!(
            [found.base, found.temporal, found.environmental],
            expected,
            "{vector}"
        );
    }
    let full = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
    let threat = score(&format!("{full}/E:U/MAV:P")).unwrap();
    assert_eq!(threat.base, base(full).unwrap());
    assert_eq!(
        threat.temporal,
        base(full)
            .map(|_| score(&format!("{full}/E:U")).unwrap().environmental)
            .unwrap()
    );
    assert!(threat.environmental < threat.temporal && threat.temporal < threat.base);
}

#[test]
fn version_2_is_read_as_reports_write_it() {
    let bare = "AV:N/AC:L/Au:N/C:P/I:P/A:P";
    for text in [
        bare.into(),
        format!("({bare})"),
        format!("CVSS2#{bare}"),
        format!("CVSS:2.0/{bare}"),
        format!(" {bare} "),
    ] {
        assert_eq!(base(&text), Some(75), "{text}");
    }
}

#[test]
fn what_is_no_vector_scores_nothing() {
    let full = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    for i in 1..full.split('/').count() {
        let mut metrics: Vec<&str> = full.split('/').collect();
        metrics.remove(i);
        assert_eq!(base(&metrics.join("/")), None, "{metrics:?}");
    }
    let full4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
    for text in [
        "",
        "7.5",
        "high",
        "CVSS:3.1",
        "CVSS:3.1/",
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:5.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "AV:N/AC:L/Au:N/C:P/I:P",
        "(AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        &format!("{full}/A:H"),
        &format!("{full}/X:Y"),
        &format!("{full}/A"),
        &full4[..full4.len() - 5],
    ] {
        assert_eq!(base(text), None, "{text}");
    }
}

/// Tenths of a number as the lists write it.
fn tenths(text: &str) -> u8 {
    (text.parse::<f64>().unwrap() * 10.0).round() as u8
}

fn level(word: &str) -> Level {
    Level::of_word(word).unwrap()
}

#[test]
fn published_vectors_score_as_published() {
    let mut seen = 0;
    for file in [
        "cvss2-base",
        "cvss30-base",
        "cvss31-base",
        "cvss30-temporal-env",
        "cvss31-temporal-env",
        "cvss40",
    ] {
        let Some(text) = shared(&format!("vectors/cvss/{file}.tsv.gz")) else {
            return;
        };
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let found = score(fields[0]).expect(line);
            let all = [found.base, found.temporal, found.environmental];
            match (file, &fields[1..]) {
                ("cvss2-base", [base]) => assert_eq!(found.base, tenths(base), "{line}"),
                ("cvss40", [one, word, other]) => {
                    let found = found.environmental;
                    assert!(
                        [tenths(one), tenths(other)].contains(&found),
                        "{line}: {found}"
                    );
                    assert_eq!(Level::of_tenths(found), level(word), "{line}");
                }
                (_, [base, word]) => {
                    assert_eq!(found.base, tenths(base), "{line}");
                    assert_eq!(Level::of_tenths(found.base), level(word), "{line}");
                }
                (_, [b, t, e, words @ ..]) => {
                    assert_eq!(all, [b, t, e].map(|score| tenths(score)), "{line}");
                    let levels: Vec<Level> = words.iter().map(|word| level(word)).collect();
                    assert_eq!(all.map(Level::of_tenths)[..], levels[..], "{line}");
                }
                other => panic!("{other:?}"),
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 14_957);
}

/// Every vector in the advisories beside the workspace is read.
#[test]
fn vectors_in_advisories_score() {
    let (mut seen, mut unread) = (0, Vec::new());
    for file in ["rustsec", "pypa", "bitnami", "go"] {
        let Some(text) = shared(&format!("advisories/{file}-osv.jsonl.gz")) else {
            return;
        };
        for line in text.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let affected = record["affected"].as_array().into_iter().flatten();
            let lists = affected
                .map(|one| &one["severity"])
                .chain([&record["severity"]]);
            for stated in lists.filter_map(|list| list.as_array()).flatten() {
                let vector = stated["score"].as_str().unwrap();
                seen += 1;
                if score(vector).is_none() {
                    unread.push(format!("{} {vector}", record["id"]));
                }
            }
        }
    }
    assert!(seen > 7000, "{seen}");
    assert!(unread.is_empty(), "{unread:#?}");
}

const LOW3: &str = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";
const HIGH3: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";
const HIGH4: &str = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N";
const HIGH2: &str = "AV:N/AC:L/Au:N/C:C/I:C/A:C";

fn severity(vendor: VendorWord, ratings: &[(&str, Author)]) -> Severity {
    let read = |(text, author): &(&str, Author)| Rating::read(text, *author, "a source").unwrap();
    Severity {
        ratings: ratings.iter().map(read).collect(),
        vendor,
    }
}

#[test]
fn a_silent_vendor_is_not_a_missing_one() {
    use Author::{Database, Scanner, Vendor};
    use VendorWord::{Held, NotHeld};
    let strict = Reading {
        counts_version4: false,
        score_is_enough: false,
        words_count: false,
        missing_is_high: false,
    };
    let anxious = Reading {
        missing_is_high: true,
        ..strict
    };
    let all = [Reading::default(), strict, anxious];
    let high = Grade::High;
    use Grade::{NotHigh, NotKnown};
    use Why::{Missing, Said, Score3, Score4, VendorSays, VendorSilent};
    for (vendor, ratings, expected) in [
        (NotHeld, &[][..], [NotKnown, NotKnown, high(Missing)]),
        (Held, &[], [high(VendorSilent); 3]),
        (Held, &[("low", Vendor)], [NotHigh; 3]),
        (Held, &[("Important", Vendor)], [high(VendorSays); 3]),
        (
            Held,
            &[("low", Vendor), (HIGH3, Database)],
            [high(Score3); 3],
        ),
        (
            Held,
            &[("critical", Vendor), (LOW3, Database)],
            [high(VendorSays); 3],
        ),
        // Somebody else's low score does not break the vendor's silence.
        (Held, &[(LOW3, Database)], [high(VendorSilent); 3]),
        (
            NotHeld,
            &[(LOW3, Database)],
            [NotHigh, NotKnown, high(Missing)],
        ),
        (NotHeld, &[(HIGH3, Scanner)], [high(Score3); 3]),
        (
            NotHeld,
            &[(HIGH4, Database)],
            [high(Score4), NotKnown, high(Missing)],
        ),
        (
            Held,
            &[("low", Vendor), (HIGH4, Database)],
            [high(Score4), NotHigh, NotHigh],
        ),
        // The rule names neither version 2 nor anybody else's words; a firm may count the words.
        (
            NotHeld,
            &[(HIGH2, Database)],
            [NotKnown, NotKnown, high(Missing)],
        ),
        (
            NotHeld,
            &[("critical", Scanner)],
            [high(Said), NotKnown, high(Missing)],
        ),
        (
            NotHeld,
            &[("medium", Database)],
            [NotHigh, NotKnown, high(Missing)],
        ),
        (
            NotHeld,
            &[("medium", Scanner)],
            [NotKnown, NotKnown, high(Missing)],
        ),
    ] {
        let severity = severity(vendor, ratings);
        let found = all.map(|reading| severity.grade(reading));
        assert_eq!(found, expected, "{vendor:?} {ratings:?}");
    }
}

#[test]
fn a_rating_keeps_what_was_said() {
    let rating = Rating::read(HIGH3, Author::Database, "NVD").unwrap();
    assert_eq!((rating.level, rating.tenths), (Level::High, Some(75)));
    assert_eq!((rating.text.as_str(), rating.name.as_str()), (HIGH3, "NVD"));
    let word = Rating::read("Moderate", Author::Vendor, "AlmaLinux").unwrap();
    assert_eq!((word.level, word.tenths), (Level::Medium, None));
    for text in ["7.5", "not yet assigned", "unknown", "", "CVSS:3.1/AV:N"] {
        assert_eq!(Rating::read(text, Author::Vendor, "x"), None, "{text}");
    }
    for (word, expected) in [
        ("unimportant", Level::Low),
        ("negligible", Level::Low),
        ("minor", Level::Low),
        ("medium", Level::Medium),
        ("HIGH", Level::High),
        ("important*", Level::High),
        ("none", Level::None),
    ] {
        assert_eq!(Level::of_word(word), Some(expected), "{word}");
    }
    for (tenths, expected) in [
        (0, Level::None),
        (1, Level::Low),
        (39, Level::Low),
        (40, Level::Medium),
        (69, Level::Medium),
        (70, Level::High),
        (89, Level::High),
        (90, Level::Critical),
        (100, Level::Critical),
    ] {
        assert_eq!(Level::of_tenths(tenths), expected, "{tenths}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_text_panics(text in "(CVSS:[2345]\\.[01]/)?([A-Z]{1,2}[a-z]?:[A-Z]/?){0,12}\\PC{0,8}") {
        if let Some(found) = score(&text) {
            prop_assert!(found.base <= 100 && found.temporal <= found.base);
        }
    }
}

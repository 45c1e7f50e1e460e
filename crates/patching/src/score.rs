//! CVSS: what a vector scores.
//!
//! Source: the specifications of FIRST, <https://www.first.org/cvss/>. The `cvss` crate reads and
//! scores. Added here, for version 3: the temporal factors, which it leaves out of the score or rounds up
//! where a binary fraction is a hair above a tenth, and the demand that all base metrics be there.

use cvss::v3::{self, Metric};
use cvss::{Cvss, v2, v4};
use std::fmt;

/// A version of CVSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 2.0
    V2,
    /// 3.0
    V30,
    /// 3.1
    V31,
    /// 4.0
    V40,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::V2 => "2.0",
            Version::V30 => "3.0",
            Version::V31 => "3.1",
            Version::V40 => "4.0",
        })
    }
}

/// The scores of one vector, in tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scores {
    /// By which version's rules.
    pub version: Version,
    /// Of the vulnerability itself; deadlines go by this one.
    pub base: u8,
    /// With how it stands at some time: temporal metrics, threat metrics in version 4.
    pub temporal: u8,
    /// With all of that and somebody's circumstances.
    pub environmental: u8,
}

/// Scores a vector. `None` where it is none: metrics missing, told twice or unknown, another version.
/// Version 2 is read with and without brackets, and behind `CVSS2#` or `CVSS:2.0/`.
pub fn score(vector: &str) -> Option<Scores> {
    let text = vector.trim();
    let bare = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    let bare = bare.unwrap_or(text);
    let prefixes = ["CVSS2#", "CVSS:2.0/"];
    let version2 = prefixes.iter().find_map(|prefix| bare.strip_prefix(prefix));
    match version2.unwrap_or(bare).parse().ok()? {
        Cvss::CvssV20(vector) => Some(of_version2(&vector)),
        Cvss::CvssV30(vector) => of_version3(&vector, Version::V30),
        Cvss::CvssV31(vector) => of_version3(&vector, Version::V31),
        Cvss::CvssV40(vector) => of_version4(&vector),
        _ => None,
    }
}

/// Scores lie between 0 and 10, so that the cast loses nothing.
fn tenths(score: f64) -> u8 {
    (score * 10.0).round() as u8
}

fn of_version2(vector: &v2::Vector) -> Scores {
    Scores {
        version: Version::V2,
        base: tenths(vector.score().value()),
        temporal: tenths(vector.temporal_score().value()),
        environmental: tenths(vector.environmental_score().value()),
    }
}

fn of_version3(vector: &v3::Vector, version: Version) -> Option<Scores> {
    // The crate takes a missing metric for the mildest.
    vector.av.and(vector.ac)?;
    vector.pr.and(vector.ui).and(vector.s)?;
    vector.c.and(vector.i).and(vector.a)?;
    let factor = |score: Option<f64>| score.unwrap_or(1.0);
    let temporal = factor(vector.e.map(Metric::score))
        * factor(vector.rl.map(Metric::score))
        * factor(vector.rc.map(Metric::score));
    let timeless = v3::Vector {
        e: None,
        rl: None,
        rc: None,
        ..vector.clone()
    };
    let base = tenths(timeless.base_score().value());
    let modified = tenths(timeless.environmental_score().value());
    Some(Scores {
        version,
        base,
        temporal: rounded_up(f64::from(base) / 10.0 * temporal),
        environmental: rounded_up(f64::from(modified) / 10.0 * temporal),
    })
}

/// Up to the next tenth, but for what binary fractions add: appendix A of version 3.1.
fn rounded_up(score: f64) -> u8 {
    let fine = (score * 100_000.0).round() as u32;
    u8::try_from(fine.div_ceil(10_000)).unwrap_or(u8::MAX)
}

/// Version 4 has one formula; what is left out of the vector is left out of the score.
fn of_version4(vector: &v4::Vector) -> Option<Scores> {
    const BASE: [&str; 12] = [
        "CVSS", "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
    ];
    let text = vector.to_string();
    let with = |more: &[&str]| -> Option<u8> {
        let kept = |metric: &&str| {
            let name = metric.split(':').next().unwrap_or_default();
            BASE.contains(&name) || more.contains(&name)
        };
        let kept: Vec<&str> = text.split('/').filter(kept).collect();
        let vector: v4::Vector = kept.join("/").parse().ok()?;
        Some(tenths(vector.score().value()))
    };
    Some(Scores {
        version: Version::V40,
        base: with(&[])?,
        temporal: with(&["E"])?,
        environmental: tenths(vector.score().value()),
    })
}

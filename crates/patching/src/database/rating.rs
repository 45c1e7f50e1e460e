//! A rating in three words: its text, its author's name, and what it was found to come to when the
//! advisories were compiled, so that no vector is scored when a package is asked about.

use super::Damaged;
use crate::score::Version;
use crate::severity::{Author, Level, Rating, Scale};

/// Words of a rating.
pub(super) const RATING: u32 = 3;

const AUTHORS: [Author; 3] = [Author::Vendor, Author::Database, Author::Scanner];
const SCALES: [Scale; 5] = [
    Scale::Word,
    Scale::Cvss(Version::V2),
    Scale::Cvss(Version::V30),
    Scale::Cvss(Version::V31),
    Scale::Cvss(Version::V40),
];
const LEVELS: [Level; 5] = [
    Level::None,
    Level::Low,
    Level::Medium,
    Level::High,
    Level::Critical,
];
/// In the place of tenths: a word has no score.
const NO_SCORE: u8 = u8::MAX;

/// The third word.
pub(super) fn write(rating: &Rating) -> u32 {
    u32::from_le_bytes([
        place(&AUTHORS, &rating.author),
        place(&SCALES, &rating.scale),
        place(&LEVELS, &rating.level),
        rating.tenths.unwrap_or(NO_SCORE),
    ])
}

/// The lists hold every variant, or the test that writes each of them fails.
fn place<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let at = all.iter().position(|known| known == one);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// The rating that was written as this third word.
pub(super) fn read(word: u32, text: &str, name: &str) -> Result<Rating, Damaged> {
    let [author, scale, level, tenths] = word.to_le_bytes();
    Ok(Rating {
        level: *LEVELS.get(usize::from(level)).ok_or(Damaged)?,
        tenths: (tenths != NO_SCORE).then_some(tenths),
        text: text.to_owned(),
        scale: *SCALES.get(usize::from(scale)).ok_or(Damaged)?,
        author: *AUTHORS.get(usize::from(author)).ok_or(Damaged)?,
        name: name.to_owned(),
        said: None,
    })
}

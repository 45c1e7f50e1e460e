//! The order of Maven's `ComparableVersion`.
//!
//! Source: <https://maven.apache.org/pom.html#version-order-specification>, in the wording before 2023,
//! where `.qualifier` comes before `-qualifier`. By that wording some versions go round in a circle
//! (`1-sp`, `1.0.alpha`, `1`): a zero counts for nothing beside the end of a version and for more than
//! a word beside a word. Here a zero that leads to a pre-release is [`Token::Falling`], and what stands
//! before a release stays before all that stands after it; so the order is total.

use super::{numeric, padded};
use std::cmp::Ordering;

/// Tokens behind each other; a version that has run out goes on with nothing.
pub(crate) struct Version(Vec<Token>);

enum Token {
    /// A word.
    Qualifier {
        /// Its place among the known ones; those unknown share the last.
        rank: usize,
        /// Whether it follows a hyphen, or a digit directly, and not a point.
        hyphened: bool,
        /// The unknown word.
        word: String,
    },
    /// A zero behind which, after other zeros, a pre-release stands; `hyphened` as above.
    Falling { hyphened: bool },
    /// A number behind a hyphen, or directly behind a letter.
    Hyphened(String),
    /// A number behind a point, or the first of all.
    Pointed(String),
}

/// Pre-releases before nothing, which is a release.
const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

impl Version {
    /// Maven itself reads any text. Refused are the characters that its repositories refuse, and
    /// blanks.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let refused =
            |c: char| c.is_whitespace() || c.is_control() || "\\/:\"<>|?*[](){},$".contains(c);
        if text.is_empty() || text.contains(refused) {
            return None;
        }
        Some(Version(tokens(&text.to_lowercase())))
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut hyphened = false;
    let mut rest = text;
    loop {
        let number = rest.starts_with(|c: char| c.is_ascii_digit());
        let inside = |c: char| c != '.' && c != '-' && c.is_ascii_digit() == number;
        let (word, behind) = rest.split_at(rest.find(|c| !inside(c)).unwrap_or(rest.len()));
        let changes = behind.starts_with(|c| c != '.' && c != '-');
        found.push(match (number || word.is_empty(), hyphened) {
            // Nothing between two marks is a zero.
            (true, true) => Token::Hyphened(word.to_owned()),
            (true, false) => Token::Pointed(word.to_owned()),
            (false, _) => qualifier(word, hyphened, changes),
        });
        if behind.is_empty() {
            trim(&mut found);
            mark_falling(&mut found);
            return found;
        }
        hyphened = changes || behind.starts_with('-');
        if hyphened {
            trim(&mut found);
        }
        rest = if changes { behind } else { &behind[1..] };
    }
}

/// `a1`, `b1` and `m1` are short for words, but only with a digit right behind them.
fn qualifier(word: &str, hyphened: bool, digit_follows: bool) -> Token {
    let word = match word {
        "a" if digit_follows => "alpha",
        "b" if digit_follows => "beta",
        "m" if digit_follows => "milestone",
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        other => other,
    };
    let known = KNOWN.iter().position(|known| *known == word);
    Token::Qualifier {
        rank: known.unwrap_or(KNOWN.len()),
        hyphened,
        word: if known.is_some() {
            String::new()
        } else {
            word.to_owned()
        },
    }
}

/// Drops what means nothing from the end.
fn trim(tokens: &mut Vec<Token>) {
    while tokens.last().is_some_and(|t| t.beside_nothing().is_eq()) {
        tokens.pop();
    }
}

fn mark_falling(tokens: &mut [Token]) {
    let mut next = Ordering::Equal;
    for token in tokens.iter_mut().rev() {
        let own = token.beside_nothing();
        match token {
            Token::Hyphened(_) if own.then(next).is_lt() => {
                *token = Token::Falling { hyphened: true }
            }
            Token::Pointed(_) if own.then(next).is_lt() => {
                *token = Token::Falling { hyphened: false }
            }
            _ => {}
        }
        next = own.then(next);
    }
}

impl Token {
    /// Pre-releases, falling zeros, nothing, other words, numbers behind hyphens, numbers.
    fn class(&self) -> usize {
        match self {
            Token::Qualifier { rank, .. } if *rank < RELEASE => 0,
            Token::Falling { .. } => 1,
            Token::Qualifier { rank: RELEASE, .. } => 2,
            Token::Qualifier { .. } => 3,
            Token::Hyphened(_) => 4,
            Token::Pointed(_) => 5,
        }
    }

    fn beside_nothing(&self) -> Ordering {
        match self {
            Token::Hyphened(digits) | Token::Pointed(digits) => numeric(digits, ""),
            other => other.class().cmp(&2),
        }
    }
}

impl Ord for Token {
    fn cmp(&self, other: &Self) -> Ordering {
        use Token::{Falling, Hyphened, Pointed, Qualifier};
        let class = self.class().cmp(&other.class());
        class.then_with(|| match (self, other) {
            (
                Qualifier {
                    rank: a,
                    hyphened: c,
                    word: e,
                },
                Qualifier {
                    rank: b,
                    hyphened: d,
                    word: f,
                },
            ) => (a, c, e).cmp(&(b, d, f)),
            (Falling { hyphened: a }, Falling { hyphened: b }) => a.cmp(b).reverse(),
            (Hyphened(a), Hyphened(b)) | (Pointed(a), Pointed(b)) => numeric(a, b),
            _ => Ordering::Equal,
        })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        padded(&self.0, &other.0, Token::beside_nothing)
    }
}

super::by_cmp!(Token, Version);

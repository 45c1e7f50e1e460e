//! The number of an item, `7.2.1`, and of its assertion, `7.2`.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of an item. Orders by number, not by letter: 1.1.2 < 1.1.10 < 10.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref {
    /// The standard, 1 to 10.
    pub standard: u16,
    /// The assertion within the standard.
    pub assertion: u16,
    /// The item within the assertion.
    pub item: u16,
}

/// The number of an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssertionRef {
    /// The standard, 1 to 10.
    pub standard: u16,
    /// The assertion within the standard.
    pub assertion: u16,
}

/// What was given is not a number of the expected shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a number like {like}")]
pub struct NotARef {
    /// What was given.
    pub found: String,
    /// An example of what was expected.
    pub like: &'static str,
}

impl Ref {
    /// The assertion that the item belongs to.
    pub fn assertion(self) -> AssertionRef {
        AssertionRef {
            standard: self.standard,
            assertion: self.assertion,
        }
    }
}

/// `N` numbers without leading zeros, separated by dots.
fn numbers<const N: usize>(text: &str) -> Option<[u16; N]> {
    let mut out = [0; N];
    let mut parts = text.split('.');
    for slot in &mut out {
        let part = parts.next()?;
        let plain = part.bytes().all(|b| b.is_ascii_digit()) && !part.starts_with('0');
        *slot = plain.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(out)
}

impl FromStr for Ref {
    type Err = NotARef;

    fn from_str(text: &str) -> Result<Self, NotARef> {
        let [standard, assertion, item] = numbers(text).ok_or_else(|| NotARef {
            found: text.to_owned(),
            like: "7.2.1",
        })?;
        Ok(Ref {
            standard,
            assertion,
            item,
        })
    }
}

impl FromStr for AssertionRef {
    type Err = NotARef;

    fn from_str(text: &str) -> Result<Self, NotARef> {
        let [standard, assertion] = numbers(text).ok_or_else(|| NotARef {
            found: text.to_owned(),
            like: "7.2",
        })?;
        Ok(AssertionRef {
            standard,
            assertion,
        })
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!(
            "{}.{}.{}",
            self.standard, self.assertion, self.item
        ))
    }
}

impl fmt::Display for AssertionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.standard, self.assertion))
    }
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(Ref AssertionRef);

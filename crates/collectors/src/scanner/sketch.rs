//! A JSON document of any length in outline: what it is can be told before it is read.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Objects within objects deeper than this are left out.
const DEEPEST: usize = 6;
/// At most this many members of an object are kept.
const MEMBERS: usize = 64;
/// Longer texts are cut.
const TEXT: usize = 400;

/// A document with only the first element of each list.
pub(super) struct Sketch {
    pub(super) value: Value,
    /// Whether nothing follows the first document.
    pub(super) is_whole: bool,
    /// How long it is.
    pub(super) bytes: u64,
}

/// Reads the first document to its end.
///
/// # Errors
/// Where the bytes are not JSON, or end within it.
pub(super) fn of(bytes: impl Read) -> Result<Sketch, serde_json::Error> {
    let mut counted = Counted { bytes, count: 0 };
    let buffered = BufReader::new(&mut counted);
    let mut deserializer = serde_json::Deserializer::from_reader(buffered);
    let value = Outline { depth: 0 }.deserialize(&mut deserializer)?;
    let is_whole = deserializer.end().is_ok();
    Ok(Sketch {
        value,
        is_whole,
        bytes: counted.count,
    })
}

struct Counted<R> {
    bytes: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read(room)?;
        self.count += count as u64;
        Ok(count)
    }
}

#[derive(Clone, Copy)]
struct Outline {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Outline {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outline {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.chars().take(TEXT).collect()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let below = Outline {
            depth: self.depth + 1,
        };
        let mut kept = Vec::new();
        if self.depth < DEEPEST {
            kept.extend(seq.next_element_seed(below)?);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let below = Outline {
            depth: self.depth + 1,
        };
        let mut kept = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if self.depth < DEEPEST && kept.len() < MEMBERS {
                kept.insert(name, map.next_value_seed(below)?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_to_their_first_and_ends_are_seen() {
        let sketch = of(&br#"{"a":[1,2,3],"b":{"c":null,"d":[]}}"#[..]).expect("JSON");
        assert_eq!(
            sketch.value.to_string(),
            r#"{"a":[1],"b":{"c":null,"d":[]}}"#
        );
        assert!(sketch.is_whole);
        assert!(!of(&b"{}\n{}"[..]).expect("JSON").is_whole);
        assert!(of(&br#"{"a":[1,"#[..]).is_err());
    }
}

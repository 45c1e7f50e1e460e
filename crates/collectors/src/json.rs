//! JSON that may be larger than memory: objects of one list, one at a time.

use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// What [`stream_objects`] hands out.
pub enum Piece {
    /// A member of the outermost object other than the list: its name and value.
    Member(String, Value),
    /// One element of the list, with its position from 0.
    Element(u64, Value),
}

/// Reads one JSON document, handing out the elements of the outermost object's `list` member one
/// at a time and its other members as they come. Where the document is itself a list, its elements
/// are handed out. Members named in `skip` are passed over without being built in memory.
///
/// # Errors
/// Where the bytes are not JSON: line and column, and no contents.
pub fn stream_objects(
    bytes: impl Read,
    list: &str,
    skip: &[&str],
    each: &mut dyn FnMut(Piece),
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_reader(std::io::BufReader::new(bytes));
    Document { list, skip, each }.deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Document<'a, 'b> {
    list: &'a str,
    skip: &'a [&'a str],
    each: &'b mut dyn FnMut(Piece),
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an object with a list {:?}, or a list", self.list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name == self.list {
                map.next_value_seed(Elements { each: self.each })?;
            } else if self.skip.contains(&name.as_str()) {
                map.next_value::<IgnoredAny>()?;
            } else {
                let value = map.next_value()?;
                (self.each)(Piece::Member(name, value));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        Elements { each: self.each }.visit_seq(seq)
    }
}

struct Elements<'b> {
    each: &'b mut dyn FnMut(Piece),
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut position = 0;
        while let Some(element) = seq.next_element()? {
            (self.each)(Piece::Element(position, element));
            position += 1;
        }
        Ok(())
    }
}

//! Reports in XML, of which only one element at a time is held.

use std::collections::BTreeMap;
use std::io::BufReader;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::unpacked::{Document, Refusal};

/// Elements within elements deeper than this are no report's.
const DEEPEST: usize = 64;
/// The most text that one element may hold.
const ELEMENT_BYTES: usize = 16 << 20;

/// One element with all that lies in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn of(start: &BytesStart<'_>) -> Self {
        let attributes = start.attributes().flatten().map(|attribute| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let name = attribute.key.local_name().as_ref().to_owned();
            (name, value.unwrap_or_default().into_owned())
        });
        Element {
            name: start.local_name().as_ref().to_owned(),
            attributes: attributes.collect(),
            ..Element::default()
        }
    }

    /// An attribute that says something.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let value = self.attributes.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Its own text, if there is any.
    pub(super) fn own_text(&self) -> Option<&str> {
        let text = self.text.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The elements of a name directly in it.
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at the end of a path.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| {
            element.children.iter().find(|child| child.name == *name)
        })
    }

    /// The text of the first element of a name directly in it.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.at(&[name])?.own_text()
    }
}

/// What [`read`] hands out.
pub(super) enum Piece<'e> {
    /// An element begins; nothing that lies in it is here.
    Begin(&'e str, Element),
    /// A wanted element, whole.
    Whole(&'e str, Element),
}

/// The name of the outermost element.
pub(super) fn root(document: &Document<'_>) -> Result<String, Refusal> {
    let mut reader = Reader::from_reader(BufReader::new(document.text()?));
    let mut room = Vec::new();
    loop {
        match reader.read_event_into(&mut room) {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                return Ok(start.local_name().as_ref().to_owned());
            }
            Ok(Event::Eof) => return Err(Refusal::new("is XML that ends in the middle")),
            Ok(_) => room.clear(),
            Err(error) => return Err(broken(&error, &reader)),
        }
    }
}

/// Hands out the `wanted` elements whole, and the beginning of every other.
pub(super) fn read(
    document: &Document<'_>,
    wanted: &[&str],
    each: &mut dyn FnMut(Piece<'_>),
) -> Result<(), Refusal> {
    let mut reader = Reader::from_reader(BufReader::new(document.text()?));
    let mut room = Vec::new();
    let mut open = Open::default();
    loop {
        room.clear();
        let event = match reader.read_event_into(&mut room) {
            Ok(event) => event,
            Err(error) => return Err(broken(&error, &reader)),
        };
        match event {
            Event::Start(start) => open.start(Element::of(&start), wanted, each)?,
            Event::Empty(start) => {
                open.start(Element::of(&start), wanted, each)?;
                open.end(each);
            }
            Event::End(_) => open.end(each),
            Event::Text(text) => open.text(&text)?,
            Event::CData(text) => open.text(&text)?,
            Event::GeneralRef(reference) => {
                let known = reference.resolve_char_ref().ok().flatten();
                open.text(
                    &known
                        .or(predefined(&reference))
                        .unwrap_or('\u{fffd}')
                        .to_string(),
                )?;
            }
            Event::Eof if open.depth > 0 => return Err(Refusal::new("ends in the middle")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn predefined(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// The parser's own words may repeat values, so only the place is kept.
fn broken<R>(error: &quick_xml::Error, reader: &Reader<R>) -> Refusal {
    match error {
        quick_xml::Error::Io(error) => Refusal::io(error),
        _ => {
            let place = reader.error_position();
            Refusal::new(format!("is not well-formed XML near byte {place}"))
        }
    }
}

/// The elements that are open: those inside a wanted one are kept, of the others only how many.
#[derive(Default)]
struct Open {
    depth: usize,
    kept: Vec<Element>,
    bytes: usize,
}

impl Open {
    fn start(
        &mut self,
        element: Element,
        wanted: &[&str],
        each: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::new(
                "has elements within elements deeper than any report",
            ));
        }
        if !self.kept.is_empty() || wanted.contains(&element.name.as_str()) {
            let attributes = element.attributes.values().map(String::len).sum::<usize>();
            self.grow(attributes + element.name.len() + 64)?;
            self.kept.push(element);
        } else {
            let name = element.name.clone();
            each(Piece::Begin(&name, element));
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Refusal> {
        if let Some(last) = self.kept.last_mut() {
            last.text.push_str(text);
            self.grow(text.len())?;
        }
        Ok(())
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes += bytes;
        if self.bytes > ELEMENT_BYTES {
            return Err(Refusal::too_large("has an element longer than 16 MiB"));
        }
        Ok(())
    }

    fn end(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        self.depth = self.depth.saturating_sub(1);
        let Some(last) = self.kept.pop() else { return };
        match self.kept.last_mut() {
            Some(outer) => outer.children.push(last),
            None => {
                self.bytes = 0;
                let name = last.name.clone();
                each(Piece::Whole(&name, last));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is handed out, in words.
    fn pieces(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let document = Document::of_memory("a.xml", "a", text.as_bytes());
        let read = read(&document, &["item"], &mut |piece| match piece {
            Piece::Begin(name, element) => {
                let of = element.attribute("name").unwrap_or_default();
                found.push(format!("begin {name} {of}"));
            }
            Piece::Whole(_, element) => {
                let inner: Vec<_> = element.all("cve").filter_map(Element::own_text).collect();
                found.push(format!("whole {}", inner.join(",")));
            }
        });
        read.map(|()| found)
            .map_err(|refusal| refusal.why().to_owned())
    }

    #[test]
    fn wanted_elements_come_whole_and_others_begin() {
        let text = "<a><host name=\"x &amp; y\"><item><cve>1&lt;2</cve><b><cve>no</cve></b>\
            <cve><![CDATA[3]]></cve></item><item/></host></a>";
        let expected = ["begin a ", "begin host x & y", "whole 1<2,3", "whole "];
        assert_eq!(pieces(text).expect("XML"), expected);
    }

    #[test]
    fn what_is_cut_off_or_without_bounds_is_refused() {
        let text = "<a><item><cve>1</cve></item></a>";
        for end in 1..text.len() {
            assert!(pieces(&text[..end]).is_err(), "{end}");
        }
        assert!(pieces("<a></b>").is_err_and(|why| why.contains("near byte")));
        let deep = "<item>".repeat(DEEPEST + 1);
        assert!(pieces(&deep).is_err_and(|why| why.contains("deeper")));
        let long = format!("<item>{}", "x".repeat(ELEMENT_BYTES + 1));
        assert!(pieces(&long).is_err_and(|why| why.contains("16 MiB")));
    }
}

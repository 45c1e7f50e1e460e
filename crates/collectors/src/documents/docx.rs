//! Word documents: the text of `.docx` as lines, tables and headings marked as in Markdown.
//!
//! Source: ECMA-376, part 1, clause 17 (WordprocessingML).

use std::io::{BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use standing_facts::GapCode;
use zip::ZipArchive;

use super::text::{Form, Text};

/// The most that the parts read may unpack to.
const UNPACKED_BYTES: u64 = 64 << 20;
/// The most parts a document may have.
const PARTS: usize = 10_000;
/// How deep elements may lie in each other.
const DEPTH: usize = 512;

type Refusal = (GapCode, String);

fn malformed(why: &str) -> Refusal {
    (GapCode::Malformed, why.into())
}

/// Headers come first and footers last, as they stand on the page.
pub(super) fn read(bytes: &[u8]) -> Result<Text, Refusal> {
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(malformed(
            "is protected by a password, or an old .doc: no text could be read",
        ));
    }
    let mut zip = ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| malformed("is no readable Word document: its zip directory is damaged"))?;
    if zip.len() > PARTS {
        return Err((GapCode::TooLarge, format!("has more than {PARTS} parts")));
    }
    let mut names: Vec<String> = zip.file_names().flatten().map(Into::into).collect();
    names.sort();
    let is = |name: &&String, word: &str| {
        name.strip_prefix("word/")
            .is_some_and(|n| n.starts_with(word) && n.ends_with(".xml"))
    };
    let order = ["header", "document.xml", "footer"];
    let wanted: Vec<String> = order
        .iter()
        .flat_map(|word| names.iter().filter(|n| is(n, word)).cloned())
        .collect();
    if !wanted.iter().any(|n| n == "word/document.xml") {
        return Err(malformed(
            "is no Word document: it has no word/document.xml",
        ));
    }
    let mut left = UNPACKED_BYTES;
    let mut words = Words::default();
    for name in wanted {
        let part = zip.by_name(&name).map_err(|_| damaged())?;
        let mut part = part.take(left);
        words.read(&mut part)?;
        left = part.limit();
        if left == 0 {
            let why = "unpacks to more than 64 MiB; no document of text does";
            return Err((GapCode::TooLarge, why.into()));
        }
        words.end_line();
    }
    Ok(Text::new(Form::Markdown, &words.text))
}

fn damaged() -> Refusal {
    malformed("is no readable Word document: one of its parts is damaged")
}

#[derive(Default)]
struct Words {
    text: String,
    line: String,
    is_heading: bool,
    in_text: bool,
    /// Open tables; only the rows of the outermost one are lines.
    tables: usize,
    cells: Vec<String>,
    rows: usize,
}

impl Words {
    fn read(&mut self, bytes: impl Read) -> Result<(), Refusal> {
        let mut reader = Reader::from_reader(BufReader::new(bytes));
        let mut buffer = Vec::new();
        let mut depth = 0;
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer).map_err(|_| damaged())? {
                Event::Start(element) => {
                    depth += 1;
                    if depth > DEPTH {
                        return Err(malformed("nests its elements too deeply: refused"));
                    }
                    self.start(&element);
                }
                Event::Empty(element) => {
                    self.start(&element);
                    self.end(element.local_name().as_ref());
                }
                Event::End(element) => {
                    depth = depth.saturating_sub(1);
                    self.end(element.local_name().as_ref());
                }
                Event::Text(text) if self.in_text => {
                    self.line.push_str(&text);
                }
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::DocType(_) => {
                    let why = "declares a document type, which no Word document needs: refused";
                    return Err(malformed(why));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn start(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "t" => self.in_text = true,
            "tab" | "br" | "cr" if !self.line.is_empty() => self.line.push(' '),
            "noBreakHyphen" => self.line.push('-'),
            "tbl" => {
                if self.tables == 0 {
                    self.end_line();
                    self.rows = 0;
                }
                self.tables += 1;
            }
            "pStyle" => {
                let style = element
                    .attributes()
                    .flatten()
                    .find(|a| a.key.local_name().as_ref() == "val");
                let style = style
                    .map(|a| a.value.to_ascii_lowercase())
                    .unwrap_or_default();
                self.is_heading = style.starts_with("title") || style.starts_with("heading");
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "p" if self.tables == 0 => self.end_line(),
            "p" => self.line.push(' '),
            "tc" if self.tables == 1 => {
                let cell = std::mem::take(&mut self.line);
                self.cells.push(cell.trim().replace('|', "/"));
            }
            "tr" if self.tables == 1 => self.end_row(),
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    self.text.push('\n');
                }
            }
            _ => {}
        }
    }

    fn end_row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if self.rows == 0 {
            self.text
                .push_str(&format!("|{}\n", " --- |".repeat(cells.len())));
        }
        self.rows += 1;
    }

    fn end_line(&mut self) {
        if self.is_heading && !self.line.trim().is_empty() {
            self.text.push_str("# ");
        }
        self.is_heading = false;
        self.text
            .push_str(std::mem::take(&mut self.line).trim_end());
        self.text.push('\n');
    }

    /// XML's own five entities and character numbers; nothing else can be declared here.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), Refusal> {
        let character = match reference.resolve_char_ref().map_err(|_| damaged())? {
            Some(character) => character,
            None => match &**reference {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return Err(malformed("uses an entity of its own: refused")),
            },
        };
        if self.in_text {
            self.line.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn document(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(*name, options).expect("a part");
            zip.write_all(bytes).expect("a part");
        }
        zip.finish().expect("a zip").into_inner()
    }

    fn code(bytes: &[u8]) -> Option<GapCode> {
        read(bytes).err().map(|(code, _)| code)
    }

    #[test]
    fn a_small_file_that_unpacks_to_a_large_one_is_refused() {
        let blanks = vec![b' '; usize::try_from(UNPACKED_BYTES).expect("a size") + 1];
        let bomb = document(&[("word/document.xml", &blanks)]);
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        assert_eq!(code(&bomb), Some(GapCode::TooLarge));
        let shared = document(&[
            ("word/document.xml", b"<a/>"),
            ("word/footer1.xml", &blanks),
        ]);
        assert_eq!(code(&shared), Some(GapCode::TooLarge));
    }

    #[test]
    fn elements_within_elements_without_end_are_refused() {
        let deep = "<a>".repeat(DEPTH + 1);
        let deep = document(&[("word/document.xml", deep.as_bytes())]);
        assert_eq!(code(&deep), Some(GapCode::Malformed));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = read(&bytes);
            let _ = read(&document(&[("word/document.xml", &bytes)]));
        }

        #[test]
        fn no_markup_panics(text in "(<w:(p|t|tbl|tr|tc)>|</w:(p|t|tbl|tr|tc)>|&amp;|&#65;|&#x110000;|[a-z|<&])*") {
            let _ = read(&document(&[("word/document.xml", text.as_bytes())]));
        }
    }
}

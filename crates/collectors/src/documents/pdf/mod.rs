//! The text of PDF documents, as far as they hold any.

mod plain;

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{PlainTextOutput, output_doc_page};
use standing_facts::GapCode;

use super::text::{Form, Text};

/// The most text taken.
const TEXT_BYTES: usize = 8 << 20;
/// Room for what recurses; memory that is not used is not taken.
const STACK_BYTES: usize = 256 << 20;

type Refusal = (GapCode, String);

/// Runs the parsers where they cannot take the whole program down: they read what anybody may have
/// made.
pub(super) fn read(bytes: &[u8]) -> Result<Text, Refusal> {
    let nothing = || (GapCode::Malformed, "no text could be read of it".to_owned());
    let guarded = || catch_unwind(AssertUnwindSafe(|| extract(bytes)));
    let read = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, guarded).ok()?;
        thread.join().ok()?.ok()
    });
    let text = read.ok_or_else(nothing)??;
    if text.contains(char::is_alphanumeric) {
        Ok(Text::new(Form::Plain, &text))
    } else {
        let why = "holds no text: it was made from pictures, or its letters cannot be told";
        Err((GapCode::Malformed, why.into()))
    }
}

fn extract(bytes: &[u8]) -> Result<String, Refusal> {
    let unreadable = |page| (GapCode::Malformed, format!("page {page} cannot be read"));
    let (bytes, pages) = plain::plain(bytes)?;
    let document = pdf_extract::Document::load_mem(&bytes).map_err(|_| unreadable(1))?;
    let mut text = Capped::default();
    for page in 1..=pages {
        let writer: &mut dyn Write = &mut text;
        let done = output_doc_page(&document, &mut PlainTextOutput::new(writer), page);
        if text.full {
            return Err((GapCode::TooLarge, "holds more than 8 MiB of text".into()));
        }
        done.map_err(|_| unreadable(page))?;
        text.bytes.push(b'\n');
    }
    Ok(letters(&String::from_utf8_lossy(&text.bytes)))
}

/// Ligatures as the letters that they are, blanks of every width as one, and no empty lines: a gap
/// on the page is as often the end of a line as one of a paragraph.
fn letters(text: &str) -> String {
    let text = text.replace(['\u{a0}', '\u{2009}'], " ");
    let pairs = [
        ("ﬀ", "ff"),
        ("ﬁ", "fi"),
        ("ﬂ", "fl"),
        ("ﬃ", "ffi"),
        ("ﬄ", "ffl"),
    ];
    let text = pairs
        .iter()
        .fold(text, |text, (one, two)| text.replace(one, two));
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Takes text until there is too much of it.
#[derive(Default)]
struct Capped {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Capped {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.full |= self.bytes.len() + more.len() > TEXT_BYTES;
        if self.full {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = include_bytes!("../testdata/complete/input/policies/incident.pdf");

    #[test]
    fn the_words_of_a_page_are_read() {
        let text = read(WHOLE).map_err(|(_, why)| why).expect("a readable PDF");
        assert!(
            text.lines.iter().any(|l| l == "Version: 4"),
            "{:?}",
            text.lines
        );
    }

    /// The whole document with something of this kind drawn before the first page's own content.
    fn drawing(subtype: &str, content: &[u8], draws_itself: bool) -> Vec<u8> {
        let mut document = lopdf::Document::load_mem(WHOLE).unwrap();
        let page = document.get_pages()[&1];
        let dict = lopdf::dictionary! { "Type" => "XObject", "Subtype" => subtype };
        let id = document.add_object(lopdf::Stream::new(dict, content.to_vec()));
        if draws_itself {
            let own = lopdf::dictionary! { "XObject" => lopdf::dictionary! { "X1" => id } };
            let form = document.get_object_mut(id).unwrap().as_stream_mut();
            form.unwrap().dict.set("Resources", own);
        }
        document.add_xobject(page, "X1", id).unwrap();
        let before = [b"q /X1 Do Q\n", document.get_page_content(page).as_slice()].concat();
        document.change_page_content(page, before).unwrap();
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn pictures_are_passed_over() {
        let bytes = drawing("Image", b"\xff\xd8 (no picture", false);
        let text = read(&bytes).map_err(|(_, why)| why).expect("readable");
        assert!(text.lines.iter().any(|l| l == "Version: 4"));
    }

    #[test]
    fn a_form_that_draws_itself_ends() {
        let bytes = drawing("Form", b"/X1 Do /X1 Do", true);
        assert_eq!(
            read(&bytes).map_err(|(code, _)| code).err(),
            Some(GapCode::TooLarge)
        );
    }

    #[test]
    fn a_page_that_is_its_own_parent_ends() {
        let mut document = lopdf::Document::load_mem(WHOLE).unwrap();
        let page = document.get_pages()[&1];
        let dict = document.get_dictionary_mut(page).unwrap();
        dict.set("Parent", page);
        dict.remove(b"Resources");
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        assert_eq!(
            read(&bytes).map_err(|(code, _)| code).err(),
            Some(GapCode::Malformed)
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_damage_takes_the_program_down(at in 0..WHOLE.len(), byte: u8, cut in 0..WHOLE.len()) {
            let mut bytes = WHOLE.to_vec();
            bytes[at] = byte;
            let _ = read(&bytes);
            let _ = read(&WHOLE[..cut]);
        }
    }
}

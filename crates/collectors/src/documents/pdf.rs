//! The text of PDF documents, as far as they hold any.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::{Document, LoadOptions};
use standing_facts::GapCode;

use super::text::{Form, Text};

/// The most that one stream or one page may unpack to.
const UNPACKED_BYTES: usize = 32 << 20;
/// The most pages read.
const PAGES: usize = 2_000;
/// The most text taken.
const TEXT_BYTES: usize = 8 << 20;

/// Runs the parser where it cannot take the whole program down: it reads what anybody may have made.
pub(super) fn read(bytes: &[u8]) -> Result<Text, (GapCode, String)> {
    let nothing = || (GapCode::Malformed, "no text could be read of it".to_owned());
    let read = catch_unwind(AssertUnwindSafe(|| extract(bytes)));
    let text = read.map_err(|_| nothing())??;
    if text.contains(char::is_alphanumeric) {
        Ok(Text::new(Form::Plain, &text))
    } else {
        let why = "holds no text: it was made from pictures, or its letters cannot be told";
        Err((GapCode::Malformed, why.into()))
    }
}

fn extract(bytes: &[u8]) -> Result<String, (GapCode, String)> {
    let options = LoadOptions {
        max_decompressed_size: Some(UNPACKED_BYTES),
        ..LoadOptions::default()
    };
    let document = Document::load_mem_with_options(bytes, options).map_err(|_| {
        (
            GapCode::Malformed,
            "is no readable PDF, or needs a password".to_owned(),
        )
    })?;
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    if pages.len() > PAGES {
        let why = format!("has {} pages; at most {PAGES} are read", pages.len());
        return Err((GapCode::TooLarge, why));
    }
    let mut text = String::new();
    for page in pages {
        let found = document.extract_text_with_limit(&[page], UNPACKED_BYTES);
        let found =
            found.map_err(|_| (GapCode::Malformed, format!("page {page} cannot be read")))?;
        text.push_str(&found);
        text.push('\n');
        if text.len() > TEXT_BYTES {
            return Err((GapCode::TooLarge, "holds more than 8 MiB of text".into()));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] = include_bytes!("testdata/complete/input/policies/incident.pdf");

    #[test]
    fn the_words_of_a_page_are_read() {
        let text = read(WHOLE).map_err(|(_, why)| why).expect("a readable PDF");
        assert!(
            text.lines.iter().any(|l| l == "Version: 4"),
            "{:?}",
            text.lines
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

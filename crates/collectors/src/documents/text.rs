//! A document as lines of text.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use standing_facts::GapCode;

/// How the lines are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Code, links, tables and headings are marked; Word documents are turned into this form.
    Markdown,
    Plain,
}

/// The lines of one document.
pub(super) struct Text {
    pub(super) form: Form,
    pub(super) lines: Vec<String>,
}

impl Text {
    pub(super) fn new(form: Form, text: &str) -> Self {
        Text {
            form,
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    pub(super) fn empty() -> Self {
        Text::new(Form::Plain, "")
    }

    /// Number of words: runs between blanks that hold a letter or a digit.
    pub(super) fn words(&self) -> i64 {
        let words = self.lines.iter().flat_map(|l| l.split_whitespace());
        let count = words.filter(|w| w.contains(char::is_alphanumeric)).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

/// Text as editors save it: UTF-8, UTF-16 with its mark, or what Windows calls ANSI.
pub(super) fn decode(bytes: &[u8], form: Form) -> Result<Text, (GapCode, String)> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => WINDOWS_1252,
    };
    let (text, _, _) = encoding.decode(bytes);
    if text.contains('\0') {
        return Err((GapCode::Malformed, "is no text: it holds zero bytes".into()));
    }
    Ok(Text::new(form, &text))
}

/// The cells of a table's row, or `None` where the line is none.
pub(super) fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    let inner = line.strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(inner.split('|').map(plain).collect())
}

/// Text without the marks of emphasis and links around it.
pub(super) fn plain(text: &str) -> String {
    let text = text
        .replace("<br>", " ")
        .replace("&nbsp;", " ")
        .replace("**", "");
    text.trim().trim_matches(['*', '_', '`']).trim().to_owned()
}

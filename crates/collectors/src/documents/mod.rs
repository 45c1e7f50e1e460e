//! Policies, plans and notices, and what gives them away as unfinished.

mod blanks;
mod docx;
mod lint;
mod marks;
mod pdf;
mod roles;
mod statements;
mod text;

use std::collections::BTreeMap;

use standing_facts::GapCode;
use standing_facts::tables::{Document, DocumentFault, RoleHolder};

use crate::{About, Asks, Collector, Kept, Parts, Settings, Sink};
use text::{Form, Text};

/// Reads a folder of documents.
pub struct Documents;

static ABOUT: About = About {
    kind: "documents",
    summary: "policies and other documents: Markdown, plain text, Word (.docx) and PDF",
    revision: 1,
    asks: Asks::Files,
    tables: &["document", "document_fault", "role_holder"],
    settings: &[],
    how: "Point it at a copy of the folder in which the approved documents lie, or at a checkout of \
the repository that holds them; an account that may read that folder and nothing else is enough. \
Save older and other forms (.doc, .odt, .pptx, .xlsx, .html) as .docx or PDF, or keep them \
elsewhere: while they lie there unread, the source is not complete. \
Prefer the form in which people write (.md, .docx): a PDF gives its text only if it was not made \
from pictures. Write the review date as \"Next review: 12 March 2027\" or in a table at the top. \
Keep out drafts and templates: their blanks would be reported.",
};

/// Documents are read whole; one longer than this is no policy.
const FILE_BYTES: u64 = 20 << 20;

/// Endings of forms in which policies are written and which are not read.
const HOLDS_TEXT: [&str; 37] = [
    "adoc", "asciidoc", "doc", "docm", "dotm", "dotx", "epub", "fodt", "gdoc", "htm", "html",
    "mht", "mhtml", "numbers", "odp", "ods", "odt", "one", "org", "ott", "pages", "potx", "pps",
    "ppsx", "ppt", "pptm", "pptx", "rst", "rtf", "tex", "wpd", "wps", "xhtml", "xls", "xlsb",
    "xlsm", "xlsx",
];

impl Collector for Documents {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    /// Files of other kinds are kept too, so that they are counted instead of overlooked: those
    /// that hold text are missing documents, the rest (pictures, archives) an oddity.
    fn wants(&self, relative: &str) -> bool {
        let is_hidden = |step: &str| step.starts_with('.') || step.starts_with("~$");
        !relative.split('/').any(is_hidden)
    }

    fn read(&self, _settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut others: BTreeMap<String, u64> = BTreeMap::new();
        let mut unread: BTreeMap<String, u64> = BTreeMap::new();
        for part in parts.list() {
            match Kind::of(&part.name) {
                Some(kind) => one(kind, parts, part, sink),
                None => {
                    let ending = ending(&part.name);
                    let holds_text = HOLDS_TEXT.contains(&ending.as_str());
                    let count = if holds_text { &mut unread } else { &mut others };
                    *count.entry(ending).or_default() += 1;
                }
            }
        }
        if !unread.is_empty() {
            let counts = unread.iter().map(|(ending, n)| format!("{n} .{ending}"));
            let counts = counts.collect::<Vec<_>>().join(", ");
            let why = format!("not read: {counts}; save them as docx or PDF");
            sink.gap(Some("document"), GapCode::NotAsked, why);
        }
        for (ending, count) in others {
            let what = format!("files of a kind that is not read ({ending}): {count}");
            sink.notice("folder", None, None, what);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Markdown,
    Plain,
    Docx,
    Pdf,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match ending(name).as_str() {
            "md" | "markdown" => Some(Kind::Markdown),
            "txt" | "text" => Some(Kind::Plain),
            "docx" => Some(Kind::Docx),
            "pdf" => Some(Kind::Pdf),
            _ => None,
        }
    }
}

/// What stands behind the last full stop, in small letters, if it is short enough to be an ending.
fn ending(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((_, ending)) if (1..=8).contains(&ending.chars().count()) => ending.to_lowercase(),
        _ => "no ending".into(),
    }
}

/// A document that cannot be read is still a document: its row stands, with no words.
fn one(kind: Kind, parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) {
    let text = match parts.whole(part, FILE_BYTES) {
        Ok(Some(bytes)) => extract(kind, &bytes),
        Ok(None) => Err((GapCode::TooLarge, "is longer than 20 MiB".to_owned())),
        Err(e) => Err((GapCode::Malformed, format!("cannot be read: {}", e.kind()))),
    };
    let text = text.unwrap_or_else(|(code, why)| {
        sink.gap(None, code, format!("{} {why}", part.name));
        Text::empty()
    });
    give(&text, part, sink);
}

fn extract(kind: Kind, bytes: &[u8]) -> Result<Text, (GapCode, String)> {
    match kind {
        Kind::Markdown => text::decode(bytes, Form::Markdown),
        Kind::Plain => text::decode(bytes, Form::Plain),
        Kind::Docx => docx::read(bytes),
        Kind::Pdf => pdf::read(bytes),
    }
}

fn give(text: &Text, part: &Kept, sink: &mut Sink<'_>) {
    let id = sink.id(&part.name);
    let (mut faults, visible) = lint::lint(text);
    let statements = statements::read(text, &visible);
    sink.fact(&Document {
        id: id.clone(),
        path: part.name.clone(),
        kind: Some(statements::kind(statements.title.as_deref(), &part.name).into()),
        title: statements.title,
        version: statements.version,
        approved_on: statements.approved_on,
        review_by: statements.review_by,
        words: text.words(),
    });
    faults.extend(statements.faults);
    faults.sort_by_key(|f| (f.line, f.column));
    for fault in faults {
        sink.fact(&DocumentFault {
            document: id.clone(),
            rule: fault.rule.into(),
            line: fault.line,
            column: fault.column,
            found: fault.found,
        });
    }
    for (role, holder, line) in roles::read(&visible) {
        sink.fact(&RoleHolder {
            document: id.clone(),
            role: role.into(),
            holder,
            line,
        });
    }
}

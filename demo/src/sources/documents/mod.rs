//! `documents/…`: policies, plans, procedures and notices, as Markdown, plain text, Word and PDF.

mod pdf;
mod word;

use std::io;

use jiff::civil::Date;

use crate::firm;
use crate::out::{Out, long};
use crate::world::World;

/// How a document is written.
#[derive(Clone, Copy)]
enum Form {
    Markdown,
    Text,
    Word,
    Pdf,
}

struct Document {
    path: &'static str,
    form: Form,
    text: &'static str,
    version: &'static str,
}

macro_rules! document {
    ($name:literal, $path:literal, $form:ident, $version:literal) => {
        Document {
            path: $path,
            form: Form::$form,
            text: include_str!(concat!("../../../data/documents/", $name, ".md")),
            version: $version,
        }
    };
}

/// The document that is past its review date when that is planted.
const PAST_REVIEW: &str = "policies/acceptable-use-policy.md";

const DOCUMENTS: [Document; 12] = [
    document!(
        "information-security-policy",
        "policies/information-security-policy.docx",
        Word,
        "4.1"
    ),
    document!(
        "data-protection-policy",
        "policies/data-protection-policy.md",
        Markdown,
        "3.0"
    ),
    document!(
        "acceptable-use-policy",
        "policies/acceptable-use-policy.md",
        Markdown,
        "2.2"
    ),
    document!(
        "access-control-policy",
        "policies/access-control-policy.txt",
        Text,
        "2.0"
    ),
    document!(
        "supplier-security-policy",
        "policies/supplier-security-policy.md",
        Markdown,
        "1.3"
    ),
    document!(
        "business-continuity-plan",
        "plans/business-continuity-plan.docx",
        Word,
        "5.0"
    ),
    document!(
        "disaster-recovery-plan",
        "plans/disaster-recovery-plan.md",
        Markdown,
        "3.4"
    ),
    document!(
        "incident-response-procedure",
        "procedures/incident-response-procedure.md",
        Markdown,
        "2.5"
    ),
    document!(
        "joiners-movers-leavers-procedure",
        "procedures/joiners-movers-leavers-procedure.txt",
        Text,
        "1.8"
    ),
    document!(
        "patching-procedure",
        "procedures/patching-procedure.md",
        Markdown,
        "2.1"
    ),
    document!("privacy-notice", "notices/privacy-notice.pdf", Pdf, "6.0"),
    document!(
        "retention-schedule",
        "notices/retention-schedule.md",
        Markdown,
        "2.0"
    ),
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    for (place, document) in DOCUMENTS.iter().enumerate() {
        let late = document.path == PAST_REVIEW && world.fault("policy-past-review");
        let approved = match late {
            true => world.ago(412),
            false => world.ago(120 + 11 * place as i64),
        };
        let text = filled(world, document, approved);
        let path = format!("documents/{}", document.path);
        match document.form {
            Form::Markdown => out.write(&path, text)?,
            Form::Text => out.write(&path, plain(&text))?,
            Form::Word => out.write(&path, word::bytes(&text)?)?,
            Form::Pdf => out.write(&path, pdf::bytes(&text))?,
        }
    }
    Ok(())
}

/// The text with the firm's names and this document's days in it.
fn filled(world: &World, document: &Document, approved: Date) -> String {
    use jiff::ToSpan as _;
    let review = approved.saturating_add(12.months());
    let lead = world.cast(firm::PLATFORM_LEAD).name();
    let siro = world.cast(firm::SIRO).name();
    let head = format!(
        "Version: {}\n\nApproved by the board: {}\n\nNext review: {}",
        document.version,
        long(approved),
        long(review)
    );
    let agreed = match world.fault("placeholder-left-in") {
        true => "[Insert Date]".to_owned(),
        false => long(approved),
    };
    let other = match world.fault("two-siros") {
        true => world.cast(firm::CHIEF).name(),
        false => siro.clone(),
    };
    let values = [
        ("%HEAD%", head),
        ("%FIRM%", firm::NAME.to_owned()),
        ("%SIRO%", siro),
        ("%OTHER%", other),
        ("%LEAD%", lead),
        ("%GUARDIAN%", world.cast(firm::GUARDIAN).name()),
        ("%DPO%", world.cast(firm::DPO).name()),
        ("%AGREED%", agreed),
    ];
    let text = document.text.to_owned();
    values
        .iter()
        .fold(text, |text, (mark, value)| text.replace(mark, value))
}

/// Headings underlined, nothing else marked.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for line in text.lines() {
        let heading = line.trim_start_matches('#');
        plain.push_str(heading.trim_start());
        plain.push('\n');
        if heading.len() < line.len() {
            plain.push_str(&"=".repeat(heading.trim().chars().count()));
            plain.push('\n');
        }
    }
    plain
}

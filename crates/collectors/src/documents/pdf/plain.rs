//! A PDF made plain before its text is put together: nothing packed, nothing but letters drawn,
//! nothing that leads back to itself. What comes out is written anew, byte for byte.

use std::collections::BTreeSet;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};
use standing_facts::GapCode;

use super::Refusal;

/// The most that one stream may unpack to, and all of them together.
const UNPACKED_BYTES: usize = 32 << 20;
const ALL_UNPACKED_BYTES: usize = 128 << 20;
/// The most pages read.
const PAGES: usize = 2_000;
/// The most that is drawn, each form counted as often as it is drawn.
const DRAWN_BYTES: usize = 128 << 20;
/// How deep forms may lie in each other, and pages below their tree.
const DEPTH: usize = 16;
/// How deep brackets may lie in each other in fonts and maps of letters.
const BRACKETS: i64 = 5_000;

/// The operators that place and draw letters. Colours, paths and pictures are left out.
const LETTERS: [&str; 20] = [
    "BT", "ET", "Tc", "Tw", "Tz", "TL", "Tf", "Tr", "Ts", "Td", "TD", "Tm", "T*", "Tj", "TJ", "'",
    "\"", "q", "Q", "cm",
];

/// The document written anew, and how many pages it has.
pub(super) fn plain(bytes: &[u8]) -> Result<(Vec<u8>, u32), Refusal> {
    let options = LoadOptions {
        max_decompressed_size: Some(UNPACKED_BYTES),
        ..LoadOptions::default()
    };
    let refused = || malformed("is no readable PDF, or needs a password");
    let mut document = Document::load_mem_with_options(bytes, options).map_err(|_| refused())?;
    let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
    if pages.len() > PAGES {
        let why = format!("has {} pages; at most {PAGES} are read", pages.len());
        return Err((GapCode::TooLarge, why));
    }
    unpack(&mut document)?;
    for page in &pages {
        check_parents(&document, *page)?;
        let letters = only_letters(&document.get_page_content(*page));
        let written = document.change_page_content(*page, letters);
        written.map_err(|_| refused())?;
    }
    let mut drawn = 0;
    for page in &pages {
        let resources = inherited(&document, *page);
        let content = document.get_page_content(*page);
        draw(&document, &content, resources, 0, &mut drawn)?;
    }
    document.trailer.remove(b"Encrypt");
    document.encryption_state = None;
    let mut written = Vec::new();
    document.save_to(&mut written).map_err(|_| refused())?;
    Ok((written, u32::try_from(pages.len()).unwrap_or(u32::MAX)))
}

fn malformed(why: &str) -> Refusal {
    (GapCode::Malformed, why.into())
}

fn too_large() -> Refusal {
    let why = "unpacks to more than a document of text needs";
    (GapCode::TooLarge, why.into())
}

fn is(dictionary: &Dictionary, key: &[u8], name: &[u8]) -> bool {
    let found = dictionary.get(key).and_then(Object::as_name);
    found.is_ok_and(|n| n == name)
}

/// Unpacks every stream but pictures, which are emptied.
fn unpack(document: &mut Document) -> Result<(), Refusal> {
    let mut left = ALL_UNPACKED_BYTES;
    let pages: BTreeSet<ObjectId> = (document.get_pages().into_values())
        .flat_map(|page| document.get_page_contents(page))
        .collect();
    for (id, object) in &mut document.objects {
        let Object::Stream(stream) = object else {
            continue;
        };
        let mut content = Vec::new();
        if !is(&stream.dict, b"Subtype", b"Image") {
            let unpacked = stream.get_plain_content_with_limit(UNPACKED_BYTES);
            // Packed in a way that is not known: nothing that letters need is.
            content = unpacked.unwrap_or_default();
        }
        left = left.checked_sub(content.len()).ok_or_else(too_large)?;
        if is(&stream.dict, b"Subtype", b"Form") {
            content = only_letters(&content);
        } else if !pages.contains(id) && deepest(&content) > BRACKETS {
            return Err(malformed("holds brackets within brackets without end"));
        }
        stream.set_plain_content(content);
    }
    Ok(())
}

fn deepest(content: &[u8]) -> i64 {
    let (mut depth, mut deepest) = (0, 0);
    for byte in content {
        match byte {
            b'[' | b'{' | b'(' | b'<' => depth += 1,
            b']' | b'}' | b')' | b'>' => depth = (depth - 1).max(0),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn only_letters(content: &[u8]) -> Vec<u8> {
    let Ok(content) = Content::decode(content) else {
        return Vec::new();
    };
    let wanted = |o: &Operation| LETTERS.contains(&o.operator.as_str()) || form(o).is_some();
    let operations = content.operations.into_iter().filter(wanted).collect();
    Content::<Vec<Operation>> { operations }
        .encode()
        .unwrap_or_default()
}

/// The name of the form or picture that is drawn.
fn form(operation: &Operation) -> Option<&[u8]> {
    let drawn = (operation.operator == "Do").then(|| operation.operands.first())?;
    drawn?.as_name().ok()
}

/// Goes the way that drawing goes, counting. A form that draws itself is too deep.
fn draw(
    document: &Document,
    content: &[u8],
    resources: Option<&Dictionary>,
    depth: usize,
    drawn: &mut usize,
) -> Result<(), Refusal> {
    *drawn += content.len() + 256;
    if depth > DEPTH || *drawn > DRAWN_BYTES {
        return Err(too_large());
    }
    let Ok(content) = Content::decode(content) else {
        return Ok(());
    };
    for name in content.operations.iter().filter_map(form) {
        let found = resources.and_then(|r| {
            let forms = r.get_deref(b"XObject", document).ok()?.as_dict().ok()?;
            forms.get_deref(name, document).ok()?.as_stream().ok()
        });
        let Some(form) = found else { continue };
        let own = form.dict.get_deref(b"Resources", document);
        let own = own.and_then(Object::as_dict).ok().or(resources);
        draw(document, &form.content, own, depth + 1, drawn)?;
    }
    Ok(())
}

fn parent(document: &Document, page: ObjectId) -> Option<ObjectId> {
    let page = document.get_dictionary(page).ok()?;
    page.get(b"Parent").and_then(Object::as_reference).ok()
}

fn check_parents(document: &Document, page: ObjectId) -> Result<(), Refusal> {
    let mut at = Some(page);
    for _ in 0..DEPTH * 4 {
        match at.and_then(|id| parent(document, id)) {
            Some(above) => at = Some(above),
            None => return Ok(()),
        }
    }
    Err(malformed("has a tree of pages without a root"))
}

/// Call only where [`check_parents`] found an end.
fn inherited(document: &Document, page: ObjectId) -> Option<&Dictionary> {
    let mut at = Some(page);
    while let Some(id) = at {
        let own = document.get_dictionary(id).ok()?;
        let resources = own.get_deref(b"Resources", document);
        if let Ok(found) = resources.and_then(Object::as_dict) {
            return Some(found);
        }
        at = parent(document, id);
    }
    None
}

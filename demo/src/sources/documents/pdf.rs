//! A PDF of text and nothing else (ISO 32000-1): one font, as many pages as the text fills.

use std::fmt::Write as _;

const LINES_A_PAGE: usize = 48;
const COLUMNS: usize = 88;

pub(super) fn bytes(text: &str) -> Vec<u8> {
    let lines = wrapped(text);
    let pages: Vec<&[(bool, String)]> = lines.chunks(LINES_A_PAGE).collect();
    let kids: Vec<String> = (0..pages.len())
        .map(|p| format!("{} 0 R", 5 + 2 * p))
        .collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!(
            "<< /Type /Pages /Kids [{}] /Count {} >>",
            kids.join(" "),
            pages.len()
        ),
        font("Helvetica"),
        font("Helvetica-Bold"),
    ];
    for (number, page) in pages.iter().enumerate() {
        let content = content(page);
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R \
             /F2 4 0 R >> >> /Contents {} 0 R >>",
            6 + 2 * number
        ));
        objects.push(format!(
            "<< /Length {} >>\nstream\n{content}endstream",
            content.len()
        ));
    }
    file(&objects)
}

fn font(name: &str) -> String {
    format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
}

/// Objects one after another, and the table of where each begins.
fn file(objects: &[String]) -> Vec<u8> {
    let mut text = String::from("%PDF-1.4\n");
    let mut begins = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        begins.push(text.len());
        let _ = write!(text, "{} 0 obj\n{object}\nendobj\n", number + 1);
    }
    let table = text.len();
    let size = objects.len() + 1;
    let _ = write!(text, "xref\n0 {size}\n0000000000 65535 f \n");
    for begin in begins {
        let _ = writeln!(text, "{begin:010} 00000 n ");
    }
    let _ = write!(
        text,
        "trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    );
    text.into_bytes()
}

/// One text object: `T*` goes to the next line.
fn content(page: &[(bool, String)]) -> String {
    let mut content = String::from("BT\n15 TL\n60 780 Td\n");
    for (heading, line) in page {
        let font = if *heading { "/F2 12 Tf" } else { "/F1 10 Tf" };
        let _ = writeln!(content, "{font} ({}) Tj T*", escaped(line));
    }
    content.push_str("ET\n");
    content
}

/// Letters beyond ASCII as octal codes of WinAnsi, which for these is Latin-1.
fn escaped(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        match (c, u32::from(c)) {
            ('(' | ')' | '\\', _) => text.extend(['\\', c]),
            (_, 0x20..=0x7e) => text.push(c),
            (_, code @ 0xa0..=0xff) => {
                let _ = write!(text, "\\{code:03o}");
            }
            _ => text.push('?'),
        }
    }
    text
}

/// Lines short enough for the page, and whether each is a heading.
fn wrapped(text: &str) -> Vec<(bool, String)> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let heading = paragraph.starts_with('#');
        let mut line = String::new();
        for word in paragraph.trim_start_matches('#').split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > COLUMNS {
                lines.push((heading, std::mem::take(&mut line)));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push((heading, line));
    }
    lines
}

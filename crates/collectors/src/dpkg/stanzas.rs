//! dpkg's status file: stanzas of `Field: value`, parted by blank lines.
//!
//! Source: deb-control(5), and dpkg's status file in dpkg(1).

use std::io::{self, Read};

use crate::lines::{self, Line};

/// Descriptions and lists of dependencies are folded over lines; a longer line is no package's.
const LONGEST: usize = 1 << 20;

/// What [`read`] hands out.
pub(super) enum Piece {
    /// One package.
    Stanza(Stanza),
    /// A line that is no field: its number and what was expected.
    Odd(u64, &'static str),
}

/// The fields of one package that an inventory needs.
#[derive(Default)]
pub(super) struct Stanza {
    /// Its first line.
    pub(super) line: u64,
    pub(super) package: Option<String>,
    pub(super) status: Option<String>,
    pub(super) source: Option<String>,
    pub(super) version: Option<String>,
    pub(super) architecture: Option<String>,
    /// Of a list of what a channel holds: when it was printed, and an archive with its date.
    pub(super) printed: Option<String>,
    pub(super) suite: Option<String>,
    pub(super) codename: Option<String>,
    pub(super) date: Option<String>,
}

/// Hands out every stanza.
///
/// # Errors
/// When reading fails.
pub(super) fn read(bytes: impl Read, take: &mut dyn FnMut(Piece)) -> io::Result<()> {
    let mut current: Option<Stanza> = None;
    lines::each(bytes, LONGEST, &mut |number, line| match line {
        Line::TooLong => take(Piece::Odd(number, "expected a line of at most 1 MiB")),
        Line::Text(text) if text.trim().is_empty() => {
            if let Some(stanza) = current.take() {
                take(Piece::Stanza(stanza));
            }
        }
        Line::Text(text) if text.starts_with([' ', '\t']) => {}
        Line::Text(text) => match text.split_once(':') {
            Some((field, value)) if is_field(field) => current
                .get_or_insert_with(|| Stanza {
                    line: number,
                    ..Stanza::default()
                })
                .set(field, value.trim()),
            _ => take(Piece::Odd(number, "expected a field and a colon")),
        },
    })?;
    if let Some(stanza) = current {
        take(Piece::Stanza(stanza));
    }
    Ok(())
}

fn is_field(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic())
}

impl Stanza {
    fn set(&mut self, field: &str, value: &str) {
        let place = match field {
            "Package" => &mut self.package,
            "Status" => &mut self.status,
            "Source" => &mut self.source,
            "Version" => &mut self.version,
            "Architecture" => &mut self.architecture,
            "Printed" => &mut self.printed,
            "Suite" => &mut self.suite,
            "Codename" => &mut self.codename,
            "Date" => &mut self.date,
            _ => return,
        };
        *place = Some(value.to_owned()).filter(|v| !v.is_empty());
    }
}

//! apk's list of installed packages: a letter, a colon and a value a line, packages parted by blanks.
//!
//! Source: <https://wiki.alpinelinux.org/wiki/Apk_spec>, and apk-installed(5). Letters for files (`F`, `R`
//! and others) repeat; those that are read here do not.

use std::io::{self, Read};

use crate::lines::{self, Line};

/// Lists of what a package provides and needs are long.
const LONGEST: usize = 1 << 20;

/// What [`read`] hands out.
pub(super) enum Piece {
    /// One package.
    Stanza(Stanza),
    /// A line that is none of the list's: its number and what was expected.
    Odd(u64, &'static str),
}

/// The fields of one package that an inventory needs.
#[derive(Default)]
pub(super) struct Stanza {
    /// Its first line.
    pub(super) line: u64,
    pub(super) package: Option<String>,
    pub(super) version: Option<String>,
    pub(super) architecture: Option<String>,
    pub(super) origin: Option<String>,
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
        Line::Text(text) => match text.split_once(':') {
            Some((letter, value)) if letter.len() == 1 => current
                .get_or_insert_with(|| Stanza {
                    line: number,
                    ..Stanza::default()
                })
                .set(letter, value.trim()),
            _ => take(Piece::Odd(number, "expected a letter and a colon")),
        },
    })?;
    if let Some(stanza) = current {
        take(Piece::Stanza(stanza));
    }
    Ok(())
}

impl Stanza {
    fn set(&mut self, letter: &str, value: &str) {
        let place = match letter {
            "P" => &mut self.package,
            "V" => &mut self.version,
            "A" => &mut self.architecture,
            "o" => &mut self.origin,
            _ => return,
        };
        *place = Some(value.to_owned()).filter(|v| !v.is_empty());
    }
}

//! Lines of text of any length, one at a time and none longer than a limit.

use std::io::{self, BufRead, BufReader, Read};

/// What [`each`] hands out for one line.
pub(crate) enum Line<'a> {
    /// The line without its end; bytes that are no UTF-8 are replaced.
    Text(&'a str),
    /// The line is longer than the limit and was passed over.
    TooLong,
}

/// Hands out every line with its number, from 1.
///
/// # Errors
/// When reading fails.
pub(crate) fn each(
    bytes: impl Read,
    longest: usize,
    take: &mut dyn FnMut(u64, Line<'_>),
) -> io::Result<()> {
    let mut bytes = BufReader::with_capacity(64 << 10, bytes);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let limit = longest as u64 + 2;
        if (&mut bytes).take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        let ended = line.pop_if(|b| *b == b'\n').is_some();
        if ended {
            line.pop_if(|b| *b == b'\r');
        }
        if line.len() > longest {
            if !ended {
                pass_over(&mut bytes)?;
            }
            take(number, Line::TooLong);
        } else {
            take(number, Line::Text(&String::from_utf8_lossy(&line)));
        }
    }
}

fn pass_over(bytes: &mut impl BufRead) -> io::Result<()> {
    loop {
        let chunk = bytes.fill_buf()?;
        let (used, done) = match chunk.iter().position(|b| *b == b'\n') {
            Some(end) => (end + 1, true),
            None => (chunk.len(), chunk.is_empty()),
        };
        bytes.consume(used);
        if done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, longest: usize) -> Vec<(u64, Option<String>)> {
        let mut found = Vec::new();
        let done = each(text.as_bytes(), longest, &mut |number, line| {
            found.push(match line {
                Line::Text(text) => (number, Some(text.to_owned())),
                Line::TooLong => (number, None),
            });
        });
        done.expect("a slice can be read");
        found
    }

    #[test]
    fn ends_of_lines_of_both_worlds_and_none_at_the_last() {
        let expected = ["a", "", "b", "c"].map(|t| Some(t.to_owned()));
        let found: Vec<_> = all("a\r\n\nb\nc", 9).into_iter().map(|l| l.1).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_line_beyond_the_limit_is_passed_over_and_counted() {
        let text = format!("abc\n{}\nabcd\nabc", "x".repeat(1000));
        let expected = [(1, true), (2, false), (3, false), (4, true)];
        let found: Vec<_> = all(&text, 3)
            .into_iter()
            .map(|l| (l.0, l.1.is_some()))
            .collect();
        assert_eq!(found, expected);
    }
}

//! Markdown's marks: what is code or a comment, and what is a link's target.

use std::collections::BTreeSet;

/// The lines as characters, with code and comments blanked out so that columns stay.
pub(super) fn visible(lines: &[String]) -> Vec<Vec<char>> {
    let mut fence: Option<(char, usize)> = None;
    let mut in_comment = false;
    lines
        .iter()
        .map(|line| {
            let mut chars: Vec<char> = line.chars().collect();
            let mark = fence_of(line);
            match (fence, mark) {
                (Some((open, length)), Some((close, longer, bare))) => {
                    if open == close && longer >= length && bare {
                        fence = None;
                    }
                    chars.fill(' ');
                }
                (Some(_), None) => chars.fill(' '),
                (None, Some((open, length, _))) if !in_comment => {
                    fence = Some((open, length));
                    chars.fill(' ');
                }
                _ => {
                    in_comment = comments(&mut chars, in_comment);
                    inline_code(&mut chars);
                }
            }
            chars
        })
        .collect()
}

/// The mark that opens or closes a block of code, its length, and whether nothing follows it.
fn fence_of(line: &str) -> Option<(char, usize, bool)> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let line = line.trim();
    let mark = line.chars().next().filter(|c| ['`', '~'].contains(c))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    let rest = &line[length..];
    let is_fence = length >= 3 && indent < 4 && !(mark == '`' && rest.contains('`'));
    is_fence.then(|| (mark, length, rest.trim().is_empty()))
}

/// Blanks out comments; gives whether one is still open at the end of the line.
fn comments(chars: &mut [char], mut open: bool) -> bool {
    let mut at = 0;
    while at < chars.len() {
        if open {
            let closes = chars[at..].starts_with(&['-', '-', '>']);
            let until = if closes { at + 3 } else { at + 1 };
            chars[at..until].fill(' ');
            open = !closes;
            at = until;
        } else if chars[at..].starts_with(&['<', '!', '-', '-']) {
            chars[at..at + 4].fill(' ');
            open = true;
            at += 4;
        } else {
            at += 1;
        }
    }
    open
}

fn inline_code(chars: &mut [char]) {
    let run = |chars: &[char], at: usize| chars[at..].iter().take_while(|c| **c == '`').count();
    let mut at = 0;
    while at < chars.len() {
        let length = run(chars, at);
        if length == 0 {
            at += 1;
            continue;
        }
        let mut close = at + length;
        while close < chars.len() {
            match run(chars, close) {
                0 => close += 1,
                found if found == length => break,
                found => close += found,
            }
        }
        if close < chars.len() {
            chars[at..close + length].fill(' ');
            at = close;
        }
        at += length;
    }
}

/// The labels of `[label]: target` lines, in small letters.
pub(super) fn labels(lines: &[Vec<char>]) -> BTreeSet<String> {
    let label = |line: &Vec<char>| {
        let line: String = line.iter().collect();
        let (label, target) = line.trim_start().strip_prefix('[')?.split_once("]:")?;
        (!target.trim().is_empty()).then(|| label.trim().to_lowercase())
    };
    lines.iter().filter_map(label).collect()
}

//! Which bracketed words are a blank that somebody should have filled in.

/// A blank is short.
const LONGEST: usize = 60;

/// Words that make a blank of whatever they begin.
const FIRST: [&str; 25] = [
    "insert",
    "enter",
    "your",
    "add",
    "name",
    "names",
    "date",
    "tbc",
    "tbd",
    "tba",
    "todo",
    "describe",
    "specify",
    "fill",
    "provide",
    "replace",
    "choose",
    "select",
    "job",
    "organisation",
    "organization",
    "company",
    "dd",
    "placeholder",
    "click",
];

/// Words that make a blank of a few words that they end.
const LAST: [&str; 15] = [
    "name",
    "names",
    "date",
    "number",
    "address",
    "email",
    "role",
    "title",
    "here",
    "version",
    "signature",
    "months",
    "phone",
    "tbc",
    "tbd",
];

/// Words that are a blank when they stand alone.
const ALONE: [&str; 15] = [
    "supplier",
    "client",
    "customer",
    "author",
    "owner",
    "version",
    "role",
    "title",
    "address",
    "email",
    "phone",
    "signature",
    "number",
    "department",
    "siro",
];

/// Words that begin a remark and no blank.
const REMARKS: [&str; 14] = [
    "see", "sic", "cf", "redacted", "note", "appendix", "annex", "section", "article", "figure",
    "table", "ref", "as", "at",
];

/// Whether `[text]` or `<text>` is a blank.
pub(super) fn is_blank(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    if text.chars().count() > LONGEST || text.starts_with(['^', '!', '@', '#']) {
        return false;
    }
    if is_masked(&text) || (text.matches('/').count() == 2 && !text.contains(char::is_alphanumeric))
    {
        return true;
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if REMARKS.contains(first) {
        return false;
    }
    FIRST.contains(first)
        || (LAST.contains(last) && words.len() <= 4)
        || (words.len() == 1 && ALONE.contains(first))
        || text.starts_with("to be ")
        || words.contains(&"yyyy")
}

/// `XX/XX/XXXX`, `XX/XX/2026`, `XXXX`: letters that stand for figures.
pub(super) fn is_masked(word: &str) -> bool {
    let crosses = word.chars().filter(|c| matches!(c, 'x' | 'X')).count();
    let separators = word
        .chars()
        .filter(|c| matches!(c, '/' | '.' | '-'))
        .count();
    let nothing_else = word
        .chars()
        .all(|c| matches!(c, 'x' | 'X' | '/' | '.' | '-') || c.is_ascii_digit());
    nothing_else
        && ((separators == 2 && crosses >= 2)
            || (separators == 0 && crosses == word.len() && crosses >= 4))
}

/// Names of HTML elements that are also words of blanks.
pub(super) fn is_element(text: &str) -> bool {
    let name = text
        .trim()
        .trim_start_matches('/')
        .trim_end_matches('/')
        .trim();
    [
        "title", "address", "select", "time", "data", "summary", "details",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_stand_for_figures() {
        for word in ["XX/XX/XXXX", "xx/xx/2026", "XX.XX.20XX", "XXXX", "XXXXXX"] {
            assert!(is_masked(word), "{word}");
        }
        for word in [
            "XX",
            "XXX",
            "12/03/2026",
            "X-ray",
            "max",
            "xx-large",
            "1.2.x",
            "",
        ] {
            assert!(!is_masked(word), "{word}");
        }
    }
}

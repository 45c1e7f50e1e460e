//! What a heading of the official sheet means, whatever its dashes, blanks and abbreviations.

use crate::catalogue::Scheme;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// The item's number.
    Reference,
    /// The assertion above it.
    Assertion,
    /// What is asked.
    Evidence,
    /// The help beside it.
    Tooltip,
    /// Whether it is mandatory for Standards Met.
    Mandatory,
    /// Whether it is mandatory for Approaching Standards.
    Approaching,
    /// Whether one certificate waives it.
    Exempt(Scheme),
    /// Which certificates waive it, in words.
    Exemptions,
    /// What changed since the edition before.
    Change,
}

impl Meaning {
    /// What to call it in a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Meaning::Reference => "the item's number",
            Meaning::Assertion => "the assertion",
            Meaning::Evidence => "evidence text",
            Meaning::Tooltip => "tool tips",
            Meaning::Mandatory => "mandatory for Standards Met",
            Meaning::Approaching => "mandatory for Approaching Standards",
            Meaning::Exempt(_) => "an exemption by one certificate",
            Meaning::Exemptions => "exemptions",
            Meaning::Change => "change",
        }
    }
}

/// A heading that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What the column holds.
    pub meaning: Meaning,
    /// The categories that it names; empty if none.
    pub categories: Vec<u8>,
    /// The organisation type that it names, in plain words; empty if none.
    pub kind: String,
}

const REFERENCE: [&str; 14] = [
    "ref",
    "reference",
    "evidence ref",
    "evidence reference",
    "evidence item ref",
    "evidence item reference",
    "evidence item number",
    "evidence item no",
    "evidence number",
    "item",
    "item ref",
    "item reference",
    "item number",
    "item no",
];
const ASSERTION: [&str; 6] = [
    "assertion",
    "assertions",
    "assertion ref",
    "assertion number",
    "assertion title",
    "assertion text",
];
const EVIDENCE: [&[&str]; 4] = [
    &["evidence", "item", "text"],
    &["evidence", "texts"],
    &["evidence", "text"],
    &["evidence", "wording"],
];
const TOOLTIP: [&[&str]; 4] = [
    &["tool", "tips"],
    &["tool", "tip"],
    &["tooltips"],
    &["tooltip"],
];
/// Words of a heading on duty that say nothing of whose duty it is.
const DUTY: [&str; 16] = [
    "mandatory",
    "required",
    "requirement",
    "for",
    "to",
    "meet",
    "met",
    "standard",
    "standards",
    "approaching",
    "item",
    "items",
    "evidence",
    "is",
    "in",
    "status",
];
/// Words of a heading on exemptions that do not name the certificate.
const EXEMPTION: [&str; 16] = [
    "exempt",
    "exempted",
    "exemption",
    "exemptions",
    "by",
    "for",
    "from",
    "if",
    "with",
    "held",
    "flag",
    "certificate",
    "certified",
    "certification",
    "item",
    "items",
];

/// Lower case, words only, one blank between them. A plus is a word; `Cat2`, `cat. 2` and
/// `Category 2` are the same.
pub fn plain(text: &str) -> String {
    let mut spaced = String::new();
    let mut before = ' ';
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            '+' => spaced.push_str(" plus "),
            '\'' | '’' => {}
            _ if letter.is_alphanumeric() => {
                if letter.is_ascii_digit() && spaced.ends_with("cat") {
                    spaced.push(' ');
                }
                spaced.push(letter);
            }
            // A dot within a number stays: 1.1.1.
            '.' if before.is_ascii_digit() => spaced.push('.'),
            _ => spaced.push(' '),
        }
        before = letter;
    }
    let words: Vec<_> = spaced
        .split_whitespace()
        .map(|word| match word.trim_end_matches('.') {
            "cat" | "cats" | "categories" => "category",
            word => word,
        })
        .collect();
    words.join(" ")
}

/// Takes `category 2 3 and 4` out of plain words; what is left, and the numbers.
pub fn categories(plain: &str) -> (String, Vec<u8>) {
    let (mut rest, mut numbers) = (vec![], vec![]);
    let mut words = plain.split(' ').peekable();
    while let Some(word) = words.next() {
        if word != "category" {
            rest.push(word);
            continue;
        }
        while let Some(next) = words.peek() {
            match next.parse::<u8>() {
                Ok(number) => numbers.push(number),
                Err(_) if matches!(*next, "and" | "or" | "category") => {}
                Err(_) => break,
            }
            words.next();
        }
    }
    (rest.join(" "), numbers)
}

/// The certificate that plain words name.
pub fn scheme(plain: &str) -> Option<Scheme> {
    match plain {
        "nhsmail" | "nhs mail" => Some(Scheme::NhsMail),
        "ce plus" | "cyber essentials plus" => Some(Scheme::CyberEssentialsPlus),
        "iso 27001" | "iso27001" | "iso iec 27001" => Some(Scheme::Iso27001),
        "psn" | "psn ia" => Some(Scheme::PsnIa),
        "audit" => Some(Scheme::Audit),
        _ => None,
    }
}

/// What a heading means, if it means anything to us.
pub fn read(text: &str) -> Option<Heading> {
    let (rest, categories) = categories(&plain(text));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (meaning, kind) = meaning(&words, &rest)?;
    Some(Heading {
        meaning,
        categories,
        kind,
    })
}

fn meaning(words: &[&str], rest: &str) -> Option<(Meaning, String)> {
    let after = |starts: &[&[&str]]| {
        let tail = starts.iter().find_map(|start| words.strip_prefix(*start))?;
        Some(tail.join(" "))
    };
    if let Some(kind) = after(&EVIDENCE) {
        return Some((Meaning::Evidence, kind));
    }
    if let Some(kind) = after(&TOOLTIP) {
        return Some((Meaning::Tooltip, kind));
    }
    let without = |noise: &[&str]| {
        let left: Vec<_> = words
            .iter()
            .filter(|w| !noise.contains(w))
            .copied()
            .collect();
        left.join(" ")
    };
    if words
        .iter()
        .any(|w| matches!(*w, "change" | "changes" | "changed"))
    {
        return Some((Meaning::Change, String::new()));
    }
    let exempt = words.iter().any(|w| w.starts_with("exempt"));
    let left = without(&EXEMPTION);
    match scheme(&left) {
        // An audit that is not called an exemption may be any audit.
        Some(scheme) if exempt || scheme != Scheme::Audit => {
            return Some((Meaning::Exempt(scheme), String::new()));
        }
        _ if exempt => {
            return left
                .is_empty()
                .then_some((Meaning::Exemptions, String::new()));
        }
        _ => {}
    }
    if words.contains(&"approaching") {
        return Some((Meaning::Approaching, without(&DUTY)));
    }
    if words.contains(&"mandatory") {
        return Some((Meaning::Mandatory, without(&DUTY)));
    }
    if REFERENCE.contains(&rest) {
        return Some((Meaning::Reference, String::new()));
    }
    ASSERTION
        .contains(&rest)
        .then_some((Meaning::Assertion, String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(text: &str) -> (Meaning, Vec<u8>, String) {
        let heading = read(text).unwrap_or_else(|| panic!("{text}"));
        (heading.meaning, heading.categories, heading.kind)
    }

    #[test]
    fn dashes_blanks_and_abbreviations_do_not_matter() {
        let wanted = (Meaning::Evidence, vec![3], "others".to_owned());
        for text in [
            "Evidence text - Others (Category 3)",
            "Evidence text – Others (Cat 3)",
            "EVIDENCE  TEXT—others (Cat3)",
            "evidence_text others cat. 3",
            "Evidence\ntext:\u{a0}Others [CATEGORY 3]",
        ] {
            assert_eq!(understood(text), wanted, "{text}");
        }
        let tips = understood("Tool tips - IT Suppliers (Category 2)");
        assert_eq!(tips, (Meaning::Tooltip, vec![2], "it suppliers".to_owned()));
    }

    #[test]
    fn duties_exemptions_and_changes_are_told_apart() {
        let none = String::new;
        assert_eq!(
            understood("Mandatory for Standards Met").0,
            Meaning::Mandatory
        );
        assert_eq!(
            understood("Mandatory for 'Approaching Standards'").0,
            Meaning::Approaching
        );
        assert_eq!(
            understood("Mandatory (Categories 3 and 4)"),
            (Meaning::Mandatory, vec![3, 4], none())
        );
        assert_eq!(
            understood("Exempt if CE+").0,
            Meaning::Exempt(Scheme::CyberEssentialsPlus)
        );
        assert_eq!(
            understood("ISO 27001 exemption").0,
            Meaning::Exempt(Scheme::Iso27001)
        );
        assert_eq!(understood("Exemptions").0, Meaning::Exemptions);
        assert_eq!(understood("Change from v8").0, Meaning::Change);
        assert_eq!(
            understood("Audit exemption").0,
            Meaning::Exempt(Scheme::Audit)
        );
    }

    #[test]
    fn what_could_mean_two_things_means_nothing() {
        for text in [
            "Audit",
            "Cyber Essentials",
            "Exempt for small sites",
            "Evidence item",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

//! Names of people as sources write them: `Dr Zoë Fennimarsh`, `FENNIMARSH, Zoe (Admin)`.

use std::ops::Range;

use super::keys::{hash, mixed, push_folded};

/// A name's words in small letters without accents, kept in one buffer that is used again and again.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: String,
    words: Vec<Range<usize>>,
}

/// Before or behind a name and no part of it.
const TITLES: &[&str] = &[
    "dame",
    "dr",
    "lady",
    "lord",
    "miss",
    "mr",
    "mrs",
    "ms",
    "mx",
    "prof",
    "professor",
    "rev",
    "sir",
];

/// What directories add to the name of an administrator's second account.
const ADDED: &[&str] = &["adm", "admin", "administrator", "priv", "privileged"];

/// More words than this are no name.
const MOST: usize = 8;

impl Words {
    /// Reads a name. What stands in parentheses, titles, and what marks a second account are left
    /// out; a comma brings the family name from the front to the end.
    pub(super) fn read(&mut self, name: &str) {
        self.text.clear();
        self.words.clear();
        let mut begun = 0;
        let mut depth = 0_u32;
        let mut family = 0;
        for letter in name.chars().chain([' ']) {
            match letter {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > 0 || matches!(letter, '\'' | '’' | '‘' | 'ʼ' | '`') {
                continue;
            }
            if letter.is_alphanumeric() || is_accent(letter) {
                push_folded(&mut self.text, letter);
                continue;
            }
            if self.text.len() > begun {
                self.keep(begun);
                begun = self.text.len();
            }
            if letter == ',' && family == 0 {
                family = self.words.len();
            }
        }
        if family < self.words.len() {
            self.words.rotate_left(family);
        }
        if self.words.len() > 2 {
            let text = &self.text;
            let added = |word: &Range<usize>| ADDED.contains(&&text[word.clone()]);
            let left = self.words.iter().filter(|w| !added(w)).count();
            if left > 1 {
                self.words.retain(|w| !added(w));
            }
        }
    }

    fn keep(&mut self, begun: usize) {
        let word = begun..self.text.len();
        if self.words.len() < MOST && !TITLES.contains(&&self.text[word.clone()]) {
            self.words.push(word);
        }
    }

    fn word(&self, range: Option<&Range<usize>>) -> &str {
        range.map_or("", |r| &self.text[r.clone()])
    }

    /// The first word: the given name, as a rule.
    pub(super) fn first(&self) -> &str {
        self.word(self.words.first())
    }

    /// The last word, if there are two or more: the family name, as a rule.
    pub(super) fn last(&self) -> &str {
        self.word(self.words.get(1..).and_then(<[_]>::last))
    }

    /// Every word.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|r| &self.text[r.clone()])
    }

    /// What of the name is compared first.
    pub(super) fn name(&self) -> Name {
        let part = |word: &str| {
            if word.is_empty() {
                0
            } else {
                hash(word.as_bytes())
            }
        };
        let (first, last) = (part(self.first()), part(self.last()));
        let pair = if last == 0 {
            0
        } else {
            mixed(first.min(last).rotate_left(17) ^ first.max(last))
        };
        Name { first, last, pair }
    }
}

fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// First and last word of a name, and both without regard to their order; zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) pair: u64,
}

/// How far two names agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// Both are known, and they name two people.
    None,
    /// At least one is not known.
    Unknown,
    /// The family name is the same and the given name is not like it: often a colleague.
    Family,
    /// The given name is the same and the family name is not like it: often somebody who married.
    Given,
    /// One is the same, and the other a short form, an initial or a slip of the pen.
    Near,
    /// Given and family name are the same.
    Full,
}

impl Name {
    /// Whether the two are the same, one is not known, or they must be looked at letter by letter.
    pub(super) fn at_once(&self, other: &Name) -> Option<Agreement> {
        if self.pair != 0 && self.pair == other.pair {
            return Some(Agreement::Full);
        }
        if self.first == 0 || other.first == 0 {
            return Some(Agreement::Unknown);
        }
        None
    }
}

/// Compares two names letter by letter.
pub(super) fn compare(one: &Words, other: &Words) -> Agreement {
    let straight = parts(one.first(), one.last(), other.first(), other.last());
    let crossed = parts(one.first(), one.last(), other.last(), other.first());
    straight.max(crossed)
}

fn parts(given: &str, family: &str, other_given: &str, other_family: &str) -> Agreement {
    if family.is_empty() || other_family.is_empty() || given.is_empty() || other_given.is_empty() {
        let single = [given, family].into_iter().filter(|w| !w.is_empty());
        let mut all = single.flat_map(|w| [(w, other_given), (w, other_family)]);
        return match all.any(|(a, b)| a == b) {
            true => Agreement::Family,
            false => Agreement::None,
        };
    }
    let same_given = given == other_given;
    let same_family = family == other_family;
    let like_given = || is_short_for(given, other_given) || slip(given, other_given);
    match (same_given, same_family) {
        (true, true) => Agreement::Full,
        (false, true) if like_given() => Agreement::Near,
        (true, false) if slip(family, other_family) => Agreement::Near,
        (true, false) => Agreement::Given,
        (false, true) => Agreement::Family,
        (false, false) if slip(family, other_family) && like_given() => Agreement::Given,
        (false, false) => Agreement::None,
    }
}

/// Short forms that are not the beginning of the long one.
const SHORT: &[(&str, &str)] = &[
    ("alex", "sandra"),
    ("ant", "tony"),
    ("becky", "rebecca"),
    ("beth", "elizabeth"),
    ("betty", "elizabeth"),
    ("bill", "william"),
    ("billy", "william"),
    ("bob", "robert"),
    ("bobby", "robert"),
    ("cathy", "katherine"),
    ("dick", "richard"),
    ("drew", "andrew"),
    ("gus", "angus"),
    ("harry", "henry"),
    ("jack", "john"),
    ("jim", "james"),
    ("jimmy", "james"),
    ("jon", "john"),
    ("kate", "catherine"),
    ("kathy", "catherine"),
    ("kit", "christopher"),
    ("liz", "elizabeth"),
    ("maggie", "margaret"),
    ("meg", "margaret"),
    ("mick", "michael"),
    ("mike", "michael"),
    ("molly", "mary"),
    ("ned", "edward"),
    ("nell", "eleanor"),
    ("peggy", "margaret"),
    ("polly", "mary"),
    ("rick", "richard"),
    ("rob", "robert"),
    ("sally", "sarah"),
    ("sandy", "alexander"),
    ("steve", "stephen"),
    ("sue", "susan"),
    ("ted", "edward"),
    ("tina", "christina"),
    ("tony", "anthony"),
    ("trish", "patricia"),
    ("will", "william"),
];

/// An initial, the beginning of the long form (`Dan`, `Daniel`), or one of the known short forms.
fn is_short_for(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let begins = long.starts_with(short) && (short.chars().count() == 1 || short.len() > 2);
    begins || SHORT.iter().any(|(s, l)| *s == short && *l == long)
}

/// Whether one letter too many, too few, wrong, or two exchanged tell two words apart; of words of
/// eight letters or more two of these.
pub(super) fn slip(one: &str, other: &str) -> bool {
    let (mut a, mut b) = (['\0'; LONGEST], ['\0'; LONGEST]);
    let (Some(n), Some(m)) = (spread(one, &mut a), spread(other, &mut b)) else {
        return false;
    };
    let most = match n.min(m) {
        0..=3 => return false,
        4..=7 => 1,
        _ => 2,
    };
    n.abs_diff(m) <= most && distance(&a[..n], &b[..m]) <= most
}

/// Longer words are not compared letter by letter.
const LONGEST: usize = 24;

fn spread(word: &str, letters: &mut [char; LONGEST]) -> Option<usize> {
    let mut count = 0;
    for letter in word.chars() {
        *letters.get_mut(count)? = letter;
        count += 1;
    }
    Some(count)
}

/// Steps from one word to the other: a letter more, less or other, or two neighbours exchanged.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = [0; LONGEST + 1];
    let mut last: [usize; LONGEST + 1] = std::array::from_fn(|j| j);
    for i in 1..=a.len() {
        let mut row = [i; LONGEST + 1];
        for j in 1..=b.len() {
            let wrong = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j - 1] + wrong).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

/// Whether a sign-in name of letters and digits is one that firms make of a name: `jsmith`, `smithj`,
/// `johnsmith`, `smithjohn`, `johns`, with or without digits behind it.
pub(super) fn makes_login(name: &Words, login: &str) -> bool {
    let login = login.trim_end_matches(|c: char| c.is_ascii_digit());
    let (given, family) = (name.first(), name.last());
    if given.is_empty() || family.is_empty() || login.len() < 3 {
        return false;
    }
    let (given_initial, family_initial) = (initial(given), initial(family));
    let made = |a: &str, b: &str| login.strip_prefix(a).is_some_and(|rest| rest == b);
    made(given_initial, family)
        || made(family, given_initial)
        || made(given, family)
        || made(family, given)
        || made(given, family_initial)
}

fn initial(word: &str) -> &str {
    let end = word.chars().next().map_or(0, char::len_utf8);
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(one: &str, other: &str) -> Agreement {
        let (mut a, mut b) = (Words::default(), Words::default());
        a.read(one);
        b.read(other);
        a.name()
            .at_once(&b.name())
            .unwrap_or_else(|| compare(&a, &b))
    }

    #[test]
    fn the_same_name_written_otherwise_is_the_same() {
        for other in [
            "zoe fennimarsh",
            "FENNIMARSH, Zoë",
            "Fennimarsh Zoe",
            "Dr. Zoë Fennimarsh",
            "Zoë A. Fennimarsh",
            "Zoë Fennimarsh (zfennimarsh)",
            "Zoë Fennimarsh - Admin",
            "Zoe\u{308} Fennimarsh",
        ] {
            assert_eq!(
                agreement("Zoë Fennimarsh", other),
                Agreement::Full,
                "{other}"
            );
        }
        assert_eq!(agreement("Siân O'Larkin", "Sian O’Larkin"), Agreement::Full);
    }

    #[test]
    fn names_agree_as_far_as_they_do() {
        for (one, other, expected) in [
            ("Robert Smith", "Bob Smith", Agreement::Near),
            ("Daniel Smith", "Dan Smith", Agreement::Near),
            ("John Smith", "J Smith", Agreement::Near),
            ("Jonathan Smith", "Jonahtan Smith", Agreement::Near),
            ("Ada Fennimarsh", "Ada Fenimarsh", Agreement::Near),
            ("Ada Byron", "Ada Lovelace", Agreement::Given),
            ("Ada Byron", "Tom Byron", Agreement::Family),
            ("Ada Byron", "Byron", Agreement::Family),
            ("Ada Byron", "Tom Sawyer", Agreement::None),
            ("Ada Byron", "Ada", Agreement::Family),
            ("Ada Byron", "", Agreement::Unknown),
            ("Ada Byron", "(none)", Agreement::Unknown),
            ("Li Wu", "Lu Wi", Agreement::None),
        ] {
            assert_eq!(agreement(one, other), expected, "{one} and {other}");
            assert_eq!(agreement(other, one), expected, "{other} and {one}");
        }
    }

    #[test]
    fn logins_that_are_made_of_a_name() {
        let mut words = Words::default();
        words.read("John Smith");
        for login in [
            "jsmith",
            "smithj",
            "johnsmith",
            "smithjohn",
            "johns",
            "jsmith2",
        ] {
            assert!(makes_login(&words, login), "{login}");
        }
        for login in ["smith", "john", "js", "jsmithson", "ksmith"] {
            assert!(!makes_login(&words, login), "{login}");
        }
    }
}

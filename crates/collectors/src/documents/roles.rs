//! Who a document says holds a role.

use std::collections::BTreeSet;

use super::lint::place;
use super::statements::pairs;
use super::text::{cells, plain};

/// Ways to write a role, longest first, and the word for it.
const ROLES: [(&str, &str); 20] = [
    ("senior information risk owner", "SIRO"),
    ("siro", "SIRO"),
    ("caldicott guardian", "Caldicott Guardian"),
    ("data protection officer", "DPO"),
    ("data protection lead", "DPO"),
    ("dpo", "DPO"),
    ("information governance lead", "IG lead"),
    ("information governance manager", "IG lead"),
    ("head of information governance", "IG lead"),
    ("ig lead", "IG lead"),
    ("chief information security officer", "security lead"),
    ("head of information security", "security lead"),
    ("information security officer", "security lead"),
    ("information security lead", "security lead"),
    ("cyber security lead", "security lead"),
    ("it security lead", "security lead"),
    ("security lead", "security lead"),
    ("ciso", "security lead"),
    ("chief technology officer", "CTO"),
    ("cto", "CTO"),
];

/// Words with a capital that are no part of a person's name.
const NO_NAMES: [&str; 44] = [
    "the",
    "a",
    "an",
    "officer",
    "lead",
    "board",
    "team",
    "director",
    "manager",
    "chief",
    "head",
    "committee",
    "trust",
    "limited",
    "ltd",
    "data",
    "information",
    "security",
    "policy",
    "email",
    "phone",
    "contact",
    "role",
    "roles",
    "name",
    "date",
    "responsible",
    "responsibilities",
    "guardian",
    "owner",
    "risk",
    "senior",
    "executive",
    "department",
    "group",
    "company",
    "organisation",
    "governance",
    "protection",
    "siro",
    "dpo",
    "cto",
    "this",
    "all",
];

/// Words that begin sentences with a capital.
const STARTS: [&str; 16] = [
    "when", "if", "where", "and", "but", "for", "in", "on", "by", "with", "then", "as", "to", "at",
    "only", "contact",
];

/// Roles, holders and one-based lines, each pair once.
pub(super) fn read(lines: &[String]) -> Vec<(&'static str, String, i64)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let said = match cells(line) {
            Some(cells) => in_row(&cells),
            None => {
                let whole = in_pair(line).or_else(|| in_prose(line));
                whole.into_iter().chain(in_passing(line)).collect()
            }
        };
        for (role, holder) in said {
            if seen.insert((role, holder.to_lowercase())) {
                found.push((role, holder, place(index)));
            }
        }
    }
    found
}

/// `| SIRO | Jane Doe |`, in either order.
fn in_row(cells: &[String]) -> Vec<(&'static str, String)> {
    let roles = cells
        .iter()
        .enumerate()
        .filter_map(|(at, c)| Some((at, role(c)?)));
    let holder = |at: usize| {
        let (before, after) = cells.split_at(at);
        let mut near = after.iter().skip(1).chain(before.iter().rev());
        near.find_map(|cell| name(cell))
    };
    roles
        .filter_map(|(at, role)| Some((role, holder(at)?)))
        .collect()
}

/// `SIRO: Jane Doe`, `SIRO – Jane Doe`.
fn in_pair(line: &str) -> Option<(&'static str, String)> {
    for (key, value) in pairs(line) {
        if let Some(role) = role(&key) {
            return Some((role, name(&value)?));
        }
    }
    let line = plain(line.trim_start_matches([' ', '-', '*', '>', '•', '#']));
    let (key, value) = [" – ", " — ", " - "]
        .iter()
        .find_map(|dash| line.split_once(dash))?;
    Some((role(key)?, name(value)?))
}

/// `The Senior Information Risk Owner (SIRO) is Jane Doe`, `Jane Doe is the SIRO`.
fn in_prose(line: &str) -> Option<(&'static str, String)> {
    const IS: [&str; 4] = [" is currently ", " is held by ", " is ", " are "];
    let line = plain(line);
    for link in IS {
        let Some((before, after)) = line.split_once(link) else {
            continue;
        };
        let subject = before
            .rsplit(['.', ',', ';'])
            .next()
            .unwrap_or(before)
            .trim();
        let without = |text: &'_ str| -> String {
            let text = text.trim();
            let lower = text.to_lowercase();
            let articles = ["the ", "our ", "its ", "your ", "appointed as ", "their "];
            let article = articles.iter().find(|a| lower.starts_with(**a));
            article.map_or(text, |a| &text[a.len()..]).to_owned()
        };
        if let (Some(role), Some(holder)) = (role(&without(subject)), name(after)) {
            return Some((role, holder));
        }
        let complement = without(after.split(['.', ',', ';']).next().unwrap_or(after));
        let whole_name = name(subject)
            .filter(|n| n.split_whitespace().count() == subject.split_whitespace().count());
        if let (Some(role), Some(holder)) = (role(&complement), whole_name) {
            return Some((role, holder));
        }
    }
    None
}

/// Somewhere in a sentence: `SIRO: Jane Doe.`, `the SIRO, Jane Doe,`, `Jane Doe, the SIRO`.
fn in_passing(line: &str) -> Vec<(&'static str, String)> {
    // ASCII letters keep their places when made small.
    let lower = line.to_ascii_lowercase();
    let mut found = Vec::new();
    for (written, role) in ROLES {
        for (at, _) in lower.match_indices(written) {
            let (before, after) = (&line[..at], &line[at + written.len()..]);
            let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-');
            if in_word(before.chars().next_back())
                || in_word(after.chars().next())
                || is_other(before)
            {
                continue;
            }
            let holder = behind(after).or_else(|| ahead(before));
            found.extend(holder.map(|holder| (role, holder)));
        }
    }
    found
}

/// Somebody who stands in for the holder, or did hold the role.
fn is_other(before: &str) -> bool {
    const OTHERS: [&str; 7] = [
        "deputy",
        "assistant",
        "former",
        "previous",
        "vice",
        "acting",
        "interim",
    ];
    let last = before.split_whitespace().next_back().unwrap_or_default();
    OTHERS.contains(&last.to_lowercase().as_str())
}

/// `(SIRO): Jane Doe.` or `, Jane Doe,` at the head of what follows a role.
fn behind(after: &str) -> Option<String> {
    let after = after.trim_start();
    let after = match after.strip_prefix('(') {
        Some(rest) => rest.split_once(')')?.1.trim_start(),
        None => after,
    };
    if let Some(rest) = after.strip_prefix(':') {
        return name(rest);
    }
    let rest = after.strip_prefix(',')?.trim_start();
    let name = name(rest)?;
    // An apposition ends with a mark; a list of roles or firms goes on.
    let ends = rest.strip_prefix(&name)?.trim_start().chars().next();
    ends.is_none_or(|c| [',', '.', ';', ')', ':'].contains(&c))
        .then_some(name)
}

/// `Jane Doe, the ` at the end of what stands before a role.
fn ahead(before: &str) -> Option<String> {
    let before = before.trim_end();
    let before = ["the", "our", "The", "Our"]
        .iter()
        .find_map(|a| before.strip_suffix(a))?;
    let before = before.trim_end().strip_suffix(',')?;
    let in_name = |word: &&str| {
        let bare = word.to_lowercase();
        let ends =
            word.ends_with([',', ';', ':']) || (word.ends_with('.') && word.chars().count() > 3);
        let other = NO_NAMES.contains(&bare.as_str()) || STARTS.contains(&bare.as_str());
        word.starts_with(char::is_uppercase) && !ends && !other
    };
    let mut words: Vec<&str> = before
        .split_whitespace()
        .rev()
        .take_while(in_name)
        .collect();
    words.reverse();
    name(&words.join(" "))
}

/// The role that the text is, with or without an abbreviation in brackets or a possessor before it.
fn role(text: &str) -> Option<&'static str> {
    let text = plain(text).to_lowercase();
    let text = text
        .split('(')
        .next()
        .unwrap_or(&text)
        .trim()
        .trim_end_matches(':')
        .trim();
    ROLES
        .iter()
        .find(|(written, _)| *written == text)
        .map(|(_, role)| *role)
}

/// The person's name at the head of the text: two to five words with capitals.
fn name(text: &str) -> Option<String> {
    const PARTICLES: [&str; 9] = ["de", "van", "von", "der", "den", "al", "bin", "la", "di"];
    let text = plain(text);
    let text = text.trim_start_matches('[');
    let head = text
        .split([',', ';', '(', ']', '<', ':', '|', '/'])
        .next()?;
    let head = [" – ", " — ", " - ", " and "]
        .iter()
        .fold(head, |h, s| h.split(s).next().unwrap_or(h));
    let mut words = Vec::new();
    for word in head.split_whitespace() {
        let ends = word.ends_with('.') && word.chars().count() > 3;
        let bare = word.trim_end_matches('.');
        let is_particle = PARTICLES.contains(&bare) && !words.is_empty();
        let has_capital = bare.starts_with(char::is_uppercase)
            && bare
                .chars()
                .all(|c| c.is_alphabetic() || ['\'', '’', '-', '.'].contains(&c));
        if NO_NAMES.contains(&bare.to_lowercase().as_str()) && has_capital {
            return None;
        }
        if !(is_particle || has_capital) {
            break;
        }
        words.push(if ends { bare } else { word });
        if ends && !["prof", "mrs", "miss"].contains(&bare.to_lowercase().as_str()) {
            break;
        }
    }
    let last_is_name = words.last().is_some_and(|w| !PARTICLES.contains(w));
    ((2..=5).contains(&words.len()) && last_is_name).then(|| words.join(" "))
}

#[cfg(test)]
#[path = "roles_tests.rs"]
mod tests;

//! The grammar of `sudoers`: aliases, user specifications, tags and includes.

use std::collections::{BTreeMap, HashSet};

/// An alias that refers to itself, directly or not, is followed no deeper than this.
const DEPTH: usize = 16;

/// One rule: who may run what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) line: u64,
    pub(super) users: Vec<String>,
    pub(super) hosts: Vec<String>,
    /// Users that commands run as; empty for root.
    pub(super) run_as: Vec<String>,
    pub(super) no_password: bool,
    /// One command, alias or `ALL`, perhaps with `!` before it.
    pub(super) command: String,
}

/// A line that takes in other files.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Include {
    pub(super) line: u64,
    pub(super) path: String,
    pub(super) folder: bool,
}

/// What one or several files say.
#[derive(Debug, Default)]
pub(super) struct Sudoers {
    pub(super) rules: Vec<Rule>,
    pub(super) includes: Vec<Include>,
    users: BTreeMap<String, Vec<String>>,
    hosts: BTreeMap<String, Vec<String>>,
    commands: BTreeMap<String, Vec<String>>,
    run_as: BTreeMap<String, Vec<String>>,
    /// `Defaults !authenticate`: nobody is asked for a password.
    never_asks: bool,
}

/// Somebody of whom it is asked whether a rule is about them.
pub(super) struct Who<'a> {
    pub(super) login: &'a str,
    pub(super) uid: &'a str,
    /// Names of groups, and their numbers after `#`.
    pub(super) groups: &'a HashSet<String>,
}

impl Sudoers {
    /// Takes in one file. `odd` hears of lines that were not understood.
    pub(super) fn take(&mut self, text: &str, odd: &mut dyn FnMut(u64, &str)) {
        for (line, logical) in logical_lines(text) {
            self.line(line, logical.trim(), odd);
        }
    }

    fn line(&mut self, line: u64, text: &str, odd: &mut dyn FnMut(u64, &str)) {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "" => {}
            "#include" | "@include" => self.include(line, rest, false),
            "#includedir" | "@includedir" => self.include(line, rest, true),
            "User_Alias" => aliases(&mut self.users, rest),
            "Host_Alias" => aliases(&mut self.hosts, rest),
            "Cmnd_Alias" | "Cmd_Alias" => aliases(&mut self.commands, rest),
            "Runas_Alias" => aliases(&mut self.run_as, rest),
            "Defaults" => {
                self.never_asks |= split(rest, ',').iter().any(|d| d == "!authenticate");
            }
            _ if word.starts_with("Defaults") => {}
            _ => match rules(line, text) {
                Some(rules) => self.rules.extend(rules),
                None => odd(line, "expected a rule: who where = what"),
            },
        }
    }

    fn include(&mut self, line: u64, path: &str, folder: bool) {
        let path = path.trim().trim_matches('"').to_owned();
        self.includes.push(Include { line, path, folder });
    }

    /// Whether the rule is about them. The last item that matches decides, as in sudo itself.
    pub(super) fn concerns(&self, rule: &Rule, who: &Who<'_>) -> bool {
        self.last_match(
            &rule.users,
            &self.users,
            0,
            &|item| match item.strip_prefix('%') {
                Some(group) => who.groups.contains(group.trim_matches('"')),
                None => match item.strip_prefix('#') {
                    Some(uid) => uid == who.uid,
                    None => item == "ALL" || item.trim_matches('"') == who.login,
                },
            },
        ) == Some(true)
    }

    /// Whether the rule holds on that host. Addresses and netgroups cannot be told apart from the
    /// file alone, so they count as a match.
    pub(super) fn holds_on(&self, rule: &Rule, host: &str) -> bool {
        let short = |name: &str| name.split('.').next().unwrap_or(name).to_lowercase();
        self.last_match(&rule.hosts, &self.hosts, 0, &|item| {
            let address = item.starts_with('+')
                || item.contains(':')
                || item
                    .chars()
                    .all(|c| c.is_ascii_digit() || c == '.' || c == '/');
            item == "ALL" || address || short(item) == short(host)
        }) == Some(true)
    }

    /// Whether commands run as root.
    pub(super) fn as_root(&self, rule: &Rule) -> bool {
        rule.run_as.is_empty()
            || self.last_match(&rule.run_as, &self.run_as, 0, &|item| {
                ["ALL", "root", "#0"].contains(&item)
            }) == Some(true)
    }

    pub(super) fn asks_no_password(&self, rule: &Rule) -> bool {
        rule.no_password || self.never_asks
    }

    /// The commands a rule allows, aliases resolved; what it excepts is left out, for it can be
    /// got round.
    pub(super) fn allowed(&self, rule: &Rule) -> Vec<String> {
        let mut found = Vec::new();
        self.expand(&rule.command, 0, &mut found);
        found
    }

    fn expand(&self, command: &str, depth: usize, found: &mut Vec<String>) {
        let inside = self.commands.get(command).filter(|_| depth < DEPTH);
        match inside {
            _ if command.starts_with('!') => {}
            Some(commands) if found.len() < 1_000 => {
                for command in commands {
                    self.expand(command, depth + 1, found);
                }
            }
            _ => found.push(command.to_owned()),
        }
    }

    fn last_match(
        &self,
        items: &[String],
        aliases: &BTreeMap<String, Vec<String>>,
        depth: usize,
        is: &dyn Fn(&str) -> bool,
    ) -> Option<bool> {
        items.iter().rev().find_map(|item| {
            let plain = item.trim_start_matches('!');
            let negated = (item.len() - plain.len()) % 2 == 1;
            let matched = match aliases.get(plain).filter(|_| depth < DEPTH) {
                Some(inner) => self.last_match(inner, aliases, depth + 1, is)?,
                None if is(plain) => true,
                None => return None,
            };
            Some(matched != negated)
        })
    }
}

/// Lines with their continuations, without comments, each with the number it begins at.
fn logical_lines(text: &str) -> Vec<(u64, String)> {
    let mut found: Vec<(u64, String)> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        let (line, goes_on) = match line.strip_suffix('\\') {
            Some(start) => (start, true),
            None => (line, false),
        };
        match found.last_mut() {
            Some((_, whole)) if open => whole.push_str(line),
            _ => found.push((index as u64 + 1, line.to_owned())),
        }
        open = goes_on;
    }
    for (_, line) in &mut found {
        let length = before_comment(line);
        line.truncate(length);
    }
    found
}

/// A `#` begins a comment unless it begins an include or a number, or stands in quotes.
fn before_comment(line: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (index, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '#' if !quoted => {
                let rest = &line[index + 1..];
                let number = rest.starts_with(|c: char| c.is_ascii_digit());
                let include = line[..index].trim().is_empty() && rest.starts_with("include");
                if !number && !include {
                    return index;
                }
            }
            _ => {}
        }
    }
    line.len()
}

/// `A = x, y : B = z`.
fn aliases(into: &mut BTreeMap<String, Vec<String>>, text: &str) {
    for definition in split(text, ':') {
        if let Some((name, items)) = definition.split_once('=') {
            into.insert(name.trim().to_owned(), split(items, ','));
        }
    }
}

/// `users hosts = commands : hosts = commands`.
fn rules(line: u64, text: &str) -> Option<Vec<Rule>> {
    let (users, rest) = take_list(text);
    let mut rules = Vec::new();
    for piece in specifications(rest) {
        let equals = find(&piece, '=')?;
        let hosts = split(&piece[..equals], ',');
        if users.is_empty() || hosts.is_empty() {
            return None;
        }
        let (mut run_as, mut no_password) = (Vec::new(), false);
        for command in split(&piece[equals + 1..], ',') {
            let mut command = command.as_str();
            if let Some(inner) = command.strip_prefix('(') {
                let (list, after) = inner.split_once(')')?;
                run_as = split(list.split(':').next().unwrap_or_default(), ',');
                if run_as.is_empty() && !list.trim().is_empty() {
                    // `(:group)` runs as the user, in another group.
                    run_as = vec![users.first()?.clone()];
                }
                command = after.trim();
            }
            while let Some((tag, after)) = tag(command) {
                match tag {
                    "NOPASSWD" => no_password = true,
                    "PASSWD" => no_password = false,
                    _ => {}
                }
                command = after;
            }
            if command.is_empty() {
                return None;
            }
            rules.push(Rule {
                line,
                users: users.clone(),
                hosts: hosts.clone(),
                run_as: run_as.clone(),
                no_password,
                command: command.to_owned(),
            });
        }
    }
    (!rules.is_empty()).then_some(rules)
}

const TAGS: [&str; 17] = [
    "NOPASSWD",
    "PASSWD",
    "NOEXEC",
    "EXEC",
    "SETENV",
    "NOSETENV",
    "LOG_INPUT",
    "NOLOG_INPUT",
    "LOG_OUTPUT",
    "NOLOG_OUTPUT",
    "MAIL",
    "NOMAIL",
    "FOLLOW",
    "NOFOLLOW",
    "INTERCEPT",
    "NOINTERCEPT",
    "ROLE",
];

fn tag(command: &str) -> Option<(&str, &str)> {
    let (word, after) = command.split_once(':')?;
    TAGS.contains(&word.trim())
        .then(|| (word.trim(), after.trim()))
}

/// The list at the head of a rule: it goes on as long as commas do.
fn take_list(text: &str) -> (Vec<String>, &str) {
    let (mut quoted, mut escaped, mut wants) = (false, false, true);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => wants = true,
            c if c.is_whitespace() && !quoted => {
                let rest = text[index..].trim_start();
                if !wants && !rest.starts_with(',') {
                    return (split(&text[..index], ','), rest);
                }
            }
            _ => wants = false,
        }
    }
    (Vec::new(), text)
}

/// The pieces of a rule between colons that do not belong to a tag or to `(user : group)`.
fn specifications(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for piece in split(text, ':') {
        let before = found.last().map(String::as_str).unwrap_or_default();
        let word = before.rsplit([' ', ',', '=', ')', ':', '\t']).next();
        let after_tag = TAGS.contains(&word.unwrap_or_default());
        match found.last_mut() {
            // Without an equals sign it cannot be a specification of its own.
            Some(last) if after_tag || find(&piece, '=').is_none() => {
                last.push(':');
                last.push_str(&piece);
            }
            _ => found.push(piece),
        }
    }
    found
}

/// The place of an unquoted, unescaped mark outside parentheses.
fn find(text: &str, mark: char) -> Option<usize> {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0u32);
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            c if c == mark && !quoted && depth == 0 => return Some(index),
            _ => {}
        }
    }
    None
}

/// Pieces between unquoted, unescaped marks outside parentheses, without blanks around them.
fn split(text: &str, mark: char) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(index) = find(rest, mark) {
        found.push(rest[..index].trim().to_owned());
        rest = &rest[index + mark.len_utf8()..];
    }
    found.push(rest.trim().to_owned());
    found.retain(|piece| !piece.is_empty());
    found
}

#[cfg(test)]
#[path = "sudoers_tests.rs"]
mod tests;

//! Who decides a row: the system's owner, then the line manager, then the manager's manager, the next
//! system's owner, the campaign's lead. Nobody decides about themself, and of two people neither both
//! decide about the other's privileged access. The same population gives the same reviewers.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use standing_assess::frozen::{Population, Somebody};

use super::{Line, Reviewer};
use crate::serve::members::Members;
use crate::text::day;

/// How many come after the reviewer in line.
const IN_LINE: usize = 3;

/// Everybody who may be asked.
pub(super) struct InLine<'p> {
    people: &'p [Somebody],
    by_id: HashMap<&'p str, usize>,
    by_word: HashMap<String, Option<usize>>,
    members: &'p Members,
    owners: BTreeMap<String, (String, Option<Result<Reviewer, String>>)>,
    lead: Option<Reviewer>,
    /// Day by which the campaign is due: who has left by then is not asked.
    due_on: Date,
    /// Who reviews whose privileged access: reviewer's and subject's person.
    pairs: HashSet<(String, String)>,
}

fn word(text: &str) -> String {
    text.trim().to_lowercase()
}

impl<'p> InLine<'p> {
    pub(super) fn new(
        population: &'p Population,
        members: &'p Members,
        lead: Option<Reviewer>,
        due_on: Date,
    ) -> Self {
        let mut by_word: HashMap<String, Option<usize>> = HashMap::new();
        let mut by_id = HashMap::new();
        for (i, somebody) in population.people.iter().enumerate() {
            by_id.insert(somebody.id.as_str(), i);
            let number = somebody
                .number
                .as_deref()
                .map(|n| n.trim_start_matches('0'));
            let words = [somebody.email.as_deref(), number, somebody.name.as_deref()];
            for text in words.into_iter().flatten().filter(|t| !t.trim().is_empty()) {
                // A word that leads to two people leads to nobody, unless one of them has left.
                let left = |i: usize| population.people[i].left_on.is_some();
                match by_word.get(&word(text)).copied() {
                    None => by_word.insert(word(text), Some(i)),
                    Some(Some(other)) if other == i || left(i) => None,
                    Some(Some(other)) if left(other) => by_word.insert(word(text), Some(i)),
                    Some(_) => by_word.insert(word(text), None),
                };
            }
        }
        let mut line = InLine {
            people: &population.people,
            by_id,
            by_word,
            members,
            owners: BTreeMap::new(),
            lead,
            due_on,
            pairs: HashSet::new(),
        };
        for (system, owner) in &population.systems {
            let owner = owner.as_deref().map(str::trim).filter(|o| !o.is_empty());
            let found = owner.map(|owner| line.find(owner));
            let kept = line
                .owners
                .entry(word(system))
                .or_insert_with(|| (system.clone(), None));
            // Of several lines of one system the first that leads to somebody counts.
            if !matches!(kept.1, Some(Ok(_))) && found.is_some() {
                kept.1 = found;
            }
        }
        line
    }

    /// Whom a word leads to: an e-mail, an employee number or a name, of a person or else a member.
    pub(super) fn find(&self, text: &str) -> Result<Reviewer, String> {
        let number = word(text.trim().trim_start_matches('0'));
        let found = self
            .by_word
            .get(&word(text))
            .or_else(|| self.by_word.get(&number));
        match found {
            Some(Some(i)) => return self.person(*i),
            Some(None) => return Err(format!("{text:?} leads to more than one person")),
            None => {}
        }
        let mut members = self.members.members.values();
        let same = |m: &&crate::serve::members::Member| {
            m.email.eq_ignore_ascii_case(text.trim()) || m.name.eq_ignore_ascii_case(text.trim())
        };
        match members.find(same) {
            Some(member) if !member.email.is_empty() => Ok(Reviewer {
                email: word(&member.email),
                name: member.name.clone(),
                person: None,
            }),
            _ => Err(format!("{text:?} leads to nobody we know")),
        }
    }

    fn person(&self, i: usize) -> Result<Reviewer, String> {
        let somebody = &self.people[i];
        let name = somebody.name.clone().unwrap_or_default();
        if let Some(left) = somebody.left_on.as_deref().and_then(|d| d.parse().ok())
            && left <= self.due_on
        {
            return Err(format!("{name} leaves or left on {}", day(left)));
        }
        match somebody.email.as_deref().map(word) {
            Some(email) if !email.is_empty() => Ok(Reviewer {
                email,
                name,
                person: Some(somebody.id.clone()),
            }),
            _ => Err(format!("{name} has no e-mail")),
        }
    }

    /// Those who may be asked about a row, in line, each with what they are to it.
    fn in_line(&self, row: &Line) -> Vec<(String, Result<Reviewer, String>)> {
        let mut line = Vec::new();
        let own = word(&row.system);
        match self.owners.get(&own) {
            Some((_, Some(owner))) => line.push(("the system's owner".to_owned(), owner.clone())),
            _ => line.push((
                "the system's owner".to_owned(),
                Err("nobody is recorded as its owner".into()),
            )),
        }
        let somebody = row
            .person
            .as_ref()
            .and_then(|p| self.by_id.get(p.id.as_str()));
        let mut somebody = somebody.map(|i| &self.people[*i]);
        for what in ["the line manager", "the manager's manager"] {
            let text = somebody.and_then(|s| s.manager.as_deref()).map(str::trim);
            let Some(text) = text.filter(|t| !t.is_empty()) else {
                break;
            };
            let manager = self.find(text);
            somebody = match &manager {
                Ok(found) => {
                    let i = found.person.as_deref().and_then(|id| self.by_id.get(id));
                    i.map(|i| &self.people[*i])
                }
                Err(_) => None,
            };
            line.push((what.to_owned(), manager));
        }
        let after = self
            .owners
            .range(own.clone()..)
            .skip_while(|(k, _)| **k == own);
        for (_, (system, owner)) in after.chain(self.owners.range(..own.clone())) {
            if let Some(Ok(owner)) = owner {
                line.push((format!("the owner of {system}"), Ok(owner.clone())));
            }
        }
        if let Some(lead) = &self.lead {
            line.push(("the campaign's lead".to_owned(), Ok(lead.clone())));
        }
        line
    }

    /// Why somebody may not decide a row, if they may not.
    fn against(&self, row: &Line, reviewer: &Reviewer) -> Option<&'static str> {
        if is_own(row, reviewer) {
            return Some("it is their own access");
        }
        let person = row.person.as_ref().map(|p| p.id.clone());
        let pair = person.zip(reviewer.person.clone());
        if row.is_privileged() && pair.is_some_and(|pair| self.pairs.contains(&pair)) {
            return Some("each would decide about the other's privileged access");
        }
        None
    }

    /// Puts down who decides a row, who comes after them, and why.
    pub(super) fn assign(&mut self, row: &mut Line) {
        let mut taken: Vec<Reviewer> = Vec::new();
        for (what, found) in self.in_line(row) {
            let why = match found {
                Ok(reviewer) if taken.iter().any(|t| t.email == reviewer.email) => continue,
                Ok(reviewer) => match self.against(row, &reviewer) {
                    None => {
                        if taken.is_empty() {
                            row.assigned.push(format!("{what}: {}", reviewer.shown()));
                        }
                        taken.push(reviewer);
                        if taken.len() > IN_LINE {
                            break;
                        }
                        continue;
                    }
                    Some(why) => format!("not {what}, {}: {why}", reviewer.shown()),
                },
                Err(why) => format!("not {what}: {why}"),
            };
            if taken.is_empty() {
                row.assigned.push(why);
            }
        }
        let mut taken = taken.into_iter();
        if let Some(first) = taken.next() {
            if let (true, Some(by), Some(person)) =
                (row.is_privileged(), &first.person, &row.person)
            {
                self.pairs.insert((by.clone(), person.id.clone()));
            }
            row.reviewer = first.email;
        }
        row.next = taken.map(|r| r.email).collect();
    }

    /// Everybody who is in line for some row, by e-mail.
    pub(super) fn everybody(&self, rows: &[Line]) -> Vec<Reviewer> {
        let mut emails: HashSet<&str> = HashSet::new();
        for row in rows {
            emails.insert(&row.reviewer);
            emails.extend(row.next.iter().map(String::as_str));
        }
        let mut everybody: Vec<Reviewer> = emails
            .into_iter()
            .filter(|email| !email.is_empty())
            .map(|email| {
                let led = self.lead.iter().find(|lead| lead.email == email).cloned();
                let found = self.find(email).ok().or(led);
                found.unwrap_or_else(|| Reviewer {
                    email: email.to_owned(),
                    ..Reviewer::default()
                })
            })
            .collect();
        everybody.sort();
        everybody
    }
}

/// Whether a row is about somebody's own access: the same person, an account that bears their e-mail, or
/// one that may be theirs and of which nobody has said whose it is.
pub(super) fn is_own(row: &Line, reviewer: &Reviewer) -> bool {
    let same = |email: Option<&str>| email.is_some_and(|e| e.eq_ignore_ascii_case(&reviewer.email));
    let person = row.person.as_ref();
    same(row.email.as_deref())
        || same(Some(&row.login))
        || same(person.and_then(|p| p.email.as_deref()))
        || person.is_some_and(|p| reviewer.person.as_deref() == Some(p.id.as_str()))
        || row.maybe.iter().any(|one| {
            one.eq_ignore_ascii_case(&reviewer.email) || Some(one) == reviewer.person.as_ref()
        })
}

//! How many others hold a right: of those with the same job title, and of those in the department.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use standing_assess::frozen::{Population, Right, Somebody};

/// A right by what it is, whoever holds it: system, resource, entitlement.
type What<'p> = (String, &'p str, &'p str);

/// Everybody who works here on a day, by job title and department, and what they hold.
pub(super) struct Peers<'p> {
    size: HashMap<Group<'p>, u32>,
    held: HashMap<(u32, Group<'p>), u32>,
    what: HashMap<What<'p>, u32>,
    holds: HashSet<(u32, &'p str)>,
    here: HashSet<&'p str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Group<'p> {
    Title(&'p str),
    Department(&'p str),
}

/// Of how many others how many hold a right: `[held, of]`.
pub(super) type Share = Option<[u32; 2]>;

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|t| !t.is_empty())
}

fn groups(somebody: &Somebody) -> [Option<Group<'_>>; 2] {
    [
        given(&somebody.job_title).map(Group::Title),
        given(&somebody.department).map(Group::Department),
    ]
}

/// Whether somebody works here on a day, as far as is known.
pub(super) fn is_here(somebody: &Somebody, day: Date) -> bool {
    let date = |text: &Option<String>| given(text).and_then(|t| t.parse::<Date>().ok());
    date(&somebody.left_on).is_none_or(|left| left >= day)
        && date(&somebody.started_on).is_none_or(|started| started <= day)
}

fn what(right: &Right) -> What<'_> {
    (
        right.system.to_lowercase(),
        right.resource.as_str(),
        right.entitlement.as_str(),
    )
}

impl<'p> Peers<'p> {
    /// Counts the people and rights of a population on a day.
    pub(super) fn of(population: &'p Population, day: Date) -> Self {
        let mut peers = Peers {
            size: HashMap::new(),
            held: HashMap::new(),
            what: HashMap::new(),
            holds: HashSet::new(),
            here: HashSet::new(),
        };
        let mut here: HashMap<&str, &Somebody> = HashMap::new();
        for somebody in population.people.iter().filter(|s| is_here(s, day)) {
            here.insert(&somebody.id, somebody);
            peers.here.insert(&somebody.id);
            for group in groups(somebody).into_iter().flatten() {
                *peers.size.entry(group).or_default() += 1;
            }
        }
        let open = population
            .accounts
            .iter()
            .filter(|a| a.enabled != Some(false));
        let person: HashMap<&str, &str> = open
            .filter_map(|a| Some((a.id.as_str(), a.person.as_deref()?)))
            .collect();
        for right in &population.rights {
            let Some(person) = person.get(right.account.as_str()) else {
                continue;
            };
            let Some(somebody) = here.get(person) else {
                continue;
            };
            let next = u32::try_from(peers.what.len()).unwrap_or(u32::MAX);
            let id = *peers.what.entry(what(right)).or_insert(next);
            if peers.holds.insert((id, person)) {
                for group in groups(somebody).into_iter().flatten() {
                    *peers.held.entry((id, group)).or_default() += 1;
                }
            }
        }
        peers
    }

    /// Of the others with the person's job title, and of the others in the department, how many hold
    /// the right.
    pub(super) fn share(&self, right: &Right, somebody: &Somebody) -> [Share; 2] {
        let id = self.what.get(&what(right)).copied();
        let counted = id.is_some_and(|id| self.holds.contains(&(id, somebody.id.as_str())));
        groups(somebody).map(|group| {
            let group = group?;
            // Whoever is gone is not among their peers.
            let size = self.size.get(&group).copied().unwrap_or_default();
            let held = id.and_then(|id| self.held.get(&(id, group)).copied());
            let own = u32::from(counted);
            let here = u32::from(self.here.contains(somebody.id.as_str()));
            Some([
                held.unwrap_or_default().saturating_sub(own),
                size.saturating_sub(here),
            ])
        })
    }
}

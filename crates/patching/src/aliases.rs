//! One vulnerability under many names.
//!
//! Aliases are symmetric and transitive, as OSV has them: `CVE-…`, `GHSA-…`, `PYSEC-…`, `RUSTSEC-…`
//! and `GO-…` that name each other are one class. Where a database takes several CVEs for one, so do
//! we. A distribution's advisory (`DSA-…`, `USN-…`) is about its `upstream` vulnerabilities and joins none
//! of them to another: one advisory often mends many.

use crate::order::{numeric, take, take_digits};
use crate::record::Record;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

/// Which names mean the same vulnerability. The order in which it was told plays no part.
#[derive(Default)]
pub struct Classes {
    places: HashMap<String, usize>,
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    /// Itself, if it leads its class.
    parent: usize,
    /// Of a leader: how many are in the class.
    size: usize,
    /// Of a leader: who gives the class its name.
    named: usize,
    /// What this name, an advisory's, is about.
    upstream: Vec<usize>,
}

impl Classes {
    /// Takes in what a record says of its names. Records that were withdrawn say nothing.
    pub fn add(&mut self, record: &Record) {
        if record.withdrawn.is_some() {
            return;
        }
        let own = self.place(&record.id);
        for alias in &record.aliases {
            self.join(&record.id, alias);
        }
        for upstream in &record.upstream {
            let place = self.place(upstream);
            self.nodes[own].upstream.push(place);
        }
    }

    /// Takes two names for one vulnerability.
    pub fn join(&mut self, a: &str, b: &str) {
        let (a, b) = (self.place(a), self.place(b));
        let (a, b) = (self.leader(a), self.leader(b));
        if a == b {
            return;
        }
        let named = [self.nodes[a].named, self.nodes[b].named]
            .into_iter()
            .min_by(|x, y| by_rank(&self.nodes[*x].name, &self.nodes[*y].name));
        let size = self.nodes[a].size + self.nodes[b].size;
        // The smaller under the larger, so that no chain is longer than the logarithm.
        let (leader, led) = match self.nodes[a].size < self.nodes[b].size {
            true => (b, a),
            false => (a, b),
        };
        self.nodes[led].parent = leader;
        self.nodes[leader].size = size;
        self.nodes[leader].named = named.unwrap_or(leader);
    }

    /// The name by which the class goes: its least CVE, else its least GHSA, else its least. A name
    /// never heard of stands for itself.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        match self.places.get(id) {
            Some(place) => &self.nodes[self.nodes[self.leader(*place)].named].name,
            None => id,
        }
    }

    /// The classes that an advisory is about: those of its upstream vulnerabilities, theirs in
    /// turn, or its own where it has none.
    pub fn about<'a>(&'a self, id: &'a str) -> BTreeSet<&'a str> {
        let Some(&place) = self.places.get(id) else {
            return BTreeSet::from([id]);
        };
        let (mut found, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![place]);
        while let Some(place) = open.pop() {
            let node = &self.nodes[place];
            if seen.insert(place) {
                open.extend(&node.upstream);
                if node.upstream.is_empty() {
                    found.insert(self.name(&node.name));
                }
            }
        }
        // Advisories that name each other for their upstream are about themselves.
        if found.is_empty() {
            found.insert(self.name(id));
        }
        found
    }

    /// Every name ever told, in no order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.name.as_str())
    }

    fn place(&mut self, id: &str) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = self.nodes.len();
        self.places.insert(id.to_owned(), place);
        self.nodes.push(Node {
            name: id.to_owned(),
            parent: place,
            size: 1,
            named: place,
            upstream: Vec::new(),
        });
        place
    }

    fn leader(&self, mut place: usize) -> usize {
        while self.nodes[place].parent != place {
            place = self.nodes[place].parent;
        }
        place
    }
}

/// CVE before GHSA before the rest, and numbers by their value: `CVE-2024-999`, `CVE-2024-1000`.
pub(crate) fn by_rank(a: &str, b: &str) -> Ordering {
    let rank = |name: &str| match name.split('-').next() {
        Some("CVE") => 0,
        Some("GHSA") => 1,
        _ => 2,
    };
    let numbers = || {
        let (mut a, mut b) = (a, b);
        while !(a.is_empty() && b.is_empty()) {
            let letters = |text: &mut _| take(text, |c| !c.is_ascii_digit());
            let words = letters(&mut a).cmp(letters(&mut b));
            let found = words.then_with(|| numeric(take_digits(&mut a), take_digits(&mut b)));
            if found.is_ne() {
                return found;
            }
        }
        Ordering::Equal
    };
    // `CVE-1` and `CVE-01` are two names.
    rank(a)
        .cmp(&rank(b))
        .then_with(numbers)
        .then_with(|| a.cmp(b))
}

//! Who is who: which person an account belongs to, and why we say so.
//!
//! Four kinds of evidence are looked at: the *employee number*, the *e-mail* (the account's address,
//! its sign-in name where that is one, and aliases), the *login* (what the person's own address begins
//! with, or what firms make of a name) and the *name*. One of them is never enough to act. Two are, if
//! they are independent and nothing contradicts them:
//!
//! - a login that only repeats the account's own e-mail is not a second key beside that e-mail;
//! - a login that only repeats the name (`jsmith`) is not one beside the name; the login that a person
//!   was *assigned*, which their own address begins with and nobody else's does, is;
//! - a number, an address or an assigned login that leads to somebody else contradicts, and so does
//!   another name: a mistyped number lands on a real colleague.
//!
//! Names rank candidates and never link by themselves. Accounts of machines belong to nobody, whatever
//! stands in their fields; accounts marked as another firm's belong to somebody only if both number and
//! e-mail say so.
//!
//! Several rows of one person (a second assignment, a return after leaving) share a number or an
//! address, and their names do not contradict; the row that counts is the current one, then the one
//! that ended last.
//!
//! *Architecture invariant:* a pure function of its arguments, whose order it does not depend on.

mod keys;
mod lookup;
mod names;
mod weigh;

use std::cmp::Reverse;
use std::fmt;

use keys::{Address, Looks, addresses, login, looks_of_name, number};
use lookup::Lookup;
use names::{Agreement, Name, Words, compare, makes_login, slip};
use weigh::{Evidence, Weighed, weigh};

/// One row of a source of people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Person<'a> {
    /// Its key.
    pub id: &'a str,
    /// The employer's number.
    pub employee_number: &'a str,
    /// Given and family name.
    pub name: &'a str,
    /// Work e-mail; several addresses may stand there.
    pub email: &'a str,
    /// First day, `YYYY-MM-DD`.
    pub started_on: &'a str,
    /// Last day; empty for those who work here.
    pub left_on: &'a str,
}

/// One account. Whatever is not known is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account<'a> {
    /// Its key.
    pub id: &'a str,
    /// What is typed to sign in.
    pub login: &'a str,
    /// Display name.
    pub name: &'a str,
    /// E-mail; several addresses may stand there.
    pub email: &'a str,
    /// Employee number kept with it.
    pub employee_number: &'a str,
    /// As in the table `account`.
    pub kind: &'a str,
}

/// What may be done with a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// Something points to the person, and not enough to suggest them.
    Possible,
    /// Likely: a person must decide.
    Suggest,
    /// Two independent keys agree, and nothing contradicts them.
    Act,
}

impl Band {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Band::Possible => "possible",
            Band::Suggest => "suggest",
            Band::Act => "act",
        }
    }
}

/// The evidence for a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// The employee numbers are the same.
    pub number: bool,
    /// An address is the same.
    pub email: bool,
    /// The login is the one that the person was assigned, or is made of their name.
    pub login: bool,
    /// The names are the same or nearly.
    pub name: bool,
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.number, "employee number"),
            (self.email, "e-mail"),
            (self.login, "login"),
            (self.name, "name"),
        ];
        let held: Vec<&str> = all.iter().filter(|(held, _)| *held).map(|a| a.1).collect();
        f.write_str(&held.join("+"))
    }
}

/// An account and somebody whom it belongs to, or may belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Position of the account.
    pub account: u32,
    /// Position of the row of the person that counts.
    pub person: u32,
    /// The evidence.
    pub keys: Keys,
    /// How much it weighs, in points.
    pub score: i32,
    /// What may be done with it.
    pub band: Band,
}

/// How many candidates an account has at most.
pub const MOST_CANDIDATES: usize = 5;

/// A key that so many rows share leads to nobody in particular.
const CROWD: usize = 12;

/// Kinds of account that belong to no single person.
const NOBODYS: &[&str] = &["service", "system", "shared", "break-glass"];

/// Everything found, in the order of the accounts, the likeliest person first. An account has one match
/// in the bands [`Band::Act`] and [`Band::Suggest`] at most.
pub fn matches(people: &[Person<'_>], accounts: &[Account<'_>]) -> Vec<Match> {
    let mut matcher = Matcher::new(people);
    let mut found = Vec::with_capacity(accounts.len());
    for (place, account) in (0_u32..).zip(accounts) {
        matcher.look(account);
        found.extend(matcher.weighed.iter().map(|w| Match {
            account: place,
            person: w.person,
            keys: w.keys,
            score: w.score,
            band: w.band,
        }));
    }
    found
}

/// What is compared of one row of people.
#[derive(Clone, Copy, Default)]
struct Row {
    number: u64,
    email: u64,
    local: u64,
    name: Name,
    /// The row that stands for this person.
    group: u32,
}

/// What is compared of one account, kept between accounts for its buffers.
#[derive(Default)]
struct Seen {
    number: u64,
    addresses: Vec<Address>,
    /// How many of them stand in the field for them, and not in the sign-in name.
    of_email: usize,
    /// The sign-in name without marks of administrators, and as it stands.
    logins: [u64; 2],
    login: String,
    name: Name,
    words: Words,
    looks: Option<Looks>,
    scratch: String,
}

struct Matcher<'p> {
    people: &'p [Person<'p>],
    rows: Vec<Row>,
    by_number: Lookup,
    by_email: Lookup,
    by_local: Lookup,
    by_name: Lookup,
    /// Domains of the firm's people, in order.
    domains: Vec<u64>,
    seen: Seen,
    words: Words,
    evidence: Vec<Evidence>,
    weighed: Vec<Weighed>,
}

impl<'p> Matcher<'p> {
    fn new(people: &'p [Person<'p>]) -> Self {
        let mut words = Words::default();
        let mut scratch = String::new();
        let mut rows = Vec::with_capacity(people.len());
        let (mut numbers, mut emails) = (Vec::new(), Vec::new());
        let (mut locals, mut names, mut domains) = (Vec::new(), Vec::new(), Vec::new());
        for (place, person) in (0_u32..).zip(people) {
            words.read(person.name);
            let mut row = Row {
                number: number(person.employee_number, &mut scratch),
                name: words.name(),
                group: place,
                ..Row::default()
            };
            for address in addresses(person.email, &mut scratch) {
                if row.email == 0 {
                    (row.email, row.local) = (address.whole, address.local);
                }
                emails.push((address.whole, place));
                locals.push((address.local, place));
                if !address.open_to_all {
                    domains.push(address.domain);
                }
            }
            numbers.push((row.number, place));
            names.push((row.name.pair, place));
            rows.push(row);
        }
        domains.sort_unstable();
        domains.dedup();
        let mut matcher = Matcher {
            people,
            rows,
            by_number: Lookup::new(&numbers),
            by_email: Lookup::new(&emails),
            by_local: Lookup::new(&locals),
            by_name: Lookup::new(&names),
            domains,
            seen: Seen::default(),
            words,
            evidence: Vec::new(),
            weighed: Vec::new(),
        };
        drop((locals, names));
        matcher.group(&numbers, |m| &m.by_number);
        matcher.group(&emails, |m| &m.by_email);
        matcher
    }
}

/// Which of two rows of one person counts, least first: those who work here before those who left
/// later before those who left earlier, then who started last; the key decides what is left.
fn precedence<'p>(person: &Person<'p>) -> (bool, Reverse<&'p str>, Reverse<&'p str>, &'p str) {
    (
        !person.left_on.is_empty(),
        Reverse(person.left_on),
        Reverse(person.started_on),
        person.id,
    )
}

impl Matcher<'_> {
    /// Takes rows that share a key, and whose names do not contradict, for one person.
    fn group(&mut self, keys: &[(u64, u32)], lookup: fn(&Self) -> &Lookup) {
        let mut others = Vec::new();
        for (hash, place) in keys {
            others.clear();
            let earlier = lookup(self).rows(*hash).take_while(|other| other < place);
            others.extend(earlier.take(CROWD));
            for other in others.drain(..) {
                let agreement = self.names_of(*place, other);
                if matches!(agreement, Agreement::None | Agreement::Family) {
                    continue;
                }
                let (a, b) = (self.group_of(*place), self.group_of(other));
                let first = precedence(&self.people[a as usize]);
                let second = precedence(&self.people[b as usize]);
                let (stands, follows) = if first <= second { (a, b) } else { (b, a) };
                self.rows[follows as usize].group = stands;
            }
        }
        for place in 0..u32::try_from(self.rows.len()).unwrap_or(u32::MAX) {
            self.rows[place as usize].group = self.group_of(place);
        }
    }

    fn group_of(&self, mut place: u32) -> u32 {
        while self.rows[place as usize].group != place {
            place = self.rows[place as usize].group;
        }
        place
    }

    fn names_of(&mut self, one: u32, other: u32) -> Agreement {
        let (a, b) = (
            &self.rows[one as usize].name,
            &self.rows[other as usize].name,
        );
        a.at_once(b).unwrap_or_else(|| {
            self.words.read(self.people[one as usize].name);
            self.seen.words.read(self.people[other as usize].name);
            compare(&self.words, &self.seen.words)
        })
    }

    /// Weighs everybody whom something of the account points to.
    fn look(&mut self, account: &Account<'_>) {
        self.weighed.clear();
        self.evidence.clear();
        if NOBODYS.contains(&account.kind) || !self.read(account) {
            return;
        }
        self.gather();
        self.compare(account);
        weigh(&mut self.evidence, &mut self.weighed);
        if self.weighed.first().is_none_or(|w| w.band != Band::Act) && self.patterns() {
            self.weighed.clear();
            weigh(&mut self.evidence, &mut self.weighed);
        }
    }

    /// Looks whether the login is made of a candidate's name, which matters only where the first look
    /// did not settle it. True if it is.
    fn patterns(&mut self) -> bool {
        let mut any = false;
        for evidence in self.evidence.iter_mut().filter(|e| !e.login) {
            self.words.read(self.people[evidence.row as usize].name);
            evidence.pattern = makes_login(&self.words, &self.seen.login);
            any |= evidence.pattern;
        }
        any
    }

    /// Reads the account's keys. False if it is a machine's.
    fn read(&mut self, account: &Account<'_>) -> bool {
        let seen = &mut self.seen;
        seen.words.read(account.name);
        seen.name = seen.words.name();
        seen.addresses.clear();
        seen.addresses
            .extend(addresses(account.email, &mut seen.scratch));
        seen.of_email = seen.addresses.len();
        seen.addresses
            .extend(addresses(account.login, &mut seen.scratch));
        let looks = login(account.login, &mut seen.login);
        if looks == Looks::Machine || looks_of_name(seen.words.all()) == Looks::Machine {
            return false;
        }
        let whole = account.login.split(['@', '+']).next().unwrap_or_default();
        seen.scratch.clear();
        let letters = whole.chars().filter(|c| c.is_alphanumeric());
        letters.for_each(|c| keys::push_folded(&mut seen.scratch, c));
        let hashed = |text: &str| {
            if text.is_empty() {
                0
            } else {
                keys::hash(text.as_bytes())
            }
        };
        seen.logins = [hashed(&seen.login), hashed(&seen.scratch)];
        seen.number = number(account.employee_number, &mut seen.scratch);
        // A display name that only repeats the sign-in name is no name.
        let alone = seen.words.last().is_empty();
        if alone && (seen.words.first() == seen.login || seen.words.first() == whole) {
            seen.name = Name::default();
        }
        let functional =
            looks == Looks::Functional || looks_of_name(seen.words.all()) == Looks::Functional;
        seen.looks = Some(match looks {
            Looks::Personal if functional => Looks::Functional,
            looks => looks,
        });
        true
    }

    /// Everybody whom a key of the account leads to, unless it leads to a crowd.
    fn gather(&mut self) {
        let seen = &self.seen;
        let evidence = &mut self.evidence;
        let mut add = |lookup: &Lookup, hash: u64, mark: fn(&mut Evidence)| {
            if lookup.rows(hash).nth(CROWD).is_some() {
                return;
            }
            for row in lookup.rows(hash) {
                let known = evidence.iter().position(|e| e.row == row);
                let at = known.unwrap_or_else(|| {
                    evidence.push(Evidence::of(row));
                    evidence.len() - 1
                });
                mark(&mut evidence[at]);
            }
        };
        add(&self.by_number, seen.number, |e| e.number = true);
        for address in &seen.addresses {
            add(&self.by_email, address.whole, |e| e.email = true);
            let own = |domain| self.domains.binary_search(&domain).is_ok();
            if !own(address.domain) && own(address.parent) {
                add(&self.by_local, address.local, |e| e.login = true);
            } else if !address.open_to_all {
                add(&self.by_local, address.local, |e| e.local = true);
            }
        }
        for hash in seen.logins {
            add(&self.by_local, hash, |e| e.login = true);
        }
        add(&self.by_name, seen.name.pair, |_| {});
    }

    /// What the account's fields say of each candidate, and what stands against them all.
    fn compare(&mut self, account: &Account<'_>) {
        let seen = &self.seen;
        let crowd = self.by_name.rows(seen.name.pair).nth(CROWD).is_some();
        let beside = seen.of_email;
        let own = |a: &Address| a.local != 0 && seen.logins.contains(&a.local);
        let repeated = beside == 0 && account.login.contains('@')
            || seen.addresses.iter().take(beside).any(own);
        let firms = |domain| self.domains.binary_search(&domain).is_ok();
        let foreign = !seen.addresses.is_empty()
            && seen
                .addresses
                .iter()
                .all(|a| !firms(a.domain) && !firms(a.parent));
        let digits = digits_behind(&seen.login);
        let found = self.evidence.iter().any(|e| e.email);
        let open = foreign && seen.addresses.iter().any(|a| a.open_to_all);
        for evidence in &mut self.evidence {
            let row = &self.rows[evidence.row as usize];
            evidence.person = row.group;
            let person = &self.people[evidence.row as usize];
            evidence.name = row.name.at_once(&seen.name).unwrap_or_else(|| {
                self.words.read(person.name);
                compare(&self.words, &seen.words)
            });
            let near = !found && !foreign && evidence.name >= Agreement::Near && seen.of_email > 0;
            if near && !evidence.number && !evidence.login {
                evidence.slip = nearly(local_of(person.email), local_of(account.email));
            }
            evidence.digits = digits_behind(local_of(person.email)) == digits;
            evidence.bare = seen.login.is_empty();
            evidence.repeated = repeated;
            evidence.foreign = foreign && !open;
            evidence.open = open;
            evidence.namesake = crowd;
            evidence.looks = seen.looks.unwrap_or(Looks::Personal);
        }
    }
}

fn local_of(email: &str) -> &str {
    email.split_once('@').map_or("", |(local, _)| local)
}

/// The digits at the end.
fn digits_behind(text: &str) -> &str {
    let end = text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    &text[end..]
}

/// Whether a slip of the pen tells two beginnings of addresses apart, and not a digit: digits tell
/// namesakes apart.
fn nearly(one: &str, other: &str) -> bool {
    let (a, b) = (digits_behind(one), digits_behind(other));
    let letters = |text: &'_ str, digits: &str| text.len() - digits.len();
    a == b && slip(&one[..letters(one, a)], &other[..letters(other, b)])
}

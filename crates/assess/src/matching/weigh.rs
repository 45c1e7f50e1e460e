//! From evidence to bands: the rules, and nothing but the rules.

use super::keys::Looks;
use super::names::Agreement;
use super::{Band, Keys, MOST_CANDIDATES};

/// What the fields of one account say of one row of people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// The row.
    pub(super) row: u32,
    /// The row that stands for the same person.
    pub(super) person: u32,
    /// The employee numbers are the same.
    pub(super) number: bool,
    /// An address is the same.
    pub(super) email: bool,
    /// An address begins as the person's does, elsewhere.
    pub(super) local: bool,
    /// The login is what the person's address begins with.
    pub(super) login: bool,
    /// The login is one that firms make of the person's name.
    pub(super) pattern: bool,
    /// How far the names agree.
    pub(super) name: Agreement,
    /// The account's login only repeats its own address.
    pub(super) repeated: bool,
    /// The account has an address, and none at a domain of the firm's people.
    pub(super) foreign: bool,
    /// The same, at a host that is open to all.
    pub(super) open: bool,
    /// What the login looks like.
    pub(super) looks: Looks,
}

impl Evidence {
    pub(super) fn of(row: u32) -> Self {
        Evidence {
            row,
            person: row,
            number: false,
            email: false,
            local: false,
            login: false,
            pattern: false,
            name: Agreement::Unknown,
            repeated: false,
            foreign: false,
            open: false,
            looks: Looks::Personal,
        }
    }

    /// Whether it matters if the login is made of the name.
    pub(super) fn needs_pattern(&self) -> bool {
        self.number || self.email || self.name >= Agreement::Near
    }

    /// Takes in what is known of another row of the same person.
    fn with(&mut self, other: &Evidence) {
        self.number |= other.number;
        self.email |= other.email;
        self.local |= other.local;
        self.login |= other.login;
        self.pattern |= other.pattern;
        self.name = self.name.max(other.name);
    }

    fn score(&self) -> i32 {
        let points = |held: bool, points: i32| if held { points } else { 0 };
        let name = match self.name {
            Agreement::Full => 20,
            Agreement::Near => 15,
            Agreement::Half => 6,
            Agreement::Unknown => 0,
            Agreement::None => -20,
        };
        points(self.number, 40)
            + points(self.email, 40)
            + points(self.login, if self.email && self.repeated { 3 } else { 30 })
            + points(self.pattern, 10)
            + points(self.local && !self.email, 10)
            + name
    }

    /// Whether two independent keys agree.
    fn two_keys(&self) -> bool {
        let named = self.name >= Agreement::Near;
        let login = self.login || self.pattern;
        let by_number = self.number && (self.email || named || login);
        // An exact address and one of the two names: a name changed by marriage or shortened.
        let by_email = self.email && (self.name >= Agreement::Half || login && !self.repeated);
        let by_login = self.login && self.name == Agreement::Full && !self.foreign && !self.open;
        by_number || by_email || by_login
    }

    /// Whether one key agrees that is worth a person's look with a name beside it.
    fn likely(&self) -> bool {
        let one = self.number || self.email;
        let login = self.login && !self.foreign;
        // Without a name something else has to look like the person: a service may bear the number
        // or the address of its owner.
        let alike = self.login || self.pattern || self.email && self.repeated;
        one && (self.name >= Agreement::Half || self.name == Agreement::Unknown && alike)
            || self.number && self.email && self.name != Agreement::Unknown
            || login && self.name >= Agreement::Half
    }

    fn allowed(&self) -> bool {
        match self.looks {
            Looks::Personal => true,
            Looks::Functional => (self.number || self.email) && self.name >= Agreement::Near,
            Looks::External => self.number && self.email,
            Looks::Machine => false,
        }
    }
}

/// A candidate with its band.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighed {
    pub(super) person: u32,
    pub(super) keys: Keys,
    pub(super) score: i32,
    pub(super) band: Band,
}

/// A lead of so many points is needed where candidates contradict one another.
const LEAD: i32 = 20;

/// Weighs all candidates of one account; they are left in the order of their weight.
pub(super) fn weigh(evidence: &mut Vec<Evidence>, weighed: &mut Vec<Weighed>) {
    merge(evidence);
    evidence.sort_unstable_by_key(|e| (-e.score(), e.person));
    let Some(best) = evidence.first() else { return };
    let rival = evidence.get(1);
    let band = band(best, &evidence[1..]);
    let second = rival.map_or(i32::MIN, |r| r.score() + LEAD);
    let band = if band == Band::Suggest && best.score() < second && rival_counts(&evidence[1..]) {
        Band::Possible
    } else {
        band
    };
    for (place, candidate) in evidence.iter().take(MOST_CANDIDATES).enumerate() {
        let band = if place == 0 { band } else { Band::Possible };
        let points = candidate.number
            || candidate.email
            || candidate.name >= Agreement::Near
            || (candidate.login || candidate.local) && candidate.name != Agreement::None;
        if band == Band::Possible && !points {
            continue;
        }
        weighed.push(Weighed {
            person: candidate.person,
            keys: Keys {
                number: candidate.number,
                email: candidate.email,
                login: candidate.login || candidate.pattern,
                name: candidate.name >= Agreement::Near,
            },
            score: candidate.score().max(1),
            band,
        });
        if band == Band::Act {
            break;
        }
    }
}

fn rival_counts(others: &[Evidence]) -> bool {
    others.iter().any(|e| e.likely() || e.two_keys())
}

/// One piece of evidence a person.
fn merge(evidence: &mut Vec<Evidence>) {
    evidence.sort_unstable_by_key(|e| e.person);
    evidence.dedup_by(|later, kept| {
        let same = later.person == kept.person;
        if same {
            kept.with(later);
        }
        same
    });
}

fn band(best: &Evidence, others: &[Evidence]) -> Band {
    if !best.allowed() {
        return Band::Possible;
    }
    // A key that leads to others and not to the best candidate contradicts; a login does only where
    // the name might be theirs, because firms assign `jsmith` differently in different systems.
    let named = |e: &&Evidence| e.name != Agreement::None;
    let against = others.iter().any(|e| e.number) && !best.number
        || others.iter().any(|e| e.email) && !best.email
        || others.iter().filter(named).any(|e| e.login) && !best.login;
    let against = against || others.iter().any(Evidence::two_keys) && !(best.number && best.email);
    let shared = best.login
        && others.iter().any(|e| e.login && e.name >= Agreement::Near)
        && !best.number
        && !best.email;
    if best.two_keys() && !against && !shared && best.name != Agreement::None {
        Band::Act
    } else if best.likely() || best.two_keys() {
        Band::Suggest
    } else {
        Band::Possible
    }
}

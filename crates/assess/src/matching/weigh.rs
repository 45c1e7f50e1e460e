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
    /// An address begins as the person's does, at a domain that is nobody's here.
    pub(super) local: bool,
    /// An address of the firm that is nobody's begins nearly as the person's does.
    pub(super) slip: bool,
    /// The login is what the person's address begins with.
    pub(super) login: bool,
    /// There is no login.
    pub(super) bare: bool,
    /// The login is one that firms make of the person's name.
    pub(super) pattern: bool,
    /// How far the names agree.
    pub(super) name: Agreement,
    /// The account's login only repeats its own address.
    pub(super) repeated: bool,
    /// Somebody else bears the same name.
    pub(super) namesake: bool,
    /// Of somebody else of that name the digits are the login's, and of this person they are not.
    pub(super) apart: bool,
    /// The digits behind the login are those behind what the person's address begins with.
    pub(super) digits: bool,
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
            slip: false,
            bare: false,
            namesake: false,
            apart: false,
            digits: false,
            login: false,
            pattern: false,
            name: Agreement::Unknown,
            repeated: false,
            foreign: false,
            open: false,
            looks: Looks::Personal,
        }
    }

    /// Takes in what is known of another row of the same person.
    fn with(&mut self, other: &Evidence) {
        self.number |= other.number;
        self.email |= other.email;
        self.local |= other.local;
        self.login |= other.login;
        self.pattern |= other.pattern;
        self.slip |= other.slip;
        self.digits |= other.digits;
        self.namesake |= other.namesake;
        self.name = self.name.max(other.name);
    }

    fn score(&self) -> i32 {
        let points = |held: bool, points: i32| if held { points } else { 0 };
        let name = match self.name {
            Agreement::Full => 20,
            Agreement::Near => 15,
            Agreement::Given => 8,
            Agreement::Family => 4,
            Agreement::Unknown => 0,
            Agreement::None => -20,
        };
        points(self.number, 40)
            + points(self.email, 40)
            + points(self.login, if self.email && self.repeated { 3 } else { 30 })
            + points(self.pattern, 10)
            + points((self.local || self.slip) && !self.email, 10)
            + name
    }

    /// Whether two independent keys agree.
    fn two_keys(&self) -> bool {
        let named = self.name >= Agreement::Near;
        // A login made of a name confirms nothing where the name itself does not agree.
        let login = self.login || self.pattern && self.name == Agreement::Unknown;
        let by_number = self.number && (self.email && self.not_its_owners() || named || login);
        // An exact address and the given name: the family name may have changed by marriage. Of
        // namesakes only the digits tell who is who.
        let by_email =
            self.email && !self.apart && (self.name >= Agreement::Given || login && !self.repeated);
        let by_login = self.login && self.name == Agreement::Full && !self.foreign && !self.open;
        by_number || by_email || by_login
    }

    /// Whether one key agrees that is worth a person's look with a name beside it.
    fn likely(&self) -> bool {
        let one = self.number || self.email;
        let login = self.login && !self.foreign;
        let unnamed = self.name == Agreement::Unknown;
        one && (self.name >= Agreement::Family || unnamed && self.not_its_owners())
            || self.number && self.email && !unnamed
            || login && (self.name >= Agreement::Given || unnamed)
            || self.slip && self.name >= Agreement::Near && !self.namesake
    }

    /// A service may bear the number and the address of its owner. So without a name the login has to
    /// look like the person's, or be none.
    fn not_its_owners(&self) -> bool {
        let alike = self.login || self.pattern || self.email && self.repeated || self.bare;
        self.name != Agreement::Unknown || alike
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
    let same = evidence
        .iter()
        .filter(|e| e.name == Agreement::Full)
        .count();
    let told = |e: &Evidence| e.name == Agreement::Full && e.digits;
    let told = evidence.iter().any(told);
    for one in evidence.iter_mut() {
        let others = same - usize::from(one.name == Agreement::Full);
        one.apart = !one.digits && !one.login && (told || one.namesake);
        one.namesake |= others > 0;
    }
    evidence.sort_unstable_by_key(|e| (-e.score(), e.person));
    let Some(best) = evidence.first() else { return };
    let band = match band(best, &evidence[1..]) {
        Band::Suggest if contested(best, &evidence[1..]) => Band::Possible,
        band => band,
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

/// Whether somebody else is about as likely.
fn contested(best: &Evidence, others: &[Evidence]) -> bool {
    let lead = |e: &Evidence| best.score() - e.score();
    others.iter().any(|e| {
        let claims = e.two_keys() && lead(e) < 2 * LEAD || e.likely() && lead(e) < LEAD;
        // The name says that it is somebody else.
        claims || e.name == Agreement::Full && best.name < Agreement::Given && !best.number
    })
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
        || others.iter().any(|e| e.email) && !(best.email && best.number)
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

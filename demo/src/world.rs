//! What is true of the invented supplier, before any source tells of it.

use std::collections::{BTreeSet, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;

use crate::Plan;
use crate::firm::{self, CAST, DEPARTMENTS, DOMAIN, PARTNER_DOMAIN};
use crate::fixes::{Fix, fixes};
use crate::hosts::{self, Laptop, Server};
use crate::names;
use crate::rng::Rng;

/// Somebody who works or worked for the supplier.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// With leading zeros.
    pub(crate) number: String,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) login: String,
    pub(crate) email: String,
    pub(crate) department: &'static str,
    pub(crate) previous: Option<(&'static str, Date)>,
    pub(crate) title: String,
    pub(crate) kind: &'static str,
    pub(crate) started: Date,
    pub(crate) left: Option<Date>,
    /// Of the account in the cloud directory.
    pub(crate) guid: String,
}

impl Person {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    /// Works here today.
    pub(crate) fn current(&self) -> bool {
        self.left.is_none()
    }

    /// Comes from the partner's firm.
    pub(crate) fn partner(&self) -> bool {
        self.email.ends_with(PARTNER_DOMAIN)
    }
}

/// Everything that the sources tell of.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) as_of: Date,
    /// The day that sources with a past show, in days before the day of the estate.
    pub(crate) then: i64,
    pub(crate) scale: usize,
    faults: BTreeSet<String>,
    /// The cast first, in its order.
    pub(crate) people: Vec<Person>,
    pub(crate) servers: Vec<Server>,
    pub(crate) laptops: Vec<Laptop>,
    pub(crate) fixes: Vec<Fix>,
}

impl World {
    pub(crate) fn new(plan: &Plan, faults: BTreeSet<String>) -> Self {
        let mut world = World {
            seed: plan.seed,
            as_of: plan.as_of,
            then: 0,
            scale: plan.scale.max(1),
            faults,
            people: Vec::new(),
            servers: Vec::new(),
            laptops: Vec::new(),
            fixes: fixes(),
        };
        world.people = people(&world);
        world.servers = hosts::servers(&world);
        world.laptops = hosts::laptops(&world);
        world
    }

    /// Whether that fault is planted.
    pub(crate) fn fault(&self, id: &str) -> bool {
        self.faults.contains(id)
    }

    pub(crate) fn rng(&self, purpose: &str) -> Rng {
        Rng::of(self.seed, purpose)
    }

    /// The day that sources with a past show.
    pub(crate) fn today(&self) -> Date {
        self.ago(self.then)
    }

    /// The day that many days before the day of the estate; after it for a negative number.
    pub(crate) fn ago(&self, days: i64) -> Date {
        self.as_of.saturating_sub(days.days())
    }

    /// The day that many months before the day of the estate; after it for a negative number.
    pub(crate) fn months_ago(&self, months: i64) -> Date {
        self.as_of.saturating_sub(months.months())
    }

    /// Somebody of the cast.
    pub(crate) fn cast(&self, who: usize) -> &Person {
        &self.people[who]
    }

    /// Those who work here.
    pub(crate) fn staff(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|p| p.current())
    }

    /// Somebody who left within the last year and had an account in the product.
    pub(crate) fn former(&self) -> Option<&Person> {
        self.people.iter().skip(CAST.len()).find(|p| !p.current())
    }

    /// Those who work here in a department.
    pub(crate) fn team<'w>(&'w self, department: &'w str) -> impl Iterator<Item = &'w Person> {
        self.staff().filter(move |p| p.department == department)
    }
}

/// Leavers beside the cast's, at a scale of one.
const LEAVERS: usize = 6;

fn people(world: &World) -> Vec<Person> {
    let mut maker = Maker {
        rng: world.rng("people"),
        world,
        logins: HashMap::new(),
        made: Vec::new(),
    };
    for (place, named) in CAST.iter().enumerate() {
        maker.cast(place, named);
    }
    for round in 0..world.scale {
        for (department, title, count) in DEPARTMENTS {
            for place in 0..count {
                let title = match (round, place) {
                    (0, 0) if department != "Platform" => format!("Lead {title}"),
                    _ => title.to_owned(),
                };
                maker.somebody(department, title, None);
            }
        }
        for place in 0..LEAVERS {
            let longest = if place == 0 { 300 } else { 700 };
            let left = world.ago(maker.rng.between(50, longest));
            let (department, title, _) = maker.rng.pick(&DEPARTMENTS);
            maker.somebody(department, title.to_owned(), Some(left));
        }
    }
    maker.made
}

struct Maker<'w> {
    rng: Rng,
    world: &'w World,
    logins: HashMap<String, usize>,
    made: Vec<Person>,
}

impl Maker<'_> {
    fn cast(&mut self, place: usize, named: &firm::Named) {
        let title = named.title.to_owned();
        self.person(named.given, named.family, named.department, title, None);
        let world = self.world;
        let Some(person) = self.made.last_mut() else {
            return;
        };
        match place {
            firm::MOVER => person.previous = Some(("Support", world.ago(60))),
            firm::STARTER => person.started = world.ago(45),
            firm::LEAVER => person.left = Some(world.ago(23)),
            place if firm::PARTNERS.contains(&place) => {
                person.kind = "Contractor";
                person.email = format!("{}@{PARTNER_DOMAIN}", person.login);
            }
            _ => {}
        }
    }

    fn somebody(&mut self, department: &'static str, title: String, left: Option<Date>) {
        let given = self.rng.pick(&names::GIVEN);
        let family = self.rng.pick(&names::FAMILY);
        self.person(given, family, department, title, left);
    }

    fn person(
        &mut self,
        given: &str,
        family: &str,
        department: &'static str,
        title: String,
        left: Option<Date>,
    ) {
        let login = self.login(given, family);
        let until = left.unwrap_or(self.world.as_of);
        let served = self.rng.between(420, 2_600);
        self.made.push(Person {
            number: format!("{:06}", 117 + 7 * self.made.len()),
            given: given.to_owned(),
            family: family.to_owned(),
            email: format!("{login}@{DOMAIN}"),
            login,
            department,
            previous: None,
            title,
            kind: "Employee",
            started: until.saturating_sub(served.days()),
            left,
            guid: self.rng.uuid(),
        });
    }

    /// The second of a name gets a 2, and so on.
    fn login(&mut self, given: &str, family: &str) -> String {
        let login = names::login(given, family);
        let seen = self.logins.entry(login.clone()).or_default();
        *seen += 1;
        match *seen {
            1 => login,
            n => format!("{login}{n}"),
        }
    }
}

//! An invented firm with known answers: who owns which account, and what of it was spoilt.
//!
//! Of 100,000 people about a quarter share a full name and an eighth have left. Of 120,000 accounts in
//! a cloud directory, an office directory, a code host, a cloud account and Unix hosts 92,237 are
//! people's first, 11,323 further ones, 3,600 administrators' second ones; 6,000 belong to contractors
//! whom the list of people does not know, 5,400 to services, 1,440 to functions. Each field is spoilt
//! independently with the probability given.

use std::collections::HashSet;

use standing_assess::matching::{Account, Person};

/// Draws the same numbers for the same seed (SplitMix64).
pub struct Draw(u64);

impl Draw {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bf0_3635)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64 <= p
    }

    /// Small numbers more often: what is common is very common.
    fn skewed(&mut self, n: usize, power: i32) -> usize {
        let x = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((x.powi(power) * n as f64) as usize).min(n - 1)
    }

    fn pick<'l>(&mut self, list: &[&'l str]) -> &'l str {
        list[self.below(list.len())]
    }
}

const GIVEN: &[(&str, &str)] = &[
    ("William", "Bill"),
    ("Robert", "Bob"),
    ("Elizabeth", "Liz"),
    ("Katherine", "Kathy"),
    ("Michael", "Mike"),
    ("Stephen", "Steve"),
    ("Anthony", "Tony"),
    ("Margaret", "Peggy"),
    ("Christopher", "Chris"),
    ("Daniel", "Dan"),
    ("Matthew", "Matt"),
    ("Samantha", "Sam"),
    ("Jennifer", "Jenny"),
    ("Andrew", "Andy"),
    ("Thomas", "Tom"),
    ("Benjamin", "Ben"),
    ("Rebecca", "Becky"),
    ("Patricia", "Trish"),
    ("Edward", "Ted"),
    ("James", "Jim"),
    ("Zoë", "Zo"),
    ("Siân", "Siani"),
    ("Björn", "B"),
    ("Łucja", "Lu"),
    ("José", "Pepe"),
    ("Chloë", "Clo"),
    ("Renée", "Ren"),
    ("Oluwaseun", "Seun"),
    ("Mairéad", "Mai"),
    ("Aoife", "Efa"),
    ("Niamh", "Neve"),
    ("Priya", "Pri"),
    ("Mohammed", "Mo"),
    ("Fatima", "Fati"),
    ("Yusuf", "Yus"),
    ("Anjali", "Anj"),
    ("Wei", "Wei"),
    ("Li", "Lily"),
    ("Tomasz", "Tomek"),
    ("Nadia", "Nadi"),
];
const HEADS: &[&str] = &[
    "Ash", "Bar", "Bram", "Caw", "Cop", "Dun", "Em", "Fal", "Fen", "Gor", "Grey", "Har", "Haz",
    "Ink", "Kes", "Lar", "Loam", "Mar", "Moss", "Net", "Oak", "Peb", "Quil", "Rav", "Rook", "Sal",
    "Sil", "This", "Um", "Whin", "Wren", "Yar", "O'Dar", "Bel", "Cor", "Dal", "Eas", "Fro", "Gal",
    "Hol",
];
const TAILS: &[&str] = &[
    "fell", "quist", "worth", "mere", "dew", "holt", "wick", "leigh", "cote", "beck", "marsh",
    "thwaite", "mantle", "dale", "grave", "penny", "by", "hanger", "wright", "ton", "grove",
    "fold", "shaw", "naway", "feather", "stone", "hurst", "field", "hythe", "drift", "down",
    "slade", "lake", "moor", "gate", "ley", "combe", "ford", "ham", "stead",
];
const BREAKS: [&str; 5] = ["entra", "ad", "github", "aws", "unix"];

struct Human {
    number: String,
    given: String,
    nickname: String,
    family: String,
    local: String,
    email: String,
    login: String,
    started: String,
    left: String,
}

/// Everything about one firm, owned; [`Firm::people`] and [`Firm::accounts`] borrow from it.
pub struct Firm {
    humans: Vec<[String; 6]>,
    accounts: Vec<[String; 6]>,
    /// The true person of each account, by position, if the list of people knows one.
    pub truth: Vec<Option<u32>>,
}

/// How many accounts of each sort, of 120,000.
const SORTS: [usize; 6] = [92_237, 11_323, 3_600, 6_000, 5_400, 1_440];

impl Firm {
    /// A firm of so many people, each field of each account spoilt with the probability `noise`.
    pub fn new(seed: u64, size: usize, noise: f64) -> Self {
        let mut made = Made::new(seed, size, noise);
        let part = |n: usize| n * size / 100_000;
        let [primary, satellite, admin, contractor, service, shared] = SORTS.map(part);
        for i in 0..primary {
            let system = if made.draw.chance(0.7) { "entra" } else { "ad" };
            made.of_person(i % size, system, false);
        }
        for _ in 0..satellite {
            let system = made.draw.pick(&BREAKS[2..]);
            let person = made.draw.below(size);
            made.of_person(person, system, false);
        }
        for _ in 0..admin {
            let system = made.draw.pick(&BREAKS[..2]);
            let person = made.draw.below(size);
            made.of_person(person, system, true);
        }
        (0..contractor).for_each(|i| made.contractor(i));
        (0..service).for_each(|i| made.service(i));
        (0..shared).for_each(|i| made.shared(i));
        let humans = made.humans.into_iter().enumerate();
        Firm {
            humans: humans
                .map(|(i, h)| {
                    let name = format!("{} {}", h.given, h.family);
                    [
                        format!("hr/{i}"),
                        h.number,
                        name,
                        h.email,
                        h.started,
                        h.left,
                    ]
                })
                .collect(),
            accounts: made.accounts,
            truth: made.truth,
        }
    }

    /// The list of people.
    pub fn people(&self) -> Vec<Person<'_>> {
        self.humans
            .iter()
            .map(|h| {
                let [id, employee_number, name, email, started_on, left_on] = h;
                Person {
                    id,
                    employee_number,
                    name,
                    email,
                    started_on,
                    left_on,
                }
            })
            .collect()
    }

    /// The accounts.
    pub fn accounts(&self) -> Vec<Account<'_>> {
        self.accounts
            .iter()
            .map(|a| {
                let [id, login, name, email, employee_number, kind] = a;
                Account {
                    id,
                    login,
                    name,
                    email,
                    employee_number,
                    kind,
                }
            })
            .collect()
    }
}

/// A firm while it is made.
struct Made {
    draw: Draw,
    style: u64,
    noise: f64,
    humans: Vec<Human>,
    logins: HashSet<String>,
    accounts: Vec<[String; 6]>,
    truth: Vec<Option<u32>>,
}

const DOMAIN: &str = "firm.test";

impl Made {
    fn new(seed: u64, size: usize, noise: f64) -> Self {
        let mut made = Made {
            draw: Draw::new(seed),
            style: seed,
            noise,
            humans: Vec::with_capacity(size),
            logins: HashSet::new(),
            accounts: Vec::new(),
            truth: Vec::new(),
        };
        let mut number = 1_000;
        for _ in 0..size {
            number += 1 + made.draw.below(3);
            let human = made.human(number);
            made.humans.push(human);
        }
        made
    }

    fn name(&mut self) -> (String, String, String) {
        let (given, nickname) = GIVEN[self.draw.skewed(GIVEN.len(), 1)];
        let second = HEADS[self.draw.below(HEADS.len())];
        // Nine tenths bear a rarer given name, so that about a quarter share their full name.
        let given = if self.draw.chance(0.9) {
            let ends = ["a", "o", "in", "ette", "an", "ia", "us", "el"];
            format!("{}{}", second.replace('\'', ""), self.draw.pick(&ends))
        } else {
            given.to_owned()
        };
        let head = HEADS[self.draw.skewed(HEADS.len(), 3)];
        let tail = TAILS[self.draw.skewed(TAILS.len(), 3)];
        let middle = if self.draw.chance(0.6) {
            self.draw.pick(&["en", "er", "le", "ing"])
        } else {
            ""
        };
        (given, nickname.to_owned(), format!("{head}{middle}{tail}"))
    }

    fn human(&mut self, number: usize) -> Human {
        let (given, nickname, family) = self.name();
        let local = self.unique(&local(self.style % 3, &given, &family));
        let login = match self.style % 2 {
            0 => local.clone(),
            _ => self.unique(&local_of_directory(&given, &family)),
        };
        let left = self.draw.chance(0.12);
        Human {
            number: format!("{number:07}"),
            email: format!("{local}@{DOMAIN}"),
            started: "2019-04-01".into(),
            left: if left {
                "2026-03-31".into()
            } else {
                String::new()
            },
            given,
            nickname,
            family,
            local,
            login,
        }
    }

    /// The second of a name gets a 2, and so on.
    fn unique(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut n = 1;
        while !self.logins.insert(name.clone()) {
            n += 1;
            name = format!("{base}{n}");
        }
        name
    }

    fn push(&mut self, truth: Option<u32>, fields: [String; 5]) {
        let [login, name, email, number, kind] = fields;
        let id = format!("a/{}", self.accounts.len());
        self.accounts.push([id, login, name, email, number, kind]);
        self.truth.push(truth);
    }

    fn of_person(&mut self, i: usize, system: &str, admin: bool) {
        let h = &self.humans[i];
        let (given, family, nickname) = (h.given.clone(), h.family.clone(), h.nickname.clone());
        let (mut name, mut email) = (format!("{given} {family}"), h.email.clone());
        let (mut number, local, mut login) = (h.number.clone(), h.local.clone(), h.login.clone());
        login = match system {
            "entra" => email.clone(),
            "ad" => login,
            "github" => local.replace('.', "-"),
            "aws" => local.clone(),
            _ => local.replace('.', ""),
        };
        if self.spoilt() {
            name = match self.draw.below(3) {
                0 => format!("{given} {}", slipped(&mut self.draw, &family)),
                1 => format!("{nickname} {family}"),
                _ => format!("{given} {}", self.name().2),
            };
        }
        if self.spoilt() {
            email = match self.draw.below(12) {
                // A colleague's address, where digits tell namesakes apart.
                0 => format!(
                    "{}@{DOMAIN}",
                    local.trim_end_matches(|c: char| c.is_ascii_digit())
                ),
                1..=4 => format!("{}@{DOMAIN}", slipped(&mut self.draw, &local)),
                5..=8 => format!("{local}@mail.{DOMAIN}"),
                _ => format!(
                    "{}@{DOMAIN}",
                    plain(&format!("{}{family}", &initial(&given)))
                ),
            };
        }
        if self.spoilt() {
            number = match self.draw.below(2) {
                0 => mistyped(&mut self.draw, &number),
                _ => number.trim_start_matches('0').to_owned(),
            };
        }
        if self.spoilt() {
            login = slipped(&mut self.draw, &login);
        }
        if admin {
            let form = self.draw.below(3);
            let (user, host) = login
                .split_once('@')
                .map_or((login.clone(), String::new()), |(u, h)| {
                    (u.to_owned(), format!("@{h}"))
                });
            login = match form {
                0 => format!("adm-{user}{host}"),
                1 => format!("{user}.admin{host}"),
                _ => format!("{user}-priv{host}"),
            };
            if form == 0 {
                name = format!("{name} (Admin)");
            }
        }
        let satellite = !matches!(system, "entra" | "ad");
        let (with_email, with_number, with_name) = match (admin, satellite) {
            (true, _) => (0.4, 0.3, 1.0),
            (_, true) => (0.55, 0.1, 0.9),
            _ => (0.99, 0.56, 1.0),
        };
        let with = |draw: &mut Draw, p: f64, text: String| {
            if draw.chance(p) { text } else { String::new() }
        };
        let email = with(&mut self.draw, with_email, email);
        let number = with(&mut self.draw, with_number, number);
        let name = with(&mut self.draw, with_name, name);
        let person = u32::try_from(i).expect("few");
        self.push(Some(person), [login, name, email, number, String::new()]);
    }

    fn spoilt(&mut self) -> bool {
        self.draw.chance(self.noise)
    }

    /// Somebody of another firm, often a namesake: marked as such, or not.
    fn contractor(&mut self, i: usize) {
        let (given, _, family) = self.name();
        let (given, family) = match self.draw.chance(0.5) {
            true => {
                let namesake = &self.humans[self.draw.below(self.humans.len())];
                (namesake.given.clone(), namesake.family.clone())
            }
            false => (given, family),
        };
        let name = format!("{given} {family}");
        let own = local(self.style % 3, &given, &family);
        let host = self
            .draw
            .pick(&["agency.test", "builders.test", "consult.test"]);
        let (login, email) = match i % 4 {
            0 => (
                format!("{own}_{host}#EXT#@{DOMAIN}"),
                format!("{own}@{host}"),
            ),
            1 => (format!("{own}_ext"), format!("{own}_ext@{DOMAIN}")),
            2 => (own.clone(), format!("{own}@{host}")),
            _ => (self.unique(&own), String::new()),
        };
        self.push(None, [login, name, email, String::new(), String::new()]);
    }

    /// A service; one in ten bears its owner's address, one in twenty the owner's number.
    fn service(&mut self, i: usize) {
        let what = self.draw.pick(&[
            "backup", "deploy", "sync", "report", "ledger", "gateway", "feed",
        ]);
        let login = match i % 4 {
            0 => format!("svc-{what}{i}"),
            1 => format!("{what}-bot{i}"),
            2 => format!("{what}{i}"),
            _ => format!("sa_{what}{i}"),
        };
        let name = if self.draw.chance(0.7) {
            format!("{what} service {i}")
        } else {
            String::new()
        };
        let owner = &self.humans[self.draw.below(self.humans.len())];
        let (email, number) = (owner.email.clone(), owner.number.clone());
        let email = if self.draw.chance(0.1) {
            email
        } else {
            String::new()
        };
        let number = if self.draw.chance(0.05) {
            number
        } else {
            String::new()
        };
        let kind = if self.draw.chance(0.3) { "service" } else { "" };
        self.push(None, [login, name, email, number, kind.into()]);
    }

    fn shared(&mut self, i: usize) {
        let what = self.draw.pick(&[
            "reception",
            "ward",
            "helpdesk",
            "pharmacy",
            "theatre",
            "office",
        ]);
        let login = format!("{what}-{i}");
        let fields = [
            login.clone(),
            format!("{what} {i}"),
            format!("{login}@{DOMAIN}"),
        ];
        let [login, name, email] = fields;
        self.push(None, [login, name, email, String::new(), String::new()]);
    }
}

fn plain(text: &str) -> String {
    let letter = |c: char| match c {
        'ë' | 'é' => Some('e'),
        'â' => Some('a'),
        'ö' => Some('o'),
        'Ł' => Some('l'),
        'ì'..='ï' => Some('i'),
        c => Some(c.to_ascii_lowercase()).filter(|c| c.is_ascii_alphanumeric() || *c == '.'),
    };
    text.chars().filter_map(letter).collect()
}

fn initial(given: &str) -> String {
    given.chars().take(1).collect()
}

fn local(style: u64, given: &str, family: &str) -> String {
    plain(&match style {
        0 => format!("{given}.{family}"),
        1 => format!("{}{family}", initial(given)),
        _ => format!("{family}.{given}"),
    })
}

fn local_of_directory(given: &str, family: &str) -> String {
    plain(&format!("{family}{}", initial(given)))
}

/// A letter left out, doubled, or exchanged with the next.
fn slipped(draw: &mut Draw, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = 1 + draw.below(letters.len().saturating_sub(2));
    match draw.below(3) {
        0 if letters.len() > 2 => drop(letters.remove(at)),
        1 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

/// One digit wrong, which often is a colleague's number.
fn mistyped(draw: &mut Draw, number: &str) -> String {
    let at = number.len() - 1 - draw.below(4);
    let digit = char::from(b'0' + draw.below(10) as u8);
    number
        .chars()
        .enumerate()
        .map(|(i, c)| if i == at { digit } else { c })
        .collect()
}

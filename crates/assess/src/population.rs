//! The reconciled population: how many people, where each number comes from, who is in one list and
//! not in another. It stands under every percentage of people.

use jiff::civil::Date;
use rusqlite::types::Value;
use serde::Serialize;
use standing_facts::Gap;

use crate::estate::Estate;

/// Millions of steps that one question may take.
const BUDGET: u64 = 400;

/// Who is counted on a day, and what stands in the way of counting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Population {
    /// The day.
    pub as_of: Date,
    /// Whether everybody and every account is counted once, so that a percentage may be named.
    pub reconciles: bool,
    /// People counted: of the lists, and from outside.
    pub people: u64,
    /// Of these, people from outside with access and somebody who answers for them.
    pub from_outside: u64,
    /// What is not settled, each by itself.
    pub waiting: Vec<Waiting>,
    /// What is not completely and freshly known.
    pub gaps: Vec<Gap>,
    /// Lists of people.
    pub lists: Vec<List>,
    /// Systems with accounts that can sign in.
    pub systems: Vec<SystemAccess>,
    /// People counted who have no account anywhere that is read.
    pub without_access: Vec<Somebody>,
    /// People who are trained or have signed, and whom no list and no account names.
    pub strangers: Vec<Stranger>,
}

/// A person or an account that is not settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// `person` or `account`.
    pub about: String,
    /// Its id.
    pub subject: String,
    /// The system of an account.
    pub system: Option<String>,
    /// Why, in plain words.
    pub why: String,
}

/// What one source lists of people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct List {
    /// The source.
    pub source: String,
    /// Rows.
    pub listed: u64,
    /// Counted here.
    pub counted: u64,
    /// Have left.
    pub left: u64,
    /// Start later.
    pub to_come: u64,
    /// Counted as another source lists them.
    pub double: u64,
    /// Not settled.
    pub waiting: u64,
}

/// The accounts of one system that can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SystemAccess {
    /// The system.
    pub system: String,
    /// Accounts.
    pub accounts: u64,
    /// Lead to somebody listed.
    pub linked: u64,
    /// Of these, to somebody who has left.
    pub of_leavers: u64,
    /// Are of people from outside for whom somebody answers.
    pub from_outside: u64,
    /// Are of nobody in particular: of services, shared, for emergencies.
    pub special: u64,
    /// Of these, accounts that nobody answers for, those of the operating system left out.
    pub special_without_owner: u64,
    /// Not settled.
    pub waiting: u64,
}

/// One of those counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Somebody {
    /// Id of the person.
    pub person: String,
    /// E-mail, or else the employee number.
    pub who: Option<String>,
}

/// Somebody whom only a list of another kind names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stranger {
    /// `training_completion` or `agreement`.
    pub table: String,
    /// E-mail, or else the employee number.
    pub who: String,
}

const WAITING: &str = "
select about, subject, system, why from population where standing = 'waiting'
order by about desc, system, why";

const COUNTED: &str = "
select count(*), coalesce(sum(about = 'account'), 0) from population where standing = 'counted'";

const LISTS: &str = "
select person.source, count(*), sum(population.standing = 'counted'),
       sum(population.standing = 'left'), sum(population.standing = 'to come'),
       sum(population.standing = 'double'), sum(population.standing = 'waiting')
from population join person on person.id = population.subject
where population.about = 'person' group by person.source order by person.source";

const SYSTEMS: &str = "
select population.system, count(*), sum(population.standing = 'linked'),
       sum(population.standing = 'linked' and holder.standing = 'left'),
       sum(population.standing in ('counted', 'double')), sum(population.standing = 'special'),
       sum(population.standing = 'special' and coalesce(decided.owner, account.owner, '') = ''
         and coalesce(decided.kind, account.kind) <> 'system' and population.person is null),
       sum(population.standing = 'waiting')
from population
join account on account.id = population.subject
left join account_decision as decided on decided.account = account.id
left join population as holder on holder.about = 'person' and holder.subject = population.person
where population.about = 'account' group by population.system order by population.system";

const WITHOUT_ACCESS: &str = "
select population.subject, coalesce(population.email, population.employee_number)
from population
where population.about = 'person' and population.standing = 'counted' and not exists (
  select 1 from population as held
  where held.person = population.person and held.about = 'account')
order by 2, 1";

const STRANGERS: &str = "
with said as (
  select 'training_completion' as list, email, employee_number from training_completion
  union select 'agreement', email, employee_number from agreement
), mail as materialized (
  select distinct lower(email) as mail from population where email <> ''
), number as materialized (
  select distinct lower(ltrim(employee_number, '0')) as number from population
  where employee_number <> ''
)
select distinct said.list, coalesce(nullif(said.email, ''), said.employee_number)
from said
where coalesce(nullif(said.email, ''), said.employee_number) is not null
  and lower(coalesce(said.email, '')) not in (select mail from mail)
  and lower(ltrim(coalesce(said.employee_number, ''), '0')) not in (select number from number)
order by 1, 2";

impl Population {
    /// Counts.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn of(estate: &Estate<'_>) -> Result<Self, String> {
        let rows = |sql: &str| estate.query(sql, BUDGET).map(|answer| answer.rows);
        let mut gaps = estate.gaps("population");
        gaps.dedup();
        let waiting: Vec<Waiting> = rows(WAITING)?
            .iter()
            .map(|row| Waiting {
                about: text(row, 0).unwrap_or_default(),
                subject: text(row, 1).unwrap_or_default(),
                system: text(row, 2),
                why: text(row, 3).unwrap_or_default(),
            })
            .collect();
        let counted = rows(COUNTED)?;
        let counted = counted
            .first()
            .map_or((0, 0), |r| (number(r, 0), number(r, 1)));
        let lists = rows(LISTS)?.iter().map(|r| list(r)).collect();
        let systems = rows(SYSTEMS)?.iter().map(|r| system(r)).collect();
        let without = rows(WITHOUT_ACCESS)?;
        let without = without.iter().map(|row| Somebody {
            person: text(row, 0).unwrap_or_default(),
            who: text(row, 1),
        });
        let strangers = rows(STRANGERS)?;
        let strangers = strangers.iter().map(|row| Stranger {
            table: text(row, 0).unwrap_or_default(),
            who: text(row, 1).unwrap_or_default(),
        });
        Ok(Population {
            as_of: estate.as_of.date,
            reconciles: gaps.is_empty() && waiting.is_empty() && counted.0 > 0,
            people: counted.0,
            from_outside: counted.1,
            waiting,
            gaps,
            lists,
            systems,
            without_access: without.collect(),
            strangers: strangers.collect(),
        })
    }

    /// The number that stands under a percentage; `None` while the population does not reconcile.
    pub fn denominator(&self) -> Option<u64> {
        self.reconciles.then_some(self.people)
    }

    /// Why no percentage may be named, in one sentence; `None` if one may.
    pub fn doubt(&self) -> Option<String> {
        if self.reconciles {
            return None;
        }
        let reason = match (self.gaps.first(), self.waiting.first()) {
            (Some(gap), _) => gap.detail.trim_end_matches('.').to_owned(),
            (None, Some(one)) if self.waiting.len() == 1 => one.why.clone(),
            (None, Some(one)) => {
                format!(
                    "{} are not settled, such as {}",
                    self.waiting.len(),
                    one.why
                )
            }
            (None, None) => "no list names anybody who works here".into(),
        };
        Some(format!("the population does not reconcile: {reason}"))
    }
}

fn list(row: &[Value]) -> List {
    List {
        source: text(row, 0).unwrap_or_default(),
        listed: number(row, 1),
        counted: number(row, 2),
        left: number(row, 3),
        to_come: number(row, 4),
        double: number(row, 5),
        waiting: number(row, 6),
    }
}

fn system(row: &[Value]) -> SystemAccess {
    SystemAccess {
        system: text(row, 0).unwrap_or_default(),
        accounts: number(row, 1),
        linked: number(row, 2),
        of_leavers: number(row, 3),
        from_outside: number(row, 4),
        special: number(row, 5),
        special_without_owner: number(row, 6),
        waiting: number(row, 7),
    }
}

fn text(row: &[Value], at: usize) -> Option<String> {
    match row.get(at) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn number(row: &[Value], at: usize) -> u64 {
    match row.get(at) {
        Some(Value::Integer(n)) => n.cast_unsigned(),
        _ => 0,
    }
}

//! `training/completions.csv`: the report of an e-learning system.

use std::io;

use jiff::civil::Date;

use crate::firm;
use crate::out::{Csv, Out, british};
use crate::world::{Person, World};

const YEARLY: &str = "Data Security Awareness";
const INDUCTION: &str = "Company induction";

/// What a department needs beside what everybody needs, and for how many months a completion counts.
pub(crate) const OF_DEPARTMENTS: [(&str, &str, i64); 2] = [
    ("Platform", "Secure administration of systems", 24),
    ("Support", "Confidentiality on the telephone", 24),
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut rng = world.rng("training");
    let mut of_role = world.rng("training of departments");
    let mut table = Csv::new(&[
        "Learner Email",
        "Employee Number",
        "Course Name",
        "Completion Date",
        "Completion Status",
    ]);
    for (place, person) in world.people.iter().enumerate() {
        let mut row = |course: &str, day: Date, outcome: &str| {
            table.row(&[
                &person.email,
                &person.number,
                course,
                &british(day),
                outcome,
            ]);
        };
        let until = person.left.unwrap_or(world.as_of);
        let since = days_between(person.started, world.as_of);
        row(
            INDUCTION,
            world.ago((since - rng.between(1, 9)).max(1)),
            "Completed",
        );
        let last = world.ago(rng.between(12, 150) + days_between(until, world.as_of));
        let last = last.max(person.started);
        for (department, course, _) in OF_DEPARTMENTS {
            if person.department == department {
                let day = world.ago(of_role.between(20, 300)).min(until);
                row(course, day.max(person.started), "Completed");
            }
        }
        match overdue(world, place) {
            Some(months) => row(YEARLY, world.months_ago(months), "Completed"),
            None => {
                row(YEARLY, last, "Completed");
                row_before(&mut row, person, last);
            }
        }
    }
    out.write("training/completions.csv", table.bytes())
}

/// The year before; and somebody's failed first attempt.
fn row_before(row: &mut impl FnMut(&str, Date, &str), person: &Person, last: Date) {
    use jiff::ToSpan as _;
    let before = last.saturating_sub(361.days());
    if before > person.started {
        row(YEARLY, before, "Completed");
    }
    if person.number.ends_with('3') {
        row(YEARLY, last, "Failed");
    }
}

/// Months since the last course of those who are late when that is planted.
fn overdue(world: &World, place: usize) -> Option<i64> {
    let long = firm::OVERDUE.contains(&place);
    let late = firm::LATE.contains(&place);
    if long && (world.fault("training-overdue") || world.fault("training-low")) {
        return Some(if world.fault("training-overdue") {
            17
        } else {
            13
        });
    }
    (late && world.fault("training-low")).then_some(13)
}

fn days_between(from: Date, to: Date) -> i64 {
    use jiff::Unit;
    from.until((Unit::Day, to))
        .map_or(0, |span| i64::from(span.get_days()))
}

//! `hr/people.csv`: the HR system's list of everybody, leavers included.

use std::io;

use crate::firm;
use crate::out::{Csv, Out, british, british_or_blank};
use crate::world::{Person, World};

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut table = Csv::new(&[
        "Employee Number",
        "Forename",
        "Surname",
        "Work Email",
        "Department",
        "Previous Department",
        "Department Change Date",
        "Job Title",
        "Line Manager",
        "Employment Type",
        "Employment Status",
        "Start Date",
        "Leaving Date",
    ]);
    for person in &world.people {
        table.row(&cells(world, person));
    }
    out.write("hr/people.csv", table.bytes())
}

fn cells(world: &World, person: &Person) -> [String; 13] {
    let (previous, moved) = match person.previous {
        Some((department, day)) => (department.to_owned(), british(day)),
        None => (String::new(), String::new()),
    };
    [
        person.number.clone(),
        person.given.clone(),
        person.family.clone(),
        person.email.clone(),
        person.department.to_owned(),
        previous,
        moved,
        person.title.clone(),
        manager(world, person),
        person.kind.to_owned(),
        if person.current() { "Active" } else { "Left" }.to_owned(),
        british(person.started),
        british_or_blank(person.left),
    ]
}

/// The first of the same department; the chief for those and for the leadership.
fn manager(world: &World, person: &Person) -> String {
    let chief = world.cast(firm::CHIEF);
    let lead = world.team(person.department).next().unwrap_or(chief);
    if person.number == chief.number {
        String::new()
    } else if person.number == lead.number || person.department == chief.department {
        chief.number.clone()
    } else {
        lead.number.clone()
    }
}

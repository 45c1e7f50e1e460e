//! `registers/*.csv`: what the supplier keeps in spreadsheets.

use std::io;

use crate::firm;
use crate::out::{Csv, Out, british, british_or_blank, yes};
use crate::world::World;

/// The supplier whose certificate has lapsed when that is planted.
pub(crate) const LAPSED: &str = "Cindermoor Hosting (invented)";

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut keep =
        |name: &str, table: Csv| out.write(&format!("registers/{name}.csv"), table.bytes());
    keep("systems", systems(world))?;
    keep("suppliers", suppliers(world))?;
    keep("certificates", certificates(world))?;
    keep("agreements", agreements(world))?;
    keep("incidents", incidents(world))?;
    keep("risks", risks(world))?;
    keep("roles", roles())?;
    keep("security-keys", security_keys(world))?;
    keep("training-needs", training_needs())?;
    keep("releases", releases(world))
}

/// Name, remote, external, personal data, importance, what it needs, RTO and RPO in minutes.
type System = (
    &'static str,
    bool,
    bool,
    bool,
    &'static str,
    &'static str,
    Option<(i64, i64)>,
);

const SYSTEMS: [System; 8] = [
    (
        firm::REFERRALS,
        true,
        false,
        true,
        "high",
        "AWS; Microsoft Entra ID; Larkfield servers",
        Some((240, 60)),
    ),
    (
        firm::TRIAGE,
        true,
        false,
        true,
        "high",
        "AWS; Larkfield Referrals; Larkfield servers",
        Some((240, 60)),
    ),
    (
        firm::ENTRA,
        true,
        true,
        true,
        "high",
        "Office network",
        Some((480, 1_440)),
    ),
    (
        firm::AWS,
        true,
        true,
        true,
        "high",
        "Microsoft Entra ID",
        Some((480, 1_440)),
    ),
    (
        firm::SERVERS,
        false,
        false,
        true,
        "high",
        "AWS",
        Some((480, 1_440)),
    ),
    (
        firm::DIRECTORY,
        false,
        true,
        true,
        "medium",
        "Office network",
        Some((1_440, 1_440)),
    ),
    (
        firm::DESK,
        true,
        true,
        true,
        "medium",
        "Microsoft Entra ID",
        Some((1_440, 1_440)),
    ),
    (
        firm::OFFICE,
        false,
        false,
        false,
        "low",
        "Microsoft Entra ID",
        None,
    ),
];

fn systems(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Name",
        "Owner",
        "Remote",
        "External",
        "Personal data",
        "Importance",
        "Depends on",
        "RTO minutes",
        "RPO minutes",
        "Reviewed on",
    ]);
    let lead = world.cast(firm::PLATFORM_LEAD).name();
    for (place, system) in SYSTEMS.into_iter().enumerate() {
        let (name, remote, external, personal, importance, needs, aims) = system;
        let (rto, rpo) = match aims {
            Some((rto, rpo)) => (rto.to_string(), rpo.to_string()),
            None => (String::new(), String::new()),
        };
        table.row(&[
            name,
            &lead,
            yes(remote),
            yes(external),
            yes(personal),
            importance,
            needs,
            &rto,
            &rpo,
            &british(world.ago(30 + 3 * place as i64)),
        ]);
    }
    table
}

/// What each department may do where; a star stands for anything.
fn roles() -> Csv {
    let mut table = Csv::new(&["Role", "System", "Resource", "Entitlement"]);
    table.row(&["*", firm::ENTRA, "group All staff", "member"]);
    for (department, ..) in firm::DEPARTMENTS {
        let team = format!("group {department} team");
        table.row(&[department, firm::ENTRA, &team, "member"]);
        let share = format!("{department} share");
        table.row(&[department, firm::DIRECTORY, &share, "member"]);
    }
    for (department, system, resource) in [
        ("Platform", firm::ENTRA, "*"),
        ("Platform", firm::AWS, "*"),
        ("Platform", firm::DIRECTORY, "Domain Admins"),
        ("Operations", firm::ENTRA, "*"),
        ("Data", firm::AWS, "*"),
        ("Support", firm::DESK, "*"),
        ("Clinical Safety", firm::DESK, "*"),
    ] {
        table.row(&[department, system, resource, "*"]);
    }
    table
}

/// The security keys and cards that administrators were given, by the account that they open: the
/// systems themselves say only that there is a second factor.
fn security_keys(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Id",
        "Account",
        "Kind",
        "Phishing resistant",
        "Active",
        "Created on",
    ]);
    let lead = world.cast(firm::PLATFORM_LEAD);
    let guardian = world.cast(firm::GUARDIAN);
    let mut accounts = vec![
        format!("aws/{}", super::aws::root_arn()),
        format!("application/larkfield referrals/{}", lead.login),
        format!("application/larkfield triage/{}", lead.login),
        format!("application/larkfield triage/{}", guardian.login),
    ];
    for person in world.team("Platform").take(2) {
        accounts.push(format!("aws/{}", super::aws::arn(&person.login)));
    }
    for person in super::directory::administrators(world) {
        let id = super::directory::account_id(world, person);
        accounts.push(format!("directory/{id}"));
    }
    for (place, account) in accounts.iter().enumerate() {
        let kind = match account.starts_with("directory/") {
            true => "certificate",
            false => "fido2",
        };
        table.row(&[
            &format!("KEY-{:02}", place + 1),
            account,
            kind,
            yes(true),
            yes(true),
            &british(world.ago(310 - 7 * place as i64)),
        ]);
    }
    table
}

/// The analysis of training needs.
fn training_needs() -> Csv {
    let mut table = Csv::new(&["Role", "Course", "Months", "Within days"]);
    table.row(&["*", "Data Security Awareness", "12", "30"]);
    table.row(&["*", "Company induction", "", "30"]);
    for (department, course, months) in super::training::OF_DEPARTMENTS {
        table.row(&[department, course, &months.to_string(), "90"]);
    }
    table
}

/// Name, service, personal data, supplies IT, days until the contract ends.
const SUPPLIERS: [(&str, &str, bool, bool, i64); 6] = [
    (
        LAPSED,
        "Hosting of the office directory, and the service desk",
        true,
        true,
        420,
    ),
    (
        "Quarrybank Cloud (invented)",
        "Cloud infrastructure",
        true,
        true,
        800,
    ),
    (
        "Tidewrack Messaging (invented)",
        "Text messages to patients",
        true,
        true,
        310,
    ),
    (
        "Pennywhistle Payroll (invented)",
        "Payroll",
        true,
        false,
        240,
    ),
    (
        "Millrace Testing (invented)",
        "Penetration tests",
        false,
        true,
        150,
    ),
    (
        "Greenlatch Cleaning (invented)",
        "Cleaning of the office",
        false,
        false,
        90,
    ),
];

fn suppliers(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Name",
        "Service",
        "Personal data",
        "IT supplier",
        "Contract Article 28",
        "Contract ends on",
        "DSPT status",
        "DSPT checked on",
    ]);
    for (name, service, personal, it, days) in SUPPLIERS {
        let (status, checked) = match personal && it {
            true => ("Standards Met", british(world.ago(50))),
            false => ("", String::new()),
        };
        table.row(&[
            name,
            service,
            yes(personal),
            yes(it),
            yes(personal),
            &british(world.ago(-days)),
            status,
            &checked,
        ]);
    }
    table
}

fn certificates(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Holder",
        "Scheme",
        "Number",
        "Scope",
        "Covers all care data",
        "Issued on",
        "Expires on",
    ]);
    let lapsed = if world.fault("certificate-lapsed") {
        36
    } else {
        -329
    };
    let held = [
        (
            LAPSED,
            "cyber-essentials-plus",
            "Whole organisation",
            lapsed,
        ),
        (
            "Quarrybank Cloud (invented)",
            "iso27001",
            "Cloud services in the United Kingdom",
            -500,
        ),
        (
            "Tidewrack Messaging (invented)",
            "cyber-essentials",
            "Whole organisation",
            -210,
        ),
        (
            "Millrace Testing (invented)",
            "cyber-essentials-plus",
            "Whole organisation",
            -120,
        ),
        ("self", "cyber-essentials", "Whole organisation", -190),
    ];
    let mut rng = world.rng("certificates");
    for (holder, scheme, scope, expired) in held {
        let years = if scheme == "iso27001" { 3 } else { 1 };
        table.row(&[
            holder,
            scheme,
            &format!("INVENTED-{}", rng.between(10_000, 99_999)),
            scope,
            yes(false),
            &british(world.ago(expired + 365 * years)),
            &british(world.ago(expired)),
        ]);
    }
    table
}

/// Administrators have signed for their rights; everybody has signed for confidentiality.
fn agreements(world: &World) -> Csv {
    let mut table = Csv::new(&["Employee number", "Email", "Kind", "Signed on"]);
    let mut rng = world.rng("agreements");
    let mut row = |person: &crate::world::Person, kind: &str| {
        let day = british(person.started.max(world.ago(rng.between(40, 300))));
        table.row(&[&person.number, &person.email, kind, &day]);
    };
    for person in world.staff() {
        row(person, "confidentiality");
        let operates = ["Platform", "Operations"].contains(&person.department);
        let cast = [firm::GUARDIAN, firm::PARTNERS[0], firm::PARTNERS[1]];
        if operates || cast.iter().any(|c| world.cast(*c).number == person.number) {
            row(person, "administrator");
        }
    }
    table
}

fn incidents(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Id",
        "Title",
        "Happened on",
        "Found on",
        "Closed on",
        "Personal data",
        "Reportable",
        "Reported on",
        "Reviewed on",
    ]);
    // Title, days since it was found, personal data, reportable, days until it was reported.
    let happened = [
        (
            "Referral letter sent to the wrong practice",
            260,
            true,
            true,
            1,
        ),
        (
            "Laptop left on a train and handed in the same day",
            190,
            false,
            false,
            0,
        ),
        (
            "Queue of referrals stood still for three hours",
            120,
            false,
            false,
            0,
        ),
        (
            "Message with a colleague's number sent to a mailing list",
            55,
            true,
            false,
            0,
        ),
    ];
    for (number, (title, found, personal, reportable, days)) in happened.into_iter().enumerate() {
        let reported = match reportable {
            true => british(world.ago(found - days)),
            false => String::new(),
        };
        table.row(&[
            &format!("INC-{:03}", number + 1),
            title,
            &british(world.ago(found + 1)),
            &british(world.ago(found)),
            &british(world.ago(found - 9)),
            yes(personal),
            yes(reportable),
            &reported,
            &british(world.ago(found - 20)),
        ]);
    }
    table
}

fn risks(world: &World) -> Csv {
    let mut table = Csv::new(&[
        "Id",
        "Title",
        "Level",
        "Treatment",
        "Owner",
        "About",
        "Accepted by",
        "Accepted until",
        "Reviewed on",
    ]);
    let written = [
        (
            "Ransomware reaches the servers",
            "high",
            "Backups that cannot be changed, rehearsed restores",
            firm::SERVERS,
        ),
        (
            "A supplier of hosting fails",
            "high",
            "Exit plan and copies elsewhere",
            "Quarrybank Cloud (invented)",
        ),
        (
            "Referral data is sent to the wrong practice",
            "high",
            "Directory of services checked every night",
            firm::REFERRALS,
        ),
        (
            "A stolen password opens the cloud directory",
            "medium",
            "Second factors for everybody",
            firm::ENTRA,
        ),
        (
            "Key person leaves the platform team",
            "medium",
            "Pairing and written procedures",
            firm::SERVERS,
        ),
        (
            "The office cannot be used for a week",
            "low",
            "Everybody can work from home",
            firm::OFFICE,
        ),
    ];
    let siro = world.cast(firm::SIRO).name();
    for (number, (title, level, treatment, about)) in written.into_iter().enumerate() {
        table.row(&[
            &format!("R-{:02}", number + 1),
            title,
            level,
            treatment,
            &siro,
            about,
            "",
            "",
            &british(world.ago(25 + number as i64)),
        ]);
    }
    table
}

/// On which day a version could be had in a registry, and what the servers' channel holds.
fn releases(world: &World) -> Csv {
    let mut table = Csv::new(&["Ecosystem", "Package", "Version", "Kind", "Released on"]);
    for fix in &world.fixes {
        if let Some(release) = &fix.release {
            let on = release.on.map(|day| world.ago(day));
            table.row(&[
                &fix.ecosystem,
                &fix.package,
                &release.version,
                &release.kind,
                &british_or_blank(on),
            ]);
        }
    }
    table
}

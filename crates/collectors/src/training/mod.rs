//! Completions of courses from an e-learning system's export: CSV or Excel.

use standing_facts::GapCode;
use standing_facts::tables::TrainingCompletion;

use crate::tabular::{self, Columns, Record, Wanted};
use crate::{About, Asks, Collector, Parts, Settings, Sink};

/// Reads course completions from e-learning exports.
pub struct Training;

static ABOUT: About = About {
    kind: "training",
    summary: "course completions from an e-learning system's CSV or Excel export",
    revision: 1,
    asks: Asks::Files,
    tables: &["training_completion"],
    settings: &[],
    how: "In the e-learning system, run the report of course completions for everybody and at \
least the last thirteen months, and save it as CSV or .xlsx. It needs the person's employee number \
or work e-mail, the course, the day of completion and, where there is one, the outcome. A role \
that may run reports is enough; scores and answers are not needed. Headings are recognised; where \
they are not, name them under [columns]. Several files in one folder are read as one list.",
};

static WANTED: &[Wanted] = &[
    (
        "employee_number",
        &[
            "employeenumber",
            "employeeno",
            "employeeid",
            "empno",
            "staffnumber",
            "staffid",
            "personnelnumber",
            "payrollnumber",
            "assignmentnumber",
            "idnumber",
            "workerid",
            "personalnummer",
            "personalnr",
            "mitarbeiternummer",
            "employeenum",
        ],
    ),
    (
        "email",
        &[
            "email",
            "emailaddress",
            "workemail",
            "learneremail",
            "useremail",
            "username",
            "user",
            "learner",
            "login",
            "emailadresse",
            "learneremailaddress",
        ],
    ),
    (
        "course",
        &[
            "course",
            "coursename",
            "coursetitle",
            "coursefullname",
            "training",
            "trainingname",
            "trainingtitle",
            "module",
            "modulename",
            "competence",
            "competencename",
            "learningitem",
            "activity",
            "activityname",
            "title",
            "kurs",
            "schulung",
            "kursname",
            "kurstitel",
        ],
    ),
    (
        "completed_on",
        &[
            "completedon",
            "completiondate",
            "datecompleted",
            "completeddate",
            "completed",
            "datetimecompleted",
            "timecompleted",
            "dateachieved",
            "achieveddate",
            "passdate",
            "finished",
            "completedat",
            "abgeschlossenam",
            "abschlussdatum",
            "datecompletion",
            "completiontime",
            "completedtime",
        ],
    ),
    (
        "outcome",
        &[
            "outcome",
            "result",
            "status",
            "completionstatus",
            "passfail",
            "grade",
            "coursestatus",
            "progress",
            "ergebnis",
        ],
    ),
];

impl Collector for Training {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        tabular::is_table(relative)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        for part in parts.list() {
            let wanted = ("training", WANTED, settings);
            let columns = tabular::read(parts, part, wanted, sink, &mut completion);
            if let Some(columns) = columns {
                columns.report_unread(&part.name, sink);
                demand(&columns, &part.name, sink);
            }
        }
    }
}

/// Without these a file says nothing about anybody's training.
fn demand(columns: &Columns, part: &str, sink: &mut Sink<'_>) {
    let person = columns.has("email") || columns.has("employee_number");
    let missing = [
        (person, "the person's employee number or e-mail"),
        (columns.has("course"), "the course"),
        (columns.has("completed_on"), "the day of completion"),
    ];
    for (found, what) in missing {
        if !found {
            let why = format!("{part} has no column for {what}; name it under [columns]");
            sink.fail(GapCode::Malformed, why);
        }
    }
}

fn completion(columns: &Columns, record: &Record<'_>, sink: &mut Sink<'_>) {
    let (part, line) = (record.part, Some(record.line));
    let employee_number = columns.owned(record, "employee_number");
    let email = columns.owned(record, "email").filter(|e| e.contains('@'));
    let Some(person) = employee_number.clone().or(email.clone()) else {
        let what = "expected an employee number or an e-mail; the row was left out";
        sink.problem(part, line, None, what);
        return;
    };
    let Some(course) = columns.owned(record, "course") else {
        let what = "expected the name of a course; the row was left out";
        sink.problem(part, line, columns.heading("course"), what);
        return;
    };
    let completed_on = columns.date(record, "completed_on", sink);
    let outcome = columns.text(record, "outcome").map(outcome);
    let day = completed_on.map_or_else(|| "open".into(), |d| d.to_string());
    let how = outcome.as_deref().unwrap_or("done");
    let id = format!("{}/{course}/{day}/{how}", person.to_lowercase());
    sink.fact(&TrainingCompletion {
        id: sink.id(&id),
        employee_number,
        email,
        course,
        completed_on,
        outcome,
    });
}

/// `passed`, `failed`, or as the source says.
fn outcome(text: &str) -> String {
    const PASSED: [&str; 9] = [
        "pass",
        "passed",
        "complete",
        "completed",
        "success",
        "successful",
        "competent",
        "achieved",
        "attended",
    ];
    const FAILED: [&str; 5] = [
        "fail",
        "failed",
        "unsuccessful",
        "not passed",
        "not achieved",
    ];
    let word = text.to_lowercase();
    if PASSED.contains(&word.as_str()) {
        "passed".into()
    } else if FAILED.contains(&word.as_str()) {
        "failed".into()
    } else {
        text.to_owned()
    }
}

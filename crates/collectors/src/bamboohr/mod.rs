//! People from BambooHR.

use serde_json::{Value, json};

use crate::hr::asked::{self, Asked, Field, LEAVE_OUT, NOBODY_LEFT};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};
use base64::Engine as _;

/// Asks BambooHR for one report of everybody, former staff included.
pub struct BambooHr;

static ABOUT: About = About {
    kind: "bamboohr",
    summary: "people from BambooHR, former staff included",
    revision: 1,
    asks: Asks::System,
    tables: &["person"],
    settings: &[
        Setting {
            name: "url",
            meaning: "the API of your company: https://COMPANY.bamboohr.com/api/v1",
            default: "",
            required: true,
        },
        Setting {
            name: "key_file",
            meaning: "file that holds the API key, readable by its owner only",
            default: "",
            required: false,
        },
        Setting {
            name: "key_env",
            meaning: "environment variable that holds the API key, instead of a file",
            default: "",
            required: false,
        },
        LEAVE_OUT,
        NOBODY_LEFT,
    ],
    how: "Make a user for this alone and give it an access level of its own that may view, and not \
edit, these fields of all staff, former staff included: employee number, name, work e-mail, \
department, job title, supervisor's employee number, status, hire date and termination date; nothing \
else. Make an API key as that user and put it in a file (mode 0600). One report is asked for \
(POST reports/custom with onlyCurrent=false), because the directory lists active people only. \
BambooHR leaves out silently what the key may not view; a field that no row has is therefore a gap.",
};

const FIELDS: &[Field<'_>] = &[
    ("id", "id"),
    ("employee_number", "employeeNumber"),
    ("first_name", "firstName"),
    ("last_name", "lastName"),
    ("email", "workEmail"),
    ("department", "department"),
    ("job_title", "jobTitle"),
    ("manager", "supervisorEId"),
    ("status", "status"),
    ("started_on", "hireDate"),
    ("left_on", "terminationDate"),
];

impl Collector for BambooHr {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let key = line.needed_secret("key")?;
        let fields = asked::fields(FIELDS, line.settings());
        let fields: Vec<&str> = fields.into_iter().map(|(_, field)| field).collect();
        let url = line.settings().value("url").to_owned();
        let mut http = line.http(&url)?;
        let pair = base64::prelude::BASE64_STANDARD.encode(format!("{}:x", key.reveal()));
        http.always("authorization", Secret::new(format!("Basic {pair}")));
        let body = json!({ "title": "Staff", "fields": fields });
        let question = Question::post_json("reports/custom?format=JSON&onlyCurrent=false", &body)
            .header("accept", "application/json");
        http.keep("report.json", &question)?;
        Ok(())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut asked = Asked::of(asked::fields(FIELDS, settings));
        for part in parts.list() {
            let Some(answer) = asked::answer(parts, part, sink) else {
                return;
            };
            let Some(rows) = asked::list(&answer, "employees", part, sink) else {
                return;
            };
            for (place, row) in (1..).zip(rows) {
                asked.take((&part.name, place), &|field| found(row, field), sink);
            }
        }
        asked.end(settings, sink);
    }
}

/// A day that never comes is written as zeros.
fn found(row: &Value, field: &str) -> asked::Found {
    let text = asked::text(row.get(field)?);
    Some(text.filter(|t| t != "0000-00-00"))
}

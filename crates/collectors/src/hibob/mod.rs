//! People from HiBob.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::hr::asked::{self, Asked, Field, LEAVE_OUT, NOBODY_LEFT};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Searches HiBob for everybody, inactive people included.
pub struct HiBob;

static ABOUT: About = About {
    kind: "hibob",
    summary: "people from HiBob, inactive ones included",
    revision: 1,
    asks: Asks::System,
    tables: &["person"],
    settings: &[
        Setting {
            name: "user",
            meaning: "the id of the service user",
            default: "",
            required: true,
        },
        Setting {
            name: "token_file",
            meaning: "file that holds the service user's token, readable by its owner only",
            default: "",
            required: false,
        },
        Setting {
            name: "token_env",
            meaning: "environment variable that holds the token, instead of a file",
            default: "",
            required: false,
        },
        Setting {
            name: "url",
            meaning: "where the API is",
            default: "https://api.hibob.com/v1",
            required: false,
        },
        LEAVE_OUT,
        NOBODY_LEFT,
    ],
    how: "Make a service user and a permission group for it alone. Give the group, for everybody \
including people who have left (the group's access to data of inactive people must be ticked), the \
right to view the categories that hold name and e-mail, work and lifecycle; nothing else, and \
nothing to edit. Put the token in a file (mode 0600). One search is made (POST people/search \
with showInactive=true); its answer is not paged. HiBob leaves out silently what the service user \
may not view; a field that no row has is therefore a gap.",
};

const FIELDS: &[Field<'_>] = &[
    ("id", "root.id"),
    ("employee_number", "work.employeeIdInCompany"),
    ("name", "root.displayName"),
    ("email", "root.email"),
    ("department", "work.department"),
    ("job_title", "work.title"),
    ("manager", "work.reportsTo"),
    ("status", "internal.status"),
    ("started_on", "work.startDate"),
    ("left_on", "internal.terminationDate"),
];

/// Fields that the machine's form gives as keys of a list, and the human's form as words.
const WORDS: [&str; 2] = ["work.department", "work.title"];

impl Collector for HiBob {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let token = line.needed_secret("token")?;
        let fields = asked::fields(FIELDS, line.settings());
        let fields: Vec<&str> = fields.into_iter().map(|(_, field)| field).collect();
        let (url, user) = (line.settings().value("url"), line.settings().value("user"));
        let pair = format!("{user}:{}", token.reveal());
        let (url, pair) = (
            url.to_owned(),
            base64::prelude::BASE64_STANDARD.encode(pair),
        );
        let mut http = line.http(&url)?;
        http.always("authorization", Secret::new(format!("Basic {pair}")));
        // Days come in the machine's form only: the human's is in whatever order the firm prefers.
        let body = json!({ "showInactive": true, "fields": fields, "humanReadable": "APPEND" });
        let question =
            Question::post_json("people/search", &body).header("accept", "application/json");
        http.keep("search.json", &question)?;
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

fn found(row: &Value, field: &str) -> asked::Found {
    let machine = at(row, field);
    let human = row.get("humanReadable").and_then(|h| at(h, field));
    let value = if WORDS.contains(&field) {
        human.or(machine)
    } else {
        machine
    }?;
    // A manager comes with particulars of which one tells who it is.
    let who = || {
        let mut names = ["email", "id"].into_iter();
        names.find_map(|name| asked::text(value.get(name)?))
    };
    Some(asked::text(value).map(asked::day).or_else(who))
}

/// `work.title` stands under `/work/title` as `{"value": …}`, or in an object `work`; what is of
/// `root` stands in the row itself.
fn at<'v>(row: &'v Value, field: &str) -> Option<&'v Value> {
    let path = format!("/{}", field.replace('.', "/"));
    if let Some(value) = row.get(&path) {
        return Some(value.get("value").unwrap_or(value));
    }
    row.pointer(&path)
        .or_else(|| row.get(field.strip_prefix("root.")?))
}

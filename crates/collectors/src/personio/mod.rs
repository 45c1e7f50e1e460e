//! People from Personio.

use serde_json::{Value, json};
use standing_facts::GapCode;

use crate::hr::asked::{self, Asked, Field, LEAVE_OUT, NOBODY_LEFT};
use crate::http::{Answer, Http, Question};
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks Personio for everybody, page by page.
pub struct Personio;

static ABOUT: About = About {
    kind: "personio",
    summary: "people from Personio, inactive ones included",
    revision: 1,
    asks: Asks::System,
    tables: &["person"],
    settings: &[
        Setting {
            name: "client_id",
            meaning: "the client id of the API credential",
            default: "",
            required: true,
        },
        Setting {
            name: "client_secret_file",
            meaning: "file that holds the client secret, readable by its owner only",
            default: "",
            required: false,
        },
        Setting {
            name: "client_secret_env",
            meaning: "environment variable that holds the client secret, instead of a file",
            default: "",
            required: false,
        },
        Setting {
            name: "number",
            meaning: "the attribute that holds your own employee number, for example dynamic_12345",
            default: "",
            required: false,
        },
        Setting {
            name: "url",
            meaning: "where the API is",
            default: "https://api.personio.de/v1",
            required: false,
        },
        LEAVE_OUT,
        NOBODY_LEFT,
    ],
    how: "Under Settings, Integrations, API credentials make a credential for this alone: read access \
to personnel data and nothing to write. Let it read these attributes and no others: id, first name, \
last name, e-mail, status, position, department, supervisor, employment type, hire date, \
termination date, contract end date, and your employee number if you keep one there (name it under \
number). Put the client secret in a file (mode 0600). GET company/employees is asked page by \
page and lists people of every status. An attribute that no row has is a gap.",
};

/// Most rows that a page may have.
const PAGE: usize = 100;

const FIELDS: &[Field<'_>] = &[
    ("id", "id"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("email", "email"),
    ("department", "department"),
    ("job_title", "position"),
    ("manager", "supervisor"),
    ("kind", "employment_type"),
    ("status", "status"),
    ("started_on", "hire_date"),
    ("left_on", "termination_date"),
];

impl Collector for Personio {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let secret = line.needed_secret("client_secret")?;
        let id = line.settings().value("client_id").to_owned();
        let url = line.settings().value("url").to_owned();
        let mut http = line.http(&url)?;
        let credential = (id.as_str(), &secret);
        sign_in(&mut http, credential)?;
        let (mut offset, mut before) = (0, Value::Null);
        for number in 1.. {
            let page = page(&mut http, credential, offset).and_then(|p| Ok((p.json()?, p)));
            let (mut answer, page) = match page {
                Ok(page) => page,
                // What came before it is worth keeping.
                Err(error) if number > 1 => {
                    let why = format!("page {number} of employees did not come: {error}");
                    http.line().gap(Some("person"), error.code(), why);
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let name = format!("employees-{number:03}.json");
            http.line().keep(&name, &page.body)?;
            let rows = answer.get_mut("data").map(Value::take).unwrap_or_default();
            let count = rows.as_array().map_or(0, Vec::len);
            offset += count;
            let total = answer["metadata"]["total_elements"].as_u64().unwrap_or(0);
            if count == 0 || (offset as u64 >= total && count < PAGE) {
                return Ok(());
            }
            if rows == before {
                let why = "the same page of employees came twice: it does not go on";
                http.line().gap(Some("person"), GapCode::Truncated, why);
                return Ok(());
            }
            before = rows;
        }
        Ok(())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut fields = asked::fields(FIELDS, settings);
        let number = settings.value("number");
        if !number.is_empty() {
            fields.push(("employee_number", number));
        }
        let mut asked = Asked::of(fields);
        let mut total = None;
        sink.count_distinct("person");
        for part in parts.list() {
            let Some(answer) = asked::answer(parts, part, sink) else {
                return;
            };
            let Some(rows) = asked::list(&answer, "data", part, sink) else {
                return;
            };
            total = total.max(answer["metadata"]["total_elements"].as_u64());
            for (place, row) in (1..).zip(rows) {
                let attributes = row.get("attributes").unwrap_or(&Value::Null);
                asked.take((&part.name, place), &|field| found(attributes, field), sink);
            }
        }
        match total {
            Some(total) => sink.announced("person", total),
            None => {
                let why = "the answer does not say how many people there are";
                sink.gap(Some("person"), GapCode::Truncated, why);
            }
        }
        asked.end(settings, sink);
    }
}

/// Takes a token for the credential. The answer that holds it is not kept.
fn sign_in(http: &mut Http<'_, '_>, (id, secret): (&str, &Secret)) -> Result<(), FetchError> {
    let body = json!({ "client_id": id, "client_secret": secret.reveal() });
    let answer = http.good(&Question::post_json("auth", &body))?.json()?;
    let token = answer["data"]["token"].as_str().ok_or_else(|| {
        let why = "expected a token in the answer to the credential";
        FetchError::system(GapCode::Malformed, why)
    })?;
    http.always("authorization", Secret::new(format!("Bearer {token}")));
    Ok(())
}

/// One page. A token that ended on the way is taken anew, once a page.
fn page(
    http: &mut Http<'_, '_>,
    credential: (&str, &Secret),
    offset: usize,
) -> Result<Answer, FetchError> {
    let target = format!("company/employees?limit={PAGE}&offset={offset}");
    let question = Question::get(target).header("accept", "application/json");
    let answer = http.ask(&question)?;
    if answer.status != 401 {
        return answer.good();
    }
    sign_in(http, credential)?;
    http.good(&question)
}

/// Each value is wrapped with its label. Somebody inactive without a termination left when the
/// contract ended.
fn found(attributes: &Value, field: &str) -> asked::Found {
    let attribute = attributes.get(field)?;
    let value = unwrapped(attribute);
    let text = match field {
        "department" => value.pointer("/attributes/name").and_then(asked::text),
        "supervisor" => value
            .pointer("/attributes/email")
            .map(unwrapped)
            .and_then(asked::text),
        _ => asked::text(value),
    };
    let ended = || {
        let inactive = unwrapped(attributes.get("status")?) == "inactive";
        let end = attributes.get("contract_end_date").filter(|_| inactive)?;
        asked::text(unwrapped(end)).map(asked::day)
    };
    Some(match field {
        "hire_date" => text.map(asked::day),
        "termination_date" => text.map(asked::day).or_else(ended),
        _ => text,
    })
}

fn unwrapped(attribute: &Value) -> &Value {
    attribute.get("value").unwrap_or(attribute)
}

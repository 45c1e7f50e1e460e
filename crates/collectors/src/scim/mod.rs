//! Accounts and groups of anything that speaks SCIM 2.0 (RFC 7643, RFC 7644).

mod groups;
mod users;

use serde_json::Value;
use standing_facts::GapCode;

use crate::answers::Answers;
use crate::asking::{self, Asking, CA_FILE};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks a SCIM 2.0 service.
pub struct Scim;

/// What may be left out.
const PARTS: [&str; 1] = ["groups"];
/// Rows to a page; the service may give fewer.
const PAGE: u64 = 100;

static ABOUT: About = About {
    kind: "scim",
    summary: "any service with SCIM 2.0",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "grant"],
    settings: &[
        Setting {
            name: "url",
            meaning: "the service's base address, below which /Users and /Groups lie",
            default: "",
            required: true,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know the service",
            default: "",
            required: true,
        },
        Setting {
            name: "token_file",
            meaning: "file that holds the bearer token",
            default: "",
            required: false,
        },
        Setting {
            name: "token_env",
            meaning: "environment variable that holds it instead",
            default: "",
            required: false,
        },
        Setting {
            name: "leave_out",
            meaning: "what is not asked: groups",
            default: "",
            required: false,
        },
        CA_FILE,
    ],
    how: "Make a SCIM token in the service, one that may only read where the service tells these apart, and \
put it in a file of mode 0600. Standing asks GET /Users and GET /Groups and nothing else. The service says \
how many there are in all, and that is compared with how many came; one that counts short is asked for one \
page more. A user without the attribute active is neither enabled nor disabled. Not seen: second factors, last \
use and administrators, for which SCIM has no words; users whom the service deletes when they leave; rights \
that are not groups, roles or entitlements.",
};

impl Collector for Scim {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        asking::check_left_out(&settings, &PARTS)?;
        let token = line.needed_secret("token")?;
        let mut http = line.http(settings.value("url"))?;
        http.always(
            "authorization",
            Secret::new(format!("Bearer {}", token.reveal())),
        );
        let mut asking = Asking::new(&mut http, None);
        asking.header("accept", "application/scim+json, application/json");
        list(&mut asking, "users", "/Users")?;
        asking.needed()?;
        if !asking::left_out(&settings, "groups") {
            list(&mut asking, "groups", "/Groups")?;
        }
        asking.end()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(answers) = Answers::of(parts, sink) else {
            return;
        };
        let system = settings.value("system");
        users::read(system, &answers, sink);
        if !asking::left_out(settings, "groups") {
            groups::read(system, &answers, sink);
        }
    }
}

/// Asks for a list to its end. The service says where it stands; it may give fewer rows than were asked
/// for. A last page that is full is followed by one question more, for a service that counts its page and
/// not its rows.
fn list(asking: &mut Asking<'_, '_, '_, '_>, name: &str, path: &str) -> Result<(), FetchError> {
    let (mut pages, mut rows, mut before) = (0, 0_u64, Vec::new());
    let ended = loop {
        let question = Question::get(format!("{path}?startIndex={}&count={PAGE}", rows + 1));
        let (answer, value) = match asking.ask(&question.about(name)) {
            Ok(answer) => answer,
            Err(error) => break Some(error),
        };
        let total = value["totalResults"].as_u64();
        if total.is_none() && !value["Resources"].is_array() {
            let why = format!("{name}: expected a list of SCIM");
            break Some(FetchError::system(GapCode::Malformed, why));
        }
        let came = value["Resources"].as_array().map_or(0, Vec::len) as u64;
        if came == 0 && pages > 0 {
            // What is missing up to the total, the reader counts.
            break None;
        }
        if answer.body == before {
            break Some(asking::same_again(name));
        }
        pages += 1;
        asking
            .line()
            .keep(&format!("{name}-{pages}.json"), &answer.body)?;
        if let Some(said) = value["startIndex"]
            .as_u64()
            .filter(|said| *said != rows + 1)
        {
            let why = format!("{name}: asked for row {} and given row {said}", rows + 1);
            break Some(FetchError::system(GapCode::Truncated, why));
        }
        rows += came;
        let ended = total.is_some_and(|total| rows >= total) && came < PAGE;
        if came == 0 || ended {
            break None;
        }
        before = answer.body;
    };
    asking.note(name, pages, ended);
    Ok(())
}

/// How many rows the service says there are, where all its pages say so.
fn total(answers: &Answers<'_>, name: &str) -> Option<u64> {
    let totals = answers
        .documents(name)
        .map(|page: Value| page["totalResults"].as_u64());
    totals.max().flatten()
}

//! Accounts, factors, groups, applications and administrator roles of an Okta organisation.

mod grants;
mod users;

use standing_facts::GapCode;

use crate::answers::Answers;
use crate::asking::{self, Asking, CA_FILE, Next};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks Okta.
pub struct Okta;

/// What may be left out.
const PARTS: [&str; 3] = ["factors", "groups", "applications"];

static ABOUT: About = About {
    kind: "okta",
    summary: "Okta, asked over its API",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "credential_factor", "grant"],
    settings: &[
        Setting {
            name: "url",
            meaning: "the organisation's address, as https://example.okta.com",
            default: "",
            required: true,
        },
        Setting {
            name: "token_file",
            meaning: "file that holds the API token",
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
            meaning: "what is not asked: factors, groups, applications",
            default: "",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this organisation",
            default: "Okta",
            required: false,
        },
        CA_FILE,
    ],
    how: "Make a user for Standing alone, give it the administrator role Read Only Administrator for the \
whole organisation and no other, sign in as it and create an API token (Security, API, Tokens); put it in a \
file of mode 0600. The token ends after thirty days without use. A token whose user has no administrator \
role is answered with an empty list of users and no error, and one whose role covers some groups with some \
of them: both are told from the token's own user and role, and are gaps. Factors are asked of each user \
by itself, so a large organisation takes long; name factors in leave_out where that is too long. Questions \
and e-mail do not count as second factors. Not seen: policies, and whether a registered factor is ever \
demanded; users who were deleted after they were deactivated; members of the group Everyone.",
};

impl Collector for Okta {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        let mut tables = ABOUT.tables.to_vec();
        let without = asking::left_out(settings, "factors");
        tables.retain(|t| *t != "credential_factor" || !without);
        tables
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        asking::check_left_out(&settings, &PARTS)?;
        let token = line.needed_secret("token")?;
        let mut http = line.http(settings.value("url"))?;
        let header = Secret::new(format!("SSWS {}", token.reveal()));
        http.always("authorization", header);
        let mut asking = Asking::new(&mut http, None);
        asking.header("accept", "application/json");
        ask(&mut asking, &|word| asking::left_out(&settings, word))?;
        asking.end()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(answers) = Answers::of(parts, sink) else {
            return;
        };
        let system = settings.value("system");
        let left_out = |word: &str| asking::left_out(settings, word);
        let factors = if left_out("factors") {
            users::Factors::default()
        } else {
            users::Factors::read(&answers, sink)
        };
        let own = own_id(&answers);
        let roles = grants::roles(system, &answers, own.as_deref(), sink);
        if !left_out("groups") {
            grants::groups(system, &answers, sink);
        }
        if !left_out("applications") {
            grants::applications(system, &answers, sink);
        }
        let seen = users::read(
            system,
            &answers,
            roles.as_ref(),
            &factors,
            own.as_deref(),
            sink,
        );
        sees_itself(&answers, own.as_deref(), seen, sink);
    }
}

fn own_id(answers: &Answers<'_>) -> Option<String> {
    let me = answers.single("me")?;
    me["id"].as_str().map(str::to_owned)
}

/// What the token's own user tells of how much it is shown.
fn sees_itself(answers: &Answers<'_>, own: Option<&str>, seen: users::Seen, sink: &mut Sink<'_>) {
    if seen.users == 0 && seen.asked {
        let why = "the list of users is empty, and the token's own user at least must be in it: its user \
needs an administrator role";
        sink.fail(GapCode::Denied, why);
    } else if own.is_none() && answers.whole("me", "account", sink) {
        let why = "me: expected the token's own user";
        sink.gap(Some("account"), GapCode::Malformed, why);
    } else if own.is_some() && seen.asked && !seen.itself {
        let why = "the list of users lacks the token's own user: it is shown a part of them";
        sink.gap(None, GapCode::Denied, why);
    }
}

fn ask(
    asking: &mut Asking<'_, '_, '_, '_>,
    left_out: &dyn Fn(&str) -> bool,
) -> Result<(), FetchError> {
    asking.single("me", Question::get("/api/v1/users/me"))?;
    let mut users = Vec::new();
    asking.needed_pages(
        "users",
        "/api/v1/users?limit=200",
        Next::Link,
        &mut |page| {
            users.extend(asking::ids(page, "", "id"));
        },
    )?;
    // The list leaves out who was deactivated: those are the leavers.
    let leavers = "/api/v1/users?filter=status+eq+%22DEPROVISIONED%22&limit=200";
    asking.pages("deprovisioned", leavers, Next::Link, &mut |_| {})?;
    let mut holders = Vec::new();
    let target = "/api/v1/iam/assignees/users?limit=100";
    asking.pages(
        "assignees",
        target,
        Next::At("/_links/next/href"),
        &mut |page| {
            holders.extend(asking::ids(page, "value", "id"));
        },
    )?;
    let user = |id: &str| format!("/api/v1/users/{}", asking::step(id));
    asking.each_of("roles", &holders, &|id| user(id) + "/roles", Next::Never)?;
    if !left_out("factors") {
        asking.each_of("factors", &users, &|id| user(id) + "/factors", Next::Never)?;
    }
    if !left_out("groups") {
        let mut groups = Vec::new();
        asking.pages(
            "groups",
            "/api/v1/groups?limit=200",
            Next::Link,
            &mut |page| {
                let all = page.as_array().into_iter().flatten();
                let some = all.filter(|g| g["type"] != "BUILT_IN");
                let ids = some.filter_map(|g| Some(g["id"].as_str()?.to_owned()));
                groups.extend(ids);
            },
        )?;
        let members = |id: &str| format!("/api/v1/groups/{}/users?limit=200", asking::step(id));
        asking.each_of("groupMembers", &groups, &members, Next::Link)?;
    }
    if !left_out("applications") {
        let mut applications = Vec::new();
        asking.pages("apps", "/api/v1/apps?limit=200", Next::Link, &mut |page| {
            applications.extend(asking::ids(page, "", "id"));
        })?;
        let users = |id: &str| format!("/api/v1/apps/{}/users?limit=500", asking::step(id));
        asking.each_of("appUsers", &applications, &users, Next::Link)?;
    }
    Ok(())
}

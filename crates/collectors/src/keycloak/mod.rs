//! Users, roles, groups and credentials of a Keycloak realm.

mod rights;
mod users;

use serde_json::Value;

use crate::answers::Answers;
use crate::asking::{self, Asking, CA_FILE, Next};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks Keycloak.
pub struct Keycloak;

/// What may be left out.
const PARTS: [&str; 3] = ["credentials", "groups", "events"];
/// Rows to a page.
const PAGE: usize = 100;
const NEXT: Next = Next::Offset("first", PAGE);

static ABOUT: About = About {
    kind: "keycloak",
    summary: "a Keycloak realm, asked over its admin API",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "credential_factor", "grant"],
    settings: &[
        Setting {
            name: "url",
            meaning: "Keycloak's base address, as https://sso.example.test (with /auth where it is old)",
            default: "",
            required: true,
        },
        Setting {
            name: "realm",
            meaning: "the realm",
            default: "",
            required: true,
        },
        Setting {
            name: "client_id",
            meaning: "the client whose service account reads",
            default: "standing",
            required: false,
        },
        Setting {
            name: "client_secret_file",
            meaning: "file that holds the client's secret",
            default: "",
            required: false,
        },
        Setting {
            name: "client_secret_env",
            meaning: "environment variable that holds it instead",
            default: "",
            required: false,
        },
        Setting {
            name: "leave_out",
            meaning: "what is not asked: credentials, groups, events (the days of last use)",
            default: "",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this realm",
            default: "Keycloak",
            required: false,
        },
        CA_FILE,
    ],
    how: "In the realm make a client with client authentication and a service account, every other flow \
off. Give the service account these roles of the client realm-management and no others: view-users, \
view-realm, view-clients and, unless events are left out, view-events. None of them can change anything. Put \
the client's secret in a file of mode 0600. Keycloak keeps no last sign-in: it is taken from LOGIN events, so \
it is known only where the realm saves them and only as far back as it keeps them; without an event it is \
not known, not never. One-time codes and security keys are second factors that are registered; whether a \
flow demands them is not asked. A user who comes from another identity provider may have a second factor \
there, which is not seen. Rights are those assigned to users and groups, with what composite roles hold. An \
employee number is looked for in the attributes employeeNumber and employee_number.",
};

impl Collector for Keycloak {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        let mut tables = ABOUT.tables.to_vec();
        let without = asking::left_out(settings, "credentials");
        tables.retain(|t| *t != "credential_factor" || !without);
        tables
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        asking::check_left_out(&settings, &PARTS)?;
        let secret = line.needed_secret("client_secret")?;
        let renew = |line: &mut Line<'_>| token(line, &secret);
        let first = renew(line)?;
        let realm = asking::step(settings.value("realm"));
        let url = settings.value("url").trim_end_matches('/');
        let mut http = line.http(&format!("{url}/admin/realms/{realm}"))?;
        http.always("authorization", first);
        let mut asking = Asking::new(&mut http, Some(&renew));
        ask(&mut asking, &|word| asking::left_out(&settings, word))?;
        asking.end()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(answers) = Answers::of(parts, sink) else {
            return;
        };
        let left_out = |word: &str| asking::left_out(settings, word);
        let system = settings.value("system");
        let administrators = rights::read(system, &answers, left_out("groups"), sink);
        let credentials = if left_out("credentials") {
            users::Credentials::default()
        } else {
            users::Credentials::read(&answers, sink)
        };
        let used = if left_out("events") {
            users::Used::default()
        } else {
            users::Used::read(&answers, sink)
        };
        users::read(
            system,
            &answers,
            administrators.as_ref(),
            &credentials,
            &used,
            sink,
        );
    }
}

/// A token of the client's service account, as the header `authorization` wants it. Such tokens last minutes,
/// so a run renews them.
fn token(line: &mut Line<'_>, secret: &Secret) -> Result<Secret, FetchError> {
    let settings = line.settings().clone();
    let realm = asking::step(settings.value("realm"));
    let question = Question::post_form(
        format!("/realms/{realm}/protocol/openid-connect/token"),
        &[
            ("grant_type", "client_credentials"),
            ("client_id", settings.value("client_id")),
            ("client_secret", secret.reveal()),
        ],
    );
    asking::token(line, settings.value("url"), &question)
}

fn ask(
    asking: &mut Asking<'_, '_, '_, '_>,
    left_out: &dyn Fn(&str) -> bool,
) -> Result<(), FetchError> {
    let realm = asking.single("realm", Question::get(""))?;
    let mut users = Vec::new();
    let target = format!("/users?briefRepresentation=false&max={PAGE}");
    asking.needed_pages("users", &target, NEXT, &mut |page| {
        users.extend(asking::ids(page, "", "id"));
    })?;
    asking.single("usersCount", Question::get("/users/count"))?;
    let user = |id: &str| format!("/users/{}", asking::step(id));
    let mappings = |id: &str| user(id) + "/role-mappings";
    asking.each_of("userRoles", &users, &mappings, Next::Never)?;
    composites(asking)?;
    if !left_out("groups") {
        groups(asking)?;
    }
    if !left_out("credentials") {
        let credentials = |id: &str| user(id) + "/credentials";
        asking.each_of("credentials", &users, &credentials, Next::Never)?;
    }
    let saved = realm.is_some_and(|realm| realm["eventsEnabled"] == true);
    if !left_out("events") && saved {
        let target = format!("/events?type=LOGIN&max={PAGE}");
        asking.pages("events", &target, NEXT, &mut |_| {})?;
    }
    Ok(())
}

/// What composite roles hold, of the realm and of its clients.
fn composites(asking: &mut Asking<'_, '_, '_, '_>) -> Result<(), FetchError> {
    let mut composite = Vec::new();
    let mut take = |page: &Value| {
        let all = page.as_array().into_iter().flatten();
        let some = all.filter(|role| role["composite"] == true);
        composite.extend(some.filter_map(|role| Some(role["id"].as_str()?.to_owned())));
    };
    asking.pages("realmRoles", &format!("/roles?max={PAGE}"), NEXT, &mut take)?;
    let mut clients = Vec::new();
    asking.pages(
        "clients",
        &format!("/clients?max={PAGE}"),
        NEXT,
        &mut |page| {
            clients.extend(asking::ids(page, "", "id"));
        },
    )?;
    let roles = |id: &str| format!("/clients/{}/roles?max={PAGE}", asking::step(id));
    asking.each_of_seen("clientRoles", &clients, &roles, NEXT, &mut take)?;
    let held = |id: &str| format!("/roles-by-id/{}/composites", asking::step(id));
    asking.each_of("composites", &composite, &held, Next::Never)?;
    Ok(())
}

/// Groups lie in groups: each level is asked for until there is none below.
fn groups(asking: &mut Asking<'_, '_, '_, '_>) -> Result<(), FetchError> {
    let mut all = Vec::new();
    asking.pages(
        "groups",
        &format!("/groups?max={PAGE}"),
        NEXT,
        &mut |page| {
            all.extend(asking::ids(page, "", "id"));
        },
    )?;
    let (mut level, mut depth) = (all.clone(), 0);
    let group = |id: &str| format!("/groups/{}", asking::step(id));
    while !level.is_empty() {
        depth += 1;
        let mut below = Vec::new();
        let name = format!("children{depth}");
        let children = |id: &str| group(id) + &format!("/children?max={PAGE}");
        asking.each_of_seen(&name, &level, &children, NEXT, &mut |page| {
            below.extend(asking::ids(page, "", "id"));
        })?;
        below.retain(|id| !all.contains(id));
        all.extend(below.iter().cloned());
        level = below;
    }
    let members = |id: &str| group(id) + &format!("/members?briefRepresentation=true&max={PAGE}");
    asking.each_of("groupMembers", &all, &members, NEXT)?;
    asking.each_of(
        "groupRoles",
        &all,
        &|id| group(id) + "/role-mappings",
        Next::Never,
    )?;
    Ok(())
}

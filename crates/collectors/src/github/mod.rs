//! Members, outside collaborators, teams and roles of a GitHub organisation.

mod members;
mod saml;

use serde_json::json;
use standing_facts::GapCode;

use crate::answers::Answers;
use crate::asking::{self, Asking, CA_FILE, Next};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks GitHub.
pub struct Github;

/// What may be left out.
const PARTS: [&str; 4] = ["two-factor", "teams", "roles", "saml"];

static ABOUT: About = About {
    kind: "github",
    summary: "a GitHub organisation, asked over its API",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "credential_factor", "grant"],
    settings: &[
        Setting {
            name: "organisation",
            meaning: "the organisation's login",
            default: "",
            required: true,
        },
        Setting {
            name: "token_file",
            meaning: "file that holds the token",
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
            meaning: "what is not asked: two-factor (needs an owner), teams, roles, saml",
            default: "",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this organisation",
            default: "GitHub",
            required: false,
        },
        Setting {
            name: "url",
            meaning: "where the API answers; an Enterprise Server has its own, ending in /api/v3",
            default: "https://api.github.com",
            required: false,
        },
        Setting {
            name: "graphql_url",
            meaning: "where GraphQL answers",
            default: "https://api.github.com/graphql",
            required: false,
        },
        CA_FILE,
    ],
    how: "Make a fine-grained token of an owner of the organisation, for the organisation, with the \
organisation permissions Members: read and Custom organization roles: read and no others, or a classic \
token with read:org alone; put it in a file of mode 0600. Who is not an owner is refused who has no second \
factor, and who is not a member is shown the public members only: both are told from the token's own \
membership, and are gaps, never none. Outside collaborators are a list of their own. Where the organisation \
signs in by SAML, the identity at the provider is the account's e-mail; without SAML there is none, for \
GitHub gives no address that is not public. A second factor by text message alone counts and is listed \
as sms. Who has left the organisation is in no list. Not seen: names, last use, rights in single \
repositories, and tokens and keys of members.",
};

impl Collector for Github {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        let mut tables = ABOUT.tables.to_vec();
        let without = asking::left_out(settings, "two-factor");
        tables.retain(|t| *t != "credential_factor" || !without);
        tables
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        asking::check_left_out(&settings, &PARTS)?;
        let token = line.needed_secret("token")?;
        let bearer = || Secret::new(format!("Bearer {}", token.reveal()));
        let mut http = line.http(settings.value("url"))?;
        http.always("authorization", bearer());
        let mut asking = Asking::new(&mut http, None);
        asking.header("accept", "application/vnd.github+json");
        asking.header("x-github-api-version", "2022-11-28");
        ask(&mut asking, &settings)?;
        if !asking::left_out(&settings, "saml") {
            let (pages, ended) = identities(asking.line(), &settings, bearer())?;
            asking.note("samlIdentities", pages, ended);
        }
        asking.end()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(answers) = Answers::of(parts, sink) else {
            return;
        };
        let left_out = |word: &str| asking::left_out(settings, word);
        let identities = if left_out("saml") {
            saml::Identities::default()
        } else {
            saml::Identities::read(&answers, sink)
        };
        members::read(
            settings.value("system"),
            &answers,
            &identities,
            &left_out,
            sink,
        );
    }
}

fn ask(asking: &mut Asking<'_, '_, '_, '_>, settings: &Settings) -> Result<(), FetchError> {
    let left_out = |word: &str| asking::left_out(settings, word);
    let organisation = asking::step(settings.value("organisation"));
    let base = format!("/orgs/{organisation}");
    let own = format!("/user/memberships/orgs/{organisation}");
    asking.single("membership", Question::get(own))?;
    asking.single("organisation", Question::get(base.as_str()))?;
    for role in ["admin", "member"] {
        let target = format!("{base}/members?role={role}&per_page=100");
        asking.needed_pages(&format!("{role}s"), &target, Next::Link, &mut |_| {})?;
    }
    let outside = format!("{base}/outside_collaborators");
    let target = format!("{outside}?per_page=100");
    asking.pages("outside", &target, Next::Link, &mut |_| {})?;
    if !left_out("two-factor") {
        for (name, list) in [
            ("members", &format!("{base}/members")),
            ("outside", &outside),
        ] {
            for filter in ["2fa_disabled", "2fa_insecure"] {
                let target = format!("{list}?filter={filter}&per_page=100");
                let name = format!("{name}_{filter}");
                asking.pages(&name, &target, Next::Link, &mut |_| {})?;
                asking.explain(
                    &name,
                    "only an owner's token is shown who has no second factor",
                );
            }
        }
    }
    if !left_out("teams") {
        let mut teams = Vec::new();
        let target = format!("{base}/teams?per_page=100");
        asking.pages("teams", &target, Next::Link, &mut |page| {
            teams.extend(asking::ids(page, "", "slug"));
        })?;
        for role in ["maintainer", "member"] {
            let of = |slug: &str| {
                let slug = asking::step(slug);
                format!("{base}/teams/{slug}/members?role={role}&per_page=100")
            };
            asking.each_of(&format!("team_{role}s"), &teams, &of, Next::Link)?;
        }
    }
    if !left_out("roles") {
        let mut roles = Vec::new();
        let target = format!("{base}/organization-roles");
        asking.pages("roles", &target, Next::Never, &mut |page| {
            roles.extend(asking::ids(page, "roles", "id"));
        })?;
        asking.explain("roles", "set leave_out = \"roles\" where the plan has none");
        let of = |id: &str| format!("{base}/organization-roles/{id}/users?per_page=100");
        asking.each_of("role_users", &roles, &of, Next::Link)?;
    }
    Ok(())
}

/// The identities at the SAML provider, by GraphQL: nothing else names them.
fn identities(
    line: &mut Line<'_>,
    settings: &Settings,
    bearer: Secret,
) -> Result<(u64, Option<FetchError>), FetchError> {
    const QUERY: &str = "query($login:String!,$after:String){organization(login:$login){\
samlIdentityProvider{externalIdentities(first:100,after:$after){pageInfo{hasNextPage endCursor} \
nodes{samlIdentity{nameId} user{databaseId}}}}}}";
    let mut http = line.http(settings.value("graphql_url"))?;
    http.always("authorization", bearer);
    let (mut pages, mut after) = (0, None::<String>);
    loop {
        let variables = json!({ "login": settings.value("organisation"), "after": after });
        let body = json!({ "query": QUERY, "variables": variables });
        let question = Question::post_json("", &body).about("samlIdentities");
        let value = match http.keep(&format!("samlIdentities-{}.json", pages + 1), &question) {
            Ok(value) => value,
            Err(error) => return Ok((pages, Some(error))),
        };
        pages += 1;
        let identities = "/data/organization/samlIdentityProvider/externalIdentities/pageInfo";
        let info = value.pointer(identities);
        let next = info
            .filter(|info| info["hasNextPage"] == true)
            .and_then(|info| info["endCursor"].as_str());
        match next {
            None => return Ok((pages, None)),
            Some(next) if after.as_deref() == Some(next) => {
                let why = "samlIdentities: a page names itself as the next";
                return Ok((pages, Some(FetchError::system(GapCode::Truncated, why))));
            }
            Some(next) => after = Some(next.to_owned()),
        }
    }
}

//! Accounts, roles, groups, applications, second factors and sign-in policies of a Microsoft Entra tenant,
//! asked of Microsoft Graph.

mod policies;

use standing_facts::GapCode;

use crate::answers::Answers;
use crate::asking::{self, Asking, CA_FILE, Next};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink, graph};

/// Asks Microsoft Graph.
pub struct Entra;

/// What may be left out.
const PARTS: [&str; 5] = [
    "sign-ins",
    "eligible-roles",
    "applications",
    "registrations",
    "policies",
];

static ABOUT: About = About {
    kind: "entra",
    summary: "Microsoft Entra ID, asked of Microsoft Graph",
    revision: 2,
    asks: Asks::System,
    tables: &["account", "credential_factor", "grant", "sign_in_policy"],
    settings: &[
        Setting {
            name: "tenant",
            meaning: "the tenant's id or one of its domains",
            default: "",
            required: true,
        },
        Setting {
            name: "client_id",
            meaning: "application (client) id of the app registration",
            default: "",
            required: true,
        },
        Setting {
            name: "client_secret_file",
            meaning: "file that holds the app registration's client secret",
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
            meaning: "what is not asked: sign-ins (needs P1), eligible-roles (needs P2), applications, \
registrations, policies",
            default: "",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this directory",
            default: "Microsoft Entra ID",
            required: false,
        },
        Setting {
            name: "login_url",
            meaning: "where tokens are given; national clouds have their own",
            default: "https://login.microsoftonline.com",
            required: false,
        },
        Setting {
            name: "url",
            meaning: "where Graph answers; national clouds have their own",
            default: "https://graph.microsoft.com",
            required: false,
        },
        CA_FILE,
    ],
    how: "Register an application in the tenant, with no redirect address. Give it these application \
permissions of Microsoft Graph and an administrator's consent, and nothing else: User.Read.All, \
GroupMember.Read.All, RoleManagement.Read.Directory, Application.Read.All, AuditLog.Read.All, \
Policy.Read.All. None of them can change anything. Make a client secret, put it in a file of mode 0600, \
and note when it ends. signInActivity needs a P1 licence and roles to be taken up a P2 licence: name in \
leave_out what the tenant is not licensed for, or every run says that it was refused. The report of second \
factors says what is registered, not what is enforced, and lists no disabled users: theirs are unknown. \
Role assignments in administrative units count as roles. Not seen: sign-ins to applications, consents \
given to applications, and who is left out of a policy by way of a group.",
};

impl Collector for Entra {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn tables(&self, settings: &Settings) -> Vec<&'static str> {
        let mut tables = ABOUT.tables.to_vec();
        let absent = |table: &str, word: &str| {
            (table == "sign_in_policy" && word == "policies")
                || (table == "credential_factor" && word == "registrations")
        };
        tables.retain(|t| {
            !PARTS
                .iter()
                .any(|w| absent(t, w) && asking::left_out(settings, w))
        });
        tables
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        asking::check_left_out(&settings, &PARTS)?;
        let secret = line.needed_secret("client_secret")?;
        let renew = |line: &mut Line<'_>| token(line, &secret);
        let first = renew(line)?;
        let base = format!("{}/v1.0", settings.value("url").trim_end_matches('/'));
        let mut http = line.http(&base)?;
        http.always("authorization", first);
        let mut asking = Asking::new(&mut http, Some(&renew));
        asking.header("x-ms-throttle-priority", "low");
        ask(&mut asking, &|word| asking::left_out(&settings, word))?;
        asking.end()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(answers) = Answers::of(parts, sink) else {
            return;
        };
        let system = settings.value("system");
        let left_out = |word: &str| asking::left_out(settings, word);
        if !left_out("sign-ins") {
            answers.whole("signInActivity", "account", sink);
        }
        let counted = answers.single("usersCount").is_some_and(|c| c.is_u64());
        if answers.whole("usersCount", "account", sink) && !counted {
            let why = "usersCount: expected a number";
            sink.gap(Some("account"), GapCode::Malformed, why);
        }
        graph::read(system, parts, Some(&answers), &left_out, sink);
        if !left_out("policies") {
            policies::read(system, &answers, sink);
        }
    }
}

/// A token for Graph, as the header `authorization` wants it.
fn token(line: &mut Line<'_>, secret: &Secret) -> Result<Secret, FetchError> {
    let settings = line.settings().clone();
    let login = settings.value("login_url").to_owned();
    let tenant = asking::step(settings.value("tenant"));
    let scope = format!("{}/.default", settings.value("url").trim_end_matches('/'));
    let question = Question::post_form(
        format!("/{tenant}/oauth2/v2.0/token"),
        &[
            ("client_id", settings.value("client_id")),
            ("client_secret", secret.reveal()),
            ("scope", &scope),
            ("grant_type", "client_credentials"),
        ],
    );
    asking::token(line, &login, &question)
}

const NEXT: Next = Next::At("/@odata.nextLink");

fn ask(
    asking: &mut Asking<'_, '_, '_, '_>,
    left_out: &dyn Fn(&str) -> bool,
) -> Result<(), FetchError> {
    users(asking, left_out("sign-ins"))?;
    let count = Question::get("/users/$count").header("consistencylevel", "eventual");
    asking.single("usersCount", count)?;
    let roles = "/roleManagement/directory";
    let mut plain = |name: &str, target: &str| asking.pages(name, target, NEXT, &mut |_| {});
    plain("roleDefinitions", &format!("{roles}/roleDefinitions"))?;
    plain(
        "roleAssignments",
        &format!("{roles}/roleAssignments?$expand=principal"),
    )?;
    if !left_out("eligible-roles") {
        let target = format!("{roles}/roleEligibilitySchedules?$expand=principal");
        asking.pages("roleEligibilitySchedules", &target, NEXT, &mut |_| {})?;
        let words = "roles to be taken up need a P2 licence; set leave_out = \"eligible-roles\" where \
there is none";
        asking.explain("roleEligibilitySchedules", words);
    }
    let mut plain = |name: &str, target: &str| asking.pages(name, target, NEXT, &mut |_| {});
    if !left_out("registrations") {
        let target = "/reports/authenticationMethods/userRegistrationDetails";
        plain("userRegistrationDetails", target)?;
    }
    if !left_out("policies") {
        plain(
            "conditionalAccessPolicies",
            "/identity/conditionalAccess/policies",
        )?;
    }
    let mut groups = Vec::new();
    let target = "/groups?$select=id,displayName&$top=999";
    asking.pages("groups", target, NEXT, &mut |page| {
        groups.extend(asking::ids(page, "value", "id"));
    })?;
    let members = |id: &str| format!("/groups/{}/members?$select=id&$top=999", asking::step(id));
    asking.each_of("groupMembers", &groups, &members, NEXT)?;
    if !left_out("applications") {
        let mut applications = Vec::new();
        let target = "/servicePrincipals?$select=id,displayName,appRoles&$top=999";
        asking.pages("servicePrincipals", target, NEXT, &mut |page| {
            applications.extend(asking::ids(page, "value", "id"));
        })?;
        let assigned = |id: &str| {
            format!(
                "/servicePrincipals/{}/appRoleAssignedTo?$top=999",
                asking::step(id)
            )
        };
        asking.each_of("appRoleAssignedTo", &applications, &assigned, NEXT)?;
    }
    Ok(())
}

/// Asked with `signInActivity`, a page holds 120 users at most, and a tenant without P1 refuses all of them:
/// they are asked for without it then.
fn users(asking: &mut Asking<'_, '_, '_, '_>, without: bool) -> Result<(), FetchError> {
    let target = |more: &str, most: u32| {
        format!(
            "/users?$select=id,userPrincipalName,displayName,mail,accountEnabled,userType,\
createdDateTime,employeeId,lastPasswordChangeDateTime{more}&$top={most}"
        )
    };
    if !without {
        let whole = asking.pages("users", &target(",signInActivity", 120), NEXT, &mut |_| {})?;
        if whole {
            asking.note("signInActivity", 0, None);
            return Ok(());
        }
        match asking.take_back("users") {
            Some(refused) if refused.code == Some(GapCode::Denied) => {
                let why = "when accounts were last used is refused: it needs AuditLog.Read.All and a P1 \
licence; set leave_out = \"sign-ins\" where there is none";
                let refused = FetchError::system(GapCode::Denied, why);
                asking.note("signInActivity", 0, Some(refused));
            }
            Some(other) => return Err(other.error()),
            // Half of the users came: the journal says so.
            None => {
                asking.note("signInActivity", 0, None);
                return Ok(());
            }
        }
    }
    asking.needed_pages("users", &target("", 999), NEXT, &mut |_| {})?;
    Ok(())
}

//! Accounts, administrator roles and groups of a Google Workspace.

mod key;
mod roles;
mod users;

use crate::answers::Answers;
use crate::asking::{self, Asking, CA_FILE, Next};
use crate::http::Question;
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink};

/// Asks Google Workspace.
pub struct Google;

/// What may be left out.
const PARTS: [&str; 2] = ["groups", "audit"];

static ABOUT: About = About {
    kind: "google",
    summary: "Google Workspace, asked of its Admin SDK",
    revision: 1,
    asks: Asks::System,
    tables: &["account", "grant"],
    settings: &[
        Setting {
            name: "key_file",
            meaning: "the service account's key as Google gives it, JSON",
            default: "",
            required: false,
        },
        Setting {
            name: "key_env",
            meaning: "environment variable that holds it instead",
            default: "",
            required: false,
        },
        Setting {
            name: "subject",
            meaning: "e-mail of the administrator in whose name the service account reads",
            default: "",
            required: true,
        },
        Setting {
            name: "customer",
            meaning: "the customer's id",
            default: "my_customer",
            required: false,
        },
        Setting {
            name: "leave_out",
            meaning: "what is not asked: groups, audit (the days of suspensions)",
            default: "",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this workspace",
            default: "Google Workspace",
            required: false,
        },
        Setting {
            name: "token_url",
            meaning: "where tokens are given",
            default: "https://oauth2.googleapis.com/token",
            required: false,
        },
        Setting {
            name: "url",
            meaning: "where the Admin SDK answers",
            default: "https://admin.googleapis.com",
            required: false,
        },
        CA_FILE,
    ],
    how: "In a Google Cloud project enable the Admin SDK API, make a service account without any role in \
the project, and make a JSON key for it; put it in a file of mode 0600. In the Admin console (Security, \
API controls, Domain-wide delegation) give its client id these scopes and no others: \
https://www.googleapis.com/auth/admin.directory.user.readonly, \
https://www.googleapis.com/auth/admin.directory.group.readonly, \
https://www.googleapis.com/auth/admin.directory.group.member.readonly, \
https://www.googleapis.com/auth/admin.directory.rolemanagement.readonly and, unless audit is left out, \
https://www.googleapis.com/auth/admin.reports.audit.readonly. The subject is an administrator whose role may \
read users, groups and roles of the whole organisation, for example one with a role made for this. A user \
who is enrolled in 2-step verification has a second factor, enforced where Google says so; which kind it \
is is not told. The day of a suspension is in the audit log, which reaches back six months. Not seen: \
users deleted, factors by kind, and who uses which other application.",
};

/// What the service account asks to be allowed to do. None can change anything.
const SCOPES: [(&str, &str); 5] = [
    ("", "admin.directory.user.readonly"),
    ("", "admin.directory.rolemanagement.readonly"),
    ("groups", "admin.directory.group.readonly"),
    ("groups", "admin.directory.group.member.readonly"),
    ("audit", "admin.reports.audit.readonly"),
];

impl Collector for Google {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        asking::check_left_out(&settings, &PARTS)?;
        let key = key::Key::of(&line.needed_secret("key")?)?;
        let renew = |line: &mut Line<'_>| token(line, &key);
        let first = renew(line)?;
        let mut http = line.http(settings.value("url"))?;
        http.always("authorization", first);
        let mut asking = Asking::new(&mut http, Some(&renew));
        ask(&mut asking, &settings)?;
        asking.end()
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let Some(answers) = Answers::of(parts, sink) else {
            return;
        };
        let system = settings.value("system");
        let assigned = roles::read(system, &answers, sink);
        let mut groups = roles::Members::default();
        if !asking::left_out(settings, "groups") {
            groups = roles::groups(system, &answers, sink);
        }
        let administrators = roles::through_groups(system, assigned, &groups, sink);
        let suspensions = if asking::left_out(settings, "audit") {
            users::Suspensions::default()
        } else {
            users::Suspensions::read(&answers, sink)
        };
        let who = (system, settings.value("subject"));
        users::read(who, &answers, administrators.as_ref(), &suspensions, sink);
    }
}

/// A token in the subject's name, as the header `authorization` wants it.
fn token(line: &mut Line<'_>, key: &key::Key) -> Result<Secret, FetchError> {
    let settings = line.settings().clone();
    let wanted = SCOPES
        .iter()
        .filter(|(part, _)| !asking::left_out(&settings, part));
    let scopes: Vec<String> = wanted
        .map(|(_, scope)| format!("https://www.googleapis.com/auth/{scope}"))
        .collect();
    let url = settings.value("token_url").to_owned();
    let claims = key::Claims {
        subject: settings.value("subject"),
        scopes: &scopes.join(" "),
        audience: &url,
        at: line.now().as_second(),
    };
    let assertion = key.sign(&claims)?;
    let question = Question::post_form(
        "",
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.reveal()),
        ],
    );
    asking::token(line, &url, &question)
}

fn ask(asking: &mut Asking<'_, '_, '_, '_>, settings: &Settings) -> Result<(), FetchError> {
    const NEXT: Next = Next::Token("/nextPageToken", "pageToken");
    let customer = asking::step(settings.value("customer"));
    let directory = "/admin/directory/v1";
    let target = format!("{directory}/users?customer={customer}&maxResults=500");
    asking.needed_pages("users", &target, NEXT, &mut |_| {})?;
    for (name, most) in [("roles", 100), ("roleassignments", 200)] {
        let target = format!("{directory}/customer/{customer}/{name}?maxResults={most}");
        asking.pages(name, &target, NEXT, &mut |_| {})?;
    }
    if !asking::left_out(settings, "groups") {
        let mut groups = Vec::new();
        let target = format!("{directory}/groups?customer={customer}&maxResults=200");
        asking.pages("groups", &target, NEXT, &mut |page| {
            groups.extend(asking::ids(page, "groups", "id"));
        })?;
        let members = |id: &str| {
            format!(
                "{directory}/groups/{}/members?maxResults=200",
                asking::step(id)
            )
        };
        asking.each_of("members", &groups, &members, NEXT)?;
    }
    if !asking::left_out(settings, "audit") {
        let target = "/admin/reports/v1/activity/users/all/applications/admin\
?eventName=SUSPEND_USER&maxResults=1000";
        asking.pages("suspensions", target, NEXT, &mut |_| {})?;
    }
    Ok(())
}

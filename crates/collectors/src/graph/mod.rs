//! Accounts, roles, groups and second factors from JSON answers of Microsoft Graph.

mod applications;
mod grants;
mod pages;
mod registration;
mod users;

use standing_facts::GapCode;

use crate::answers::{self, Answers, Of};
use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink};
use pages::Pages;

/// Reads a folder of saved Graph answers.
pub struct Graph;

static ABOUT: About = About {
    kind: "graph",
    summary: "Microsoft Entra ID: saved answers of Microsoft Graph (JSON), one file a page",
    revision: 2,
    asks: Asks::Files,
    tables: &["account", "credential_factor", "grant"],
    settings: &[Setting {
        name: "system",
        meaning: "the name under which other sources know this directory",
        default: "Microsoft Entra ID",
        required: false,
    }],
    how: "Save what Graph answers, page by page and unchanged, in one folder; follow every \
@odata.nextLink. users*.json: GET /users with $select=id,userPrincipalName,displayName,mail,\
accountEnabled,userType,createdDateTime,employeeId,lastPasswordChangeDateTime,signInActivity and \
$count=true. roleAssignments*.json: GET /roleManagement/directory/roleAssignments with \
$expand=principal and again with $expand=roleDefinition where both at once are refused (or \
directoryRoles*.json: GET /directoryRoles with $expand=members). userRegistrationDetails*.json: GET \
/reports/authenticationMethods/userRegistrationDetails. groups*.json: GET /groups, with each \
group's members put in as \"members\" (an $expand gives twenty at most). A reader with User.Read.All, \
GroupMember.Read.All, RoleManagement.Read.Directory and AuditLog.Read.All suffices; nothing needs \
the right to write. signInActivity needs a P1 licence; leave it out where there is none.",
};

impl Collector for Graph {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let collections = pages::COLLECTIONS.iter();
        collections.clone().any(|c| pages::belongs(relative, c))
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        read(settings.value("system"), parts, None, &|_| false, sink);
    }
}

/// Reads the answers of Graph in files of these names. `asked` is what came of a run that asked for them
/// itself; what the source leaves out on purpose is not missed. Roles and registrations first: what they
/// say stands in the accounts' rows.
pub(crate) fn read(
    system: &str,
    parts: &Parts<'_>,
    asked: Option<&Answers<'_>>,
    left_out: &dyn Fn(&str) -> bool,
    sink: &mut Sink<'_>,
) {
    let (mut roles, known) = read_roles(system, parts, asked, left_out, sink);
    let mut registered = registration::Registered::default();
    if !left_out("registrations") {
        let pages = Pages::of(parts, asked, pages::REGISTRATION);
        if pages.not_saved() {
            let why = "no userRegistrationDetails*.json: second factors were not asked for";
            sink.gap(Some("credential_factor"), GapCode::NotAsked, why);
        }
        pages.read(
            "credential_factor",
            sink,
            &mut |part, place, object, sink| {
                registered.take(part, place, &object, sink);
            },
        );
    }
    if let Some(answers) = asked.filter(|_| !left_out("applications")) {
        applications::read(system, parts, answers, &mut roles, sink);
    }
    let pages = Pages::of(parts, asked, pages::GROUPS);
    if pages.not_saved() {
        let why = "no groups*.json: group memberships were not asked for";
        sink.gap(Some("grant"), GapCode::NotAsked, why);
    }
    let mut groups = grants::Groups::default();
    pages.read("grant", sink, &mut |part, place, object, sink| {
        if asked.is_none() {
            groups.take(system, &roles, part, place, &object, sink);
        } else if !groups.named(&object) {
            let what = "expected id and displayName; the group was left out";
            sink.problem(part, None, Some(&pages::element(place)), what);
        }
    });
    if let Some(answers) = asked {
        read_members(system, answers, &roles, &mut groups, sink);
    }
    groups.report(sink);
    roles.through_groups(system, &groups, sink);
    let known = known && !roles.incomplete;
    let roles = known.then_some(&roles);
    users::read((parts, asked), system, roles, &registered, sink);
}

/// The members of groups, where they are an answer of their own.
fn read_members(
    system: &str,
    answers: &Answers<'_>,
    roles: &grants::Roles,
    groups: &mut grants::Groups,
    sink: &mut Sink<'_>,
) {
    answers.read_each(
        "groupMembers",
        "grant",
        sink,
        &mut |id, of, sink| match of {
            Of::Page(page) if answers::is_list(page, "value") => {
                groups.members_of(system, roles, id, answers::objects(page, "value"), sink);
            }
            Of::Page(_) => {
                groups.not_all_of(id);
                sink.problem("groupMembers", None, None, "expected a list of members");
            }
            Of::Cut => groups.not_all_of(id),
        },
    );
}

/// The roles, and whether all their holders were asked for and came.
fn read_roles(
    system: &str,
    parts: &Parts<'_>,
    from: Option<&Answers<'_>>,
    left_out: &dyn Fn(&str) -> bool,
    sink: &mut Sink<'_>,
) -> (grants::Roles, bool) {
    let mut roles = grants::Roles::default();
    let (mut asked, mut whole) = (false, true);
    let all = [pages::ROLE_DEFINITIONS, pages::ASSIGNMENTS, pages::ROLES];
    for collection in &all[..if from.is_some() { 2 } else { 3 }] {
        let pages = Pages::of(parts, from, collection);
        if pages.not_saved() {
            continue;
        }
        asked |= *collection != pages::ROLE_DEFINITIONS;
        let answer = pages.read("grant", sink, &mut |part, place, object, sink| {
            roles.take(system, part, place, &object, sink);
        });
        whole &= answer.whole;
    }
    if !asked {
        let why = "no directoryRoles*.json or roleAssignments*.json: roles were not asked for";
        sink.gap(Some("grant"), GapCode::NotAsked, why);
    }
    if from.is_some() && !left_out("eligible-roles") {
        let pages = Pages::of(parts, from, pages::ELIGIBLE);
        let answer = pages.read("grant", sink, &mut |part, place, object, sink| {
            roles.assignment(system, part, place, &object, "eligible role", sink);
        });
        whole &= answer.whole;
    }
    (roles, asked && whole)
}

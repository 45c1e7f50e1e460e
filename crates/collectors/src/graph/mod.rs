//! Accounts, roles, groups and second factors from JSON answers of Microsoft Graph.

mod grants;
mod pages;
mod registration;
mod users;

use standing_facts::GapCode;

use crate::{About, Asks, Collector, Parts, Setting, Settings, Sink};
use pages::Pages;

/// Reads a folder of saved Graph answers.
pub struct Graph;

static ABOUT: About = About {
    kind: "graph",
    summary: "Microsoft Entra ID: saved answers of Microsoft Graph (JSON), one file a page",
    revision: 1,
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

    /// Roles and registrations first: what they say stands in the accounts' rows.
    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let system = settings.value("system");
        let (mut roles, asked) = read_roles(system, parts, sink);
        let mut registered = registration::Registered::default();
        let pages = Pages::of(parts, pages::REGISTRATION);
        if pages.is_empty() {
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
        let pages = Pages::of(parts, pages::GROUPS);
        if pages.is_empty() {
            let why = "no groups*.json: group memberships were not asked for";
            sink.gap(Some("grant"), GapCode::NotAsked, why);
        }
        let mut groups = grants::Groups::default();
        pages.read("grant", sink, &mut |part, place, object, sink| {
            groups.take(system, &roles, part, place, &object, sink);
        });
        groups.report(sink);
        roles.through_groups(system, &groups, sink);
        let known = asked && !roles.incomplete;
        users::read(parts, system, known.then_some(&roles), &registered, sink);
    }
}

/// The roles, and whether all their holders were asked for and came.
fn read_roles(system: &str, parts: &Parts<'_>, sink: &mut Sink<'_>) -> (grants::Roles, bool) {
    let mut roles = grants::Roles::default();
    let (mut asked, mut whole) = (false, true);
    for collection in [pages::ROLE_DEFINITIONS, pages::ASSIGNMENTS, pages::ROLES] {
        let pages = Pages::of(parts, collection);
        if pages.is_empty() {
            continue;
        }
        asked |= collection != pages::ROLE_DEFINITIONS;
        let answer = pages.read("grant", sink, &mut |part, place, object, sink| {
            roles.take(system, part, place, &object, sink);
        });
        whole &= answer.whole;
    }
    if !asked {
        let why = "no directoryRoles*.json or roleAssignments*.json: roles were not asked for";
        sink.gap(Some("grant"), GapCode::NotAsked, why);
    }
    (roles, asked && whole)
}

//! `entra/` and `entra-partner/`: saved answers of Microsoft Graph, page by page.

use std::io;

use serde_json::{Value, json};

use crate::firm;
use crate::out::{Out, instant};
use crate::world::{Person, World};

/// Name of the account for emergencies; somebody has decided who answers for it.
pub(crate) const EMERGENCY: &str = "emergency-1";

const GRAPH: &str = "https://graph.microsoft.com/v1.0";
const TENANT: &str = "larkfieldpathways.onmicrosoft.example";

/// The directory of the supplier.
pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let mut rng = world.rng("entra");
    let mut users: Vec<Value> = world
        .people
        .iter()
        .map(|p| user(world, p, &mut rng))
        .collect();
    users.push(emergency(world));
    let total = users.len();
    let half = total.div_ceil(2);
    let second = users.split_off(half);
    let next = format!("{GRAPH}/users?$count=true&$skiptoken=invented-page-2");
    let first = json!({"@odata.context": format!("{GRAPH}/$metadata#users"),
        "@odata.count": total, "@odata.nextLink": next, "value": users});
    out.write("entra/users-1.json", pretty(&first))?;
    let second = json!({"@odata.context": format!("{GRAPH}/$metadata#users"), "value": second});
    out.write("entra/users-2.json", pretty(&second))?;
    out.write("entra/roleAssignments.json", pretty(&assignments(world)))?;
    let registered = json!({"value": registrations(world)});
    out.write("entra/userRegistrationDetails.json", pretty(&registered))?;
    out.write("entra/groups.json", pretty(&groups(world)))
}

fn pretty(answer: &Value) -> String {
    let value = answer["value"].as_array();
    let lines: Vec<String> = value.into_iter().flatten().map(Value::to_string).collect();
    let mut head = answer.clone();
    head["value"] = json!([]);
    let head = head.to_string();
    let list = format!("\"value\":[\n{}\n]", lines.join(",\n"));
    head.replacen("\"value\":[]", &list, 1)
}

fn user(world: &World, person: &Person, rng: &mut crate::rng::Rng) -> Value {
    let last = match person.left {
        Some(left) => left,
        None => world.ago(rng.between(0, 9)),
    };
    let guest = person.partner();
    let upn = if guest {
        format!("{}#EXT#@{TENANT}", person.email.replace('@', "_"))
    } else {
        person.email.clone()
    };
    json!({
        "id": person.guid,
        "userPrincipalName": upn,
        "displayName": person.name(),
        "mail": person.email,
        "accountEnabled": person.current(),
        "userType": if guest { "Guest" } else { "Member" },
        "createdDateTime": instant(person.started, 8, 30),
        "employeeId": person.number,
        "lastPasswordChangeDateTime": instant(world.ago(rng.between(200, 400)).max(person.started), 9, 5),
        "signInActivity": {
            "lastSignInDateTime": instant(last, rng.between(7, 18), rng.between(0, 59)),
            "lastNonInteractiveSignInDateTime": instant(last, 19, 2),
        },
    })
}

/// Kept for the day on which nobody else can sign in, and tried once a quarter.
fn emergency(world: &World) -> Value {
    json!({
        "id": emergency_id(world),
        "userPrincipalName": format!("{EMERGENCY}@{TENANT}"),
        "displayName": "Emergency access 1",
        "mail": null,
        "accountEnabled": true,
        "userType": "Member",
        "createdDateTime": instant(world.ago(900), 10, 0),
        "employeeId": null,
        "lastPasswordChangeDateTime": instant(world.ago(240), 10, 0),
        "signInActivity": {"lastSignInDateTime": instant(world.ago(20), 10, 12)},
    })
}

/// Identifier of the account for emergencies.
pub(crate) fn emergency_id(world: &World) -> String {
    world.rng("emergency account").uuid()
}

/// Those with rights over others, beside the emergency account: the head of the platform team, an
/// engineer, and whoever resets passwords.
fn administrators(world: &World) -> [&Person; 3] {
    let lead = world.cast(firm::PLATFORM_LEAD);
    let desk = world.team("Operations").nth(1).unwrap_or(lead);
    [lead, world.cast(firm::ADMINISTRATOR), desk]
}

/// Roles: the emergency account, the head of the platform team and one engineer.
fn assignments(world: &World) -> Value {
    let [lead, engineer, desk] = administrators(world);
    let held = [
        (emergency_id(world), "Global Administrator"),
        (lead.guid.clone(), "Global Administrator"),
        (engineer.guid.clone(), "Application Administrator"),
        (engineer.guid.clone(), "Security Reader"),
        (desk.guid.clone(), "User Administrator"),
    ];
    let mut rng = world.rng("role assignments");
    let rows: Vec<Value> = held
        .iter()
        .map(|(principal, role)| {
            let definition = crate::rng::Rng::of(0, role).uuid();
            json!({
                "id": rng.hex(12),
                "principalId": principal,
                "roleDefinitionId": definition,
                "directoryScopeId": "/",
                "principal": {"@odata.type": "#microsoft.graph.user", "id": principal},
                "roleDefinition": {"id": definition, "displayName": role,
                    "isPrivileged": !role.contains("Reader")},
            })
        })
        .collect();
    json!({"value": rows})
}

/// Everybody who works here has registered a second factor, unless the fault is planted;
/// administrators one that cannot be phished.
fn registrations(world: &World) -> Vec<Value> {
    let mut rng = world.rng("second factors");
    let bare = &world.cast(firm::ADMINISTRATOR).guid;
    let mut rows: Vec<Value> = world
        .staff()
        .map(|person| {
            let administers = administrators(world).iter().any(|a| a.guid == person.guid);
            let without = world.fault("administrator-without-mfa") && person.guid == *bare;
            let methods = match rng.between(1, 4) {
                _ if without => vec![],
                _ if administers => vec!["fido2SecurityKey"],
                1 => vec!["fido2SecurityKey"],
                2 => vec!["windowsHelloForBusiness", "microsoftAuthenticatorPush"],
                _ => vec!["microsoftAuthenticatorPush", "mobilePhone"],
            };
            registration(&person.guid, &person.email, &methods)
        })
        .collect();
    let name = format!("{EMERGENCY}@{TENANT}");
    rows.push(registration(
        &emergency_id(world),
        &name,
        &["fido2SecurityKey"],
    ));
    rows
}

fn registration(id: &str, name: &str, methods: &[&str]) -> Value {
    json!({
        "id": id,
        "userPrincipalName": name,
        "isMfaRegistered": !methods.is_empty(),
        "isMfaCapable": !methods.is_empty(),
        "methodsRegistered": methods,
    })
}

/// One group a department; the mover is left in the old one when that is planted.
fn groups(world: &World) -> Value {
    let mut rng = world.rng("groups");
    let mover = world.cast(firm::MOVER);
    let mut rows = Vec::new();
    for (department, ..) in firm::DEPARTMENTS {
        let mut members: Vec<&Person> = world.team(department).collect();
        if department == "Support" && world.fault("mover-keeps-rights") {
            members.push(mover);
        }
        if department == "Clinical Safety" && world.fault("right-beyond-the-role") {
            members.push(world.cast(firm::OVERDUE[1]));
        }
        // Graph expands twenty members at most, so a list of just as many would look cut off.
        if members.len() == 20 {
            members.pop();
        }
        rows.push(group(&mut rng, &format!("{department} team"), &members));
    }
    let staff: Vec<&Person> = world.staff().collect();
    rows.push(group(&mut rng, "All staff", &staff));
    json!({"value": rows})
}

fn group(rng: &mut crate::rng::Rng, name: &str, members: &[&Person]) -> Value {
    let members = members
        .iter()
        .map(|person| json!({"@odata.type": "#microsoft.graph.user", "id": person.guid}));
    let members: Vec<Value> = members.collect();
    json!({"id": rng.uuid(), "displayName": name, "members": members})
}

/// How many of the supplier's people have an account in the partner's directory.
const DESK_USERS: usize = 9;

/// The service desk's directory at the partner's. When that is planted, its report of second
/// factors stops after the first page.
pub(crate) fn write_partner(world: &World, out: &mut Out) -> io::Result<()> {
    let mut rng = world.rng("partner");
    let partners = firm::PARTNERS.map(|p| world.cast(p));
    let support = world.team("Support").filter(|p| !p.partner());
    let clinical = world.team("Clinical Safety");
    let people: Vec<&Person> = partners
        .into_iter()
        .chain(support)
        .chain(clinical)
        .take(DESK_USERS * world.scale)
        .collect();
    let ids: Vec<String> = people.iter().map(|_| rng.uuid()).collect();
    let users: Vec<Value> = people
        .iter()
        .zip(&ids)
        .map(|(person, id)| desk_user(world, person, id, &mut rng))
        .collect();
    let users = json!({"@odata.count": users.len(), "value": users});
    out.write("entra-partner/users.json", pretty(&users))?;
    let roles = json!({"value": [desk_role(&ids[0])]});
    out.write("entra-partner/roleAssignments.json", pretty(&roles))?;
    let members = ids
        .iter()
        .map(|id| json!({"@odata.type": "#microsoft.graph.user", "id": id}));
    let members: Vec<Value> = members.collect();
    let groups = json!({"value": [
        {"id": rng.uuid(), "displayName": "Larkfield service desk", "members": members}]});
    out.write("entra-partner/groups.json", pretty(&groups))?;
    let mut first: Vec<Value> = people
        .iter()
        .zip(&ids)
        .map(|(person, id)| {
            // The first of them administers the desk.
            let method = match *id == ids[0] {
                true => "fido2SecurityKey",
                false => "microsoftAuthenticatorPush",
            };
            registration(id, &person.email, &[method])
        })
        .collect();
    let second = first.split_off(first.len() / 2 + 1);
    let path = format!("{GRAPH}/reports/authenticationMethods/userRegistrationDetails");
    let first = json!({"@odata.nextLink": format!("{path}?$skiptoken=invented-page-2"),
        "value": first});
    out.write(
        "entra-partner/userRegistrationDetails-1.json",
        pretty(&first),
    )?;
    if world.fault("first-page-only") {
        return Ok(());
    }
    let second = json!({"value": second});
    out.write(
        "entra-partner/userRegistrationDetails-2.json",
        pretty(&second),
    )
}

fn desk_user(world: &World, person: &Person, id: &str, rng: &mut crate::rng::Rng) -> Value {
    json!({
        "id": id,
        "userPrincipalName": format!("{}@desk.{}", person.login, firm::PARTNER_DOMAIN),
        "displayName": person.name(),
        "mail": person.email,
        "accountEnabled": true,
        "userType": "Member",
        "createdDateTime": instant(world.ago(rng.between(100, 400)), 9, 0),
        "employeeId": person.number,
        "signInActivity": {"lastSignInDateTime": instant(world.ago(rng.between(0, 12)), 9, 41)},
    })
}

fn desk_role(holder: &str) -> Value {
    json!({
        "id": "desk-role-1",
        "principalId": holder,
        "roleDefinitionId": "helpdesk",
        "principal": {"@odata.type": "#microsoft.graph.user", "id": holder},
        "roleDefinition": {"id": "helpdesk", "displayName": "Helpdesk Administrator"},
    })
}

//! Memberships.

use serde_json::Value;
use standing_facts::GapCode;
use standing_facts::tables::Grant;

use crate::Sink;
use crate::answers::Answers;

/// Reads the groups. The service's own count is of groups, so it is compared with these.
pub(super) fn read(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) {
    let mut seen = std::collections::BTreeSet::new();
    let mut with_members = 0_u64;
    let list = "Resources";
    answers.read_or_none("groups", "grant", list, sink, &mut |found, sink| {
        let (Some(id), Some(name)) = (found.text("id"), found.text("displayName")) else {
            found.problem(sink, "expected id and displayName; the group was left out");
            return;
        };
        seen.insert(id.to_owned());
        let members = found.at(&["members"]).and_then(Value::as_array);
        with_members += u64::from(members.is_some());
        for member in members.into_iter().flatten() {
            let reference = member["$ref"].as_str().unwrap_or_default();
            if member["type"] == "Group" || reference.contains("/Groups/") {
                continue;
            }
            let Some(user) = member["value"].as_str() else {
                found.problem(sink, "expected a member with a value");
                continue;
            };
            let resource = format!("group {name}");
            sink.fact(&Grant {
                id: sink.id(&format!("{user}/{resource}/member")),
                account: sink.id(user),
                system: system.to_owned(),
                resource,
                entitlement: "member".to_owned(),
                privileged: None,
                direct: Some(true),
                granted_on: None,
            });
        }
    });
    if !seen.is_empty() && with_members == 0 {
        let why = "groups: none of them lists its members";
        sink.gap(Some("grant"), GapCode::Missing, why);
    }
    let came = seen.len() as u64;
    match super::total(answers, "groups") {
        Some(total) if came < total => {
            let why = format!("the service announced {total} groups and gave {came}");
            sink.gap(Some("grant"), GapCode::Truncated, why);
        }
        None if answers.documents("groups").next().is_some() => {
            let why = "groups: the service does not say how many there are";
            sink.gap(Some("grant"), GapCode::Malformed, why);
        }
        _ => {}
    }
}

//! Conditional-access policies.

use serde_json::Value;
use standing_facts::tables::SignInPolicy;

use crate::Sink;
use crate::answers::{Answers, Found};

/// Conditions under which alone a policy applies: none of them may be set for one that always does.
const NARROWING: [&str; 7] = [
    "locations",
    "platforms",
    "devices",
    "deviceStates",
    "clientApplications",
    "signInRiskLevels",
    "userRiskLevels",
];

/// Reads the policies, each as one row.
pub(super) fn read(system: &str, answers: &Answers<'_>, sink: &mut Sink<'_>) {
    let name = "conditionalAccessPolicies";
    answers.read(name, "sign_in_policy", "value", sink, &mut |found, sink| {
        let (Some(id), Some(name)) = (found.text("id"), found.text("displayName")) else {
            found.problem(sink, "expected id and displayName; the policy was left out");
            return;
        };
        let state = match found.text("state") {
            Some("enabled") => "on",
            Some("enabledForReportingButNotEnforced") => "report-only",
            Some("disabled") => "off",
            _ => {
                found.problem(sink, "expected a state; the policy was left out");
                return;
            }
        };
        sink.fact(&SignInPolicy {
            id: sink.id(id),
            system: system.to_owned(),
            name: name.to_owned(),
            state: state.to_owned(),
            demands_mfa: demands_mfa(found),
            everybody: is_about_all(found.at(&["conditions", "users"]), "Users"),
            everything: is_about_all(found.at(&["conditions", "applications"]), "Applications"),
        });
    });
}

/// Whether a second factor is always demanded; `None` where that depends on the place, the device, the
/// risk or the client.
fn demands_mfa(found: &Found<'_>) -> Option<bool> {
    let controls = found.at(&["grantControls"])?;
    let Value::Object(controls) = controls else {
        return controls.is_null().then_some(false);
    };
    let built_in = controls.get("builtInControls").and_then(Value::as_array)?;
    let strong = controls
        .get("authenticationStrength")
        .is_some_and(Value::is_object);
    let mfa = strong || built_in.iter().any(|c| c == "mfa");
    let others = built_in.iter().filter(|c| *c != "mfa").count() + usize::from(strong);
    let either = others > 0 && controls.get("operator").is_some_and(|o| o == "OR");
    // Where one of several controls is enough, a second factor alone is not demanded.
    let one_of_many = either && built_in.len() + usize::from(strong) > 1;
    if !mfa || one_of_many {
        return Some(false);
    }
    (!is_narrowed(found)).then_some(true)
}

fn is_narrowed(found: &Found<'_>) -> bool {
    let set = |name: &&str| match found.at(&["conditions", *name]) {
        None | Some(Value::Null) => false,
        Some(Value::Array(levels)) => !levels.is_empty(),
        Some(_) => true,
    };
    let clients = found
        .at(&["conditions", "clientAppTypes"])
        .and_then(Value::as_array);
    NARROWING.iter().any(set) || clients.is_some_and(|c| !c.iter().any(|c| c == "all"))
}

/// Whether all are included and none is left out; `None` where the policy does not say.
fn is_about_all(conditions: Option<&Value>, what: &str) -> Option<bool> {
    let conditions = conditions?.as_object()?;
    let included = conditions.get(&format!("include{what}"))?.as_array()?;
    let leaves_out = |(name, value): (&String, &Value)| {
        name.starts_with("exclude")
            && !value.is_null()
            && value.as_array().is_none_or(|left_out| !left_out.is_empty())
    };
    let all = included.iter().any(|i| i == "All");
    Some(all && !conditions.iter().any(leaves_out))
}

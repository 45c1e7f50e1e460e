//! Who may use which application, and as what.

use std::collections::HashMap;

use serde_json::Value;
use standing_facts::GapCode;

use super::grants::Roles;
use super::pages::{APPLICATIONS, Pages};
use crate::answers::{self, Answers, Of};
use crate::{Parts, Sink};

/// An application's name, and its roles by id.
#[derive(Default)]
struct Application {
    name: String,
    roles: HashMap<String, String>,
}

/// Reads `servicePrincipals` and what is assigned in each.
pub(super) fn read(
    system: &str,
    parts: &Parts<'_>,
    answers: &Answers<'_>,
    roles: &mut Roles,
    sink: &mut Sink<'_>,
) {
    let mut applications: HashMap<String, Application> = HashMap::new();
    let pages = Pages::of(parts, Some(answers), APPLICATIONS);
    pages.read("grant", sink, &mut |_, _, object, _| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |name: &str| object.get(name).map(text).unwrap_or_default();
        let listed = object.get("appRoles").and_then(Value::as_array);
        let named = listed.into_iter().flatten();
        let application = Application {
            name: of("displayName"),
            roles: named
                .map(|role| (text(&role["id"]), text(&role["displayName"])))
                .collect(),
        };
        applications.insert(of("id"), application);
    });
    let unknown = Application::default();
    let mut odd = 0;
    answers.read_each("appRoleAssignedTo", "grant", sink, &mut |id, of, sink| {
        let Of::Page(page) = of else {
            return;
        };
        let application = applications.get(id).unwrap_or(&unknown);
        let name = match application.name.as_str() {
            "" => id,
            name => name,
        };
        odd += u64::from(!answers::is_list(page, "value"));
        for object in answers::objects(page, "value") {
            let understood = roles.application(system, name, &application.roles, object, sink);
            odd += u64::from(!understood);
        }
    });
    if odd > 0 {
        let why = format!("assignments in applications that were not understood: {odd}");
        sink.gap(Some("grant"), GapCode::Malformed, why);
    }
}

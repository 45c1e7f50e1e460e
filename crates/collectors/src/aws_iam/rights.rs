//! Policies and groups of users, from `get-account-authorization-details`.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use standing_facts::GapCode;
use standing_facts::tables::Grant;

use crate::{Kept, Parts, Sink};

/// The answer is read whole; AWS's own quotas keep it far below this.
pub(crate) const DETAILS_BYTES: u64 = 64 << 20;

/// Whether users are administrators of something.
#[derive(Default)]
pub(crate) struct Rights {
    users: HashMap<String, Option<bool>>,
    policies: HashMap<String, bool>,
    groups: BTreeMap<String, Vec<(String, Option<bool>)>>,
    /// Pages by their part's name.
    pages: Vec<(String, Value)>,
    failed: bool,
}

impl Rights {
    /// Null where the details do not name the user or a policy's text is not there.
    pub(crate) fn privileged(&self, arn: &str) -> Option<bool> {
        self.users.get(arn).copied().flatten()
    }

    /// Whether the details name a user.
    pub(crate) fn names(&self, arn: &str) -> bool {
        self.users.contains_key(arn)
    }

    /// The ARN of every user whom the details name.
    pub(crate) fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// What the pages say together: policies first, then the groups that hold them, then the users that
    /// refer to both, on whichever page each stands.
    pub(crate) fn settle(&mut self, system: &str, sink: &mut Sink<'_>) {
        let pages = std::mem::take(&mut self.pages);
        match pages.last() {
            None if !self.failed => {
                let why = "no account-authorization-details: rights were not asked for";
                sink.gap(Some("grant"), GapCode::NotAsked, why);
            }
            Some((_, last)) if last["IsTruncated"] == true => {
                let why = "the last account-authorization-details announces a further page";
                sink.gap(Some("grant"), GapCode::Truncated, why);
            }
            _ => {}
        }
        for (_, page) in &pages {
            for policy in list(&page["Policies"]) {
                let default = list(&policy["PolicyVersionList"])
                    .find(|version| version["IsDefaultVersion"] == true)
                    .and_then(|version| administers(&version["Document"]));
                if let (Some(arn), Some(admin)) = (policy["Arn"].as_str(), default) {
                    self.policies.insert(arn.to_owned(), admin);
                }
            }
        }
        for (part, page) in &pages {
            for (place, group) in list(&page["GroupDetailList"]).enumerate() {
                let Some(name) = group["GroupName"].as_str() else {
                    let at = format!("GroupDetailList element {}", place + 1);
                    sink.problem(part, None, Some(&at), "expected a GroupName");
                    continue;
                };
                let held = self.held(group, "GroupPolicyList");
                self.groups.insert(name.to_owned(), held);
            }
        }
        for (name, page) in &pages {
            for (place, user) in list(&page["UserDetailList"]).enumerate() {
                let Some(arn) = user["Arn"].as_str() else {
                    let at = format!("UserDetailList element {}", place + 1);
                    sink.problem(name, None, Some(&at), "expected an Arn");
                    continue;
                };
                self.user(system, arn, user, sink);
            }
        }
    }

    /// One page, understood; it counts once all of them are there.
    pub(crate) fn add(&mut self, name: &str, page: Value, sink: &mut Sink<'_>) {
        if page["UserDetailList"].is_array() {
            self.pages.push((name.to_owned(), page));
        } else {
            self.failed = true;
            sink.fail(GapCode::Malformed, format!("{name} has no UserDetailList"));
        }
    }

    /// One page in JSON, as the command line gives it.
    pub(super) fn read(&mut self, parts: &Parts<'_>, part: &Kept, sink: &mut Sink<'_>) {
        let bytes = match parts.whole(part, DETAILS_BYTES) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let why = format!("{} is larger than {DETAILS_BYTES} bytes", part.name);
                sink.gap(Some("grant"), GapCode::TooLarge, why);
                self.failed = true;
                return;
            }
            Err(error) => {
                sink.fail(
                    GapCode::Malformed,
                    format!("{}: {}", part.name, error.kind()),
                );
                return;
            }
        };
        let details: Value = match serde_json::from_slice(&bytes) {
            Ok(details) => details,
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                sink.fail(
                    GapCode::Malformed,
                    format!("{} is not JSON: {place}", part.name),
                );
                return;
            }
        };
        self.add(&part.name, details, sink);
    }

    fn user(&mut self, system: &str, arn: &str, user: &Value, sink: &mut Sink<'_>) {
        let mut give = |resource: &str, entitlement: &str, privileged, direct| {
            sink.fact(&Grant {
                id: sink.id(&format!("{arn}/{resource}/{entitlement}")),
                account: sink.id(arn),
                system: system.to_owned(),
                resource: resource.to_owned(),
                entitlement: entitlement.to_owned(),
                privileged,
                direct: Some(direct),
                granted_on: None,
            });
        };
        let mut all = Vec::new();
        for (policy, privileged) in self.held(user, "UserPolicyList") {
            give(&policy, "policy", privileged, true);
            all.push(privileged);
        }
        for group in list(&user["GroupList"]).filter_map(Value::as_str) {
            let held = self.groups.get(group);
            let rights: Vec<Option<bool>> =
                held.map_or_else(|| vec![None], |h| h.iter().map(|(_, p)| *p).collect());
            give(&format!("group {group}"), "member", any(&rights), true);
            for (policy, privileged) in held.into_iter().flatten() {
                give(
                    policy,
                    &format!("policy through group {group}"),
                    *privileged,
                    false,
                );
            }
            all.extend(rights);
        }
        self.users.insert(arn.to_owned(), any(&all));
    }

    /// The policies of a user or group, and whether each makes an administrator.
    fn held(&self, holder: &Value, inline: &str) -> Vec<(String, Option<bool>)> {
        let attached = list(&holder["AttachedManagedPolicies"]).map(|policy| {
            let name = policy["PolicyName"].as_str().unwrap_or_default();
            let arn = policy["PolicyArn"].as_str().unwrap_or_default();
            let admin = self.policies.get(arn).copied();
            let known = admin.or_else(|| of_aws(name, arn));
            let full = of_aws(name, arn) == Some(true);
            (name.to_owned(), if full { Some(true) } else { known })
        });
        let inline = list(&holder[inline]).map(|policy| {
            let name = policy["PolicyName"].as_str().unwrap_or_default();
            (
                format!("inline {name}"),
                administers(&policy["PolicyDocument"]),
            )
        });
        attached.chain(inline).collect()
    }
}

/// Yes if any is; no if all are known not to be.
fn any(rights: &[Option<bool>]) -> Option<bool> {
    if rights.contains(&Some(true)) {
        return Some(true);
    }
    (!rights.contains(&None)).then_some(false)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// What the name of one of AWS's own policies says; nothing of a customer's.
fn of_aws(name: &str, arn: &str) -> Option<bool> {
    let own = arn.starts_with("arn:aws:iam::aws:policy/");
    own.then(|| {
        name.starts_with("AdministratorAccess")
            || name == "PowerUserAccess"
            || name == "SystemAdministrator"
            || name.ends_with("FullAccess")
    })
}

/// Whether a policy document allows everything, or everything of IAM, on everything. The API
/// writes documents percent-encoded, the command line as JSON.
fn administers(document: &Value) -> Option<bool> {
    let decoded;
    let document = match document {
        Value::String(text) => {
            decoded = serde_json::from_str(&percent_decoded(text)).ok()?;
            &decoded
        }
        Value::Object(_) => document,
        _ => return None,
    };
    let one_or_many = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let statements = one_or_many(&document["Statement"]);
    Some(statements.iter().any(|statement| {
        let actions = one_or_many(&statement["Action"]);
        let action = |a: &Value| {
            a.as_str()
                .is_some_and(|a| ["*", "*:*", "iam:*"].contains(&a))
        };
        statement["Effect"] == "Allow"
            && (actions.iter().any(action) || !statement["NotAction"].is_null())
            && one_or_many(&statement["Resource"]).iter().any(|r| r == "*")
    }))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let pair = bytes.get(index + 1..index + 3);
        let code = pair
            .filter(|_| bytes[index] == b'%')
            .and_then(|p| std::str::from_utf8(p).ok())
            .and_then(|p| u8::from_str_radix(p, 16).ok());
        decoded.push(code.unwrap_or(bytes[index]));
        index += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

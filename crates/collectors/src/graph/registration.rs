//! Second factors: what each user has registered, as the report of authentication methods says.

use std::collections::HashMap;

use serde_json::{Map, Value};
use standing_facts::tables::CredentialFactor;

use super::pages::element;
use crate::Sink;

/// User id → whether a second factor is registered. Users who are not in the report are not in
/// here: the report leaves out disabled users, so absence says nothing.
#[derive(Default)]
pub(super) struct Registered(HashMap<String, bool>);

impl Registered {
    pub(super) fn of(&self, user: &str) -> Option<bool> {
        self.0.get(user).copied()
    }

    pub(super) fn take(
        &mut self,
        part: &str,
        place: u64,
        object: &Map<String, Value>,
        sink: &mut Sink<'_>,
    ) {
        let Some(user) = object.get("id").and_then(Value::as_str) else {
            let what = "expected an id";
            sink.problem(part, None, Some(&element(place)), what);
            return;
        };
        if let Some(mfa) = object.get("isMfaRegistered").and_then(Value::as_bool) {
            self.0.insert(user.to_owned(), mfa);
        } else {
            let what = "expected isMfaRegistered, true or false";
            sink.problem(part, None, Some(&element(place)), what);
        }
        let methods = object.get("methodsRegistered").and_then(Value::as_array);
        for method in methods.into_iter().flatten().filter_map(Value::as_str) {
            let (kind, phishing_resistant) = factor(method);
            sink.fact(&CredentialFactor {
                id: sink.id(&format!("{user}/{method}")),
                account: sink.id(user),
                kind: kind.to_owned(),
                phishing_resistant: Some(phishing_resistant),
                active: Some(true),
                created_on: None,
                last_used_on: None,
            });
        }
    }
}

/// The factor in our words, and whether it resists phishing.
fn factor(method: &str) -> (&str, bool) {
    match method {
        "fido2SecurityKey" | "fido2" => ("fido2", true),
        "passKeyDeviceBound"
        | "passKeyDeviceBoundAuthenticator"
        | "passKeyDeviceBoundWindowsHello"
        | "passKeySynced" => ("fido2", true),
        "windowsHelloForBusiness" | "macOsSecureEnclaveKey" => ("platform-key", true),
        "certificate" | "x509Certificate" | "x509CertificateMultiFactor" => ("certificate", true),
        "microsoftAuthenticatorPush" | "microsoftAuthenticator" => ("push", false),
        "microsoftAuthenticatorPasswordless" => ("push-passwordless", false),
        "softwareOneTimePasscode" | "hardwareOneTimePasscode" => ("totp", false),
        "mobilePhone" | "alternateMobilePhone" => ("sms", false),
        "officePhone" => ("phone-call", false),
        "email" => ("email", false),
        "temporaryAccessPass" => ("temporary-pass", false),
        "securityQuestion" => ("questions", false),
        "appPassword" => ("app-password", false),
        other => (other, false),
    }
}

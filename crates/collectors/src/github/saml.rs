//! Who somebody is at the organisation's SAML provider.

use std::collections::HashMap;

use serde_json::Value;
use standing_facts::GapCode;

use crate::Sink;
use crate::answers::Answers;

/// GitHub id → name at the provider.
#[derive(Default)]
pub(super) struct Identities(HashMap<u64, String>);

impl Identities {
    /// An organisation that does not sign in by SAML has no provider, and that is an answer.
    pub(super) fn read(answers: &Answers<'_>, sink: &mut Sink<'_>) -> Self {
        let name = "samlIdentities";
        let mut found = Identities::default();
        answers.whole(name, "account", sink);
        for page in answers.documents(name) {
            let organisation = &page["data"]["organization"];
            let nodes = &organisation["samlIdentityProvider"]["externalIdentities"]["nodes"];
            if !page["errors"].is_null() || !organisation.is_object() {
                let why = "samlIdentities: GitHub refused to say who is who at the SAML provider; set \
leave_out = \"saml\" where there is none";
                sink.gap(Some("account"), GapCode::Denied, why);
                continue;
            }
            for node in nodes.as_array().into_iter().flatten() {
                let id = node["user"]["databaseId"].as_u64();
                let name = node["samlIdentity"]["nameId"].as_str();
                if let (Some(id), Some(name)) = (id, name) {
                    found.0.insert(id, name.to_owned());
                }
            }
            if !nodes.is_array() && !organisation["samlIdentityProvider"].is_null() {
                let why = "samlIdentities: expected a list of identities";
                sink.gap(Some("account"), GapCode::Malformed, why);
            }
        }
        found
    }

    /// The name, where it is an e-mail address.
    pub(super) fn email_of(&self, id: &Value) -> Option<String> {
        let name = self.0.get(&id.as_u64()?)?;
        name.contains('@').then(|| name.clone())
    }
}

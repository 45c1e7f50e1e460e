//! `[serve.oidc]`: the identity provider by which people may come in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use openidconnect::IssuerUrl;
use toml::de::{DeTable, DeValue};

use super::{Reader, nearest};
use crate::serve::right::Role;

/// What is asked of the provider where the file does not say.
const SCOPES: &[&str] = &["openid", "profile", "email"];

/// The validated section.
#[derive(Clone, Debug)]
pub struct Oidc {
    /// The provider, to the letter as it calls itself: `https`, or `http` on loopback.
    pub issuer: IssuerUrl,
    /// What the button calls it.
    pub name: String,
    /// What the provider calls us.
    pub client_id: String,
    /// File of the secret we share with the provider; without one, PKCE alone protects the code.
    pub client_secret_file: Option<PathBuf>,
    /// What is asked for, `openid` among it.
    pub scopes: Vec<String>,
    /// Claim that lists somebody's groups.
    pub groups_claim: String,
    /// Role of each group. Of several the mightiest holds; without one nobody is let in.
    pub roles: BTreeMap<String, Role>,
    /// Levels of authentication, one of which the provider must vouch for. Empty: not asked.
    pub acr_values: Vec<String>,
    /// Methods of authentication, one of which must have been used. Empty: not asked. One of the two
    /// lists is never empty.
    pub amr: Vec<String>,
    /// Certificates, PEM, by which the provider is known instead of by the system's.
    pub ca_file: Option<PathBuf>,
}

impl<'t> Reader<'t> {
    /// Reads `[serve.oidc]` within `[serve]`.
    pub(super) fn oidc(&mut self, serve: &DeTable<'t>) -> Option<Oidc> {
        let at = serve.get_key_value("oidc")?.0.span().start;
        let table = self.table(serve, "oidc")?;
        self.known(
            table,
            "[serve.oidc]",
            &[
                "issuer",
                "name",
                "client_id",
                "client_secret_file",
                "scopes",
                "groups_claim",
                "roles",
                "acr_values",
                "amr",
                "ca_file",
            ],
        );
        let issuer = self.issuer(table, at);
        let client_id = self.needed(table, "client_id", at, "the name the provider gave us");
        let name = self.text(table, "name").or_else(|| {
            let issuer = issuer.as_ref()?;
            issuer.url().host_str().map(str::to_owned)
        });
        let groups_claim = self.text(table, "groups_claim");
        let scopes = self.scopes(table);
        let roles = self.roles(table, at);
        let (acr_values, amr) = self.evidence_of_mfa(table, at);
        Some(Oidc {
            issuer: issuer?,
            name: name.unwrap_or_default(),
            client_id: client_id?,
            client_secret_file: self.text(table, "client_secret_file").map(PathBuf::from),
            scopes,
            groups_claim: groups_claim.unwrap_or_else(|| "groups".into()),
            roles,
            acr_values,
            amr,
            ca_file: self.text(table, "ca_file").map(PathBuf::from),
        })
    }

    fn needed(
        &mut self,
        table: &DeTable<'t>,
        name: &str,
        at: usize,
        meaning: &str,
    ) -> Option<String> {
        if table.get(name).is_none() {
            self.mistake(at, format!("[serve.oidc] lacks {name}: {meaning}"), None);
        }
        self.text(table, name)
    }

    fn issuer(&mut self, table: &DeTable<'t>, at: usize) -> Option<IssuerUrl> {
        let text = self.needed(table, "issuer", at, "the provider's URL")?;
        let issuer = IssuerUrl::new(text).ok().filter(|issuer| {
            let url = issuer.url();
            let bare = url.query().is_none() && url.fragment().is_none();
            bare && may_be_asked(url)
        });
        if issuer.is_none() {
            let at = table.get("issuer").map_or(at, |v| v.span().start);
            let what = "issuer: expected a URL as https://login.example.org, without ? or #";
            self.mistake(at, what, None);
        }
        issuer
    }

    fn scopes(&mut self, table: &DeTable<'t>) -> Vec<String> {
        let Some(value) = table.get("scopes") else {
            return SCOPES.iter().map(|s| (*s).to_owned()).collect();
        };
        let scopes = self.words(table, "scopes");
        if !scopes.iter().any(|s| s == "openid") {
            let what = "scopes: expected \"openid\" among them";
            self.mistake(value.span().start, what, None);
        }
        scopes
    }

    fn words(&mut self, table: &DeTable<'t>, name: &str) -> Vec<String> {
        self.texts(table, name)
            .into_iter()
            .map(|(_, text)| text)
            .collect()
    }

    fn roles(&mut self, table: &DeTable<'t>, at: usize) -> BTreeMap<String, Role> {
        let mut found = BTreeMap::new();
        let words: Vec<&str> = Role::ALL.iter().map(|r| r.as_str()).collect();
        let groups = self.table(table, "roles");
        if groups.is_none_or(DeTable::is_empty) {
            let what = "[serve.oidc] lacks [serve.oidc.roles]: without it nobody is let in";
            let hint = "a line for each group, as \"Standing leads\" = \"lead\"".to_owned();
            self.mistake(at, what, Some(hint));
        }
        for (group, value) in groups.into_iter().flatten() {
            let DeValue::String(word) = value.get_ref() else {
                let what = format!("roles: expected one of {}, in quotes", words.join(", "));
                self.mistake(value.span().start, what, None);
                continue;
            };
            match word.parse::<Role>() {
                Ok(role) => {
                    found.insert(group.get_ref().to_string(), role);
                }
                Err(no) => {
                    let hint = nearest(word, &words).map(|n| format!("did you mean {n:?}?"));
                    self.mistake(value.span().start, format!("roles: {no}"), hint);
                }
            }
        }
        found
    }

    /// The two ways in which a provider says that somebody showed more than a password.
    fn evidence_of_mfa(&mut self, table: &DeTable<'t>, at: usize) -> (Vec<String>, Vec<String>) {
        let (acr, amr) = (self.words(table, "acr_values"), self.words(table, "amr"));
        if acr.is_empty() && amr.is_empty() {
            let hint = "amr = [\"mfa\"] for Microsoft Entra and Okta, amr = [\"mfa\", \"hwk\", \"otp\"] for \
                        many others; acr_values where the provider knows levels";
            self.mistake(
                at,
                "[serve.oidc] lacks acr_values or amr: nobody is let in without evidence of \
                 multi-factor authentication",
                Some(hint.to_owned()),
            );
        }
        (acr, amr)
    }
}

/// Whether what is sent to a URL can be overheard by nobody.
pub fn may_be_asked(url: &openidconnect::url::Url) -> bool {
    let here = match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|a| a.is_loopback()),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::serve::right::Role;

    const WHOLE: &str = r#"
[serve.oidc]
issuer = "https://login.example.org/tenant/"
client_id = "standing"
amr = ["mfa"]
[serve.oidc.roles]
"Standing leads" = "lead"
siro = "owner"
"#;

    #[test]
    fn what_is_not_said_is_filled_in() {
        let oidc = Config::parse(WHOLE).unwrap().serve.oidc.unwrap();
        assert_eq!(oidc.issuer.as_str(), "https://login.example.org/tenant/");
        assert_eq!(oidc.name, "login.example.org");
        assert_eq!(oidc.scopes, ["openid", "profile", "email"]);
        assert_eq!(oidc.groups_claim, "groups");
        assert_eq!(oidc.roles["Standing leads"], Role::Lead);
        assert!(oidc.client_secret_file.is_none());
    }

    #[test]
    fn without_the_section_there_is_no_provider() {
        assert!(Config::parse("[serve]\n").unwrap().serve.oidc.is_none());
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_line() {
        let text = r#"[serve.oidc]
issuer = "http://login.example.org"
client = "standing"
scopes = ["profile"]
[serve.oidc.roles]
siro = "ownr"
"#;
        let failure = Config::parse(text).unwrap_err();
        for part in [
            "line 2: issuer: expected a URL as https://",
            "line 3: unknown field \"client\" in [serve.oidc]",
            "line 4: scopes: expected \"openid\"",
            "line 6: roles: no role \"ownr\"",
            "line 1: [serve.oidc] lacks client_id",
            "line 1: [serve.oidc] lacks acr_values or amr",
        ] {
            assert!(failure.message.contains(part), "{part}\n{failure}");
        }
    }

    #[test]
    fn without_evidence_of_mfa_it_is_refused_with_a_hint() {
        let text = WHOLE.replace("amr = [\"mfa\"]\n", "");
        let failure = Config::parse(&text).unwrap_err();
        assert!(
            failure
                .message
                .contains("line 2: [serve.oidc] lacks acr_values or amr")
        );
        assert!(failure.hint.unwrap().contains("amr = [\"mfa\"]"));
        let text = WHOLE.replace("[\"mfa\"]", "[]");
        assert!(
            Config::parse(&text).is_err(),
            "an empty list asks for nothing"
        );
    }

    #[test]
    fn without_roles_it_is_refused() {
        let text = WHOLE.split("[serve.oidc.roles]").next().unwrap();
        let failure = Config::parse(text).unwrap_err();
        assert!(failure.message.contains("lacks [serve.oidc.roles]"));
    }

    #[test]
    fn a_provider_without_tls_is_believed_on_loopback_only() {
        for (issuer, well) in [
            ("http://127.0.0.1:4000", true),
            ("http://[::1]:4000", true),
            ("http://localhost", true),
            ("http://127.0.0.1.example.org", false),
            ("https://login.example.org?x", false),
            ("ftp://localhost", false),
        ] {
            let text = WHOLE.replace("https://login.example.org/tenant/", issuer);
            assert_eq!(Config::parse(&text).is_ok(), well, "{issuer}");
        }
    }
}

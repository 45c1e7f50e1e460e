//! The key of a service account, and what it signs (RFC 7523).

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use standing_facts::GapCode;
use zeroize::Zeroizing;

use crate::FetchError;
use crate::secret::Secret;

/// A token is asked for this many seconds.
const LASTS: i64 = 3600;

/// The key, and whose it is. It cannot be printed.
pub(super) struct Key {
    pair: RsaKeyPair,
    id: String,
    email: String,
}

/// What is claimed for one token.
pub(super) struct Claims<'c> {
    pub(super) subject: &'c str,
    pub(super) scopes: &'c str,
    pub(super) audience: &'c str,
    pub(super) at: i64,
}

fn refused(why: &str) -> FetchError {
    FetchError::system(GapCode::Denied, format!("the key: {why}"))
}

impl Key {
    /// Understands the file that Google gives. The words of an error hold nothing of it.
    pub(super) fn of(secret: &Secret) -> Result<Self, FetchError> {
        let file: Value = serde_json::from_str(secret.reveal())
            .map_err(|_| refused("expected the JSON file of a service account's key"))?;
        let text = |name: &str| {
            let text = file[name].as_str().filter(|t| !t.is_empty());
            text.ok_or_else(|| refused(&format!("expected {name} in it")))
        };
        let pem = Zeroizing::new(text("private_key")?.to_owned());
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let encoded = Zeroizing::new(lines.map(str::trim).collect::<String>());
        let bytes = BASE64_STANDARD.decode(encoded.as_bytes());
        let bytes = Zeroizing::new(bytes.map_err(|_| refused("its private_key is not PEM"))?);
        let pair = RsaKeyPair::from_pkcs8(&bytes)
            .map_err(|_| refused("its private_key is not an RSA key in PKCS #8"))?;
        Ok(Key {
            pair,
            id: file["private_key_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            email: text("client_email")?.to_owned(),
        })
    }

    /// The claims, signed.
    pub(super) fn sign(&self, claims: &Claims<'_>) -> Result<Secret, FetchError> {
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.id });
        let body = json!({
            "iss": self.email,
            "sub": claims.subject,
            "scope": claims.scopes,
            "aud": claims.audience,
            "iat": claims.at,
            "exp": claims.at + LASTS,
        });
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", encode(&head), encode(&body));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .map_err(|_| refused("it cannot sign"))?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
        Ok(Secret::new(format!("{text}.{signature}")))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    /// An invented key of nobody, the same as in the recorded cases.
    fn file() -> Secret {
        let case = include_str!("testdata/complete/source.toml");
        let case: toml::Table = case.parse().unwrap();
        Secret::new(case["secrets"]["key"].as_str().unwrap().to_owned())
    }

    #[test]
    fn what_is_claimed_is_signed_with_the_key() {
        let key = Key::of(&file()).unwrap();
        let claims = Claims {
            subject: "admin@example.test",
            scopes: "one two",
            audience: "https://example.test/token",
            at: 1_000,
        };
        let token = key.sign(&claims).unwrap();
        let parts: Vec<&str> = token.reveal().split('.').collect();
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let body: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!(
            body,
            json!({
                "iss": "standing@example-project.iam.gserviceaccount.com",
                "sub": "admin@example.test",
                "scope": "one two",
                "aud": "https://example.test/token",
                "iat": 1_000,
                "exp": 4_600,
            })
        );
        let public = key.pair.public().as_ref();
        let signed = format!("{}.{}", parts[0], parts[1]);
        let verified = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(signed.as_bytes(), &decode(parts[2]));
        assert!(verified.is_ok());
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_told() {
        for text in [
            "no json",
            "{}",
            r#"{"private_key":"s3cret","client_email":"x"}"#,
        ] {
            let error = Key::of(&Secret::new(text.into()))
                .err()
                .unwrap()
                .to_string();
            assert!(
                error.starts_with("the key: ") && !error.contains("s3cret"),
                "{error}"
            );
        }
    }
}

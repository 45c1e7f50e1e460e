//! The identity provider: what it publishes of itself, and what it says of somebody.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthenticationContextClass, AuthorizationCode,
    ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
    SubjectIdentifier, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::flows::Flow;
use super::line::Line;
use crate::config::Oidc;
use crate::failure::Failure;

/// How long what the provider publishes is relied upon.
const FRESH: Duration = Duration::from_secs(3600);
/// At most so many questions for what it publishes …
const TRIES: usize = 5;
/// … within this time, whatever anybody brings about.
const WITHIN: Duration = Duration::from_secs(50);
/// How far its clock may differ from ours, seconds.
const SKEW: i64 = 60;
/// Signatures that are believed. None by a shared secret, and never none.
const ALGORITHMS: [Alg; 10] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EcdsaP521Sha512,
    Alg::EdDsa,
];

/// Claims beyond the standard's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Claims(BTreeMap<String, Value>);
impl AdditionalClaims for Claims {}

type Token = IdToken<Claims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, Alg>;
type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    Alg,
>;
type Us = Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why the provider's word could not be had or is not believed. The text is for our log; it holds no
/// code, no token and nobody's name.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It could not be asked.
    #[error("the identity provider could not be asked: {0}")]
    Unreachable(String),
    /// It does not accept the code.
    #[error("the identity provider refused the code: {0}")]
    Refused(String),
    /// What it says cannot be verified.
    #[error("the identity provider's token is not valid: {0}")]
    Invalid(String),
}

/// What the provider says of somebody, verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vouched {
    /// Who, within the provider.
    pub subject: String,
    /// Name, or empty.
    pub name: String,
    /// E-mail, or empty: never used to find somebody by.
    pub email: String,
    /// Groups; `None` where the provider says that there are too many to list.
    pub groups: Option<Vec<String>>,
    /// Level of authentication.
    pub acr: Option<String>,
    /// Methods of authentication.
    pub amr: Vec<String>,
    /// When they last authenticated, seconds.
    pub auth_time: Option<i64>,
}

/// A sign-in about to begin: what the browser is sent to, and what is kept here.
pub struct Begun {
    /// The provider's page.
    pub place: String,
    /// What comes back in the URL.
    pub state: String,
    /// What must come back in the token.
    pub nonce: String,
    /// What proves that the code is ours.
    pub verifier: String,
}

#[derive(Default)]
struct Published {
    metadata: Option<(Arc<CoreProviderMetadata>, Instant)>,
    tries: VecDeque<Instant>,
}

/// The provider.
pub struct Provider {
    settings: Oidc,
    secret: Option<ClientSecret>,
    back: RedirectUrl,
    line: Line,
    published: Mutex<Published>,
}

impl Provider {
    /// The provider of these settings; it is not asked yet. `folder` is where the files of the
    /// settings lie, `back` where it sends people.
    ///
    /// # Errors
    /// When a file of the settings cannot be used.
    pub fn new(settings: Oidc, folder: &Path, back: String) -> Result<Self, Failure> {
        let ca_file = settings.ca_file.as_ref().map(|file| folder.join(file));
        let secret = match &settings.client_secret_file {
            Some(file) => Some(ClientSecret::new(super::secret_of(&folder.join(file))?)),
            None => None,
        };
        Ok(Provider {
            line: Line::new(ca_file.as_deref())?,
            secret,
            back: RedirectUrl::new(back).map_err(Failure::integrity)?,
            settings,
            published: Mutex::default(),
        })
    }

    /// What the provider publishes of itself: as known, or asked for anew where `newer` says so or it
    /// is old. An old answer is better than none.
    fn published(&self, newer: bool, now: Instant) -> Result<Arc<CoreProviderMetadata>, Fault> {
        let mut published = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = published.metadata.clone();
        if let Some((metadata, at)) = &known
            && !newer
            && now.saturating_duration_since(*at) < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        let asked = match may_try(&mut published.tries, now) {
            true => self.discover(),
            false => Err(Fault::Unreachable("it was asked too often just now".into())),
        };
        match (asked, known) {
            (Ok(metadata), _) => {
                let metadata = Arc::new(metadata);
                published.metadata = Some((Arc::clone(&metadata), now));
                Ok(metadata)
            }
            (Err(fault), Some((metadata, _))) => {
                tracing::warn!(%fault, "what is known of it is used again");
                Ok(metadata)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    fn discover(&self) -> Result<CoreProviderMetadata, Fault> {
        CoreProviderMetadata::discover(&self.settings.issuer, &|r| self.line.ask(r))
            .map_err(|error| Fault::Unreachable(causes(&error)))
    }

    fn us(&self, metadata: &CoreProviderMetadata) -> Us {
        let by_header = metadata
            .token_endpoint_auth_methods_supported()
            .is_none_or(|ways| ways.contains(&CoreClientAuthMethod::ClientSecretBasic));
        Client::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            self.secret.clone(),
        )
        .set_redirect_uri(self.back.clone())
        .set_auth_type(if by_header {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        })
    }

    /// Begins a sign-in; `again` demands that somebody authenticates anew, whatever the provider
    /// remembers of them.
    ///
    /// # Errors
    /// When the provider cannot be asked.
    pub fn begin(&self, again: bool) -> Result<Begun, Fault> {
        let us = self.us(&*self.published(false, Instant::now())?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = us
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .set_pkce_challenge(challenge);
        for scope in self.settings.scopes.iter().filter(|s| *s != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        for level in &self.settings.acr_values {
            request =
                request.add_auth_context_value(AuthenticationContextClass::new(level.clone()));
        }
        if again {
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(Duration::ZERO);
        }
        let (place, state, nonce) = request.url();
        Ok(Begun {
            place: place.into(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        })
    }

    /// What the provider says of whoever comes back with this code.
    ///
    /// # Errors
    /// When it cannot be asked, refuses the code, or its word cannot be verified.
    pub fn vouch(&self, flow: &Flow, code: &str) -> Result<Vouched, Fault> {
        let us = self.us(&*self.published(false, Instant::now())?);
        let tokens = us
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| Fault::Unreachable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier.clone()))
            .request(&|r| self.line.ask(r))
            .map_err(|error| refused(&error))?;
        let nonce = Nonce::new(flow.nonce.clone());
        let lacks = || Fault::Invalid("there is no ID token".into());
        let token = tokens.id_token().ok_or_else(lacks)?;
        let claims = self.verified(&us, token, &nonce)?;
        self.vouched(&us, &claims, tokens.access_token())
    }

    /// The claims of a token whose signature, issuer, audience, times and nonce hold. A key that is
    /// not known may be new: the provider is asked once for its keys as they are now.
    fn verified(
        &self,
        us: &Us,
        token: &Token,
        nonce: &Nonce,
    ) -> Result<IdTokenClaims<Claims, CoreGenderClaim>, Fault> {
        use ClaimsVerificationError::SignatureVerification;
        use SignatureVerificationError::NoMatchingKey;
        match claims(us, token, nonce) {
            Err(SignatureVerification(NoMatchingKey)) => {
                let us = self.us(&*self.published(true, Instant::now())?);
                claims(&us, token, nonce)
            }
            other => other,
        }
        .and_then(|claims| self.for_us(claims))
        .map_err(|error| Fault::Invalid(causes(&error)))
    }

    /// Steps 4 and 5 of the standard's list, which the library leaves to us.
    fn for_us(
        &self,
        claims: IdTokenClaims<Claims, CoreGenderClaim>,
    ) -> Result<IdTokenClaims<Claims, CoreGenderClaim>, ClaimsVerificationError> {
        let ours = claims
            .authorized_party()
            .is_none_or(|party| party.as_str() == self.settings.client_id);
        if ours {
            Ok(claims)
        } else {
            let what = "it was issued to another party".to_owned();
            Err(ClaimsVerificationError::InvalidAudience(what))
        }
    }

    fn vouched(
        &self,
        us: &Us,
        claims: &IdTokenClaims<Claims, CoreGenderClaim>,
        access: &AccessToken,
    ) -> Result<Vouched, Fault> {
        let methods = claims.auth_method_refs().into_iter().flatten();
        let email = claims
            .email()
            .filter(|_| claims.email_verified() != Some(false));
        let groups = &self.settings.groups_claim;
        let mut vouched = Vouched {
            subject: claims.subject().to_string(),
            name: claims
                .name()
                .and_then(|n| n.get(None))
                .map(|n| n.to_string())
                .unwrap_or_default(),
            email: email.map(|e| e.to_string()).unwrap_or_default(),
            groups: listed(&claims.additional_claims().0, groups),
            acr: claims.auth_context_ref().map(|acr| acr.to_string()),
            amr: methods.map(|amr| amr.to_string()).collect(),
            auth_time: claims.auth_time().map(|at| at.timestamp()),
        };
        let silent = !claims.additional_claims().0.contains_key(groups) || vouched.name.is_empty();
        if silent && let Some(more) = self.user_info(us, claims.subject(), access)? {
            add(&mut vouched, &more, groups);
        }
        Ok(vouched)
    }

    /// What the provider says beside the token, if it has a place for that. Many put groups there.
    fn user_info(
        &self,
        us: &Us,
        subject: &SubjectIdentifier,
        access: &AccessToken,
    ) -> Result<Option<UserInfoClaims<Claims, CoreGenderClaim>>, Fault> {
        let Ok(request) = us.user_info(access.clone(), Some(subject.clone())) else {
            return Ok(None);
        };
        request
            .request(&|r| self.line.ask(r))
            .map(Some)
            .map_err(|error| Fault::Unreachable(causes(&error)))
    }
}

fn may_try(tries: &mut VecDeque<Instant>, now: Instant) -> bool {
    tries.retain(|at| now.saturating_duration_since(*at) < WITHIN);
    if tries.len() >= TRIES {
        return false;
    }
    tries.push_back(now);
    true
}

fn claims(
    us: &Us,
    token: &Token,
    nonce: &Nonce,
) -> Result<IdTokenClaims<Claims, CoreGenderClaim>, ClaimsVerificationError> {
    let now = Timestamp::now().as_second();
    let verifier = us
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_issue_time_verifier_fn(move |at| {
            let age = now - at.timestamp();
            match (-SKEW..=600 + SKEW).contains(&age) {
                true => Ok(()),
                false => Err(format!("it was issued {age} seconds ago")),
            }
        });
    token.claims(&verifier, nonce).cloned()
}

fn add(vouched: &mut Vouched, more: &UserInfoClaims<Claims, CoreGenderClaim>, groups: &str) {
    if vouched.name.is_empty() {
        let name = more.name().and_then(|n| n.get(None));
        vouched.name = name.map(|n| n.to_string()).unwrap_or_default();
    }
    if vouched.email.is_empty() && more.email_verified() != Some(false) {
        vouched.email = more.email().map(|e| e.to_string()).unwrap_or_default();
    }
    let claims = &more.additional_claims().0;
    if claims.contains_key(groups) {
        vouched.groups = listed(claims, groups);
    }
}

/// The groups in a claim: a list of texts, or one text. Where the claim is left out because there are
/// too many (Microsoft Entra points elsewhere then), they are not known; where it is left out
/// otherwise there are none.
fn listed(claims: &BTreeMap<String, Value>, name: &str) -> Option<Vec<String>> {
    match claims.get(name) {
        Some(Value::Array(list)) => Some(
            list.iter()
                .filter_map(|group| group.as_str().map(str::to_owned))
                .collect(),
        ),
        Some(Value::String(one)) => Some(vec![one.clone()]),
        Some(_) => Some(Vec::new()),
        None => {
            let elsewhere = claims
                .get("_claim_names")
                .is_some_and(|names| names.get(name).is_some());
            let too_many = elsewhere || claims.contains_key("hasgroups");
            (!too_many).then(Vec::new)
        }
    }
}

/// What the token endpoint said, without what it may have repeated of ours.
fn refused<E: std::error::Error + 'static>(
    error: &RequestTokenError<E, StandardErrorResponse<CoreErrorResponseType>>,
) -> Fault {
    match error {
        RequestTokenError::ServerResponse(said) => Fault::Refused(said.error().to_string()),
        RequestTokenError::Request(why) => Fault::Unreachable(causes(why)),
        RequestTokenError::Parse(..) => Fault::Unreachable("its answer is not understood".into()),
        RequestTokenError::Other(why) => Fault::Unreachable(why.clone()),
    }
}

/// An error with what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn groups_are_a_list_or_one_text_and_unknown_where_there_are_too_many() {
        let some = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect());
        let listed = |value| listed(&claims(value), "groups");
        assert_eq!(listed(json!({"groups": ["a", 1, "b"]})), some(&["a", "b"]));
        assert_eq!(listed(json!({"groups": "a"})), some(&["a"]));
        assert_eq!(listed(json!({"groups": {"a": 1}})), some(&[]));
        assert_eq!(listed(json!({})), some(&[]));
        assert_eq!(listed(json!({"_claim_names": {"groups": "src1"}})), None);
        assert_eq!(listed(json!({"hasgroups": true})), None);
        assert_eq!(listed(json!({"_claim_names": {"x": "src1"}})), some(&[]));
    }

    #[test]
    fn the_provider_is_asked_five_times_in_a_row_and_then_again_after_a_while() {
        let mut tries = VecDeque::new();
        let now = Instant::now();
        for _ in 0..TRIES {
            assert!(may_try(&mut tries, now));
        }
        assert!(!may_try(&mut tries, now + WITHIN / 2));
        assert!(may_try(&mut tries, now + WITHIN));
    }
}

//! Passkeys: ceremonies that are under way, and what is asked of an authenticator.
//!
//! What a ceremony must remember stays here, in memory, bounded in number and time; the browser holds
//! its name alone, and a name works once. Every ceremony asks that the person was verified, by a
//! finger, a face or a PIN: a passkey that was only touched lets nobody in.

pub mod recognising;
pub mod registering;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, PasskeyAuthentication,
    PasskeyRegistration, Url, Uuid, Webauthn, WebauthnBuilder,
};

use super::members::{Members, Passkey, secret};
use super::visit::{Means, Reply, Trouble, Visit};
use crate::config::Serve;
use crate::failure::Failure;

/// How long a ceremony may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Ceremonies under way at once; beyond that the oldest is given up. One address can begin some 360
/// within their time, so that it takes several to push out anybody who is quick.
const MOST: usize = 4096;

/// The ceremonies under way, and whom they are for.
pub struct Passkeys {
    webauthn: Webauthn,
    under_way: Mutex<HashMap<String, (Instant, Ceremony)>>,
}

/// What is remembered between its beginning and its end.
pub enum Ceremony {
    /// Somebody follows the link of an invitation.
    Join {
        /// What the link says.
        link: String,
        /// Their e-mail, for notices.
        email: String,
        /// What is being registered.
        new: New,
    },
    /// A member adds a passkey.
    Add {
        /// The member's session.
        session: String,
        /// What is being registered.
        new: New,
    },
    /// Somebody comes in.
    SignIn {
        /// What the library remembers.
        state: Box<DiscoverableAuthentication>,
        /// Where they wanted to go.
        next: String,
    },
    /// A member proves again who they are.
    Prove {
        /// The member's session.
        session: String,
        /// What the library remembers.
        state: Box<PasskeyAuthentication>,
        /// Where they wanted to go.
        next: String,
    },
}

/// A passkey that is being registered.
pub struct New {
    /// What the library remembers.
    pub state: Box<PasskeyRegistration>,
    /// Whose it is to be, by the name under which authenticators keep them.
    pub user: Uuid,
    /// Their name.
    pub name: String,
    /// What they call it.
    pub label: String,
}

/// How every ceremony ends: its name, and what the authenticator said.
#[derive(Deserialize)]
struct Finished<T> {
    ceremony: String,
    credential: T,
}

impl Passkeys {
    /// For the server at its public URL, to which passkeys are bound.
    ///
    /// # Errors
    /// When the URL has an address in the place of a name: no browser makes passkeys for that.
    pub fn of(serve: &Serve) -> Result<Self, Failure> {
        let unusable = |why: &str| {
            Failure::configuration(format!("public_url {}: {why}", serve.public_url)).hint(
                "set public_url in [serve] to the name that people type, as \
                 https://standing.example.org; on this machine http://localhost:8080 will do",
            )
        };
        let host = serve.host();
        if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return Err(unusable("passkeys need a name, not an IP address"));
        }
        let url = Url::parse(&serve.public_url).map_err(|e| unusable(&e.to_string()))?;
        let webauthn = WebauthnBuilder::new(host, &url)
            .and_then(|builder| builder.rp_name("Standing").timeout(PATIENCE).build())
            .map_err(|e| unusable(&e.to_string()))?;
        Ok(Passkeys {
            webauthn,
            under_way: Mutex::default(),
        })
    }

    /// Remembers a ceremony; gives its name.
    fn begin(&self, ceremony: Ceremony, now: Instant) -> Result<String, Failure> {
        let name = secret()?;
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if under_way.len() >= MOST {
            under_way.retain(|_, (began, _)| now.duration_since(*began) < PATIENCE);
        }
        if under_way.len() >= MOST {
            let oldest = under_way.iter().min_by_key(|(_, (began, _))| *began);
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.and_then(|name| under_way.remove(&name));
        }
        under_way.insert(name.clone(), (now, ceremony));
        Ok(name)
    }

    /// The ceremony of that name, this once.
    fn end(&self, name: &str, now: Instant) -> Result<Ceremony, Trouble> {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way
            .remove(name)
            .filter(|(began, _)| now.duration_since(*began) < PATIENCE)
            .map(|(_, ceremony)| ceremony)
            .ok_or_else(too_late)
    }
}

fn too_late() -> Trouble {
    Trouble::conflict("This took too long, or was begun on another page. Please try again.")
}

/// What begins a ceremony in the browser.
fn begun(name: &str, options: &Value) -> Reply {
    Reply::json(&json!({ "ceremony": name, "options": options }))
}

/// What the library wants asked for, and that the authenticator keeps who its owner is, so that
/// signing in needs no name.
fn creation(asked: &CreationChallengeResponse) -> Result<Value, Trouble> {
    let mut options = serde_json::to_value(asked).map_err(Trouble::ours)?;
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = json!("required");
    selection["requireResidentKey"] = json!(true);
    Ok(options)
}

/// The session of whoever comes; the door lets only sessions to what asks for a person.
fn session(visit: &Visit) -> Result<&str, Trouble> {
    match &visit.who()?.by {
        Means::Session { id, .. } => Ok(id),
        Means::Token { .. } => Err(Trouble::forbidden("This is for people, not for tokens.")),
    }
}

/// The public part of a passkey, as the library knows it. What cannot be read lets nobody in.
fn public_part(passkey: &Passkey) -> Option<webauthn_rs::prelude::Passkey> {
    let read = serde_json::from_value(passkey.credential.clone());
    if let Err(error) = &read {
        tracing::error!(passkey = passkey.id, %error, "a passkey cannot be read");
    }
    read.ok()
}

/// The passkey that an authenticator calls by this name.
fn by_credential<'m>(
    members: &'m Members,
    credential: &[u8],
) -> Option<(&'m Passkey, webauthn_rs::prelude::Passkey)> {
    members.passkeys.values().find_map(|passkey| {
        let public = public_part(passkey)?;
        let is_it: &[u8] = public.cred_id().as_ref();
        (is_it == credential).then_some((passkey, public))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passkeys() -> Passkeys {
        Passkeys::of(&Serve::default()).unwrap()
    }

    fn ceremony(passkeys: &Passkeys) -> Ceremony {
        let (_, state) = passkeys
            .webauthn
            .start_discoverable_authentication()
            .unwrap();
        Ceremony::SignIn {
            state: Box::new(state),
            next: "/".into(),
        }
    }

    #[test]
    fn a_ceremony_ends_once_and_in_time() {
        let passkeys = passkeys();
        let now = Instant::now();
        let name = passkeys.begin(ceremony(&passkeys), now).unwrap();
        assert!(passkeys.end("another", now).is_err());
        assert!(passkeys.end(&name, now).is_ok());
        assert!(passkeys.end(&name, now).is_err());
        let slow = passkeys.begin(ceremony(&passkeys), now).unwrap();
        assert!(passkeys.end(&slow, now + PATIENCE).is_err());
    }

    #[test]
    fn not_more_ceremonies_are_under_way_than_there_is_room_for() {
        let passkeys = passkeys();
        let now = Instant::now();
        let first = passkeys.begin(ceremony(&passkeys), now).unwrap();
        let later = now + Duration::from_secs(1);
        for _ in 0..MOST {
            passkeys.begin(ceremony(&passkeys), later).unwrap();
        }
        assert_eq!(passkeys.under_way.lock().unwrap().len(), MOST);
        assert!(passkeys.end(&first, later).is_err(), "the oldest gave way");
    }

    #[test]
    fn an_address_is_no_name() {
        let mut serve = Serve::default();
        for url in [
            "http://127.0.0.1:8080",
            "https://192.0.2.1",
            "https://[2001:db8::1]",
            "https://[::1]:8443",
        ] {
            serve.public_url = url.into();
            let failure = Passkeys::of(&serve).err().unwrap();
            assert!(failure.message.contains("not an IP address"), "{failure}");
            assert!(failure.hint.is_some());
        }
        serve.public_url = "https://standing.example:8443".into();
        assert!(Passkeys::of(&serve).is_ok());
    }
}

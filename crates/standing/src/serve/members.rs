//! Members, their passkeys, invitations and tokens, as the log says they stand.
//!
//! Every change is an entry. What names a person lies in the entry's `details` blob, so that the log
//! knows only identifiers, and an erased blob leaves a member without a name and every proof whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use standing_assess::Index;
use standing_assess::index::State;

use super::right::{Right, Role};
use crate::failure::Failure;
use crate::home::{By, Home};

/// Somebody who may come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Actor's identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail, for notices.
    pub email: String,
    /// What they are here for.
    pub role: Role,
    /// Issuer and subject, where an identity provider answers for them.
    pub identity: Option<(String, String)>,
    /// The entry that last said so.
    pub entry: u64,
}

/// A passkey of a member.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub member: String,
    /// What its owner calls it.
    pub label: String,
    /// Under which name authenticators keep its owner: random, one for all keys of a member.
    pub user: String,
    /// The public part, as the library for passkeys writes it.
    pub credential: Value,
    /// The entry that registered it.
    pub entry: u64,
}

/// A link by which somebody may become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its name.
    pub id: String,
    /// Hash of the secret in the link.
    pub hash: String,
    /// The member to whom the link gives a new key, where it is for one who is here already.
    pub member: Option<String>,
    /// Whether it makes the first owner: it stands only as long as there is none.
    pub set_up: bool,
    /// The role it gives.
    pub role: Role,
    /// Until when.
    pub expires_at: Timestamp,
    /// For whom.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// The entry that says so.
    pub entry: u64,
}

/// What a program comes in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name.
    pub id: String,
    /// In whose name it acts.
    pub member: String,
    /// Hash of its secret.
    pub hash: String,
    /// What it may be used for.
    pub scopes: Vec<Right>,
    /// Until when.
    pub expires_at: Timestamp,
    /// What its owner calls it.
    pub label: String,
    /// The entry that says so.
    pub entry: u64,
}

/// The secret link by which a member's calendar is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name.
    pub id: String,
    /// Whose calendar it is.
    pub member: String,
    /// Hash of the secret in the link.
    pub hash: String,
    /// The entry that says so.
    pub entry: u64,
}

/// Everybody and everything by which one may come in.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// By identifier.
    pub members: BTreeMap<String, Member>,
    /// By name of the key.
    pub passkeys: BTreeMap<String, Passkey>,
    /// By name.
    pub invitations: BTreeMap<String, Invitation>,
    /// By name.
    pub tokens: BTreeMap<String, Token>,
    /// By name.
    pub feeds: BTreeMap<String, Feed>,
}

impl Members {
    /// As they stand in the index.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn read(index: &Index) -> Result<Self, Failure> {
        fn all<T>(
            index: &Index,
            kind: &str,
            of: impl Fn(&str, u64, &Value) -> Option<T>,
        ) -> Result<BTreeMap<String, T>, Failure> {
            let mut found = BTreeMap::new();
            for State { name, entry, json } in index.states(kind)? {
                // What cannot be understood lets nobody in.
                let body: Value = serde_json::from_str(&json).map_err(Failure::integrity)?;
                if let Some(one) = of(&name, entry, &body) {
                    found.insert(name, one);
                }
            }
            Ok(found)
        }
        Ok(Members {
            members: all(index, "member", member)?,
            passkeys: all(index, "passkey", passkey)?,
            invitations: all(index, "invitation", invitation)?,
            tokens: all(index, "token", token)?,
            feeds: all(index, "feed", feed)?,
        })
    }

    /// The keys of a member.
    pub fn passkeys_of<'m>(&'m self, member: &'m str) -> impl Iterator<Item = &'m Passkey> {
        self.passkeys.values().filter(move |k| k.member == member)
    }

    /// Whether anybody is an owner and has a way in.
    pub fn has_owner(&self) -> bool {
        self.members.values().any(|m| {
            m.role == Role::Owner
                && (m.identity.is_some() || self.passkeys_of(&m.id).next().is_some())
        })
    }

    /// The token that a program shows, if it stands.
    pub fn token(&self, shown: &str, now: Timestamp) -> Option<&Token> {
        let (id, secret) = shown.strip_prefix(TOKEN_PREFIX)?.split_once('_')?;
        let token = self.tokens.get(id)?;
        (same(&token.hash, &hash(secret)) && token.expires_at > now).then_some(token)
    }

    /// The member whose calendar a link shows, if both still stand.
    pub fn feed(&self, shown: &str) -> Option<&Member> {
        let (id, secret) = shown.split_once('.')?;
        let feed = self.feeds.get(id)?;
        let member = self.members.get(&feed.member)?;
        same(&feed.hash, &hash(secret)).then_some(member)
    }

    /// The calendar's links of a member.
    pub fn feeds_of<'m>(&'m self, member: &'m str) -> impl Iterator<Item = &'m Feed> {
        self.feeds.values().filter(move |f| f.member == member)
    }

    /// The invitation of a link, if it stands.
    pub fn invitation(&self, shown: &str, now: Timestamp) -> Option<&Invitation> {
        let (id, secret) = shown.split_once('.')?;
        let invitation = self.invitations.get(id)?;
        let shown = same(&invitation.hash, &hash(secret)) && invitation.expires_at > now;
        let whose = invitation.member.as_ref();
        let stands = whose.is_none_or(|id| self.members.contains_key(id))
            && !(invitation.set_up && self.has_owner());
        (shown && stands).then_some(invitation)
    }
}

/// What every token begins with, so that scanners for leaked secrets can find it.
const TOKEN_PREFIX: &str = "standing_";

fn word<'v>(body: &'v Value, path: &str) -> Option<&'v str> {
    body.pointer(path).and_then(Value::as_str)
}

fn text(body: &Value, path: &str) -> String {
    word(body, path).unwrap_or_default().to_owned()
}

fn member(id: &str, entry: u64, body: &Value) -> Option<Member> {
    let issuer = word(body, "/details/issuer").zip(word(body, "/details/subject"));
    Some(Member {
        id: id.to_owned(),
        name: text(body, "/details/name"),
        email: text(body, "/details/email"),
        role: word(body, "/role")?.parse().ok()?,
        identity: issuer.map(|(i, s)| (i.to_owned(), s.to_owned())),
        entry,
    })
}

fn passkey(id: &str, entry: u64, body: &Value) -> Option<Passkey> {
    Some(Passkey {
        id: id.to_owned(),
        member: word(body, "/member")?.to_owned(),
        label: text(body, "/details/label"),
        user: text(body, "/details/user"),
        credential: body.pointer("/details/credential")?.clone(),
        entry,
    })
}

fn invitation(id: &str, entry: u64, body: &Value) -> Option<Invitation> {
    Some(Invitation {
        id: id.to_owned(),
        hash: word(body, "/hash")?.to_owned(),
        member: word(body, "/member").map(str::to_owned),
        set_up: body.pointer("/set_up").and_then(Value::as_bool) == Some(true),
        role: word(body, "/role")?.parse().ok()?,
        expires_at: word(body, "/expires_at")?.parse().ok()?,
        name: text(body, "/details/name"),
        email: text(body, "/details/email"),
        entry,
    })
}

fn token(id: &str, entry: u64, body: &Value) -> Option<Token> {
    let scopes = body.pointer("/scopes")?.as_array()?;
    Some(Token {
        id: id.to_owned(),
        member: word(body, "/member")?.to_owned(),
        hash: word(body, "/hash")?.to_owned(),
        scopes: scopes
            .iter()
            .filter_map(|s| Right::parse(s.as_str()?))
            .collect(),
        expires_at: word(body, "/expires_at")?.parse().ok()?,
        label: text(body, "/details/label"),
        entry,
    })
}

fn feed(id: &str, entry: u64, body: &Value) -> Option<Feed> {
    Some(Feed {
        id: id.to_owned(),
        member: word(body, "/member")?.to_owned(),
        hash: word(body, "/hash")?.to_owned(),
        entry,
    })
}

/// 256 bits from the system's source, as text that may stand in links and cookies.
///
/// # Errors
/// When the system has none to give.
pub fn secret() -> Result<String, Failure> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Failure::integrity)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// A short name for a thing, from the system's source.
///
/// # Errors
/// When the system has none to give.
pub fn short_name() -> Result<String, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Failure::integrity)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// SHA-256, hexadecimal: what is kept in the place of a secret of full strength.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// Compares without telling by its time where the difference lies.
pub fn same(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A member to be: the entries that make one.
#[derive(Clone, Debug, Default)]
pub struct NewMember<'a> {
    /// Name.
    pub name: &'a str,
    /// E-mail.
    pub email: &'a str,
    /// Issuer and subject, where an identity provider answers for them.
    pub identity: Option<(&'a str, &'a str)>,
}

fn details(home: &Home, value: &Value) -> Result<String, Failure> {
    Ok(home
        .vault
        .put_blob(value.to_string().as_bytes())?
        .digest
        .reference())
}

/// What a state is about, and the entries that say so.
pub type Named = (String, Vec<(String, Value)>);

/// The entries that introduce a new member; gives the new identifier with them.
///
/// # Errors
/// When the vault refuses.
pub fn joins(home: &Home, new: &NewMember<'_>, role: Role) -> Result<Named, Failure> {
    let (id, introduction) = home.introduce(new.name)?;
    let member = becomes(home, &id, new, role)?;
    Ok((id, vec![introduction, member]))
}

/// The entry that says what a member is from now on.
///
/// # Errors
/// When the vault refuses.
pub fn becomes(
    home: &Home,
    id: &str,
    new: &NewMember<'_>,
    role: Role,
) -> Result<(String, Value), Failure> {
    let mut about = json!({ "name": new.name, "email": new.email });
    if let Some((issuer, subject)) = new.identity {
        about["issuer"] = json!(issuer);
        about["subject"] = json!(subject);
    }
    let details = details(home, &about)?;
    let body = json!({ "member": id, "role": role.as_str(), "details": details });
    Ok(("member".into(), body))
}

/// The entry that gives a member a passkey; `user` is the name under which authenticators keep them.
///
/// # Errors
/// When the vault refuses.
pub fn passkey_added(
    home: &Home,
    member: &str,
    label: &str,
    user: &str,
    credential: &Value,
) -> Result<Named, Failure> {
    let id = short_name()?;
    let about = json!({ "label": label, "user": user, "credential": credential });
    let details = details(home, &about)?;
    let body = json!({ "passkey": id, "member": member, "details": details });
    Ok((id, vec![("passkey".into(), body)]))
}

/// What is about to be invited.
#[derive(Clone, Debug)]
pub struct Invited<'a> {
    /// For whom.
    pub name: &'a str,
    /// E-mail.
    pub email: &'a str,
    /// With which role.
    pub role: Role,
    /// Where it is to give a new key to one who is a member already.
    pub member: Option<&'a str>,
    /// Whether it is to make the first owner.
    pub set_up: bool,
    /// Until when.
    pub expires_at: Timestamp,
}

/// The entry of an invitation, and what its link says: shown once.
///
/// # Errors
/// When the vault refuses.
pub fn invite(home: &Home, invited: &Invited<'_>) -> Result<Named, Failure> {
    let (id, secret) = (short_name()?, secret()?);
    let about = json!({ "name": invited.name, "email": invited.email });
    let body = json!({
        "invitation": id,
        "hash": hash(&secret),
        "role": invited.role.as_str(),
        "member": invited.member,
        "set_up": invited.set_up,
        "expires_at": invited.expires_at.to_string(),
        "details": details(home, &about)?,
    });
    Ok((format!("{id}.{secret}"), vec![("invitation".into(), body)]))
}

/// The entry of a token, and the token itself: shown once.
///
/// # Errors
/// When the vault refuses.
pub fn new_token(
    home: &Home,
    member: &str,
    label: &str,
    scopes: &[Right],
    expires_at: Timestamp,
) -> Result<Named, Failure> {
    let (id, secret) = (short_name()?, secret()?);
    let scopes: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    let body = json!({
        "token": id,
        "member": member,
        "hash": hash(&secret),
        "scopes": scopes,
        "expires_at": expires_at.to_string(),
        "details": details(home, &json!({ "label": label }))?,
    });
    let shown = format!("{TOKEN_PREFIX}{id}_{secret}");
    Ok((shown, vec![("token".into(), body)]))
}

/// The entry of a calendar's link, and what the link says: shown once.
///
/// # Errors
/// When the system gives no secret.
pub fn new_feed(member: &str) -> Result<Named, Failure> {
    let (id, secret) = (short_name()?, secret()?);
    let body = json!({ "feed": id, "member": member, "hash": hash(&secret) });
    Ok((format!("{id}.{secret}"), vec![("feed".into(), body)]))
}

/// The entry that ends a member, a passkey, an invitation, a token or a calendar's link.
pub fn ends(kind: &str, id: &str, why: &str) -> (String, Value) {
    (format!("{kind}-end"), json!({ kind: id, "why": why }))
}

/// Appends entries and brings the index up to them; gives the number of the last.
///
/// # Errors
/// When the vault refuses.
pub fn keep(
    home: &Home,
    index: &Index,
    by: By<'_>,
    bodies: Vec<(String, Value)>,
) -> Result<u64, Failure> {
    let entries = home.append_all(index, by, bodies)?;
    crate::project::catch_up(&home.vault, index)?;
    entries
        .last()
        .map(|e| e.seq)
        .ok_or_else(|| Failure::integrity("the vault acknowledged no entry"))
}

//! The rules by which members come, change and go: the same at the keyboard and on the pages.

pub mod acts;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::members::{Member, Members, ends};
use super::right::{Right, Role};
use crate::failure::Failure;

/// Longest name, label or address, in characters.
const LONGEST: usize = 200;
/// Longest life of a token, in days.
pub const TOKEN_DAYS: i64 = 366;
/// Longest life of an invitation, in days.
pub const INVITATION_DAYS: i64 = 30;

/// Entries about to be written: kind and body.
pub type Entries = Vec<(String, Value)>;

/// A name or label as it is kept: one line, not blank, not endless.
///
/// # Errors
/// When it is none of these; `what` says what it should have been.
pub fn line<'t>(what: &str, text: &'t str) -> Result<&'t str, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format!("{what} is blank")));
    }
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(Failure::usage(format!(
            "{what}: expected one line of at most {LONGEST} characters"
        )));
    }
    Ok(text)
}

/// An address for notices, or nothing.
///
/// # Errors
/// When it cannot be one.
pub fn email(text: &str) -> Result<&str, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(text);
    }
    let parts = text.split_once('@');
    let well = parts.is_some_and(|(who, at)| !who.is_empty() && at.contains('.'))
        && !text.chars().any(char::is_whitespace);
    if !well {
        return Err(Failure::usage(
            "e-mail: expected an address as name@example.org",
        ));
    }
    line("e-mail", text)
}

/// The instant a number of days from now.
///
/// # Errors
/// When the number is not within 1 and `most`.
pub fn in_days(now: Timestamp, days: i64, most: i64) -> Result<Timestamp, Failure> {
    if !(1..=most).contains(&days) {
        return Err(Failure::usage(format!(
            "days: expected a number from 1 to {most}"
        )));
    }
    Ok(now + SignedDuration::from_hours(24 * days))
}

/// Scopes that a token of a member in this role may carry.
///
/// # Errors
/// When there are none, or one is unknown, not for tokens, or beyond the role.
pub fn scopes<'t>(
    role: Role,
    words: impl IntoIterator<Item = &'t str>,
) -> Result<Vec<Right>, Failure> {
    let mut scopes = Vec::new();
    for word in words {
        let right = Right::parse(word)
            .filter(|right| right.for_tokens())
            .ok_or_else(|| {
                let known: Vec<&str> = for_tokens(role).map(Right::as_str).collect();
                Failure::usage(format!("no scope {word:?} for tokens"))
                    .hint(format!("scopes are {}", known.join(", ")))
            })?;
        if !role.may(right) {
            return Err(Failure::usage(format!(
                "the role {role} does not carry the right {word:?}"
            )));
        }
        if !scopes.contains(&right) {
            scopes.push(right);
        }
    }
    if scopes.is_empty() {
        return Err(Failure::usage("a token needs at least one scope"));
    }
    Ok(scopes)
}

/// The rights that a token of a member in this role may carry.
pub fn for_tokens(role: Role) -> impl Iterator<Item = Right> {
    let all = Right::ALL.iter().copied();
    all.filter(move |right| right.for_tokens() && role.may(*right))
}

/// The member of this identifier or, if only one bears it, of this name.
///
/// # Errors
/// When several bear the name.
pub fn find<'m>(members: &'m Members, word: &str) -> Result<Option<&'m Member>, Failure> {
    if let Some(member) = members.members.get(word) {
        return Ok(Some(member));
    }
    let mut named = members.members.values().filter(|m| m.name == word);
    let found = named.next();
    if named.next().is_some() {
        return Err(
            Failure::usage(format!("several members are called {word:?}"))
                .hint("`standing member list` gives their identifiers"),
        );
    }
    Ok(found)
}

/// Whether this member is an owner with a way in, and the only one.
pub fn is_last_owner(members: &Members, id: &str) -> bool {
    let mut owners = members
        .members
        .values()
        .filter(|m| m.role == Role::Owner && has_way_in(members, m));
    owners.next().is_some_and(|m| m.id == id) && owners.next().is_none()
}

/// Whether a member can come in: by a passkey, or because an identity provider answers for them.
pub fn has_way_in(members: &Members, member: &Member) -> bool {
    member.identity.is_some() || members.passkeys_of(&member.id).next().is_some()
}

/// The entries that end every token of a member.
pub fn tokens_end(members: &Members, id: &str, why: &str) -> Entries {
    let tokens = members.tokens.values().filter(|t| t.member == id);
    tokens.map(|t| ends("token", &t.id, why)).collect()
}

/// The entries that end a member, with everything by which they could come in.
pub fn leaves(members: &Members, id: &str, why: &str) -> Entries {
    let keys = members.passkeys_of(id).map(|k| ends("passkey", &k.id, why));
    let links = members.invitations.values();
    let links = links
        .filter(|i| i.member.as_deref() == Some(id))
        .map(|i| ends("invitation", &i.id, why));
    let feeds = members.feeds_of(id).map(|f| ends("feed", &f.id, why));
    let mut entries: Entries = keys.chain(links).chain(feeds).collect();
    entries.extend(tokens_end(members, id, why));
    entries.push(ends("member", id, why));
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn owner(id: &str, identity: bool) -> Member {
        Member {
            id: id.into(),
            name: "Test Person".into(),
            email: String::new(),
            role: Role::Owner,
            identity: identity.then(|| ("issuer".into(), id.into())),
            entry: 1,
        }
    }

    fn members(all: Vec<Member>) -> Members {
        let members = all.into_iter().map(|m| (m.id.clone(), m));
        Members {
            members: members.collect::<BTreeMap<_, _>>(),
            ..Members::default()
        }
    }

    #[test]
    fn an_owner_without_a_way_in_does_not_count() {
        let both = members(vec![owner("a", true), owner("b", true)]);
        assert!(!is_last_owner(&both, "a") && !is_last_owner(&both, "b"));
        let one = members(vec![owner("a", true), owner("b", false)]);
        assert!(is_last_owner(&one, "a"));
        assert!(!is_last_owner(&one, "b"), "b could not come in anyway");
    }

    #[test]
    fn a_name_that_two_bear_names_nobody() {
        let two = members(vec![owner("a", true), owner("b", true)]);
        assert!(find(&two, "Test Person").is_err());
        assert_eq!(find(&two, "b").unwrap().unwrap().id, "b");
        assert_eq!(find(&two, "Nobody").unwrap(), None);
    }

    #[test]
    fn scopes_stay_within_the_role_and_what_tokens_may_carry() {
        assert_eq!(scopes(Role::Auditor, ["read"]).unwrap(), [Right::Read]);
        assert!(scopes(Role::Auditor, ["collect"]).is_err());
        for word in [
            "own",
            "erase",
            "members",
            "keys",
            "export-personal",
            "all",
            "",
        ] {
            assert!(scopes(Role::Owner, [word]).is_err(), "{word}");
        }
        assert!(scopes(Role::Owner, []).is_err());
    }

    #[test]
    fn names_and_addresses_are_one_line() {
        assert_eq!(line("name", " Test Person ").unwrap(), "Test Person");
        assert!(line("name", " ").is_err());
        assert!(line("name", "a\nb").is_err());
        assert!(line("name", &"a".repeat(201)).is_err());
        assert_eq!(email("").unwrap(), "");
        assert_eq!(email(" a@b.example ").unwrap(), "a@b.example");
        for bad in [
            "a",
            "a@b",
            "@b.example",
            "a b@c.example",
            "a@b.example\n\rBcc: x",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}

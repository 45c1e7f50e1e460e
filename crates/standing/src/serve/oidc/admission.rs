//! Who somebody of the identity provider is here, and as what: found by issuer and subject alone.
//!
//! The provider decides: the role follows the groups at each sign-in, and whoever is in no group that
//! has a role is a member no longer. Somebody who was invited is never the same person because of an
//! e-mail address: addresses are given again to others.

use standing_assess::Index;
use standing_assess::index::Wanted;

use super::provider::Vouched;
use crate::config::Oidc;
use crate::failure::Failure;
use crate::home::{Author, By, Home};
use crate::project;
use crate::serve::app::App;
use crate::serve::members::{self, Member, Members, NewMember};
use crate::serve::membership::{Entries, leaves, line};
use crate::serve::right::Role;
use crate::serve::visit::Trouble;

/// In whose name the log says what the provider brought about.
const PROVIDER: By<'static> = By {
    who: Author::Program(NAME),
    once: None,
};
const NAME: &str = "Standing's identity provider";
/// Endings that are looked through for somebody who was a member before.
const ENDINGS: usize = 10_000;

/// The mightiest role that the groups give.
pub fn role_of(settings: &Oidc, groups: &[String]) -> Option<Role> {
    let roles = groups.iter().filter_map(|group| settings.roles.get(group));
    // Roles are ordered with the mightiest first.
    roles.min().copied()
}

/// Lets somebody in for whom the provider vouches; gives the member's identifier. Where the role is
/// another than before, their sessions have ended.
///
/// # Errors
/// 403 where no group has a role, where an owner ended the membership, and where the groups are not
/// known.
pub fn admit(app: &App, settings: &Oidc, vouched: &Vouched) -> Result<String, Trouble> {
    let groups = vouched.groups.as_ref().ok_or_else(too_many_groups)?;
    // What another process has written, `standing member end` say, holds here at once.
    app.look_again()?;
    let known = find(&app.members(), settings, vouched).cloned();
    let Some(role) = role_of(settings, groups) else {
        return Err(turned_away(app, settings, known.as_ref())?);
    };
    let new = NewMember {
        name: &name(settings, vouched),
        email: &vouched.email,
        identity: Some((settings.issuer.as_str(), &vouched.subject)),
    };
    if let Some(member) = &known
        && is(member, &new, role)
    {
        return Ok(member.id.clone());
    }
    let mut id = String::new();
    let mut was = None;
    app.act(PROVIDER, |home, index| {
        // Another sign-in of the same person may have been quicker.
        let members = Members::read(index)?;
        let known = find(&members, settings, vouched);
        let entries = match known {
            Some(member) if is(member, &new, role) => {
                id.clone_from(&member.id);
                return Ok::<u64, Trouble>(member.entry);
            }
            Some(member) => {
                was = Some(member.role);
                id.clone_from(&member.id);
                vec![members::becomes(home, &member.id, &new, role)?]
            }
            None => joins(home, index, &new, role, &mut id)?,
        };
        Ok(members::keep(home, index, PROVIDER, entries)?)
    })?;
    if was.is_some_and(|was| was != role) {
        app.sessions.end_all(&id)?;
    }
    Ok(id)
}

fn find<'m>(members: &'m Members, settings: &Oidc, vouched: &Vouched) -> Option<&'m Member> {
    members.members.values().find(|member| {
        let identity = member.identity.as_ref();
        identity.is_some_and(|(i, s)| i == settings.issuer.as_str() && *s == vouched.subject)
    })
}

fn is(member: &Member, new: &NewMember<'_>, role: Role) -> bool {
    member.role == role && member.name == new.name && member.email == new.email
}

fn name(settings: &Oidc, vouched: &Vouched) -> String {
    line("name", &vouched.name).map_or_else(
        |_| format!("Somebody from {}", settings.name),
        str::to_owned,
    )
}

/// The entries of a first sign-in, or of one who comes back: whoever was a member keeps their
/// identifier, so that the log goes on knowing them.
fn joins(
    home: &Home,
    index: &Index,
    new: &NewMember<'_>,
    role: Role,
    id: &mut String,
) -> Result<Entries, Trouble> {
    match former(home, index, new)? {
        Some(former) if former.by_provider => {
            let again = members::becomes(home, &former.id, new, role)?;
            *id = former.id;
            Ok(vec![again])
        }
        Some(_) => Err(Trouble::forbidden(
            "Your membership was ended here by an owner, so the identity provider's word does not \
             suffice.",
        )
        .hint("ask an owner for an invitation")),
        None => {
            let (new_id, entries) = members::joins(home, new, role)?;
            *id = new_id;
            Ok(entries)
        }
    }
}

struct Former {
    id: String,
    /// Ended because no group mapped any more, not by a person.
    by_provider: bool,
}

/// Whoever had this identity last and is a member no longer.
fn former(home: &Home, index: &Index, new: &NewMember<'_>) -> Result<Option<Former>, Failure> {
    let provider = index.actor(NAME)?;
    let ended = Wanted {
        kind: Some("member-end".into()),
        ..Wanted::default()
    };
    for end in index.headings(&ended, ENDINGS)? {
        let before = Wanted {
            kind: Some("member".into()),
            about: Some(end.about.clone()),
            below: Some(end.seq),
            ..Wanted::default()
        };
        let Some(last) = index.headings(&before, 1)?.pop() else {
            continue;
        };
        let said = project::details(&home.vault, last.seq)?;
        let word = |name: &str| said.get(name).and_then(serde_json::Value::as_str);
        if word("issuer").zip(word("subject")) == new.identity {
            return Ok(Some(Former {
                id: end.about,
                by_provider: provider.as_deref() == Some(end.actor.as_str()),
            }));
        }
    }
    Ok(None)
}

/// Ends the membership of somebody who is in no group with a role; gives what they are told.
fn turned_away(app: &App, settings: &Oidc, known: Option<&Member>) -> Result<Trouble, Trouble> {
    if let Some(member) = known {
        app.sessions.end_all(&member.id)?;
        app.act(PROVIDER, |home, index| {
            let members = Members::read(index)?;
            if !members.members.contains_key(&member.id) {
                return Ok(member.entry);
            }
            let entries = leaves(&members, &member.id, "no group of theirs has a role");
            members::keep(home, index, PROVIDER, entries)
        })?;
    }
    Ok(Trouble::new(
        403,
        "You are in no group that is let in",
        format!(
            "{} knows you, but you are in none of the groups that have a role in Standing.",
            settings.name
        ),
    )
    .hint("ask whoever looks after Standing or the identity provider which group you should be in")
    .log(format!(
        "nobody is let in by {:?}: none of the {} groups of [serve.oidc.roles] came",
        settings.groups_claim,
        settings.roles.len()
    )))
}

fn too_many_groups() -> Trouble {
    Trouble::forbidden(
        "The identity provider did not say which groups you are in: they are too many.",
    )
    .hint("at the provider, have only the groups assigned to this application put into the token")
    .log("the identity provider left the groups out of the token")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_roles_the_mightiest_holds() {
        let text = "[serve.oidc]\nissuer = \"https://a.example\"\nclient_id = \"a\"\namr = [\"mfa\"]\n\
                    [serve.oidc.roles]\nboard = \"auditor\"\nops = \"engineer\"\nsiro = \"owner\"\n";
        let oidc = crate::config::Config::parse(text)
            .unwrap()
            .serve
            .oidc
            .unwrap();
        let role = |groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|g| (*g).to_owned()).collect();
            role_of(&oidc, &groups)
        };
        assert_eq!(role(&["board", "ops"]), Some(Role::Engineer));
        assert_eq!(role(&["ops", "siro", "board"]), Some(Role::Owner));
        assert_eq!(role(&["other"]), None);
        assert_eq!(role(&["Siro"]), None, "names are names to the letter");
        assert_eq!(role(&[]), None);
    }
}

//! `standing member` and `standing token`: who may come into the server, kept from the keyboard of the
//! machine that holds the vault. Whoever can do this can read the keys too: nothing is asked again.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::{Format, MemberCommand, TokenCommand};
use crate::failure::Failure;
use crate::home::{By, Home};
use crate::serve::members::{self, Invited, Member, Members, NewMember};
use crate::serve::membership::{self, Entries, INVITATION_DAYS, TOKEN_DAYS};
use crate::serve::right::Role;
use crate::text::{count, day, plain, table};

/// Why entries of this module end something: kept in the log.
const WHY: &str = "ended at the keyboard";

/// Runs `standing member …`.
///
/// # Errors
/// When there is no such member, or the vault refuses.
pub fn member(folder: &Path, command: &MemberCommand, format: Format) -> Result<u8, Failure> {
    let home = Home::open(folder)?;
    match command {
        MemberCommand::List => list(&home, format),
        MemberCommand::Add { name, role, email } => add(&home, name, *role, email),
        MemberCommand::Invite {
            who,
            role,
            email,
            days,
        } => invite(&home, who, *role, email.as_deref(), *days),
        MemberCommand::End { who } => end(&home, who),
    }
}

/// Runs `standing token …`.
///
/// # Errors
/// When there is no such member or token, or the vault refuses.
pub fn token(folder: &Path, command: &TokenCommand, format: Format) -> Result<u8, Failure> {
    let home = Home::open(folder)?;
    match command {
        TokenCommand::List => list_tokens(&home, format),
        TokenCommand::Add {
            member,
            scopes,
            label,
            days,
        } => add_token(&home, member, scopes, label, *days),
        TokenCommand::End { id } => end_token(&home, id),
    }
}

fn standing(home: &Home) -> Result<Members, Failure> {
    Members::read(&home.index()?)
}

fn known<'m>(members: &'m Members, who: &str) -> Result<&'m Member, Failure> {
    membership::find(members, who)?.ok_or_else(|| {
        Failure::usage(format!("no member {who:?}"))
            .hint("`standing member list` lists names and identifiers")
    })
}

fn keep(home: &Home, entries: Entries) -> Result<u64, Failure> {
    members::keep(home, &home.index()?, By::KEYBOARD, entries)
}

/// The day of an instant, as people write it.
fn on(instant: Timestamp) -> String {
    day(standing_assess::AsOf::at(instant).date)
}

fn list(home: &Home, format: Format) -> Result<u8, Failure> {
    let members = standing(home)?;
    if format == Format::Json {
        let all: Vec<Value> = members
            .members
            .values()
            .map(|m| told(&members, m))
            .collect();
        let links: Vec<Value> = members.invitations.values().map(invitation).collect();
        say!("{}", json!({ "members": all, "invitations": links }));
        return Ok(0);
    }
    let rows = members.members.values().map(|m| {
        let mut ways = vec![count(members.passkeys_of(&m.id).count() as u64, "passkey")];
        ways.extend(m.identity.is_some().then(|| "identity provider".into()));
        let ways = ways.join(", ");
        vec![m.id.clone(), m.role.to_string(), m.name.clone(), ways]
    });
    put!("{}", table(&rows.collect::<Vec<_>>()));
    let now = Timestamp::now();
    let open = members.invitations.values().filter(|i| i.expires_at > now);
    let rows = open.map(|i| {
        let until = format!("invited until {}", on(i.expires_at));
        vec![i.id.clone(), i.role.to_string(), i.name.clone(), until]
    });
    put!("{}", table(&rows.collect::<Vec<_>>()));
    eprintln!("{}", count(members.members.len() as u64, "member"));
    Ok(0)
}

fn told(members: &Members, member: &Member) -> Value {
    json!({
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "role": member.role.as_str(),
        "passkeys": members.passkeys_of(&member.id).count(),
        "identity_provider": member.identity.is_some(),
        "entry": member.entry,
    })
}

fn invitation(invitation: &members::Invitation) -> Value {
    json!({
        "id": invitation.id,
        "name": invitation.name,
        "email": invitation.email,
        "role": invitation.role.as_str(),
        "member": invitation.member,
        "expires_at": invitation.expires_at.to_string(),
        "entry": invitation.entry,
    })
}

fn add(home: &Home, name: &str, role: Role, email: &str) -> Result<u8, Failure> {
    let new = NewMember {
        name: membership::line("name", name)?,
        email: membership::email(email)?,
        identity: None,
    };
    let (id, entries) = members::joins(home, &new, role)?;
    let entry = keep(home, entries)?;
    say!(
        "entry {entry}: {} is a member, as {role}: {id}",
        plain(new.name)
    );
    say!("They have no key yet: `standing member invite {id}` makes a link for one.");
    Ok(0)
}

fn invite(
    home: &Home,
    who: &str,
    role: Option<Role>,
    email: Option<&str>,
    days: i64,
) -> Result<u8, Failure> {
    let members = standing(home)?;
    let expires_at = membership::in_days(Timestamp::now(), days, INVITATION_DAYS)?;
    let invited = match (membership::find(&members, who)?, role) {
        (Some(member), None) if email.is_none() => Invited {
            name: &member.name,
            email: &member.email,
            role: member.role,
            member: Some(&member.id),
            set_up: false,
            expires_at,
        },
        (Some(member), _) => {
            let failure = format!("{who:?} is a member already, as {}", member.role);
            return Err(Failure::usage(failure)
                .hint("without --role and --email the link gives them a new key"));
        }
        (None, Some(role)) => Invited {
            name: membership::line("name", who)?,
            email: membership::email(email.unwrap_or_default())?,
            role,
            member: None,
            set_up: false,
            expires_at,
        },
        (None, None) => {
            return Err(Failure::usage(format!("no member {who:?}"))
                .hint("--role makes it an invitation for somebody new"));
        }
    };
    let (link, entries) = members::invite(home, &invited)?;
    let entry = keep(home, entries)?;
    let what = match invited.member {
        Some(id) => format!("a new key for {id}"),
        None => format!("a new member, as {}", invited.role),
    };
    say!(
        "entry {entry}: {what}. The link works once, until {}:",
        on(expires_at)
    );
    say!("  {}/join/{link}", home.config.serve.public_url);
    Ok(0)
}

fn end(home: &Home, who: &str) -> Result<u8, Failure> {
    let members = standing(home)?;
    let member = known(&members, who)?;
    let last = membership::is_last_owner(&members, &member.id);
    let entries = membership::leaves(&members, &member.id, WHY);
    let beside = entries.len() as u64 - 1;
    let entry = keep(home, entries)?;
    say!(
        "entry {entry}: {} ({}) is no member any more; {} ended with them",
        plain(&member.name),
        member.id,
        count(beside, "passkey, link or token")
            .replace("passkey, link or tokens", "passkeys, links and tokens")
    );
    if last {
        say!("Nobody owns it now: `standing serve` prints a new set-up link when it starts.");
    }
    Ok(0)
}

fn list_tokens(home: &Home, format: Format) -> Result<u8, Failure> {
    let members = standing(home)?;
    let now = Timestamp::now();
    let tokens = members.tokens.values();
    if format == Format::Json {
        let all: Vec<Value> = tokens.map(|t| token_told(t, now)).collect();
        say!("{}", Value::from(all));
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = tokens
        .map(|t| {
            let whose = members
                .members
                .get(&t.member)
                .map_or(&t.member, |m| &m.name);
            let scopes: Vec<&str> = t.scopes.iter().map(|s| s.as_str()).collect();
            let until = match t.expires_at > now {
                true => format!("until {}", on(t.expires_at)),
                false => format!("expired on {}", on(t.expires_at)),
            };
            vec![
                t.id.clone(),
                whose.clone(),
                scopes.join(","),
                until,
                t.label.clone(),
            ]
        })
        .collect();
    put!("{}", table(&rows));
    eprintln!("{}", count(rows.len() as u64, "token"));
    Ok(0)
}

fn token_told(token: &members::Token, now: Timestamp) -> Value {
    json!({
        "id": token.id,
        "member": token.member,
        "label": token.label,
        "scopes": token.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "expires_at": token.expires_at.to_string(),
        "expired": token.expires_at <= now,
        "entry": token.entry,
    })
}

fn add_token(
    home: &Home,
    who: &str,
    scopes: &[String],
    label: &str,
    days: i64,
) -> Result<u8, Failure> {
    let members = standing(home)?;
    let member = known(&members, who)?;
    let scopes = membership::scopes(member.role, scopes.iter().map(String::as_str))?;
    let label = membership::line("label", label)?;
    let expires_at = membership::in_days(Timestamp::now(), days, TOKEN_DAYS)?;
    let (shown, entries) = members::new_token(home, &member.id, label, &scopes, expires_at)?;
    let entry = keep(home, entries)?;
    // The token alone on standard output, so that a script can keep it without cutting it out.
    eprintln!(
        "entry {entry}: a token of {}, until {}; it is shown this once",
        member.id,
        on(expires_at)
    );
    say!("{shown}");
    Ok(0)
}

fn end_token(home: &Home, id: &str) -> Result<u8, Failure> {
    let members = standing(home)?;
    let token = members.tokens.get(id).ok_or_else(|| {
        Failure::usage(format!("no token {id:?}"))
            .hint("`standing token list` lists their identifiers, never the tokens themselves")
    })?;
    let entry = keep(home, vec![members::ends("token", &token.id, WHY)])?;
    say!("entry {entry}: token {id} of {} ended", token.member);
    Ok(0)
}

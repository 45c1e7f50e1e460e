//! What the API takes and gives about members, their keys, links and sessions.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms::Member;
use crate::serve::membership::acts::Shown;
use crate::serve::right::Role;
use crate::serve::visit::Reply;

/// What somebody is here for.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleWord {
    /// Answers for the firm. May do everything.
    Owner,
    /// Leads the work: everything but people, roles and erasing.
    Lead,
    /// Does the work: sources, registers and collections, no attestations.
    Engineer,
    /// Sees and decides the reviews given to them, nothing else.
    Reviewer,
    /// Reads everything but secrets. Changes nothing.
    Auditor,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Role {
        match word {
            RoleWord::Owner => Role::Owner,
            RoleWord::Lead => Role::Lead,
            RoleWord::Engineer => Role::Engineer,
            RoleWord::Reviewer => Role::Reviewer,
            RoleWord::Auditor => Role::Auditor,
        }
    }
}

/// Somebody to be invited.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Name.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// E-mail, for notices.
    pub email: Option<String>,
    /// The role it gives.
    pub role: RoleWord,
    /// Days for which the link works; 7 where it is not given.
    #[schemars(range(min = 1, max = 30))]
    pub days: Option<i64>,
}

/// What is to be otherwise about a member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// Name.
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// E-mail, for notices; empty for none.
    pub email: Option<String>,
    /// Role.
    pub role: Option<RoleWord>,
}

/// A token to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for.
    #[schemars(length(min = 1, max = 200))]
    pub label: String,
    /// What it may be used for: rights that tokens may carry, within one's own role.
    #[schemars(length(min = 1))]
    pub scopes: Vec<String>,
    /// Days for which it works; 30 where it is not given.
    #[schemars(range(min = 1, max = 366))]
    pub days: Option<i64>,
}

/// A link that is told this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Link {
    /// The entry of the log that says so.
    pub entry: u64,
    /// Its name, by which it can be ended.
    pub id: String,
    /// The link itself: whoever has it may use it.
    pub link: String,
    /// Until when it works; null: until it is withdrawn.
    pub expires_at: Option<String>,
}

impl Link {
    /// The answer that tells it.
    pub fn reply(shown: Shown, until: Option<Timestamp>) -> Reply {
        let link = Link {
            entry: shown.acted.entry,
            id: shown.id,
            link: shown.secret,
            expires_at: until.map(|at| at.to_string()),
        };
        super::made(&link, link.entry)
    }
}

/// A token that is told this once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TokenMade {
    /// The entry of the log that says so.
    pub entry: u64,
    /// Its name, by which it can be ended.
    pub id: String,
    /// The token itself: whoever has it may use it.
    pub token: String,
    /// Until when it works.
    pub expires_at: String,
}

impl TokenMade {
    /// The answer that tells it.
    pub fn reply(shown: Shown, until: Timestamp) -> Reply {
        let token = TokenMade {
            entry: shown.acted.entry,
            id: shown.id,
            token: shown.secret,
            expires_at: until.to_string(),
        };
        super::made(&token, token.entry)
    }
}

/// Who one is here, and by what one comes in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Me {
    /// As a member.
    pub member: Member,
    /// Whether one proved within the last minutes who one is.
    pub proven: bool,
    /// One's passkeys.
    pub passkeys: Vec<Passkey>,
    /// One's sessions.
    pub sessions: Vec<Session>,
    /// The entry of the link by which one's calendar is read, where there is one.
    pub feed: Option<u64>,
}

/// A passkey.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Passkey {
    /// Its name.
    pub id: String,
    /// What its owner calls it.
    pub label: String,
    /// The entry that registered it.
    pub entry: u64,
}

/// A session.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Session {
    /// Its name.
    pub id: String,
    /// Whether it is the one that asks.
    pub this: bool,
    /// `passkey` or `identity provider`.
    pub means: String,
    /// Browser and system, in a few words.
    pub label: String,
    /// Its beginning.
    pub began_at: String,
    /// The last request, to the minute.
    pub seen_at: String,
}

/// Sessions that have ended. They stand in no log.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SessionsEnded {
    /// How many.
    pub ended: u64,
}

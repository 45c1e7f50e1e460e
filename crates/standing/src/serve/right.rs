//! Who may do what: roles, rights, and the one table between them.

use std::fmt;
use std::str::FromStr;

/// What a person is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Answers for the firm: the SIRO.
    Owner,
    /// Leads the work: the security lead.
    Lead,
    /// Does the work.
    Engineer,
    /// Sees only the reviews given to them.
    Reviewer,
    /// Reads everything but secrets, changes nothing.
    Auditor,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: &'static [Role] = &[
        Role::Owner,
        Role::Lead,
        Role::Engineer,
        Role::Reviewer,
        Role::Auditor,
    ];

    /// `owner`, `lead`, `engineer`, `reviewer`, `auditor`.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Lead => "lead",
            Role::Engineer => "engineer",
            Role::Reviewer => "reviewer",
            Role::Auditor => "auditor",
        }
    }

    /// What it is, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Role::Owner => "Answers for the firm. May do everything.",
            Role::Lead => "Leads the work: everything but people, roles and erasing.",
            Role::Engineer => "Does the work: sources, registers and collections, no attestations.",
            Role::Reviewer => "Sees and decides the reviews given to them, nothing else.",
            Role::Auditor => "Reads everything but secrets. Changes nothing.",
        }
    }

    /// Whether the role has the right.
    pub fn may(self, right: Right) -> bool {
        use Right::{
            Attest, Collect, Configure, Erase, ExportPersonal, Keys, Members, Own, Read,
            ReadPersonal, Record, Review,
        };
        let rights: &[Right] = match self {
            Role::Owner => return true,
            Role::Lead => &[
                Own,
                Read,
                ReadPersonal,
                Attest,
                Record,
                Collect,
                Configure,
                ExportPersonal,
                Review,
                Keys,
            ],
            Role::Engineer => &[Own, Read, ReadPersonal, Record, Collect, Configure, Review],
            Role::Reviewer => &[Own, Review],
            Role::Auditor => &[Own, Read, ReadPersonal],
        };
        debug_assert!(!rights.contains(&Members) && !rights.contains(&Erase));
        rights.contains(&right)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the word for a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no role {0:?}: expected owner, lead, engineer, reviewer or auditor")]
pub struct NoRole(pub String);

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        Role::ALL
            .iter()
            .copied()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| NoRole(text.to_owned()))
    }
}

/// What a route asks of whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// To look after one's own keys and session.
    Own,
    /// To see standing, items, checks, sources and the log.
    Read,
    /// To see people: who they are, their accounts and rights.
    ReadPersonal,
    /// To attest items, to grant exceptions, to say what binds the organisation.
    Attest,
    /// To keep registers.
    Record,
    /// To run sources.
    Collect,
    /// To add, change and remove sources.
    Configure,
    /// To decide a review.
    Review,
    /// To take personal data out in bulk.
    ExportPersonal,
    /// To erase payloads.
    Erase,
    /// To invite, to end, to change roles.
    Members,
    /// To make and end API tokens.
    Keys,
    /// To read the figures of the server's own running. No person needs it; owners have it.
    Metrics,
}

impl Right {
    /// All of them.
    pub const ALL: &'static [Right] = &[
        Right::Own,
        Right::Read,
        Right::ReadPersonal,
        Right::Attest,
        Right::Record,
        Right::Collect,
        Right::Configure,
        Right::Review,
        Right::ExportPersonal,
        Right::Erase,
        Right::Members,
        Right::Keys,
        Right::Metrics,
    ];

    /// The word by which a token's scope names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Right::Own => "own",
            Right::Read => "read",
            Right::ReadPersonal => "read-personal",
            Right::Attest => "attest",
            Right::Record => "record",
            Right::Collect => "collect",
            Right::Configure => "configure",
            Right::Review => "review",
            Right::ExportPersonal => "export-personal",
            Right::Erase => "erase",
            Right::Members => "members",
            Right::Keys => "keys",
            Right::Metrics => "metrics",
        }
    }

    /// The inverse of [`Right::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Right::ALL.iter().copied().find(|r| r.as_str() == text)
    }

    /// Whether a token may carry it: what asks for a person at the keyboard, no token can do.
    pub fn for_tokens(self) -> bool {
        !matches!(
            self,
            Right::Own | Right::Erase | Right::Members | Right::Keys | Right::ExportPersonal
        )
    }
}

/// What a route asks before its handler runs. There is no default: each route says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, bounded in rate.
    Public,
    /// A member, or a token of one, with the right.
    With(Right),
    /// The same with either right: what they see of it depends on which.
    Either(Right, Right),
    /// A member with the right who proved within the last minutes who they are. No token will do.
    Proven(Right),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_roles_and_rights_come_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().as_ref(), Ok(role));
        }
        for right in Right::ALL {
            assert_eq!(Right::parse(right.as_str()), Some(*right));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn only_owners_may_change_members_and_erase() {
        for role in Role::ALL {
            assert_eq!(role.may(Right::Members), *role == Role::Owner);
            assert_eq!(role.may(Right::Erase), *role == Role::Owner);
        }
    }
}

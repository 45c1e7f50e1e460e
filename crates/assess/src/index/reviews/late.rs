//! What came into reviewed systems after a campaign was frozen.

use std::collections::HashSet;

use rusqlite::params;

use crate::index::{Index, IndexError};

/// An account or right that a campaign did not freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// The system.
    pub system: String,
    /// The account's id.
    pub account: String,
    /// What is typed to sign in; empty where only the right is new.
    pub login: String,
    /// The right, as `entitlement of resource`; `None`: the account itself is new.
    pub right: Option<String>,
    /// The instant of the reading that first held it.
    pub seen_at: String,
    /// The entry of that reading.
    pub entry: u64,
}

impl Index {
    /// Accounts that can sign in and rights, of some systems, which are there now, came after an
    /// instant, and are not among the rows of a campaign.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn review_late(
        &self,
        campaign: &str,
        since: &str,
        systems: &[String],
    ) -> Result<Vec<Late>, IndexError> {
        let mut late = Vec::new();
        let mut new: HashSet<(String, String)> = HashSet::new();
        for system in systems {
            let mut statement = self.connection.prepare_cached(
                "select h.system, h.id, h.login, h.valid_from, h.entry from history_account as h
                 where h.system = ?1 and h.valid_to is null and h.valid_from > ?2
                   and coalesce(h.enabled, 1) = 1 and not exists (
                     select 1 from review_row as r
                     where r.account = h.id and r.system = h.system and r.campaign = ?3)
                 order by h.valid_from, h.id",
            )?;
            let found = statement.query_map(params![system, since, campaign], |row| {
                Ok(Late {
                    system: row.get(0)?,
                    account: row.get(1)?,
                    login: row.get(2)?,
                    right: None,
                    seen_at: row.get(3)?,
                    entry: row.get::<_, i64>(4)?.cast_unsigned(),
                })
            })?;
            for one in found {
                let one = one?;
                new.insert((one.account.clone(), system.to_lowercase()));
                late.push(one);
            }
            for right in self.late_rights(campaign, since, system)? {
                if !new.contains(&(right.account.clone(), system.to_lowercase())) {
                    late.push(right);
                }
            }
        }
        Ok(late)
    }

    fn late_rights(
        &self,
        campaign: &str,
        since: &str,
        system: &str,
    ) -> Result<Vec<Late>, IndexError> {
        // A right of the same name that was there before the freezing came back in another line of
        // its source, and is none that nobody has seen.
        let mut statement = self.connection.prepare_cached(
            "select h.system, h.account, a.login, h.entitlement || ' of ' || h.resource,
               h.valid_from, h.entry
             from history_grant as h
             left join history_account as a on a.id = h.account and a.valid_to is null
             where h.system = ?1 and h.valid_to is null and h.valid_from > ?2
               and coalesce(a.enabled, 1) = 1 and not exists (
                 select 1 from history_grant as b
                 where b.account = h.account and b.system = h.system and b.resource = h.resource
                   and b.entitlement = h.entitlement and b.valid_from <= ?2
                   and (b.valid_to is null or b.valid_to > ?2)
                   and exists (select 1 from review_row as r
                     where r.account = h.account and r.system = h.system and r.campaign = ?3))
             order by h.valid_from, h.id",
        )?;
        let found = statement.query_map(params![system, since, campaign], |row| {
            Ok(Late {
                system: row.get(0)?,
                account: row.get(1)?,
                login: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                right: Some(row.get(3)?),
                seen_at: row.get(4)?,
                entry: row.get::<_, i64>(5)?.cast_unsigned(),
            })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

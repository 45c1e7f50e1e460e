//! Accounts: who can sign in, and with what rights.

use jiff::civil::Date;
use standing_facts::GapCode;
use standing_facts::tables::{Account, Grant};

use super::entries::Entry;
use super::groups::{self, Groups};
use super::times;
use crate::Sink;

/// What the export shows as a whole, before any account is judged.
#[derive(Default)]
pub(super) struct Seen {
    /// The latest day in the export: it was made then or later. Expiry is judged by it, since
    /// reading must not depend on the day of reading.
    latest: Option<Date>,
    /// Operational attributes were asked for, so a missing lock means that there is none.
    operational: bool,
    member_of: bool,
    ranged: u64,
    accounts: u64,
    computers: u64,
    lock_unknown: u64,
}

impl Seen {
    pub(super) fn look(&mut self, entry: &Entry) {
        const INSTANTS: [&str; 6] = [
            "whenchanged",
            "whencreated",
            "modifytimestamp",
            "createtimestamp",
            "pwdlastsuccess",
            "pwdchangedtime",
        ];
        let written = INSTANTS
            .iter()
            .filter_map(|n| times::generalized(entry.text(n)?));
        let steps = ["lastlogontimestamp", "lastlogon", "pwdlastset"];
        let steps = steps.iter().filter_map(|n| times::filetime(entry.text(n)?));
        let days = entry.text("shadowlastchange").and_then(times::unix_days);
        self.latest = self.latest.max(written.chain(steps).chain(days).max());
        self.operational |= entry.text("createtimestamp").is_some()
            || entry.text("modifytimestamp").is_some()
            || entry.text("entryuuid").is_some();
        self.member_of |= entry.text("memberof").is_some();
        self.ranged += u64::from(entry.ranged);
    }

    pub(super) fn account(
        &mut self,
        system: &str,
        part: &str,
        groups: &Groups,
        entry: &Entry,
        sink: &mut Sink<'_>,
    ) {
        let Some(dn) = entry.text("dn") else { return };
        let service =
            entry.is("msDS-GroupManagedServiceAccount") || entry.is("msDS-ManagedServiceAccount");
        if entry.is("computer") && !service {
            self.computers += 1;
            return;
        }
        let login = entry.text("samaccountname").or(entry.text("uid"));
        if Groups::is_group(entry) || !is_account(entry) {
            return;
        }
        let Some(login) = login
            .or(entry.text("userprincipalname"))
            .or(entry.text("cn"))
        else {
            let what = "expected sAMAccountName, uid or cn; the entry was left out";
            sink.problem(part, Some(entry.line), None, what);
            return;
        };
        self.accounts += 1;
        let id = native_id(entry, login);
        let privileged = self.grants(system, (&id, dn, login), groups, entry, sink);
        let enabled = self.enabled(entry, part, sink);
        let smart_card = control(entry).is_some_and(|c| c & 0x40000 != 0);
        let text = |name| entry.text(name).map(str::to_owned);
        sink.fact(&Account {
            id: sink.id(&id),
            system: system.to_owned(),
            login: login.to_owned(),
            name: text("displayname").or(text("cn")),
            email: text("mail"),
            employee_number: text("employeeid").or(text("employeenumber")),
            enabled,
            kind: service.then(|| "service".into()),
            privileged,
            mfa: smart_card.then_some(true),
            mfa_basis: smart_card.then(|| "enforced".into()),
            created_on: ["whencreated", "createtimestamp"]
                .iter()
                .find_map(|n| times::generalized(entry.text(n)?)),
            last_used_on: last_used(entry),
            password_changed_on: password_changed(entry),
            owner: None,
            disabled_on: disabled_on(entry),
            expires_on: expires_on(entry),
        });
    }

    /// One grant a group, those it comes to through other groups included. Whether any of them
    /// makes an administrator; null where groups of the account are not in the export.
    fn grants(
        &self,
        system: &str,
        (id, dn, login): (&str, &str, &str),
        groups: &Groups,
        entry: &Entry,
        sink: &mut Sink<'_>,
    ) -> Option<bool> {
        let member_of: Vec<&str> = entry.all("memberof").collect();
        let (mut held, mut whole) = groups.of(dn, login, &member_of);
        if let Some(name) = entry.text("primarygroupid").and_then(primary_group)
            && !held.iter().any(|m| m.name.eq_ignore_ascii_case(name))
        {
            held.push(groups::Membership {
                dn: format!("primary group {name}"),
                name: name.to_owned(),
                privileged: groups::is_privileged(name),
                direct: true,
            });
        }
        whole &= self.ranged == 0 && (self.member_of || !groups.is_empty());
        for membership in &held {
            sink.fact(&Grant {
                id: sink.id(&format!("{id}/{}", membership.dn)),
                account: sink.id(id),
                system: system.to_owned(),
                resource: membership.name.clone(),
                entitlement: "member".into(),
                privileged: Some(membership.privileged),
                direct: Some(membership.direct),
                granted_on: None,
            });
        }
        let any = held.iter().any(|m| m.privileged);
        (any || whole).then_some(any)
    }

    fn enabled(&mut self, entry: &Entry, part: &str, sink: &mut Sink<'_>) -> Option<bool> {
        let expired = |day: Option<Date>| day.is_some_and(|d| self.latest.is_some_and(|l| d < l));
        if entry.text("useraccountcontrol").is_some() {
            let Some(control) = control(entry) else {
                let at = Some("userAccountControl");
                sink.problem(part, Some(entry.line), at, "expected a whole number");
                return None;
            };
            let ends = entry.text("accountexpires").and_then(times::filetime);
            return Some(control & 0x2 == 0 && !expired(ends));
        }
        let says = |name| entry.text(name).map(|t| t.eq_ignore_ascii_case("true"));
        let locked = ["logindisabled", "nsaccountlock"]
            .iter()
            .find_map(|n| says(n));
        let ends = entry.text("shadowexpire").filter(|d| *d != "-1");
        if locked == Some(true)
            || entry.text("pwdaccountlockedtime").is_some()
            || expired(ends.and_then(times::unix_days))
        {
            return Some(false);
        }
        let known = locked.is_some() || self.operational;
        self.lock_unknown += u64::from(!known);
        known.then_some(true)
    }

    pub(super) fn report(&self, groups: &Groups, sink: &mut Sink<'_>) {
        if sink.failed() {
            return;
        }
        if self.ranged > 0 {
            let count = self.ranged;
            let why = format!("groups of which only a range of members was given: {count}");
            sink.gap(Some("grant"), GapCode::Truncated, why);
        }
        if self.accounts > 0 && groups.is_empty() && !self.member_of {
            let why = "neither memberOf nor groups in the export: rights were not asked for";
            sink.gap(Some("grant"), GapCode::NotAsked, why);
        }
        if self.lock_unknown > 0 {
            let count = self.lock_unknown;
            let why = format!(
                "accounts of which it was not asked whether they are locked (userAccountControl, or + for operational attributes): {count}"
            );
            sink.gap(Some("account"), GapCode::NotAsked, why);
        }
        if self.computers > 0 {
            let what = format!("accounts of computers, not read: {}", self.computers);
            sink.notice("export", None, None, what);
        }
    }
}

fn is_account(entry: &Entry) -> bool {
    const CLASSES: [&str; 5] = [
        "user",
        "inetOrgPerson",
        "posixAccount",
        "account",
        "simpleSecurityObject",
    ];
    CLASSES.iter().any(|class| entry.is(class))
        || entry.text("useraccountcontrol").is_some()
        || entry.text("samaccountname").is_some()
}

/// Microsoft's identifier or the entry's UUID, which survive a move; the login where neither came.
fn native_id(entry: &Entry, login: &str) -> String {
    if let Some(uuid) = entry.text("entryuuid") {
        return uuid.to_lowercase();
    }
    let guid: Option<[u8; 16]> = entry.bytes("objectguid").and_then(|b| b.try_into().ok());
    let Some(g) = guid else {
        return login.to_lowercase();
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let first = u32::from_le_bytes([g[0], g[1], g[2], g[3]]);
    let (second, third) = (
        u16::from_le_bytes([g[4], g[5]]),
        u16::from_le_bytes([g[6], g[7]]),
    );
    format!(
        "{first:08x}-{second:04x}-{third:04x}-{}-{}",
        hex(&g[8..10]),
        hex(&g[10..])
    )
}

fn control(entry: &Entry) -> Option<i64> {
    entry.text("useraccountcontrol")?.parse().ok()
}

/// The primary group is not in `memberOf`. Domain Users, everybody's, is left out.
fn primary_group(rid: &str) -> Option<&'static str> {
    match rid {
        "512" => Some("Domain Admins"),
        "514" => Some("Domain Guests"),
        "518" => Some("Schema Admins"),
        "519" => Some("Enterprise Admins"),
        "520" => Some("Group Policy Creator Owners"),
        "544" => Some("Administrators"),
        _ => None,
    }
}

/// The day of the last change to `userAccountControl` of an account that it disables: the account was
/// disabled on that day or before.
fn disabled_on(entry: &Entry) -> Option<Date> {
    let disabled = control(entry).is_some_and(|c| c & 0x2 != 0);
    let changes = entry.bytes("replpropertymetadata").filter(|_| disabled)?;
    times::changed(changes, times::USER_ACCOUNT_CONTROL)
}

fn expires_on(entry: &Entry) -> Option<Date> {
    let ends = entry.text("accountexpires").and_then(times::filetime);
    let days = entry.text("shadowexpire").filter(|d| *d != "-1");
    ends.or_else(|| days.and_then(times::unix_days))
}

fn last_used(entry: &Entry) -> Option<Date> {
    let steps = ["lastlogontimestamp", "lastlogon"];
    let steps = steps.iter().filter_map(|n| times::filetime(entry.text(n)?));
    let written = ["pwdlastsuccess", "authtimestamp"];
    let written = written
        .iter()
        .filter_map(|n| times::generalized(entry.text(n)?));
    steps.chain(written).max()
}

fn password_changed(entry: &Entry) -> Option<Date> {
    let steps = entry.text("pwdlastset").and_then(times::filetime);
    steps
        .or_else(|| times::generalized(entry.text("pwdchangedtime")?))
        .or_else(|| times::unix_days(entry.text("shadowlastchange")?))
}

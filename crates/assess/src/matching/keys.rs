//! Employee numbers, e-mail addresses and sign-in names, brought into one form and hashed.

use crate::functions::fold_letter;

/// A hash of bytes that is never zero, the same on every machine and in every version.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mixed(hash)
}

/// Spreads a hash over all of its bits, of which a lookup takes the uppermost.
pub(super) fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (hash ^ (hash >> 32)).max(1)
}

/// Appends a letter in small letters and without accents.
pub(super) fn push_folded(out: &mut String, letter: char) {
    if letter.is_ascii() {
        out.push(letter.to_ascii_lowercase());
        return;
    }
    for letter in letter.to_lowercase() {
        match letter {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            other => out.extend(fold_letter(other)),
        }
    }
}

/// An employee number without leading zeros, also those behind a letter, without the `.0` that
/// spreadsheets add, blanks and marks. Zero if there is none.
pub(super) fn number(text: &str, scratch: &mut String) -> u64 {
    scratch.clear();
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    let mut digits = false;
    for letter in text.chars().filter(|c| c.is_alphanumeric()) {
        // A zero that no other digit stands before is a leading one.
        if letter == '0' && !digits {
            continue;
        }
        digits |= letter.is_ascii_digit();
        push_folded(scratch, letter);
    }
    if digits { hash(scratch.as_bytes()) } else { 0 }
}

/// Hosts at which anybody may have an address, which tells of nobody's employer.
const OPEN_TO_ALL: &[&str] = &[
    "aol.com",
    "btinternet.com",
    "gmail.com",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "icloud.com",
    "live.co.uk",
    "live.com",
    "mac.com",
    "me.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "users.noreply.github.com",
    "yahoo.co.uk",
    "yahoo.com",
];

/// One e-mail address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// All of it, without a tag behind a plus.
    pub(super) whole: u64,
    /// What stands before the `@`, letters and digits only.
    pub(super) local: u64,
    /// What stands behind it.
    pub(super) domain: u64,
    /// The same without its first label, where two labels stay.
    pub(super) parent: u64,
    /// Whether anybody may have an address there.
    pub(super) open_to_all: bool,
}

/// Every address in a text: several may stand there, between blanks, commas or semicolons.
pub(super) fn addresses<'t>(
    text: &'t str,
    scratch: &'t mut String,
) -> impl Iterator<Item = Address> + 't {
    let apart = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>');
    text.split(apart).filter_map(move |one| {
        let one = one.get(..5).map_or(one, |head| {
            let smtp = head.eq_ignore_ascii_case("smtp:");
            if smtp { &one[5..] } else { one }
        });
        let (local, domain) = one.rsplit_once('@')?;
        if local.is_empty() || domain.is_empty() {
            return None;
        }
        let local = local.split_once('+').map_or(local, |(before, _)| before);
        scratch.clear();
        local.chars().for_each(|c| push_folded(scratch, c));
        let plain = scratch.len();
        scratch.push('@');
        domain.chars().for_each(|c| push_folded(scratch, c));
        let domain = &scratch[plain + 1..];
        let parent = domain.split_once('.').map_or("", |(_, rest)| rest);
        let parent = if parent.contains('.') {
            hash(parent.as_bytes())
        } else {
            0
        };
        let (open_to_all, domain) = (OPEN_TO_ALL.contains(&domain), hash(domain.as_bytes()));
        let whole = hash(scratch.as_bytes());
        scratch.truncate(plain);
        scratch.retain(char::is_alphanumeric);
        let local = if scratch.is_empty() {
            0
        } else {
            hash(scratch.as_bytes())
        };
        Some(Address {
            whole,
            local,
            domain,
            parent,
            open_to_all,
        })
    })
}

/// What a sign-in name looks like beside what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// Like anybody's.
    Personal,
    /// Named after what several people do: `reception`, `helpdesk`.
    Functional,
    /// Marked as another firm's.
    External,
    /// A machine's or a service's.
    Machine,
}

/// A sign-in name without what marks it as an administrator's, letters and digits only, is left in
/// `scratch`.
pub(super) fn login(text: &str, scratch: &mut String) -> Looks {
    scratch.clear();
    let text = text.trim();
    let text = text.rsplit_once('\\').map_or(text, |(_, name)| name);
    text.chars().for_each(|c| push_folded(scratch, c));
    let outside = scratch.contains("#ext#");
    let end = scratch.find(['@', '+']).unwrap_or(scratch.len());
    scratch.truncate(end);
    strip_administrator(scratch);
    let looks = if outside {
        Looks::External
    } else {
        looks(scratch)
    };
    scratch.retain(char::is_alphanumeric);
    looks
}

/// Before or behind the name of an administrator's second account.
const ADMINISTRATOR: &[&str] = &[
    "a",
    "adm",
    "admin",
    "da",
    "ga",
    "pa",
    "pam",
    "priv",
    "privileged",
    "su",
    "super",
    "t0",
    "t1",
    "t2",
    "tier0",
    "tier1",
];

/// Takes `adm-`, `.admin`, `-priv` and their like away, as long as a name of three letters stays.
fn strip_administrator(login: &mut String) {
    let mark = |c: char| matches!(c, '-' | '_' | '.');
    if let Some((before, rest)) = login.split_once(mark)
        && rest.len() > 2
        && ADMINISTRATOR.contains(&before)
    {
        // `a.smith` is a name; only a hyphen or an underscore makes the one letter a mark.
        let dot = login.as_bytes().get(before.len()) == Some(&b'.');
        if !(dot && before.len() == 1) {
            let rest = rest.to_owned();
            *login = rest;
        }
    }
    if let Some((rest, behind)) = login.rsplit_once(mark)
        && rest.len() > 2
        && ADMINISTRATOR.contains(&behind)
    {
        let dot = login.as_bytes().get(rest.len()) == Some(&b'.');
        if !(dot && behind.len() == 1) {
            login.truncate(rest.len());
        }
    }
}

/// Words that mark another firm's account.
const EXTERNAL: &[&str] = &[
    "contractor",
    "ext",
    "extern",
    "external",
    "guest",
    "partner",
    "thirdparty",
    "vendor",
];

/// Words of machines and services.
const MACHINE: &[&str] = &[
    "ansible",
    "api",
    "apps",
    "automation",
    "azuread",
    "backup",
    "bot",
    "build",
    "cicd",
    "connector",
    "cron",
    "daemon",
    "deploy",
    "deployer",
    "etl",
    "gha",
    "grafana",
    "healthcheck",
    "integration",
    "jenkins",
    "k8s",
    "ldapbind",
    "mailer",
    "metrics",
    "monitor",
    "monitoring",
    "msol",
    "nagios",
    "noreply",
    "oracle",
    "pipeline",
    "postgres",
    "prometheus",
    "root",
    "rpa",
    "runner",
    "sa",
    "scanner",
    "scheduler",
    "serviceaccount",
    "smtp",
    "splunk",
    "srv",
    "svc",
    "sync",
    "syslog",
    "system",
    "terraform",
    "veeam",
    "vpnsvc",
    "webhook",
    "zabbix",
];

/// Words of what several people do. Some are family names too.
const FUNCTION: &[&str] = &[
    "accounts",
    "admin",
    "administration",
    "administrator",
    "admins",
    "appointments",
    "billing",
    "boardroom",
    "bookings",
    "breakglass",
    "careers",
    "clinic",
    "clinical",
    "contact",
    "demo",
    "desk",
    "duty",
    "emergency",
    "enquiries",
    "facilities",
    "finance",
    "frontdesk",
    "hello",
    "help",
    "helpdesk",
    "hr",
    "info",
    "information",
    "invoices",
    "kiosk",
    "lab",
    "mailbox",
    "marketing",
    "meeting",
    "nurses",
    "office",
    "oncall",
    "operations",
    "orders",
    "payroll",
    "pharmacy",
    "postmaster",
    "press",
    "printer",
    "procurement",
    "reception",
    "referrals",
    "room",
    "rota",
    "sales",
    "security",
    "service",
    "servicedesk",
    "shared",
    "shift",
    "staff",
    "support",
    "team",
    "test",
    "tester",
    "theatre",
    "training",
    "triage",
    "user",
    "visitor",
    "ward",
    "webmaster",
];

fn looks(login: &str) -> Looks {
    let words = || {
        let words = login.split(|c: char| !c.is_alphanumeric());
        words.map(|w| w.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    let any = |list: &[&str]| words().any(|w| list.binary_search(&w).is_ok());
    if any(MACHINE) {
        Looks::Machine
    } else if any(EXTERNAL) {
        Looks::External
    } else if any(FUNCTION) {
        Looks::Functional
    } else {
        Looks::Personal
    }
}

/// What a display name makes of an account: what it says of machines and functions, not of people.
pub(super) fn looks_of_name(words: impl Iterator<Item = impl AsRef<str>>) -> Looks {
    const MACHINE_NAMES: &[&str] = &[
        "api",
        "automation",
        "bot",
        "daemon",
        "integration",
        "kiosk",
        "mailbox",
        "printer",
        "robot",
        "scanner",
        "service",
        "svc",
        "system",
    ];
    const SHARED_NAMES: &[&str] = &[
        "desk",
        "enquiries",
        "helpdesk",
        "office",
        "reception",
        "shared",
        "team",
    ];
    let mut looks = Looks::Personal;
    for word in words {
        if MACHINE_NAMES.contains(&word.as_ref()) {
            return Looks::Machine;
        }
        if SHARED_NAMES.contains(&word.as_ref()) {
            looks = Looks::Functional;
        }
    }
    looks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> u64 {
        number(text, &mut String::new())
    }

    #[test]
    fn numbers_lose_their_zeros_and_nothing_else() {
        for same in ["42", "0042", " 000042 ", "42.0", "00-42"] {
            assert_eq!(numbers(same), numbers("42"), "{same}");
        }
        assert_eq!(numbers("E0042"), numbers("e42"));
        for other in ["420", "402", "E42", "4.20"] {
            assert_ne!(numbers(other), numbers("42"), "{other}");
        }
        for none in ["", "0", "000", "n/a", " "] {
            assert_eq!(numbers(none), 0, "{none}");
        }
    }

    fn all(text: &str) -> Vec<Address> {
        let mut scratch = String::new();
        addresses(text, &mut scratch).collect()
    }

    #[test]
    fn addresses_are_compared_without_case_tags_and_prefixes() {
        let one = all("Ada.Byron@Firm.test");
        for same in [
            "ada.byron@firm.test",
            "SMTP:ada.byron@firm.test",
            "ada.byron+aws@firm.test",
            "Ada Byron <ada.byron@firm.test>",
        ] {
            assert_eq!(all(same), one, "{same}");
        }
        let two = all("ada.byron@firm.test; adabyron@other.test");
        assert_eq!(two.len(), 2);
        assert_eq!(two[0].local, two[1].local);
        assert_ne!(two[0].whole, two[1].whole);
        assert!(all("a@gmail.com")[0].open_to_all);
        assert_eq!(all("none @ , ada").len(), 0);
    }

    #[test]
    fn logins_lose_what_marks_administrators() {
        let plain = |text: &str| {
            let mut scratch = String::new();
            let looks = login(text, &mut scratch);
            (scratch, looks)
        };
        for same in [
            "j.smith",
            "J.Smith@firm.test",
            "FIRM\\jsmith",
            "adm-jsmith",
            "j.smith.admin",
            "jsmith-priv",
            "a_jsmith",
            "jsmith+aws",
        ] {
            assert_eq!(plain(same), ("jsmith".into(), Looks::Personal), "{same}");
        }
        assert_eq!(plain("a.smith").0, "asmith");
        assert_eq!(plain("adm").0, "adm");
        for (text, looks) in [
            ("jane_other.test#EXT#@firm.test", Looks::External),
            ("jane_ext", Looks::External),
            ("svc-jsmith", Looks::Machine),
            ("backup01", Looks::Machine),
            ("ward-7", Looks::Functional),
            ("reception", Looks::Functional),
            ("botham", Looks::Personal),
        ] {
            assert_eq!(plain(text).1, looks, "{text}");
        }
    }

    #[test]
    fn lists_that_are_searched_by_halves_are_in_order() {
        for list in [EXTERNAL, MACHINE, FUNCTION, ADMINISTRATOR, OPEN_TO_ALL] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}

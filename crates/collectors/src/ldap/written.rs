//! Entries as `ldapsearch` writes them (RFC 2849).

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ldap3::ResultEntry;

/// What is asked for. Each operational attribute is named: `+` would bring the history of passwords.
pub(super) const ASKED: [&str; 34] = [
    "objectClass",
    "objectGUID",
    "entryUUID",
    "cn",
    "uid",
    "sAMAccountName",
    "userPrincipalName",
    "displayName",
    "mail",
    "employeeID",
    "employeeNumber",
    "userAccountControl",
    "accountExpires",
    "lastLogonTimestamp",
    "pwdLastSet",
    "whenCreated",
    "whenChanged",
    "memberOf",
    "primaryGroupID",
    "member",
    "uniqueMember",
    "memberUid",
    "roleOccupant",
    "replPropertyMetaData",
    "createTimestamp",
    "modifyTimestamp",
    "shadowExpire",
    "shadowLastChange",
    "pwdAccountLockedTime",
    "pwdChangedTime",
    "pwdLastSuccess",
    "authTimestamp",
    "loginDisabled",
    "nsAccountLock",
];

/// One entry as it came.
pub(super) struct Entry {
    pub(super) dn: Vec<u8>,
    pub(super) attributes: Vec<Attribute>,
}

/// One attribute that was asked for.
pub(super) struct Attribute {
    pub(super) name: &'static str,
    /// The number of the last value that came, where the server gave a range; within, `None` where that
    /// was the last of all.
    pub(super) range: Option<Option<u32>>,
    pub(super) values: Vec<Vec<u8>>,
}

impl Entry {
    /// `None` where it is not built as an entry is. What was not asked for is left out.
    pub(super) fn of(found: ResultEntry) -> Option<Entry> {
        let mut pieces = found.0.expect_constructed()?.into_iter();
        let dn = pieces.next()?.expect_primitive()?;
        let mut attributes = Vec::new();
        for attribute in pieces.next()?.expect_constructed()? {
            let mut pieces = attribute.expect_constructed()?.into_iter();
            let name = String::from_utf8(pieces.next()?.expect_primitive()?).ok()?;
            let values = pieces.next()?.expect_constructed()?.into_iter();
            let values = values
                .map(|v| v.expect_primitive())
                .collect::<Option<Vec<_>>>()?;
            let (plain, range) = range(&name)?;
            let asked = ASKED.iter().find(|a| a.eq_ignore_ascii_case(plain));
            // Active Directory names a ranged attribute twice: whole, which is empty, and by its range.
            if let Some(name) = asked.filter(|_| !values.is_empty()) {
                attributes.push(Attribute {
                    name,
                    range,
                    values,
                });
            }
        }
        Some(Entry { dn, attributes })
    }
}

/// `member;range=0-1499` into its name and the number of its last value.
fn range(written: &str) -> Option<(&str, Option<Option<u32>>)> {
    let mut pieces = written.split(';');
    let name = pieces.next()?;
    let Some(range) = pieces.find_map(|option| option.strip_prefix("range=")) else {
        return Some((name, None));
    };
    let (_, last) = range.split_once('-')?;
    let last = match last {
        "*" => None,
        last => Some(last.parse().ok()?),
    };
    Some((name, Some(last)))
}

/// The addresses of a reference to another server.
pub(super) fn urls(found: ResultEntry) -> Vec<Vec<u8>> {
    let urls = found.0.expect_constructed().unwrap_or_default().into_iter();
    urls.filter_map(|url| url.expect_primitive()).collect()
}

/// Appends one entry.
pub(super) fn entry(text: &mut Vec<u8>, entry: &Entry) {
    line(text, "dn", &entry.dn);
    for attribute in &entry.attributes {
        let name = match attribute.range {
            Some(Some(last)) => format!("{};range=0-{last}", attribute.name),
            _ => attribute.name.to_owned(),
        };
        for value in &attribute.values {
            line(text, &name, value);
        }
    }
    text.push(b'\n');
}

/// Appends a reference to another server.
pub(super) fn reference(text: &mut Vec<u8>, url: &[u8]) {
    line(text, "ref", url);
    text.push(b'\n');
}

/// Appends how the search ended.
pub(super) fn end(text: &mut Vec<u8>, result: u32, entries: u64) {
    let _ = write!(
        text,
        "search: 2\nresult: {result}\n\n# numEntries: {entries}\n"
    );
}

/// Whatever could be mistaken for something else is written in base64.
fn line(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    let plain = value.iter().all(|b| (0x20..0x7f).contains(b))
        && !value.starts_with(b" ")
        && !value.starts_with(b":")
        && !value.starts_with(b"<")
        && !value.ends_with(b" ");
    text.extend_from_slice(name.as_bytes());
    if plain {
        text.extend_from_slice(b": ");
        text.extend_from_slice(value);
    } else {
        text.extend_from_slice(b":: ");
        text.extend_from_slice(STANDARD.encode(value).as_bytes());
    }
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_on_its_line() {
        for (value, expected) in [
            (b"Ada".as_slice(), "cn: Ada\n"),
            (b"", "cn: \n"),
            (b"<file", "cn:: PGZpbGU=\n"),
            (
                b"a\nuserAccountControl: 2",
                "cn:: YQp1c2VyQWNjb3VudENvbnRyb2w6IDI=\n",
            ),
            ("Ú".as_bytes(), "cn:: w5o=\n"),
        ] {
            let mut text = Vec::new();
            line(&mut text, "cn", value);
            assert_eq!(String::from_utf8_lossy(&text), expected);
        }
    }

    #[test]
    fn ranges_are_told_from_whole_attributes() {
        assert_eq!(range("member"), Some(("member", None)));
        assert_eq!(
            range("member;range=0-1499"),
            Some(("member", Some(Some(1499))))
        );
        assert_eq!(range("member;range=1500-*"), Some(("member", Some(None))));
        assert_eq!(range("member;range=odd"), None);
    }
}

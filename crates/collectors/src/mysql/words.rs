//! The server's privileges in few words.

/// MariaDB's privileges, each at the bit by which `access` counts it.
const BITS: [&str; 40] = [
    "select",
    "insert",
    "update",
    "delete",
    "create",
    "drop",
    "reload",
    "shutdown",
    "process",
    "file",
    "grant",
    "references",
    "index",
    "alter",
    "show databases",
    "super",
    "create temporary tables",
    "lock tables",
    "execute",
    "replication slave",
    "binlog monitor",
    "create view",
    "show view",
    "create routine",
    "alter routine",
    "create user",
    "event",
    "trigger",
    "create tablespace",
    "delete history",
    "set user",
    "federated admin",
    "connection admin",
    "read_only admin",
    "replication slave admin",
    "replication master admin",
    "binlog admin",
    "binlog replay",
    "slave monitor",
    "show create routine",
];

/// What concerns the server and makes nobody its administrator.
const HARMLESS: [&str; 12] = [
    "reload",
    "process",
    "show databases",
    "create temporary tables",
    "lock tables",
    "binlog monitor",
    "replication client",
    "slave monitor",
    "show create routine",
    "create tablespace",
    "delete history",
    "usage",
];

/// A right: on what, to do what, and whether it makes an administrator.
pub(super) type Right = (String, String, bool);

/// The privileges of a number in MariaDB's `access`. Bits beyond those known are named by number.
pub(super) fn of_bits(bits: u64) -> Vec<String> {
    let set = (0..64).filter(|bit| bits >> bit & 1 == 1);
    // Of an account that has everything the server sets every bit there is.
    let set = set.filter(|bit| bits != u64::MAX || *bit < BITS.len());
    set.map(|bit| {
        let known = BITS.get(bit).map(|word| (*word).to_owned());
        known.unwrap_or_else(|| format!("privilege {bit}"))
    })
    .collect()
}

/// The privileges of a list.
pub(super) fn listed(text: Option<&str>) -> Vec<String> {
    let words = text.unwrap_or_default().split(',').map(str::trim);
    let words = words.filter(|w| !w.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

/// Our word for a privilege on data; none where it is about the server, or gives nothing by itself.
fn of_data(privilege: &str) -> Option<&'static str> {
    Some(match privilege {
        "select" | "show view" => "read",
        "insert" | "update" | "delete" => "write",
        "create" | "drop" | "alter" | "index" | "references" | "create view" | "trigger"
        | "event" | "create routine" | "alter routine" => "change structure",
        "execute" => "execute",
        "grant" | "grant option" => "pass on rights",
        _ => return None,
    })
}

/// Rights that hold in every database, or over the server.
pub(super) fn everywhere(privileges: &[String]) -> Vec<Right> {
    let right = |privilege: &String| match of_data(privilege) {
        // Who writes everywhere writes the tables that say who may do what.
        Some(word) => {
            let privileged = ["write", "change structure", "pass on rights"].contains(&word);
            ("all databases".to_owned(), word.to_owned(), privileged)
        }
        None => {
            let privileged = !HARMLESS.contains(&privilege.as_str());
            ("server".to_owned(), privilege.clone(), privileged)
        }
    };
    let all = privileges.iter().filter(|p| *p != "usage");
    all.map(right).collect()
}

/// Rights in one database, or in some of its tables.
pub(super) fn within(database: &str, some: bool, privileges: &[String]) -> Vec<Right> {
    let own = database.eq_ignore_ascii_case("mysql");
    let words = privileges.iter().filter_map(|p| of_data(p));
    let right = |word: &str| {
        let privileged = own && ["write", "change structure"].contains(&word);
        let word = if some {
            format!("{word} (some tables)")
        } else {
            word.to_owned()
        };
        (format!("database {database}"), word, privileged)
    };
    words.map(right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_words_and_none_is_lost() {
        assert_eq!(of_bits(0), Vec::<String>::new());
        assert_eq!(of_bits(1 | 1 << 15), ["select", "super"]);
        assert_eq!(of_bits(1 << 41), ["privilege 41"]);
        assert_eq!(of_bits(u64::MAX).len(), BITS.len());
    }

    #[test]
    fn a_privilege_nobody_knows_makes_an_administrator() {
        let found = everywhere(&listed(Some("PROCESS,AUDIT_ADMIN")));
        assert_eq!(found[0], ("server".into(), "process".into(), false));
        assert_eq!(found[1], ("server".into(), "audit_admin".into(), true));
    }
}

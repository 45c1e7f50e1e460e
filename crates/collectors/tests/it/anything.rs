//! No bytes make a reader panic, and what is not what it claims to be is never `complete` with rows.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read};

use proptest::prelude::*;
use standing_collectors::{Keeper, Kept, Root, Settings, by_kind, run};

/// Gives the same bytes for every file.
struct Always(RefCell<Vec<u8>>);

impl Keeper for Always {
    fn keep(&mut self, name: &str, _: &mut dyn Read) -> io::Result<Kept> {
        Ok(Kept {
            name: name.to_owned(),
            handle: String::new(),
            bytes: self.0.borrow().len() as u64,
            sha256: String::new(),
        })
    }

    fn open(&self, _: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(io::Cursor::new(self.0.borrow().clone())))
    }
}

const KINDS: [(&str, &[&str]); 7] = [
    ("hr", &["people.csv"]),
    ("training", &["done.csv"]),
    ("register", &["list.csv"]),
    (
        "graph",
        &[
            "users.json",
            "roleAssignments.json",
            "groups.json",
            "userRegistrationDetails.json",
        ],
    ),
    ("ldif", &["all.ldif"]),
    (
        "aws-iam",
        &["report.csv", "account-authorization-details.json"],
    ),
    (
        "unix",
        &[
            "web/etc/passwd",
            "web/etc/shadow",
            "web/etc/group",
            "web/etc/sudoers",
        ],
    ),
];

fn read_everywhere(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    for (kind, files) in KINDS {
        for file in files {
            let path = folder.path().join(kind).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let settings = Settings {
            source: "src".into(),
            path: kind.into(),
            values: BTreeMap::from([("table".into(), "supplier".into())]),
            ..Settings::default()
        };
        let mut keeper = Always(RefCell::new(bytes.to_vec()));
        run(
            by_kind(kind).unwrap(),
            &settings,
            &Root::new(folder.path()),
            &mut keeper,
            &BTreeMap::new(),
            &mut |_| {},
            &mut |row| {
                standing_facts::parse_line(&standing_facts::to_line(&row))
                    .expect("a row that fits");
            },
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        read_everywhere(&bytes);
    }

    #[test]
    fn no_table_panics(
        headings in "(Employee Number|Email|Name|Start Date|Leaving Date|Course|Completed|user|arn|password_enabled|mfa_active|access_key_1_active)([,;\t](Employee Number|Name|Email|Start Date|Course|Completed|arn|status)){1,4}\n",
        rows in "(([a-z0-9@/=+\" é-]{0,8}[,;\t]){0,5}\n){0,5}",
    ) {
        read_everywhere(format!("{headings}{rows}").as_bytes());
    }

    #[test]
    fn no_json_panics(json in "\\{\"(value|UserDetailList|error)\":(\\[(\\{(\"(id|userPrincipalName|displayName|roleDefinitionId|principalId|members|Arn|GroupList|methodsRegistered|createdDateTime)\":(\"[a-z#.0-9]{0,4}\"|null|1|\\[\\]|true),){0,5}\"id\":\"1\",\"userPrincipalName\":\"[é#a]{0,3}\"\\},?){0,3}\\]|1|null)\\}") {
        read_everywhere(json.as_bytes());
    }

    #[test]
    fn no_lines_panic(lines in "(([a-z]{0,3}:(x|!|\\*)?:[0-9]{0,9}:[0-9]{0,3}:[a-z,]{0,3}:[0-9/]{0,6}:(-?[0-9]{0,12}|/bin/sh)(::)?|dn: [a-z=,\\\\]{0,6}|(objectClass: user|uid: a|accountExpires: -?[0-9]{0,19}|shadowExpire: -?[0-9]{0,19}|whenCreated: [0-9é]{0,9}Z)|)\n){0,9}") {
        read_everywhere(lines.as_bytes());
    }
}

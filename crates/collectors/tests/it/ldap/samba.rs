//! A real Active Directory domain controller.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use standing_facts::Outcome;

use super::limits::{self, Limits};
use super::samba_server::{ADMINISTRATOR, start};

const ADDRESS: &str = "127.0.0.21";
const PEOPLE: usize = 510;

/// People, one of them disabled, a group in another that counts, and a group of everybody.
fn filling() -> String {
    let base = "OU=Staff,DC=adtest,DC=local";
    let mut text = format!("dn: {base}\nobjectClass: organizationalUnit\n\n");
    for n in 1..=PEOPLE {
        let control = if n == 7 { 514 } else { 512 };
        write!(
            text,
            "dn: CN=User {n},{base}\nobjectClass: user\nsAMAccountName: user{n}\n\
             employeeID: E{n:06}\nuserAccountControl: {control}\n\n"
        )
        .unwrap();
    }
    write!(
        text,
        "dn: CN=Operators,{base}\nobjectClass: group\nsAMAccountName: Operators\n\
         member: CN=User 1,{base}\n\n\
         dn: CN=Wardens,{base}\nobjectClass: group\nsAMAccountName: Wardens\n\
         member: CN=Operators,{base}\n\n\
         dn: CN=Everybody,{base}\nobjectClass: group\nsAMAccountName: Everybody\n"
    )
    .unwrap();
    for n in 1..=PEOPLE {
        writeln!(text, "member: CN=User {n},{base}").unwrap();
    }
    text
}

#[test]
fn a_domain_is_read_to_the_last_with_the_day_of_disabling() {
    let today = || jiff::Timestamp::now().to_string()[..10].to_owned();
    let folder = tempfile::tempdir().unwrap();
    let before = today();
    let Some(_samba) = start(folder.path(), ADDRESS, &filling()) else {
        return;
    };
    let url = format!("ldap://{ADDRESS}");
    let asked = super::ask(&url, ADMINISTRATOR, "DC=adtest,DC=local", "100");
    assert_eq!(asked.run.outcome, Outcome::Complete, "{:?}", asked.run);
    let staff = asked
        .of("account")
        .filter(|a| a["employee_number"].is_string());
    assert_eq!(staff.count(), PEOPLE);
    let account = |login: &str| asked.of("account").find(|a| a["login"] == login).unwrap();
    let disabled = account("user7");
    assert_eq!(disabled["enabled"], false);
    let day = disabled["disabled_on"].as_str().unwrap();
    assert!(day == before || day == today(), "{day}");
    assert!(account("user8")["disabled_on"].is_null());
    let first = &account("user1")["id"];
    let grants = asked.of("grant").filter(|g| g["account"] == *first);
    let mut grants: Vec<_> = grants
        .map(|g| (g["resource"].as_str().unwrap(), &g["direct"] == true))
        .collect();
    grants.sort_unstable();
    let groups = [("Everybody", true), ("Operators", true), ("Wardens", false)];
    assert_eq!(grants, groups);

    // As a domain of Microsoft's allows it: so many entries a page, and so many members an answer.
    let limits = Limits {
        page: 100,
        values: 150,
        loses_ranges: false,
    };
    let (url, seen) = limits::between(&format!("{url}:389"), limits);
    let limited = super::ask(&url, ADMINISTRATOR, "DC=adtest,DC=local", "1000");
    assert_eq!(limited.run.outcome, Outcome::Complete, "{:?}", limited.run);
    let held = |asked: &super::Asked| -> BTreeSet<String> {
        asked.of("grant").map(|g| g["id"].to_string()).collect()
    };
    assert_eq!(held(&limited), held(&asked));
    assert_eq!(limited.of("account").count(), asked.of("account").count());
    let seen = seen.lock().unwrap();
    assert_eq!((seen.longest_page, seen.ranges), (100, 4));
}

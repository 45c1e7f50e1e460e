//! Who can get in, against who works here: what is counted, who sees names, and whose an account is.

use axum::body::Body;

use super::harness::{Came, Served};
use crate::collect::collect;
use crate::home::{By, Home};
use crate::init;
use crate::serve::right::{Right, Role};

const PEOPLE: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n\
    0001,Ada,Owner,ada@firm.test,Platform,Engineer,,01/02/2020,\n\
    0002,Bob,Leaver,bob@firm.test,Support,Agent,0001,03/04/2021,31/12/2025\n";

/// Ada and Bob by two keys, an account to which only a name points, and one that is nobody's.
const DIRECTORY: &str = "\
dn: uid=ada,ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\ncreateTimestamp: 20210301080000Z\nuid: ada\ncn: Ada Owner\nmail: ada@firm.test\nemployeeNumber: 0001\n\n\
dn: uid=bob,ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\ncreateTimestamp: 20210301080000Z\nuid: bob\ncn: Bob Leaver\nmail: bob@firm.test\nemployeeNumber: 0002\n\n\
dn: uid=ada.owner,ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\ncreateTimestamp: 20210301080000Z\nuid: ada.owner\ncn: Ada Owner\n\n\
dn: uid=zx81,ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\ncreateTimestamp: 20210301080000Z\nuid: zx81\ncn: Scanner <script>\n\n\
dn: cn=staff,ou=groups,dc=firm,dc=test\nobjectClass: groupOfNames\ncn: staff\nmember: uid=ada,ou=people,dc=firm,dc=test\n";

fn firm() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let config = "[organisation]\nname = \"Test Firm\"\nprofile = \"it-supplier-2\"\n\
        [source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
        [source.directory]\nkind = \"ldif\"\npath = \"directory.ldif\"\nsystem = \"Directory\"\n";
    init::make(folder.path(), config, None).unwrap();
    std::fs::write(folder.path().join("people.csv"), PEOPLE).unwrap();
    std::fs::write(folder.path().join("directory.ldif"), DIRECTORY).unwrap();
    let home = Home::open(folder.path()).unwrap();
    let sources: Vec<_> = home.config.sources.iter().collect();
    collect(&home, By::KEYBOARD, &sources, false, &|_, _| {}).unwrap();
    Served::of(folder)
}

fn with_token(served: &Served, scopes: &[Right], path: &str) -> Came {
    let token = served.token(Role::Owner, scopes);
    let request = axum::http::Request::builder()
        .uri(path)
        .header("authorization", format!("Bearer {token}"));
    served.send(request.body(Body::empty()).unwrap())
}

#[test]
fn what_is_counted_is_told_to_all_who_read_and_names_to_those_who_may() {
    let served = firm();
    let page = served.get(Some(Role::Auditor), "/access");
    assert_eq!(page.status, 200, "{}", page.text);
    for wanted in [
        "1 account of somebody who left still works",
        "No percentage of people is known:",
        "2 accounts wait for somebody to say whose they are",
        "still works</strong>",
        ">bob</a> in Directory",
        "and 4 that may belong here",
    ] {
        assert!(page.text.contains(wanted), "{wanted}: {}", page.text);
    }
    let counts = with_token(&served, &[Right::Read], "/access");
    assert_eq!(counts.status, 200, "{}", counts.text);
    assert!(counts.text.contains("1 account of somebody who left"));
    for personal in [">bob<", "zx81", "ada.owner", "/access/queue"] {
        assert!(
            !counts.text.contains(personal),
            "{personal}: {}",
            counts.text
        );
    }
    let names = with_token(&served, &[Right::Read], "/access/queue");
    assert_eq!(names.status, 403);
}

#[test]
fn whose_an_account_is_is_decided_with_a_reason_and_again() {
    let served = firm();
    let queue = served.get(Some(Role::Engineer), "/access/queue");
    for wanted in [
        "2 accounts wait",
        "ada.owner in Directory",
        "Ada Owner</a>",
        "alike in",
        "no candidate",
    ] {
        assert!(queue.text.contains(wanted), "{wanted}: {}", queue.text);
    }
    assert!(!queue.text.contains("<script>"), "{}", queue.text);
    let other = served.get(Some(Role::Engineer), "/access/queue?system=Nowhere");
    assert!(other.text.contains("No account waits"), "{}", other.text);
    let path = "/access/queue/decide";
    let form = served.get(
        Some(Role::Engineer),
        &format!("{path}?account=directory%2Fada.owner"),
    );
    assert_eq!(form.status, 200, "{}", form.text);
    assert!(form.text.contains("person:hr/0001"), "{}", form.text);

    let size = || served.app.home().vault.size();
    let before = size();
    let account = ("account", "directory/ada.owner");
    let hers = ("whose", "person:hr/0001");
    let reason = ("reason", "asked her today");
    let service = ("whose", "service");
    let refused: [(&[(&str, &str)], &str); 5] = [
        (&[account, hers], "Say how you know"),
        (&[account, reason], "Choose whose it is"),
        (&[account, service, reason], "id=\"owner-error\""),
        (
            &[
                account,
                ("whose", "other"),
                ("person", "no@firm.test"),
                reason,
            ],
            "id=\"person-error\"",
        ),
        (&[account, ("whose", "person:hr/9999"), reason], "hr/9999"),
    ];
    for (fields, wanted) in refused {
        let came = served.post(Some(Role::Engineer), path, fields);
        assert_eq!(came.status, 422, "{fields:?}: {}", came.text);
        assert!(came.text.contains(wanted), "{wanted}: {}", came.text);
    }
    let missing = served.post(
        Some(Role::Engineer),
        path,
        &[("account", "directory/none"), hers, reason],
    );
    assert_eq!(missing.status, 404, "{}", missing.text);
    assert_eq!(size(), before);
    let kept = served.post(Some(Role::Engineer), path, &[account, hers, reason]);
    assert_eq!(kept.status, 303, "{}", kept.text);
    assert_eq!(size(), before + 1);
    // Decided again, another way: the form is there for it still.
    let owner = ("owner", "ada@firm.test");
    let again = served.post(
        Some(Role::Engineer),
        path,
        &[account, service, owner, reason],
    );
    assert_eq!(again.status, 303, "{}", again.text);
    assert_eq!(size(), before + 2);
    let auditor = served.post(Some(Role::Auditor), path, &[account, hers, reason]);
    assert_eq!(auditor.status, 403);
}

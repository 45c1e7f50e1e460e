//! Checks, and the subjects of one that has very many.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::harness::{Came, Served};
use crate::collect::collect;
use crate::home::{By, Home};
use crate::serve::right::{Right, Role};

const THINGS: usize = 100_000;

const LOCKED: &str = "\
-- claim:      Every thing is locked.
-- cannot see: things that nobody wrote down.
-- needs:      asset
-- revision:   1
select name as subject,
       case when encrypted then 'met' when encrypted is null then 'unknown' else 'not met' end
         as verdict,
       'seen: ' || kind as observed, 'locked' as rule
from asset
";

/// A home with one source of so many assets, one check of its own over them, and one that is faulty.
/// Of ten things one is open, of one it is not known, and eight are locked.
fn things(count: usize) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mut sheet = String::from("id,name,kind,encrypted\n");
    for n in 0..count {
        let locked = ["no", "", "yes"][(n % 10).min(2)];
        writeln!(sheet, "{n},thing-{n:06},Box {},{locked}", n % 7).unwrap();
    }
    sheet.push_str("x,=1+1,100% sure,no\n");
    write("exports/things.csv", &sheet);
    write("checks/things_are_locked.sql", LOCKED);
    write(
        "checks/things_are_counted.sql",
        &LOCKED.replace(
            "from asset",
            "from asset where exists (select 1 from person)",
        ),
    );
    let config = "[organisation]\nname = \"Test Firm\"\n[checks]\nfolder = \"checks\"\n\
        [source.things]\nkind = \"register\"\npath = \"exports/things.csv\"\ntable = \"asset\"\n";
    crate::init::make(folder.path(), config, None).unwrap();
    read_everything(folder.path());
    Served::of(folder)
}

fn read_everything(folder: &Path) {
    let home = Home::open(folder).unwrap();
    let sources: Vec<_> = home.config.sources.iter().collect();
    collect(&home, By::KEYBOARD, &sources, false, &|_, _| {}).unwrap();
}

fn spools(served: &Served) -> Vec<std::path::PathBuf> {
    let folder = served.app.home().folder.join(".standing/subjects");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

/// The subjects of a page, in their order.
fn subjects(came: &Came) -> Vec<String> {
    let names = came.text.split("<span class=\"name\">").skip(1);
    names
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_hundred_thousand_subjects_are_written_down_once_and_read_by_pages() {
    let served = things(THINGS);
    let auditor = Some(Role::Auditor);
    let get = |query: &str| served.get(auditor, &format!("/checks/things_are_locked{query}"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(get("").status, 200));
        }
    });
    let spooled = spools(&served);
    assert_eq!(spooled.len(), 1, "several visitors wait for one spool");

    let first = get("?verdict=not+met");
    assert!(
        first.text.contains("1 to 50 of 10,001 subjects"),
        "{}",
        first.text
    );
    assert_eq!(subjects(&first)[..2], ["=1+1", "thing-000000"]);
    // Far beyond what an assessment keeps.
    let far = subjects(&get("?verdict=not+met&page=101"));
    assert_eq!((far.len(), far[0].as_str()), (50, "thing-049990"));
    let last = get("?verdict=not+met&page=201");
    assert_eq!(subjects(&last), ["thing-099990"]);
    assert!(subjects(&get("?verdict=not+met&page=202")).is_empty());
    // Across the borders of verdicts: not met, unknown, met.
    let all = subjects(&get("?page=201"));
    assert_eq!(
        (all[0].as_str(), all[1].as_str()),
        ("thing-099990", "thing-000001")
    );
    let met = subjects(&get("?verdict=met"));
    assert_eq!(met[..2], ["thing-000002", "thing-000003"]);

    let found = get("?q=THING-09999");
    assert_eq!(
        subjects(&found).len(),
        10,
        "letters are found large or small"
    );
    assert_eq!(
        subjects(&get("?q=thing-09999&verdict=unknown")),
        ["thing-099991"]
    );
    assert!(
        get("?q=BOX+3&page=3")
            .text
            .contains("101 to 150 of 14,286 subjects")
    );
    assert_eq!(subjects(&get("?q=%25")), ["=1+1"], "wildcards are letters");
    assert!(subjects(&get("?q=thing_0")).is_empty());

    let csv = served.get(
        auditor,
        "/checks/things_are_locked/subjects.csv?verdict=unknown",
    );
    assert_eq!(csv.text.lines().count(), 10_001);
    assert!(
        csv.text
            .contains("\r\nthing-000011,unknown,seen: Box 4,locked,,,\r\n")
    );
    let csv = served.get(auditor, "/checks/things_are_locked/subjects.csv?q=sure");
    assert!(
        csv.text
            .ends_with("\r\n'=1+1,not met,seen: 100% sure,locked,,,\r\n"),
        "{}",
        csv.text
    );
    assert_eq!(csv.text.lines().count(), 2);

    assert_eq!(spools(&served), spooled);
    served.app.judge_now().unwrap();
    assert!(spools(&served).is_empty(), "a spool goes with its snapshot");
    assert_eq!(subjects(&get("?verdict=not+met"))[0], "=1+1");
}

#[test]
fn few_subjects_need_no_spool() {
    let served = things(40);
    let page = served.get(
        Some(Role::Auditor),
        "/checks/things_are_locked?verdict=unknown",
    );
    let unknown: Vec<String> = (0..4).map(|n| format!("thing-0000{n}1")).collect();
    assert_eq!(subjects(&page), unknown);
    assert!(page.text.contains("4 subjects, unknown"), "{}", page.text);
    assert!(spools(&served).is_empty());
}

#[test]
fn a_faulty_check_of_ones_own_is_shown_with_its_line() {
    let served = things(1);
    let list = served.get(Some(Role::Auditor), "/checks");
    assert!(
        list.text.contains("1 of your own checks cannot be used"),
        "{}",
        list.text
    );
    let page = served.get(Some(Role::Auditor), "/checks/things_are_counted");
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("Line 9: reads person, which is missing"),
        "{}",
        page.text
    );
    assert_eq!(
        served.get(Some(Role::Auditor), "/checks/none_such").status,
        404
    );
}

#[test]
fn a_check_says_what_it_rests_on_and_who_its_subjects_are() {
    let served = Served::demo();
    let owner = Some(Role::Owner);
    let page = served.get(owner, "/checks/leavers_have_no_access?verdict=not+met");
    assert_eq!(page.status, 200);
    let says = |words: &str| assert!(page.text.contains(words), "{words} in {}", page.text);
    says("26 of 28 met, 2 not met");
    says("href=\"/people/person?id=hr%2F");
    says("<a href=\"/sources/hr\">hr</a>, read ");
    says("href=\"/items/4.2.4\"");
    says("/exceptions/new?check=leavers_have_no_access");
    says("from person\nleft join link");
    let auditor = served.get(Some(Role::Auditor), "/checks/leavers_have_no_access");
    assert!(!auditor.text.contains("/exceptions/new"));

    let list = served.get(owner, "/checks?verdict=not+met&q=LEFT+still");
    assert_eq!(
        list.text.matches("data-label=\"Verdict\"").count(),
        1,
        "{}",
        list.text
    );
    assert_eq!(served.get(owner, "/checks?verdict=good").status, 400);
    assert_eq!(served.get(owner, "/checks?day=yesterday").status, 400);
    let before = served.get(owner, "/checks/leavers_have_no_access?day=2020-01-01");
    assert!(
        before.text.contains("could not be judged"),
        "{}",
        before.text
    );
}

#[test]
fn whoever_may_not_see_people_sees_counts_only() {
    let served = Served::demo();
    let token = served.token(Role::Owner, &[Right::Read]);
    let ask = |path: &str| {
        let request = served.request(None, "GET", path);
        let request = request.header("authorization", format!("Bearer {token}"));
        served.send(request.body(axum::body::Body::empty()).unwrap())
    };
    let page = ask("/checks/leavers_have_no_access");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("shows counts only"));
    assert!(!page.text.contains("cunderlake"), "{}", page.text);
    assert_eq!(
        ask("/checks/leavers_have_no_access/subjects.csv").status,
        403
    );
}

#[test]
fn people_are_taken_out_in_bulk_by_few_and_the_log_says_so() {
    let served = Served::demo();
    let path = "/checks/leavers_have_no_access/subjects.csv?verdict=not+met";
    assert_eq!(served.get(Some(Role::Engineer), path).status, 403);
    let entries = served.app.home().vault.size();
    let came = served.get(Some(Role::Lead), path);
    assert_eq!(came.status, 200);
    assert_eq!(came.text.lines().count(), 3, "{}", came.text);
    assert!(came.text.contains("cunderlake"));
    let home = Arc::clone(&served.app.home());
    assert_eq!(home.vault.size(), entries + 1);
    let entry = home
        .vault
        .entries(entries..entries + 1)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(
        (entry.kind.as_str(), &entry.body["rows"]),
        ("export", &2.into())
    );
    // Stores are no people.
    let stores = served.get(
        Some(Role::Auditor),
        "/checks/stores_are_encrypted/subjects.csv",
    );
    assert_eq!(stores.status, 200);
    assert_eq!(home.vault.size(), entries + 1);
}

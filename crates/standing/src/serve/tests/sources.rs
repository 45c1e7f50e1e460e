//! Pages of sources: how each stands, and adding, trying, changing and removing one.

use standing_collectors::Asks;

use std::sync::Arc;
use std::thread::JoinHandle;

use super::harness::{Came, Served};
use crate::serve::app::App;
use crate::serve::right::Role;
use crate::serve::schedule::State;

const ENGINEER: Option<Role> = Some(Role::Engineer);

/// A server that judges what is written, as a real one does.
struct Judging {
    served: Served,
    judge: Option<JoinHandle<()>>,
}

impl Judging {
    fn demo() -> Self {
        let served = Served::demo();
        let app: Arc<App> = Arc::clone(&served.app);
        let judge = std::thread::spawn(move || app.keep_judging(&|_, _| {}));
        Judging {
            served,
            judge: Some(judge),
        }
    }

    fn file(&self) -> String {
        let folder = &self.served.app.home().folder;
        std::fs::read_to_string(folder.join("standing.toml")).unwrap()
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.served.app.home().folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn add(&self, fields: &[(&str, &str)]) -> Came {
        self.served.post(ENGINEER, "/sources/new/register", fields)
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        self.served.app.stop();
        self.judge.take().unwrap().join().unwrap();
    }
}

#[test]
fn the_list_says_what_is_known_and_what_is_not() {
    let served = Served::demo();
    let list = served.get(Some(Role::Auditor), "/sources");
    assert_eq!(list.status, 200);
    let says = |words: &str| assert!(list.text.contains(words), "{words} in {}", list.text);
    says("31 of 32 sources are known");
    says("announces a further page that is not here");
    says("1 run, not complete");
    assert!(!list.text.contains("Read now"), "an auditor runs nothing");
    let not_known = list.text.find("href=\"/sources/entra-partner\"").unwrap();
    assert!(not_known < list.text.find("href=\"/sources/hr\"").unwrap());

    let page = served.get(Some(Role::Auditor), "/sources/entra-partner");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("truncated"), "{}", page.text);
    assert!(page.text.contains("estate/entra-partner"));
    assert!(page.text.contains("Age of what it told, table by table"));
    assert_eq!(served.get(Some(Role::Auditor), "/sources/none").status, 404);
}

#[test]
fn a_source_is_read_when_somebody_asks_for_it() {
    let served = Served::demo();
    assert_eq!(
        served
            .post(Some(Role::Auditor), "/sources/hr/read", &[])
            .status,
        403
    );
    let sent = served.post(ENGINEER, "/sources/hr/read", &[]);
    assert_eq!((sent.status, sent.place()), (303, "/sources/hr"));
    assert_eq!(served.app.schedule.state("hr"), State::Waiting);
    let page = served.get(ENGINEER, "/sources/hr");
    assert!(
        page.text.contains("It is waiting for its turn."),
        "{}",
        page.text
    );
    assert!(page.text.contains("http-equiv=\"refresh\""));
    assert!(
        !served
            .get(ENGINEER, "/sources/aws")
            .text
            .contains("http-equiv=\"refresh\"")
    );
    assert_eq!(served.post(ENGINEER, "/sources/none/read", &[]).status, 404);
}

#[test]
fn a_form_is_made_from_what_the_collector_declares() {
    let served = Served::demo();
    let kinds = served.get(ENGINEER, "/sources/new");
    for collector in standing_collectors::ALL {
        let about = collector.about();
        assert!(
            kinds
                .text
                .contains(&format!("href=\"/sources/new/{}\"", about.kind))
        );
        let form = served.get(ENGINEER, &format!("/sources/new/{}", about.kind));
        assert_eq!(form.status, 200);
        for setting in about.settings {
            // Where a secret is sent is not decided over the web: there are no fields for it.
            let field = match about.asks {
                Asks::Files => format!("name=\"set-{}\"", setting.name),
                Asks::System => format!("<dt>{}", setting.name),
            };
            assert!(form.text.contains(&field), "{field} of {}", about.kind);
        }
        assert_eq!(
            form.text.contains("name=\"path\""),
            about.asks == Asks::Files
        );
    }
    assert_eq!(served.get(ENGINEER, "/sources/new/oracle").status, 404);
    assert_eq!(served.get(Some(Role::Auditor), "/sources/new").status, 403);
}

#[test]
fn what_is_wrong_is_said_at_its_field_and_nothing_is_written() {
    let judging = Judging::demo();
    let before = judging.file();
    let came = judging.add(&[
        ("name", "My Things"),
        ("path", "exports/things.csv"),
        ("fresh_for_days", "soon"),
        ("every_hours", "-1"),
        ("columns", "name = What\nnonsense"),
    ]);
    assert_eq!(came.status, 422);
    for field in [
        "name",
        "set-table",
        "fresh_for_days",
        "every_hours",
        "columns",
    ] {
        let error = format!("id=\"{field}-error\"");
        assert!(came.text.contains(&error), "{error} in {}", came.text);
    }
    assert!(came.text.contains("Line 2: expected"));
    assert!(came.text.contains("My Things"), "what was typed is kept");
    // The collector's own word, after the form's.
    let twice = [
        ("name", "hr"),
        ("path", "estate/hr"),
        ("set-table", "person"),
    ];
    assert_eq!(judging.add(&twice).status, 422);
    assert_eq!(judging.file(), before);
}

#[test]
fn a_path_outside_the_home_or_of_its_secrets_is_refused() {
    let judging = Judging::demo();
    let home = judging.served.app.home();
    std::os::unix::fs::symlink("/", home.folder.join("estate/root")).unwrap();
    std::os::unix::fs::symlink("..", home.folder.join("estate/up")).unwrap();
    let before = judging.file();
    for path in [
        "/etc/passwd",
        "../other",
        "estate/../../other",
        "estate/root/etc/passwd",
        "estate/root/not-there-yet/export.csv",
        "estate/up/keys/signing.key",
        "keys/signing.key",
        "keys",
        "vault/log",
        ".standing",
        "standing.toml",
        ".",
    ] {
        let fields = [
            ("name", "taken"),
            ("path", path),
            ("set-table", "asset"),
            ("anyway", "yes"),
        ];
        let came = judging.add(&fields);
        assert_eq!(came.status, 422, "{path}: {}", came.place());
        assert!(came.text.contains("id=\"path-error\""), "{path}");
        assert!(
            came.text
                .contains("at the machine itself, by the command line"),
            "{path}"
        );
    }
    assert_eq!(judging.file(), before);
    // The same link within the folder is no harm.
    std::os::unix::fs::symlink("hr", home.folder.join("estate/people")).unwrap();
    let fields = [
        ("name", "people"),
        ("path", "estate/people"),
        ("set-table", "asset"),
    ];
    assert_eq!(judging.add(&fields).status, 303);
}

#[test]
fn a_source_is_added_tried_changed_and_removed() {
    let judging = Judging::demo();
    let before = judging.file();
    let fields = [
        ("name", "things"),
        ("path", "exports/things.csv"),
        ("set-table", "asset"),
        ("every_hours", "6"),
        ("columns", "name = What it is"),
    ];
    let minded = judging.add(&fields);
    assert_eq!(minded.status, 200);
    assert!(
        minded
            .text
            .contains("There is nothing at exports/things.csv yet."),
        "{}",
        minded.text
    );
    assert_eq!(
        judging.file(),
        before,
        "a warning comes before anything is written"
    );
    let mut all_the_same = fields.to_vec();
    all_the_same.push(("anyway", "yes"));
    let added = judging.add(&all_the_same);
    assert_eq!(added.status, 303, "{}", added.text);
    assert!(added.place().starts_with("/sources/things?kept="));
    assert!(
        judging.file().starts_with(&before),
        "what stood there stays as it was"
    );

    let page = judging.served.get(ENGINEER, added.place());
    assert_eq!(page.status, 200);
    assert!(page.text.contains("has never been read"), "{}", page.text);
    assert!(page.text.contains("every 6 hours"));

    judging.put("exports/things.csv", "id,What it is\n1,Till\n2,Bell\n");
    let entries = judging.served.app.home().vault.size();
    let tried = judging.served.post(ENGINEER, "/sources/things/try", &[]);
    assert_eq!(tried.status, 200);
    assert!(
        tried
            .text
            .contains("things can be read completely: 2 rows from 1 file."),
        "{}",
        tried.text
    );
    assert_eq!(
        judging.served.app.home().vault.size(),
        entries,
        "nothing is kept"
    );

    let form = judging.served.get(ENGINEER, "/sources/things/change");
    assert!(form.text.contains("name = What it is") && form.text.contains("value=\"6\""));
    let changed = judging.served.post(
        ENGINEER,
        "/sources/things/change",
        &[
            ("path", "exports"),
            ("set-table", "asset"),
            ("every_hours", "12"),
        ],
    );
    assert_eq!(changed.status, 303, "{}", changed.text);
    let file = judging.file();
    assert!(
        file.contains("path = \"exports\"") && file.contains("every_hours = 12"),
        "{file}"
    );
    assert!(!file.contains("What it is"), "what was emptied is gone");
    assert!(file.starts_with(&before));

    let unsure = judging.served.post(ENGINEER, "/sources/things/remove", &[]);
    assert_eq!(unsure.status, 422);
    let removed = judging
        .served
        .post(ENGINEER, "/sources/things/remove", &[("sure", "yes")]);
    assert_eq!(removed.status, 303);
    assert_eq!(judging.file().trim_end(), before.trim_end());
}

#[test]
fn what_a_removed_source_told_stays_to_be_seen() {
    let judging = Judging::demo();
    let commented = judging
        .file()
        .replace("[source.aws]", "# Ours.\n[source.aws] # the cloud");
    judging.put("standing.toml", &commented);
    let removed = judging
        .served
        .post(ENGINEER, "/sources/hr/remove", &[("sure", "yes")]);
    assert_eq!(removed.status, 303, "{}", removed.text);
    let file = judging.file();
    assert!(!file.contains("[source.hr]"));
    assert!(file.contains("# Ours.\n[source.aws] # the cloud"), "{file}");
    let page = judging.served.get(ENGINEER, "/sources/hr");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("no longer configured"), "{}", page.text);
    let list = judging.served.get(ENGINEER, "/sources");
    assert!(list.text.contains("<h2>No longer configured</h2>"));
    assert_eq!(
        judging
            .served
            .post(ENGINEER, "/sources/hr/remove", &[("sure", "yes")])
            .status,
        404
    );
}

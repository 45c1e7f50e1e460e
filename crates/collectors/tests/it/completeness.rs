//! What was not read, or was read twice, is never taken for the whole.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Read};
use std::path::Path;

use standing_collectors::{Keeper, Kept, Root, Run, Settings, by_kind, run};
use standing_facts::{GapCode, Outcome};

/// Keeps parts in memory and knows equal ones.
#[derive(Default)]
struct Memory(RefCell<BTreeMap<String, Vec<u8>>>);

impl Keeper for Memory {
    fn keep(&mut self, name: &str, bytes: &mut dyn Read) -> io::Result<Kept> {
        let mut all = Vec::new();
        bytes.read_to_end(&mut all)?;
        let mut hash = DefaultHasher::new();
        hash.write(&all);
        let kept = Kept {
            name: name.to_owned(),
            handle: name.to_owned(),
            bytes: all.len() as u64,
            sha256: format!("{:016x}", hash.finish()),
        };
        self.0.borrow_mut().insert(name.to_owned(), all);
        Ok(kept)
    }

    fn open(&self, part: &Kept) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(io::Cursor::new(
            self.0.borrow()[&part.handle].clone(),
        )))
    }
}

fn collect_after(kind: &str, folder: &Path, before: &[(&str, u64)]) -> Run {
    let settings = Settings {
        source: "src".into(),
        path: "export".into(),
        ..Settings::default()
    };
    run(
        by_kind(kind).unwrap(),
        &settings,
        &Root::new(folder),
        &mut Memory::default(),
        &before.iter().map(|(t, n)| ((*t).to_owned(), *n)).collect(),
        &mut |_| {},
        &mut |_| {},
    )
}

fn collect(kind: &str, folder: &Path) -> Run {
    collect_after(kind, folder, &[])
}

/// A folder with `export/` and what lies beside it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn gaps(run: &Run) -> Vec<(GapCode, &str)> {
    let gaps = run.gaps.iter();
    gaps.map(|g| (g.code, g.detail.as_str())).collect()
}

fn names(run: &Run) -> Vec<&str> {
    run.parts.iter().map(|p| p.name.as_str()).collect()
}

const PEOPLE: &str = "Employee Number,Name,Start date,Leaving date\n1,Ada Test,2020-01-01,\n";
const MORE: &str = "Employee Number,Name,Start date,Leaving date\n2,Bob Test,2020-01-01,\n";

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn out_of_the_folder_are_a_gap() {
        let at = folder(&[
            ("export/people.csv", PEOPLE),
            ("elsewhere/more.csv", MORE),
            ("elsewhere/notes.bin", ""),
        ]);
        let export = at.path().join("export");
        symlink("../elsewhere/more.csv", export.join("link.csv")).unwrap();
        symlink("../elsewhere/notes.bin", export.join("notes.bin")).unwrap();
        symlink(at.path().join("elsewhere"), export.join("year")).unwrap();
        let done = collect("hr", at.path());
        assert_eq!(done.outcome, Outcome::Partial);
        assert_eq!(names(&done), ["people.csv"]);
        let found = gaps(&done);
        let why = "is a link that leads out of the folder; it was not followed";
        assert_eq!(
            found,
            [
                (GapCode::NotAsked, format!("link.csv {why}").as_str()),
                (GapCode::NotAsked, format!("year {why}").as_str()),
            ]
        );
    }

    #[test]
    fn to_nothing_are_a_gap() {
        let at = folder(&[("export/people.csv", PEOPLE)]);
        let export = at.path().join("export");
        symlink("gone.csv", export.join("link.csv")).unwrap();
        symlink("somebody@host.17", export.join(".#people.csv~")).unwrap();
        symlink("circle.csv", export.join("circle.csv")).unwrap();
        let done = collect("hr", at.path());
        assert_eq!(done.outcome, Outcome::Partial);
        assert_eq!(
            gaps(&done),
            [
                (GapCode::Malformed, "circle.csv cannot be read"),
                (GapCode::Missing, "link.csv is a link to nothing"),
            ]
        );
    }

    #[test]
    fn within_the_folder_are_followed_once() {
        let at = folder(&[
            ("export/a/people.csv", PEOPLE),
            ("export/store/2026.data", MORE),
        ]);
        let export = at.path().join("export");
        symlink("store/2026.data", export.join("more.csv")).unwrap();
        symlink("store/2026.data", export.join("more-again.csv")).unwrap();
        symlink("a/people.csv", export.join("people.csv")).unwrap();
        symlink("a", export.join("latest")).unwrap();
        symlink("..", export.join("a/up")).unwrap();
        let done = collect("hr", at.path());
        assert_eq!(gaps(&done), []);
        assert_eq!(done.outcome, Outcome::Complete);
        assert_eq!(names(&done), ["a/people.csv", "more-again.csv"]);
        assert_eq!(done.counts["person"], 2);
    }

    #[test]
    fn to_a_folder_give_names_that_are_wanted() {
        let at = folder(&[("export/.keep/passwd", "root:x:0:0:root:/root:/bin/sh\n")]);
        let export = at.path().join("export");
        std::fs::create_dir(export.join("web1")).unwrap();
        symlink("../.keep", export.join("web1/etc")).unwrap();
        let done = collect("unix", at.path());
        assert_eq!(names(&done), ["web1/etc/passwd"]);
    }

    #[test]
    fn and_nothing_else_leave_nothing() {
        let at = folder(&[("export/readme.bin", ""), ("people.csv", PEOPLE)]);
        symlink("../people.csv", at.path().join("export/people.csv")).unwrap();
        let done = collect("hr", at.path());
        assert_eq!(done.outcome, Outcome::Failed);
        assert_eq!(done.gaps[0].code, GapCode::Missing);
        assert_eq!(done.gaps[1].code, GapCode::NotAsked);
    }

    #[test]
    fn for_the_source_itself_are_followed() {
        let at = folder(&[("kept/people.csv", PEOPLE)]);
        symlink("kept", at.path().join("export")).unwrap();
        symlink("people.csv", at.path().join("kept/again.csv")).unwrap();
        let done = collect("hr", at.path());
        assert_eq!(done.outcome, Outcome::Complete);
        assert_eq!(names(&done), ["people.csv"]);
    }
}

#[test]
fn documents_in_forms_that_are_not_read_are_a_gap() {
    let at = folder(&[
        ("export/policy.md", "# Policy\n"),
        ("export/one.doc", "1"),
        ("export/two.DOC", "2"),
        ("export/three.odt", "3"),
        ("export/logo.png", "4"),
        ("export/all.zip", "5"),
    ]);
    let done = collect("documents", at.path());
    assert_eq!(done.outcome, Outcome::Partial);
    assert_eq!(
        gaps(&done),
        [(
            GapCode::NotAsked,
            "not read: 2 .doc, 1 .odt; save them as docx or PDF"
        )]
    );
    assert_eq!(done.gaps[0].table.as_deref(), Some("document"));
    let notices: Vec<&str> = done.problems.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(
        notices,
        [
            "files of a kind that is not read (png): 1",
            "files of a kind that is not read (zip): 1"
        ]
    );
}

#[test]
fn a_table_that_fell_to_nothing_is_a_fall() {
    let fall = |users: &str, before: u64| {
        let at = folder(&[("export/users.json", users)]);
        let done = collect_after("graph", at.path(), &[("account", before)]);
        let fell = done.gaps.into_iter().find(|g| g.detail.contains(" fell "));
        fell.map(|g| (g.code, g.detail))
    };
    let (code, why) = fall(NOTHING, 3).expect("a fall");
    assert_eq!(code, GapCode::Truncated);
    assert!(why.starts_with("account fell from 3 rows to 0"), "{why}");
    assert!(fall(NOTHING, 1).is_some());
    assert_eq!(fall(NOTHING, 0), None);
    assert_eq!(fall(&users(&[1], false), 9), None);
    assert!(fall(&users(&[1], false), 10).is_some());
}

fn users(ids: &[u32], next: bool) -> String {
    let users: Vec<String> = ids
        .iter()
        .map(|n| format!("{{\"id\":\"{n}\",\"userPrincipalName\":\"p{n}@example.org\"}}"))
        .collect();
    let next = if next {
        ",\"@odata.nextLink\":\"next\""
    } else {
        ""
    };
    format!(
        "{{\"@odata.count\":4,\"value\":[{}]{next}}}",
        users.join(",")
    )
}

const NOTHING: &str = "{\"value\":[]}";

#[test]
fn a_page_of_an_answer_saved_twice_does_not_count_twice() {
    let rest = [
        ("export/groups.json", NOTHING),
        ("export/directoryRoles.json", NOTHING),
        ("export/userRegistrationDetails.json", NOTHING),
    ];
    for (second, outcome) in [([3, 4], Outcome::Complete), ([2, 1], Outcome::Partial)] {
        let (one, two) = (users(&[1, 2], true), users(&second, false));
        let mut files = rest.to_vec();
        files.push(("export/users-1.json", &one));
        files.push(("export/users-2.json", &two));
        let at = folder(&files);
        let done = collect("graph", at.path());
        assert_eq!(done.outcome, outcome, "{:?}", done.gaps);
        if outcome == Outcome::Partial {
            assert_eq!(
                gaps(&done),
                [(
                    GapCode::Truncated,
                    "the source announced 4 rows of account and gave 4, of which 2 differ"
                )]
            );
        }
    }
}

fn entries(names: &[&str]) -> String {
    let one = |name: &&str| {
        format!(
            "dn: cn={name},dc=example,dc=test\nobjectClass: user\nsAMAccountName: {name}\n\
             userAccountControl: 512\n\n"
        )
    };
    names.iter().map(one).collect()
}

#[test]
fn an_entry_pasted_twice_does_not_count_twice() {
    let search = |names: &[&str], said: u32| {
        format!(
            "{}search: 2\nresult: 0 Success\n\n# numEntries: {said}\n\n",
            entries(names)
        )
    };
    let text = search(&["a", "b", "a"], 3);
    let at = folder(&[("export/all.ldif", &text)]);
    let done = collect("ldif", at.path());
    assert!(
        gaps(&done).contains(&(
            GapCode::Truncated,
            "all.ldif announces 3 entries and holds 2 different ones"
        )),
        "{:?}",
        done.gaps
    );

    // Two searches may find the same entry; each announces its own.
    let text = search(&["a", "b"], 2) + &search(&["a", "c"], 2);
    let at = folder(&[("export/all.ldif", &text)]);
    let done = collect("ldif", at.path());
    assert!(
        !gaps(&done).iter().any(|(_, why)| why.contains("announces")),
        "{:?}",
        done.gaps
    );

    // What one search has too many does not make up for what another lacks.
    let text = search(&["a"], 2) + &search(&["a", "b", "c"], 2);
    let at = folder(&[("export/all.ldif", &text)]);
    let done = collect("ldif", at.path());
    assert!(
        gaps(&done).contains(&(
            GapCode::Truncated,
            "all.ldif announces 2 entries and holds 1"
        )),
        "{:?}",
        done.gaps
    );
}

#[test]
fn a_file_kept_twice_in_one_folder_is_noticed() {
    let at = folder(&[
        ("export/people.csv", PEOPLE),
        ("export/people-2.csv", PEOPLE),
        ("export/other/people.csv", PEOPLE),
    ]);
    let done = collect("hr", at.path());
    let notices: Vec<String> = done.problems.iter().map(ToString::to_string).collect();
    let same: Vec<&String> = notices.iter().filter(|n| n.contains("bytes")).collect();
    assert_eq!(same.len(), 1, "{notices:?}");
    assert!(
        same[0].contains("people.csv") && same[0].contains("the same bytes as people-2.csv"),
        "{notices:?}"
    );
    assert!(done.problems.iter().all(|p| !p.lost));
}

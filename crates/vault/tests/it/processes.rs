//! Several processes at once, and processes killed at any instant.
//!
//! The children are this same test binary, told by the environment to write.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use standing_vault::{KeyFiles, Vault, Verdict, fsck};

use crate::common::{Fixture, draft, time};

const VAULT: &str = "STANDING_VAULT_TEST_CHILD";
const NAME: &str = "STANDING_VAULT_TEST_NAME";
const APPENDS: &str = "STANDING_VAULT_TEST_APPENDS";
/// How often a writer is killed; more when a change to the writer deserves it.
const KILLS: &str = "STANDING_VAULT_KILLS";

fn spawn(fixture: &Fixture, name: &str, appends: u64) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args([
            "--exact",
            "processes::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(VAULT, fixture.folder.path())
        .env(NAME, name)
        .env(APPENDS, appends.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a child")
}

/// Not a test of its own: appends, and acknowledges each append on standard output.
#[test]
#[ignore = "run by the other tests of this module, as a process of its own"]
fn child() {
    let Some(folder) = std::env::var_os(VAULT).map(std::path::PathBuf::from) else {
        return;
    };
    let name = std::env::var(NAME).expect("a name");
    let appends: u64 = std::env::var(APPENDS)
        .expect("a number")
        .parse()
        .expect("a number");
    let files = KeyFiles {
        signing: folder.join("signing.key"),
        blobs: folder.join("blobs.key"),
    };
    let vault = Vault::open(&folder.join("vault"), &files.load().expect("keys")).expect("open");
    let mut out = std::io::stdout();
    for append in 0..appends {
        let blob = append
            .is_multiple_of(5)
            .then(|| vault.put_blob(name.as_bytes()).expect("blob").digest);
        let blobs: Vec<_> = blob.into_iter().collect();
        let drafts: Vec<_> = (0..=append % 4)
            .map(|i| draft(&format!("{name}/{append}/{i}"), &blobs))
            .collect();
        vault.append(&drafts).expect("append");
        writeln!(out, "\nack {name}/{append}")
            .and_then(|()| out.flush())
            .expect("standard output");
        if append % 25 == 10
            && let Some(blob) = blob
        {
            vault
                .erase(&blob, &name, "retention", time(0))
                .expect("erase");
            writeln!(out, "\nack erased {blob}")
                .and_then(|()| out.flush())
                .expect("standard output");
        }
    }
}

/// All acknowledgements up to the child's end.
fn acknowledgements(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    lines
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix("ack ").map(str::to_owned))
}

/// The texts of all entries, `name/append/i`; each at most once.
fn texts(vault: &Vault) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for entry in vault.entries(0..vault.size()).expect("range") {
        let entry = entry.expect("entry");
        if let Some(text) = entry.body.get("text").and_then(|t| t.as_str()) {
            assert!(texts.insert(text.to_owned()), "{text} twice");
        }
    }
    texts
}

fn assert_sound(fixture: &Fixture) {
    let report = fsck(
        &fixture.dir(),
        Some(fixture.keys.blob_key()),
        None,
        &mut |_, _| {},
    )
    .expect("readable");
    assert_eq!(report.verdict(), Verdict::Sound, "{:#?}", report.faults);
}

#[test]
fn processes_and_threads_append_at_once() {
    const APPENDS: u64 = 40;
    let fixture = Fixture::fleeting();
    let shared = fixture.open();
    let mut children: Vec<Child> = (0..3)
        .map(|i| spawn(&fixture, &format!("process{i}"), APPENDS))
        .collect();
    std::thread::scope(|scope| {
        let (shared, fixture) = (&shared, &fixture);
        for thread in 0..4 {
            scope.spawn(move || {
                let own = fixture.open();
                let vault = if thread < 2 { shared } else { &own };
                for append in 0..APPENDS {
                    vault
                        .append(&[draft(&format!("thread{thread}/{append}"), &[])])
                        .expect("append");
                }
            });
        }
        // A reader that never waits sees a sound prefix at any time.
        scope.spawn(move || {
            let reader = Vault::open_read_only(&fixture.dir(), None).expect("open");
            let mut size = 0;
            while size < APPENDS * 4 {
                let now = reader.refresh().expect("refresh");
                assert!(now >= size);
                size = now;
                let read = reader
                    .entries(size.saturating_sub(300)..size)
                    .expect("range");
                assert!(read.into_iter().all(|entry| entry.is_ok()));
            }
        });
    });
    for child in &mut children {
        let acknowledged = acknowledgements(child)
            .filter(|a| !a.starts_with("erased"))
            .count() as u64;
        assert_eq!(acknowledged, APPENDS);
        assert!(child.wait().expect("exit").success());
    }
    let texts = texts(&fixture.open());
    let by_processes = 3 * (0..APPENDS).map(|append| append % 4 + 1).sum::<u64>();
    assert_eq!(texts.len() as u64, by_processes + 4 * APPENDS);
    assert_sound(&fixture);
}

#[test]
fn a_kill_at_any_instant_loses_nothing_acknowledged() {
    let kills: u64 = std::env::var(KILLS).map_or(100, |text| text.parse().expect("a number"));
    // Any seed will do; the kernel's scheduling varies the instant anyway.
    let mut random = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .subsec_nanos()
        | 1;
    let mut fixture = Fixture::fleeting();
    let mut acknowledged = BTreeSet::new();
    for kill in 0..kills {
        if kill % 10 == 0 {
            fixture = Fixture::fleeting();
            acknowledged = BTreeSet::new();
        }
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let mut child = spawn(&fixture, &format!("kill{kill}"), 200);
        let mut lines = acknowledgements(&mut child);
        acknowledged.extend(lines.by_ref().take((random % 120) as usize));
        for _ in 0..random % 200_000 {
            std::hint::spin_loop();
        }
        child.kill().expect("kill");
        // What it had acknowledged before it died counts as well.
        acknowledged.extend(lines);
        child.wait().expect("exit");

        let vault = fixture.open();
        let texts = texts(&vault);
        for acknowledgement in &acknowledged {
            if let Some(digest) = acknowledgement.strip_prefix("erased ") {
                let blob = vault
                    .blob(&digest.parse().expect("a digest"))
                    .expect("erased");
                assert!(matches!(blob, standing_vault::Blob::Erased { .. }));
            } else {
                assert!(
                    texts.contains(&format!("{acknowledgement}/0")),
                    "{acknowledgement} was lost"
                );
            }
        }
        if vault.size() > 0 {
            assert_sound(&fixture);
        }
    }
}

//! Access reviews at size: `cargo bench -p standing --bench review`.
//!
//! 5,000 people, 20 directories with 60,000 accounts and three groups each, in one campaign: opening it,
//! a page of one reviewer's rows, one decision, how far it has come, and what was to go.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use standing::home::{By, Home};
use standing::review::{Answers, Decision, Item, Opening, Wanted};
use standing_assess::AsOf;

const SYSTEMS: usize = 20;
const ACCOUNTS: usize = 3_000;
const PEOPLE: usize = 5_000;

fn main() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("review-bench");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below target");
    let path = firm(&folder);
    let home = Home::open(&path).expect("the home");
    let index = home.index().expect("the index");
    let mut ids = Vec::new();
    let mut opening = times(5, |_| {
        let opened = standing::review::open(&home, &index, By::KEYBOARD, &Opening::default());
        ids.push(opened.map(|o| (o.id, o.details)).map_err(|e| e.to_string()));
    });
    let (id, details) = ids
        .pop()
        .expect("a campaign")
        .expect("a campaign that opened");
    println!(
        "{} rows, {} accounts, {} systems, {} in line",
        details.rows,
        details.accounts,
        details.systems.len(),
        details.reviewers.len()
    );
    report("opening a campaign of 60,000 rows", &mut opening);
    let state = standing::review::state(&index, &id, &now()).expect("its state");
    let (reviewer, most) = state
        .by_reviewer
        .iter()
        .max_by_key(|(_, progress)| progress.rows)
        .expect("a reviewer");
    println!("the reviewer with most rows has {}", most.rows);
    let wanted = Wanted {
        reviewer: Some(reviewer.email.clone()),
        decision: Some(String::new()),
        ..Wanted::default()
    };
    let mut after = None;
    let mut pages = times(41, |_| {
        let page = standing::review::rows(&index, &id, &wanted, after, 50).expect("a page");
        assert!(!page.rows.is_empty());
        after = page.next;
    });
    report("a page of 50 rows of one reviewer, going on", &mut pages);
    let page = standing::review::rows(&index, &id, &wanted, None, 1_000).expect("rows");
    let mut deciding = times(51, |i| {
        let item = |at: usize| Item {
            row: page.rows[at].line.n,
            decision: if i % 5 == 0 {
                Decision::Remove
            } else {
                Decision::Keep
            },
            rights: Vec::new(),
            comment: "needed for the work".into(),
        };
        let answers = Answers {
            campaign: &id,
            reviewer: &reviewer.email,
            items: vec![item(i)],
            ..Answers::default()
        };
        standing::review::decide(&home, &index, By::KEYBOARD, &answers)
            .map_err(|e| e.to_string())
            .expect("a decision");
    });
    report("one decision, kept and projected", &mut deciding);
    let mut states = times(21, |_| {
        standing::review::state(&index, &id, &now()).expect("its state");
    });
    report("how far a campaign has come", &mut states);
    let mut proofs = times(21, |_| {
        standing::review::proof(&index, &id, &now()).expect("its proof");
    });
    report("what was to go", &mut proofs);
    pages_of_a_server(&path, &id, &reviewer.email);
    let _ = std::fs::remove_dir_all(&folder);
}

/// The same as a browser gets it: whole pages of a server, asked over HTTP one after another.
fn pages_of_a_server(home: &Path, id: &str, reviewer: &str) {
    let said = |words: &[&str]| {
        let ended = Command::new(env!("CARGO_BIN_EXE_standing"))
            .args(words)
            .current_dir(home)
            .output()
            .expect("the program");
        assert!(ended.status.success(), "{words:?}: {ended:?}");
        String::from_utf8(ended.stdout).expect("text")
    };
    let whose = [
        "--name",
        "Reader Bench",
        "--email",
        reviewer,
        "--role",
        "owner",
    ];
    said(&[&["member", "add"], &whose[..]].concat());
    let scopes = "read,read-personal,review";
    let made = said(&[
        "token",
        "add",
        "--member",
        "Reader Bench",
        "--scopes",
        scopes,
    ]);
    let mut words = made.split_whitespace();
    let token = words
        .find(|word| word.starts_with("st"))
        .expect("a token")
        .to_owned();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let url = format!("http://localhost:{port}");
    let mut server = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
        .current_dir(home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server");
    let get = |path: &str| {
        let asked =
            ureq::get(format!("{url}{path}")).header("authorization", format!("Bearer {token}"));
        let mut answer = asked.call().map_err(|e| e.to_string())?;
        answer.body_mut().read_to_vec().map_err(|e| e.to_string())
    };
    let begun = Instant::now();
    while get("/readyz").is_err() {
        let waited = begun.elapsed() < Duration::from_secs(300);
        assert!(
            waited && server.try_wait().expect("the server").is_none(),
            "no server"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    // After its start it looks whose turn it is and judges anew; the figures are of a server at rest.
    let ready = begun.elapsed();
    std::thread::sleep(Duration::from_secs(20));
    println!("the server is ready after {:.1} s", ready.as_secs_f64());
    for path in [
        "/reviews".to_owned(),
        format!("/reviews/{id}"),
        format!("/reviews/{id}/mine"),
        format!("/reviews/{id}/rows"),
        format!("/reviews/{id}/rows/7"),
        format!("/reviews/{id}/removals"),
    ] {
        let mut size = 0;
        let mut asked = times(21, |_| size = get(&path).expect("a page").len());
        let name = path.replace(id, "ID");
        report(&format!("{name} over HTTP, {} KiB", size >> 10), &mut asked);
    }
    let _ = server.kill();
    let _ = server.wait();
}

fn now() -> AsOf {
    AsOf::at(jiff::Timestamp::now())
}

fn times(runs: usize, mut work: impl FnMut(usize)) -> Vec<Duration> {
    (0..runs)
        .map(|run| {
            let begun = Instant::now();
            work(run);
            begun.elapsed()
        })
        .collect()
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let ms = |d: Duration| d.as_secs_f64() * 1000.0;
    println!(
        "{what}: median of {} {:.1} ms ({:.1} to {:.1})",
        times.len(),
        ms(times[times.len() / 2]),
        ms(times[0]),
        ms(times[times.len() - 1])
    );
}

/// The firm, written as exports and collected by the program.
fn firm(folder: &Path) -> PathBuf {
    let home = folder.join("firm");
    run(folder, &["init", home.to_str().expect("a path")]);
    let mut config = std::fs::read_to_string(home.join("standing.toml")).expect("the file");
    config.push_str(
        "\n[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
         [source.systems]\nkind = \"register\"\npath = \"systems.csv\"\ntable = \"system\"\n\
         [review]\nlead = \"person0@firm.test\"\n",
    );
    let mut people = String::from(
        "Employee Number,Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n",
    );
    for i in 0..PEOPLE {
        let left = if i % 40 == 7 { "30/06/2026" } else { "" };
        people.push_str(&format!(
            "{i:05},Person {i},person{i}@firm.test,Department {},Title {},{:05},01/02/2020,{left}\n",
            i % 60,
            i % 150,
            i / 12
        ));
    }
    write(&home.join("people.csv"), &people);
    let mut systems = String::from("name,owner\n");
    for system in 0..SYSTEMS {
        systems.push_str(&format!(
            "system-{system},person{}@firm.test\n",
            system * 40
        ));
        config.push_str(&format!(
            "[source.system-{system}]\nkind = \"ldif\"\npath = \"system-{system}.ldif\"\nsystem = \"system-{system}\"\n"
        ));
        write(
            &home.join(format!("system-{system}.ldif")),
            &directory(system),
        );
    }
    write(&home.join("systems.csv"), &systems);
    write(&home.join("standing.toml"), &config);
    run(&home, &["collect", "--quiet"]);
    home
}

fn directory(system: usize) -> String {
    let mut text = String::new();
    let groups = 40;
    let mut members = vec![String::new(); groups];
    for i in 0..ACCOUNTS {
        let person = (i * 7 + system * 131) % PEOPLE;
        text.push_str(&format!(
            "dn: uid=u{i},ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\nuid: u{i}\n\
             cn: Person {person}\nmail: person{person}@firm.test\nemployeeNumber: {person:05}\n\
             createTimestamp: 20210301080000Z\npwdLastSuccess: 20261110080000Z\n\n"
        ));
        for group in [
            person % 30,
            30 + person % 9,
            if i % 200 == 0 { 39 } else { person % 30 },
        ] {
            members[group].push_str(&format!("member: uid=u{i},ou=people,dc=firm,dc=test\n"));
        }
    }
    for (group, members) in members.iter().enumerate() {
        let name = if group == 39 {
            "admins".to_owned()
        } else {
            format!("group-{group}")
        };
        text.push_str(&format!(
            "dn: cn={name},ou=groups,dc=firm,dc=test\nobjectClass: groupOfNames\ncn: {name}\n{members}\n"
        ));
    }
    text
}

fn write(path: &Path, text: &str) {
    let mut file = std::fs::File::create(path).expect("a file");
    file.write_all(text.as_bytes()).expect("the file written");
}

fn run(folder: &Path, words: &[&str]) {
    let ended = Command::new(env!("CARGO_BIN_EXE_standing"))
        .args(words)
        .current_dir(folder)
        .stdout(Stdio::null())
        .status()
        .expect("the program");
    assert!(ended.success(), "{words:?}: {ended}");
}

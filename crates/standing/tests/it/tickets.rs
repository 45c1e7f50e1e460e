//! Tickets for what is to go, in the words of GitHub and of Jira as their documentation gives them: one
//! for each removal, whatever breaks off, and no proof of anything.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::home::Home;

const TOKEN: &str = "t0ken-of-the-tests";
const HR: &str = "Employee Number,First Name,Last Name,Work Email,Department,Job Title,Manager,Start Date,Leaving Date\n\
    0001,Ada,Owner,ada@firm.test,Platform,Engineer,0003,01/02/2020,\n\
    0002,Bob,Leaver,bob@firm.test,Support,Agent,0001,03/04/2021,31/12/2025\n\
    0003,Cyd,Manager,cyd@firm.test,Platform,Head,,03/04/2019,\n";

/// What came: request line with headers, and the body.
#[derive(Clone, Debug)]
struct Asked {
    head: String,
    body: Value,
}

/// A tracker that gives prepared answers in their order; `None` hangs up without one.
struct Tracker {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

type Answers = Arc<Mutex<VecDeque<Option<(u16, Value)>>>>;

impl Tracker {
    fn start(answers: &Answers) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, answers) = (Arc::clone(&asked), Arc::clone(answers));
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let mut line = line.unwrap();
                let mut reader = BufReader::new(line.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
                let head = head.to_lowercase();
                let length = head
                    .lines()
                    .find_map(|l| l.strip_prefix("content-length: "));
                let mut body = vec![0; length.map_or(0, |l| l.parse().unwrap())];
                reader.read_exact(&mut body).unwrap();
                noted.lock().unwrap().push(Asked {
                    head,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                });
                let answer = answers.lock().unwrap().pop_front().flatten();
                let Some((status, body)) = answer else {
                    continue;
                };
                let body = body.to_string();
                let _ = write!(
                    line,
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Tracker { url, asked }
    }

    fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn directory(accounts: &[&str]) -> String {
    let numbers = ["ada", "bob", "cyd"];
    let mut text = String::new();
    for uid in accounts {
        let n = numbers.iter().position(|known| known == uid).unwrap() + 1;
        text += &format!(
            "dn: uid={uid},ou=people,dc=firm,dc=test\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\n\
             mail: {uid}@firm.test\nemployeeNumber: 000{n}\ncreateTimestamp: 20210301080000Z\n\n"
        );
    }
    text += "dn: cn=staff,ou=groups,dc=firm,dc=test\nobjectClass: groupOfNames\ncn: staff\n";
    for uid in accounts {
        text += &format!("member: uid={uid},ou=people,dc=firm,dc=test\n");
    }
    text
}

/// A campaign in which Bob is to go, and its row.
fn decided(tickets: &str) -> (Home, String, u64) {
    let home = Home::new();
    home.write("people.csv", HR);
    home.write("directory.ldif", directory(&["ada", "bob", "cyd"]));
    home.write("systems.csv", "name,owner\nDirectory,ada@firm.test\n");
    home.secret("keys/tickets", TOKEN);
    home.configure(&format!(
        "[source.hr]\nkind = \"hr\"\npath = \"people.csv\"\n\
         [source.directory]\nkind = \"ldif\"\npath = \"directory.ldif\"\nsystem = \"Directory\"\n\
         [source.systems]\nkind = \"register\"\npath = \"systems.csv\"\ntable = \"system\"\n{tickets}"
    ));
    assert_eq!(home.run(&["collect"]).code, 0);
    let open = home.run(&["review", "open", "--format", "json"]).json();
    let id = open["campaign"].as_str().unwrap().to_owned();
    let rows = home
        .run(&["review", "rows", &id, "--format", "json"])
        .json();
    let bob = rows["rows"].as_array().unwrap().iter();
    let n = bob.clone().find(|row| row["login"] == "bob").unwrap()["n"].clone();
    let words = [
        "review",
        "decide",
        &id,
        "remove",
        "--reviewer",
        "ada@firm.test",
        "--row",
    ];
    let done = home.run(&[&words[..], &[&n.to_string()]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    (home, id, n.as_u64().unwrap())
}

fn github(url: &str, more: &str) -> String {
    format!(
        "[tickets]\nkind = \"github\"\nurl = \"{url}\"\nrepository = \"firm/security\"\n\
         token_file = \"keys/tickets\"\n{more}"
    )
}

fn issue(number: u64, state: &str, body: &Value) -> Value {
    json!({
        "number": number, "state": state, "body": body, "title": "…",
        "html_url": format!("https://github.example/firm/security/issues/{number}"),
        "labels": [{ "name": "standing" }],
    })
}

/// The acts about the one removal, and its state.
fn acts(home: &Home, id: &str) -> (Vec<Value>, String) {
    let proof = home
        .run(&["review", "proof", id, "--format", "json"])
        .json();
    (
        proof[0]["acts"].as_array().unwrap().clone(),
        proof[0]["state"].as_str().unwrap().to_owned(),
    )
}

fn turn(home: &Home) -> Value {
    let done = home.run(&["review", "tickets", "--format", "json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    done.json()
}

#[test]
fn each_removal_gets_one_issue_on_github_whatever_breaks_off() {
    let answers = Answers::default();
    let tracker = Tracker::start(&answers);
    let (home, id, n) = decided(&github(&tracker.url, ""));
    let answer = |all: &[Option<(u16, Value)>]| answers.lock().unwrap().extend(all.to_vec());

    let dry = home.run(&["review", "tickets", "--dry-run"]);
    assert!(
        dry.out.contains(&format!("Directory: row {n}")),
        "{}",
        dry.out
    );
    assert!(tracker.take().is_empty());

    // Refused: nothing is noted, and no secret is repeated.
    answer(&[Some((401, json!({ "message": TOKEN })))]);
    let refused = home.run(&["review", "tickets"]);
    assert_eq!(refused.code, 2, "{}", refused.out);
    assert!(refused.err.contains("(401)"), "{}", refused.err);
    assert!(!refused.err.contains(TOKEN), "{}", refused.err);
    assert!(acts(&home, &id).0.is_empty());
    let head = &tracker.take()[0].head;
    assert!(
        head.starts_with("get /repos/firm/security/issues?labels=standing&state=all"),
        "{head}"
    );
    assert!(
        head.contains(&format!("authorization: bearer {TOKEN}")),
        "{head}"
    );

    // It is made, and the answer is lost: the next turn finds it and makes no second one.
    answer(&[Some((200, json!([]))), None]);
    assert_eq!(home.run(&["review", "tickets"]).code, 2);
    let asked = tracker.take();
    assert_eq!(asked.len(), 2);
    let sent = asked[1].body.clone();
    assert_eq!(sent["labels"], json!(["standing"]));
    let text = sent.to_string();
    assert!(text.contains(&format!("/reviews/{id}/rows/{n}")), "{text}");
    assert!(text.contains("proves nothing"), "{text}");
    for personal in ["bob", "Bob", "firm.test"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    answer(&[Some((200, json!([issue(7, "open", &sent["body"])])))]);
    assert_eq!(
        turn(&home),
        json!({ "made": 0, "found": 1, "turned": 0, "waiting": 1 })
    );
    assert_eq!(tracker.take().len(), 1);
    let (told, state) = acts(&home, &id);
    assert_eq!((told.len(), state.as_str()), (1, "open"));
    assert_eq!(
        told[0]["ticket"],
        "https://github.example/firm/security/issues/7"
    );
    assert_eq!(told[0]["state"], "open");

    // As it was: nothing is noted again. Closed: that is noted, and proves nothing.
    answer(&[Some((200, json!([issue(7, "open", &sent["body"])])))]);
    assert_eq!(turn(&home)["turned"], 0);
    answer(&[Some((200, json!([issue(7, "closed", &sent["body"])])))]);
    assert_eq!(turn(&home)["turned"], 1);
    let (told, state) = acts(&home, &id);
    assert_eq!((told.len(), state.as_str()), (2, "open"));
    assert_eq!(told[1]["state"], "closed");
    let report = home.run(&["review", "report", &id]);
    assert!(
        report.out.contains("closed, which proves nothing"),
        "{}",
        report.out
    );

    // A tracker that no longer shows it tells nothing.
    answer(&[Some((200, json!([])))]);
    assert_eq!(
        turn(&home),
        json!({ "made": 0, "found": 0, "turned": 0, "waiting": 1 })
    );

    // Really gone: nothing waits, and nobody is asked.
    tracker.take();
    home.write("directory.ldif", directory(&["ada", "cyd"]));
    assert_eq!(home.run(&["collect"]).code, 0);
    assert_eq!(acts(&home, &id).1, "gone");
    assert_eq!(turn(&home)["waiting"], 0);
    assert!(tracker.take().is_empty());
}

#[test]
fn issues_are_found_on_every_page_and_logins_only_where_allowed() {
    let answers = Answers::default();
    let tracker = Tracker::start(&answers);
    let (home, id, n) = decided(&github(&tracker.url, "logins = \"yes\"\n"));
    let dry = home.run(&["review", "tickets", "--dry-run"]);
    assert!(dry.out.contains("Directory: of bob"), "{}", dry.out);
    let other = |i: u64| issue(i, "open", &json!("made by hand"));
    let hundred: Vec<Value> = (1..=100).map(other).collect();
    let mark = json!(format!("Anything.\n\nReference: standing-{id}-row-{n}"));
    let mut pages = answers.lock().unwrap();
    pages.push_back(Some((200, json!(hundred))));
    pages.push_back(Some((200, json!([issue(101, "closed", &mark)]))));
    drop(pages);
    assert_eq!(turn(&home)["found"], 1);
    assert!(tracker.take()[1].head.contains("&page=2"));
}

#[test]
fn jira_is_asked_in_its_own_words() {
    let answers = Answers::default();
    let tracker = Tracker::start(&answers);
    let (home, id, n) = decided(&format!(
        "[tickets]\nkind = \"jira\"\nurl = \"{}/\"\nproject = \"SEC\"\nuser = \"bot@firm.test\"\n\
         token_file = \"keys/tickets\"\n",
        tracker.url
    ));
    let answer = |all: &[(u16, Value)]| {
        answers
            .lock()
            .unwrap()
            .extend(all.iter().cloned().map(Some));
    };
    let empty = json!({ "issues": [], "isLast": true });
    let made = json!({ "id": "10000", "key": "SEC-24", "self": "…" });
    answer(&[(200, empty), (201, made)]);
    assert_eq!(turn(&home)["made"], 1);
    let asked = tracker.take();
    assert!(
        asked[0].head.starts_with("post /rest/api/3/search/jql "),
        "{}",
        asked[0].head
    );
    assert!(
        asked[0].body["jql"]
            .as_str()
            .unwrap()
            .contains("project = \"SEC\"")
    );
    // Base64 of the user, a colon and the token, in small letters as all heads are here.
    assert!(
        asked[1].head.contains("authorization: basic "),
        "{}",
        asked[1].head
    );
    let fields = &asked[1].body["fields"];
    let mark = format!("standing-{id}-row-{n}");
    assert_eq!(fields["labels"], json!(["standing", mark]));
    assert_eq!(fields["issuetype"]["name"], "Task");
    let (told, _) = acts(&home, &id);
    assert_eq!(told[0]["ticket"], format!("{}/browse/SEC-24", tracker.url));

    let of = |key: &str, labels: Value, category: &str| {
        json!({ "key": key, "fields": { "labels": labels,
            "status": { "name": "…", "statusCategory": { "key": category } } } })
    };
    let first =
        json!({ "issues": [of("SEC-1", json!(["standing"]), "new")], "nextPageToken": "more" });
    let last =
        json!({ "issues": [of("SEC-24", json!(["standing", mark]), "done")], "isLast": true });
    answer(&[(200, first), (200, last)]);
    assert_eq!(turn(&home)["turned"], 1);
    assert_eq!(tracker.take()[1].body["nextPageToken"], "more");
    assert_eq!(acts(&home, &id).0[1]["state"], "closed");

    // One that ends before its end is not taken for all that there is.
    answer(&[(200, json!({ "issues": [], "isLast": false }))]);
    assert_eq!(home.run(&["review", "tickets"]).code, 2);
}

#[test]
fn a_section_with_mistakes_says_which() {
    for (section, wanted) in [
        ("kind = \"trello\"\n", "expected \"github\" or \"jira\""),
        (
            "kind = \"github\"\nrepository = \"firm/security\"\n",
            "has no token_file",
        ),
        (
            "kind = \"github\"\ntoken_file = \"k\"\nrepository = \"firm\"\n",
            "\"owner/name\"",
        ),
        (
            "kind = \"github\"\ntoken_file = \"k\"\nrepository = \"a/b\"\nurl = \"http://elsewhere.example\"\n",
            "https",
        ),
        (
            "kind = \"jira\"\ntoken_file = \"k\"\nproject = \"SEC\"\nuser = \"u\"\n",
            "has no url",
        ),
        (
            "kind = \"jira\"\ntoken_file = \"k\"\nproject = \"SEC\\\" OR\"\nuser = \"u\"\nurl = \"https://j.example\"\n",
            "project's key",
        ),
        ("kind = \"github\"\ntoken = \"secret\"\n", "token"),
    ] {
        let home = Home::new();
        home.configure(&format!("[tickets]\n{section}"));
        let done = home.run(&["review", "tickets"]);
        assert_eq!(done.code, 2, "{section}: {}", done.out);
        assert!(done.err.contains(wanted), "{section}: {}", done.err);
        assert!(done.err.contains("standing.toml line"), "{}", done.err);
    }
    let none = Home::new().run(&["review", "tickets"]);
    assert!(
        none.err.contains("no tracker is configured"),
        "{}",
        none.err
    );
}

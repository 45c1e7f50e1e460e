//! People are told once: by a webhook that the test itself receives, and by a real mail server.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;

use super::service::{Inbox, Service};
use crate::home::{Home, run_in};

const SECRET: &str = "a secret of the tests";

/// The demonstration, with these settings beside its own.
fn demo(settings: &str) -> Home {
    let home = Home::empty();
    let parent = home.path.parent().unwrap().to_owned();
    let folder = home.path.to_str().unwrap().to_owned();
    let made = run_in(&parent, &["demo", "--quiet", "--dir", &folder]);
    assert_eq!(made.code, 0, "{}", made.err);
    home.configure(settings);
    home
}

/// Told at every start, because the hour of the digest is always over.
fn hook(home_of: &Inbox) -> String {
    format!(
        "[notify]\ndigest_at = \"00:00\"\n[[notify.webhook]]\nname = \"hook\"\n\
         url = \"{}/hook\"\nsecret_file = \"keys/hook\"\n",
        home_of.url()
    )
}

/// Makes item 1.1.1 turn to *not met*.
fn turn(home: &Home) {
    let words = [
        "record",
        "attestation",
        "add",
        "item=1.1.1",
        "answer=no",
        "statement=A test",
        "stated_by=Test Person",
        "role=SIRO",
        "stated_on=2026-11-01",
    ];
    let done = home.run(&words);
    assert_eq!(done.code, 0, "{}", done.err);
}

/// Lets what stands count as told.
fn baseline(home: &Home) {
    let service = Service::start(&home.path);
    service.until("what stands counts as told", "");
    assert_eq!(service.stop(), Some(0));
}

/// The body was signed with the secret that both know.
fn signed(received: &super::service::Received) {
    let header = received.header("standing-signature");
    let (seconds, hex) = header
        .strip_prefix("t=")
        .unwrap()
        .split_once(",v1=")
        .unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(seconds.as_bytes());
    mac.update(b".");
    mac.update(&received.body);
    let expected: Vec<String> = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(hex, expected.concat());
}

#[test]
fn killed_between_sending_and_settling_it_sends_again_under_the_same_name() {
    let inbox = Inbox::new();
    let home = demo(&hook(&inbox));
    home.secret("keys/hook", SECRET);
    baseline(&home);
    assert!(inbox.is_quiet(), "a first start tells nothing");
    turn(&home);

    let service = Service::start(&home.path);
    let first = inbox.next();
    service.kill();
    signed(&first);
    let told = first.json();
    assert_eq!(
        told["sections"][0]["title"],
        "No longer met, or not known (1)"
    );
    let line = told["sections"][0]["lines"][0]["text"].as_str().unwrap();
    assert!(
        line.starts_with("1.1.1 ") && line.ends_with(": not met, was met"),
        "{line}"
    );
    assert!(!first.json().to_string().contains("Test Person"));

    let service = Service::start(&home.path);
    let second = inbox.next();
    let id = "standing-message-id";
    assert_eq!(first.header(id), second.header(id));
    assert_eq!(first.body, second.body);
    second.answer(200);
    service.until("sent", "hook");
    assert_eq!(service.stop(), Some(0));

    // It is settled: another start tells nothing.
    let service = Service::start(&home.path);
    service.until("nothing to tell", "hook");
    assert_eq!(service.stop(), Some(0));
    assert!(inbox.is_quiet());
    assert_eq!(home.run(&["vault", "fsck"]).code, 0);
}

#[test]
fn what_is_refused_is_kept_with_its_code_and_redirects_are_not_followed() {
    let inbox = Inbox::new();
    let home = demo(&hook(&inbox));
    home.secret("keys/hook", SECRET);
    baseline(&home);
    turn(&home);
    let service = Service::start(&home.path);
    inbox.next().answer(302);
    let line = service.until("could not be sent", "hook");
    assert_eq!(line["fields"]["code"], "302");
    assert_eq!(service.stop(), Some(0));
    assert!(inbox.is_quiet());
}

#[test]
fn a_test_says_by_which_way_it_arrived_and_writes_nothing() {
    let inbox = Inbox::new();
    let home = Home::new();
    home.configure(&hook(&inbox));
    let before = home.run(&["vault", "checkpoint"]).out;
    let refused = home.run(&["notify", "test"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused.out.contains("hook: NOT taken (secret)"),
        "{}",
        refused.out
    );

    let readable = home.write("keys/hook", SECRET);
    std::fs::set_permissions(
        &readable,
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let refused = home.run(&["notify", "test"]);
    assert!(
        refused.out.contains("others may read it"),
        "{}",
        refused.out
    );

    home.secret("keys/hook", SECRET);
    let receiver = std::thread::spawn(move || {
        let received = inbox.next();
        signed(&received);
        received.answer(204);
    });
    let done = home.run(&["notify", "test"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (0, "hook: taken\n"),
        "{}",
        done.err
    );
    receiver.join().unwrap();
    assert_eq!(home.run(&["vault", "checkpoint"]).out, before);

    let nobody = Home::new().run(&["notify", "test"]);
    assert_eq!(nobody.code, 2);
    assert!(
        nobody.err.contains("nobody is told anything"),
        "{}",
        nobody.err
    );
}

/// A real mail server with TLS; ended when dropped.
struct Mail {
    child: Child,
    port: u16,
    out: BufReader<ChildStdout>,
}

impl Mail {
    /// `None`, and says so, where its packages are not installed.
    fn start(home: &Home, way: &str) -> Option<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| here.join("../../target"), PathBuf::from);
        let python = target.join("real/bin/python");
        if !python.is_file() {
            eprintln!("skipped: no aiosmtpd in target/real; ./test makes it");
            return None;
        }
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args([
                "-nodes", "-keyout", "mail.key", "-out", "mail.pem", "-days", "2",
            ])
            .args([
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
            ])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .current_dir(&home.path)
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|m| m.success()) {
            eprintln!("skipped: openssl not found");
            return None;
        }
        let mut child = Command::new(python)
            .arg(here.join("tests/real/smtp.py"))
            .args([
                way,
                "mail.pem",
                "mail.key",
                "standing",
                "a password of the tests",
            ])
            .current_dir(&home.path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening ").unwrap();
        Some(Mail {
            port: port.parse().unwrap(),
            child,
            out,
        })
    }

    fn settings(&self, scheme: &str, ca: &str) -> String {
        format!(
            "[notify]\ndigest_at = \"00:00\"\n[notify.email]\nsmtp = \"{scheme}://localhost:{}\"\n\
             from = \"Standing <standing@firm.example>\"\n\
             to = [\"siro@firm.example\", \"lead@firm.example\"]\nuser = \"standing\"\n\
             password_file = \"keys/mail\"\n{ca}\n",
            self.port
        )
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The next of this subject's beginning, which has been taken; reviews write their own in between.
    fn about(&mut self, subject: &str) -> String {
        loop {
            let content = self.next()["content"].as_str().unwrap().to_owned();
            if content.contains(&format!("\nSubject: {subject}")) {
                return content;
            }
        }
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_mail_server_takes_it_by_either_kind_of_tls() {
    for (way, scheme) in [("tls", "smtps"), ("starttls", "smtp+starttls")] {
        let home = Home::new();
        let Some(mut mail) = Mail::start(&home, way) else {
            return;
        };
        home.secret("keys/mail", "a password of the tests");
        home.configure(&mail.settings(scheme, "ca_file = \"mail.pem\""));
        let done = home.run(&["notify", "test"]);
        assert_eq!(
            (done.code, done.out.as_str()),
            (0, "email: taken\n"),
            "{}",
            done.err
        );
        let message = mail.next();
        assert_eq!(message["tls"], true);
        assert_eq!(message["from"], "standing@firm.example");
        assert_eq!(message["to"][1], "lead@firm.example");
        let content = message["content"].as_str().unwrap();
        assert!(content.contains("Message-ID: <test-email-"), "{content}");
        assert!(content.contains("multipart/alternative"), "{content}");
    }
}

#[test]
fn a_mail_server_that_nobody_vouches_for_is_told_nothing() {
    let home = Home::new();
    let Some(mail) = Mail::start(&home, "tls") else {
        return;
    };
    home.secret("keys/mail", "a password of the tests");
    home.configure(&mail.settings("smtps", ""));
    let done = home.run(&["notify", "test"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("email: NOT taken"), "{}", done.out);
    assert!(
        !done.out.contains("a password of the tests"),
        "{}",
        done.out
    );
}

#[test]
fn a_wrong_password_is_named_by_its_code() {
    let home = Home::new();
    let Some(mail) = Mail::start(&home, "starttls") else {
        return;
    };
    home.secret("keys/mail", "another");
    home.configure(&mail.settings("smtp+starttls", "ca_file = \"mail.pem\""));
    let done = home.run(&["notify", "test"]);
    assert_eq!(done.code, 1);
    assert!(done.out.contains("email: NOT taken (535)"), "{}", done.out);
}

#[test]
fn a_digest_arrives_by_mail_once() {
    let home = demo("");
    let Some(mut mail) = Mail::start(&home, "tls") else {
        return;
    };
    home.secret("keys/mail", "a password of the tests");
    home.configure(&mail.settings("smtps", "ca_file = \"mail.pem\""));
    baseline(&home);
    turn(&home);
    let service = Service::start(&home.path);
    service.until("sent", "email");
    assert_eq!(service.stop(), Some(0));
    let content = mail.about("Standing of");
    assert!(content.contains("1 item turned"), "{content}");
    assert!(content.contains("not met, was met"), "{content}");
    assert!(!content.contains("Test Person"), "{content}");
    let service = Service::start(&home.path);
    service.until("nothing to tell", "email");
}

#[test]
fn reviewers_are_written_to_by_mail_once() {
    let home = demo("");
    let Some(mut mail) = Mail::start(&home, "tls") else {
        return;
    };
    home.secret("keys/mail", "a password of the tests");
    home.configure(&mail.settings("smtps", "ca_file = \"mail.pem\""));
    let told = "told whose turn it is in access reviews";
    let service = Service::start(&home.path);
    let first = service.until(told, "sent");
    assert_eq!(service.stop(), Some(0));
    let sent = first["fields"]["sent"].as_u64().unwrap();
    assert!(sent > 0, "{first}");
    let messages: Vec<Value> = (0..sent).map(|_| mail.next()).collect();
    let mut whom: Vec<&str> = messages
        .iter()
        .map(|m| {
            let content = m["content"].as_str().unwrap();
            assert!(content.contains("\nSubject: Access review of"), "{content}");
            assert!(content.contains("/mine"), "{content}");
            assert!(content.contains("decide"), "{content}");
            assert_eq!(m["tls"], true);
            assert_eq!(m["to"].as_array().unwrap().len(), 1);
            m["to"][0].as_str().unwrap()
        })
        .collect();
    whom.sort_unstable();
    whom.dedup();
    assert_eq!(whom.len() as u64, sent);
    let service = Service::start(&home.path);
    let again = service.until(told, "sent");
    assert_eq!(again["fields"]["sent"], 0, "{again}");
}

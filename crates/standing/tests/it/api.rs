//! The API as programs that are not ours see it: its description is valid, and the server does what the
//! description says, whatever it is sent.

use std::path::PathBuf;
use std::process::Command;

use crate::home::Home;
use crate::serving::{Server, free_port};

/// A program from PyPI, as `./test` fetches them; `None`, and says so, where it is not here.
pub fn program(name: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")),
        PathBuf::from,
    );
    let program = target.join("real/bin").join(name);
    if !program.is_file() {
        eprintln!("skipped: {name} is not here; ./test fetches it");
        return None;
    }
    Some(program)
}

const DESCRIPTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_description_is_valid_openapi() {
    let Some(validator) = program("openapi-spec-validator") else {
        return;
    };
    let said = Command::new(validator)
        .args(["--schema", "3.1", DESCRIPTION])
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
}

/// Every operation is asked with what its description allows and with what it does not: nothing fails
/// here (5xx), and every answer has a status, a type and a form that the description names.
#[test]
fn the_server_does_what_its_description_says() {
    let Some(schemathesis) = program("schemathesis") else {
        return;
    };
    let home = Home::empty();
    let made = home.run(&["demo", "--quiet", "--dir", home.path.to_str().unwrap()]);
    assert!(home.path.join("standing.toml").is_file(), "{}", made.err);
    home.run(&["member", "add", "--name", "Test Owner", "--role", "owner"]);
    let scopes = "read,read-personal,attest,record,collect,configure";
    let made = home.run(&["token", "add", "--member", "Test Owner", "--scopes", scopes]);
    let token = made
        .out
        .split_whitespace()
        .find(|word| word.starts_with("standing_"))
        .unwrap()
        .to_owned();
    let server = Server::of(home, free_port());
    // The others say that what the description allows is accepted, which no description of a form can
    // promise, and that strangers get 401, where ours are soon told to slow down: the matrix of routes
    // and roles asks that.
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,\
        response_headers_conformance,response_schema_conformance,negative_data_rejection";
    let said = Command::new(schemathesis)
        .args(["run", DESCRIPTION, "--url", &server.url()])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", checks, "--phases", "coverage,fuzzing"])
        .args(["--max-examples", "5", "--max-time", "40"])
        .args(["--generation-deterministic", "--continue-on-failure"])
        .args(["--no-color", "--warnings", "off"])
        .current_dir(&server.home.path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let log = server.end();
    assert!(said.status.success(), "{text}\n{said:?}");
    assert!(text.contains("Tested: "), "{text}");
    assert!(!log.contains("panicked"), "{log}");
}

//! What most tests need: a vault in a temporary folder, with its keys beside it.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use standing_vault::{Blob, Digest, Draft, Encryption, KeyFiles, Keys, Options, Time, Vault};
use tempfile::TempDir;

pub const ORIGIN: &str = "vault.example/test";

pub struct Fixture {
    pub folder: TempDir,
    pub keys: Keys,
    /// Name of the vault's folder.
    pub name: &'static str,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::with(Encryption::On)
    }

    pub fn with(encryption: Encryption) -> Fixture {
        Fixture::in_folder(tempfile::tempdir().expect("a temporary folder"), encryption)
    }

    /// In memory where there is such a folder, for tests that make hundreds of vaults
    /// and gain nothing from a disk that really syncs.
    pub fn fleeting() -> Fixture {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Fixture::in_folder(folder.expect("a temporary folder"), Encryption::On)
    }

    fn in_folder(folder: TempDir, encryption: Encryption) -> Fixture {
        let files = KeyFiles {
            signing: folder.path().join("signing.key"),
            blobs: folder.path().join("blobs.key"),
        };
        let keys = files.generate().expect("keys");
        let name = "vault";
        let fixture = Fixture { folder, keys, name };
        Vault::init(
            &fixture.dir(),
            ORIGIN,
            &fixture.keys,
            Options { encryption },
        )
        .expect("init");
        fixture
    }

    pub fn dir(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    pub fn open(&self) -> Vault {
        Vault::open(&self.dir(), &self.keys).expect("open")
    }
}

pub fn time(second: i64) -> Time {
    Time::from_milliseconds(1_793_000_000_000 + second * 1000).expect("in range")
}

/// A draft whose body says `text`, and names blobs.
pub fn draft(text: &str, blobs: &[Digest]) -> Draft {
    let blobs: Vec<Value> = blobs.iter().map(|b| json!(b.reference())).collect();
    let Value::Object(body) = json!({ "text": text, "blobs": blobs }) else {
        unreachable!("an object literal")
    };
    Draft {
        actor: "tester".into(),
        kind: "note".into(),
        body,
        time: time(0),
    }
}

pub fn drafts(count: usize) -> Vec<Draft> {
    (0..count)
        .map(|i| draft(&format!("draft {i}"), &[]))
        .collect()
}

pub fn read_blob(vault: &Vault, digest: &Digest) -> Vec<u8> {
    match vault.blob(digest).expect("blob") {
        Blob::Present(mut reader) => {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).expect("readable");
            bytes
        }
        erased => panic!("expected a blob, found {erased:?}"),
    }
}

/// Makes a journal say that its writer had not got to the end.
pub fn unsettle(journal: &Path) {
    use sha2::Digest as _;
    let text = std::fs::read_to_string(journal)
        .expect("journal")
        .replace("state settled", "state begun");
    let body = &text[..text.find("sum ").expect("a sum")];
    let sum = Digest(sha2::Sha256::digest(body).into());
    let mut text = format!("{body}sum {sum}\n");
    text.push_str(&"\n".repeat(512 - text.len()));
    std::fs::write(journal, text).expect("write");
}

//! An authenticator in software: what a device and a browser do together, as far as the server sees it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A key on P-256 that was made for these tests and opens nothing, PKCS #8. Its last 64 bytes are the
/// public point.
const KEY: &str = concat!(
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104208866eabf",
    "39070371e6e5597612778ad176dcb21b09c1a1e8bfeef2bc7040d25aa14403420004f4234ac96d96",
    "a60170af3c11c11bec497fcb305d77d903587ea01cfcdfdab2efefd9dd1bfa62398bcffa81855b00",
    "8e8c123823eb509cadcd77586fc4bb2102c7",
);

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// One device that holds one passkey.
pub struct Authenticator {
    key: Arc<dyn SigningKey>,
    point: Vec<u8>,
    credential: Vec<u8>,
    user: String,
    /// Where the browser is.
    pub origin: String,
    /// What it counted last.
    pub counter: u32,
    /// Whether it verifies the person.
    pub verifies: bool,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// A new device, told from others by a byte.
    pub fn new(one: u8) -> Self {
        let bytes: Vec<u8> = (0..KEY.len() / 2)
            .map(|i| u8::from_str_radix(&KEY[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        let point = bytes[bytes.len() - 64..].to_vec();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bytes));
        Authenticator {
            key: any_ecdsa_type(&key).unwrap(),
            point,
            credential: vec![one; 32],
            user: String::new(),
            origin: "http://localhost:8080".into(),
            counter: 1,
            verifies: true,
        }
    }

    /// Answers the options of a registration.
    pub fn registers(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        self.user = asked["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.data(asked["rp"]["id"].as_str().unwrap(), ATTESTED);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(&self.credential);
        // COSE: EC2, ES256, P-256, x, y.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&self.point[..32]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&self.point[32..]);
        let mut object = vec![0xa3];
        object.extend(b"\x63fmt\x64none\x67attStmt\xa0\x68authData\x58");
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        self.credential(json!({
            "clientDataJSON": text(self.client("webauthn.create", asked).as_bytes()),
            "attestationObject": text(&object),
            "transports": ["internal"],
        }))
    }

    /// Answers the options of a recognition.
    pub fn recognised(&mut self, options: &Value) -> Value {
        let asked = &options["publicKey"];
        let client = self.client("webauthn.get", asked);
        let data = self.data(asked["rpId"].as_str().unwrap(), 0);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(client.as_bytes()));
        let signer = self
            .key
            .choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256]);
        self.credential(json!({
            "clientDataJSON": text(client.as_bytes()),
            "authenticatorData": text(&data),
            "signature": text(&signer.unwrap().sign(&signed).unwrap()),
            "userHandle": self.user,
        }))
    }

    fn credential(&self, response: Value) -> Value {
        let id = text(&self.credential);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "extensions": {} })
    }

    fn client(&self, what: &str, asked: &Value) -> String {
        json!({
            "type": what,
            "challenge": asked["challenge"],
            "origin": self.origin,
            "crossOrigin": false,
        })
        .to_string()
    }

    fn data(&mut self, host: &str, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        data.push(PRESENT | if self.verifies { VERIFIED } else { 0 } | more);
        data.extend(self.counter.to_be_bytes());
        self.counter += 1;
        data
    }
}

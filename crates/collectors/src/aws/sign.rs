//! AWS's Signature Version 4 of questions whose body is a form.

use std::fmt::Write as _;

use jiff::Timestamp;
use ring::{digest, hmac};

use crate::http::Question;
use crate::secret::Secret;

const SERVICE: &str = "iam";
const FORM: &str = "application/x-www-form-urlencoded";

/// Who signs, and for whom.
pub(super) struct Signer<'s> {
    /// The host as it is asked, with its port where that is not the usual one.
    pub host: String,
    pub region: &'s str,
    pub key: &'s str,
    pub secret: &'s Secret,
    /// The token of a session, which is sent beside the signature and signed with it.
    pub session: Option<&'s str>,
}

/// The host of an address, with its port where it names one.
pub(super) fn host(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let host = after.split(['/', '?']).next().unwrap_or_default();
    let usual = if url.starts_with("https:") {
        ":443"
    } else {
        ":80"
    };
    host.strip_suffix(usual)
        .unwrap_or(host)
        .to_ascii_lowercase()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

impl Signer<'_> {
    /// The question with the instant and the signature over both.
    pub(super) fn sign(&self, question: Question, now: Timestamp) -> Question {
        let at = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let authorization = self.authorization(SERVICE, question.body(), &at);
        question
            .header("x-amz-date", &at)
            .header("authorization", &authorization)
    }

    /// The header `authorization` of a form that is posted to `/` at the instant `20261126T120000Z`.
    fn authorization(&self, service: &str, body: &[u8], at: &str) -> String {
        let day = at.get(..8).unwrap_or_default();
        let (mut headers, mut names) = (
            format!("content-type:{FORM}\nhost:{}\nx-amz-date:{at}\n", self.host),
            "content-type;host;x-amz-date".to_owned(),
        );
        if let Some(session) = self.session {
            headers += &format!("x-amz-security-token:{session}\n");
            names += ";x-amz-security-token";
        }
        let sum = hex(digest::digest(&digest::SHA256, body).as_ref());
        let canonical = format!("POST\n/\n\n{headers}\n{names}\n{sum}");
        let canonical = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let scope = format!("{day}/{}/{service}/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{canonical}");
        let mut key = mac(format!("AWS4{}", self.secret.reveal()).as_bytes(), day);
        for step in [self.region, service, "aws4_request"] {
            key = mac(key.as_ref(), step);
        }
        let signature = hex(mac(key.as_ref(), &text).as_ref());
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_bear_a_port_that_is_not_the_usual_one() {
        for (url, wanted) in [
            ("https://iam.amazonaws.com", "iam.amazonaws.com"),
            ("https://IAM.example.test:443/", "iam.example.test"),
            ("http://127.0.0.1:5000", "127.0.0.1:5000"),
        ] {
            assert_eq!(host(url), wanted);
        }
    }

    /// The form of AWS's own test suite for this version (`post-x-www-form-urlencoded`), whose key,
    /// instant and signature are public.
    #[test]
    fn the_signature_of_the_published_example() {
        let secret = Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into());
        let signer = Signer {
            host: "example.amazonaws.com".into(),
            region: "us-east-1",
            key: "AKIDEXAMPLE",
            secret: &secret,
            session: None,
        };
        let authorization = signer.authorization("service", b"Param1=value1", "20150830T123600Z");
        let signature = authorization.rsplit_once("Signature=").unwrap().1;
        assert_eq!(
            signature,
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }
}

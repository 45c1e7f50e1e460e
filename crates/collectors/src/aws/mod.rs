//! Users, keys and rights of an AWS account, asked of IAM: the credential report and the account's
//! authorisation details, which [`crate::aws_iam`] understands.

mod sign;
mod xml;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use standing_facts::GapCode;

use crate::asking::CA_FILE;
use crate::aws_iam::rights::{DETAILS_BYTES, Rights};
use crate::http::{Answer, Http, Question};
use crate::secret::Secret;
use crate::{About, Asks, Collector, FetchError, Line, Parts, Setting, Settings, Sink, aws_iam};
use sign::Signer;

/// Asks AWS.
pub struct Aws;

const REPORT: &str = "credential-report.csv";
const DETAILS: &str = "account-authorization-details-";
const VERSION: &str = "2010-05-08";
/// Between two looks whether the report is made, and how often one looks.
const PAUSE: Duration = Duration::from_secs(5);
const LOOKS: u32 = 24;
/// Tries of one question that is asked for patience.
const TRIES: u32 = 6;
/// Pages of details: AWS's quotas keep an account far below this.
const PAGES: u32 = 500;
/// AWS makes a new report when the last is four hours old.
const OLDEST: SignedDuration = SignedDuration::from_hours(5);

static ABOUT: About = About {
    kind: "aws",
    summary: "an AWS account's users, keys and rights, asked of IAM",
    revision: 2,
    asks: Asks::System,
    tables: &["account", "credential_factor", "grant"],
    settings: &[
        Setting {
            name: "access_key_id",
            meaning: "the id of the key that reads; it is no secret",
            default: "",
            required: true,
        },
        Setting {
            name: "secret_key_file",
            meaning: "file that holds the secret of that key",
            default: "",
            required: false,
        },
        Setting {
            name: "secret_key_env",
            meaning: "environment variable that holds it instead",
            default: "",
            required: false,
        },
        Setting {
            name: "session_token_file",
            meaning: "file that holds the session's token, where the key is temporary",
            default: "",
            required: false,
        },
        Setting {
            name: "session_token_env",
            meaning: "environment variable that holds it instead",
            default: "",
            required: false,
        },
        Setting {
            name: "url",
            meaning: "the address of IAM",
            default: "https://iam.amazonaws.com",
            required: false,
        },
        Setting {
            name: "region",
            meaning: "the region by which questions to it are signed",
            default: "us-east-1",
            required: false,
        },
        Setting {
            name: "system",
            meaning: "the name under which other sources know this AWS account",
            default: "AWS",
            required: false,
        },
        CA_FILE,
    ],
    how: "Make an IAM user for Standing alone, without a password, with one access key and one policy that \
allows iam:GenerateCredentialReport, iam:GetCredentialReport and iam:GetAccountAuthorizationDetails on * and \
nothing else. Put the key's secret in a file of mode 0600. AWS makes a credential report anew every four \
hours at most, so a user made since is missing from it and named as a gap. People who come through Identity \
Center or another provider are not IAM users and not seen: read them where they sign in. Roles are not \
accounts, and who may take one is not read.",
};

impl Collector for Aws {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn fetch(&self, line: &mut Line<'_>) -> Result<(), FetchError> {
        let settings = line.settings().clone();
        let secret = line.needed_secret("secret_key")?;
        let session = line.secret("session_token")?;
        let url = settings.value("url").trim_end_matches('/').to_owned();
        let signer = Signer {
            host: sign::host(&url),
            region: settings.value("region"),
            key: settings.value("access_key_id"),
            secret: &secret,
            session: session.as_ref().map(Secret::reveal),
        };
        let mut http = line.http(&url)?;
        if let Some(session) = &session {
            http.always("x-amz-security-token", session.clone());
        }
        let report = credential_report(&mut http, &signer)?;
        http.line().keep(REPORT, &report)?;
        // Without rights the accounts are still told.
        if let Err(error) = details(&mut http, &signer) {
            let FetchError::System { code, detail } = error else {
                return Err(error);
            };
            http.line().gap(Some("grant"), code, detail);
        }
        Ok(())
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let mut rights = Rights::default();
        let pages = parts.list().iter().filter(|p| p.name.starts_with(DETAILS));
        let pages: Vec<_> = pages.collect();
        for part in &pages {
            let bytes = parts.whole(part, DETAILS_BYTES).ok().flatten();
            match bytes.and_then(|bytes| xml::result(&bytes, "GetAccountAuthorizationDetails")) {
                Some(page) => rights.add(&part.name, page, sink),
                None => {
                    let why = format!("{} is not understood", part.name);
                    sink.fail(GapCode::Malformed, why);
                }
            }
        }
        // Where no page came, the asking has said why.
        if !pages.is_empty() {
            rights.settle(settings.value("system"), sink);
        }
        let Some(part) = parts.list().iter().find(|p| p.name == REPORT) else {
            sink.fail(GapCode::Missing, format!("{REPORT} is not there"));
            return;
        };
        let named = aws_iam::report(settings, parts, part, &rights, sink);
        let missing = rights.users().filter(|arn| !named.contains(*arn)).count();
        if missing > 0 {
            let why = format!(
                "{missing} of {} users of the details are not in the credential report",
                rights.users().count()
            );
            sink.gap(Some("account"), GapCode::Truncated, why);
        }
        let users = named.iter().filter(|arn| !arn.ends_with(":root"));
        let without = users.clone().filter(|arn| !rights.names(arn)).count();
        if without > 0 && !pages.is_empty() {
            let why = format!(
                "{without} of {} users of the credential report are not in the details",
                users.count()
            );
            sink.gap(Some("grant"), GapCode::Truncated, why);
        }
    }
}

/// The report, once AWS has made it.
fn credential_report(http: &mut Http<'_, '_>, signer: &Signer<'_>) -> Result<Vec<u8>, FetchError> {
    let odd = |what: &str| {
        let why = format!("GetCredentialReport: {what}");
        FetchError::system(GapCode::Malformed, why)
    };
    let mut looks = 0;
    loop {
        looks += 1;
        let state = ask(http, signer, "GenerateCredentialReport", &[])?.1;
        match state["State"].as_str() {
            Some("COMPLETE") => break,
            Some("STARTED" | "INPROGRESS") if looks < LOOKS => {
                http.line().progress("the credential report is being made");
                http.line().pause(PAUSE);
            }
            Some("STARTED" | "INPROGRESS") => {
                let why = "GenerateCredentialReport: it was not made within our patience";
                return Err(FetchError::system(GapCode::Throttled, why));
            }
            _ => {
                let why = "GenerateCredentialReport: expected a State";
                return Err(FetchError::system(GapCode::Malformed, why));
            }
        }
    }
    let report = ask(http, signer, "GetCredentialReport", &[])?.1;
    if report["ReportFormat"]
        .as_str()
        .is_some_and(|f| f != "text/csv")
    {
        return Err(odd("expected the format text/csv"));
    }
    let made = report["GeneratedTime"].as_str();
    let made: Option<Timestamp> = made.and_then(|text| text.parse().ok());
    let made = made.ok_or_else(|| odd("expected a GeneratedTime"))?;
    if http.line().now().duration_since(made) > OLDEST {
        let why = "the credential report is older than AWS says that it may be";
        http.line().gap(Some("account"), GapCode::Stale, why);
    }
    let content = report["Content"].as_str().unwrap_or_default();
    let content: String = content.split_whitespace().collect();
    STANDARD
        .decode(content)
        .ok()
        .filter(|report| !report.is_empty())
        .ok_or_else(|| odd("expected a Content in base64"))
}

/// Every page of the details, kept as it came.
fn details(http: &mut Http<'_, '_>, signer: &Signer<'_>) -> Result<(), FetchError> {
    const ACTION: &str = "GetAccountAuthorizationDetails";
    let cut = |why: &str| FetchError::system(GapCode::Truncated, format!("{ACTION}: {why}"));
    let mut marker: Option<String> = None;
    for page in 1..=PAGES {
        let more: Vec<(&str, &str)> = marker.iter().map(|m| ("Marker", m.as_str())).collect();
        let (answer, result) = ask(http, signer, ACTION, &more)?;
        let name = format!("{DETAILS}{page:03}.xml");
        http.line().keep(&name, &answer.body)?;
        match result["IsTruncated"].as_bool() {
            Some(true) => {}
            Some(false) => return Ok(()),
            // A page that does not say whether it is the last is not taken for it.
            None => {
                let why = format!("{ACTION}: expected IsTruncated to be true or false");
                return Err(FetchError::system(GapCode::Malformed, why));
            }
        }
        let next = result["Marker"].as_str().filter(|m| !m.is_empty());
        let next = next.ok_or_else(|| cut("a further page is announced and not named"))?;
        if marker.as_deref() == Some(next) {
            return Err(cut("the same page is named again"));
        }
        marker = Some(next.to_owned());
    }
    Err(cut("the pages do not come to an end"))
}

/// One action: the answer, and what is in its result.
fn ask(
    http: &mut Http<'_, '_>,
    signer: &Signer<'_>,
    action: &str,
    more: &[(&str, &str)],
) -> Result<(Answer, Value), FetchError> {
    let mut fields = vec![("Action", action), ("Version", VERSION)];
    fields.extend(more);
    let mut tries = 0;
    loop {
        tries += 1;
        // Signed anew each time: a signature is good for some minutes.
        let question = signer.sign(Question::post_form("/", &fields), http.line().now());
        let answer = http.ask(&question.about(action))?;
        if (200..300).contains(&answer.status) {
            let result = xml::result(&answer.body, action).ok_or_else(|| {
                let why = format!("{action}: expected AWS's answer in XML");
                FetchError::system(GapCode::Malformed, why)
            })?;
            return Ok((answer, result));
        }
        let Some(code) = xml::error(&answer.body) else {
            return answer.good().map(|answer| (answer, Value::Null));
        };
        let (gap, why) = match code.as_str() {
            "Throttling" | "ThrottlingException" | "RequestLimitExceeded" if tries < TRIES => {
                http.line().pause(Duration::from_secs(1 << tries));
                continue;
            }
            "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => {
                (GapCode::Throttled, "it asks for more patience than we have")
            }
            "AccessDenied" | "AccessDeniedException" => {
                (GapCode::Denied, "the key may not do this")
            }
            "ExpiredToken" | "ExpiredTokenException" => (GapCode::Denied, "the session has ended"),
            "RequestExpired" => (GapCode::ClockSkewed, "our clock and AWS's differ"),
            "SignatureDoesNotMatch" => {
                let why = "the secret is not the key's, or our clock and AWS's differ";
                (GapCode::Denied, why)
            }
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "MissingAuthenticationToken" => {
                (GapCode::Denied, "there is no such key, or it is inactive")
            }
            _ => return answer.good().map(|answer| (answer, Value::Null)),
        };
        return Err(FetchError::system(gap, format!("{action}: {why} ({code})")));
    }
}

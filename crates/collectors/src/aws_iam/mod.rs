//! Users, keys and rights of AWS accounts: the IAM credential report and, where it was made, the
//! account's authorisation details.

pub(crate) mod rights;

use std::collections::BTreeSet;

use standing_facts::tables::{Account, CredentialFactor};
use standing_facts::{Date, GapCode};

use crate::tabular::{self, Columns, Record, Wanted};
use crate::{About, Asks, Collector, Kept, Parts, Setting, Settings, Sink, dates};
use rights::Rights;

/// Reads IAM credential reports.
pub struct AwsIam;

static ABOUT: About = About {
    kind: "aws-iam",
    summary: "AWS IAM credential reports (CSV) and authorisation details (JSON)",
    revision: 2,
    asks: Asks::Files,
    tables: &["account", "credential_factor", "grant"],
    settings: &[Setting {
        name: "system",
        meaning: "the name under which other sources know this AWS account",
        default: "AWS",
        required: false,
    }],
    how: "aws iam generate-credential-report, then aws iam get-credential-report with its Content \
decoded from base64 into credential-report.csv; AWS makes a new one every four hours at most. For \
rights, aws iam get-account-authorization-details into account-authorization-details.json beside \
it. A role with iam:GenerateCredentialReport, iam:GetCredentialReport and \
iam:GetAccountAuthorizationDetails and nothing else suffices. People who come through Identity \
Center or another provider are not IAM users and not in here: read them where they sign in.",
};

/// Reports have 12, 16 or 22 columns, by their age; each is found by its name.
static WANTED: &[Wanted<'static>] = &[
    ("user", &["user"]),
    ("arn", &["arn"]),
    ("created", &["usercreationtime"]),
    ("password_enabled", &["passwordenabled"]),
    ("password_last_used", &["passwordlastused"]),
    ("password_last_changed", &["passwordlastchanged"]),
    ("mfa_active", &["mfaactive"]),
    ("key_1_active", &["accesskey1active"]),
    ("key_1_made", &["accesskey1lastrotated"]),
    ("key_1_used", &["accesskey1lastuseddate"]),
    ("key_2_active", &["accesskey2active"]),
    ("key_2_made", &["accesskey2lastrotated"]),
    ("key_2_used", &["accesskey2lastuseddate"]),
    ("cert_1_active", &["cert1active"]),
    ("cert_1_made", &["cert1lastrotated"]),
    ("cert_2_active", &["cert2active"]),
    ("cert_2_made", &["cert2lastrotated"]),
];

/// Column prefix, kind of factor, whether it resists phishing.
const MACHINE_FACTORS: [(&str, &str, bool); 4] = [
    ("key_1", "access-key", false),
    ("key_2", "access-key", false),
    ("cert_1", "certificate", true),
    ("cert_2", "certificate", true),
];

impl Collector for AwsIam {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn wants(&self, relative: &str) -> bool {
        let name = relative.to_ascii_lowercase();
        name.ends_with(".csv") || is_details(&name)
    }

    fn read(&self, settings: &Settings, parts: &Parts<'_>, sink: &mut Sink<'_>) {
        let system = settings.value("system");
        let (details, reports): (Vec<_>, Vec<_>) =
            parts.list().iter().partition(|part| is_details(&part.name));
        let mut rights = Rights::default();
        for part in &details {
            rights.read(parts, part, sink);
        }
        rights.settle(system, sink);
        if reports.is_empty() {
            sink.fail(
                GapCode::Missing,
                "no credential report (.csv) in the folder",
            );
        }
        for part in reports {
            report(settings, parts, part, &rights, sink);
        }
    }
}

/// Reads one credential report; gives the ARNs that it names.
pub(crate) fn report(
    settings: &Settings,
    parts: &Parts<'_>,
    part: &Kept,
    rights: &Rights,
    sink: &mut Sink<'_>,
) -> BTreeSet<String> {
    let system = settings.value("system");
    let (mut root, mut named) = (false, BTreeSet::new());
    let wanted = ("aws-iam", WANTED, settings);
    let columns = tabular::read(parts, part, wanted, sink, &mut |columns, record, sink| {
        let row = Row { columns, record };
        root |= row.text("user") == Some("<root_account>");
        named.extend(row.text("arn").map(str::to_owned));
        row.account(system, rights, sink);
    });
    match columns {
        Some(columns) if !columns.has("user") || !columns.has("arn") => {
            let why = format!("{} is not a credential report: no user and arn", part.name);
            sink.fail(GapCode::Malformed, why);
        }
        Some(_) if !root => {
            let why = format!("{} has no row of the root account", part.name);
            sink.gap(Some("account"), GapCode::Missing, why);
        }
        _ => {}
    }
    named
}

fn is_details(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    file.starts_with("account-authorization-details") && file.ends_with(".json")
}

struct Row<'a> {
    columns: &'a Columns,
    record: &'a Record<'a>,
}

impl Row<'_> {
    /// The cell, unless it says in one of AWS's ways that there is nothing.
    fn text(&self, column: &str) -> Option<&str> {
        let text = self.columns.text(self.record, column)?;
        (!matches!(text, "N/A" | "no_information" | "not_supported")).then_some(text)
    }

    fn truth(&self, column: &str, sink: &mut Sink<'_>) -> Option<bool> {
        match self.text(column)?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.misfit(column, "expected true or false", sink);
                None
            }
        }
    }

    fn day(&self, column: &str, sink: &mut Sink<'_>) -> Option<Date> {
        let text = self.text(column)?;
        let day = dates::parse(text);
        if day.is_none() {
            self.misfit(
                column,
                "expected an instant as 2026-12-31T10:00:00+00:00",
                sink,
            );
        }
        day
    }

    fn misfit(&self, column: &str, expected: &str, sink: &mut Sink<'_>) {
        let heading = self.columns.heading(column);
        sink.problem(self.record.part, Some(self.record.line), heading, expected);
    }

    fn account(&self, system: &str, rights: &Rights, sink: &mut Sink<'_>) {
        let (Some(user), Some(arn)) = (self.text("user"), self.text("arn")) else {
            self.misfit(
                "user",
                "expected a user and its ARN; the row was left out",
                sink,
            );
            return;
        };
        let root = user == "<root_account>";
        let password = Factor {
            slot: "password",
            kind: "password",
            phishing_resistant: false,
            active: if root {
                Some(true)
            } else {
                self.truth("password_enabled", sink)
            },
            created_on: self.day("password_last_changed", sink),
            last_used_on: self.day("password_last_used", sink),
        };
        let created_on = self.day("created", sink);
        let mfa = self.truth("mfa_active", sink);
        let password_changed_on = password.created_on;
        let machine = MACHINE_FACTORS.map(|slot| self.factor(slot, sink));
        let factors: Vec<Factor> = std::iter::once(password).chain(machine).collect();
        for factor in &factors {
            factor.give(arn, sink);
        }
        let usable = factors.iter().any(|f| f.active == Some(true));
        let known = usable || factors[0].active.is_some();
        sink.fact(&Account {
            id: sink.id(arn),
            system: system.to_owned(),
            login: user.to_owned(),
            name: None,
            email: None,
            employee_number: None,
            enabled: known.then_some(usable),
            kind: root.then(|| "break-glass".into()),
            privileged: if root {
                Some(true)
            } else {
                rights.privileged(arn)
            },
            mfa,
            mfa_basis: mfa.map(|_| "registered".into()),
            created_on,
            last_used_on: factors.iter().filter_map(|f| f.last_used_on).max(),
            password_changed_on,
            owner: None,
            disabled_on: None,
            expires_on: None,
        });
    }

    fn factor(
        &self,
        (slot, kind, phishing_resistant): (&'static str, &'static str, bool),
        sink: &mut Sink<'_>,
    ) -> Factor {
        Factor {
            slot,
            kind,
            phishing_resistant,
            active: self.truth(&format!("{slot}_active"), sink),
            created_on: self.day(&format!("{slot}_made"), sink),
            last_used_on: self.day(&format!("{slot}_used"), sink),
        }
    }
}

/// What one slot of a user holds. The report does not say of what kind the second factor is, so
/// that is told by the account's `mfa` alone.
struct Factor {
    slot: &'static str,
    kind: &'static str,
    phishing_resistant: bool,
    active: Option<bool>,
    created_on: Option<Date>,
    last_used_on: Option<Date>,
}

impl Factor {
    /// A slot that is not active and was never filled holds no factor.
    fn give(&self, arn: &str, sink: &mut Sink<'_>) {
        if self.active != Some(true) && self.created_on.is_none() {
            return;
        }
        sink.fact(&CredentialFactor {
            id: sink.id(&format!("{arn}/{}", self.slot)),
            account: sink.id(arn),
            kind: self.kind.into(),
            phishing_resistant: Some(self.phishing_resistant),
            active: self.active,
            created_on: self.created_on,
            last_used_on: self.last_used_on,
        });
    }
}

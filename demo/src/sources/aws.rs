//! `aws/`: the IAM credential report and the account's authorisation details.

use std::io;

use serde_json::{Value, json};

use crate::firm;
use crate::out::{Csv, Out};
use crate::world::{Person, World};

/// Of no account: AWS's own manuals use it.
const ACCOUNT: &str = "123456789012";

/// The user who matches nobody when that is planted.
pub(crate) const NOBODY: &str = "mhollowell";

/// An IAM user: who, whether it can sign in, days since its last use, whether it has a key.
struct User {
    login: String,
    open: bool,
    used: i64,
    made: i64,
    key: Option<i64>,
    group: &'static str,
}

const HEADINGS: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

pub(crate) fn write(world: &World, out: &mut Out) -> io::Result<()> {
    let users = users(world);
    let mut table = Csv::new(&HEADINGS);
    table.row(&root(world));
    for user in &users {
        table.row(&row(world, user));
    }
    out.write("aws/credential-report.csv", table.bytes())?;
    let details = serde_json::to_string_pretty(&details(&users)).unwrap_or_default();
    out.write("aws/account-authorization-details.json", details)
}

fn users(world: &World) -> Vec<User> {
    let mut rng = world.rng("aws");
    let mut user = |person: &Person, group, key: bool| User {
        login: person.login.clone(),
        open: true,
        used: rng.between(0, 9),
        made: rng.between(380, 900),
        key: key.then(|| rng.between(20, 200)),
        group,
    };
    let mut users = Vec::new();
    for (place, person) in world.team("Platform").enumerate() {
        let group = if place < 2 {
            "Administrators"
        } else {
            "Operators"
        };
        users.push(user(person, group, place % 2 == 1));
    }
    for person in world.team("Data").take(3 * world.scale) {
        users.push(user(person, "Analysts", false));
    }
    let mut leaver = user(world.cast(firm::LEAVER), "Analysts", false);
    leaver.open = false;
    leaver.used = 24;
    users.push(leaver);
    if world.fault("account-of-nobody") {
        users.push(User {
            login: NOBODY.to_owned(),
            open: true,
            used: 6,
            made: 300,
            key: None,
            group: "Analysts",
        });
    }
    users
}

/// Whose the users are, which AWS itself does not know: account and person.
pub(crate) fn holders(world: &World) -> Vec<(String, &Person)> {
    let data = world.team("Data").take(3 * world.scale);
    let people = world.team("Platform").chain(data);
    let people = people.chain([world.cast(firm::LEAVER)]);
    let account = |p: &Person| format!("aws/{}", arn(&p.login));
    people.map(|p| (account(p), p)).collect()
}

pub(crate) fn arn(login: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{login}")
}

fn instant(world: &World, ago: i64) -> String {
    format!("{}T09:14:03+00:00", world.ago(ago))
}

pub(crate) fn root_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
}

fn root(world: &World) -> Vec<String> {
    let mut row = blank("<root_account>", &root_arn());
    row[2] = instant(world, 1_600);
    row[3] = "not_supported".into();
    row[4] = instant(world, 71);
    row[5] = "not_supported".into();
    row[6] = "not_supported".into();
    row[7] = "true".into();
    row
}

fn row(world: &World, user: &User) -> Vec<String> {
    let mut row = blank(&user.login, &arn(&user.login));
    row[2] = instant(world, user.made);
    row[3] = user.open.to_string();
    row[4] = instant(world, user.used);
    row[5] = instant(world, user.made.min(180));
    row[7] = user.open.to_string();
    if !user.open {
        row[5] = "N/A".into();
    }
    if let Some(age) = user.key {
        row[8] = "true".into();
        row[9] = instant(world, age);
        row[10] = instant(world, user.used);
        row[11] = "eu-west-2".into();
        row[12] = "s3".into();
    }
    row
}

/// A row in which nothing is active.
fn blank(user: &str, arn: &str) -> Vec<String> {
    let mut row = vec!["N/A".to_owned(); HEADINGS.len()];
    user.clone_into(&mut row[0]);
    arn.clone_into(&mut row[1]);
    for place in [8, 13, 18, 20] {
        "false".clone_into(&mut row[place]);
    }
    row
}

const GROUPS: [(&str, &str, &str); 3] = [
    (
        "Administrators",
        "AdministratorAccess",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    (
        "Operators",
        "CloudWatchReadOnlyAccess",
        "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess",
    ),
    (
        "Analysts",
        "LarkfieldReportsRead",
        "arn:aws:iam::123456789012:policy/LarkfieldReportsRead",
    ),
];

fn details(users: &[User]) -> Value {
    let group = |(name, policy, arn): &(&str, &str, &str)| {
        json!({"GroupName": name, "GroupPolicyList": [],
            "AttachedManagedPolicies": [{"PolicyName": policy, "PolicyArn": arn}]})
    };
    let user = |user: &User| {
        let groups: &[&str] = if user.open { &[user.group] } else { &[] };
        json!({"UserName": user.login, "Arn": arn(&user.login), "UserPolicyList": [],
            "GroupList": groups, "AttachedManagedPolicies": []})
    };
    json!({
        "UserDetailList": users.iter().map(user).collect::<Vec<_>>(),
        "GroupDetailList": GROUPS.iter().map(group).collect::<Vec<_>>(),
        "RoleDetailList": [],
        "Policies": [reports_policy()],
        "IsTruncated": false,
    })
}

/// The supplier's own policy: reads one bucket and administers nothing.
fn reports_policy() -> Value {
    json!({
        "PolicyName": "LarkfieldReportsRead",
        "Arn": GROUPS[2].2,
        "DefaultVersionId": "v1",
        "PolicyVersionList": [{
            "VersionId": "v1",
            "IsDefaultVersion": true,
            "Document": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::larkfield-reports", "arn:aws:s3:::larkfield-reports/*"],
            }]},
        }],
    })
}

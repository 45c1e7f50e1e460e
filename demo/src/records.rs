//! What people state: attestations, who answers for an account, what is let pass for a time.

use standing_facts::tables::{
    AccountDecision, Attestation, Exception, FixDate, Link, PatchEvidence, PatchException,
};
use standing_facts::{Fact, Row};

use crate::StatementWanted;
use crate::firm;
use crate::sources::{aws, entra, scanners};
use crate::world::{Person, World};

pub(crate) fn rows(world: &World, wanted: &[StatementWanted]) -> Vec<Row> {
    let mut rows: Vec<Row> = wanted.iter().map(|w| attestation(world, w).row()).collect();
    rows.push(emergency_link(world).row());
    rows.extend(aws_decisions(world).iter().map(Fact::row));
    rows.push(root_exception(world).row());
    rows.extend(patch_exceptions(world).iter().map(Fact::row));
    rows.push(setting_made(world).row());
    rows.push(date_of_a_fix(world).row());
    rows
}

fn attestation(world: &World, wanted: &StatementWanted) -> Attestation {
    let title = wanted.title.trim_end_matches('.');
    Attestation {
        id: format!("records/attestation/{}", wanted.item),
        item: wanted.item.clone(),
        answer: "yes".into(),
        statement: Some(format!(
            "{title}. Looked at with those who do the work at {} and confirmed by the board's \
             security meeting; the minutes say who was asked.",
            firm::NAME
        )),
        stated_by: Some(world.cast(firm::SIRO).name()),
        role: Some("SIRO".into()),
        stated_on: world.ago(40),
        expires_on: None,
    }
}

/// The emergency account leads to the head of the platform team, who keeps its key.
fn emergency_link(world: &World) -> Link {
    Link {
        account: format!("entra/{}", entra::emergency_id(world)),
        person: format!("hr/{}", world.cast(firm::PLATFORM_LEAD).number),
        keys: Some("decided".into()),
        band: None,
        expires_on: None,
    }
}

/// IAM reports a login and nothing else, so the head of the platform team has said whose each user is.
fn aws_decisions(world: &World) -> Vec<AccountDecision> {
    let lead = world.cast(firm::PLATFORM_LEAD);
    let decision = |(account, person): (String, &Person)| AccountDecision {
        account,
        person: Some(format!("hr/{}", person.number)),
        kind: None,
        owner: None,
        expires_on: None,
        reason: Some("IAM keeps no name. Compared with the requests for access.".into()),
        decided_by: lead.name(),
        decided_on: world.ago(90),
    };
    aws::holders(world).into_iter().map(decision).collect()
}

/// IAM reports name no owner of a root account, so somebody has to say who it is.
fn root_exception(world: &World) -> Exception {
    let lead = world.cast(firm::PLATFORM_LEAD);
    let (check, subject) = (
        "special_accounts_have_an_owner",
        "aws/arn:aws:iam::123456789012:root",
    );
    Exception {
        id: format!("records/exception/{check}/{subject}"),
        check_name: check.into(),
        subject: subject.into(),
        reason: format!(
            "AWS keeps no owner of the root account. {} answers for it; its key is in the safe.",
            lead.name()
        ),
        approved_by: world.cast(firm::SIRO).name(),
        approved_on: world.ago(90),
        expires_on: world.months_ago(-9),
    }
}

/// A risk that the SIRO accepts, and two words on what is no hole here.
fn patch_exceptions(world: &World) -> Vec<PatchException> {
    let leave = |n: u8, policy: &str, vulnerability: &str, ground: &str| PatchException {
        id: format!("records/patch_exception/{n}"),
        vulnerability: vulnerability.into(),
        asset: None,
        component: None,
        policy: policy.into(),
        ground: ground.into(),
        reason: String::new(),
        owner: world.cast(firm::PLATFORM_LEAD).email.clone(),
        approved_by: world.cast(firm::SIRO).email.clone(),
        from_on: world.ago(7),
        expires_on: world.ago(-60),
        evidence: None,
    };
    let accepted = PatchException {
        asset: Some("lkf-bastion-01".into()),
        reason: "The bastion is replaced next month; until then only the office reaches it.".into(),
        ..leave(1, "DSPT", "DSA-DEMO-08", "accepted risk")
    };
    let mut leaves = vec![accepted];
    for (n, policy) in [(2, "Cyber Essentials"), (3, "DSPT")] {
        leaves.push(PatchException {
            reason: "The module with the fault is not built in the package that is installed."
                .into(),
            from_on: world.ago(38),
            evidence: Some("list of the package's files, in the ticket PLAT-118".into()),
            ..leave(n, policy, "DSA-DEMO-15", "false positive")
        });
    }
    leaves
}

/// Shown on one of the two servers that need it; the other one waits.
fn setting_made(world: &World) -> PatchEvidence {
    PatchEvidence {
        id: "records/patch_evidence/1".into(),
        vulnerability: format!("openvas:{}", scanners::SETTING),
        asset: scanners::SET[0].into(),
        component: None,
        done_on: world.ago(scanners::SET_ON),
        evidence: "the change CHG-204 and a test of the port from outside".into(),
        done_by: world.cast(firm::ADMINISTRATOR).email.clone(),
    }
}

/// The first release of this fix was taken back on its day.
fn date_of_a_fix(world: &World) -> FixDate {
    FixDate {
        id: "records/fix_date/1".into(),
        vulnerability: "DEMO-0024".into(),
        component: "larkfield-demo-tables".into(),
        released_on: world.ago(6),
        reason: "What was published with the advisory was withdrawn on the same day.".into(),
        evidence: "the maker's own notes on the release".into(),
        stated_by: world.cast(firm::PLATFORM_LEAD).email.clone(),
    }
}

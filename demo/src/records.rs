//! What people state: attestations, who answers for an account, what is let pass for a time.

use standing_facts::tables::{AccountDecision, Attestation, Exception, Link};
use standing_facts::{Fact, Row};

use crate::StatementWanted;
use crate::firm;
use crate::sources::{aws, entra};
use crate::world::{Person, World};

pub(crate) fn rows(world: &World, wanted: &[StatementWanted]) -> Vec<Row> {
    let mut rows: Vec<Row> = wanted.iter().map(|w| attestation(world, w).row()).collect();
    rows.push(emergency_link(world).row());
    rows.extend(aws_decisions(world).iter().map(Fact::row));
    rows.push(root_exception(world).row());
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

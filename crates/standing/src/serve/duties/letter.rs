//! What is written to somebody who is to act. It names no account and no person: only how many.

use jiff::Timestamp;

use super::super::notify::message::{Line, Message, Section};
use crate::review::{Duty, Why};
use crate::text::{count, day};

/// One message about one campaign. `duties` is not empty.
pub(super) fn letter(organisation: &str, url: &str, duties: &[Duty], now: Timestamp) -> Message {
    let campaign = duties.first().map_or("", |duty| duty.campaign.as_str());
    let own = duties.iter().any(is_own);
    let place = match own {
        true => format!("{url}/reviews/{campaign}/mine"),
        false => format!("{url}/reviews/{campaign}"),
    };
    let subject = duties.first().map_or_else(String::new, said);
    let lines = duties.iter().map(|duty| Line {
        text: sentence(&said(duty)),
        link: None,
    });
    let due_on = duties.first().map(|duty| day(duty.due_on));
    Message {
        subject: format!("Access review of {organisation}: {subject}"),
        lead: format!(
            "{organisation} reviews who can get into its systems; rows are to be decided by {}. \
             Nothing is kept by silence: a row without an answer is not reviewed.",
            due_on.unwrap_or_default()
        ),
        sections: vec![
            Section {
                title: "What waits for you".into(),
                lines: lines.collect(),
            },
            Section {
                title: "How to get there".into(),
                lines: vec![Line {
                    text: "The link below leads straight to it once you have signed in; by itself \
                           it lets nobody in. If you have no way to sign in yet, ask whoever leads \
                           the review for an invitation."
                        .into(),
                    link: None,
                }],
            },
        ],
        link: place,
        at: now.to_string(),
    }
}

/// Whether rows wait for a decision of whoever is told.
fn is_own(duty: &Duty) -> bool {
    let deciding = matches!(
        duty.why,
        Why::Opened | Why::Reminder | Why::Overdue | Why::Assigned
    );
    deciding && duty.about.is_none()
}

fn said(duty: &Duty) -> String {
    let rows = count(duty.rows, "row");
    let (wait, are) = match duty.rows {
        1 => ("waits", "is"),
        _ => ("wait", "are"),
    };
    let to_them = duty
        .about
        .as_ref()
        .is_some_and(|about| about.email == duty.to.email);
    match duty.why {
        Why::Opened => format!("{rows} {wait} for your decision"),
        Why::Reminder => format!("{rows} still {wait} for your decision"),
        Why::Assigned if duty.about.is_none() => {
            format!("{rows} {are} for you to decide from now on")
        }
        Why::Assigned => format!("{rows} went to another reviewer"),
        Why::Overdue if duty.about.is_none() => format!("{rows} {are} overdue for your decision"),
        Why::Overdue => format!("{rows} of a reviewer {are} overdue"),
        Why::Escalation if to_them => {
            format!("{rows} waited for you so long that the next in line may decide them too")
        }
        Why::Escalation if duty.stage == "escalation" => {
            format!("{rows} waited for somebody before you in line, and you may decide them too")
        }
        Why::Escalation => {
            format!("{rows} waited so long that the next in line may decide them too")
        }
        Why::RemovalOverdue => format!(
            "{} {are} overdue: decided, and not shown gone by any reading",
            count(duty.rows, "removal")
        ),
        Why::CameBack => "an access that was gone came back".into(),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

//! Webhooks: one POST, signed, in our own form or in that of Slack or Teams.
//!
//! `Standing-Signature: t=SECONDS,v1=HEX` where HEX is HMAC-SHA256, by the secret, of `SECONDS`, a dot
//! and the body. `Standing-Message-Id` is the same when a message is sent again.

use std::path::Path;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::channel::{Refused, secret};
use super::message::{Line, Message};
use crate::config::notify::{Place, Template, Webhook, may_go_to};
use crate::serve::outward;

/// Longest time for the whole exchange.
const WITHIN: Duration = Duration::from_secs(15);
/// Longest text of one block of Slack's.
const BLOCK: usize = 2900;

/// Sends one message.
///
/// # Errors
/// When the receiver did not answer with a status of success.
pub fn send(folder: &Path, webhook: &Webhook, message: &Message, id: &str) -> Result<(), Refused> {
    let url = match &webhook.place {
        Place::Url(url) => url.clone(),
        Place::File(file) => secret(folder, file)?,
    };
    if !may_go_to(&url) {
        return Err(Refused::new("address", "expected https://…"));
    }
    let body = body(webhook.template, message, id).to_string();
    let mut request = outward::agent(&url, WITHIN)
        .post(&url)
        .header("content-type", "application/json")
        .header("standing-message-id", id);
    if let Some(file) = &webhook.secret_file {
        let signature = signature(&secret(folder, file)?, Timestamp::now(), &body);
        request = request.header("standing-signature", signature);
    }
    // The address may be a secret, so no error may repeat it.
    let answer = request
        .send(&body)
        .map_err(|error| Refused::new(outward::brief(&error), outward::brief(&error)))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let said = format!("the receiver answered with status {}", status.as_u16());
    Err(Refused::new(status.as_u16(), said))
}

/// What the header says.
pub fn signature(secret: &str, at: Timestamp, body: &str) -> String {
    let seconds = at.as_second();
    let hex = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mut mac| {
        mac.update(format!("{seconds}.{body}").as_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()
    });
    // A key of any length is taken, so there is always a signature.
    format!("t={seconds},v1={}", hex.unwrap_or_default())
}

/// The body in the receiver's form.
pub fn body(template: Template, message: &Message, id: &str) -> Value {
    match template {
        Template::Json => json!({
            "id": id,
            "at": message.at,
            "subject": message.subject,
            "lead": message.lead,
            "sections": message.sections,
            "link": message.link,
        }),
        Template::Slack => slack(message),
        Template::Teams => teams(message),
    }
}

fn slack(message: &Message) -> Value {
    let words = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace('>', "&gt;")
    };
    let line = |line: &Line| match &line.link {
        Some(link) => format!("• <{link}|{}>", words(&line.text).replace('|', "/")),
        None => format!("• {}", words(&line.text)),
    };
    let text = |text: String| json!({ "type": "mrkdwn", "text": cut(&text, BLOCK) });
    let header = json!({ "type": "plain_text", "text": cut(&message.subject, 150) });
    let mut blocks = vec![
        json!({ "type": "header", "text": header }),
        json!({ "type": "section", "text": text(words(&message.lead)) }),
    ];
    for section in &message.sections {
        let lines: Vec<String> = section.lines.iter().map(line).collect();
        let whole = format!("*{}*\n{}", words(&section.title), lines.join("\n"));
        blocks.push(json!({ "type": "section", "text": text(whole) }));
    }
    let link = format!("<{}|Open Standing>", message.link);
    blocks.push(json!({ "type": "section", "text": text(link) }));
    json!({ "text": words(&message.subject), "blocks": blocks })
}

fn teams(message: &Message) -> Value {
    let block = |text: &str| json!({ "type": "TextBlock", "text": text, "wrap": true });
    let mut heading = block(&message.subject);
    heading["size"] = json!("Medium");
    heading["weight"] = json!("Bolder");
    let mut body = vec![heading, block(&message.lead)];
    for section in &message.sections {
        let mut title = block(&section.title);
        title["weight"] = json!("Bolder");
        body.push(title);
        let line = |line: &Line| match &line.link {
            Some(link) => format!("- [{}]({link})", line.text.replace(['[', ']'], "")),
            None => format!("- {}", line.text),
        };
        let lines: Vec<String> = section.lines.iter().map(line).collect();
        body.push(block(&lines.join("\n")));
    }
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{ "type": "Action.OpenUrl", "title": "Open Standing", "url": message.link }],
    });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

/// At most so many characters, and a sign where there were more.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::notify::message::Section;

    fn message(text: &str) -> Message {
        Message {
            subject: "Standing of Test & Sons: 1 item turned".into(),
            lead: "41 of 42 items that bind are met.".into(),
            sections: vec![Section {
                title: "No longer met, or not known (1)".into(),
                lines: vec![Line {
                    text: text.into(),
                    link: Some("https://standing.example.org/items/4.2.4".into()),
                }],
            }],
            link: "https://standing.example.org/".into(),
            at: "2026-11-21T08:00:00Z".into(),
        }
    }

    #[test]
    fn a_signature_can_be_made_by_any_other_program() {
        // printf '1795248000.{}' | openssl dgst -sha256 -hmac secret
        let at = Timestamp::from_second(1_795_248_000).unwrap();
        let made = signature("secret", at, "{}");
        let (seconds, hex) = made.split_once(",v1=").unwrap();
        assert_eq!(seconds, "t=1795248000");
        assert_eq!(
            hex,
            "d4a17567ea48d00183807a60ed5e7b4a49f5c8bc741b714f2e19b87ef2a18d9f"
        );
        assert_ne!(made, signature("secret", at, "{ }"));
        assert_ne!(made, signature("other", at, "{}"));
    }

    #[test]
    fn slack_reads_no_markup_that_is_not_ours() {
        let body = slack(&message("4.2.4 A|B <!channel> & C"));
        let text = body["blocks"][2]["text"]["text"].as_str().unwrap();
        assert!(
            text.contains("|4.2.4 A/B &lt;!channel&gt; &amp; C>"),
            "{text}"
        );
        assert_eq!(body["text"], "Standing of Test &amp; Sons: 1 item turned");
    }

    #[test]
    fn a_block_of_slack_is_never_too_long() {
        let body = slack(&message(&"x".repeat(5000)));
        for block in body["blocks"].as_array().unwrap() {
            let text = block["text"]["text"].as_str().unwrap();
            assert!(text.chars().count() <= 3000);
        }
    }

    #[test]
    fn teams_gets_an_adaptive_card() {
        let body = teams(&message("4.2.4 Title: not met, was met"));
        let card = &body["attachments"][0];
        assert_eq!(
            card["contentType"],
            "application/vnd.microsoft.card.adaptive"
        );
        assert_eq!(card["content"]["type"], "AdaptiveCard");
        let lines = card["content"]["body"][3]["text"].as_str().unwrap();
        assert!(
            lines.contains("[4.2.4 Title: not met, was met](https://"),
            "{lines}"
        );
    }
}

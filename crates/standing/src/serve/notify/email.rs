//! E-mail: SMTP with TLS.

use std::path::Path;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{SmtpTransport, Transport};

use super::channel::{Refused, secret};
use super::message::Message;
use crate::config::notify::{Email, Protection};

/// Longest wait for each word of the mail server.
const WITHIN: Duration = Duration::from_secs(15);

/// Sends one message to everybody at once whom the settings name.
///
/// # Errors
/// When the server did not take it for everybody.
pub fn send(folder: &Path, email: &Email, message: &Message, id: &str) -> Result<(), Refused> {
    send_to(folder, email, &email.to, message, id)
}

/// The same to others.
///
/// # Errors
/// When the server did not take it for everybody.
pub fn send_to(
    folder: &Path,
    email: &Email,
    to: &[Mailbox],
    message: &Message,
    id: &str,
) -> Result<(), Refused> {
    let letter = letter(email, to, message, id).map_err(|e| Refused::new("letter", e))?;
    let transport = transport(folder, email)?;
    transport.send(&letter).map(|_| ()).map_err(refused)
}

fn letter(
    email: &Email,
    to: &[Mailbox],
    message: &Message,
    id: &str,
) -> Result<lettre::Message, lettre::error::Error> {
    let at = message.at.parse::<jiff::Timestamp>().unwrap_or_default();
    let domain = email.from.email.domain();
    let start = lettre::Message::builder()
        .from(email.from.clone())
        .date(at.into())
        .subject(message.subject.clone())
        .message_id(Some(format!("<{id}@{domain}>")));
    let add = |builder: lettre::message::MessageBuilder, to: &Mailbox| builder.to(to.clone());
    to.iter()
        .fold(start, add)
        .multipart(MultiPart::alternative_plain_html(
            message.text(),
            html(message),
        ))
}

fn transport(folder: &Path, email: &Email) -> Result<SmtpTransport, Refused> {
    let tls = match email.protection {
        Protection::Tls => Tls::Wrapper(parameters(folder, email)?),
        Protection::StartTls => Tls::Required(parameters(folder, email)?),
        Protection::None => Tls::None,
    };
    let mut builder = SmtpTransport::builder_dangerous(&email.host)
        .port(email.port)
        .tls(tls)
        .timeout(Some(WITHIN));
    if let (Some(user), Some(file)) = (&email.user, &email.password_file) {
        let password = secret(folder, file)?;
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

fn parameters(folder: &Path, email: &Email) -> Result<TlsParameters, Refused> {
    let wrong = |e: lettre::transport::smtp::Error| Refused::new("tls", e);
    let mut builder = TlsParameters::builder(email.host.clone());
    if let Some(file) = &email.ca_file {
        let path = folder.join(file);
        let pem = std::fs::read(&path)
            .map_err(|e| Refused::new("ca-file", format!("cannot read {}: {e}", path.display())))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(wrong)?);
    }
    builder.build_rustls().map_err(wrong)
}

fn refused(error: lettre::transport::smtp::Error) -> Refused {
    let mut said = error.to_string();
    let mut late = error.is_timeout();
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        // A socket whose time is over says that it would block.
        late |= deeper
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::WouldBlock);
        said.push_str(&format!(": {deeper}"));
        cause = deeper.source();
    }
    let code = match error.status() {
        Some(code) => code.to_string(),
        None if late => "timeout".into(),
        None if said.contains("certificate") => "certificate".into(),
        None if error.is_tls() => "tls".into(),
        None if error.is_client() => "client".into(),
        None => "connection".into(),
    };
    Refused { code, said }
}

/// As simple HTML: a heading, lists, links.
fn html(message: &Message) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en-GB\"><body><h1>{}</h1><p>{}</p>",
        escaped(&message.subject),
        escaped(&message.lead)
    );
    for section in &message.sections {
        html.push_str(&format!("<h2>{}</h2><ul>", escaped(&section.title)));
        for line in &section.lines {
            let text = escaped(&line.text);
            html.push_str(&match &line.link {
                Some(link) => format!("<li><a href=\"{}\">{text}</a></li>", escaped(link)),
                None => format!("<li>{text}</li>"),
            });
        }
        html.push_str("</ul>");
    }
    let link = escaped(&message.link);
    html.push_str(&format!(
        "<p><a href=\"{link}\">Open Standing</a></p></body></html>"
    ));
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

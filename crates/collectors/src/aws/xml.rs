//! AWS's answers in XML, as the JSON that its command line would make of them.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Deeper than any answer of AWS's.
const DEEPEST: usize = 32;

/// An element that is open: its name, its text, and what lies in it.
struct Open {
    name: String,
    text: String,
    within: Map<String, Value>,
    members: Vec<Value>,
}

/// What lies in `<{action}Result>` of an answer; `None` where there is no such answer.
pub(super) fn result(bytes: &[u8], action: &str) -> Option<Value> {
    let (name, mut answer) = document(bytes)?;
    let result = answer.get_mut(format!("{action}Result"))?.take();
    (name == format!("{action}Response")).then_some(result)
}

/// The code of an answer that says what went wrong.
pub(super) fn error(bytes: &[u8]) -> Option<String> {
    let (name, answer) = document(bytes)?;
    let code = answer["Error"]["Code"].as_str().filter(|code| {
        !code.is_empty() && code.len() < 64 && code.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    code.filter(|_| name == "ErrorResponse").map(str::to_owned)
}

/// The name of the outermost element, and all that lies in it.
fn document(bytes: &[u8]) -> Option<(String, Value)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                if open.len() == DEEPEST {
                    return None;
                }
                open.push(Open::of(element.local_name().as_ref()));
            }
            Event::Empty(element) => {
                let name = element.local_name();
                let value = Open::of(name.as_ref()).value();
                open.last_mut()?.take(name.as_ref(), value);
            }
            Event::End(_) => {
                let last = open.pop()?;
                let name = last.name.clone();
                let value = last.value();
                match open.last_mut() {
                    Some(outer) => outer.take(&name, value),
                    None => return Some((name, value)),
                }
            }
            Event::Text(text) => {
                if let Some(last) = open.last_mut() {
                    last.text.push_str(&text);
                }
            }
            Event::CData(text) => open.last_mut()?.text.push_str(&text),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => match &*reference {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return None,
                    },
                };
                open.last_mut()?.text.push(character);
            }
            Event::DocType(_) | Event::Eof => return None,
            _ => {}
        }
    }
}

impl Open {
    fn of(name: &str) -> Self {
        Open {
            name: name.to_owned(),
            text: String::new(),
            within: Map::new(),
            members: Vec::new(),
        }
    }

    fn take(&mut self, name: &str, value: Value) {
        match name {
            "member" => self.members.push(value),
            _ => {
                self.within.insert(name.to_owned(), value);
            }
        }
    }

    /// A list of members, an object, or a text; yes and no under the names that AWS gives to such.
    fn value(self) -> Value {
        let text = self.text.trim();
        let is_list = self.name.ends_with("List") || self.name.ends_with("Policies");
        if !self.members.is_empty() {
            Value::Array(self.members)
        } else if !self.within.is_empty() {
            Value::Object(self.within)
        } else if is_list && text.is_empty() {
            Value::Array(Vec::new())
        } else if self.name.starts_with("Is") && (text == "true" || text == "false") {
            Value::Bool(text == "true")
        } else {
            Value::String(text.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_becomes_what_the_command_line_prints() {
        let text = "<XResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><XResult>\
            <IsTruncated>true</IsTruncated><Marker>a&amp;b&#43;</Marker><GroupDetailList/>\
            <UserDetailList><member><UserName>true</UserName><GroupList><member>ops</member></GroupList>\
            <UserPolicyList></UserPolicyList></member></UserDetailList></XResult>\
            <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></XResponse>";
        let wanted = json!({ "IsTruncated": true, "Marker": "a&b+", "GroupDetailList": [],
            "UserDetailList": [{ "UserName": "true", "GroupList": ["ops"], "UserPolicyList": [] }] });
        assert_eq!(result(text.as_bytes(), "X"), Some(wanted));
        assert_eq!(result(text.as_bytes(), "Y"), None);
        for end in 0..text.len() {
            assert_eq!(result(&text.as_bytes()[..end], "X"), None, "{end}");
        }
        let long = "<a>".repeat(100);
        assert_eq!(result(long.as_bytes(), "X"), None);
        let own = "<!DOCTYPE a [<!ENTITY x \"y\">]><XResponse><XResult>&x;</XResult></XResponse>";
        assert_eq!(result(own.as_bytes(), "X"), None);
    }

    #[test]
    fn what_went_wrong_is_a_code() {
        let text = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: \
            arn:aws:iam::000000000000:user/x is not authorized</Message></Error></ErrorResponse>";
        assert_eq!(error(text.as_bytes()).as_deref(), Some("AccessDenied"));
        for odd in [
            "<html><body>Maintenance</body></html>",
            "{}",
            "",
            "<ErrorResponse/>",
        ] {
            assert_eq!(error(odd.as_bytes()), None, "{odd}");
        }
    }
}

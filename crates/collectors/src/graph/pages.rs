//! Which files are pages of which answer, and whether all pages are there.

use serde_json::{Map, Value};
use standing_facts::GapCode;

use crate::answers::Answers;
use crate::{Kept, Parts, Piece, Sink, stream_objects};

/// Names of the answers, as Graph spells them and files begin with them, in any case.
pub(super) const USERS: &str = "users";
pub(super) const GROUPS: &str = "groups";
pub(super) const ROLES: &str = "directoryRoles";
pub(super) const ROLE_DEFINITIONS: &str = "roleDefinitions";
pub(super) const ASSIGNMENTS: &str = "roleAssignments";
pub(super) const REGISTRATION: &str = "userRegistrationDetails";
/// Asked of a running tenant only.
pub(super) const ELIGIBLE: &str = "roleEligibilitySchedules";
pub(super) const APPLICATIONS: &str = "servicePrincipals";
pub(super) const COLLECTIONS: [&str; 6] = [
    USERS,
    GROUPS,
    ROLES,
    ROLE_DEFINITIONS,
    ASSIGNMENTS,
    REGISTRATION,
];

/// Whether a file is a page of that answer: its name begins with the answer's, and a letter does
/// not follow.
pub(super) fn belongs(path: &str, collection: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let collection = collection.to_lowercase();
    let rest = file.strip_prefix(&collection);
    rest.is_some_and(|r| r.ends_with(".json") && !r.starts_with(|c: char| c.is_alphabetic()))
}

/// The pages of one answer, in the order of their names; numbers in names count as numbers.
pub(super) struct Pages<'a> {
    parts: &'a Parts<'a>,
    asked: Option<&'a Answers<'a>>,
    collection: &'static str,
    files: Vec<&'a Kept>,
}

/// What came of one answer.
pub(super) struct Answer {
    /// How many objects the answer itself counts.
    pub(super) count: Option<u64>,
    /// Whether it is here to its last page.
    pub(super) whole: bool,
}

#[derive(Default)]
struct Envelope {
    next: bool,
    count: Option<u64>,
    elements: bool,
    error: Option<String>,
}

type Take<'t> = dyn FnMut(&str, u64, Map<String, Value>, &mut Sink<'_>) + 't;

impl<'a> Pages<'a> {
    /// `asked` is what came of a run that asked for the answers itself.
    pub(super) fn of(
        parts: &'a Parts<'a>,
        asked: Option<&'a Answers<'a>>,
        collection: &'static str,
    ) -> Self {
        let all = parts.list().iter();
        let mut files: Vec<&Kept> = all.filter(|p| belongs(&p.name, collection)).collect();
        files.sort_by_cached_key(|p| (page_number(&p.name), p.name.clone()));
        Pages {
            parts,
            asked,
            collection,
            files,
        }
    }

    /// Whether there is no page of an answer that somebody should have saved.
    pub(super) fn not_saved(&self) -> bool {
        self.asked.is_none() && self.files.is_empty()
    }

    /// Hands out every object of every page, with its file and position from 1; says what of the
    /// answer is missing, as a gap in `table`.
    pub(super) fn read(&self, table: &str, sink: &mut Sink<'_>, take: &mut Take<'_>) -> Answer {
        let mut answer = Answer {
            count: None,
            whole: match self.asked {
                Some(asked) => asked.whole(self.collection, table, sink),
                None => !self.files.is_empty(),
            },
        };
        let mut open = None;
        for (index, file) in self.files.iter().enumerate() {
            let envelope = self.page(file, sink, take);
            answer.count = answer.count.or(envelope.count);
            if let Some(code) = &envelope.error {
                self.refused(table, &file.name, code, sink);
                answer.whole = false;
            } else if !envelope.next && index + 1 < self.files.len() {
                let what = "this page announces no further one, yet another follows";
                sink.notice(&file.name, None, None, what);
            }
            open = envelope.next.then_some(index + 1);
        }
        if let Some(page) = open.filter(|_| self.asked.is_none()) {
            let (file, collection) = (&self.files[page - 1].name, self.collection);
            let why = format!(
                "{file} (page {page} of {collection}) announces a further page that is not here; \
                 save the next page beside it"
            );
            sink.gap(Some(table), GapCode::Truncated, why);
            answer.whole = false;
        }
        answer.whole &= self.numbers_follow(table, sink);
        answer
    }

    /// Files numbered 1 and 3 lack a page even where each is well-formed.
    fn numbers_follow(&self, table: &str, sink: &mut Sink<'_>) -> bool {
        let numbers = self.files.iter().map(|f| page_number(&f.name));
        let numbers: Vec<u64> = numbers.collect();
        let Some(after) = numbers.windows(2).find(|w| w[1] > w[0].saturating_add(1)) else {
            return true;
        };
        let why = format!(
            "{} has files numbered {} and {} and none between",
            self.collection, after[0], after[1]
        );
        sink.gap(Some(table), GapCode::Truncated, why);
        false
    }

    fn page(&self, file: &Kept, sink: &mut Sink<'_>, take: &mut Take<'_>) -> Envelope {
        let mut envelope = Envelope::default();
        let bytes = match self.parts.open(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                let why = format!("{} cannot be read: {}", file.name, error.kind());
                sink.fail(GapCode::Malformed, why);
                return envelope;
            }
        };
        let done = stream_objects(skip_mark(bytes), "value", &[], &mut |piece| match piece {
            Piece::Element(position, Value::Object(object)) => {
                envelope.elements = true;
                take(&file.name, position + 1, object, sink);
            }
            Piece::Element(position, _) => {
                envelope.elements = true;
                let what = "expected an object in the list";
                sink.problem(&file.name, None, Some(&element(position + 1)), what);
            }
            Piece::Member(name, value) => match name.as_str() {
                "@odata.nextLink" => envelope.next = !value.is_null(),
                "@odata.count" => envelope.count = value.as_u64(),
                "error" => envelope.error = Some(code(&value)),
                _ => {}
            },
        });
        if let Err(error) = done {
            let place = format!("line {}, column {}", error.line(), error.column());
            let why = format!("{} is not a Graph answer: {place}", file.name);
            sink.fail(GapCode::Malformed, why);
        } else if !envelope.elements && envelope.error.is_none() && !self.is_empty_list(file) {
            let why = format!("{} holds no list \"value\"", file.name);
            sink.fail(GapCode::Malformed, why);
        }
        envelope
    }

    /// An answer without elements is short; whether its list is there decides between *none* and
    /// *not an answer*.
    fn is_empty_list(&self, file: &Kept) -> bool {
        let whole = self.parts.whole(file, 1 << 20).ok().flatten();
        let bytes = whole.unwrap_or_default();
        let bytes = bytes.strip_prefix(MARK).unwrap_or(&bytes);
        let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
        document.is_array() || document["value"].is_array()
    }

    /// An error where an answer should be. Without users there is nothing.
    fn refused(&self, table: &str, file: &str, code: &str, sink: &mut Sink<'_>) {
        let gap = match code {
            "Authorization_RequestDenied"
            | "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
            | "Authentication_MSGraphPermissionMissing"
            | "AccessDenied"
            | "Forbidden"
            | "InvalidAuthenticationToken" => GapCode::Denied,
            _ => GapCode::Missing,
        };
        let why = format!(
            "{file} holds the error {code} instead of {}",
            self.collection
        );
        if self.collection == USERS {
            sink.fail(gap, why);
        } else {
            sink.gap(Some(table), gap, why);
        }
    }
}

/// `element 7`: how problems point into a page.
pub(super) fn element(place: u64) -> String {
    format!("element {place}")
}

/// Error codes are words; anything else is not repeated.
fn code(error: &Value) -> String {
    let code = error["code"].as_str().unwrap_or_default();
    let word = !code.is_empty()
        && code.len() < 80
        && code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if word { code } else { "without a code" }.to_owned()
}

fn page_number(name: &str) -> u64 {
    let digits: String = name
        .chars()
        .rev()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    let forward: String = digits.chars().rev().collect();
    forward.parse().unwrap_or_default()
}

/// PowerShell writes this before JSON.
const MARK: &[u8] = b"\xef\xbb\xbf";

fn skip_mark<'r>(bytes: impl std::io::Read + 'r) -> Box<dyn std::io::Read + 'r> {
    use std::io::{BufRead as _, BufReader};
    let mut bytes = BufReader::new(bytes);
    let marked = bytes.fill_buf().is_ok_and(|b| b.starts_with(MARK));
    if marked {
        bytes.consume(MARK.len());
    }
    Box::new(bytes)
}

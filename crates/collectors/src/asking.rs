//! Asking a running system, answer by answer and page by page, and writing down how far that went.
//!
//! An answer called `users` is kept as `users-1.json`, `users-2.json` … just as the system gave it. Answers
//! about one thing each (the factors of a user) are gathered: `factors-1.json` holds
//! `{"value":[{"of":"<id>","answer":<page as given>}, …]}`. Last comes the journal, `asked.json`.
//!
//! *Architecture invariant:* whatever was asked for stands in the journal, and where it ended before its
//! last page, so does why: [`crate::answers`] knows from kept bytes alone what is whole.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use standing_facts::GapCode;

use crate::http::{Answer, Http, Question};
use crate::secret::Secret;
use crate::{FetchError, Line, Setting, Settings};

/// The part that holds the journal.
pub(crate) const JOURNAL: &str = "asked.json";
/// Gathered answers are kept in parts of about this many bytes.
const GATHERED: usize = 4 << 20;
/// After this many refusals and nothing else, the rest is not asked for.
const REFUSALS: u64 = 3;

/// What became of one answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Its name.
    pub name: String,
    /// How many pages were kept.
    pub pages: u64,
    /// Why its end was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<GapCode>,
    /// The same in one sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl Asked {
    /// Why its end was not reached, as an error.
    pub(crate) fn error(self) -> FetchError {
        FetchError::system(self.code.unwrap_or(GapCode::Missing), self.why)
    }
}

/// Where an answer names its next page.
#[derive(Clone, Copy)]
pub(crate) enum Next {
    /// It has one page.
    Never,
    /// In the header `Link`.
    Link,
    /// As an address at this JSON pointer.
    At(&'static str),
    /// As a token at the JSON pointer, to be sent as the parameter.
    Token(&'static str, &'static str),
    /// Nowhere: as long as a list is as long as it may be, more may follow. The parameter says how many
    /// rows to pass over.
    Offset(&'static str, usize),
}

/// Renews what opens the system: the whole value of the header `authorization`.
pub(crate) type Renew<'r> = &'r dyn Fn(&mut Line<'_>) -> Result<Secret, FetchError>;

/// Questions to one system.
pub(crate) struct Asking<'h, 'l, 'a, 'r> {
    http: &'h mut Http<'l, 'a>,
    renew: Option<Renew<'r>>,
    /// Whether the credential has opened anything since it was last renewed.
    works: bool,
    headers: Vec<(&'static str, String)>,
    journal: Vec<Asked>,
}

type Take<'t, 'a> = &'t mut dyn FnMut(&mut Line<'a>, &[u8], &Value) -> Result<(), FetchError>;

impl<'h, 'l, 'a, 'r> Asking<'h, 'l, 'a, 'r> {
    pub(crate) fn new(http: &'h mut Http<'l, 'a>, renew: Option<Renew<'r>>) -> Self {
        Asking {
            http,
            renew,
            works: false,
            headers: Vec::new(),
            journal: Vec::new(),
        }
    }

    /// Sends this header with every question from here on; it is no secret.
    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.push((name, value.to_owned()));
    }

    /// The line itself, for what is asked of another host.
    pub(crate) fn line(&mut self) -> &mut Line<'a> {
        self.http.line()
    }

    /// Asks for JSON. A credential that ends on the way is renewed once.
    pub(crate) fn ask(&mut self, question: &Question) -> Result<(Answer, Value), FetchError> {
        let mut question = question.clone();
        for (name, value) in &self.headers {
            question = question.header(name, value);
        }
        let mut answer = self.http.ask(&question)?;
        if answer.status == 401
            && self.works
            && let Some(renew) = self.renew
        {
            let fresh = renew(self.http.line())?;
            self.http.always("authorization", fresh);
            self.works = false;
            answer = self.http.ask(&question)?;
        }
        let answer = answer.good()?;
        self.works = true;
        let value = answer.json()?;
        Ok((answer, value))
    }

    /// Asks for an answer to its last page. Whether that was reached is in the journal and in the result;
    /// `each` sees every page.
    ///
    /// # Errors
    /// When a page cannot be kept.
    pub(crate) fn pages(
        &mut self,
        name: &str,
        first: &str,
        next: Next,
        each: &mut dyn FnMut(&Value),
    ) -> Result<bool, FetchError> {
        let mut page = 0;
        let ended = self.walk(name, first, next, &mut |line, bytes, value| {
            page += 1;
            each(value);
            line.keep(&format!("{name}-{page}.json"), bytes)
        })?;
        Ok(self.note(name, page, ended))
    }

    /// As [`Asking::pages`], for what the source cannot do without.
    ///
    /// # Errors
    /// Also when there was not even a first page.
    pub(crate) fn needed_pages(
        &mut self,
        name: &str,
        first: &str,
        next: Next,
        each: &mut dyn FnMut(&Value),
    ) -> Result<bool, FetchError> {
        let whole = self.pages(name, first, next, each)?;
        self.needed()?;
        Ok(whole)
    }

    /// What the source cannot do without.
    ///
    /// # Errors
    /// When of what was last asked for there was not even a first page.
    pub(crate) fn needed(&self) -> Result<(), FetchError> {
        match self.journal.last() {
            Some(last) if last.pages == 0 && last.code.is_some() => Err(last.clone().error()),
            _ => Ok(()),
        }
    }

    /// Asks one question of its own, keeps its answer and writes it down.
    ///
    /// # Errors
    /// When the answer cannot be kept.
    pub(crate) fn single(
        &mut self,
        name: &str,
        question: Question,
    ) -> Result<Option<Value>, FetchError> {
        match self.ask(&question.about(name)) {
            Ok((answer, value)) => {
                self.http
                    .line()
                    .keep(&format!("{name}-1.json"), &answer.body)?;
                self.note(name, 1, None);
                Ok(Some(value))
            }
            Err(error) => {
                self.note(name, 0, Some(error));
                Ok(None)
            }
        }
    }

    /// Takes back what was just asked for in vain, so that it can be asked for in another way.
    pub(crate) fn take_back(&mut self, name: &str) -> Option<Asked> {
        let last = self
            .journal
            .pop_if(|a| a.name == name && a.pages == 0 && a.code.is_some());
        last.inspect(|_| self.works = true)
    }

    /// Adds to why the last answer was refused what a reader can do about it.
    pub(crate) fn explain(&mut self, name: &str, words: &str) {
        let refused = self.journal.last_mut();
        if let Some(asked) = refused.filter(|a| {
            a.name == name
                && a.pages == 0
                && matches!(
                    a.code,
                    Some(GapCode::Denied | GapCode::Malformed | GapCode::Missing)
                )
        }) {
            asked.why = format!("{}; {words}", asked.why);
        }
    }

    /// Writes down what became of an answer that was asked for in a way of its own.
    pub(crate) fn note(&mut self, name: &str, pages: u64, ended: Option<FetchError>) -> bool {
        let whole = ended.is_none();
        self.journal.push(Asked {
            name: name.to_owned(),
            pages,
            code: ended.as_ref().map(FetchError::code),
            why: ended.map(|error| error.to_string()).unwrap_or_default(),
        });
        whole
    }

    /// Asks for an answer about each of some things: `target` gives its address. What is refused of one
    /// thing leaves the others; of a thing that is half read nothing but its first pages is kept, and the
    /// mark `{"of":"<id>","cut":true}`.
    ///
    /// # Errors
    /// When a part cannot be kept.
    pub(crate) fn each_of(
        &mut self,
        name: &str,
        things: &[String],
        target: &dyn Fn(&str) -> String,
        next: Next,
    ) -> Result<bool, FetchError> {
        self.each_of_seen(name, things, target, next, &mut |_| {})
    }

    /// As [`Asking::each_of`]; `each` sees every page.
    ///
    /// # Errors
    /// When a part cannot be kept.
    pub(crate) fn each_of_seen(
        &mut self,
        name: &str,
        things: &[String],
        target: &dyn Fn(&str) -> String,
        next: Next,
        each: &mut dyn FnMut(&Value),
    ) -> Result<bool, FetchError> {
        let mut gathered = Gathered::new(name);
        let (mut read, mut refused, mut why) = (0_u64, 0, None);
        for thing in things {
            let mut answers = Vec::new();
            let mut take = |_: &mut Line<'a>, bytes: &[u8], value: &Value| {
                each(value);
                answers.push(String::from_utf8_lossy(bytes).into_owned());
                Ok(())
            };
            let ended = self.walk(name, &target(thing), next, &mut take)?;
            for answer in answers {
                gathered.push(thing, &format!("\"answer\":{answer}"));
            }
            if let Some(error) = ended {
                gathered.push(thing, "\"cut\":true");
                refused += 1;
                let hopeless = matches!(
                    error.code(),
                    GapCode::Throttled | GapCode::Unreachable | GapCode::TooLarge
                ) || (read == 0 && refused >= REFUSALS);
                why.get_or_insert(error);
                if hopeless {
                    break;
                }
            } else {
                read += 1;
            }
            if gathered.text.len() > GATHERED {
                gathered.keep(self.http.line())?;
            }
        }
        if !gathered.text.is_empty() {
            gathered.keep(self.http.line())?;
        }
        let all = things.len();
        let ended = why.map(|error| {
            FetchError::system(error.code(), format!("{error} ({read} of {all} were read)"))
        });
        Ok(self.note(name, gathered.parts, ended))
    }

    /// Keeps the journal: the last part of every run.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub(crate) fn end(self) -> Result<(), FetchError> {
        let journal = serde_json::json!({ "answers": self.journal }).to_string();
        self.http.line().keep(JOURNAL, journal.as_bytes())
    }

    /// Goes from page to page; why it ended before the last, if it did.
    fn walk(
        &mut self,
        name: &str,
        first: &str,
        next: Next,
        take: Take<'_, 'a>,
    ) -> Result<Option<FetchError>, FetchError> {
        let mut seen = BTreeSet::new();
        let mut target = first.to_owned();
        let (mut rows, mut before) = (0, Vec::new());
        loop {
            if !seen.insert(target.clone()) {
                let why = format!("{name}: a page names itself or an earlier one as the next");
                return Ok(Some(FetchError::system(GapCode::Truncated, why)));
            }
            let (answer, value) = match self.ask(&Question::get(target.as_str()).about(name)) {
                Ok(answer) => answer,
                Err(error) => return Ok(Some(at_page(error, seen.len()))),
            };
            if answer.body == before {
                return Ok(Some(same_again(name)));
            }
            take(self.http.line(), &answer.body, &value)?;
            let follow = match next {
                Next::Never => None,
                Next::Link => answer.link("next"),
                Next::At(pointer) => text(&value, pointer),
                Next::Token(pointer, parameter) => {
                    text(&value, pointer).map(|token| with(first, parameter, &token))
                }
                Next::Offset(parameter, most) => {
                    let found = value.as_array().map_or(0, Vec::len);
                    rows += found;
                    (found >= most).then(|| with(first, parameter, &rows.to_string()))
                }
            };
            match follow {
                None => return Ok(None),
                Some(follow) => target = follow,
            }
            before = answer.body;
        }
    }
}

/// Answers about one thing each, in few parts.
struct Gathered<'n> {
    name: &'n str,
    text: String,
    parts: u64,
}

impl<'n> Gathered<'n> {
    fn new(name: &'n str) -> Self {
        Gathered {
            name,
            text: String::new(),
            parts: 0,
        }
    }

    fn push(&mut self, thing: &str, rest: &str) {
        if !self.text.is_empty() {
            self.text.push_str(",\n");
        }
        // Writing into a text does not fail.
        let _ = write!(self.text, "{{\"of\":{},{rest}}}", Value::from(thing));
    }

    fn keep(&mut self, line: &mut Line<'_>) -> Result<(), FetchError> {
        self.parts += 1;
        let part = format!("{{\"value\":[\n{}\n]}}\n", std::mem::take(&mut self.text));
        line.keep(
            &format!("{}-{}.json", self.name, self.parts),
            part.as_bytes(),
        )
    }
}

/// A system that gives one page for ever.
pub(crate) fn same_again(name: &str) -> FetchError {
    let why = format!("{name}: the next page is the same page again");
    FetchError::system(GapCode::Truncated, why)
}

fn at_page(error: FetchError, page: usize) -> FetchError {
    match error {
        FetchError::System { code, detail } if page > 1 => {
            FetchError::system(code, format!("{detail} (page {page})"))
        }
        other => other,
    }
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    let text = value.pointer(pointer)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A target with one more parameter.
pub(crate) fn with(target: &str, name: &str, value: &str) -> String {
    let mut pair = form_urlencoded::Serializer::new(String::new());
    pair.append_pair(name, value);
    let mark = if target.contains('?') { '&' } else { '?' };
    format!("{target}{mark}{}", pair.finish())
}

/// A text as one step of a path.
pub(crate) fn step(text: &str) -> String {
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().fold(String::new(), |mut path, b| {
        if kept(b) {
            path.push(char::from(b));
        } else {
            let _ = write!(path, "%{b:02X}");
        }
        path
    })
}

/// The ids at `name` of the objects in a list, which is the document or its member `list`.
pub(crate) fn ids(value: &Value, list: &str, name: &str) -> Vec<String> {
    let all = value.as_array().or_else(|| value[list].as_array());
    let id = |object: &Value| match &object[name] {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    all.into_iter().flatten().filter_map(id).collect()
}

/// Asks for a token of OAuth 2.0, as the header `authorization` wants it. The answer is not kept.
///
/// # Errors
/// When it is refused, or the answer holds none.
pub(crate) fn token(
    line: &mut Line<'_>,
    base: &str,
    question: &Question,
) -> Result<Secret, FetchError> {
    let question = question.clone().about("the token");
    let answer = line.http(base)?.ask(&question)?;
    if matches!(answer.status, 400 | 401 | 403) {
        let why = "the token is refused: the credential is wrong, has expired, or may not do this";
        return Err(FetchError::system(GapCode::Denied, why));
    }
    let value = answer.good()?.json()?;
    match value["access_token"].as_str() {
        Some(token) if !token.is_empty() => Ok(Secret::new(format!("Bearer {token}"))),
        _ => {
            let why = "the token: expected an access_token in the answer";
            Err(FetchError::system(GapCode::Malformed, why))
        }
    }
}

/// The setting of every live source for certificates of its own.
pub(crate) const CA_FILE: Setting = Setting {
    name: "ca_file",
    meaning: "file of certificates to believe instead of the machine's own",
    default: "",
    required: false,
};

/// Whether the source leaves this out on purpose.
pub(crate) fn left_out(settings: &Settings, word: &str) -> bool {
    let mut words = settings.value("leave_out").split([',', ' ']);
    words.any(|w| w == word)
}

/// Refuses words that name nothing.
///
/// # Errors
/// When `leave_out` holds a word that is not among the known ones.
pub(crate) fn check_left_out(settings: &Settings, known: &[&str]) -> Result<(), FetchError> {
    let mut words = settings.value("leave_out").split([',', ' ']);
    match words.find(|w| !w.is_empty() && !known.contains(w)) {
        None => Ok(()),
        Some(odd) => {
            let why = format!(
                "leave_out names {odd:?}: expected any of {}",
                known.join(", ")
            );
            Err(FetchError::system(GapCode::Malformed, why))
        }
    }
}

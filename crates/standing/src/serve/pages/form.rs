//! A form as it was filled in: what was typed is kept, and what is wrong is said beside its field.

use standing_assess::Index;

use crate::failure::{Failure, Sort};
use crate::home::{By, Home};
use crate::serve::app::Acted;
use crate::serve::visit::{Trouble, Visit};

/// The field under which a mistake is shown that is of no field.
const WHOLE: &str = "form";

/// What stands in the fields of a form, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    values: Vec<(String, String)>,
    /// Field and what is wrong with it, in the order of finding.
    pub mistakes: Vec<(String, String)>,
}

impl Entered {
    /// The fields as they were sent.
    pub fn sent(visit: &Visit) -> Self {
        Entered {
            values: visit.fields().to_vec(),
            mistakes: Vec::new(),
        }
    }

    /// Puts a value into a field that has none yet.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        if !self.values.iter().any(|(n, _)| n == name) {
            self.values.push((name.to_owned(), value.into()));
        }
        self
    }

    /// What stands in a field, without the blanks around it.
    pub fn value(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// Whether this choice is made.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    /// What is wrong with a field.
    pub fn mistake(&self, name: &str) -> Option<&str> {
        let found = self.mistakes.iter().find(|(n, _)| n == name);
        found.map(|(_, words)| words.as_str())
    }

    /// The names of the elements that describe a field: its help and what is wrong with it.
    pub fn described(&self, name: &str, help: &str) -> String {
        let of_help = (!help.is_empty()).then(|| format!("{name}-help"));
        let of_mistake = self.mistake(name).map(|_| format!("{name}-error"));
        let both: Vec<String> = of_help.into_iter().chain(of_mistake).collect();
        both.join(" ")
    }

    /// Says what is wrong with a field.
    pub fn wrong(&mut self, name: &str, words: impl Into<String>) {
        self.mistakes.push((name.to_owned(), words.into()));
    }

    /// Says that a field must be filled, where it is empty.
    pub fn wanted(&mut self, name: &str, words: &str) {
        if self.value(name).is_empty() {
            self.wrong(name, words);
        }
    }

    /// The day in a field, in any of the ways in which a browser or a person writes it.
    pub fn day(&mut self, name: &str) -> Option<jiff::civil::Date> {
        let text = self.value(name);
        if text.is_empty() {
            return None;
        }
        let day = text.parse().ok();
        if day.is_none() {
            self.wrong(
                name,
                "The day must be written as year-month-day, such as 2027-03-31",
            );
        }
        day
    }

    /// Whether nothing is wrong so far.
    pub fn is_right(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Writes in the name of whoever sent the form. What is wrong with what they typed becomes
    /// mistakes of the form, and `None` is given.
    ///
    /// # Errors
    /// Everything that is not for them to mend.
    pub fn act(
        &mut self,
        visit: &Visit,
        work: impl FnOnce(&Home, &Index, By<'_>) -> Result<u64, Failure>,
    ) -> Result<Option<Acted>, Trouble> {
        let by = visit.by()?;
        let mut mistakes = Vec::new();
        let acted = visit.app.act(by, |home, index| {
            work(home, index, by).map_err(|failure| {
                mistakes = told(&failure);
                Trouble::from(failure)
            })
        });
        match acted {
            Ok(acted) => Ok(Some(acted)),
            Err(trouble) if mistakes.is_empty() => Err(trouble),
            Err(_) => {
                self.mistakes.append(&mut mistakes);
                Ok(None)
            }
        }
    }
}

/// Mistakes of whoever typed; none if it is not theirs.
fn told(failure: &Failure) -> Vec<(String, String)> {
    if failure.sort != Sort::Usage {
        return Vec::new();
    }
    // A hint for the keyboard is of no use on a page.
    let hint = failure.hint.as_deref();
    let hint = hint.filter(|h| !h.contains('`') && !h.contains("docs/"));
    let hint = hint.map_or(String::new(), |h| format!(": {}", plainly(h)));
    match failure.fields.as_slice() {
        [] => vec![(
            WHOLE.to_owned(),
            format!("{}{hint}", plainly(&failure.message)),
        )],
        [(name, words)] => vec![(name.clone(), format!("{}{hint}", of_field(name, words)))],
        several => several
            .iter()
            .map(|(name, words)| (name.clone(), of_field(name, words)))
            .collect(),
    }
}

/// What is wrong with a field, in the words of the page.
fn of_field(name: &str, words: &str) -> String {
    if words.ends_with(&format!(" needs {name}")) {
        return format!("{} must be filled", title(name));
    }
    let plain = plainly(words);
    let mut letters = plain.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The words of the command line without its `column=value`: names of columns become words, and days
/// are written as people write them, but where a day shows how to type one.
fn plainly(words: &str) -> String {
    let mut before = "";
    let told = words.split(' ').map(|word| {
        let example = before == "as";
        before = word;
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if name.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {
                (format!("{} ", name.replace('_', " ")), value)
            }
            _ => (String::new(), word),
        };
        match value.parse::<jiff::civil::Date>() {
            Ok(day) if !example && value.len() == 10 => format!("{name}{}", crate::text::day(day)),
            _ => format!("{name}{value}"),
        }
    });
    told.collect::<Vec<_>>().join(" ")
}

/// `training_completion` as `Training completion`, `it_supplier` as `IT supplier`.
pub fn title(name: &str) -> String {
    const SHORT: &[&str] = &["dspt", "id", "it", "os", "rpo", "rto"];
    let words = name.split('_').enumerate().map(|(i, word)| {
        let mut letters = word.chars();
        match letters.next() {
            _ if SHORT.contains(&word) => word.to_uppercase(),
            Some(first) if i == 0 => first.to_uppercase().chain(letters).collect(),
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_keyboard_is_told_is_put_plainly_for_a_page() {
        let late = Failure::usage(
            "expires_on=2031-11-21 is more than 12 months after stated_on=2026-11-21",
        )
        .hint("the last day it may be relied upon is 2027-11-21")
        .at("expires_on");
        let words = "Expires on 21 November 2031 is more than 12 months after stated on \
                     21 November 2026: the last day it may be relied upon is 21 November 2027";
        assert_eq!(told(&late), [("expires_on".to_owned(), words.to_owned())]);
        let mut two = Failure::usage("both").hint("docs/facts.md says what each column means");
        two.fields = vec![
            (
                "signed_on".into(),
                "signed_on=\"soon\": expected a day as 2026-11-21".into(),
            ),
            ("it_supplier".into(), "supplier needs it_supplier".into()),
        ];
        let words = [
            "Signed on \"soon\": expected a day as 2026-11-21",
            "IT supplier must be filled",
        ];
        assert_eq!(
            told(&two).into_iter().map(|m| m.1).collect::<Vec<_>>(),
            words
        );
        assert!(told(&Failure::integrity("not theirs to mend")).is_empty());
    }
}

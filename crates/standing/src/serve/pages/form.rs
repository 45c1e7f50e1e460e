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
    let hint = failure.hint.as_deref().filter(|h| !h.contains('`'));
    let hint = hint.map_or(String::new(), |h| format!(": {h}"));
    match failure.fields.as_slice() {
        [] => vec![(WHOLE.to_owned(), format!("{}{hint}", failure.message))],
        [(name, words)] => vec![(name.clone(), format!("{words}{hint}"))],
        several => several.to_vec(),
    }
}

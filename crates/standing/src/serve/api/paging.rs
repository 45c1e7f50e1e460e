//! Lists in pages: a cursor names the last thing that was shown, so that what is added meanwhile
//! neither hides anything nor shows it twice.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::doc::{Form, Parameter};
use super::types::Page;
use crate::serve::visit::{Trouble, Visit};

/// The most that is given at once.
pub const MOST: usize = 500;
/// What is given where nothing is said.
pub const USUAL: usize = 100;

/// How many at most.
pub const LIMIT: Parameter = Parameter {
    name: "limit",
    meaning: "How many at most",
    form: Form::Limit,
};
/// Where the page begins.
pub const AFTER: Parameter = Parameter {
    name: "after",
    meaning: "`next` of the answer before",
    form: Form::Cursor,
};

/// Names of the query that may not stand there empty.
///
/// # Errors
/// 400 where one does.
pub fn filled(visit: &Visit, names: &[&str]) -> Result<(), Trouble> {
    let given = |(name, value): &&(String, String)| {
        names.contains(&name.as_str()) && value.trim().is_empty()
    };
    match visit.query.iter().find(given) {
        Some((name, _)) => Err(Trouble::malformed(format!(
            "{name}: expected a day as 2026-11-21"
        ))),
        None => Ok(()),
    }
}

/// What part of a list is asked for.
pub struct Part {
    /// At most so many.
    pub limit: usize,
    /// Those after this key.
    pub after: Option<String>,
}

impl Part {
    /// As the query says.
    ///
    /// # Errors
    /// 400 where the number or the cursor is none.
    pub fn of(visit: &Visit) -> Result<Self, Trouble> {
        let limit = match visit.asked("limit") {
            None => USUAL,
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| (1..=MOST).contains(n))
                .ok_or_else(|| {
                    Trouble::malformed(format!(
                        "limit={text:?}: expected a number from 1 to {MOST}"
                    ))
                })?,
        };
        let after = visit.asked("after").map(open).transpose()?;
        Ok(Part { limit, after })
    }

    /// The part of a list that is in the order of its keys.
    pub fn take<T>(&self, all: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Page<T> {
        let after = self.after.as_deref();
        let rest = all
            .into_iter()
            .filter(|one| after.is_none_or(|after| key(one).as_str() > after));
        self.page(rest.take(self.limit + 1).collect(), key)
    }

    /// A page of one more than asked for: the one too many shows that there is another page.
    pub fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = items.last().filter(|_| more).map(|one| close(&key(one)));
        Page { items, next }
    }
}

fn close(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn open(cursor: &str) -> Result<String, Trouble> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Trouble::malformed("after: not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_meanwhile_neither_hides_nor_doubles() {
        let mut all = vec!["a", "c", "e", "g"];
        let key = |s: &&str| (*s).to_owned();
        let mut part = Part {
            limit: 2,
            after: None,
        };
        let first = part.take(all.clone(), key);
        assert_eq!(first.items, ["a", "c"]);
        all.insert(0, "0");
        all.insert(3, "d");
        part.after = first.next.as_deref().map(|c| open(c).unwrap());
        let second = part.take(all.clone(), key);
        assert_eq!(second.items, ["d", "e"]);
        part.after = second.next.as_deref().map(|c| open(c).unwrap());
        let third = part.take(all, key);
        assert_eq!((third.items, third.next), (vec!["g"], None));
    }
}

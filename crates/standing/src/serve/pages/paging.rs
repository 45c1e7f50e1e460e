//! Pages of long lists, and the links between them.

use crate::serve::door::encode;
use crate::text::number;

/// One page among several.
pub struct Paging {
    /// Where the page before is.
    pub before: Option<String>,
    /// Where the page after is.
    pub after: Option<String>,
    /// `51 to 100 of 1,234 subjects`.
    pub words: String,
    /// Whether there is more than this page.
    pub several: bool,
}

impl Paging {
    /// Page `page`, counted from 1, of `total` things of which `on_a_page` stand on each. `place` gives
    /// where a page is.
    pub fn new(
        page: u64,
        on_a_page: usize,
        total: u64,
        thing: &str,
        place: impl Fn(u64) -> String,
    ) -> Self {
        Paging::of(page, on_a_page, total, (thing, &format!("{thing}s")), place)
    }

    /// The same with the word for one and the word for several.
    pub fn of(
        page: u64,
        on_a_page: usize,
        total: u64,
        (one, several): (&str, &str),
        place: impl Fn(u64) -> String,
    ) -> Self {
        let each = on_a_page as u64;
        let last = total.div_ceil(each).max(1);
        let from = (page - 1).saturating_mul(each);
        let to = from.saturating_add(each).min(total);
        let all = match total {
            1 => format!("1 {one}"),
            n => format!("{} {several}", number(n)),
        };
        let words = if total == 0 {
            format!("No {one}")
        } else if from >= total {
            format!("Beyond the last of {}", all)
        } else if last == 1 {
            all
        } else {
            format!("{} to {} of {}", number(from + 1), number(to), all)
        };
        Paging {
            before: (page > 1).then(|| place((page - 1).min(last))),
            after: (page < last).then(|| place(page + 1)),
            words,
            several: last > 1 || page > 1,
        }
    }
}

/// A path with those pairs of its query that are not empty.
pub fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let given: Vec<(&str, &str)> = pairs
        .iter()
        .filter(|(_, v)| !v.is_empty())
        .copied()
        .collect();
    if given.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", encode(&given))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_know_their_neighbours() {
        let of = |page, total| Paging::new(page, 50, total, "person", |n| format!("/p?page={n}"));
        let first = of(1, 101);
        assert_eq!(first.words, "1 to 50 of 101 persons");
        assert_eq!(
            (first.before, first.after),
            (None, Some("/p?page=2".into()))
        );
        let last = of(3, 101);
        assert_eq!(last.words, "101 to 101 of 101 persons");
        assert_eq!((last.before, last.after), (Some("/p?page=2".into()), None));
        assert_eq!(of(9, 101).before.as_deref(), Some("/p?page=3"));
        assert!(!of(1, 50).several);
        assert_eq!(of(1, 0).words, "No person");
    }
}

//! The checks that come with the product: `checks/*.sql`, each with its `.md`.

use crate::check::Check;

/// Name, SQL and literate page of every check in `checks/`, in the order of their names.
pub const FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// Every check that comes with the product.
///
/// # Panics
/// Never in a released build: a test parses each file.
pub fn builtin() -> Vec<Check> {
    FILES
        .iter()
        .map(|(name, sql, _)| {
            Check::parse(name, sql).unwrap_or_else(|error| panic!("checks/{name}.sql: {error}"))
        })
        .collect()
}

/// The page `docs/checks.md`, made from the checks themselves.
pub fn page() -> String {
    use std::fmt::Write as _;
    let catalogue = crate::catalogue::Catalogue::builtin();
    let mut page = String::from(
        "# Checks\n\n\
         Made from the headers in `checks/`; do not edit by hand (`UPDATE=1 cargo test -p \
         standing-assess` writes it anew). Beside each `checks/NAME.sql` stands `NAME.md`: small \
         tables of facts and the verdicts that they must give, both explanation and test. A check \
         of your own is a file of the same form in the folder that `[checks] folder` in \
         `standing.toml` names.\n\n\
         ## How a check is written\n\n\
         A header of `-- key: value` lines, then one `SELECT` that yields a row a subject: \
         `subject, verdict, observed, rule` and, where it can be told, `lapses` (the day on which a \
         verdict that is *met* ends if nothing is done).\n\n\
         | key | means |\n|---|---|\n\
         | `claim` | the good state, one sentence |\n\
         | `cannot see` | what it cannot see even when every table is known |\n\
         | `matters` | why |\n\
         | `needs` | tables that must be completely and freshly known before anything is said |\n\
         | `over` | tables of subjects: rows of known sources are judged while another source is \
         missing; the claim as a whole is then at best unknown |\n\
         | `parameter` | `name = 14` or `name = 'text'`, used as `:name`; `:as_of` is the day judged |\n\
         | `when empty` | the verdict where there is no subject; *unknown* unless it says otherwise |\n\
         | `renewed by` | `reading`, where the systems' ordinary running renews what lapses |\n\
         | `budget` | millions of SQLite steps allowed (400 unless it says otherwise); beyond it the \
         claim is unknown |\n\
         | `revision` | raised whenever the same facts may give another verdict |\n\n\
         A check may only read, knows no clock, and is refused with line and reason if its plan \
         scans one table for each row of another. Beside SQLite's own functions it may use:\n\n\
         | function | gives |\n|---|---|\n",
    );
    for (name, meaning) in crate::functions::FUNCTIONS {
        let _ = writeln!(page, "| `{name}` | {meaning} |");
    }
    let _ = writeln!(
        page,
        "\nIt may not use: `{}`. It reads the tables that its header declares and no others, by \
         whatever name. No value may be longer than {} MB, no pattern of `like` longer than 1,000 \
         bytes; of `subject`, `observed` and `rule` the first 2,000 bytes are kept.",
        crate::access::refused().join("`, `"),
        crate::linear::LONGEST >> 20
    );
    page.push_str("\n## The checks that come with Standing\n");
    for check in builtin() {
        let items: Vec<String> = catalogue
            .items
            .iter()
            .filter(|item| item.checks.contains(&check.name))
            .map(|item| item.reference.to_string())
            .collect();
        let parameters: Vec<String> = check
            .parameters
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let _ = writeln!(page, "\n### {}\n\n{}\n", check.name, check.claim);
        for (what, words) in [
            ("Cannot see", check.cannot_see.as_str()),
            ("Matters", &check.matters),
            ("Needs", &check.needs.join(", ")),
            ("Over", &check.over.join(", ")),
            ("Parameters", &parameters.join("; ")),
            ("Items", &items.join(", ")),
        ] {
            if !words.is_empty() {
                let _ = writeln!(page, "- {what}: {words}");
            }
        }
    }
    page
}

//! The reference page `docs/facts.md`, made from the declarations.

use crate::{Column, ColumnKind, Table, tables};

/// The whole reference page as Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Facts\n\n\
         Made from the declarations in `crates/facts/src/tables.rs`; do not edit by hand \
         (`UPDATE=1 cargo test -p standing-facts` writes it anew).\n\n\
         Every table also has these columns in the index: `source` (which configured source said \
         it), `valid_from` and `valid_to` (the instants between which the sources said it; \
         `valid_to` is null while they still do) and `entry` (the vault entry that first said \
         it). Identity columns compare without regard to case. A truth value is 1, 0 or null, and \
         null means *not known*.\n",
    );
    for table in tables::ALL.iter().chain(tables::INDEX) {
        page.push_str(&section(table));
    }
    page
}

fn section(table: &Table) -> String {
    let mut text = format!(
        "\n## {}\n\n{}\n\n| column | kind | meaning |\n|---|---|---|\n",
        table.name,
        tidy(table.doc)
    );
    for column in table.columns {
        text.push_str(&format!(
            "| `{}` | {} | {} |\n",
            column.name,
            kind(column),
            tidy(column.doc).replace('|', "\\|")
        ));
    }
    text
}

fn kind(column: &Column) -> String {
    let mut words = vec![
        match column.kind {
            ColumnKind::Text => "text",
            ColumnKind::Integer => "whole number",
            ColumnKind::Truth => "truth",
            ColumnKind::Date => "date",
        }
        .to_owned(),
    ];
    if column.key {
        words.push("key".into());
    }
    if column.identity {
        words.push("identity".into());
    }
    if let Some(table) = column.refers {
        words.push(format!("→ {table}"));
    }
    if column.nullable {
        words.push("may be null".into());
    }
    words.join(", ")
}

fn tidy(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

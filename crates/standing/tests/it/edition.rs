//! The user's own download of the official sheet, laid over what we know. The words are ours.

use std::io::Write;

use crate::home::Home;

/// A workbook with one sheet of text cells.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut sheet = String::from(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
    );
    for (r, row) in rows.iter().enumerate() {
        sheet.push_str(&format!("<row r=\"{}\">", r + 1));
        for (c, text) in row.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            let column = char::from(b'A' + u8::try_from(c).unwrap());
            sheet.push_str(&format!(
                "<c r=\"{column}{}\" t=\"inlineStr\"><is><t>{text}</t></is></c>",
                r + 1
            ));
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Items" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet.as_str()),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sheet() -> Vec<u8> {
    workbook(&[
        &["Invented sheet for a test"],
        &[],
        &[
            "Ref",
            "Assertion",
            "Evidence text – Others (Cat 3)",
            "Mandatory for Standards Met",
            "Shoe size",
        ],
        &["1.1.1", "1.1", "Our words for the number", "Yes", "42"],
        &["4.2.4", "4.2", "Our words for leavers", "Yes", ""],
        &[
            "11.1.1",
            "11.1",
            "A question nobody asked before",
            "Yes",
            "",
        ],
        &["7.1.5", "7.1", "", "", ""],
        &["see below", "", "Stray words", "", ""],
    ])
}

#[test]
fn an_imported_sheet_becomes_the_edition_judged_by() {
    let home = Home::new();
    home.write("Version9_26-27 invented.xlsx", sheet());
    let before = home.run(&["status", "--format", "json"]).json();
    assert_eq!(before["edition"], "v8");

    let tried = home.run(&[
        "edition",
        "import",
        "Version9_26-27 invented.xlsx",
        "--dry-run",
    ]);
    assert_eq!(tried.code, 1, "{}{}", tried.out, tried.err);
    for part in [
        "company-3: 3 items asked, 3 of them marked mandatory",
        "Shoe size",
        "see below",
        "Nothing was kept",
    ] {
        assert!(tried.out.contains(part), "{part}\n{}", tried.out);
    }
    assert_eq!(
        home.run(&["status", "--format", "json"]).json()["edition"],
        "v8"
    );

    let refused = home.run(&["edition", "import", "Version9_26-27 invented.xlsx"]);
    assert_eq!(refused.code, 2, "{}", refused.out);
    assert!(refused.err.contains("may hide an item"), "{}", refused.err);
    assert_eq!(
        home.run(&["status", "--format", "json"]).json()["edition"],
        "v8"
    );
    let done = home.run(&[
        "edition",
        "import",
        "Version9_26-27 invented.xlsx",
        "--accept",
    ]);
    assert!(done.out.contains("v9 imported"), "{}{}", done.out, done.err);
    let after = home.run(&["status", "--format", "json"]).json();
    assert_eq!(after["edition"], "v9");
    assert!(
        after["caveats"].to_string().contains("may hide an item"),
        "{}",
        after["caveats"]
    );
    let items = after["items"].as_array().unwrap();
    let item = |name: &str| items.iter().find(|i| i["item"] == name);
    assert_eq!(item("4.2.4").unwrap()["certainty"], "imported");
    assert!(
        !item("4.2.4").unwrap()["checks"]
            .as_array()
            .unwrap()
            .is_empty(),
        "known items keep their checks"
    );
    assert_eq!(
        item("11.1.1").unwrap()["title"],
        "A question nobody asked before"
    );
    assert!(
        item("7.1.5").is_none(),
        "a blank cell: not asked of this profile"
    );
    let page = home.run(&["item", "4.2.4"]).out;
    assert!(
        page.contains("In the words of your sheet: Our words for leavers"),
        "{page}"
    );
    // Yesterday it was not known.
    let yesterday = home.run(&[
        "status",
        "--format",
        "json",
        "--as-of",
        "2026-01-01",
        "--publish-on",
        "2027-06-30",
    ]);
    assert_eq!(yesterday.json()["edition"], "v8");
    let diff = home.run(&["edition", "diff", "v8", "v9"]);
    assert!(diff.out.contains("11.1.1"), "{}", diff.out);
}

#[test]
fn what_is_no_sheet_is_refused_and_nothing_is_kept() {
    let home = Home::new();
    home.write("v9.xlsx", b"not a workbook");
    home.write("nameless.xlsx", sheet());
    home.write(
        "v9 twice.xlsx",
        workbook(&[
            &[
                "Ref",
                "Evidence text - Others (Category 3)",
                "Evidence text - Others (Category 3)",
                "Mandatory",
            ],
            &["1.1.1", "One", "Two", "Yes"],
        ]),
    );
    for (file, says) in [
        ("v9.xlsx", "is not a readable workbook"),
        ("nameless.xlsx", "does not say which edition"),
        ("v9 twice.xlsx", "both give"),
        ("absent v9.xlsx", "cannot read"),
    ] {
        let done = home.run(&["edition", "import", file]);
        assert_eq!(done.code, 2, "{file}: {}", done.out);
        assert!(done.err.contains(says), "{file}: {}", done.err);
    }
    assert_eq!(home.run(&["verify", "."]).code, 2, "the log is still empty");
}

#[test]
fn editions_are_listed_and_compared_without_a_home() {
    let home = Home::empty();
    let list = home.run(&["edition", "list"]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert!(
        list.out.contains("v9") && list.out.contains("assumed"),
        "{}",
        list.out
    );
    let diff = home.run(&["edition", "diff", "v7", "v8", "--format", "json"]);
    assert!(diff.json().as_array().unwrap().len() > 3);
}

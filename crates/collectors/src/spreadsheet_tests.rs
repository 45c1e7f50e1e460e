use std::io::Write as _;

use super::*;

const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>Employee Number</t></is></c><c r="B1" t="inlineStr"><is><t>Start date</t></is></c></row>
<row r="3"><c r="A3" t="inlineStr"><is><t>0042</t></is></c><c r="B3" s="1"><v>46387</v></c></row>
<row r="4"><c r="A4"><f>1+1</f><v>2</v></c><c r="C4" t="e"><v>#N/A</v></c></row>
</sheetData></worksheet>"#;

/// A workbook of one sheet, with its declarations in the given place of the sheet.
pub(crate) fn workbook(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    const PLAIN: [(&str, &str); 4] = [
        (
            "[Content_Types].xml",
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
        ),
        (
            "_rels/.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="People" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
    ];
    const STYLES: &str = r#"<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let parts = PLAIN.iter().map(|(n, t)| (*n, t.as_bytes()));
    let own = [
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    for (name, bytes) in parts.chain(own).chain(more.iter().copied()) {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

type Read = (Vec<(u64, Vec<String>)>, Oddities);

fn read(bytes: &[u8]) -> Result<Read, Refusal> {
    let mut found = Vec::new();
    let odd = rows(bytes, &mut |line, cells, _| {
        found.push((line, cells.to_vec()))
    })?;
    Ok((found, odd))
}

fn refused(bytes: &[u8]) -> (GapCode, String) {
    let refusal = read(bytes).expect_err("refused");
    (refusal.code, refusal.why)
}

#[test]
fn cells_are_text_days_and_stored_results() {
    let (rows, odd) = read(&workbook(SHEET, &[])).unwrap();
    let expected = [
        (1, vec!["Employee Number", "Start date"]),
        (3, vec!["0042", "2026-12-31"]),
        (4, vec!["2", "", ""]),
    ];
    let found: Vec<_> = rows
        .iter()
        .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!((odd.formulas, odd.errors), (1, vec![(4, 3)]));
}

#[test]
fn a_workbook_that_declares_too_much_is_refused_before_it_is_unpacked() {
    let zeros = vec![b' '; 300 << 20];
    let bytes = workbook(SHEET, &[("xl/media/big.bin", &zeros)]);
    assert!(bytes.len() < 1 << 20);
    let (code, why) = refused(&bytes);
    assert_eq!(code, GapCode::TooLarge);
    assert!(why.starts_with("declares 3145"), "{why}");
}

/// The directory says 10 bytes for a part of a mebibyte.
#[test]
fn a_workbook_that_lies_about_its_size_is_refused_by_what_it_unpacks_to() {
    let big = vec![b' '; 1 << 20];
    let mut bytes = workbook(SHEET, &[("xl/media/big.bin", &big)]);
    let size = u32::try_from(big.len()).unwrap().to_le_bytes();
    let mut places: Vec<usize> = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, w)| *w == size)
        .map(|(i, _)| i)
        .collect();
    assert!(places.len() >= 2, "local header and directory");
    for place in places.drain(..) {
        bytes[place..place + 4].copy_from_slice(&10u32.to_le_bytes());
    }
    let refusal = check_within(&bytes, 100_000).expect_err("refused");
    assert!(refusal.why.contains("damaged"), "{}", refusal.why);
    // Should the zip reader one day believe the directory, our own count still stops.
    let endless = unpack(std::io::repeat(b' '), 1_000_000);
    assert!(matches!(endless, Err(Fault::Long)));
}

#[test]
fn entity_declarations_are_refused_in_any_encoding() {
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}",
        SHEET.replace("0042", "&b;")
    );
    let wide: Vec<u8> = bomb.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        workbook(&bomb, &[]),
        workbook(SHEET, &[("xl/sharedStrings.xml", &wide)]),
    ] {
        let (code, why) = refused(&bytes);
        assert_eq!(code, GapCode::Malformed);
        assert!(why.contains("document type"), "{why}");
    }
}

#[test]
fn a_cell_beyond_the_last_column_is_refused() {
    let sheet = SHEET.replace("r=\"C4\"", "r=\"ZZZ4\"");
    assert!(read(&workbook(&sheet, &[])).is_err());
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_cells_panic(cells in "(<c( r=\"[A-C][1-9]\")?( s=\"[0-2]\")?( t=\"(s|n|b|e|d|str|inlineStr)\")?>(<f( t=\"shared\" si=\"[0-9]{1,9}\" ref=\"A1:B2\")?>[A-Z0-9+&]{0,5}</f>)?<v>(0|1|9|1e9|[a-z.#-]{0,3})</v></c>){1,3}") {
        let _ = read(&workbook(&format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"), &[]));
    }

    #[test]
    fn no_flipped_letter_panics(place: proptest::sample::Index, letter in "[ -~]") {
        let place = place.index(SHEET.len());
        let sheet = format!("{}{letter}{}", &SHEET[..place], &SHEET[place + 1..]);
        let _ = read(&workbook(&sheet, &[]));
    }

    #[test]
    fn no_flipped_byte_panics(place: proptest::sample::Index, byte: u8) {
        let mut bytes = workbook(SHEET, &[]);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = read(&bytes);
    }
}

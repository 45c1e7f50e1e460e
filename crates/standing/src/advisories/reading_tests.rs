use std::io::{Seek as _, SeekFrom, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::date;
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const RECORD: &str = r#"{"id":"EX-1","modified":"2026-03-04T05:06:07Z","affected":[]}"#;
const OTHER: &str =
    r#"{"id":"EX-2","modified":"0001-01-01T00:00:00Z","published":"2025-01-02T00:00:00Z"}"#;
const KEV: &str = r#"{"catalogVersion":"2026.03.01","dateReleased":"2026-03-01T10:00:00Z","count":1,
    "vulnerabilities":[{"cveID":"CVE-2026-0001","dateAdded":"2026-02-01"}]}"#;
const EPSS: &str =
    "#model_version:v1,score_date:2026-03-05\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\n";

type Outcome = Result<Option<Found>, String>;

fn found(bytes: &[u8], name: &str) -> (Outcome, Vec<String>) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let (mut builder, mut problems) = (Builder::new(), Vec::new());
    let today = date(2026, 11, 21);
    let outcome = read(file, name, today, &mut builder, &mut problems);
    (outcome, problems.iter().map(ToString::to_string).collect())
}

fn told(bytes: &[u8], name: &str) -> (Kind, u64, u64, Option<String>) {
    let found = found(bytes, name).0.unwrap().unwrap();
    let as_of = found.as_of.map(|day| day.to_string());
    (found.kind, found.records, found.unread, as_of)
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        zip.start_file(*name, stored).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn samples() -> Vec<Vec<u8>> {
    let lines = format!("{RECORD}\n{OTHER}\n");
    vec![
        zipped(&[("EX-1.json", RECORD), ("EX-2.json", OTHER)]),
        lines.clone().into_bytes(),
        gz(lines.as_bytes()),
        KEV.as_bytes().to_vec(),
        EPSS.as_bytes().to_vec(),
        format!("[{RECORD},{OTHER}]").into_bytes(),
    ]
}

#[test]
fn every_form_is_known_by_what_it_holds() {
    let day = |text: &str| Some(text.to_owned());
    let lines = format!("{RECORD}\n{OTHER}\n");
    let osv = (Kind::Osv, 2, 0, day("2026-03-04"));
    assert_eq!(told(lines.as_bytes(), "a.jsonl"), osv);
    assert_eq!(told(lines.as_bytes(), "all"), osv);
    assert_eq!(told(&gz(lines.as_bytes()), "a.jsonl.gz"), osv);
    assert_eq!(
        told(format!("[{RECORD},{OTHER}]").as_bytes(), "a.json"),
        osv
    );
    let answer = format!("{{\"vulns\":[{RECORD},{OTHER}]}}");
    assert_eq!(told(answer.as_bytes(), "a.json"), osv);
    let zip = zipped(&[("EX-1.json", RECORD), ("README", "x"), ("EX-2.json", OTHER)]);
    assert_eq!(told(&zip, "all.zip"), osv);
    assert_eq!(told(OTHER.as_bytes(), "a.json").3, None);
    let pretty = RECORD.replace(',', ",\n");
    assert_eq!(told(pretty.as_bytes(), "a.json").1, 1);
    assert_eq!(
        told(KEV.as_bytes(), "a"),
        (Kind::Kev, 1, 0, day("2026-03-01"))
    );
    assert_eq!(
        told(&gz(EPSS.as_bytes()), "a"),
        (Kind::Epss, 1, 0, day("2026-03-05"))
    );
}

#[test]
fn a_day_that_has_not_come_is_not_believed() {
    let late = RECORD.replace("2026-03-04", "2027-03-04");
    assert_eq!(told(late.as_bytes(), "a.json").3, None);
}

#[test]
fn what_is_not_understood_is_named_and_the_rest_is_read() {
    let lines = format!("{RECORD}\nnot json\n{{\"gem\":\"x\"}}\n\n{OTHER}");
    let (outcome, problems) = found(lines.as_bytes(), "a.jsonl");
    let found = outcome.unwrap().unwrap();
    assert_eq!((found.records, found.unread), (2, 2));
    assert_eq!(
        problems,
        [
            "a.jsonl line 2: expected one JSON object",
            "a.jsonl line 3: expected an OSV record"
        ]
    );
}

#[test]
fn what_is_cut_or_damaged_is_refused() {
    let zip = zipped(&[("EX-1.json", RECORD), ("EX-2.json", OTHER)]);
    let mut flipped = zip.clone();
    let at = flipped.windows(4).position(|w| w == b"EX-2").unwrap() + 60;
    flipped[at] ^= 1;
    let lines = format!("{RECORD}\n{OTHER}\n");
    let packed = gz(lines.as_bytes());
    let mut wrong = packed.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    let cases: [(&[u8], &str, &str); 10] = [
        (
            &zip[..zip.len() - 30],
            "a.zip",
            "its directory cannot be read",
        ),
        (&flipped, "a.zip", "checksum"),
        (
            &packed[..packed.len() - 9],
            "a.jsonl.gz",
            "ends in the middle",
        ),
        (&wrong, "a.jsonl.gz", "damaged"),
        (
            &lines.as_bytes()[..lines.len() - 9],
            "a.jsonl",
            "middle of line 2",
        ),
        (&KEV.as_bytes()[..90], "a.json", "line 2 is not JSON"),
        (
            &EPSS.as_bytes()[..EPSS.len() - 3],
            "a.csv",
            "middle of a line",
        ),
        (b"", "a.json", "is not JSON"),
        (b"", "a.jsonl", "no record"),
        (b"<html>\n", "all.zip", "is not JSON"),
    ];
    for (bytes, name, wanted) in cases {
        let why = found(bytes, name).0.unwrap_err();
        assert!(why.contains(wanted), "{name}: {why}");
    }
    let short = KEV.replace("\"count\":1", "\"count\":2");
    let why = found(short.as_bytes(), "a.json").0.unwrap_err();
    assert!(why.contains("2 entries, and holds 1"), "{why}");
}

#[test]
fn what_is_whole_and_of_another_kind_is_left_aside_without_complaint() {
    let cases: [(&[u8], &str); 4] = [
        (b"{\"gem\":\"x\"}\n{\"gem\":\"y\"}\n", "a.jsonl"),
        (b"{\"$schema\":\"x\"}", "a.json"),
        (b"version,codename\n12,bookworm\n", "a.csv"),
        (b"\"a text\"", "a.json"),
    ];
    for (bytes, name) in cases {
        assert_eq!(found(bytes, name), (Ok(None), Vec::new()), "{name}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        name in prop::sample::select(vec!["a.json", "a.jsonl", "a.csv", "a.zip", "a.json.gz"]),
    ) {
        let _ = found(&bytes, name);
    }

    #[test]
    fn mangled_files_are_read_or_refused(
        sample in 0..6usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        name in prop::sample::select(vec!["a.json", "a.jsonl", "a.csv", "a.zip"]),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = found(&bytes, name);
    }

    #[test]
    fn a_cut_zip_or_gzip_is_never_whole(sample in prop::sample::select(vec![0usize, 2]), at: prop::sample::Index) {
        let bytes = samples().swap_remove(sample);
        let cut = at.index(bytes.len());
        prop_assert!(found(&bytes[..cut], "a").0.is_err());
    }
}

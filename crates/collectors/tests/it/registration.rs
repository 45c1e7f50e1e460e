//! Nothing is forgotten: each folder of a kind is registered, and each registered kind has its folder.

use std::collections::BTreeSet;

#[test]
fn every_folder_is_registered_and_every_kind_has_its_folder() {
    let folders: BTreeSet<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap().replace('_', "-"))
        .collect();
    let kinds: BTreeSet<String> = standing_collectors::ALL
        .iter()
        .map(|c| c.about().kind.to_owned())
        .collect();
    assert_eq!(folders, kinds);
}

#[test]
fn every_kind_describes_itself_in_declared_words() {
    for collector in standing_collectors::ALL {
        let about = collector.about();
        assert!(
            !about.how.is_empty() && !about.summary.is_empty(),
            "{}",
            about.kind
        );
        for table in about.tables {
            assert!(
                standing_facts::tables::table(table).is_some(),
                "{}: {table}",
                about.kind
            );
        }
    }
}

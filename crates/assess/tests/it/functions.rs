//! The functions that checks use for their words.

use standing_assess::check::{Check, Verdict};
use standing_assess::index::ConfiguredSource;
use standing_assess::{AsOf, Estate, Freshness, Index};

/// What an expression gives in a check.
fn words(expression: &str) -> String {
    let mut index = Index::in_memory().unwrap();
    let source = ConfiguredSource {
        name: "s".into(),
        kind: "test".into(),
        tables: vec!["person".into()],
        fresh_for_days: 31,
    };
    index
        .configured("2026-11-01T00:00:00.000Z", &[source])
        .unwrap();
    let estate = Estate::open(
        &mut index,
        &AsOf::end_of("2026-11-02".parse().unwrap()),
        &Freshness::default(),
    );
    todo!("{expression} {:?}", estate.is_ok())
}

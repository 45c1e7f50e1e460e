//! Each order is total over the texts it reads, and no text whatever brings it down.

use proptest::prelude::*;
use standing_patching::{affects, compare};

/// Small alphabets, so that versions that differ little are common and equal ones occur.
fn version() -> impl Strategy<Value = (&'static str, [String; 3])> {
    let three = |pattern: &'static str| [pattern, pattern, pattern];
    prop_oneof![
        three("([01]:)?[0-2a~][0-2aZ.+~]{0,5}(-[01a~.+]{1,3})?").prop_map(|v| ("Debian:12", v)),
        three("[01]\\.[01]\\.(0|1|10)(-(0|1|10|a|a-|B)(\\.(0|a)){0,2})?(\\+[0a])?")
            .prop_map(|v| ("crates.io", v)),
        three("v?[01]\\.[01]\\.(0|1|9{20,21})(-(0|1|a)(\\.(0|a)){0,2})?").prop_map(|v| ("npm", v)),
        three("v?[01](\\.[01]){0,2}").prop_map(|v| ("Go", v)),
        three(
            "(1!)?[01](\\.[01]){0,2}((a|b|rc)[01])?(\\.post[01])?(\\.dev[01])?(\\+[a0](\\.[1b])?)?"
        )
        .prop_map(|v| ("PyPI", v)),
        three("([01]:)?[0-2a~^.+]{1,6}(-[01a~^.]{0,3})?").prop_map(|v| ("Red Hat", v)),
        three("[01](\\.(0|1|01|10)){0,2}(a1?)?(_(alpha|rc|p|git)[01]?){0,2}(~0?a)?(-r[01])?")
            .prop_map(|v| ("Alpine", v)),
        three("[01]([.-]?(0|1|a|b1|rc|sp|ga|final|x)){0,5}").prop_map(|v| ("Maven", v)),
        three("[01](\\.(0|1|a|a1|b)){0,4}(-[01a](\\.0|-b)?)?").prop_map(|v| ("RubyGems", v)),
        three("0?[01](\\.[01]){0,3}(-(0|1|01|a|A|b)(\\.(0|a)){0,2})?(\\+a)?")
            .prop_map(|v| ("NuGet", v)),
        three("v?[01]([.-]?(0|1|dev|alpha|b|RC|pl|foo)){0,4}").prop_map(|v| ("Packagist", v)),
        three("[01]\\.[01]\\.0(-(0|a)(\\.(0|a)){0,1})?(\\+(0|1|a)(\\.(0|a)){0,1})?")
            .prop_map(|v| ("Pub", v)),
        three("[01]([.-][01]){0,3}").prop_map(|v| ("CRAN", v)),
        three("0?[01](\\.[01]){0,3}").prop_map(|v| ("Hackage", v)),
        three("[01]\\.[01]\\.0(-[ab])?").prop_map(|v| ("Bitnami", v)),
    ]
}

const ECOSYSTEMS: &[&str] = &[
    "Alpine",
    "Bitnami",
    "CRAN",
    "Debian:12",
    "Go",
    "Hackage",
    "Julia",
    "Maven",
    "NuGet",
    "Packagist",
    "Pub",
    "PyPI",
    "Red Hat",
    "RubyGems",
    "crates.io",
    "npm",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_order_is_total((ecosystem, [a, b, c]) in version()) {
        let order = |x: &str, y: &str| compare(ecosystem, x, y).expect("a version");
        for x in [&a, &b, &c] {
            prop_assert!(order(x, x).is_eq());
        }
        prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
        if order(&a, &b).is_le() && order(&b, &c).is_le() {
            let strict = order(&a, &b).is_lt() || order(&b, &c).is_lt();
            prop_assert_eq!(order(&a, &c).is_lt(), strict);
            prop_assert!(order(&a, &c).is_le());
        }
    }

    #[test]
    fn two_texts_compare_exactly_when_both_are_versions(
        a in "[v0-2.a~:+-]{0,6}", b in "[v0-2.a~:+-]{0,6}"
    ) {
        for ecosystem in ECOSYSTEMS {
            let is_version = |x: &str| compare(ecosystem, x, x).is_some();
            prop_assert_eq!(compare(ecosystem, &a, &b).is_some(), is_version(&a) && is_version(&b));
        }
    }

    #[test]
    fn any_text_is_answered(e in ".{0,12}", a in ".{0,24}", b in ".{0,24}", json in ".{0,40}") {
        for ecosystem in ECOSYSTEMS.iter().copied().chain([e.as_str()]) {
            compare(ecosystem, &a, &b);
            affects(ecosystem, &a, Some(&json), Some(&json));
            let events = format!("[{{\"introduced\":{b:?}}},{{\"fixed\":{json:?}}}]");
            affects(ecosystem, &a, Some(&events), None);
        }
    }
}

//! Settings: changed by a form, with comments and order kept and every change in the log.

use super::harness::Served;
use crate::commands::fingerprint;
use crate::serve::right::Role;

fn file(served: &Served) -> std::path::PathBuf {
    served.app.home().folder.join("standing.toml")
}

#[test]
fn a_change_keeps_comments_and_order_and_is_an_entry() {
    let served = Served::demo();
    let path = file(&served);
    let old = std::fs::read_to_string(&path).unwrap();
    let with_comments = old.replacen(
        "[organisation]\n",
        "# Ours.\n[organisation]\n# Above the name.\n",
        1,
    );
    std::fs::write(&path, &with_comments).unwrap();
    let seen = fingerprint(&with_comments);
    let form = served.get(Some(Role::Lead), "/settings/organisation").text;
    assert!(form.contains(&seen));
    let fields = [
        ("seen", seen.as_str()),
        ("organisation", "Test & Sons"),
        ("profile", "gp-4"),
        ("edition", ""),
        ("publish_on", "2027-05-31"),
    ];
    let done = served.post(Some(Role::Lead), "/settings/organisation", &fields);
    assert_eq!(done.status, 303, "{}", done.text);
    let new = std::fs::read_to_string(&path).unwrap();
    assert!(
        new.contains("# Ours.\n[organisation]\n# Above the name.\n"),
        "{new}"
    );
    assert!(new.contains("name = \"Test & Sons\"\n"));
    assert!(new.contains("publish_on = 2027-05-31"));
    let lines = |text: &str| {
        text.lines()
            .map(|l| l.split('=').next().unwrap().trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&new), lines(&with_comments));
    let entry: u64 = done.place().rsplit('=').next().unwrap().parse().unwrap();
    let vault = &served.app.home().vault;
    let entry = vault
        .entries(entry..entry + 1)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(entry.kind, "settings");
    let kept = served.get(
        Some(Role::Owner),
        &format!("/log/{}/blobs/{}", entry.seq, entry.blobs()[0]),
    );
    assert_eq!(kept.text, new);

    let late = served.post(Some(Role::Lead), "/settings/organisation", &fields);
    assert_eq!(late.status, 409, "{}", late.text);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), new);
}

#[test]
fn what_would_not_be_valid_changes_nothing() {
    let served = Served::demo();
    let before = std::fs::read_to_string(file(&served)).unwrap();
    let size = served.app.home().vault.size();
    let seen = fingerprint(&before);
    for (name, value) in [
        ("profile", "nothing-9"),
        ("edition", "v99"),
        ("publish_on", "soon"),
        ("organisation", " "),
    ] {
        let mut fields = vec![
            ("seen", seen.as_str()),
            ("organisation", "Test"),
            ("profile", "company-3"),
        ];
        fields.retain(|(n, _)| *n != name);
        fields.push((name, value));
        let refused = served.post(Some(Role::Lead), "/settings/organisation", &fields);
        assert!(
            [409, 422].contains(&refused.status),
            "{name}: {} {}",
            refused.status,
            refused.text
        );
        assert!(!refused.text.contains("standing.toml.new"));
    }
    assert_eq!(std::fs::read_to_string(file(&served)).unwrap(), before);
    assert_eq!(served.app.home().vault.size(), size);
    assert_eq!(
        served
            .get(Some(Role::Auditor), "/settings/organisation")
            .status,
        403
    );
}

#[test]
fn the_page_says_in_words_what_the_file_says_and_no_secret() {
    let served = Served::demo();
    let page = served.get(Some(Role::Auditor), "/settings").text;
    for words in [
        "People come in by passkey.",
        "Public key",
        "Nobody is told of anything",
        "30 June 2027",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("signing.key"));
    assert!(!page.contains("Change these"));
    let lead = served.get(Some(Role::Lead), "/settings").text;
    assert!(lead.contains("Change these"));
}

use super::*;

#[test]
fn roles_are_read_from_each_form() {
    for (line, role, holder) in [
        ("SIRO: Jane Doe", "SIRO", "Jane Doe"),
        ("**SIRO:** Jane Doe", "SIRO", "Jane Doe"),
        (
            "- Caldicott Guardian: Dr Amir Khan, GP",
            "Caldicott Guardian",
            "Dr Amir Khan",
        ),
        (
            "Data Protection Officer (DPO): Siân O'Neill (siân@example.org)",
            "DPO",
            "Siân O'Neill",
        ),
        (
            "The Senior Information Risk Owner (SIRO) is Jane Doe.",
            "SIRO",
            "Jane Doe",
        ),
        ("Jane Doe is the SIRO.", "SIRO", "Jane Doe"),
        (
            "Our CTO is Maria van der Berg, who signs.",
            "CTO",
            "Maria van der Berg",
        ),
        ("| SIRO | Jane Doe | jane@example.org |", "SIRO", "Jane Doe"),
        ("| Jane Doe | Data Protection Officer |", "DPO", "Jane Doe"),
        (
            "| Information Security Lead | J. Smith-Jones |",
            "security lead",
            "J. Smith-Jones",
        ),
        ("IG Lead – Tom Baker", "IG lead", "Tom Baker"),
        (
            "What the SIRO, Jane Doe, decides is written down.",
            "SIRO",
            "Jane Doe",
        ),
        (
            "Data goes. Jane Doe, the SIRO, decides.",
            "SIRO",
            "Jane Doe",
        ),
        ("When Jane Doe, our SIRO, says so", "SIRO", "Jane Doe"),
        (
            "Ask the DPO (see above), and the SIRO: Jane Doe.",
            "SIRO",
            "Jane Doe",
        ),
    ] {
        let expected = vec![(role, holder.to_owned(), 1)];
        assert_eq!(read(&[line.to_owned()]), expected, "{line}");
    }
}

#[test]
fn sentences_about_roles_name_nobody() {
    for line in [
        "The SIRO is responsible for information risk.",
        "The SIRO is the Chief Executive.",
        "SIRO:",
        "SIRO: to be appointed",
        "| Role | Name |",
        "| SIRO | |",
        "The Data Protection Officer is Responsible For Advice",
        "SIRO Training: Jane Doe",
        "Jane Doe is the new CTO's deputy",
        "Caldicott Guardian: the Board",
        "Tom Baker answers to the SIRO, Head of Platform.",
        "Deputy SIRO: Jane Doe",
        "The SIRO, Caldicott Guardian and DPO meet.",
        "Write to the SIRO, North London Trust.",
        "Send it to the SIRO, Jane Doe and others decide",
        "A desiro: Jane Doe",
        "Decided by the SIRO. Jane Doe, Head of Platform, the CTO's office",
    ] {
        assert_eq!(read(&[line.to_owned()]), vec![], "{line}");
    }
}

#[test]
fn one_line_may_name_several() {
    let line = "DPO: Ewan Roe. He advises. Caldicott Guardian: Zoë Poe. SIRO: Jane Doe.";
    let found = read(&[line.to_owned()]);
    let expected = [
        ("DPO", "Ewan Roe"),
        ("Caldicott Guardian", "Zoë Poe"),
        ("SIRO", "Jane Doe"),
    ];
    for (role, holder) in expected {
        assert!(
            found.contains(&(role, holder.to_owned(), 1)),
            "{role}: {found:?}"
        );
    }
    assert_eq!(found.len(), 3, "{found:?}");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(line in "(SIRO|dpo|The |, the |, |[ :|–(]|[A-Za-z]|\\PC){0,40}") {
        let _ = read(&[line]);
    }
}

use super::*;

/// Text, and the faults expected: rule, line, column, marks.
type Case = (
    &'static str,
    &'static [(&'static str, i64, i64, &'static str)],
);

const P: &str = "placeholder";
const T: &str = "template variable";

const CASES: &[Case] = &[
    ("Test Date: [Insert Date]", &[(P, 1, 12, "[Insert Date]")]),
    (
        "Next Audit Due: [Date + 3 Months]",
        &[(P, 1, 17, "[Date + 3 Months]")],
    ),
    ("Owner: [TBC]", &[(P, 1, 8, "[TBC]")]),
    ("Owner: TBD", &[(P, 1, 8, "TBD")]),
    ("To be agreed (TBC).", &[(P, 1, 15, "TBC")]),
    (
        "Signed by <name here> on behalf of",
        &[(P, 1, 11, "<name here>")],
    ),
    ("Signed by <insert name>", &[(P, 1, 11, "<insert name>")]),
    ("From XX/XX/XXXX on", &[(P, 1, 6, "XX/XX/XXXX")]),
    ("From XX/XX/2027.", &[(P, 1, 6, "XX/XX/2027")]),
    ("Reference XXXX", &[(P, 1, 11, "XXXX")]),
    ("Lorem ipsum dolor sit amet", &[(P, 1, 1, "Lorem ipsum")]),
    ("Signature: ________", &[(P, 1, 12, "________")]),
    (
        "Click or tap here to enter text.",
        &[(P, 1, 1, "Click or tap here to enter")],
    ),
    (
        "Agreed between [Company Name] and [Supplier].",
        &[(P, 1, 16, "[Company Name]"), (P, 1, 35, "[Supplier]")],
    ),
    ("Valid until [DD/MM/YYYY]", &[(P, 1, 13, "[DD/MM/YYYY]")]),
    ("Agreed on [  /  /  ]", &[(P, 1, 11, "[  /  /  ]")]),
    (
        "[to be completed by the SIRO]",
        &[(P, 1, 1, "[to be completed by the SIRO]")],
    ),
    ("SIRO: {{ siro_name }}", &[(T, 1, 7, "{{ siro_name }}")]),
    (
        "{% if dpo %}DPO{% endif %}",
        &[(T, 1, 1, "{% if dpo %}"), (T, 1, 16, "{% endif %}")],
    ),
    ("Hosted in ${REGION}.", &[(T, 1, 11, "${REGION}")]),
    ("Dear <%= name %>", &[(T, 1, 6, "<%= name %>")]),
    ("Dear %%FIRST_NAME%%,", &[(T, 1, 6, "%%FIRST_NAME%%")]),
    ("Dear «FirstName»,", &[(T, 1, 6, "«FirstName»")]),
    ("[{{ name }}]", &[(T, 1, 2, "{{ name }}")]),
    (
        "é [Insert Date] and {{ x }}",
        &[(P, 1, 3, "[Insert Date]"), (T, 1, 21, "{{ x }}")],
    ),
    (
        "| Date | Result |\n|---|---|\n|  |  |\n|  |  |",
        &[("empty table", 1, 1, "")],
    ),
    (
        "Date | Result\n--- | ---\n | ",
        &[("empty table", 1, 1, "")],
    ),
    ("| Date |\n|---|", &[("empty table", 1, 1, "")]),
    (
        "| Review date | Reviewer |\n|---|---|",
        &[("empty table", 1, 1, "")],
    ),
    (
        "| Risk | 2026 | 2027 |\n|---|---|---|",
        &[("empty table", 1, 1, "")],
    ),
    ("| Review date | 1 March 2027 |\n|---|---|\n", &[]),
    ("| Contact | dpo@example.org |\n|---|---|\n|  |  |", &[]),
    // Look-alikes.
    ("From [Company Name](https://example.org).", &[]),
    ("See [the policy](policy.md) and ![name](name.png).", &[]),
    ("See [the name][ref].\n\n[ref]: https://example.org", &[]),
    ("See [Date].\n\n[date]: https://example.org", &[]),
    ("- [ ] not done\n- [x] done\n- [X] done", &[]),
    (
        "As shown[^1] and [1], [2, 3], [12-14].\n\n[^1]: Name and date.",
        &[],
    ),
    ("> [!NOTE]\n> Read [[Company Name]] too.", &[]),
    (
        "The court [2019] held that \"he [sic] must [see section 4]\" [...] […]",
        &[],
    ),
    ("[Redacted] and [Appendix A] and [UK GDPR]", &[]),
    ("Use `[Insert Date]` or ``{{ a ` b }}``.", &[]),
    ("```\n[TBC] {{ x }}\n| a |\n|---|\n```\nDone.", &[]),
    ("~~~text\nTBC\n```\nTBC\n~~~", &[]),
    ("<!-- [Insert Date]\n TBC --> Done.", &[]),
    (
        "Mail <someone@example.org> or <https://example.org/name>.<br>",
        &[],
    ),
    ("<title>Policy</title> <address>", &[]),
    ("____\n\n___", &[]),
    ("snake_case_name and __init__", &[]),
    ("Up to 50%% of 100%% and ${} and {} and { a }", &[]),
    ("The X-ray on 12/03/2026, size XXL, 1.2.x", &[]),
    ("Write dates as DD/MM/YYYY.", &[]),
    ("if a < name and b > c", &[]),
    (
        "| Date | Result |\n|---|---|\n| 1 May 2026 | passed |\n|  |  |",
        &[],
    ),
    (
        "| Date | Result |\n|---|---|\n| [TBC] |  |",
        &[(P, 3, 3, "[TBC]")],
    ),
    ("---\ntags: [policy, date]\n---\nText", &[]),
];

#[test]
fn each_text_has_the_faults_expected() {
    let mut wrong = Vec::new();
    for (text, expected) in CASES {
        let (faults, _) = lint(&Text::new(Form::Markdown, text));
        let found: Vec<_> = faults
            .iter()
            .map(|f| {
                (
                    f.rule,
                    f.line,
                    f.column,
                    f.found.as_deref().unwrap_or_default(),
                )
            })
            .collect();
        if found != *expected {
            wrong.push(format!(
                "{text:?}\n  expected {expected:?}\n  found    {found:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "([\\[\\]{}<>%$_|`~# \nXx/.«»-]|TBC|lorem|---|[a-z]|\\PC){0,80}") {
        for form in [Form::Markdown, Form::Plain] {
            let text = Text::new(form, &text);
            let (_, visible) = lint(&text);
            proptest::prop_assert_eq!(visible.len(), text.lines.len());
        }
    }

    /// Capitals are left out, so that none of the listed words can come about by chance.
    #[test]
    fn without_brackets_there_is_nothing_to_fill_in(text in "[a-z0-9 ,;:!?()'\n\"|#*-]{0,200}") {
        let (faults, _) = lint(&Text::new(Form::Markdown, &text));
        let found: Vec<_> = faults.iter().filter(|f| f.rule != "empty table").collect();
        proptest::prop_assert!(found.is_empty(), "{:?}", found);
    }
}

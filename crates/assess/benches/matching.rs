//! Who is who, at size: `cargo bench -p standing-assess --bench matching`.

#[path = "matching/figures.rs"]
mod figures;
#[path = "matching/firm.rs"]
mod firm;

use figures::Figures;
use firm::Firm;
use standing_assess::matching::matches;

fn main() {
    for (seed, noise) in [
        (1, 0.03),
        (2, 0.03),
        (3, 0.03),
        (4, 0.03),
        (1, 0.10),
        (2, 0.10),
    ] {
        let firm = Firm::new(seed, 100_000, noise);
        let (people, accounts) = (firm.people(), firm.accounts());
        let begun = std::time::Instant::now();
        let found = matches(&people, &accounts);
        let took = begun.elapsed();
        let figures = Figures::of(&firm.truth, &found);
        let ((ap, ar), (bp, br)) = (figures.of_act(), figures.of_both());
        println!(
            "seed {seed} noise {noise}: {took:.2?} act {ap:.5}/{ar:.5} both {bp:.5}/{br:.5} {figures:?}"
        );
        if std::env::var_os("SHOW").is_some() {
            show(&firm, &people, &accounts, &found);
        }
    }
}

fn show(
    firm: &Firm,
    people: &[standing_assess::matching::Person<'_>],
    accounts: &[standing_assess::matching::Account<'_>],
    found: &[standing_assess::matching::Match],
) {
    use standing_assess::matching::Band;
    let mut shown = [0; 4];
    let mut seen = vec![None; accounts.len()];
    for m in found {
        if seen[m.account as usize].is_none() {
            seen[m.account as usize] = Some(*m);
        }
    }
    for (i, m) in seen.iter().enumerate() {
        let t = firm.truth[i];
        let class = match (m, t) {
            (Some(m), t) if m.band != Band::Possible && t != Some(m.person) => 0,
            (Some(m), Some(_)) if m.band == Band::Suggest => 1,
            (Some(m), Some(_)) if m.band == Band::Possible => 2,
            (None, Some(_)) => 3,
            _ => continue,
        };
        shown[class] += 1;
        if shown[class] > 12 {
            continue;
        }
        println!(
            "class {class}: {:?}\n   got {:?} {:?}\n   true {:?}",
            accounts[i],
            m,
            m.map(|m| people[m.person as usize]),
            t.map(|t| people[t as usize])
        );
    }
    println!("{shown:?}");
}

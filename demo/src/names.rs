//! Names of nobody, and the plain letters that sign-in names are made of.

/// Given names.
pub(crate) const GIVEN: [&str; 48] = [
    "Aled",
    "Amélie",
    "Anwen",
    "Aoife",
    "Benedek",
    "Bethan",
    "Björn",
    "Chiamaka",
    "Chloë",
    "Dafydd",
    "Deepika",
    "Eilidh",
    "Emeka",
    "Farida",
    "Ffion",
    "Gwendolen",
    "Hamza",
    "Ines",
    "Iolo",
    "Jaya",
    "José",
    "Keziah",
    "Lachlan",
    "Łucja",
    "Maëlle",
    "Manpreet",
    "Mairéad",
    "Mirela",
    "Nasrin",
    "Niamh",
    "Oluwaseun",
    "Orla",
    "Padraig",
    "Quentin",
    "Renée",
    "Rhiannon",
    "Rosamund",
    "Samir",
    "Seán",
    "Siôn",
    "Tamsin",
    "Thandiwe",
    "Tobias",
    "Uzma",
    "Wilfred",
    "Yusuf",
    "Zofia",
    "Zoë",
];

/// Family names that nobody has been found to bear.
pub(crate) const FAMILY: [&str; 40] = [
    "Ashenfell",
    "Barrowquist",
    "Brambleworth",
    "Cawdermere",
    "Copperdew",
    "Crumbleholt",
    "Dapplewick",
    "Dunnerleigh",
    "Embercote",
    "Fallowbeck",
    "Fennimarsh",
    "Gorsethwaite",
    "Greymantle",
    "Harrowdale",
    "Hazelgrave",
    "Inkpenny",
    "Kestrelby",
    "Larkhanger",
    "Loamwright",
    "Marrowby",
    "Mossgrove",
    "Nettlefold-Pym",
    "Oakenshaw",
    "O'Darnaway",
    "O'Larkin",
    "Pebblewick",
    "Quillfeather",
    "Ravelstone",
    "Rookhurst",
    "Sallowfield",
    "Silverhythe",
    "Snowdrift",
    "Sparrowhythe",
    "Tallowmere",
    "Thistledown",
    "Umberslade",
    "Underlake",
    "Whinmoor",
    "Wrenfold",
    "Yarrowgate",
];

/// Given and family name as a sign-in name: the first letter and the family name, in plain small
/// letters, at most 18 of them.
pub(crate) fn login(given: &str, family: &str) -> String {
    let first = given.chars().take(1);
    let letters = first.chain(family.chars()).flat_map(plain);
    letters.take(18).collect()
}

/// One letter without its marks, small; nothing for what is no letter.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let letter = letter.to_lowercase().next().unwrap_or(letter);
    let plain = match letter {
        'à' | 'á' | 'â' | 'ä' => Some('a'),
        'è' | 'é' | 'ê' | 'ë' => Some('e'),
        'ì' | 'í' | 'î' | 'ï' => Some('i'),
        'ò' | 'ó' | 'ô' | 'ö' => Some('o'),
        'ù' | 'ú' | 'û' | 'ü' => Some('u'),
        'ł' => Some('l'),
        letter => Some(letter).filter(char::is_ascii_lowercase),
    };
    plain.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_names_are_plain() {
        assert_eq!(login("Siân", "O'Larkin"), "solarkin");
        assert_eq!(login("Łucja", "Nettlefold-Pym"), "lnettlefoldpym");
        for given in GIVEN {
            for family in FAMILY {
                let login = login(given, family);
                assert!(login.chars().all(|c| c.is_ascii_lowercase()), "{login}");
                assert!(login.len() > 5, "{login}");
            }
        }
    }
}

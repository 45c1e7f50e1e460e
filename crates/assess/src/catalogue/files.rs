//! The list of the files in `catalogue/`, one line each. A test fails on a file that is not here.

/// Name and text of every file that the built-in catalogue is read from.
pub struct Files<'a> {
    /// `editions.toml`
    pub editions: &'a str,
    /// `profiles.toml`
    pub profiles: &'a str,
    /// `standards.toml`
    pub standards: &'a str,
    /// `exemptions.toml`
    pub exemptions: &'a str,
    /// `support.csv`
    pub support: &'a str,
    /// File name and text of each `items/*.toml`.
    pub items: &'a [(&'a str, &'a str)],
}

macro_rules! items {
    ($($reference:literal)*) => {
        &[$((
            concat!($reference, ".toml"),
            include_str!(concat!("../../../../catalogue/items/", $reference, ".toml")),
        ),)*]
    };
}

/// What is compiled into the product.
pub const BUILTIN: Files<'static> = Files {
    editions: include_str!("../../../../catalogue/editions.toml"),
    profiles: include_str!("../../../../catalogue/profiles.toml"),
    standards: include_str!("../../../../catalogue/standards.toml"),
    exemptions: include_str!("../../../../catalogue/exemptions.toml"),
    support: include_str!("../../../../catalogue/support.csv"),
    items: ITEMS,
};

#[rustfmt::skip]
const ITEMS: &[(&str, &str)] = items![
    "1.1.1"
    "1.1.2"
    "1.1.3"
    "1.1.5"
    "1.1.6"
    "1.2.4"
    "1.3.1"
    "1.3.2"
    "1.3.6"
    "1.3.7"
    "1.3.8"
    "1.3.12"
    "1.3.13"
    "1.4.1"
    "1.4.3"
    "2.1.1"
    "2.2.1"
    "3.1.1"
    "3.2.1"
    "3.4.1"
    "4.1.1"
    "4.1.2"
    "4.2.4"
    "4.3.1"
    "4.4.1"
    "4.5.3"
    "4.5.4"
    "4.5.6"
    "5.1.1"
    "5.2.1"
    "6.1.1"
    "6.1.2"
    "6.1.3"
    "6.2.1"
    "6.3.2"
    "6.3.5"
    "7.1.1"
    "7.1.2"
    "7.1.5"
    "7.1.6"
    "7.2.1"
    "7.3.2"
    "7.3.4"
    "7.3.5"
    "8.1.4"
    "8.2.1"
    "8.3.1"
    "8.3.8"
    "8.4.3"
    "9.1.1"
    "9.2.1"
    "9.4.5"
    "9.4.6"
    "9.5.2"
    "9.6.2"
    "10.1.2"
    "10.2.1"
    "10.2.2"
];

//! The header of one package, as rpm's database keeps it.
//!
//! Source: <https://rpm-software-management.github.io/rpm/manual/format_header.html>. A count of index
//! entries, a length of data, the entries of 16 bytes each, then the data; all numbers big-endian. Every
//! access is checked against the bytes that are there.

use super::package::Package;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const INSTALL_TIME: u32 = 1008;
const VENDOR: u32 = 1011;
const ARCHITECTURE: u32 = 1022;
const SOURCE: u32 = 1044;
const MODULE: u32 = 5096;

const INT32: u32 = 4;
const STRINGS: [u32; 3] = [6, 8, 9];

/// The particulars that an inventory needs; `None` where the bytes are no header or lack a name, a
/// version or a release.
pub(super) fn read(blob: &[u8]) -> Option<Package> {
    let header = Header::new(blob)?;
    Some(Package {
        name: header.text(NAME)?,
        epoch: header.number(EPOCH),
        version: header.text(VERSION)?,
        release: header.text(RELEASE)?,
        architecture: header.text(ARCHITECTURE),
        source: header.text(SOURCE),
        installed: header.number(INSTALL_TIME).map(i64::from),
        vendor: header.text(VENDOR),
        module: header.text(MODULE),
    })
}

struct Header<'a> {
    index: &'a [u8],
    data: &'a [u8],
}

impl<'a> Header<'a> {
    fn new(blob: &'a [u8]) -> Option<Self> {
        let entries = usize::try_from(number(blob, 0)?).ok()?;
        let length = usize::try_from(number(blob, 4)?).ok()?;
        let rest = blob.get(8..)?;
        let (index, data) = rest.split_at_checked(entries.checked_mul(16)?)?;
        Some(Header {
            index,
            data: data.get(..length)?,
        })
    }

    /// Type of the tag's value, and the data from its beginning.
    fn find(&self, tag: u32) -> Option<(u32, &'a [u8])> {
        let mut entries = self.index.chunks_exact(16);
        let entry = entries.find(|entry| number(entry, 0) == Some(tag))?;
        let offset = usize::try_from(number(entry, 8)?).ok()?;
        Some((number(entry, 4)?, self.data.get(offset..)?))
    }

    fn number(&self, tag: u32) -> Option<u32> {
        let (kind, data) = self.find(tag)?;
        (kind == INT32).then(|| number(data, 0)).flatten()
    }

    /// A text ends in a zero; of several the first.
    fn text(&self, tag: u32) -> Option<String> {
        let (kind, data) = self.find(tag)?;
        let end = data.iter().position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(&data[..end]).ok()?;
        (STRINGS.contains(&kind) && !text.is_empty()).then(|| text.to_owned())
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A header of these values: a tag with a text, or with a number.
    pub(crate) fn written(texts: &[(u32, &str)], numbers: &[(u32, u32)]) -> Vec<u8> {
        let (mut index, mut data) = (Vec::new(), Vec::new());
        let mut entry = |tag: u32, kind: u32, at: usize| {
            let at = u32::try_from(at).expect("a small header");
            for word in [tag, kind, at, 1] {
                index.extend(word.to_be_bytes());
            }
        };
        for (tag, value) in numbers {
            entry(*tag, INT32, data.len());
            data.extend(value.to_be_bytes());
        }
        for (tag, text) in texts {
            entry(*tag, 6, data.len());
            data.extend(text.as_bytes());
            data.push(0);
        }
        let count = |length: usize| u32::try_from(length).expect("a small header").to_be_bytes();
        let entries = index.len() / 16;
        [&count(entries)[..], &count(data.len()), &index, &data].concat()
    }

    #[test]
    fn what_is_written_is_read() {
        let texts = [
            (NAME, "openssl-libs"),
            (VERSION, "3.0.7"),
            (RELEASE, "1.el9"),
        ];
        let blob = written(&texts, &[(EPOCH, 1), (INSTALL_TIME, 1_700_000_000)]);
        let found = read(&blob).expect("a header");
        assert_eq!(found.name, "openssl-libs");
        assert_eq!(found.epoch, Some(1));
        assert_eq!(found.installed, Some(1_700_000_000));
        assert_eq!(found.vendor, None);
    }

    #[test]
    fn a_header_cut_anywhere_is_none_and_no_panic() {
        let blob = written(&[(NAME, "a"), (VERSION, "1"), (RELEASE, "2")], &[]);
        for end in 0..blob.len() {
            assert!(read(&blob[..end]).is_none(), "{end}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None,
            ..Default::default()
        })]

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            read(&bytes);
        }

        #[test]
        fn no_damage_panics(at in 0usize..100, byte: u8) {
            let mut blob = written(&[(NAME, "a"), (VERSION, "1"), (RELEASE, "2")], &[(EPOCH, 3)]);
            let length = blob.len();
            blob[at % length] = byte;
            read(&blob);
        }
    }
}

//! Words, strings and hash tables in a run of bytes.

use super::{Database, Found};

/// The bytes do not hang together, or are of another format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the compiled advisories are damaged or of another format")
    }
}

impl std::error::Error for Damaged {}

/// The first bytes: what this is, and the format's number.
pub(super) const MARK: &[u8; 16] = b"standing adv.  2";
/// Words of the head, the mark included.
pub(super) const HEAD: u32 = 12;
/// No string, no list.
pub(super) const NONE: u32 = u32::MAX;

/// A run of words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// The first word.
    pub(super) from: u32,
    /// How many.
    pub(super) len: u32,
}

/// What the head says.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) advisories: u32,
    pub(super) has_kev: bool,
    /// Where each string ends.
    ends: Section,
    heap: Section,
    /// Slots of a hash table: the place of an object, or none.
    pub(super) packages: Section,
    /// Slots like those.
    pub(super) names: Section,
    /// Entries of four words, in order.
    pub(super) epss: Section,
    /// The first byte of the text.
    text: usize,
}

impl Layout {
    pub(super) fn read(bytes: &[u8]) -> Result<Layout, Damaged> {
        if bytes.get(..MARK.len()) != Some(MARK) {
            return Err(Damaged);
        }
        let mut head = [0; 8];
        for (i, word) in head.iter_mut().enumerate() {
            *word = word_at(bytes, 4 + i)?;
        }
        let [advisories, has_kev, ends, heap, packages, names, epss, text] = head;
        let mut from = HEAD;
        let mut section = |len: u32| {
            let section = Section { from, len };
            from = from.checked_add(len).ok_or(Damaged)?;
            Ok(section)
        };
        let layout = Layout {
            advisories,
            has_kev: has_kev == 1,
            ends: section(ends)?,
            heap: section(heap)?,
            packages: section(packages)?,
            names: section(names)?,
            epss: section(epss)?,
            text: 4 * from as usize,
        };
        match layout.text.checked_add(text as usize) == Some(bytes.len()) {
            true => Ok(layout),
            false => Err(Damaged),
        }
    }
}

fn word_at(bytes: &[u8], at: usize) -> Result<u32, Damaged> {
    let four = bytes.get(4 * at..4 * at + 4).ok_or(Damaged)?;
    Ok(u32::from_le_bytes(four.try_into().map_err(|_| Damaged)?))
}

/// FNV-1a.
pub(super) fn hash(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// Words read one after the other.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    next: u32,
    end: u32,
}

impl Cursor<'_> {
    pub(super) fn take(&mut self) -> Result<u32, Damaged> {
        if self.next >= self.end {
            return Err(Damaged);
        }
        let word = word_at(self.bytes, self.next as usize)?;
        self.next += 1;
        Ok(word)
    }

    pub(super) fn skip(&mut self, words: u32) -> Result<(), Damaged> {
        self.next = self.next.checked_add(words).ok_or(Damaged)?;
        Ok(())
    }
}

impl<B: AsRef<[u8]>> Database<B> {
    pub(super) fn cursor(&self, at: u32) -> Cursor<'_> {
        self.cursor_in(self.layout.heap, at)
    }

    pub(super) fn cursor_in(&self, section: Section, at: u32) -> Cursor<'_> {
        Cursor {
            bytes: self.bytes.as_ref(),
            next: section.from.saturating_add(at),
            end: section.from.saturating_add(section.len),
        }
    }

    pub(super) fn word(&self, at: u32) -> Result<u32, Damaged> {
        self.cursor(at).take()
    }

    pub(super) fn string(&self, number: u32) -> Result<&str, Damaged> {
        let ends = self.layout.ends;
        let to = self.cursor_in(ends, number).take()? as usize;
        let from = match number {
            0 => 0,
            _ => self.cursor_in(ends, number - 1).take()? as usize,
        };
        let text = self.bytes.as_ref().get(self.layout.text..);
        let bytes = text.and_then(|text| text.get(from..to)).ok_or(Damaged)?;
        std::str::from_utf8(bytes).map_err(|_| Damaged)
    }

    pub(super) fn maybe(&self, number: u32) -> Result<Option<&str>, Damaged> {
        match number {
            NONE => Ok(None),
            number => self.string(number).map(Some),
        }
    }

    /// A list of strings, which may be none.
    pub(super) fn strings<'a>(
        &'a self,
        cursor: &mut Cursor<'a>,
    ) -> Result<Option<Vec<&'a str>>, Damaged> {
        let count = cursor.take()?;
        if count == NONE {
            return Ok(None);
        }
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(self.string(cursor.take()?)?);
        }
        Ok(Some(list))
    }

    /// The object that a hash table has under a key. Each object begins with its key's string.
    pub(super) fn find(&self, table: Section, key: &[u8]) -> Result<Option<Found>, Damaged> {
        let slots = table.len;
        if slots == 0 {
            return Ok(None);
        }
        let mut slot = hash(key) % slots;
        for _ in 0..slots {
            let at = self.cursor_in(table, slot).take()?;
            if at == NONE {
                return Ok(None);
            }
            if self.string(self.word(at)?)?.as_bytes() == key {
                return Ok(Some(Found(at)));
            }
            slot = (slot + 1) % slots;
        }
        Err(Damaged)
    }
}

//! From the hash of a key to the rows that hold it.

/// Which rows hold a key. Keys are 64-bit hashes; zero is *no key* and is found nowhere. Rows of one
/// key come in their order.
#[derive(Debug)]
pub(super) struct Lookup {
    /// How far a hash is shifted to give its bucket.
    shift: u32,
    /// Where each bucket begins in the two lists below; one more than there are buckets.
    begins: Vec<u32>,
    hashes: Vec<u64>,
    rows: Vec<u32>,
}

impl Lookup {
    /// From pairs of hash and row. Two keys of one bucket are told apart when they are looked for.
    pub(super) fn new(pairs: &[(u64, u32)]) -> Self {
        let bits = (usize::BITS - pairs.len().leading_zeros()).clamp(1, 24);
        let shift = u64::BITS - bits;
        let bucket = |hash: u64| (hash >> shift) as usize;
        let held = || pairs.iter().filter(|(hash, _)| *hash != 0);
        let mut begins = vec![0_u32; (1 << bits) + 1];
        for (hash, _) in held() {
            begins[bucket(*hash) + 1] += 1;
        }
        for i in 1..begins.len() {
            begins[i] += begins[i - 1];
        }
        let mut next = begins.clone();
        let count = held().count();
        let (mut hashes, mut rows) = (vec![0; count], vec![0; count]);
        for (hash, row) in held() {
            let place = &mut next[bucket(*hash)];
            hashes[*place as usize] = *hash;
            rows[*place as usize] = *row;
            *place += 1;
        }
        Lookup {
            shift,
            begins,
            hashes,
            rows,
        }
    }

    /// The rows that hold a key.
    pub(super) fn rows(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let bucket = (hash >> self.shift) as usize;
        let within = self.begins[bucket] as usize..self.begins[bucket + 1] as usize;
        let same = move |i: &usize| hash != 0 && self.hashes[*i] == hash;
        within.filter(same).map(|i| self.rows[i])
    }
}

#[cfg(test)]
mod tests {
    use super::Lookup;

    #[test]
    fn every_row_of_a_key_is_found_and_no_other() {
        let hashes = [7, u64::MAX, 0, 7, 1 << 63, 8, 0];
        let pairs: Vec<(u64, u32)> = hashes.into_iter().zip(0..).collect();
        let lookup = Lookup::new(&pairs);
        let rows = |hash| lookup.rows(hash).collect::<Vec<_>>();
        assert_eq!(rows(7), [0, 3]);
        assert_eq!(rows(u64::MAX), [1]);
        assert_eq!(rows(1 << 63), [4]);
        assert_eq!(rows(0), [0; 0]);
        assert_eq!(rows(9), [0; 0]);
        assert_eq!(Lookup::new(&[]).rows(7).count(), 0);
    }
}

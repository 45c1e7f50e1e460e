//! A small random number generator: the same seed and label give the same numbers for ever.

/// `splitmix64`, after Steele, Lea and Flood (2014).
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator of its own for one purpose, so that a draw more in one place moves nothing in
    /// another.
    pub(crate) fn of(seed: u64, purpose: &str) -> Self {
        let folded = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        Rng(seed ^ folded)
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = to.saturating_sub(from).max(0).unsigned_abs() + 1;
        from + (self.bits() % width).cast_signed()
    }

    /// One of the list.
    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let last = i64::try_from(list.len()).unwrap_or(1) - 1;
        list[usize::try_from(self.between(0, last)).unwrap_or_default()]
    }

    /// `hex(4)` is eight hexadecimal digits.
    pub(crate) fn hex(&mut self, bytes: usize) -> String {
        let digits = (0..bytes).map(|_| format!("{:02x}", self.bits() & 0xff));
        digits.collect()
    }

    /// An identifier in the form of a random UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (a, b, c) = (self.hex(4), self.hex(2), self.hex(2));
        let (d, e) = (self.hex(2), self.hex(6));
        format!("{a}-{b}-4{}-8{}-{e}", &c[1..], &d[1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_draw_apart_and_repeat() {
        let drawn = |seed, purpose| Rng::of(seed, purpose).bits();
        assert_eq!(drawn(1, "people"), drawn(1, "people"));
        assert_ne!(drawn(1, "people"), drawn(1, "hosts"));
        assert_ne!(drawn(1, "people"), drawn(2, "people"));
    }

    #[test]
    fn numbers_stay_between_their_bounds() {
        let mut rng = Rng::of(7, "bounds");
        assert!((0..1_000).all(|_| (3..=9).contains(&rng.between(3, 9))));
        assert_eq!(rng.between(5, 5), 5);
        assert_eq!(rng.uuid().len(), 36);
    }
}

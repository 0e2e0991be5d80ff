//! Numbers that are drawn, and how many cases are looked at.

/// A small generator of pseudo-random numbers (splitmix); one seed is one case.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `n`, which is more than nothing.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("small")
    }

    /// Between the two, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).expect("low is not above high");
        low + i64::try_from(self.next() % width).expect("small")
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Something, but for one time in `n`.
    pub fn mostly<T>(&mut self, n: usize, draw: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (!self.one_in(n)).then(|| draw(self))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long tests look is a setting of whoever runs them"
)]
fn number(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) => usual,
    }
}

/// The seeds of a test that usually looks at `usual` cases.
pub fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let first = number("GREENROOM_SEED", 1);
    first..first + cases(usual)
}

/// How many cases a test looks at that usually looks at `usual`.
pub fn cases(usual: u64) -> u64 {
    usual * number("GREENROOM_CASES", 1)
}

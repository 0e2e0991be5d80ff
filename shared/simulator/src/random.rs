//! Draws that depend on a name and not on what was drawn before, so that taking one fault away
//! leaves all others where they were.

/// A stream of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream that belongs to `key` under `seed`.
    pub fn of(seed: u64, key: u64) -> Self {
        Self(mix(seed ^ mix(key)))
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `n`, which is at least 1.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below 0");
        let wide = u128::from(self.bits()) * u128::from(n);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        assert!(least <= most, "nothing lies between {least} and {most}");
        least + self.below(most - least + 1)
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < u64::from(per_mille)
    }

    /// One of `all`, which are not none.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let n = u64::try_from(all.len()).unwrap_or(u64::MAX);
        &all[usize::try_from(self.below(n)).unwrap_or(0)]
    }
}

/// Spreads a number over all of them (the finaliser of SplitMix64).
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key that a name stands for (FNV-1a).
pub fn key(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_draws_the_same_whatever_others_drew() {
        let mut one = Random::of(7, key("a"));
        let mut other = Random::of(7, key("b"));
        let alone: Vec<u64> = (0..5).map(|_| Random::of(7, key("a")).bits()).collect();
        assert!(alone.windows(2).all(|two| two[0] == two[1]));
        assert_eq!(one.bits(), alone[0]);
        assert_ne!(other.bits(), alone[0]);
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut random = Random::of(1, 1);
        let drawn: Vec<u64> = (0..1000).map(|_| random.between(3, 5)).collect();
        assert!(drawn.iter().all(|n| (3..=5).contains(n)));
        assert!((3..=5).all(|n| drawn.contains(&n)));
        assert!(!random.chance(0));
        assert!(random.chance(1000));
    }
}

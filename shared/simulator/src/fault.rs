//! What goes wrong at a call. Which fault a call meets depends on the seed and on the call's own
//! name only, and each fault that happened has a number of its own: a failing run is made
//! smaller by allowing fewer of them.

use std::collections::BTreeSet;

use crate::random::Random;

/// The kinds of outside that are called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Port {
    Store,
    Source,
    Pipelines,
    Suites,
    Channels,
}

impl Port {
    pub const ALL: [Self; 5] = [
        Self::Store,
        Self::Source,
        Self::Pipelines,
        Self::Suites,
        Self::Channels,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Source => "source",
            Self::Pipelines => "pipelines",
            Self::Suites => "suites",
            Self::Channels => "channels",
        }
    }
}

/// What happens to one call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// It says that it is away, and did nothing.
    ErrorBefore,
    /// It did what was asked, and nobody can tell.
    ErrorAfter,
    /// It did nothing, and nobody can tell.
    Ambiguous,
    /// It asks to wait.
    Throttled,
    /// It takes seconds.
    Slow,
    /// The process dies at this call, which did nothing.
    DieBefore,
    /// The process dies although the call did what was asked.
    DieAfter,
    /// The process is set aside before the call and goes on much later.
    Frozen,
}

impl Fault {
    pub const ALL: [Self; 8] = [
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::Ambiguous,
        Self::Throttled,
        Self::Slow,
        Self::DieBefore,
        Self::DieAfter,
        Self::Frozen,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ErrorBefore => "error before",
            Self::ErrorAfter => "error after",
            Self::Ambiguous => "no answer",
            Self::Throttled => "throttled",
            Self::Slow => "slow",
            Self::DieBefore => "died before",
            Self::DieAfter => "died after",
            Self::Frozen => "frozen",
        }
    }
}

/// How often each fault happens at each port, per mille: drawn anew for each seed, and many of
/// them off, so that every seed is bad in its own way.
#[derive(Clone, Debug)]
pub struct Mix {
    rates: [[u32; Fault::ALL.len()]; Port::ALL.len()],
    /// The rates are of so many thousand calls.
    thousands: u64,
}

impl Mix {
    /// Nothing goes wrong.
    pub fn calm() -> Self {
        Self {
            rates: [[0; Fault::ALL.len()]; Port::ALL.len()],
            thousands: 1,
        }
    }

    /// A fresh mix; faults of a kind that make no sense (see `allowed`) stay off.
    pub fn drawn(random: &mut Random, allowed: impl Fn(Port, Fault) -> bool) -> Self {
        let mut mix = Self::calm();
        let heat = *random.pick(&[1, 5, 20, 60]);
        for port in Port::ALL {
            for fault in Fault::ALL {
                let on = !random.chance(300) && allowed(port, fault);
                let rate = random.below(heat + 1);
                if on {
                    mix.rates[port as usize][fault as usize] = u32::try_from(rate).unwrap_or(0);
                }
            }
        }
        mix
    }

    /// What goes wrong in an ordinary week.
    pub fn light(random: &mut Random, allowed: impl Fn(Port, Fault) -> bool) -> Self {
        let mut mix = Self::calm();
        mix.thousands = 40;
        for port in Port::ALL {
            for fault in Fault::ALL {
                if allowed(port, fault) && random.chance(500) {
                    mix.rates[port as usize][fault as usize] = 1;
                }
            }
        }
        mix
    }

    /// The fault that a call meets.
    pub fn draw(&self, port: Port, random: &mut Random) -> Option<Fault> {
        let mut at = u32::try_from(random.below(1000 * self.thousands)).unwrap_or(0);
        for fault in Fault::ALL {
            let rate = self.rates[port as usize][fault as usize];
            if at < rate {
                return Some(fault);
            }
            at -= rate;
        }
        None
    }
}

/// Which of the things that can go wrong may: all, or only some, to find the few that matter.
#[derive(Clone, Debug, Default)]
pub enum Allowed {
    #[default]
    All,
    Only(BTreeSet<u64>),
}

impl Allowed {
    pub fn has(&self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(&number),
        }
    }
}

/// One thing that went wrong, as people are shown it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Met {
    /// Names it in every run of the same seed.
    pub number: u64,
    pub text: String,
}

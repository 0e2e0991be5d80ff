//! Everything that reads what strangers write, given any bytes at all.
//!
//! A target is a function of bytes that panics when a promise is broken, and it is run in two
//! ways: for long under libFuzzer, which looks for bytes that reach new code (`make fuzz`), and
//! briefly as a test, over the kept inputs and a fixed number of random changes of them. An input
//! is a text wherever it can be, so that what is kept can be read, and changed by hand.

pub mod api_query;
pub mod cron;
pub mod escape;
pub mod glob;
pub mod hurl;
mod json;
mod mutate;
pub mod reports;
mod sections;
pub mod stage_file;
pub mod stored_record;
mod terminal;
pub mod webhook;

pub use mutate::Mutator;

/// Something to be fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As `make fuzz TARGET=` takes it, and the name of its folder in `corpus/`.
    pub name: &'static str,
    /// Takes any bytes; panics when what it checks does not hold.
    pub run: fn(&[u8]),
    /// Further kept inputs, as folders relative to this crate: other tests' own.
    pub borrowed: &'static [&'static str],
    /// How many random inputs its test runs; about two seconds' worth, unoptimised.
    pub brief: u32,
}

/// Everything that is fuzzed.
pub const TARGETS: &[Target] = &[
    Target {
        name: "webhook",
        run: webhook::run,
        borrowed: &[],
        brief: 300,
    },
    Target {
        name: "stage_file",
        run: stage_file::run,
        borrowed: &["../core/tests/valid", "../core/tests/broken"],
        brief: 500,
    },
    Target {
        name: "glob",
        run: glob::run,
        borrowed: &[],
        brief: 1_500,
    },
    Target {
        name: "hurl",
        run: hurl::run,
        borrowed: &["../suites/tests/corpus"],
        brief: 600,
    },
    Target {
        name: "escape",
        run: escape::run,
        borrowed: &[],
        brief: 400,
    },
    Target {
        name: "cron",
        run: cron::run,
        borrowed: &[],
        brief: 1_500,
    },
    Target {
        name: "api_query",
        run: api_query::run,
        borrowed: &[],
        brief: 500,
    },
    Target {
        name: "stored_record",
        run: stored_record::run,
        borrowed: &[],
        brief: 25,
    },
    Target {
        name: "reports",
        run: reports::run,
        borrowed: &[],
        brief: 500,
    },
];

/// libFuzzer ends the process at any panic. Hurl's parser runs on a thread of its own because it
/// may panic, and its caller answers for that: such a panic is no finding.
pub fn tolerate_the_parser_threads() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some("hurl-parser") {
            abort(info);
        }
    }));
}

/// A number made of bytes, evenly spread and always the same (FNV-1a).
fn number_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

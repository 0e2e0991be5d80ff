//! The target `reports` under libFuzzer; what it checks is in the library.

#![no_main]

libfuzzer_sys::fuzz_target!(
    init: greenroom_fuzz::tolerate_the_parser_threads(),
    |data: &[u8]| greenroom_fuzz::reports::run(data)
);

//! What works without a server, as a person sees it: `tests/offline/*.trycmd`.

#[test]
fn every_page_of_help_and_every_offline_command_reads_as_recorded() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .case("tests/offline/*.trycmd");
}

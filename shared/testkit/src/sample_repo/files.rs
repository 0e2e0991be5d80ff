//! The sample's files, as `examples/orders` has them.

macro_rules! file {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!("../../../../examples/orders/", $path)),
        )
    };
}

/// `greenroom.yaml`
pub const STAGE_FILE: &str = file!("greenroom.yaml").1;

/// What the first commit has.
pub const BEGINNING: &[(&str, &str)] = &[
    file!("README.md"),
    file!(".gitignore"),
    file!("rust-toolchain.toml"),
];
/// The service.
pub const SERVICE: &[(&str, &str)] = &[
    file!("src/main.rs"),
    file!("src/http.rs"),
    file!("src/json.rs"),
    file!("src/order.rs"),
    file!("src/pricing.rs"),
    file!("src/store.rs"),
];
/// How it is built and put on a stage.
pub const SCRIPTS: &[(&str, &str)] = &[
    file!("Makefile"),
    file!("build.sh"),
    file!("unit.sh"),
    file!("deploy.sh"),
    file!("instance.sh"),
    file!("stop.sh"),
];
/// What is tested on a stage.
pub const SMOKE: &[(&str, &str)] = &[
    file!("tests/smoke/health.hurl"),
    file!("tests/smoke/orders.hurl"),
    file!("tests/smoke/totals.hurl"),
];

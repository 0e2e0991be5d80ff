mod repository;
mod service;

use std::path::Path;
use std::process::{Command, Output};

use super::*;

/// Runs a program of the sample in a checkout of it.
fn sample(checkout: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.arg(program).args(arguments).current_dir(checkout);
    for name in ["GREENROOM_OUTPUT", "GREENROOM_RUN", "ORDERS_HOME"] {
        command.env_remove(name);
    }
    command
}

fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

//! What runs when a stage is torn down: its steps, and then the pass that looks what is left.

use jiff::SignedDuration;

use crate::stage_file::{Step, Teardown};

/// What the pass is called that shows that nothing is left.
pub const PROOF: &str = "leftovers";
/// It only looks.
const PROOF_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);

impl Teardown {
    /// All steps in order. The last one is the proof: it fails with what is left, and it fails as
    /// well when that cannot be listed, for then nobody knows.
    pub fn all_steps(&self) -> Vec<Step> {
        let mut steps = self.steps.clone();
        steps.push(Step {
            name: PROOF.to_owned(),
            run: proof(&self.leftovers),
            once: false,
            artifact: None,
            outputs: Vec::new(),
            timeout: PROOF_TIMEOUT,
            reports: None,
        });
        steps
    }
}

/// A program for `sh` that ends well only if `command` does and writes nothing but blanks.
fn proof(command: &str) -> String {
    let command = command.replace('\'', "'\\''");
    format!(
        "left=$(sh -c '{command}') || {{ code=$?; printf '%s\\n' \"$left\" 'what is left could not be listed'; exit \"$code\"; }}\n\
         [ -z \"$(printf %s \"$left\" | tr -d '[:space:]')\" ] || {{ printf 'left behind:\\n%s\\n' \"$left\"; exit 1; }}"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Whether the proof of `command` ends well, and what it writes.
    fn run(command: &str) -> (bool, String) {
        let program = proof(command);
        let output = Command::new("sh").arg("-c").arg(program).output();
        let output = output.expect("there is a shell");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), text)
    }

    #[test]
    fn only_a_command_that_ends_well_and_writes_nothing_proves_that_nothing_is_left() {
        assert_eq!(run("true"), (true, String::new()));
        assert_eq!(run("printf '\\n \\t\\n'"), (true, String::new()));
        let left = "left behind:\nbucket photos-bob\ntable x\n".to_owned();
        let two = "echo bucket photos-bob; echo 'table x'";
        assert_eq!(run(two), (false, left));
        let unknown = "\nwhat is left could not be listed\n".to_owned();
        assert_eq!(run("exit 3"), (false, unknown.clone()));
        assert_eq!(run("no-such-command 2>/dev/null"), (false, unknown));
    }

    #[test]
    fn the_proof_is_the_last_step() {
        let teardown = Teardown {
            steps: Vec::new(),
            leftovers: "list".to_owned(),
        };
        let steps = teardown.all_steps();
        assert_eq!(steps.len(), 1);
        assert_eq!(steps[0].name, PROOF);
    }
}

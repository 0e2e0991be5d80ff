//! What CodeBuild does with a project, as far as steps can tell: one shell for each command, and
//! what a command exported is there for the next one, if it ended well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use greenroom_core::stage_file::StageFile;
use greenroom_synth::{Options, synth};
use serde_json::Value;
use tempfile::TempDir;

/// Sources the command as CodeBuild's agent does, and keeps the environment.
const AGENT: &str = r#"
set -a
[ ! -e "$1/env.sh" ] || . "$1/env.sh"
set +a
cd "$1/src"
set -a
. "$1/command.sh"
code=$?
set +a
[ "$code" = 0 ] && export -p >"$1/env.sh"
exit "$code"
"#;

/// A machine that runs one project once.
pub struct Machine {
    folder: TempDir,
    spec: Value,
    environment: BTreeMap<String, String>,
    /// What `/bin/sh` is.
    sh: &'static str,
}

/// How a build ended.
pub struct Ended {
    pub succeeded: bool,
    /// The exported variables.
    pub told: BTreeMap<String, String>,
    /// Everything it wrote.
    pub log: String,
}

impl Ended {
    pub fn told(&self, name: &str) -> &str {
        self.told.get(name).map_or("", String::as_str)
    }
}

impl Machine {
    /// The machine of the project `title` (`ProjectBuildService`, `ProjectStageDev`) of a stage file.
    pub fn new(file: &str, title: &str) -> Self {
        let file = StageFile::parse("greenroom.yaml", file.as_bytes()).expect("a stage file");
        let rendered = synth(&file, &Options::of(&file)).expect("renderable");
        let resources = rendered.template["Resources"]
            .as_object()
            .expect("resources");
        let project = resources
            .iter()
            .find_map(|(name, it)| name.starts_with(title).then_some(it))
            .expect(title);
        let spec = project["Properties"]["Source"]["BuildSpec"].as_str();
        let spec = serde_json::from_str(spec.expect("a buildspec")).expect("JSON");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("src")).expect("a checkout");
        std::fs::create_dir(folder.path().join("tmp")).expect("a temporary folder");
        let path = format!(
            "{}:{}",
            tools().display(),
            std::env::var("PATH").expect("PATH")
        );
        let mut machine = Self {
            spec,
            environment: BTreeMap::new(),
            folder,
            sh: "/bin/sh",
        };
        machine.set("PATH", &path);
        machine.set("HOME", "/nonexistent");
        let tmp = machine.folder.path().join("tmp").display().to_string();
        machine.set("TMPDIR", &tmp);
        let fixed = project["Properties"]["Environment"]["EnvironmentVariables"].as_array();
        for variable in fixed.expect("variables") {
            let name = variable["Name"].as_str().expect("a name");
            if let Some(value) = variable["Value"].as_str() {
                machine.set(name, value);
            }
        }
        for name in ["STAGE", "ACTOR", "BRANCH", "PR", "DIGEST"] {
            machine.set(&format!("GREENROOM_{name}"), "none");
        }
        machine
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// On many images `/bin/sh` is bash, which then keeps to POSIX as far as it does.
    pub fn with_bash(mut self) -> Self {
        self.sh = "/bin/bash --posix";
        self
    }

    /// The checkout.
    pub fn checkout(&self) -> PathBuf {
        self.folder.path().join("src")
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.checkout().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    pub fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.checkout().join(name)).ok()
    }

    /// What is left in the temporary folder.
    pub fn litter(&self) -> usize {
        let left = std::fs::read_dir(self.folder.path().join("tmp"));
        left.expect("a folder").count()
    }

    /// Runs all phases.
    pub fn run(&self) -> Ended {
        let commands = self.spec["phases"]["build"]["commands"].as_array();
        let mut log = String::new();
        let mut succeeded = true;
        for command in commands.expect("commands") {
            let command = command.as_str().expect("text").replace("/bin/sh", self.sh);
            std::fs::write(self.folder.path().join("command.sh"), command).expect("written");
            succeeded = self.shell(AGENT, &mut log);
            if !succeeded {
                break;
            }
        }
        let exported = self.spec["env"]["exported-variables"].as_array();
        let names = exported.expect("names").iter().filter_map(Value::as_str);
        let told = names.filter_map(|name| Some((name.to_owned(), self.value(name)?)));
        Ended {
            succeeded,
            told: told.collect(),
            log,
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let mut text = String::new();
        let script = r#". "$1/env.sh"; printenv -- "$NAME_OF_IT"; printf x"#;
        let script = script.replace("$NAME_OF_IT", name);
        self.shell(&script, &mut text);
        text.strip_suffix("\nx").map(str::to_owned)
    }

    fn shell(&self, script: &str, log: &mut String) -> bool {
        let output = Command::new(self.sh.split(' ').next().expect("a shell"))
            .args(self.sh.split(' ').skip(1))
            .args(["-c", &format!("exec 2>&1; {script}"), "sh"])
            .arg(self.folder.path())
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        log.push_str(&String::from_utf8_lossy(&output.stdout));
        output.status.success()
    }
}

/// Where `make setup` puts the AWS CLI, MiniStack and cfn-lint.
pub fn tools() -> PathBuf {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/venv/bin");
    assert!(
        bin.join("aws").exists(),
        "no AWS CLI in {}: run `make setup`",
        bin.display()
    );
    bin
}

//! What deployments leave running, as they are to: services, which end when the tests do, also
//! when those are killed and drop nothing.
//!
//! A shell reads a pipe whose other end only this process holds. At its end, whatever ended it,
//! the shell kills what still builds or deploys, and stops every service.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use std::os::unix::process::CommandExt as _;

use crate::aws::root;

/// Builds have it in their environment, with the folder as its value.
const MARK: &str = "GREENROOM_TESTS";

/// `$1` is the folder, `$2` the mark, `$3` what stops services. Builds go first, since they start
/// services. The environment of a service is its own, without the mark.
const WATCH: &str = r#"cat >/dev/null
while of=$(grep -lzFx "$2=$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); [ -n "$of" ]; do
    kill -KILL $of 2>/dev/null
done
for app in "$1"/*/; do
    [ ! -d "$app" ] || ORDERS_HOME=${app%/} "$3" --all || exit
done"#;

/// A folder for each app, and who watches them.
pub struct Services {
    folder: PathBuf,
    watching: Child,
}

impl Services {
    /// Of a folder that is made for them.
    pub fn in_folder(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let folder = folder.canonicalize().expect("it is there");
        let watching = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .arg(&folder)
            .arg(MARK)
            .arg(root().join("examples/orders/stop.sh"))
            // What ends the tests from the keyboard must not end it.
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        Self { folder, watching }
    }

    /// Where the services of an app are.
    pub fn of(&self, app: &str) -> PathBuf {
        self.folder.join(app)
    }

    /// What builds must have in their environment.
    pub fn mark(&self) -> (String, String) {
        (MARK.to_owned(), self.folder.display().to_string())
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        drop(self.watching.stdin.take());
        let ended = self.watching.wait();
        if !ended.is_ok_and(|status| status.success()) {
            eprintln!("services under {} may still run", self.folder.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::time::{Duration, Instant};

    use tempfile::TempDir;

    use super::*;

    /// Says to a process of this program that it is the one to be killed, and where.
    const KILLED: &str = "GREENROOM_TESTS_KILLED";
    const NAME: &str = "services::tests::what_a_killed_test_deployed_ends";

    #[test]
    fn what_a_killed_test_deployed_ends() {
        if let Some(folder) = std::env::var_os(KILLED) {
            return deploy_and_wait(Path::new(&folder));
        }
        let folder = TempDir::new().expect("a folder");
        let mut killed = Command::new(std::env::current_exe().expect("it is this program"))
            .args(["--exact", NAME, "--nocapture"])
            .env(KILLED, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let said = BufReader::new(killed.stdout.take().expect("its output is ours"));
        let lines = said.lines().map(|line| line.expect("a line"));
        let started = lines.filter_map(|line| Some(line.split_once("started ")?.1.to_owned()));
        let started: Vec<String> = started.take(2).collect();
        assert_eq!(started.len(), 2, "a service and a build: {started:?}");
        assert!(started.iter().all(|id| runs(id)), "{started:?}");
        killed.kill().expect("it is killed");
        killed.wait().expect("it ends");
        let until = Instant::now() + Duration::from_secs(60);
        while started.iter().any(|id| runs(id)) {
            assert!(Instant::now() < until, "one of {started:?} goes on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A service and a build, which only the watching shell can end.
    fn deploy_and_wait(folder: &Path) {
        let services = Services::in_folder(&folder.join("stages"));
        let program = services.of("app").join("dev/bin-1/orders");
        std::fs::create_dir_all(program.parent().expect("it has one")).expect("a folder");
        std::fs::copy("/bin/sleep", &program).expect("there is such a program");
        let mut service = Command::new(&program);
        let mut build = Command::new("/bin/sleep");
        build.envs([services.mark()]);
        for command in [&mut service, &mut build] {
            let child = command.arg("600").process_group(0).spawn();
            println!("started {}", child.expect("it runs").id());
        }
        std::thread::sleep(Duration::from_secs(600));
    }

    /// True while a process with this id runs; one that nobody has waited for does not.
    fn runs(id: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let state = stat
            .rsplit(") ")
            .next()
            .and_then(|rest| rest.chars().next());
        state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
    }
}

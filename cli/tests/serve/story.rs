//! The main job, from the first push to the last recovery.

use std::path::Path;

use crate::support::server::GREENROOM;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_job_holds_from_its_beginning_to_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let told =
        greenroom_testkit::demo::tell(Path::new(GREENROOM), &folder.path().join("demo")).await;
    if let Err(error) = told {
        let log = std::fs::read_to_string(folder.path().join("demo/data.log")).unwrap_or_default();
        panic!("{error}\n{log}");
    }
}

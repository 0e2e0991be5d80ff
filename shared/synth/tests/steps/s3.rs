//! A MiniStack of one's own, with a bucket.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::codebuild::{Machine, tools};

/// Ended when dropped.
pub struct Bucket {
    ministack: Child,
    port: u16,
    folder: TempDir,
}

impl Bucket {
    pub fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let ministack = Command::new(tools().join("ministack"))
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .env("IOT_MTLS_ENABLED", "0")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("MiniStack");
        let bucket = Self {
            ministack,
            port,
            folder,
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !bucket
            .request("PUT /artifacts-here HTTP/1.1", "")
            .contains(" 200 ")
        {
            assert!(Instant::now() < deadline, "MiniStack never came up");
            std::thread::sleep(Duration::from_millis(50));
        }
        bucket
    }

    /// Lets the machine's AWS CLI use it.
    pub fn give(&self, machine: &mut Machine) {
        machine.set(
            "AWS_ENDPOINT_URL",
            &format!("http://127.0.0.1:{}", self.port),
        );
        machine.set("AWS_ACCESS_KEY_ID", "test");
        machine.set("AWS_SECRET_ACCESS_KEY", "test");
        machine.set("AWS_DEFAULT_REGION", "eu-west-1");
        machine.set("GREENROOM_ARTIFACTS", "artifacts-here");
    }

    /// Puts other bytes in the place of an artifact.
    pub fn tamper(&self, digest: &str, bytes: &str) {
        let line = format!("PUT {} HTTP/1.1", key(digest));
        assert!(self.request(&line, bytes).contains(" 200 "));
    }

    pub fn has(&self, digest: &str) -> bool {
        let line = format!("HEAD {} HTTP/1.1", key(digest));
        self.request(&line, "").contains(" 200 ")
    }

    fn request(&self, line: &str, body: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return String::new();
        };
        let text = format!(
            "{line}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut answer = Vec::new();
        let done = stream.write_all(text.as_bytes());
        let _ = done.and_then(|()| stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn key(digest: &str) -> String {
    let hex = digest.strip_prefix("sha256:").expect("a digest");
    format!("/artifacts-here/artifacts/{hex}.tar.gz")
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.ministack.kill();
        let _ = self.ministack.wait();
        let _ = self.folder.path();
    }
}

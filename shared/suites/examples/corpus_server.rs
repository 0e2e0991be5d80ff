//! Serves the corpus's routes on 127.0.0.1, for trying a file by hand:
//! `cargo run -p greenroom-suites --example corpus_server -- 8080`.

use tokio::net::TcpListener;

#[path = "../tests/common/server.rs"]
mod server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    eprintln!("http://{}", listener.local_addr()?);
    server::serve(listener).await;
    Ok(())
}

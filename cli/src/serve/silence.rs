//! Of connections on which nothing is said. Apart from `listen`, which a benchmark includes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::listen::Connection;

#[tokio::test]
async fn silence_ends_a_connection_and_words_keep_it() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let silence = Duration::from_millis(200);
    let mut connection = Connection::new(ours, silence);
    let mut byte = [0];
    let since = Instant::now();
    while since.elapsed() < 2 * silence {
        theirs.write_all(b"x").await.expect("it is open");
        connection
            .read_exact(&mut byte)
            .await
            .expect("it is not silent");
        tokio::task::yield_now().await;
    }
    let since = Instant::now();
    let ended = connection.read(&mut byte).await;
    assert_eq!(
        ended.map_err(|error| error.kind()),
        Err(io::ErrorKind::TimedOut)
    );
    assert!(since.elapsed() >= silence / 2, "{:?}", since.elapsed());
}

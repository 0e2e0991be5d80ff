//! `kill -9` under load: what was answered 202 is there afterwards, and is decided.

use std::sync::{Arc, Mutex};

use crate::support::hook::Hook;
use crate::support::site::Site;
use crate::support::until;

const CLIENTS: usize = 64;
const PUSHES: usize = 2000;
/// Killed when so many have been answered.
const ENOUGH: usize = 700;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_delivery_answered_202_survives_the_kill_and_is_decided() {
    let mut site = Site::up().await;
    let revision = site.repo.head("develop");
    let hooks: Vec<Hook> = (0..PUSHES)
        .map(|n| match n % 20 {
            0 => Hook::push("develop", &revision, "alice"),
            _ => Hook::push(&format!("topic/{n}"), &format!("{n:040x}"), "bob"),
        })
        .collect();
    let queue = Arc::new(Mutex::new(hooks));
    let answered = Arc::new(Mutex::new(Vec::new()));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (queue, answered, http) = (
            Arc::clone(&queue),
            Arc::clone(&answered),
            site.server().http.clone(),
        );
        clients.spawn(async move {
            loop {
                let Some(hook) = queue.lock().expect("nobody panics with it").pop() else {
                    return;
                };
                match hook.try_send(&http).await {
                    Ok(reply) => {
                        assert_eq!(reply.status, 202, "{}", reply.text);
                        answered
                            .lock()
                            .expect("nobody panics with it")
                            .push(hook.id);
                    }
                    // Killed; whether it is durable nobody was told.
                    Err(_) => return,
                }
            }
        });
    }
    let count = || answered.lock().expect("nobody panics with it").len();
    until("enough is answered", async || {
        (count() >= ENOUGH).then_some(())
    })
    .await;
    site.kill().await;
    while let Some(ended) = clients.join_next().await {
        ended.expect("every answer was a 202");
    }
    assert!(
        !queue.lock().expect("nobody panics with it").is_empty(),
        "the kill came in the middle"
    );
    site.serve().await;
    let ids = answered.lock().expect("nobody panics with it").clone();
    for id in &ids {
        let status = site.became(id).await["status"].clone();
        assert!(status == "decided" || status == "ignored", "{id}: {status}");
    }
    site.green("dev", &revision).await;
    site.cli(&["status"]).await.ok();
}

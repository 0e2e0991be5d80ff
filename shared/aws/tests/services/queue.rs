use greenroom_aws::queue::{EffectQueue, QueueError};
use greenroom_emulators::proxy::Fault;

use crate::Site;

pub async fn an_effect_is_sent_by_its_id(site: Site) {
    let url = site.queue("tests").await;
    let queue = EffectQueue::new(&site.connection, &url);
    let id = "01J/acme#ü";
    queue.send(id).await.expect("it is taken");
    assert_eq!(site.take(&url).await, [id]);
}

pub async fn what_somebody_took_waits_no_longer(site: Site) {
    let url = site.queue("waiting").await;
    let queue = EffectQueue::new(&site.connection, &url);
    for id in ["taken", "waiting"] {
        queue.send(id).await.expect("it is taken");
    }
    assert_eq!(queue.waiting().await, Ok(2));
    let asked = site.beside.sqs().receive_message().queue_url(&url);
    let asked = asked.visibility_timeout(600).send().await;
    assert_eq!(asked.expect("one").messages().len(), 1);
    assert_eq!(queue.waiting().await, Ok(1), "whoever has it may be dead");
}

pub async fn what_a_queue_answers_says_what_to_do(mut site: Site) {
    let url = site.queue("answers").await;
    let queue = EffectQueue::new(&site.connection, &url);
    let nowhere = EffectQueue::new(&site.connection, format!("{url}-not"));
    let absent = nowhere.send("effect").await;
    assert!(
        matches!(absent, Err(QueueError::Refused { .. })),
        "{absent:?}"
    );
    site.proxy.always("SendMessage", Fault::Throttle);
    let throttled = queue.send("effect").await;
    assert!(
        matches!(throttled, Err(QueueError::Throttled { .. })),
        "{throttled:?}"
    );
    site.proxy.calm();
    // A second copy does no harm.
    site.proxy.once("SendMessage", Fault::LoseAnswer);
    queue.send("effect").await.expect("it is sent again");
    assert_eq!(site.take(&url).await, ["effect", "effect"]);
    site.proxy.down().await;
    let down = queue.send("effect").await;
    assert!(
        matches!(down, Err(QueueError::Unavailable { .. })),
        "{down:?}"
    );
}

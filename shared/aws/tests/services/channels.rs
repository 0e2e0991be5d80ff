use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_aws::channels::AwsChannels;
use greenroom_aws::secrets::AwsSecrets;
use greenroom_core::message::{Announcement, Kind};
use greenroom_core::name::{ChannelName, RepoName, SecretName, StageName};
use greenroom_core::stage_file::{Channel, MailTls};
use greenroom_emulators::proxy::Fault;
use greenroom_telegram::Telegram;
use greenroom_testkit::fake_telegram::FakeTelegram;
use serde_json::Value;

use crate::Site;

fn broke() -> Announcement {
    let now = "2026-11-21T14:41:30Z".parse().expect("it is a time");
    Announcement {
        stage: Some(StageName::from("preprod")),
        episode: Some(17),
        ..Announcement::new(Kind::Broke, RepoName::from("acme/orders"), now)
    }
}

async fn send(site: &Site, telegram: &str, channel: Channel) -> Result<Receipt, SendError> {
    let secrets = AwsSecrets::new(&site.connection, "channels/");
    let telegram = Telegram::new(telegram).expect("it is an address");
    let channels = AwsChannels::new(&site.connection, secrets, telegram);
    let to = ChannelTarget {
        name: ChannelName::from("team"),
        channel,
    };
    channels.send(&to, &broke(), "k-1").await
}

async fn publish(site: &Site, topic: &str) -> Result<Receipt, SendError> {
    let topic = topic.to_owned();
    send(site, "http://127.0.0.1:1", Channel::Sns { topic }).await
}

/// A topic, and a queue that is subscribed to it.
async fn topic(site: &Site, name: &str) -> (String, String) {
    let sns = site.beside.sns();
    let topic = sns.create_topic().name(name).send().await.expect("a topic");
    let topic = topic.topic_arn.expect("with an ARN");
    let queue = site.queue(&format!("{name}-sink")).await;
    let subscribed = sns.subscribe().topic_arn(&topic).protocol("sqs");
    let subscribed = subscribed.endpoint(site.arn(&queue).await);
    subscribed.send().await.expect("a subscription");
    (topic, queue)
}

pub async fn an_announcement_reaches_a_topic(site: Site) {
    let (topic, queue) = topic(&site, "alerts").await;
    let receipt = publish(&site, &topic).await.expect("it is taken");
    let arrived = site.take(&queue).await;
    assert_eq!(arrived.len(), 1, "{arrived:?}");
    let envelope: Value = serde_json::from_str(&arrived[0]).expect("it is JSON");
    assert_eq!(envelope["Subject"], "[preprod] broke (#17)");
    assert_eq!(envelope["Message"], broke().render_chat_text());
    assert_eq!(
        envelope["MessageId"].as_str().map(str::to_owned),
        receipt.reference
    );
    let attribute = |name: &str| envelope["MessageAttributes"][name]["Value"].clone();
    assert_eq!(attribute("app"), "acme/orders");
    assert_eq!(attribute("stage"), "preprod");
    assert_eq!(attribute("key"), "k-1");
}

pub async fn what_a_topic_answers_says_what_to_do(mut site: Site) {
    let (topic, queue) = topic(&site, "answers").await;
    let absent = publish(&site, &format!("{topic}-not")).await;
    assert!(
        matches!(absent, Err(SendError::Refused { .. })),
        "{absent:?}"
    );
    site.proxy.once("Publish", Fault::Throttle);
    let throttled = publish(&site, &topic).await;
    assert!(
        matches!(throttled, Err(SendError::Throttled { .. })),
        "{throttled:?}"
    );
    site.proxy.once(
        "Publish",
        Fault::Refuse {
            status: 403,
            code: "ExpiredToken",
        },
    );
    let expired = publish(&site, &topic).await;
    assert!(
        matches!(expired, Err(SendError::Unavailable { .. })),
        "{expired:?}"
    );
    assert!(site.take(&queue).await.is_empty());
    site.proxy.forget_counts();
    site.proxy.once("Publish", Fault::LoseAnswer);
    let lost = publish(&site, &topic).await;
    assert!(matches!(lost, Err(SendError::Ambiguous { .. })), "{lost:?}");
    // Nobody sent a second one in silence.
    assert_eq!(site.proxy.count("Publish").calls, 1);
    assert_eq!(site.take(&queue).await.len(), 1);
    site.proxy.down().await;
    let down = publish(&site, &topic).await;
    assert!(
        matches!(down, Err(SendError::Unavailable { .. })),
        "{down:?}"
    );
}

pub async fn an_announcement_reaches_a_chat(site: Site) {
    let telegram = FakeTelegram::start().await;
    let chat = |token: &str| Channel::Telegram {
        chat: FakeTelegram::CHAT.to_owned(),
        token: SecretName::from(token),
        topic: None,
    };
    let secret = site
        .beside
        .secrets_manager()
        .create_secret()
        .name("channels/bot");
    let made = secret.secret_string(FakeTelegram::TOKEN).send().await;
    made.expect("the secret is made");
    let receipt = send(&site, telegram.base(), chat("bot"))
        .await
        .expect("it is taken");
    assert!(
        receipt
            .reference
            .is_some_and(|reference| reference.starts_with(FakeTelegram::CHAT))
    );
    assert_eq!(telegram.arrived().len(), 1);
    let missing = send(&site, telegram.base(), chat("other")).await;
    match missing {
        Err(SendError::Refused { why }) => assert!(why.contains("channels/other"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(telegram.arrived().len(), 1);
}

pub async fn channels_of_one_machine_are_refused(site: Site) {
    let mail = Channel::Mail {
        to: vec!["team@acme.example".to_owned()],
        from: "alerts@acme.example".to_owned(),
        server: "mail.acme.example:587".to_owned(),
        user: None,
        password: None,
        tls: MailTls::Required,
    };
    for channel in [mail, Channel::Console] {
        match send(&site, "http://127.0.0.1:1", channel).await {
            Err(SendError::Refused { why }) => assert!(why.contains("sns"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

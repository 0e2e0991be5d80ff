//! What people hear: by Telegram, and by the topic, to which an address and a queue of these tests
//! are subscribed. Its e-mail goes nowhere here; the queue gets the text that all others get.

use std::time::Instant;

use serde_json::{Value, json};

use crate::app::{LOOK, PATIENCE};
use crate::site::Site;

/// What was told of one app since, in order.
pub struct Heard {
    queue: String,
    app: String,
    pub telegram: Vec<String>,
    pub topic: Vec<String>,
}

impl Heard {
    /// Listens to what is told of an app from now on.
    pub async fn of(site: &Site, app: &str) -> Self {
        let name = format!("heard-{}", app.replace('/', "-"));
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        let topic = site.outputs.get("Breaks");
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage", "Resource": arn,
            "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
        }]});
        let made = json!({ "QueueName": name, "Attributes": { "Policy": policy.to_string() } });
        let made = site.wire.json("AmazonSQS.CreateQueue", &made).await;
        let queue = made["QueueUrl"].as_str().expect("its address").to_owned();
        let subscribe = ["sns", "subscribe", "--topic-arn", topic];
        let to = ["--protocol", "sqs", "--notification-endpoint", &arn];
        site.aws().aws(&[&subscribe[..], &to].concat());
        Self {
            queue,
            app: app.to_owned(),
            telegram: Vec::new(),
            topic: Vec::new(),
        }
    }

    /// Takes what has come.
    pub async fn listen(&mut self, site: &Site) {
        let told = site.telegram.arrived().into_iter().map(|it| it.text);
        self.telegram = told.filter(|text| text.contains(&self.app)).collect();
        let asked = json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": 10 });
        let heard = site.wire.json("AmazonSQS.ReceiveMessage", &asked).await;
        for message in heard["Messages"].as_array().into_iter().flatten() {
            let done = json!({ "QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"] });
            site.wire.json("AmazonSQS.DeleteMessage", &done).await;
            let body = message["Body"].as_str().expect("a body");
            let body: Value = serde_json::from_str(body).expect("what SNS tells");
            let text = body["Message"].as_str().expect("a text");
            if text.contains(&self.app) {
                self.topic.push(text.to_owned());
            }
        }
    }

    /// Listens until so many messages came by each of them; `tick` says whether time passes.
    pub async fn until(&mut self, site: &Site, telegram: usize, topic: usize, tick: bool) {
        let since = Instant::now();
        loop {
            self.listen(site).await;
            if self.telegram.len() >= telegram && self.topic.len() >= topic {
                return;
            }
            assert!(
                since.elapsed() < PATIENCE,
                "told {:#?} and {:#?}\n{}",
                self.telegram,
                self.topic,
                site.said()
            );
            if tick {
                // One that fails is made good by the next.
                let _ = site.tick().await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Who is subscribed to the topic of breaks by mail.
pub fn mailed(site: &Site) -> Vec<String> {
    let topic = site.outputs.get("Breaks");
    let list = ["sns", "list-subscriptions-by-topic", "--topic-arn", topic];
    let all = site.aws().aws(&list);
    let all = all["Subscriptions"].as_array().expect("a list").iter();
    let mail = all.filter(|it| it["Protocol"] == "email");
    mail.filter_map(|it| Some(it["Endpoint"].as_str()?.to_owned()))
        .collect()
}

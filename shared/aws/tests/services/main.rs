//! Secrets Manager, SQS, SNS and Telegram as the adapters see them, on one MiniStack.

mod channels;
mod queue;
mod secrets;

use aws_credential_types::Credentials;
use aws_sdk_sqs::types::QueueAttributeName;
use greenroom_aws::connect::{Connection, Endpoints};
use greenroom_emulators::ministack::MiniStack;
use greenroom_emulators::proxy::FaultProxy;

/// Two ways to the same services.
struct Site {
    /// Past a proxy.
    connection: Connection,
    /// Without it.
    beside: Connection,
    proxy: FaultProxy,
}

impl Site {
    async fn open(url: &str) -> Self {
        let proxy = FaultProxy::start(url).await.expect("there is a port");
        let to = |url: String| {
            let credentials = Credentials::new("test", "test", None, None, "test");
            Connection::new("us-east-1", credentials, Endpoints::all(url))
        };
        Self {
            connection: to(proxy.url()),
            beside: to(url.to_owned()),
            proxy,
        }
    }

    /// A new queue, by its URL.
    async fn queue(&self, name: &str) -> String {
        let made = self
            .beside
            .sqs()
            .create_queue()
            .queue_name(name)
            .send()
            .await;
        made.expect("a queue").queue_url.expect("with a URL")
    }

    async fn arn(&self, queue: &str) -> String {
        let asked = self.beside.sqs().get_queue_attributes().queue_url(queue);
        let asked = asked.attribute_names(QueueAttributeName::QueueArn);
        let found = asked.send().await.expect("the queue is there");
        let mut attributes = found.attributes.expect("it has attributes");
        attributes
            .remove(&QueueAttributeName::QueueArn)
            .expect("an ARN")
    }

    /// The bodies of the messages in a queue, taken out of it.
    async fn take(&self, queue: &str) -> Vec<String> {
        let sqs = self.beside.sqs();
        let mut bodies = Vec::new();
        loop {
            let asked = sqs
                .receive_message()
                .queue_url(queue)
                .max_number_of_messages(10);
            let messages = asked.send().await.expect("it can be read").messages;
            let Some(messages) = messages.filter(|messages| !messages.is_empty()) else {
                return bodies;
            };
            for message in messages {
                let receipt = message.receipt_handle.expect("it has a receipt");
                let taken = sqs
                    .delete_message()
                    .queue_url(queue)
                    .receipt_handle(receipt);
                taken.send().await.expect("it can be taken out");
                bodies.extend(message.body);
            }
        }
    }
}

/// All on one server, since it takes longer to start than they take.
macro_rules! one_after_the_other {
    ($($name:path)+) => {
        #[tokio::test]
        async fn the_services_are_what_the_ports_promise() {
            let stack = MiniStack::start().await.expect("MiniStack starts");
            let mut broken = Vec::new();
            $(
                let site = Site::open(stack.url()).await;
                if let Err(error) = tokio::spawn($name(site)).await {
                    broken.push(format!("{}: {error}", stringify!($name)));
                }
            )+
            assert!(broken.is_empty(), "{broken:#?}");
        }
    };
}

one_after_the_other! {
    secrets::a_secret_is_found_under_its_prefix_and_kept
    secrets::an_old_value_is_not_used_beyond_its_age
    secrets::what_is_not_there_says_what_to_do
    secrets::a_webhook_secret_lives_on_beside_the_next_one
    secrets::a_signature_that_does_not_fit_reads_anew_but_not_always
    secrets::a_blank_webhook_secret_is_refused
    queue::an_effect_is_sent_by_its_id
    queue::what_somebody_took_waits_no_longer
    queue::what_a_queue_answers_says_what_to_do
    channels::an_announcement_reaches_a_topic
    channels::what_a_topic_answers_says_what_to_do
    channels::an_announcement_reaches_a_chat
    channels::channels_of_one_machine_are_refused
}

//! A webhook into the durable inbox. It decides nothing: a 2xx says that the delivery is kept.

use greenroom_app::App;
use greenroom_app::door::{Answer, BODY_MAX, Webhook};
use greenroom_app::ports::Ports;
use greenroom_app::ports::store::{Key, Store};
use greenroom_github::Secrets;
use greenroom_lambda::http::{Refused, Request, Response};
use greenroom_lambda::{Failed, Until};

/// Where the secrets come from that webhooks are signed with.
pub trait LiveSecrets {
    /// Those that are good now, as far as is known; `None` if they cannot be had.
    fn known(&self) -> impl Future<Output = Option<Secrets>>;
    /// The same read anew, after a signature fitted none: one may have been rotated. `None` if they
    /// were read a moment ago, so that whoever sends nonsense costs nothing.
    fn fresh(&self) -> impl Future<Output = Option<Secrets>>;
}

/// The door.
#[derive(Debug)]
pub struct Handler<P, S> {
    app: App<P>,
    secrets: S,
}

impl<P: Ports, S: LiveSecrets> Handler<P, S> {
    pub fn new(app: App<P>, secrets: S) -> Self {
        Self { app, secrets }
    }

    /// Opens the connection to the table and reads the secrets, so that the first webhook does not
    /// wait for either. What is not to be had now is tried again with the first webhook.
    pub async fn warm(&self) {
        let nothing = Key::new("warm", "warm");
        let (read, _) = tokio::join!(self.app.ports.store().get(&nothing), self.secrets.known());
        if let Err(error) = read {
            tracing::warn!(%error, "the table cannot be read yet");
        }
    }

    /// Takes one request of the API.
    ///
    /// # Errors
    /// Never: what cannot be taken is answered so.
    pub async fn handle(&self, event: &str, until: Until) -> Result<Response, Failed> {
        let request = match Request::parse(event, BODY_MAX) {
            Ok(request) => request,
            Err(Refused::TooLarge) => return Ok(respond(&Answer::too_large())),
            Err(refused) => return Ok(Response::from(&refused)),
        };
        let answer = until.allows(Box::pin(self.take(&request))).await;
        Ok(answer.as_ref().map_or_else(not_now, respond))
    }

    async fn take(&self, request: &Request) -> Answer {
        let webhook = Webhook {
            content_type: request.header("content-type"),
            event: request.header("x-github-event"),
            delivery: request.header("x-github-delivery"),
            signature: request.header("x-hub-signature-256").map(str::as_bytes),
            body: &request.body,
        };
        let Some(secrets) = self.secrets.known().await else {
            return no_secret();
        };
        let answer = self.app.webhook(&webhook, &secrets).await;
        if answer.status != 401 || webhook.signature.is_none() {
            return answer;
        }
        match self.secrets.fresh().await {
            Some(secrets) => self.app.webhook(&webhook, &secrets).await,
            None => answer,
        }
    }
}

fn respond(answer: &Answer) -> Response {
    Response::json(answer.status, &answer.body)
}

fn not_now() -> Response {
    Response::error(
        503,
        "unavailable",
        "the webhook could not be stored in time",
        "GitHub's delivery log can redeliver it; the poller finds the branch head anyway",
    )
}

fn no_secret() -> Answer {
    Answer {
        status: 503,
        body: serde_json::json!({ "error": {
            "code": "no_secret",
            "message": "the webhook secret cannot be read",
            "help": "see that the secret exists and that the function may read it; the poller finds branch heads meanwhile",
            "retryable": true,
        } }),
    }
}

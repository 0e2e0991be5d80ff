//! A Bot API server on loopback, as strict as Telegram's: it checks the token, the chat, the
//! markup and the length, answers in Telegram's words, and looks for mentions, commands and links
//! where Telegram would. Faults are scripted, one a request.

mod http;
mod markup;
mod words;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use http::Reply;
pub use markup::{Entity, parse as read_html};
pub use words::active as active_words;

/// Most UTF-16 units of a message's text.
const TEXT_MAX: usize = 4096;
/// Entities beyond this many are forgotten, as Telegram does.
const ENTITIES_MAX: usize = 100;

/// What happens to the next request instead of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// 429 with `parameters.retry_after`.
    TooManyRequests { retry_after: u64 },
    /// 403 with this description.
    Forbidden(&'static str),
    /// 400 with `parameters.migrate_to_chat_id`; the chat moves there.
    Migrate { to: i64 },
    /// 400 because of the markup, whatever it is; messages without markup pass.
    MarkupRefused,
    /// 500 as Telegram says it; the message was not taken.
    ServerError,
    /// Any answer: status and body.
    Answer(u16, String),
    /// The message is taken; no answer ever comes.
    TakeThenHang,
    /// The message is taken; the connection closes without an answer.
    TakeThenDrop,
    /// The message is taken; the connection closes in the middle of the answer.
    TakeThenBreakOff,
}

/// A message that arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrived {
    pub chat: String,
    pub topic: Option<i64>,
    /// What people see.
    pub text: String,
    /// Markup that was understood, in order, at most 100.
    pub entities: Vec<Entity>,
    /// Mentions, commands, hashtags and links that Telegram would make of plain words.
    pub active: Vec<String>,
    pub html: bool,
    pub link_previews: bool,
}

#[derive(Default)]
struct State {
    chats: BTreeSet<String>,
    topics: BTreeSet<i64>,
    faults: VecDeque<Fault>,
    arrived: Vec<Arrived>,
    requests: usize,
}

/// The server; stopped when dropped.
#[derive(Debug)]
pub struct FakeTelegram {
    base: String,
    state: Shared,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("State")
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl FakeTelegram {
    /// The only token it knows.
    pub const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
    /// A group it knows from the start, with the forum topic [`FakeTelegram::TOPIC`].
    pub const CHAT: &str = "-100123";
    pub const TOPIC: i64 = 42;

    /// Starts on a free port of loopback.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let state = Shared(Arc::new(Mutex::new(State {
            chats: BTreeSet::from([Self::CHAT.to_owned(), "@orders".to_owned()]),
            topics: BTreeSet::from([Self::TOPIC]),
            ..State::default()
        })));
        let serving = state.clone();
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = serving.clone();
                connections.spawn(http::serve(stream, move |method, path, body| {
                    answer(&state, method, path, body)
                }));
            }
        });
        Self {
            base: format!("http://{address}"),
            state,
            server,
        }
    }

    /// `http://127.0.0.1:<port>`.
    pub fn base(&self) -> &str {
        &self.base
    }
    /// Appends a fault; each request takes the first one left.
    pub fn script(&self, fault: Fault) {
        self.state.lock().faults.push_back(fault);
    }
    /// Every message taken, those whose sender got no answer included.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().arrived.clone()
    }
    /// Requests of any kind.
    pub fn requests(&self) -> usize {
        self.state.lock().requests
    }
}

impl Drop for FakeTelegram {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendMessage {
    chat_id: Value,
    text: String,
    #[serde(default)]
    message_thread_id: Option<i64>,
    #[serde(default)]
    parse_mode: Option<String>,
    #[serde(default)]
    link_preview_options: Option<LinkPreview>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkPreview {
    is_disabled: bool,
}

fn answer(state: &Shared, method: &str, path: &str, body: &[u8]) -> Reply {
    let mut state = state.lock();
    state.requests += 1;
    let Some((token, call)) = path
        .strip_prefix("/bot")
        .and_then(|rest| rest.split_once('/'))
    else {
        return refuse(404, "Not Found");
    };
    if !token.contains(':') {
        return refuse(404, "Not Found");
    }
    if token != FakeTelegram::TOKEN {
        return refuse(401, "Unauthorized");
    }
    if method != "POST" || call != "sendMessage" {
        return refuse(404, "Not Found");
    }
    let Ok(request) = serde_json::from_slice::<SendMessage>(body) else {
        return refuse(
            400,
            "Bad Request: the fake does not know a field of this request",
        );
    };
    match state.faults.pop_front() {
        None => take(&mut state, &request),
        Some(Fault::TooManyRequests { retry_after }) => Reply::Json(
            429,
            json!({
                "ok": false,
                "error_code": 429,
                "description": format!("Too Many Requests: retry after {retry_after}"),
                "parameters": { "retry_after": retry_after },
            }),
        ),
        Some(Fault::Forbidden(why)) => refuse(403, why),
        Some(Fault::Migrate { to }) => {
            state.chats.insert(to.to_string());
            state.chats.remove(&chat_name(&request.chat_id));
            Reply::Json(
                400,
                json!({
                    "ok": false,
                    "error_code": 400,
                    "description": "Bad Request: group chat was upgraded to a supergroup chat",
                    "parameters": { "migrate_to_chat_id": to },
                }),
            )
        }
        Some(Fault::MarkupRefused) if request.parse_mode.is_some() => refuse(
            400,
            "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0",
        ),
        Some(Fault::MarkupRefused) => take(&mut state, &request),
        Some(Fault::ServerError) => refuse(500, "Internal Server Error"),
        Some(Fault::Answer(status, body)) => Reply::Raw(status, body),
        Some(Fault::TakeThenHang) => taken_or(&mut state, &request, Reply::Hang),
        Some(Fault::TakeThenDrop) => taken_or(&mut state, &request, Reply::Drop),
        Some(Fault::TakeThenBreakOff) => taken_or(&mut state, &request, Reply::BreakOff),
    }
}

/// Takes the message and answers with `fault`; what cannot be taken is refused all the same.
fn taken_or(state: &mut State, request: &SendMessage, fault: Reply) -> Reply {
    match take(state, request) {
        Reply::Json(200, _) => fault,
        refused => refused,
    }
}

fn take(state: &mut State, request: &SendMessage) -> Reply {
    let chat = chat_name(&request.chat_id);
    if !state.chats.contains(&chat) {
        return refuse(400, "Bad Request: chat not found");
    }
    if request
        .message_thread_id
        .is_some_and(|topic| !state.topics.contains(&topic))
    {
        return refuse(400, "Bad Request: message thread not found");
    }
    let html = match request.parse_mode.as_deref() {
        None => false,
        Some(mode) if mode.eq_ignore_ascii_case("html") => true,
        Some(_) => return refuse(400, "Bad Request: unsupported parse_mode"),
    };
    let (text, mut entities) = if html {
        match markup::parse(&request.text) {
            Ok(parsed) => parsed,
            Err(why) => return refuse(400, &format!("Bad Request: can't parse entities: {why}")),
        }
    } else {
        (request.text.clone(), Vec::new())
    };
    if text.trim().is_empty() {
        return refuse(400, "Bad Request: message text is empty");
    }
    if text.encode_utf16().count() > TEXT_MAX {
        return refuse(400, "Bad Request: message is too long");
    }
    entities.truncate(ENTITIES_MAX);
    state.arrived.push(Arrived {
        active: words::active(&text, &entities),
        chat,
        topic: request.message_thread_id,
        text,
        entities,
        html,
        link_previews: !request
            .link_preview_options
            .as_ref()
            .is_some_and(|preview| preview.is_disabled),
    });
    let id = state.arrived.len();
    Reply::Json(200, json!({ "ok": true, "result": { "message_id": id } }))
}

fn chat_name(id: &Value) -> String {
    match id {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    }
}

fn refuse(code: u16, description: &str) -> Reply {
    Reply::Json(
        code,
        json!({ "ok": false, "error_code": code, "description": description }),
    )
}

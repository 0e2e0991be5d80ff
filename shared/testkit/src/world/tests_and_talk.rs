//! Suites that answer as scripted, and channels that remember what they were told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use greenroom_app::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use greenroom_app::ports::suites::{SuiteRequest, Suites};
use greenroom_core::message::Announcement;
use greenroom_core::name::{ChannelName, Revision};
use greenroom_core::stage_file::Channel;
use greenroom_core::verdict::{SuiteReport, TestFailure, Verdict};
use jiff::SignedDuration;

use super::faults::{Call, Faults, Nature, Refusal};
use super::watch::Watch;

#[derive(Clone, Debug, Default)]
struct Scripted {
    bad: BTreeSet<Revision>,
    errored: u32,
    runs: Vec<String>,
}

/// Integration tests of a world: red for the revisions that are bad.
#[derive(Clone, Debug)]
pub struct WorldSuites {
    state: Arc<Mutex<Scripted>>,
    faults: Arc<Faults>,
    watch: Arc<Watch>,
}

impl WorldSuites {
    pub(super) fn new(faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            state: Arc::default(),
            faults,
            watch,
        }
    }

    /// The same, which from here on goes its own way.
    pub(super) fn copy(&self, faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            state: Arc::new(Mutex::new(self.state().clone())),
            faults,
            watch,
        }
    }

    fn state(&self) -> MutexGuard<'_, Scripted> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tests fail wherever this revision stands.
    pub fn fail(&self, revision: &Revision) {
        self.state().bad.insert(revision.clone());
    }

    /// They do so no more: somebody has mended what they talk to.
    pub fn mend(&self, revision: &Revision) {
        self.state().bad.remove(revision);
    }

    /// The next `n` attempts cannot tell.
    pub fn err(&self, n: u32) {
        self.state().errored = n;
    }

    /// The attempts that were run, by id, oldest first.
    pub fn runs(&self) -> Vec<String> {
        self.state().runs.clone()
    }
}

impl Suites for WorldSuites {
    async fn run(&self, request: &SuiteRequest) -> SuiteReport {
        // A suite has no way to fail but its report.
        let call = Call {
            name: "suites.run",
            nature: Nature::Suite,
        };
        let fault = match self.faults.before(call).await {
            Ok(fault) => fault,
            Err(_) => return report(Verdict::Errored),
        };
        let report = {
            let mut state = self.state();
            state.runs.push(request.id.clone());
            let revision = Revision::new(request.variables["revision"].as_str());
            if state.errored > 0 {
                state.errored -= 1;
                report(Verdict::Errored)
            } else if state.bad.contains(&revision) {
                report(Verdict::Failed)
            } else {
                report(Verdict::Passed)
            }
        };
        let _ = self.faults.after(fault).await;
        if report.verdict == Verdict::Passed {
            self.watch.passed(&request.id);
        }
        report
    }
}

fn report(verdict: Verdict) -> SuiteReport {
    let failure = TestFailure {
        test: "smoke.hurl:1 GET /orders".to_owned(),
        message: "status 500, expected 200".to_owned(),
        file: "tests/smoke.hurl".to_owned(),
        line: 1,
    };
    let red = verdict == Verdict::Failed;
    SuiteReport {
        verdict,
        total: 3,
        failures: red.then_some(failure).into_iter().collect(),
        failed: u32::from(red),
        duration: SignedDuration::from_secs(1),
        error: (verdict == Verdict::Errored).then(|| "no answer".to_owned()),
    }
}

/// One message a channel took, or was offered.
#[derive(Clone, Debug)]
pub struct Sent {
    pub channel: ChannelName,
    /// Telegram's chat.
    pub chat: Option<String>,
    pub announcement: Announcement,
    pub key: String,
    pub answer: Result<(), SendError>,
}

impl Sent {
    /// Whether it arrived, as far as anybody can say.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self.answer, Ok(()) | Err(SendError::Ambiguous { .. }))
    }
}

#[derive(Clone, Debug, Default)]
struct Heard {
    sent: Vec<Sent>,
    answers: BTreeMap<ChannelName, VecDeque<SendError>>,
    dead: BTreeMap<ChannelName, SendError>,
}

/// The channels of a world.
#[derive(Clone, Debug)]
pub struct WorldChannels {
    state: Arc<Mutex<Heard>>,
    faults: Arc<Faults>,
    watch: Arc<Watch>,
}

impl WorldChannels {
    pub(super) fn new(faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            state: Arc::default(),
            faults,
            watch,
        }
    }

    /// The same, which from here on goes its own way.
    pub(super) fn copy(&self, faults: Arc<Faults>, watch: Arc<Watch>) -> Self {
        Self {
            state: Arc::new(Mutex::new(self.state().clone())),
            faults,
            watch,
        }
    }

    fn state(&self) -> MutexGuard<'_, Heard> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next tries on `channel` get these answers, then it works again.
    pub fn answer(&self, channel: &str, answers: &[SendError]) {
        let mut state = self.state();
        let queue = state.answers.entry(ChannelName::new(channel)).or_default();
        queue.extend(answers.iter().cloned());
    }

    /// Every try on `channel` gets this answer from now on; `None` ends it.
    pub fn kill(&self, channel: &str, answer: Option<SendError>) {
        let mut state = self.state();
        let name = ChannelName::new(channel);
        match answer {
            Some(answer) => drop(state.dead.insert(name, answer)),
            None => drop(state.dead.remove(&name)),
        }
    }

    /// Every try, oldest first.
    pub fn tries(&self) -> Vec<Sent> {
        self.state().sent.clone()
    }

    /// What `channel` took, as far as it says.
    pub fn told(&self, channel: &str) -> Vec<Announcement> {
        let taken = |sent: &&Sent| sent.channel.as_str() == channel && sent.answer.is_ok();
        let state = self.state();
        let taken = state.sent.iter().filter(taken);
        taken.map(|sent| sent.announcement.clone()).collect()
    }
}

fn refused(refusal: Refusal) -> SendError {
    match refusal {
        Refusal::Away => SendError::Unavailable {
            why: "no route".to_owned(),
        },
        Refusal::Throttled => SendError::Throttled {
            retry_after: Duration::from_secs(20),
        },
        Refusal::Lost => SendError::Ambiguous {
            why: "no answer".to_owned(),
        },
    }
}

impl Channels for WorldChannels {
    async fn send(
        &self,
        to: &ChannelTarget,
        announcement: &Announcement,
        key: &str,
    ) -> Result<Receipt, SendError> {
        let call = Call {
            name: "channels.send",
            nature: Nature::Send,
        };
        let fault = self.faults.before(call).await.map_err(refused)?;
        let answer = {
            let mut state = self.state();
            let scripted = state
                .answers
                .get_mut(&to.name)
                .and_then(VecDeque::pop_front)
                .or_else(|| state.dead.get(&to.name).cloned());
            let answer = scripted.map_or(Ok(()), Err);
            let chat = match &to.channel {
                Channel::Telegram { chat, .. } => Some(chat.clone()),
                _ => None,
            };
            let sent = Sent {
                channel: to.name.clone(),
                chat,
                announcement: announcement.clone(),
                key: key.to_owned(),
                answer: answer.clone(),
            };
            self.watch.sent(&sent);
            state.sent.push(sent);
            answer
        };
        let ambiguous = |()| SendError::Ambiguous {
            why: "no answer".to_owned(),
        };
        self.faults.after(fault).await.map_err(ambiguous)?;
        answer.map(|()| Receipt::default())
    }
}

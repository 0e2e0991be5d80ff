//! Telling people. What is told was decided; commits and neighbours are looked up now.

pub(super) mod flow;
mod next;
mod words;

use greenroom_core::effect::{Effect, News};
use greenroom_core::message::{Announcement, Cause, Next, Suspect, Unaffected};
use greenroom_core::name::{AppId, ChannelName, ConfigHash, StageId};
use greenroom_core::stage::{Break, Override};
use greenroom_core::stage_file::{Channel, StageFile};
use serde::{Deserialize, Serialize};

use words::{
    about, cause, downstream, fill_break, flip_looks, kind, look, on_duty, orphan_looks, when,
};

use super::Done;
use super::fail::Failure;
use crate::App;
use crate::attention;
use crate::error::Error;
use crate::keys;
use crate::outbox::{self, removal};
use crate::ports::Ports;
use crate::ports::channels::{ChannelTarget, Channels, Receipt, SendError};
use crate::ports::source::{Commit, Source};
use crate::ports::store::{Condition, Key, Store};
use crate::records::{AppRecord, OutboxEntry, StageRecord};
use crate::table::{self, Versioned, put};

/// Suspects that are looked up; more are counted.
const SUSPECTS_MAX: usize = 10;

impl<P: Ports> App<P> {
    pub(super) async fn announce(&self, entry: &Versioned<OutboxEntry>) -> Result<Done, Failure> {
        let Effect::Announce {
            stage,
            channel,
            config,
            news,
        } = &entry.record.effect
        else {
            return Err(Failure::never("not an announcement"));
        };
        let id = StageId {
            app: entry.record.owner.app,
            stage: stage.clone(),
        };
        if entry.record.window.is_none() {
            return Err(Failure::later("what comes before it is not told here yet"));
        }
        let app = self.app(id.app).await?;
        let file = self.stage_file(id.app, config).await?;
        let Some(known) = file.channels.get(channel) else {
            return Err(Failure::never(format!(
                "the stage file {config} has no channel {channel}"
            )));
        };
        let target = ChannelTarget {
            name: channel.clone(),
            channel: known.clone(),
        };
        let target = match self.moved_to(&id, channel, known).await? {
            Some(chat) => target.moved_to(&chat),
            None => target,
        };
        let mut announcement = self.announcement(&app, &file, &id, channel, news).await?;
        announcement.on_duty = on_duty(&file, channel, news, self.ports.now());
        announcement.possibly_repeated = entry
            .record
            .attempts
            .iter()
            .any(|attempt| attempt.ambiguous);
        let announcement = announcement.bounded();
        let key = &entry.record.id;
        let Some(mut sent) = self.send_in_time(entry, &target, &announcement).await else {
            return Ok(Done::Left);
        };
        if let Err(SendError::Moved { chat }) = sent {
            self.remember_move(&id, channel, known, &chat).await?;
            let there = target.moved_to(&chat);
            let Some(again) = self.send_in_time(entry, &there, &announcement).await else {
                return Ok(Done::Left);
            };
            sent = match again {
                Err(SendError::Moved { chat }) => Err(SendError::Unavailable {
                    why: format!("the chat has moved again, to {chat}"),
                }),
                other => other,
            };
        }
        match sent {
            Ok(receipt) => {
                for remark in &receipt.remarks {
                    tracing::warn!(channel = %channel, remark, "an announcement arrived, but");
                }
                tracing::info!(channel = %channel, effect.id = key, receipt = receipt.reference, "announced");
                // It works, whatever was said of it before.
                let over = attention::over(id.app, &attention_name(channel));
                Ok(Done::Over(vec![over]))
            }
            Err(error) => Err(Failure {
                why: error.to_string(),
                permanent: !error.is_retryable(),
                ambiguous: error.may_have_arrived(),
                asked: error.asked_to_wait(),
            }),
        }
    }

    /// One try, unless the claim may be somebody else's by now.
    async fn send_in_time(
        &self,
        entry: &Versioned<OutboxEntry>,
        to: &ChannelTarget,
        announcement: &Announcement,
    ) -> Option<Result<Receipt, SendError>> {
        if !self.is_still_ours(&entry.record) {
            return None;
        }
        let key = &entry.record.id;
        Some(self.ports.channels().send(to, announcement, key).await)
    }

    /// A chat has another id now: whoever tells it next goes there at once.
    async fn remember_move(
        &self,
        id: &StageId,
        channel: &ChannelName,
        known: &Channel,
        chat: &str,
    ) -> Result<(), Error> {
        let moved = Moved {
            from: known.clone(),
            to: chat.to_owned(),
        };
        let write = put(moved_key(id, channel), &moved, Condition::Any)?;
        Ok(self.ports.store().commit(vec![write]).await?)
    }

    /// Where the channel has moved to, unless people have given it another address since.
    async fn moved_to(
        &self,
        id: &StageId,
        name: &ChannelName,
        known: &Channel,
    ) -> Result<Option<String>, Error> {
        let moved: Option<Versioned<Moved>> =
            table::load(self.ports.store(), &moved_key(id, name)).await?;
        let moved = moved.filter(|moved| moved.record.from == *known);
        Ok(moved.map(|moved| moved.record.to))
    }

    async fn announcement(
        &self,
        app: &AppRecord,
        file: &StageFile,
        id: &StageId,
        channel: &ChannelName,
        news: &News,
    ) -> Result<Announcement, Failure> {
        let at = when(news);
        let mut told = Announcement::new(kind(news, channel), app.name.clone(), at);
        let named = !id.stage.as_str().is_empty();
        told.stage = named.then(|| id.stage.clone());
        match news {
            News::Broke { brk, .. } | News::Changed { brk, .. } => {
                fill_break(&mut told, brk);
                told.revision = Some(brk.release.revision.clone());
                told.artifact.clone_from(&brk.release.artifact);
                let overridden = brk.overridden.as_ref();
                told.overridden = overridden.map(Override::sentence);
                self.name_suspects(&mut told, app, brk).await;
                told.unaffected = self.unaffected(file, id).await?;
                told.next = Some(self.next(file, id, brk, at).await?);
            }
            News::Recovered { brk, release, .. } => {
                fill_break(&mut told, brk);
                told.revision = Some(release.revision.clone());
                told.artifact.clone_from(&release.artifact);
                let downstream = downstream(file, id);
                told.next = downstream
                    .first()
                    .map(|to| Next::Promotion { to: to.clone() });
            }
            News::Unverified { release, why, .. } => {
                told.revision = Some(release.revision.clone());
                told.artifact.clone_from(&release.artifact);
                told.cause = Some(Cause::Unknown { why: why.clone() });
                let retest = self.retest(file, id, Some(release)).await?;
                told.next = Some(retest.unwrap_or(Next::Person));
            }
            News::Refused { release, .. } => {
                told.revision = Some(release.revision.clone());
                told.artifact.clone_from(&release.artifact);
                told.next = Some(Next::Person);
            }
            News::StageFileInvalid { revision, .. } => {
                told.revision = Some(revision.clone());
                told.next = Some(Next::KeepsOldFile);
                told.look = vec![look("every problem", "greenroom validate".to_owned())];
            }
            News::Expiring { since, .. } => {
                told.since = *since;
                told.look = vec![
                    look("keep it", format!("greenroom extend {}", id.stage)),
                    look(
                        "end it now",
                        format!("greenroom destroy {} --reason WHY", id.stage),
                    ),
                ];
            }
            News::Orphaned { .. } => told.look = orphan_looks(id),
            News::FlipFailed { live, .. } => told.look = flip_looks(id, live.as_ref()),
            News::Flapping { flapping, .. } | News::Settled { flapping, .. } => {
                told.episode = Some(flapping.episode);
                told.since = flapping.since;
                if matches!(news, News::Flapping { .. }) {
                    told.revision = Some(flapping.release.revision.clone());
                    told.cause = Some(cause(&flapping.failing));
                }
            }
            News::Digest { since, .. } => {
                told.since = *since;
                told.look = vec![look("how all stages are", "greenroom status".to_owned())];
            }
            News::TornDown { .. } | News::Exhausted { .. } | News::Test { .. } => {}
        }
        if named && told.look.is_empty() && !matches!(news, News::Test { .. }) {
            told.look = vec![
                look("why it waits", format!("greenroom why {}", id.stage)),
                look("what happened", format!("greenroom log {}", id.stage)),
            ];
        }
        Ok(told)
    }

    /// The commits since the last green. Without them the alert still goes out.
    async fn name_suspects(&self, told: &mut Announcement, app: &AppRecord, brk: &Break) {
        let source = self.ports.source();
        let bad = &brk.release.revision;
        let commits = match &brk.last_green {
            Some(green) => source
                .compare(&app.repository, &green.release.revision, bad, 100)
                .await
                .map(|comparison| comparison.commits),
            None => source
                .commit(&app.repository, bad)
                .await
                .map(|commit| vec![commit]),
        };
        match commits {
            Ok(commits) => {
                told.suspects_more =
                    u32::try_from(commits.len().saturating_sub(SUSPECTS_MAX)).unwrap_or(u32::MAX);
                let suspect = |commit: Commit| Suspect {
                    revision: commit.revision,
                    author: commit.author,
                    subject: commit.subject,
                };
                told.suspects = commits
                    .into_iter()
                    .take(SUSPECTS_MAX)
                    .map(suspect)
                    .collect();
            }
            Err(error) => {
                tracing::warn!(error = %error, "the suspects of a break could not be read");
            }
        }
    }

    /// The stages fed by this one, directly or through others.
    async fn unaffected(&self, file: &StageFile, id: &StageId) -> Result<Vec<Unaffected>, Error> {
        let mut all = Vec::new();
        for stage in downstream(file, id) {
            let of = StageId {
                app: id.app,
                stage: stage.clone(),
            };
            let record: Option<Versioned<StageRecord>> =
                table::load(self.ports.store(), &keys::stage(&of)).await?;
            let revision = record.and_then(|read| {
                read.record
                    .stage
                    .stands()
                    .map(|deployed| deployed.release.revision.clone())
            });
            all.push(Unaffected {
                stage,
                revision,
                held: true,
            });
        }
        Ok(all)
    }

    /// Nothing more can be done on this channel: said on another, and on the board.
    pub(super) async fn exhausted(
        &self,
        entry: &Versioned<OutboxEntry>,
        last: &OutboxEntry,
        failure: &Failure,
    ) -> Result<(), Error> {
        let Effect::Announce {
            stage,
            channel,
            config,
            news,
        } = &entry.record.effect
        else {
            return Ok(());
        };
        let app = entry.record.owner.app;
        let now = self.ports.now();
        let text = format!(
            "{} could not be told on {channel} after {} tries: {}",
            about(news, stage),
            last.tries,
            failure.why
        );
        let mut writes = removal(entry);
        let command = Some(format!("greenroom notify --test {channel}"));
        writes.push(attention::put(
            app,
            &attention_name(channel),
            "channel_exhausted",
            text,
            command,
            now,
        )?);
        let mut hint = None;
        // What says that a channel is dead is not itself passed on for ever.
        if !matches!(**news, News::Exhausted { .. } | News::Test { .. })
            && let Some(other) = self.other_channel(app, config, channel).await?
        {
            let news = News::Exhausted {
                channel: channel.clone(),
                why: failure.why.clone(),
                attempts: last.tries,
                about: about(news, stage),
                at: now,
            };
            let effect = Effect::Announce {
                stage: stage.clone(),
                channel: other,
                config: config.clone(),
                news: Box::new(news),
            };
            let owner = &entry.record.owner;
            hint = Some(outbox::enter(&mut writes, owner, effect, now)?);
        }
        self.ports.store().commit(writes).await?;
        hint.into_iter().for_each(|work| self.ports.hint(work));
        Ok(())
    }

    async fn other_channel(
        &self,
        app: AppId,
        config: &ConfigHash,
        channel: &ChannelName,
    ) -> Result<Option<ChannelName>, Error> {
        let file = self.stage_file(app, config).await?;
        Ok(file
            .channels
            .keys()
            .find(|other| *other != channel)
            .cloned())
    }
}

/// A chat that has another address than the stage file says.
#[derive(Serialize, Deserialize)]
struct Moved {
    from: Channel,
    to: String,
}

fn moved_key(id: &StageId, channel: &ChannelName) -> Key {
    Key::new(keys::app_partition(id.app), format!("chat#{channel}"))
}

/// What people are shown of a channel that is dead is called.
fn attention_name(channel: &ChannelName) -> String {
    format!("channel-{channel}")
}

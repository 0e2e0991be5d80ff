//! How much a channel is told: so many messages in a window, counted in one small record. Whoever
//! takes up an announcement takes a place in the window with the same commit. What finds no place goes
//! into the channel's digest, with the commit that takes it out of the outbox: it is in exactly one,
//! whatever dies when. The digest waits in the outbox for the end of the window, and is told like any
//! other message. Until somebody has taken it up, all that comes goes into it, in order.
//!
//! A digest that is tried again takes no more in, so that its copies say the same. When the next one
//! is taken up first, it takes over what that one holds: a channel never waits for two.

use greenroom_core::effect::{Effect, HELD_MAX, Held, News};
use greenroom_core::message::Announcement;
use greenroom_core::name::{AppId, ChannelName, ConfigHash};
use greenroom_core::policy::{CHANNEL_CAP, CHANNEL_WINDOW};
use jiff::{SignedDuration, Timestamp};

use super::words::{fill_break, kind, when};
use crate::App;
use crate::error::Error;
use crate::keys;
use crate::outbox::{self, of_app};
use crate::ports::Ports;
use crate::ports::store::Write;
use crate::records::{Flow, OutboxEntry};
use crate::table::{self, Versioned, put, unchanged};

/// Who is to take over a digest that somebody is just telling waits as long.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(30);

/// What becomes of an announcement that somebody is about to take up.
pub(in crate::dispatch) enum Gate {
    /// It may be told, in this window. `writes` are to be committed with its claim; `news` is what it
    /// says then, if that is more than it said, and `tries` is how often it was told in vain.
    Told {
        window: Timestamp,
        tries: u32,
        news: Option<Box<News>>,
        writes: Vec<Write>,
    },
    /// Something else has to be told before it.
    NotYet,
    /// It is not told by itself, or not now: `writes` are all there is to do.
    Instead { writes: Vec<Write> },
}

/// A channel as it is now.
struct Seen {
    app: AppId,
    channel: ChannelName,
    config: ConfigHash,
    flow: Option<Versioned<Flow>>,
    /// Its newest digest, and the one before, as far as they are still to be told.
    newest: Option<Versioned<OutboxEntry>>,
    before: Option<Versioned<OutboxEntry>>,
}

impl<P: Ports> App<P> {
    /// `None` for an effect that is no announcement.
    pub(in crate::dispatch) async fn gate(
        &self,
        entry: &Versioned<OutboxEntry>,
        now: Timestamp,
    ) -> Result<Option<Gate>, Error> {
        let Effect::Announce {
            channel,
            config,
            news,
            ..
        } = &entry.record.effect
        else {
            return Ok(None);
        };
        let seen = self
            .seen(entry.record.owner.app, channel.clone(), config.clone())
            .await?;
        if let Some(first) = entry.record.effect.after(&entry.record.owner)
            && (self.effect(&first).await?.is_some() || seen.tells_later(&first))
        {
            return Ok(Some(Gate::NotYet));
        }
        if let News::Digest { number, .. } = news.as_ref() {
            return Ok(Some(seen.digest(entry, *number, now)?));
        }
        if let Some(told) = seen.by_itself(&entry.record, now)? {
            return Ok(Some(told));
        }
        let held = Held {
            id: entry.record.id.clone(),
            at: entry.record.created_at,
            what: self.subject(&entry.record, channel, news).await?,
            possibly_repeated: may_have_arrived(&entry.record),
        };
        Ok(Some(seen.hold(entry, held, now)?))
    }

    /// One line for a message that is not told by itself.
    async fn subject(
        &self,
        entry: &OutboxEntry,
        channel: &ChannelName,
        news: &News,
    ) -> Result<String, Error> {
        let app = self.app(entry.owner.app).await?;
        let mut told = Announcement::new(kind(news, channel), app.name, when(news));
        let stage = &entry.owner.stage;
        told.stage = (!stage.as_str().is_empty()).then(|| stage.clone());
        if let News::Broke { brk, .. } | News::Changed { brk, .. } | News::Recovered { brk, .. } =
            news
        {
            fill_break(&mut told, brk);
        }
        Ok(told.bounded().subject())
    }

    async fn seen(
        &self,
        app: AppId,
        channel: ChannelName,
        config: ConfigHash,
    ) -> Result<Seen, Error> {
        let flow: Option<Versioned<Flow>> =
            table::load(self.ports.store(), &keys::flow(app, &channel)).await?;
        let number = flow.as_ref().map_or(0, |flow| flow.record.digests);
        let mut seen = Seen {
            app,
            channel,
            config,
            flow,
            newest: None,
            before: None,
        };
        if number > 0 {
            seen.newest = self.outbox_entry(&seen.digest_id(number)).await?;
        }
        if number > 1 {
            seen.before = self.outbox_entry(&seen.digest_id(number - 1)).await?;
        }
        Ok(seen)
    }
}

impl Seen {
    fn digest_id(&self, number: u64) -> String {
        let news = News::Digest {
            number,
            held: Vec::new(),
            more: 0,
            since: Timestamp::UNIX_EPOCH,
            at: Timestamp::UNIX_EPOCH,
        };
        self.tell(news).id(&of_app(self.app))
    }

    fn tell(&self, news: News) -> Effect {
        Effect::Announce {
            stage: of_app(self.app).stage,
            channel: self.channel.clone(),
            config: self.config.clone(),
            news: Box::new(news),
        }
    }

    /// The digest that takes in what comes.
    fn collecting(&self) -> Option<&Versioned<OutboxEntry>> {
        self.newest
            .as_ref()
            .filter(|digest| digest.record.tries == 0)
    }

    /// Whether the message of this id is in a digest that has to be told before what follows. While
    /// one collects, what follows goes into it as well, and stands behind.
    fn tells_later(&self, id: &str) -> bool {
        let mut digests = self.newest.iter().chain(&self.before);
        self.collecting().is_none() && digests.any(|digest| holds(&digest.record, id))
    }

    /// The window at `now`, and how many were told in it.
    fn window(&self, now: Timestamp) -> (Timestamp, u32) {
        let flow = self.flow.as_ref().map(|flow| &flow.record);
        let current = flow.filter(|flow| now.duration_since(flow.since) < CHANNEL_WINDOW);
        current.map_or((now, 0), |flow| (flow.since, flow.told))
    }

    fn flow(&self, since: Timestamp, told: u32, digests: u64) -> Result<Write, Error> {
        let flow = Flow {
            since,
            told,
            digests,
        };
        let key = keys::flow(self.app, &self.channel);
        put(key, &flow, unchanged(self.flow.as_ref()))
    }

    fn digests(&self) -> u64 {
        self.flow.as_ref().map_or(0, |flow| flow.record.digests)
    }

    /// A place for a message, if there are fewer than `most`.
    fn place(
        &self,
        entry: &OutboxEntry,
        now: Timestamp,
        most: u32,
    ) -> Result<Option<(Timestamp, Vec<Write>)>, Error> {
        let (window, told) = self.window(now);
        // It has one, and has certainly not used it.
        if entry.window == Some(window) && !may_have_arrived(entry) {
            return Ok(Some((window, Vec::new())));
        }
        if told >= most {
            return Ok(None);
        }
        let write = self.flow(window, told + 1, self.digests())?;
        Ok(Some((window, vec![write])))
    }

    /// A message that is told by itself; `None` if it goes into a digest.
    fn by_itself(&self, entry: &OutboxEntry, now: Timestamp) -> Result<Option<Gate>, Error> {
        if self.collecting().is_some() {
            return Ok(None);
        }
        // A digest that is tried again keeps its place.
        let most = CHANNEL_CAP - u32::from(self.newest.is_some());
        let place = self.place(entry, now, most)?;
        Ok(place.map(|(window, writes)| Gate::Told {
            window,
            tries: entry.tries,
            news: None,
            writes,
        }))
    }

    fn hold(
        &self,
        entry: &Versioned<OutboxEntry>,
        held: Held,
        now: Timestamp,
    ) -> Result<Gate, Error> {
        match self.collecting() {
            Some(digest) => self.join(entry, held, digest, now),
            None => self.begin(entry, held, now),
        }
    }

    /// The first message above the cap begins a digest, which is due at the end of the window.
    fn begin(
        &self,
        entry: &Versioned<OutboxEntry>,
        held: Held,
        now: Timestamp,
    ) -> Result<Gate, Error> {
        let (since, told) = self.window(now);
        let number = self.digests() + 1;
        let news = News::Digest {
            number,
            held: vec![held],
            more: 0,
            since: now,
            at: now,
        };
        let owner = of_app(self.app);
        let mut writes = outbox::removal(entry);
        let over = since.saturating_add(CHANNEL_WINDOW);
        let due = over.unwrap_or(Timestamp::MAX);
        outbox::enter_later(&mut writes, &owner, self.tell(news), now, due)?;
        writes.push(self.flow(since, told, number)?);
        Ok(Gate::Instead { writes })
    }

    fn join(
        &self,
        entry: &Versioned<OutboxEntry>,
        held: Held,
        digest: &Versioned<OutboxEntry>,
        now: Timestamp,
    ) -> Result<Gate, Error> {
        let mut next = digest.record.clone();
        if let Effect::Announce { config, news, .. } = &mut next.effect
            && let News::Digest {
                held: all,
                more,
                at,
                ..
            } = news.as_mut()
        {
            // The newest stage file knows best where the channel is.
            config.clone_from(&self.config);
            *at = now;
            add(all, more, vec![held], 0);
        }
        let mut writes = outbox::removal(entry);
        writes.extend(outbox::replacement(digest, &next)?);
        Ok(Gate::Instead { writes })
    }

    /// A digest is taken up.
    fn digest(
        &self,
        entry: &Versioned<OutboxEntry>,
        number: u64,
        now: Timestamp,
    ) -> Result<Gate, Error> {
        let older = self.before.as_ref().filter(|_| number == self.digests());
        let busy = |claim: &crate::records::Claim| claim.until > now;
        if older.is_some_and(|older| older.record.claim.as_ref().is_some_and(busy)) {
            return put_off(entry, now, IN_FLIGHT);
        }
        // It waits for the channel, and with it whatever is to be told after it.
        if let Some(older) = older.filter(|older| older.record.due > now) {
            return put_off(entry, now, older.record.due.duration_since(now));
        }
        let Some((window, mut writes)) = self.place(&entry.record, now, CHANNEL_CAP)? else {
            let (since, _) = self.window(now);
            let left = CHANNEL_WINDOW.saturating_sub(now.duration_since(since));
            return put_off(entry, now, left);
        };
        let news = older.and_then(|older| together(&older.record, &entry.record));
        let older = older.filter(|_| news.is_some());
        writes.extend(older.map_or_else(Vec::new, outbox::removal));
        // Nobody hears later that a channel is dead because there is always more to tell.
        let tries = older
            .map_or(0, |older| older.record.tries)
            .max(entry.record.tries);
        Ok(Gate::Told {
            window,
            tries,
            news,
            writes,
        })
    }
}

fn put_off(
    entry: &Versioned<OutboxEntry>,
    now: Timestamp,
    by: SignedDuration,
) -> Result<Gate, Error> {
    let mut next = entry.record.clone();
    next.claim = None;
    next.due = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    let writes = outbox::replacement(entry, &next)?;
    Ok(Gate::Instead { writes })
}

/// What both digests hold, the older first.
fn together(older: &OutboxEntry, newer: &OutboxEntry) -> Option<Box<News>> {
    let of = |entry: &OutboxEntry| match &entry.effect {
        Effect::Announce { news, .. } => Some((**news).clone()),
        _ => None,
    };
    let again = may_have_arrived(older);
    let (
        News::Digest {
            held: mut all,
            more: mut counted,
            since,
            ..
        },
        News::Digest {
            number,
            held,
            more,
            at,
            ..
        },
    ) = (of(older)?, of(newer)?)
    else {
        return None;
    };
    all.iter_mut()
        .for_each(|one| one.possibly_repeated |= again);
    add(&mut all, &mut counted, held, more);
    Some(Box::new(News::Digest {
        number,
        held: all,
        more: counted,
        since,
        at,
    }))
}

/// `held` and `more` come behind what there is; what is too much is counted.
fn add(all: &mut Vec<Held>, counted: &mut u32, held: Vec<Held>, more: u32) {
    for one in held {
        if *counted == 0 && all.len() < HELD_MAX {
            all.push(one);
        } else {
            *counted = counted.saturating_add(1);
        }
    }
    *counted = counted.saturating_add(more);
}

fn holds(digest: &OutboxEntry, id: &str) -> bool {
    let Effect::Announce { news, .. } = &digest.effect else {
        return false;
    };
    match news.as_ref() {
        // What is only counted may be any.
        News::Digest { held, more, .. } => *more > 0 || held.iter().any(|one| one.id == id),
        _ => false,
    }
}

/// Whether one of the tries may have reached people; of one that nobody answered for nobody knows.
fn may_have_arrived(entry: &OutboxEntry) -> bool {
    let open = |it: &crate::records::Attempt| it.ambiguous || it.answer.is_none();
    entry.attempts.iter().any(open)
}

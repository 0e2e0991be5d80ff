//! The items of the script, done one by one.

use super::World;
use crate::act::Act;

impl World {
    /// Does an item, unless it may not happen in this run.
    pub(crate) fn act(&mut self, index: usize) {
        let (number, act) = {
            let mut inner = self.shared.lock();
            let item = inner.truth.setup.script[index].clone();
            if inner.calm || !inner.truth.setup.allowed.has(item.number) {
                return;
            }
            inner.meets(item.number, || item.act.told());
            (item.number, item.act)
        };
        self.does(index, number, act);
    }

    pub(super) fn does(&mut self, index: usize, number: u64, act: Act) {
        match act {
            Act::Push {
                branch,
                actor,
                quality,
            } => self.push(number, &branch, &actor, quality),
            Act::Back {
                branch,
                actor,
                steps,
            } => self.back(number, &branch, &actor, steps),
            Act::Delete { branch, actor } => self.delete(number, &branch, &actor),
            Act::Tag { tag, branch, actor } => self.tag(number, &tag, &branch, &actor),
            Act::Untag { tag, actor } => self.untag(number, &tag, &actor),
            Act::Edit { text, actor, .. } => self.edit(number, &actor, text),
            Act::Rename { to } => self.rename(&to),
            Act::Open { .. } | Act::Label { .. } | Act::Close { .. } | Act::PushToFork { .. } => {
                self.pull(number, act);
            }
            Act::Silence { lasts } => self.silence(lasts),
            Act::Redeliver { which } => self.redeliver(which),
            Act::Noise { event } => self.noise(number, event),
            Act::Foreign => self.foreign(number),
            Act::Attack(attack) => self.attack(number, attack),
            Act::Hand(hand) => self.hand(number, hand),
            Act::Lurk(lurk) => self.lurk(index, &lurk),
            Act::Outage { ports, lasts } => {
                let mut inner = self.shared.lock();
                let until = inner.truth.now.saturating_add(lasts).ok();
                for port in ports {
                    inner.away[port as usize] = until.max(inner.away[port as usize]);
                }
            }
            Act::Half { op, lasts } => {
                let mut inner = self.shared.lock();
                let until = inner.truth.now.saturating_add(lasts).ok();
                inner.half = until.map(|until| (op, until));
            }
            Act::ChannelDies { channel, lasts } => {
                let mut inner = self.shared.lock();
                let until = inner.truth.now.saturating_add(lasts);
                let until = until.unwrap_or(inner.truth.now);
                inner.truth.messenger.dies(&channel, until);
            }
            Act::ChatMoves { to } => {
                let mut inner = self.shared.lock();
                let chats = inner.truth.setup.chats.clone();
                for chat in chats {
                    inner.truth.messenger.moves(&chat, &to);
                }
            }
            Act::Ill { stage, lasts, slow } => {
                let truth = &mut self.shared.lock().truth;
                let until = truth.now.saturating_add(lasts).unwrap_or(truth.now);
                let known = truth.ills.entry((stage, slow)).or_insert(until);
                *known = until.max(*known);
            }
            Act::Pause { .. } | Act::Say { .. } => self.brake(act),
            Act::Kill => self.kill(),
            Act::Upgrade { process } => self.upgrade(process),
            people => self.person(number, people),
        }
    }
}

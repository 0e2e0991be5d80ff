//! What news mean in an announcement.

use greenroom_core::effect::{Held, News};
use greenroom_core::message::{
    Announcement, Cause, HeldMessage, Kind, LastGreen, Look, LookAt, Next, OnDuty,
};
use greenroom_core::name::{ChannelName, StageId, StageName};
use greenroom_core::policy::{FLAPPING_WITHIN, Policy};
use greenroom_core::stage::{Break, Failing};
use greenroom_core::stage_file::{From, Rule, StageFile};
use jiff::{SignedDuration, Timestamp};

pub(super) fn look(label: &str, command: String) -> Look {
    Look {
        label: label.to_owned(),
        at: LookAt::Command(command),
    }
}

/// Where to look when a stage is an orphan.
pub(super) fn orphan_looks(id: &StageId) -> Vec<Look> {
    vec![
        look("what happened", format!("greenroom log {}", id.stage)),
        look(
            "once it is seen to",
            format!("greenroom destroy {} --reason WHY", id.stage),
        ),
    ]
}

/// Where to look when people were not led to the stage; `live`: where they were.
pub(super) fn flip_looks(id: &StageId, live: Option<&StageName>) -> Vec<Look> {
    let to = live.unwrap_or(&id.stage);
    vec![
        look("what happened", format!("greenroom log {}", id.stage)),
        look("to be sure", format!("greenroom toggle {to}")),
    ]
}

pub(super) fn downstream(file: &StageFile, id: &StageId) -> Vec<StageName> {
    let rule = file.rules.iter().find(|rule| rule.is_of(&id.stage));
    let policy = rule.and_then(|rule| Policy::of(file, &rule.name, SignedDuration::ZERO));
    policy.map_or_else(Vec::new, |policy| {
        policy
            .downstream
            .into_iter()
            .map(|downstream| downstream.stage)
            .collect()
    })
}

/// What ends a break of the stage without anybody giving a command.
pub(super) fn next(file: &StageFile, id: &StageId, now: Timestamp) -> Next {
    let named = |rule: &&Rule| rule.is_of(&id.stage);
    // Rules whose stages are named by a template take pushes, or pull requests.
    let Some(rule) = file.rules.iter().find(named) else {
        return Next::Push;
    };
    let schedule = file.schedules.get(&rule.name);
    match &rule.from {
        From::Branch { .. } | From::PullRequest { .. } => {
            match schedule.and_then(|schedule| schedule.next_after(now)) {
                Some(at) => Next::Refresh { at },
                None => Next::Push,
            }
        }
        From::Promote { .. } | From::Tag { .. } | From::Local | From::Select { .. } => Next::Person,
    }
}

pub(super) fn fill_break(told: &mut Announcement, brk: &Break) {
    told.episode = Some(brk.episode);
    told.since = brk.since;
    told.last_green = brk.last_green.as_ref().map(|green| LastGreen {
        revision: green.release.revision.clone(),
        at: green.since,
    });
    told.flapped = brk.flapped.as_ref().map(|flapped| flapped.breaks);
    told.cause = Some(cause(&brk.failing));
}

pub(super) fn cause(failing: &Failing) -> Cause {
    match failing {
        Failing::Tests {
            tests,
            failed,
            total,
            ..
        } => Cause::Tests {
            failing: tests.clone(),
            failed: *failed,
            total: *total,
        },
        Failing::Step { build, step, why } => Cause::Step {
            step: if *build {
                format!("{step} of the build")
            } else {
                step.clone()
            },
            excerpt: why.clone(),
        },
    }
}

pub(super) fn kind(news: &News, on: &ChannelName) -> Kind {
    match news {
        News::Broke { .. } => Kind::Broke,
        News::Changed { .. } => Kind::Changed,
        News::Recovered { brk, at, .. } => Kind::Recovered {
            after: at.duration_since(brk.since),
        },
        News::Unverified { .. } => Kind::Unverified,
        News::Refused { why, .. } => Kind::Refused { why: why.clone() },
        News::StageFileInvalid { problems, .. } => Kind::StageFileInvalid {
            problems: problems.clone(),
            more: 0,
        },
        News::Exhausted {
            channel,
            why,
            attempts,
            about,
            ..
        } => Kind::Exhausted {
            channel: channel.clone(),
            why: why.clone(),
            attempts: *attempts,
            about: about.clone(),
        },
        News::Test { .. } => Kind::Test {
            channel: on.clone(),
        },
        News::Expiring { owner, ends, .. } => Kind::Expiring {
            owner: owner.as_ref().map(ToString::to_string),
            ends: *ends,
        },
        News::TornDown { owner, why, .. } => Kind::TornDown {
            owner: owner.as_ref().map(ToString::to_string),
            why: why.clone(),
        },
        News::Orphaned { owner, why, .. } => Kind::Orphaned {
            owner: owner.as_ref().map(ToString::to_string),
            why: why.clone(),
        },
        News::FlipFailed { live, why, .. } => Kind::FlipFailed {
            live: live.clone(),
            why: why.clone(),
        },
        News::Flapping { flapping, .. } => Kind::Flapping {
            breaks: flapping.breaks,
            quiet: FLAPPING_WITHIN,
        },
        News::Settled {
            flapping, green, ..
        } => Kind::Settled {
            breaks: flapping.breaks,
            quiet: FLAPPING_WITHIN,
            green: *green,
        },
        News::Digest { held, more, .. } => Kind::Digest {
            held: held.iter().map(line).collect(),
            more: *more,
        },
    }
}

fn line(held: &Held) -> HeldMessage {
    HeldMessage {
        at: held.at,
        what: held.what.clone(),
        possibly_repeated: held.possibly_repeated,
    }
}

/// Whose turn it is to look after what is told on the channel, if it is anybody's and there is
/// something to look after.
pub(super) fn on_duty(
    file: &StageFile,
    channel: &ChannelName,
    news: &News,
    now: Timestamp,
) -> Option<OnDuty> {
    let is_work = matches!(
        news,
        News::Broke { .. }
            | News::Changed { .. }
            | News::Unverified { .. }
            | News::Refused { .. }
            | News::FlipFailed { .. }
            | News::Flapping { .. }
    );
    let rota = file.rotas.get(file.on_duty.get(channel)?)?;
    let turn = rota.at(now).filter(|_| is_work)?;
    Some(OnDuty {
        person: turn.person.to_string(),
        until: turn.until,
    })
}

pub(super) fn when(news: &News) -> Timestamp {
    match news {
        News::Broke { at, .. }
        | News::Changed { at, .. }
        | News::Recovered { at, .. }
        | News::Unverified { at, .. }
        | News::Refused { at, .. }
        | News::StageFileInvalid { at, .. }
        | News::Exhausted { at, .. }
        | News::Expiring { at, .. }
        | News::TornDown { at, .. }
        | News::Orphaned { at, .. }
        | News::FlipFailed { at, .. }
        | News::Flapping { at, .. }
        | News::Settled { at, .. }
        | News::Digest { at, .. }
        | News::Test { at, .. } => *at,
    }
}

pub(super) fn about(news: &News, stage: &StageName) -> String {
    match news {
        News::Broke { brk, .. } => format!("that {stage} broke (#{})", brk.episode),
        News::Changed { brk, .. } => format!("that {stage} fails in new ways (#{})", brk.episode),
        News::Recovered { brk, .. } => format!("that {stage} recovered (#{})", brk.episode),
        News::Unverified { .. } => format!("that {stage} is unverified"),
        News::Refused { .. } => format!("that a run of {stage} was refused"),
        News::StageFileInvalid { .. } => "that the stage file is invalid".to_owned(),
        News::Exhausted { channel, .. } => format!("that {channel} is dead"),
        News::Test { .. } => "a test".to_owned(),
        News::Expiring { .. } => format!("that {stage} is torn down soon"),
        News::TornDown { .. } => format!("that {stage} is gone"),
        News::Orphaned { .. } => format!("that {stage} is an orphan"),
        News::FlipFailed { .. } => format!("that nobody could be led to {stage}"),
        News::Flapping { flapping, .. } => format!("that {stage} flaps (#{})", flapping.episode),
        News::Settled { .. } => format!("that {stage} flaps no more"),
        News::Digest { held, more, .. } => {
            let all = held.len() as u64 + u64::from(*more);
            format!("a digest of {all} messages")
        }
    }
}

#[cfg(test)]
mod tests {
    use greenroom_core::name::AppId;

    use super::*;

    const FILE: &str = r#"
version: 1
app: acme/orders
pipelines:
  service: { steps: [ { name: deploy, run: make deploy } ] }
suites:
  smoke: { files: "tests/*.hurl", base_url: "http://localhost" }
stages:
  own:     { name: "${actor}", from: { branch: "feature/**" }, pipeline: service }
  dev:     { from: { branch: develop }, pipeline: service }
  preprod: { from: { branch: master, refresh: { cron: "0 6 * * *", timezone: UTC } }, pipeline: service, verify: [smoke] }
  prod:    { from: { promote: preprod }, pipeline: service }
"#;

    #[test]
    fn messages_about_breaks_say_who_is_on_duty_and_others_do_not() {
        let rota = "rotas: { ops: { people: [alice, bob], from: 2026-11-02T09:00, every: 7d, timezone: Europe/Rome } }";
        let channels = "channels: { team: { console: {}, on_duty: ops }, mail: { console: {} } }";
        let text = format!("{FILE}{rota}\n{channels}\n");
        let file = StageFile::parse("greenroom.yaml", text.as_bytes()).expect("it holds");
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let now = at("2026-11-09T08:00:00Z");
        let release = greenroom_core::release::Release {
            revision: greenroom_core::name::Revision::new("a".repeat(40)),
            recipe: greenroom_core::name::RecipeHash::new("0"),
            artifact: None,
        };
        let refused = News::Refused {
            release,
            generation: 1,
            why: "no".to_owned(),
            at: now,
        };
        let of = |channel: &str, news: &News, now: Timestamp| {
            let told = on_duty(&file, &ChannelName::new(channel), news, now)?;
            Some((told.person, told.until))
        };
        let bob = ("bob".to_owned(), at("2026-11-16T08:00:00Z"));
        assert_eq!(of("team", &refused, now), Some(bob));
        assert_eq!(of("mail", &refused, now), None);
        assert_eq!(
            of(
                "team",
                &News::Test {
                    at: now,
                    nonce: None
                },
                now
            ),
            None
        );
        let early = at("2026-11-02T07:59:59Z");
        assert_eq!(of("team", &refused, early), None);
    }

    #[test]
    fn a_break_says_what_really_comes_next_to_its_stage() {
        let file = StageFile::parse("greenroom.yaml", FILE.as_bytes()).expect("it holds");
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let of = |stage: &str| {
            let stage = StageName::new(stage);
            let id = StageId {
                app: AppId(1),
                stage,
            };
            next(&file, &id, at("2026-11-23T09:00:00Z"))
        };
        assert_eq!(of("alice"), Next::Push);
        assert_eq!(of("dev"), Next::Push);
        let six = at("2026-11-24T06:00:00Z");
        assert_eq!(of("preprod"), Next::Refresh { at: six });
        assert_eq!(of("prod"), Next::Person);
    }
}

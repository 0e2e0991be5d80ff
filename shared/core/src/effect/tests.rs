//! What effects are called, and which comes before which.

use jiff::{SignedDuration, Timestamp};

use super::{Effect, News};
use crate::name::{AppId, ChannelName, ConfigHash, RecipeHash, Revision, StageId, StageName};
use crate::release::Release;
use crate::stage::{Break, Failing, Flapped, Flapping};

fn refused_at(at: Timestamp) -> String {
    let owner = StageId {
        app: AppId(7),
        stage: StageName::new(""),
    };
    let effect = Effect::Announce {
        stage: owner.stage.clone(),
        channel: ChannelName::new("team"),
        config: ConfigHash::new("0"),
        news: Box::new(News::StageFileInvalid {
            revision: Revision::new("a".repeat(40)),
            problems: Vec::new(),
            at,
        }),
    };
    effect.id(&owner)
}

#[test]
fn a_stage_file_that_is_invalid_once_more_is_another_message() {
    let at = Timestamp::UNIX_EPOCH;
    let later = at
        .saturating_add(SignedDuration::from_hours(1))
        .unwrap_or(at);
    assert_eq!(refused_at(at), refused_at(at));
    assert_ne!(refused_at(at), refused_at(later));
}

/// The id of these news of `dev` for `team`, and of what must be told there before.
fn ids(news: News) -> (String, Option<String>) {
    let stage = StageName::new("dev");
    let owner = StageId {
        app: AppId(7),
        stage: stage.clone(),
    };
    let effect = Effect::Announce {
        stage,
        channel: ChannelName::new("team"),
        config: ConfigHash::new("0"),
        news: Box::new(news),
    };
    (effect.id(&owner), effect.after(&owner))
}

#[test]
fn what_follows_from_a_break_or_from_flapping_names_what_comes_before_it() {
    let at = Timestamp::UNIX_EPOCH;
    let release = Release {
        revision: Revision::new("a".repeat(40)),
        recipe: RecipeHash::new("0"),
        artifact: None,
    };
    let failing = Failing::Step {
        build: false,
        step: "deploy".to_owned(),
        why: "exit 1".to_owned(),
    };
    let brk = Break {
        episode: 4,
        since: at,
        release: release.clone(),
        last_green: None,
        failing: failing.clone(),
        fingerprint: failing.fingerprint(),
        reds: 1,
        told: Vec::new(),
        acknowledged: None,
        overridden: None,
        untold: None,
        flapped: None,
    };
    let flapping = Box::new(Flapping {
        episode: 3,
        since: at,
        breaks: 4,
        turned: at,
        release: release.clone(),
        failing,
        told: Vec::new(),
        config: ConfigHash::new("0"),
        untold: None,
    });
    let stays = Break {
        flapped: Some(Flapped {
            episode: 3,
            since: at,
            breaks: 4,
        }),
        ..brk.clone()
    };
    let (flaps, first) = ids(News::Flapping {
        flapping: flapping.clone(),
        at,
    });
    assert_eq!(first, None);
    let (broke, first) = ids(News::Broke {
        brk: brk.clone(),
        at,
    });
    assert_eq!(first, None);
    let green = true;
    let (_, first) = ids(News::Settled {
        flapping,
        green,
        at,
    });
    assert_eq!(first.as_ref(), Some(&flaps));
    let (same, first) = ids(News::Broke {
        brk: stays.clone(),
        at,
    });
    assert_eq!((same.as_str(), first), (broke.as_str(), Some(flaps)));
    let recovered = News::Recovered {
        brk: stays,
        release,
        at,
    };
    assert_eq!(ids(recovered).1, Some(broke.clone()));
    assert_eq!(ids(News::Changed { brk, at }).1, Some(broke));
}

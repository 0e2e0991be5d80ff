use jiff::{SignedDuration, Timestamp};

use super::{Effect, News};
use crate::name::{AppId, ChannelName, ConfigHash, Revision, StageId, StageName};

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

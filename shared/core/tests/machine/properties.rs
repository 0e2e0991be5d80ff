//! Random scripts over two stages, one promoting from the other, with a pipeline that answers
//! late, twice, never or wrongly, and clocks that are wrong. What must hold for every single
//! plan is checked in [`crate::world`]; [`crate::story`] has what must hold for the story.

use jiff::SignedDuration;
use proptest::prelude::*;

use crate::story::{CLOCK_ERROR, Op, STAGES, Story};
use crate::world::minutes;

fn op() -> impl Strategy<Value = Op> {
    let stage = 0..STAGES.len();
    prop_oneof![
        8 => (1..5_u32).prop_map(Op::Push),
        1 => Just(Op::BranchGone),
        8 => (0..3_000_u32).prop_map(Op::Time),
        4 => stage.clone().prop_map(Op::Replan),
        4 => (1..5_u32, 0..6_usize).prop_map(|(n, how)| Op::Build(n, how)),
        1 => Just(Op::Tick),
        5 => stage.clone().prop_map(Op::Start),
        1 => stage.clone().prop_map(Op::StartRefused),
        6 => stage.clone().prop_map(Op::Admit),
        2 => (stage.clone(), 0..8_u64).prop_map(|(stage, g)| Op::Foreign(stage, g)),
        6 => (stage.clone(), 0..10_usize).prop_map(|(stage, how)| Op::End(stage, how)),
        8 => (stage.clone(), 0..8_usize, any::<bool>())
            .prop_map(|(stage, how, late)| Op::Verdict(stage, how, late)),
        2 => (1..5_u32).prop_map(Op::ReadHead),
        24 => (stage.clone(), 0..9_usize).prop_map(|(stage, how)| Op::Smooth(stage, how)),
        10 => (stage, 0..16_usize).prop_map(|(stage, which)| Op::Command(stage, which)),
    ]
}

fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        // A script is long; `PROPTEST_CASES` asks for more of them.
        cases: usual.cases / 2,
        failure_persistence: None,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_the_story_holds(
        script in prop::collection::vec((op(), -CLOCK_ERROR..=CLOCK_ERROR), 20..150),
    ) {
        let mut story = Story::new();
        for (op, wrong) in &script {
            story.wait(SignedDuration::from_secs(1));
            story.read_clock(*wrong);
            story.apply(op);
            story.look();
        }
        story.told_in_turn();
        story.run_dry();
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_the_story_of_a_line_holds(
        script in prop::collection::vec((op(), -CLOCK_ERROR..=CLOCK_ERROR), 20..150),
    ) {
        let mut story = Story::queued();
        for (op, wrong) in &script {
            story.wait(SignedDuration::from_secs(1));
            story.read_clock(*wrong);
            story.apply(op);
            story.look();
        }
        story.told_in_turn();
        story.run_dry();
    }
}

/// The scripts above are worth something only if they get somewhere: with everybody answering as
/// they should, the same moves lead to prod.
#[test]
fn a_script_without_faults_reaches_prod() {
    let mut story = Story::new();
    let green = |story: &mut Story, stage: usize| {
        for op in [
            Op::Start(stage),
            Op::Admit(stage),
            Op::End(stage, 9),
            Op::Verdict(stage, 7, false),
        ] {
            story.read_clock(0);
            story.apply(&op);
            story.look();
        }
    };
    story.apply(&Op::Push(1));
    story.apply(&Op::Build(1, 5));
    green(&mut story, 0);
    story.apply(&Op::Replan(1));
    story.wait(minutes(41));
    story.read_clock(0);
    story.apply(&Op::Command(1, 9));
    green(&mut story, 1);
    assert!(story.verified.contains_key("prod"));
}

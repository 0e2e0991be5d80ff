//! A webhook that never arrives.

use crate::demo::Result;
use crate::demo::board::{check, short};
use crate::demo::say::Say;
use crate::demo::world::World;
use crate::sample_repo::{ALICE, Edit};

pub async fn tell(world: &mut World, say: &Say) -> Result<()> {
    say.act("5. A webhook never arrives");
    world.stop().await?;
    world.start("2s").await?;
    let (revision, _never_sent) = world.commit(
        "develop",
        &ALICE,
        "Say hello",
        &[Edit::write("HELLO", "hello\n")],
    )?;
    say.step(&format!(
        "alice pushes {} to develop; GitHub tells nobody. Heads are polled every 2 s:",
        short(&revision, 8)
    ));
    let dev = world.green("dev", &revision).await?;
    say.line(&dev.summary());
    check(
        dev.text("/last/cause") == "found by the poller",
        "the poller found it",
    )
}

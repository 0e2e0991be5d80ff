//! The story, act by act.

mod breaking;
mod killed;
mod lost;
mod promotion;
mod pushes;

use super::Result;
use super::say::Say;
use super::world::World;

/// Tells all of it, and shows the board at its end.
pub async fn all(world: &mut World) -> Result<()> {
    let say = Say::default();
    // Not before the fourth act finds anything that no webhook told.
    world.start("0").await?;
    pushes::tell(world, &say).await?;
    promotion::tell(world, &say).await?;
    breaking::tell(world, &say).await?;
    killed::tell(world, &say).await?;
    lost::tell(world, &say).await?;
    say.act("The board");
    let (board, code) = world.cli(&["status"]).await?;
    say.line(&board);
    super::board::check(code == 0, "`greenroom status` prints the board")
}

//! Time passes: the clock is moved from one thing that is due to the next, so that everything
//! happens that would have happened meanwhile, in its order.

use jiff::SignedDuration;

use super::quiet::BEYOND;
use super::world::World;
use crate::demo::Result;

/// Lets `length` pass.
pub async fn pass(world: &mut World, length: SignedDuration) -> Result<()> {
    let mut still = world.quiet().await?;
    let end = still.now()?.saturating_add(length)?;
    loop {
        let now = still.now()?;
        if now >= end {
            return Ok(());
        }
        let next = still
            .next
            .map_or(end, |next| next.saturating_add(BEYOND).unwrap_or(end));
        let by = next.min(end).duration_since(now);
        world.move_clock(by.max(BEYOND)).await?;
        still = world.quiet().await?;
    }
}

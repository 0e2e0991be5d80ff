//! Artifacts that are not what was built, where Greenroom keeps them.

use std::path::PathBuf;

use super::world::World;
use crate::demo::Result;

/// Puts other bytes in the place of what was built of a commit, or takes them away again.
pub async fn perform(world: &World, subject: &str, whole: bool) -> Result<Vec<String>> {
    let kept = kept(world, &world.commit_of(subject)?).await?;
    let aside = kept.with_extension("aside");
    if whole {
        std::fs::rename(&aside, &kept)?;
    } else {
        let mut bytes = std::fs::read(&kept)?;
        let last = bytes.last_mut().ok_or("an artifact is not empty")?;
        *last ^= 1;
        std::fs::rename(&kept, &aside)?;
        std::fs::write(&kept, bytes)?;
    }
    Ok(Vec::new())
}

/// The file of what was built of `revision`.
async fn kept(world: &World, revision: &str) -> Result<PathBuf> {
    let all = world.talk()?.get("/releases").await?;
    let mut builds = all.as_array().into_iter().flatten();
    let build = builds.find(|build| build["revision"] == revision);
    let digest = build.and_then(|build| build["artifact"].as_str());
    let hex = digest.and_then(|digest| digest.strip_prefix("sha256:"));
    let hex = hex.ok_or_else(|| format!("nothing that can be selected was built of {revision}"))?;
    let folder = hex.get(..2).unwrap_or_default();
    let kept = world.data().join("artifacts/sha256").join(folder);
    Ok(kept.join(hex))
}

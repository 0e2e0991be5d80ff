//! A commit as one archive: an address that is good for a while, and the archive behind it.

use super::answer::Answer;
use super::ask::Ask;
use super::git::Git;
use super::route::Site;
use super::server::Shared;

/// `GET .../tarball/{ref}`: 302 to where the archive is.
pub(super) fn link(site: &Site<'_>, name: &str) -> Answer {
    let name = if name.is_empty() { "HEAD" } else { name };
    let Some(sha) = site.git.object(name, "commit") else {
        return Answer::not_found();
    };
    let to = format!("{}/codeload/{}/{sha}", site.ask.base, site.hosted.name);
    Answer::raw(302, "text/html", Vec::new()).with("location", to)
}

/// The archive: one folder, `owner-name-<sha>`, in it the files. It takes no credential; the
/// address is the secret.
pub(super) fn content(shared: &Shared, _: &Ask, name: &str, sha: &str) -> Answer {
    let hosted = shared.lock().named(name).cloned();
    let Some(hosted) = hosted else {
        return Answer::not_found();
    };
    let prefix = format!("--prefix={}-{sha}/", hosted.name.replace('/', "-"));
    let git = Git::new(&hosted.folder);
    let archive = git
        .object(sha, "commit")
        .and_then(|sha| git.run(&["archive", "--format=tar.gz", &prefix, &sha]));
    match archive {
        Some(archive) => Answer::raw(200, "application/x-gzip", archive),
        None => Answer::not_found(),
    }
}

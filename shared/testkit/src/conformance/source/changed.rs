//! Promises about the files in which two commits differ.

use greenroom_app::ports::source::{CHANGED_MAX, Changed, Source};
use greenroom_core::name::Revision;

use super::Site;

impl<S: Source> Site<S> {
    async fn changed(&self, base: &Revision, head: &Revision) -> Changed {
        let changed = self.source.changed(&self.repository, base, head).await;
        changed.unwrap_or_else(|error| panic!("{base}...{head}: {error}"))
    }
}

fn paths(paths: &[&str]) -> Changed {
    Changed::Paths(paths.iter().map(ToString::to_string).collect())
}

pub async fn files_that_differ_are_told_with_both_names_of_what_moved<S: Source>(site: Site<S>) {
    let text = "a line that is long enough to be known again\n".repeat(9);
    for path in ["stays", "changes", "goes", "there and back"] {
        site.origin.write(path, path);
    }
    site.origin.write("deep/moves é", &text);
    let base = site.origin.commit("base");
    site.origin.write("there and back", "there");
    site.origin.commit("there");
    site.origin.write("there and back", "there and back");
    site.origin.write("changes", "changed");
    site.origin.write("deep/new", "new");
    site.origin.git(&["mv", "deep/moves é", "moved"]);
    site.origin.git(&["rm", "--quiet", "goes"]);
    let head = site.origin.commit("head");
    let differ = ["changes", "deep/moves é", "deep/new", "goes", "moved"];
    assert_eq!(site.changed(&base, &head).await, paths(&differ));
    assert_eq!(site.changed(&head, &head).await, paths(&[]));
}

pub async fn files_of_what_does_not_lead_there_cannot_be_told<S: Source>(site: Site<S>) {
    let first = site.origin.commit("first");
    site.origin.write("a", "a");
    let second = site.origin.commit("second");
    site.origin
        .git(&["reset", "--quiet", "--hard", first.as_str()]);
    site.origin.write("b", "b");
    let beside = site.origin.commit("beside");
    site.origin
        .git(&["checkout", "--quiet", "--orphan", "anew"]);
    let anew = site.origin.commit("anew");
    for (base, head) in [(&second, &first), (&second, &beside), (&second, &anew)] {
        assert_eq!(site.changed(base, head).await, Changed::Unknown);
    }
}

pub async fn three_hundred_files_are_too_many_to_be_told<S: Source>(site: Site<S>) {
    let base = site.origin.commit("base");
    for n in 0..CHANGED_MAX {
        site.origin.write(&format!("many/{n}"), n.to_string());
    }
    let most = site.origin.commit("most");
    site.origin.write("one/more", "x");
    let more = site.origin.commit("more");
    let Changed::Paths(told) = site.changed(&base, &most).await else {
        panic!("{CHANGED_MAX} files can be told");
    };
    assert_eq!(told.len(), CHANGED_MAX);
    assert_eq!(site.changed(&base, &more).await, Changed::Unknown);
}

//! The contract of the source port, one function for each promise.
//!
//! Every function does to a real repository what people do, and asks the adapter what it sees.
//! [`source_conformance!`](crate::source_conformance) makes a test of each. A function panics where
//! the adapter breaks its word.

mod changed;
mod contents;
mod history;
mod origin;
mod references;

use std::any::Any;

use greenroom_app::ports::source::{Repository, Source};
use greenroom_core::name::{RefName, Revision};

pub use changed::*;
pub use contents::*;
pub use history::*;
pub use origin::Origin;
pub use references::*;

/// An adapter, and the repository it reads.
pub struct Site<S> {
    pub source: S,
    pub origin: Origin,
    /// How the adapter is told to reach it; `acme/orders`.
    pub repository: Repository,
    /// Gives the repository another name, where its name matters.
    pub rename: Box<dyn Fn(&str) + Send + Sync>,
    /// Whatever must live as long.
    pub kept: Box<dyn Any + Send + Sync>,
}

impl<S> std::fmt::Debug for Site<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("repository", &self.repository)
            .finish_non_exhaustive()
    }
}

/// Makes one test of each promise. `$open` is an async function that takes an [`Origin`] and gives a
/// [`Site`] that reads it.
#[macro_export]
macro_rules! source_conformance {
    ($open:path) => {
        $crate::source_conformance! { @each $open,
            a_repository_without_commits_has_no_default_branch_and_no_heads
            heads_say_what_is_true_now
            an_annotated_tag_leads_to_its_commit
            a_force_push_and_a_deleted_branch_are_seen
            a_name_that_is_part_of_another_is_not_taken_for_it
            any_legal_name_is_found_and_any_other_certainly_absent
            hundreds_of_branches_are_all_told_by_name
            a_renamed_repository_is_still_read
            a_file_is_read_as_it_was_at_the_commit
            what_is_no_file_is_not_there
            a_file_above_the_limit_is_too_large
            the_head_of_a_pull_request_is_read_with_its_files
            files_are_found_by_pattern
            more_than_five_hundred_files_are_too_many
            more_than_eight_megabytes_are_too_much
            a_commit_is_told_as_far_as_people_need
            what_is_no_commit_is_certainly_absent
            commits_between_two_are_told_newest_first_and_cut
            after_a_force_push_what_is_new_is_told
            histories_that_share_nothing_are_compared
            hundreds_of_commits_are_compared
            files_that_differ_are_told_with_both_names_of_what_moved
            files_of_what_does_not_lead_there_cannot_be_told
            three_hundred_files_are_too_many_to_be_told
        }
    };
    (@each $open:path, $($promise:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let origin = $crate::conformance::source::Origin::new();
                let site = $open(origin).await;
                $crate::conformance::source::$promise(site).await;
            }
        )+
    };
}

impl<S: Source> Site<S> {
    async fn stands(&self, name: &str) -> Option<Revision> {
        let reference = RefName::new(name);
        let head = self.source.head(&self.repository, &reference).await;
        let head = head.unwrap_or_else(|error| panic!("{name:?}: {error}"))?;
        assert_eq!(head.reference, reference);
        Some(head.revision)
    }

    async fn all(&self) -> Vec<(String, Revision)> {
        let heads = self.source.heads(&self.repository).await;
        let heads = heads.unwrap_or_else(|error| panic!("{error}"));
        let pair = |head: greenroom_app::ports::source::Head| {
            (head.reference.as_str().to_owned(), head.revision)
        };
        heads.into_iter().map(pair).collect()
    }

    async fn file(&self, at: &Revision, path: &str) -> Option<Vec<u8>> {
        let file = self.source.file_at(&self.repository, at, path, 4096).await;
        file.unwrap_or_else(|error| panic!("{path:?}: {error}"))
    }

    async fn paths(&self, at: &Revision, glob: &str) -> Vec<String> {
        let files = self.source.files_at(&self.repository, at, glob).await;
        let files = files.unwrap_or_else(|error| panic!("{glob:?}: {error}"));
        files.into_iter().map(|file| file.path).collect()
    }

    async fn subjects(
        &self,
        base: &Revision,
        head: &Revision,
        limit: usize,
    ) -> (Vec<String>, bool) {
        let told = self
            .source
            .compare(&self.repository, base, head, limit)
            .await;
        let told = told.unwrap_or_else(|error| panic!("{base}...{head}: {error}"));
        let subjects = told.commits.into_iter().map(|commit| commit.subject);
        (subjects.collect(), told.truncated)
    }
}

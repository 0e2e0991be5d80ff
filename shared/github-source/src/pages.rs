//! Where all branches stand, in pages of a hundred that are asked for by their tags: while nothing
//! moves, asking costs nothing of the rate limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_app::ports::secrets::Secrets;
use greenroom_app::ports::source::{Head, Repository, SourceError};

use crate::api::{Api, parse};
use crate::refusal::explain;
use crate::send::Request;
use crate::wire::Branch;

const PAGE: usize = 100;
/// 200,000 branches.
const PAGES_MAX: usize = 2000;
/// Repositories whose pages are kept.
const KEPT_MAX: usize = 256;
/// How often the pages are read until they fit together.
const ROUNDS_MAX: usize = 5;

/// A page as GitHub last gave it.
#[derive(Debug)]
struct Page {
    tag: Option<String>,
    heads: Vec<Head>,
    more: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Pages {
    kept: Mutex<HashMap<String, Vec<Arc<Page>>>>,
}

impl Pages {
    /// All branches, by name.
    ///
    /// A branch that is deleted while the pages are read moves others from one page to the one
    /// before, and they would be seen on neither: a poller would take them for deleted. So more
    /// than one page is read until none has changed since it was read last.
    pub(crate) async fn heads<S: Secrets>(
        &self,
        api: &Api<S>,
        repository: &Repository,
    ) -> Result<Vec<Head>, SourceError> {
        let name = repository.name.as_str();
        let mut pages = self.known(name);
        for _ in 0..ROUNDS_MAX {
            let (new, changed) = round(api, repository, &pages).await?;
            let fits = !changed || new.len() == 1;
            pages = new;
            if fits {
                self.keep(name, &pages);
                let all = pages.iter().flat_map(|page| page.heads.iter().cloned());
                let mut all: Vec<Head> = all.collect();
                all.sort_unstable_by(|a, b| a.reference.cmp(&b.reference));
                all.dedup_by(|a, b| a.reference == b.reference);
                return Ok(all);
            }
        }
        Err(SourceError::Unavailable {
            repository: name.to_owned(),
            why: "its branches change faster than they can be read".to_owned(),
        })
    }

    fn known(&self, name: &str) -> Vec<Arc<Page>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).cloned().unwrap_or_default()
    }

    fn keep(&self, name: &str, pages: &[Arc<Page>]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX && !kept.contains_key(name) {
            kept.clear();
        }
        kept.insert(name.to_owned(), pages.to_vec());
    }
}

/// Reads every page once, and says whether any is another than the one known.
async fn round<S: Secrets>(
    api: &Api<S>,
    repository: &Repository,
    known: &[Arc<Page>],
) -> Result<(Vec<Arc<Page>>, bool), SourceError> {
    let mut pages: Vec<Arc<Page>> = Vec::new();
    let mut changed = false;
    while pages.len() < PAGES_MAX {
        let known = known.get(pages.len());
        let mut request = Request::get(["branches"])
            .with("per_page", PAGE)
            .with("page", pages.len() + 1);
        request.tag = known.and_then(|page| page.tag.as_deref());
        let answer = api.ask(repository, &request).await?;
        let page = match (answer.status, known) {
            (304, Some(known)) => known.clone(),
            (200, _) => {
                changed = true;
                let branches: Vec<Branch> = parse(repository, &answer, "branches")?;
                let heads = branches.into_iter().map(|branch| Head {
                    reference: format!("refs/heads/{}", branch.name).as_str().into(),
                    revision: branch.commit.sha.as_str().into(),
                });
                Arc::new(Page {
                    tag: answer.tag,
                    heads: heads.collect(),
                    more: answer.more,
                })
            }
            _ => return Err(explain(repository.name.as_str(), &answer)),
        };
        let more = page.more;
        pages.push(page);
        if !more {
            return Ok((pages, changed));
        }
    }
    Err(SourceError::Unavailable {
        repository: repository.name.to_string(),
        why: format!("it has more than {} branches", PAGES_MAX * PAGE),
    })
}

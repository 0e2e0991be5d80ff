//! `<pipeline>/<execution id>`: neither part has a `/`.

use greenroom_core::name::ExecutionId;

/// Our name of an execution.
pub(super) fn name(pipeline: &str, id: &str) -> ExecutionId {
    ExecutionId::new(format!("{pipeline}/{id}"))
}

/// CodePipeline's names; `None` for an execution that was never in CodePipeline.
pub(super) fn parts(execution: &ExecutionId) -> Option<(&str, &str)> {
    let (pipeline, id) = execution.as_str().split_once('/')?;
    let groups = id.split('-').map(str::len);
    let is_id =
        groups.eq([8, 4, 4, 4, 12]) && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    (!pipeline.is_empty() && is_id).then_some((pipeline, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_as_it_was_made() {
        let id = "0f0e0d0c-0000-4000-8000-0123456789ab";
        assert_eq!(parts(&name("greenroom-a", id)), Some(("greenroom-a", id)));
        for other in [
            "",
            "exec-1",
            "refused-7/x",
            "p/",
            &format!("/{id}"),
            &format!("p/q/{id}"),
        ] {
            assert_eq!(parts(&ExecutionId::new(other)), None, "{other}");
        }
    }
}

//! What happens to a world: heads, builds, executions, verdicts, people.

use greenroom_core::accept::Rejection;
use greenroom_core::command::Command;
use greenroom_core::execution::Observation;
use greenroom_core::fact::Fact;
use greenroom_core::name::*;
use greenroom_core::plan::Plan;
use greenroom_core::principal::Principal;
use greenroom_core::release::Outputs;
use greenroom_core::stage::Cause;
use greenroom_core::verdict::SuiteReport;

use crate::world::*;

impl World {
    pub fn head(&mut self, name: &str, reference: &str, n: u32, cause: Cause) -> Plan {
        let at = self.now;
        self.fact(
            name,
            Fact::HeadObserved {
                reference: RefName::new(reference),
                revision: revision(n),
                actor: Some(Actor::new("carol")),
                cause,
                at,
            },
        )
    }

    /// A push of revision `n` to the branch that leads to the stage.
    pub fn push(&mut self, name: &str, n: u32) -> Plan {
        let reference = match name {
            "dev" => "refs/heads/develop",
            "preprod" | "staging" => "refs/heads/master",
            "tagged" => "refs/tags/v1",
            _ => "refs/heads/bare/x",
        };
        let actor = Some(Actor::new("carol"));
        self.head(name, reference, n, Cause::Push { actor })
    }

    /// The refresh that is under way reads revision `n`.
    pub fn refreshed(&mut self, name: &str, n: u32) -> Plan {
        let wish = self.stage(name).refresh.wish.clone();
        let wish = wish.expect("a refresh is under way");
        let (slot, by) = (wish.slot, wish.by);
        self.head(name, "refs/heads/master", n, Cause::Refresh { slot, by })
    }

    /// The pipeline takes the start of the claimed run.
    pub fn started(&mut self, name: &str) -> ExecutionId {
        let generation = self.run(name).generation;
        let execution = ExecutionId::new(format!("{name}-{generation}"));
        self.fact(
            name,
            Fact::ExecutionStarted {
                generation,
                execution: execution.clone(),
            },
        );
        execution
    }

    pub fn admit(&mut self, name: &str) -> Result<Plan, Rejection> {
        let run = self.run(name);
        let command = Command::Admit {
            generation: run.generation,
            nonce: run.nonce.clone(),
            execution: ExecutionId::new(format!("{name}-{}", run.generation)),
            revision: run.release.revision.clone(),
        };
        self.command(name, &Principal::Pipeline, command)
    }

    pub fn observe(&mut self, name: &str, observation: Observation) -> Plan {
        let generation = self.run(name).generation;
        self.fact(
            name,
            Fact::ExecutionObserved {
                generation,
                execution: ExecutionId::new(format!("{name}-{generation}")),
                observation,
            },
        )
    }

    pub fn succeeded(&mut self, name: &str) -> Plan {
        let at = self.now;
        let outputs = Outputs::from([("URL".to_owned(), "http://here".to_owned())]);
        self.observe(
            name,
            Observation::Succeeded {
                artifact: None,
                outputs,
                at,
                evidence: None,
            },
        )
    }

    /// Claimed, started, admitted, deployed: its suites run.
    pub fn deploy(&mut self, name: &str) -> Plan {
        self.started(name);
        self.admit(name).expect("admitted");
        self.succeeded(name)
    }

    pub fn verdict(&mut self, name: &str, suite: &str, report: SuiteReport) -> Plan {
        let run = self.run(name);
        let generation = run.generation;
        let attempt = run.suites[&SuiteName::new(suite)].attempt;
        self.fact(
            name,
            Fact::VerdictReported {
                generation,
                suite: SuiteName::new(suite),
                attempt,
                report,
            },
        )
    }

    /// All suites of the run pass.
    pub fn all_pass(&mut self, name: &str) {
        let suites: Vec<_> = self.run(name).suites.keys().cloned().collect();
        for suite in suites {
            self.verdict(name, suite.as_str(), passed());
        }
    }

    /// Revision `n` goes all the way to green on a stage that takes a branch.
    pub fn green(&mut self, name: &str, n: u32) {
        self.push(name, n);
        if self.stage(name).run.is_none() {
            self.built(n);
        }
        self.deploy(name);
        if self.stage(name).run.is_some() {
            self.all_pass(name);
        }
        assert!(self.stage(name).verified.is_some(), "{name} is green");
    }

    /// What prod needs: green upstream, soaked, two approvals.
    pub fn prod_ready(&mut self, n: u32) -> Plan {
        self.green("preprod", n);
        self.replan("prod");
        self.pass(minutes(61));
        for name in ["alice", "bob"] {
            self.approve(name).expect("approved");
        }
        self.replan("prod")
    }

    pub fn approve(&mut self, name: &str) -> Result<Plan, Rejection> {
        self.command("prod", &person(name), Command::Approve { revision: None })
    }
}

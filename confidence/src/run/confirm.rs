//! Says what will happen, and asks for confirmation.

use std::io::{IsTerminal, Write};

use anyhow::anyhow;

use super::{Run, describe_target};
use crate::error::ExitError;

impl Run<'_> {
    /// Prints what will happen, and asks for confirmation.
    pub fn confirm(&self, yes: bool) -> Result<(), ExitError> {
        let cluster = self.cluster;
        eprintln!("context:     {}", cluster.context);
        eprintln!("namespace:   {}", cluster.namespace);
        for (name, target) in &self.routes {
            eprintln!("route:       {name}, {}", describe_target(target));
        }
        for workload in &cluster.workloads {
            let replicas = workload
                .replicas()
                .map_or_else(|| "one per node".to_owned(), |replicas| replicas.to_string());
            let (image, next) = (workload.image(), workload.next_image());
            eprintln!(
                "workload:    {}, replicas: {replicas}, image {image}, next {next}",
                workload.reference()
            );
            for notice in workload.notices() {
                eprintln!("notice:      {notice}");
            }
        }
        eprintln!("load:        {} requests per second and route", self.rate());
        for step in &self.steps {
            eprintln!(
                "scenario:    {}: {}",
                step.title(self.plan),
                step.scenario.description().happens
            );
        }
        for skipped in &self.skipped {
            eprintln!("skipped:     {}: {}", skipped.title, skipped.reason);
        }
        if self.steps.is_empty() {
            return Err(ExitError::Run(anyhow!("no scenario can be run, nothing was changed")));
        }
        if yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(ExitError::Usage(anyhow!(
                "there is no terminal to ask for confirmation at: give --yes"
            )));
        }
        eprint!("Continue? [y/N] ");
        let mut reply = String::new();
        let read = std::io::stderr()
            .flush()
            .and_then(|()| std::io::stdin().read_line(&mut reply));
        read.map_err(|error| ExitError::Usage(error.into()))?;
        match reply.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(ExitError::Usage(anyhow!("not confirmed: nothing was changed"))),
        }
    }
}

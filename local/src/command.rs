//! What a person types, and the `kubectl` command that it stands for.

use clap::{Parser, builder::NonEmptyStringValueParser, value_parser};

use crate::deployment::{Deployment, NAME, Release};

/// A command. Its doc comments are the text of `help`.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    no_binary_name = true,
    disable_help_flag = true,
    override_usage = "COMMAND",
    help_template = "{subcommands}"
)]
pub enum Command {
    /// Run this many replicas
    Scale {
        /// From 0 to 20
        #[arg(value_parser = value_parser!(u8).range(0..=20))]
        replicas: u8,
    },
    /// Replace the replicas by those of another version, one by one: rollout v2
    Rollout {
        /// Such as v2
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        version: String,
    },
    /// Return to the release before this one
    Undo,
    /// Delete a pod: the oldest one, or that of this name or end of a name
    Delete {
        /// Such as x2x4q
        name: Option<String>,
    },
    /// Roll out a release that never becomes ready
    Broken,
    /// List the pods
    Status,
}

impl Command {
    /// Parses a line. `None` if it is empty.
    ///
    /// # Errors
    ///
    /// What to print instead of running a command: why the line is none, or the help.
    pub fn parse(line: &str) -> Result<Option<Self>, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        if words.is_empty() {
            return Ok(None);
        }
        let command = Self::try_parse_from(words).map_err(|error| error.to_string().trim_end().to_owned())?;
        Ok(Some(command))
    }

    /// Runs the command. Returns the `kubectl` command that it stands for, and what that prints.
    pub fn run(&self, deployment: &mut Deployment) -> (String, String) {
        let changed = |what: &str| format!("deployment.apps/{NAME} {what}");
        match self {
            Self::Scale { replicas } => {
                deployment.scale((*replicas).into());
                let kubectl = format!("kubectl scale deployment {NAME} --replicas={replicas}");
                (kubectl, changed("scaled"))
            }
            Self::Rollout { version } => {
                deployment.roll_out(Release {
                    version: version.clone(),
                    ..deployment.release().clone()
                });
                let kubectl = format!("kubectl set image deployment {NAME} backend={NAME}:{version}");
                (kubectl, changed("image updated"))
            }
            Self::Broken => {
                deployment.roll_out(Release {
                    is_broken: true,
                    ..deployment.release().clone()
                });
                let kubectl = format!("kubectl set env deployment {NAME} K8S_DEMO_NEVER_READY=true");
                (kubectl, changed("env updated"))
            }
            Self::Undo => {
                let outcome = if deployment.undo() {
                    changed("rolled back")
                } else {
                    format!("error: no rollout history found for deployment \"{NAME}\"")
                };
                (format!("kubectl rollout undo deployment {NAME}"), outcome)
            }
            Self::Delete { name } => {
                let deleted = deployment.delete(name.as_deref());
                let name = deleted.clone().or_else(|| name.clone()).unwrap_or_default();
                let outcome = if deleted.is_some() { "deleted" } else { "not found" };
                (
                    format!("kubectl delete pod {name}"),
                    format!("pod \"{name}\" {outcome}"),
                )
            }
            Self::Status => ("kubectl get pod -l app=backend".to_owned(), table(deployment)),
        }
    }
}

fn table(deployment: &Deployment) -> String {
    let header = format!(
        "{:34} {:5} {:16} {:8} {:7} VERSION",
        "NAME", "READY", "STATUS", "RESTARTS", "AGE"
    );
    let rows = deployment.pods().iter().map(|pod| {
        let status = pod.status();
        let (name, version, restarts) = (&pod.name, &pod.release.version, status.restarts);
        let ready = if status.is_ready { "1/1" } else { "0/1" };
        let state = match status.address {
            _ if pod.is_stopping() => "Terminating",
            Some(_) => "Running",
            None => "CrashLoopBackOff",
        };
        let age = format!("{}s", pod.created.elapsed().as_secs());
        format!("\n{name:34} {ready:5} {state:16} {restarts:<8} {age:7} {version}")
    });
    header + &rows.collect::<String>()
}

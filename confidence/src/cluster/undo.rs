//! What has to be undone on the cluster, beside the Deployments.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Result, anyhow};

use super::{kubectl::Kubectl, shell::shell};

/// The steps that undo what is in effect. A step is added before its cause.
#[derive(Debug, Default)]
pub struct Undo(Mutex<Vec<Step>>);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The node is cordoned.
    Uncordon(String),
    /// The namespace is temporary.
    DeleteNamespace(String),
    /// The node, or its kubelet, is down. The command starts it again.
    Start(String),
}

impl Undo {
    /// Adds a step, unless it is there.
    pub fn add(&self, step: Step) {
        let mut steps = self.lock();
        if !steps.contains(&step) {
            steps.push(step);
        }
    }

    /// Runs a step, and removes it once it is done.
    ///
    /// # Errors
    /// If it fails.
    pub async fn one(&self, kubectl: &Kubectl, step: &Step) -> Result<()> {
        match step {
            Step::Uncordon(node) => {
                kubectl.run(&["uncordon", node]).await?;
            }
            Step::DeleteNamespace(name) => {
                let arguments = ["delete", "namespace", name, "--ignore-not-found"];
                kubectl.run(&arguments).await?;
            }
            Step::Start(command) => shell(command).await?,
        }
        self.lock().retain(|other| other != step);
        Ok(())
    }

    /// Runs all steps, the last one first.
    ///
    /// # Errors
    /// With those that failed.
    pub async fn all(&self, kubectl: &Kubectl) -> Result<()> {
        let steps = self.lock().clone();
        let mut errors = Vec::new();
        for step in steps.iter().rev() {
            if let Err(error) = self.one(kubectl, step).await {
                errors.push(format!("{error:#}"));
            }
        }
        match errors.is_empty() {
            true => Ok(()),
            false => Err(anyhow!(errors.join("; "))),
        }
    }

    /// Returns the commands of all steps, for a person to type.
    pub fn commands(&self, kubectl: &Kubectl) -> Vec<String> {
        let steps = self.lock();
        let command = |step: &Step| match step {
            Step::Uncordon(node) => kubectl.command_line(&["uncordon", node]),
            Step::DeleteNamespace(name) => kubectl.command_line(&["delete", "namespace", name]),
            Step::Start(command) => command.clone(),
        };
        steps.iter().rev().map(command).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Step>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

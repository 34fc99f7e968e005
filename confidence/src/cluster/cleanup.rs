//! What has to be cleaned up on the cluster, beside the workloads' own specs.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, anyhow, ensure};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Namespace, Node, Service},
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
};
use serde_json::json;
use tokio::process::Command;

use super::Cluster;
use crate::error::describe;

/// What cleans up. An entry is added before its cause.
#[derive(Debug, Default)]
pub struct Cleanups(Mutex<Vec<Cleanup>>);

/// How one thing is cleaned up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cleanup {
    /// The node is cordoned.
    Uncordon(String),
    /// The namespace is temporary.
    DeleteNamespace(String),
    /// The Deployment is temporary.
    DeleteDeployment(String),
    /// The pod is temporary.
    DeletePod(String),
    /// The selector of the Service was changed.
    RestoreSelector(String, BTreeMap<String, String>),
    /// The node, or its kubelet, is down. The command starts it again.
    Start(String),
}

impl Cluster {
    /// Adds a cleanup, unless it is there.
    pub fn add_cleanup(&self, cleanup: Cleanup) {
        let mut cleanups = self.cleanups.lock();
        if !cleanups.contains(&cleanup) {
            cleanups.push(cleanup);
        }
    }

    /// Runs a cleanup, and removes it once it is done.
    pub async fn clean_up(&self, cleanup: &Cleanup) -> Result<()> {
        match cleanup {
            Cleanup::Uncordon(node) => self.set_schedulable(node, true).await?,
            Cleanup::DeleteNamespace(name) => {
                let api = Api::<Namespace>::all(self.client.clone());
                ignore_missing(api.delete(name, &DeleteParams::default()).await)?;
            }
            Cleanup::DeleteDeployment(name) => {
                let api = Api::<Deployment>::namespaced(self.client.clone(), &self.namespace);
                ignore_missing(api.delete(name, &DeleteParams::background()).await)?;
            }
            Cleanup::DeletePod(name) => ignore_missing(self.pod_api().delete(name, &DeleteParams::default()).await)?,
            Cleanup::RestoreSelector(service, selector) => self.set_selector(service, selector).await?,
            Cleanup::Start(command) => shell(command).await?,
        }
        self.cleanups.lock().retain(|other| other != cleanup);
        Ok(())
    }

    /// Runs all cleanups, the last one first.
    pub async fn clean_up_all(&self) -> Result<()> {
        let cleanups = self.cleanups.lock().clone();
        let mut errors = Vec::new();
        for cleanup in cleanups.iter().rev() {
            errors.extend(self.clean_up(cleanup).await.err());
        }
        let errors: Vec<_> = errors.iter().map(describe).collect();
        errors
            .is_empty()
            .then_some(())
            .ok_or_else(|| anyhow!(errors.join("; ")))
    }

    /// Returns the commands that do what is left to be done, for a person to type.
    pub fn restore_commands(&self) -> Vec<String> {
        let patch = |kind: &str, name: &str, patch: String| {
            let reference = format!("{kind}/{name}");
            self.kubectl(&["patch", &reference, "--type=json", "--patch", &patch])
        };
        let cleanups = self.cleanups.lock();
        let command = |cleanup: &Cleanup| match cleanup {
            Cleanup::Uncordon(node) => self.kubectl(&["uncordon", node]),
            Cleanup::DeleteNamespace(name) => self.kubectl(&["delete", "namespace", name]),
            Cleanup::DeleteDeployment(name) => self.kubectl(&["delete", "deployment", name]),
            Cleanup::DeletePod(name) => self.kubectl(&["delete", "pod", name]),
            Cleanup::RestoreSelector(service, selector) => {
                let change = json!([{"op": "replace", "path": "/spec/selector", "value": selector}]);
                patch("service", service, change.to_string())
            }
            Cleanup::Start(command) => command.clone(),
        };
        let mut commands: Vec<_> = cleanups.iter().rev().map(command).collect();
        commands.extend(
            self.workloads
                .iter()
                .map(|workload| patch(&workload.kind.to_string(), &workload.name, workload.restoring_patch())),
        );
        commands
    }

    /// Sets the selector of a Service.
    pub async fn set_selector(&self, service: &str, selector: &BTreeMap<String, String>) -> Result<()> {
        let change = json!([{"op": "replace", "path": "/spec/selector", "value": selector}]);
        let patch = Patch::Json::<()>(serde_json::from_value(change)?);
        let api = Api::<Service>::namespaced(self.client.clone(), &self.namespace);
        api.patch(service, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Cordons or uncordons a node.
    pub async fn set_schedulable(&self, node: &str, is_schedulable: bool) -> Result<()> {
        let patch = Patch::Merge(json!({"spec": {"unschedulable": !is_schedulable}}));
        let api = Api::<Node>::all(self.client.clone());
        api.patch(node, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Returns a command line of kubectl with the user's options.
    fn kubectl(&self, arguments: &[&str]) -> String {
        let options = self.kubectl_options.iter().map(String::as_str);
        let words = std::iter::once("kubectl")
            .chain(options)
            .chain(arguments.iter().copied());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

impl Cleanups {
    fn lock(&self) -> MutexGuard<'_, Vec<Cleanup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is not there does not have to be deleted.
fn ignore_missing<T>(deleted: kube::Result<T>) -> Result<()> {
    match deleted {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        deleted => Ok(deleted.map(drop)?),
    }
}

/// Runs a command of the user by a shell.
pub async fn shell(command: &str) -> Result<()> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .process_group(0) // Ctrl-C at the terminal is for this program alone
        .output()
        .await
        .context("cannot start sh")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command}: {} {}",
        output.status,
        stderr.trim()
    );
    Ok(())
}

/// Quotes an argument for a POSIX shell.
fn quoted(argument: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,@%+".contains(&byte);
    match !argument.is_empty() && argument.bytes().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("--context=kind-a"), "--context=kind-a");
        assert_eq!(quoted("[{\"a\": \"it's\"}]"), r#"'[{"a": "it'\''s"}]'"#);
    }

    #[tokio::test]
    async fn a_command_that_fails_is_an_error_with_its_words() {
        assert!(shell("true").await.is_ok());
        let error = shell("echo no such node >&2; exit 3").await.unwrap_err().to_string();
        assert!(error.contains("no such node") && error.contains('3'), "{error}");
    }
}

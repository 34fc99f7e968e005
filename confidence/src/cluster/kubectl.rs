//! Runs `kubectl` as the user would: with the same cluster, login and plugins.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};

/// Runs `kubectl` with the user's `--context`, `--namespace` and `--kubeconfig`.
#[derive(Debug, Clone, Default)]
pub struct Kubectl {
    context: Option<String>,
    namespace: Option<String>,
    kubeconfig: Option<String>,
}

impl Kubectl {
    /// Passes these options to every call.
    pub fn new(context: Option<&str>, namespace: Option<&str>, kubeconfig: Option<&Path>) -> Self {
        Self {
            context: context.map(str::to_owned),
            namespace: namespace.map(str::to_owned),
            kubeconfig: kubeconfig.map(|path| path.display().to_string()),
        }
    }

    /// Returns the user's `--context`.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Returns the user's `--namespace`.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Returns the same for another namespace.
    pub fn in_namespace(&self, namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..self.clone()
        }
    }

    /// Runs `kubectl` and returns its standard output.
    ///
    /// # Errors
    /// If it cannot be started, or fails. The error has its words.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_with_input(arguments, "").await
    }

    /// Returns an object, or a list of objects.
    ///
    /// # Errors
    /// As [`Kubectl::run`].
    pub async fn get(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.run(&[&["get", "--output", "json"], arguments].concat()).await?;
        serde_json::from_str(&text).context("kubectl get did not print JSON")
    }

    /// Creates an object.
    ///
    /// # Errors
    /// As [`Kubectl::run`].
    pub async fn create(&self, object: &Value) -> Result<()> {
        self.run_with_input(&["create", "--filename", "-"], &object.to_string())
            .await?;
        Ok(())
    }

    /// Starts `kubectl` with its output piped. Dropping the child ends it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(&self, arguments: &[&str]) -> Result<Child> {
        Command::new("kubectl")
            .args(self.options())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0) // Ctrl-C at the terminal is for this program alone: it restores by kubectl
            .spawn()
            .context("cannot start kubectl: is it installed?")
    }

    /// Returns the command line for a person to type.
    pub fn command_line(&self, arguments: &[&str]) -> String {
        let mut line = "kubectl".to_owned();
        for argument in self
            .options()
            .iter()
            .map(String::as_str)
            .chain(arguments.iter().copied())
        {
            line.push(' ');
            line.push_str(&quoted(argument));
        }
        line
    }

    fn options(&self) -> Vec<String> {
        [
            ("kubeconfig", &self.kubeconfig),
            ("context", &self.context),
            ("namespace", &self.namespace),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(format!("--{name}={}", value.as_deref()?)))
        .collect()
    }

    async fn run_with_input(&self, arguments: &[&str], input: &str) -> Result<String> {
        let mut child = self.spawn(arguments)?;
        if let Some(mut stdin) = child.stdin.take() {
            // kubectl may end without reading: then its exit status says why.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let subject: Vec<_> = arguments.iter().take(3).copied().collect();
            // It repeats a line for each attempt, such as to evict a pod.
            let mut lines: Vec<_> = stderr.trim().lines().collect();
            lines.dedup();
            bail!("kubectl {}: {}", subject.join(" "), lines.join("\n"));
        }
        String::from_utf8(output.stdout).context("kubectl did not print text")
    }
}

/// Returns the objects of a list.
pub fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().into_iter().flatten()
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
    fn a_command_line_can_be_pasted_into_a_shell() {
        let kubectl = Kubectl::new(Some("kind-a"), Some("shop"), None);
        assert_eq!(
            kubectl.command_line(&["patch", "deployment", "web", "--patch", "[{\"a\": \"it's\"}]"]),
            r#"kubectl --context=kind-a --namespace=shop patch deployment web --patch '[{"a": "it'\''s"}]'"#
        );
        assert!(
            kubectl
                .in_namespace("other")
                .command_line(&[])
                .ends_with("--namespace=other")
        );
    }
}

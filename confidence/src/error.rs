//! Why the program ends without a verdict, and errors in the words of a person.

use std::process::ExitCode;

/// Why the program ends without a verdict.
#[derive(Debug, thiserror::Error)]
pub enum ExitError {
    /// Wrong usage, or no confirmation.
    #[error("{}", describe(.0))]
    Usage(anyhow::Error),
    /// The run was not possible.
    #[error("{}", describe(.0))]
    Run(#[from] anyhow::Error),
}

impl ExitError {
    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Run(_) => 3,
        })
    }
}

/// Returns an error and its causes, without what only a programmer reads: of the API server's errors, their message.
pub fn describe(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = match cause.downcast_ref() {
            Some(kube::Error::Api(status)) => status.message.clone(),
            Some(kube::Error::Service(_) | kube::Error::HyperError(_)) => continue,
            _ => cause.to_string(),
        };
        // The text of some errors contains that of their cause.
        if parts.last().is_none_or(|last| !last.contains(&text)) {
            parts.push(text);
        }
        if matches!(cause.downcast_ref(), Some(kube::Error::Api(_))) {
            break;
        }
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use kube::core::Status;

    use super::*;

    #[test]
    fn an_error_of_the_api_server_is_its_message() {
        let status = Status::failure("deployments.apps \"shop\" not found", "NotFound").with_code(404);
        let error = Err::<(), _>(kube::Error::Api(Box::new(status))).context("cannot read deployment/shop");
        assert_eq!(
            describe(&error.unwrap_err()),
            "cannot read deployment/shop: deployments.apps \"shop\" not found"
        );
    }
}

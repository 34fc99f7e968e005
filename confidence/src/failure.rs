//! Why the program ends without a verdict.

use std::process::ExitCode;

/// Why the program ends without a verdict.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Wrong usage, or no confirmation.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    /// The run was not possible.
    #[error("{0:#}")]
    Run(#[from] anyhow::Error),
}

impl Failure {
    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Run(_) => 3,
        })
    }
}

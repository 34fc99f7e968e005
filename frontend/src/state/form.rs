//! The form: validation of the name, and the outcome of the last submission.

use api::{InvalidName, Name, Problem, Submission};

use crate::state::outcome::Reply;

/// The form and the outcome of its last submission.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Form {
    /// The validation error for the name as it is typed now.
    pub name_error: Option<String>,
    /// The progress of the last submission.
    pub progress: Progress,
    /// Whether the user has submitted yet. There are no validation errors before the first submit.
    submitted: bool,
    /// The number of submissions so far. Events of older submissions than the last are ignored.
    submissions: u32,
}

/// A submission that is in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSubmission {
    /// The name to send.
    pub name: Name,
    /// Its number among the form's submissions, from 1.
    pub number: u32,
}

impl PendingSubmission {
    /// Returns what is sent.
    pub fn submission(&self) -> Submission {
        self.name.clone().into()
    }
}

/// The progress of the last submission.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Progress {
    /// Nothing has been submitted yet.
    #[default]
    Idle,
    /// The first attempt is in flight.
    Sending(PendingSubmission),
    /// An attempt failed, and the next one follows.
    Retrying {
        /// The submission.
        pending: PendingSubmission,
        /// The number of the next attempt, from 2.
        attempt: u32,
        /// Why the last attempt failed.
        reason: String,
    },
    /// A replica answered.
    Answered(Reply),
    /// The backend rejected it. Another attempt would not help.
    Rejected(Problem),
    /// Every attempt failed.
    Failed {
        /// Why the last attempt failed.
        reason: String,
    },
}

/// Everything that can happen to the form.
#[derive(Debug, Clone, PartialEq)]
pub enum FormAction {
    /// The text in the field changed to this one.
    Typed(String),
    /// The user submits this text.
    Submitted(String),
    /// A submission made progress.
    Progressed {
        /// The submission's [`PendingSubmission::number`].
        number: u32,
        /// Its progress.
        progress: Progress,
    },
}

impl Form {
    /// Applies an action.
    pub fn apply(&mut self, action: FormAction) {
        match action {
            FormAction::Typed(text) => {
                if self.submitted {
                    self.name_error = error_text(Name::try_from(text.as_str()));
                }
            }
            FormAction::Submitted(text) => self.submit(&text),
            FormAction::Progressed { number, progress } => {
                if number == self.submissions {
                    self.progress(progress);
                }
            }
        }
    }

    /// Returns the submission that is in flight.
    pub fn in_flight(&self) -> Option<&PendingSubmission> {
        match &self.progress {
            Progress::Sending(pending) | Progress::Retrying { pending, .. } => Some(pending),
            _ => None,
        }
    }

    fn submit(&mut self, text: &str) {
        self.submitted = true;
        self.submissions += 1;
        let name = Name::try_from(text);
        self.name_error = error_text(name.clone());
        self.progress = match name {
            Ok(name) => Progress::Sending(PendingSubmission {
                name,
                number: self.submissions,
            }),
            Err(_) => Progress::Idle,
        };
    }

    fn progress(&mut self, progress: Progress) {
        self.progress = progress;
        // The backend's validation error for the name is shown beside the field, like the page's own.
        if let Progress::Rejected(problem) = &self.progress
            && let Some(error) = problem.errors.iter().find(|error| error.field == "name")
        {
            self.name_error = Some(error.detail.clone());
            self.progress = Progress::Idle;
        }
    }
}

fn error_text(name: Result<Name, InvalidName>) -> Option<String> {
    name.err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(actions: impl IntoIterator<Item = FormAction>) -> Form {
        let mut form = Form::default();
        actions.into_iter().for_each(|action| form.apply(action));
        form
    }

    fn typed(text: &str) -> FormAction {
        FormAction::Typed(text.to_owned())
    }

    fn submitted(text: &str) -> FormAction {
        FormAction::Submitted(text.to_owned())
    }

    fn answered(number: u32, message: &str) -> FormAction {
        let response = api::SubmissionResponse {
            message: message.to_owned(),
            name: "Ada".to_owned(),
            pod: "backend-a".to_owned(),
            version: "v1".to_owned(),
            platform: api::Platform::Kubernetes,
            uptime_seconds: 1,
            started_at: 1,
            faults: false,
        };
        FormAction::Progressed {
            number,
            progress: Progress::Answered(Reply {
                response,
                millis: 12.0,
                attempts: 1,
                retried_by_nginx: false,
            }),
        }
    }

    fn rejected(problem: &Problem) -> FormAction {
        FormAction::Progressed {
            number: 1,
            progress: Progress::Rejected(problem.clone()),
        }
    }

    #[test]
    fn there_are_no_validation_errors_before_the_first_submit() {
        assert_eq!(after([typed("a"), typed("")]).name_error, None);
    }

    #[test]
    fn an_invalid_name_is_not_sent() {
        let form = after([submitted("  ")]);
        assert_eq!(form.in_flight(), None);
        assert_eq!(form.name_error.as_deref(), Some("Enter a name."));
    }

    #[test]
    fn after_the_first_submit_the_name_is_validated_while_typing() {
        assert_eq!(after([submitted(""), typed("A")]).name_error, None);
        assert!(after([submitted("Ada"), typed("")]).name_error.is_some());
    }

    #[test]
    fn a_valid_name_is_trimmed_and_sent() {
        let form = after([submitted(" Ada ")]);
        assert_eq!(form.in_flight().map(|pending| pending.name.as_str()), Some("Ada"));
    }

    #[test]
    fn a_late_response_does_not_replace_a_newer_submission() {
        let form = after([submitted("Ada"), submitted("Grace"), answered(1, "Hello, Ada")]);
        assert_eq!(form.in_flight().map(|pending| pending.name.as_str()), Some("Grace"));
    }

    #[test]
    fn the_response_to_the_last_submission_is_kept() {
        let form = after([submitted("Ada"), answered(1, "Hello, Ada")]);
        assert!(matches!(form.progress, Progress::Answered(reply) if reply.response.message == "Hello, Ada"));
    }

    #[test]
    fn the_backends_validation_error_for_the_name_is_shown_beside_the_field() {
        let problem = Problem::new(422, "Unprocessable Content", "Look again.").with_error("name", "Not this one.");
        let form = after([submitted("Ada"), rejected(&problem)]);
        assert_eq!(form.name_error.as_deref(), Some("Not this one."));
    }

    #[test]
    fn any_other_rejection_is_shown_in_the_backends_words() {
        let problem = Problem::new(413, "Content Too Large", "Send less.");
        let form = after([submitted("Ada"), rejected(&problem)]);
        assert_eq!(form.progress, Progress::Rejected(problem));
    }
}

//! The form: what is wrong with the name, and what became of the submission.

use api::{InvalidName, Name, Problem};

use super::Reply;

/// The form and what became of its last submission.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Form {
    /// What is wrong with the name as it is typed now, for the person.
    pub name_error: Option<String>,
    /// What became of the last submission.
    pub progress: Progress,
    /// Whether the person has tried to submit yet. Before that, nobody is told off for what is not finished.
    attempted: bool,
    /// How many submissions there were. What happens to an older one than the last is of no interest any more.
    submissions: u32,
}

/// One submission on its way: what to send, and its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The name to send.
    pub name: Name,
    /// Which submission of this form it is.
    pub number: u32,
}

/// What became of the last submission.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Progress {
    /// Nothing was submitted yet.
    #[default]
    Untouched,
    /// It is on its way.
    Sending(Attempt),
    /// It is on its way again, since the try before did not get through.
    Retrying {
        /// The submission.
        attempt: Attempt,
        /// Which try this is; the first retry is the second.
        r#try: u32,
        /// Why the try before did not get through.
        reason: String,
    },
    /// A replica answered.
    Answered(Reply),
    /// The backend refused it and said why; trying again would not help.
    Refused(Problem),
    /// No try got through.
    Failed {
        /// Why the last one did not.
        reason: String,
    },
}

/// What can happen to the form.
#[derive(Debug, Clone, PartialEq)]
pub enum FormAction {
    /// The field now holds this text.
    Typed(String),
    /// The person submits this text.
    Submitted(String),
    /// Submission `number` made some progress.
    Progressed {
        /// Which submission.
        number: u32,
        /// What became of it.
        progress: Progress,
    },
}

impl Form {
    /// What happens to the form when `action` happens.
    pub fn apply(&mut self, action: FormAction) {
        match action {
            FormAction::Typed(text) => {
                if self.attempted {
                    self.name_error = refusal(Name::try_from(text.as_str()));
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

    /// The submission that is on its way, if one is.
    pub fn under_way(&self) -> Option<&Attempt> {
        match &self.progress {
            Progress::Sending(attempt) | Progress::Retrying { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    fn submit(&mut self, text: &str) {
        self.attempted = true;
        self.submissions += 1;
        let name = Name::try_from(text);
        self.name_error = refusal(name.clone());
        self.progress = match name {
            Ok(name) => Progress::Sending(Attempt {
                name,
                number: self.submissions,
            }),
            Err(_) => Progress::Untouched,
        };
    }

    fn progress(&mut self, progress: Progress) {
        self.progress = progress;
        // What the backend finds wrong with the name belongs beside the field, like what the page itself finds.
        if let Progress::Refused(problem) = &self.progress
            && let Some(error) = problem.errors.iter().find(|error| error.field == "name")
        {
            self.name_error = Some(error.detail.clone());
            self.progress = Progress::Untouched;
        }
    }
}

fn refusal(name: Result<Name, InvalidName>) -> Option<String> {
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
        let answer = api::SubmissionResponse {
            message: message.to_owned(),
            pod: "backend-a".to_owned(),
            version: "v1".to_owned(),
            started_at: 1,
            faults: false,
        };
        FormAction::Progressed {
            number,
            progress: Progress::Answered(Reply {
                answer,
                millis: 12.0,
                tries: 1,
            }),
        }
    }

    #[test]
    fn nobody_is_told_off_before_the_first_attempt() {
        assert_eq!(after([typed("a"), typed("")]).name_error, None);
    }

    #[test]
    fn an_invalid_name_is_not_sent() {
        let form = after([submitted("  ")]);
        assert_eq!(form.under_way(), None);
        assert_eq!(form.name_error.as_deref(), Some("Enter a name."));
    }

    #[test]
    fn after_the_first_attempt_the_name_is_checked_as_one_types() {
        assert_eq!(after([submitted(""), typed("A")]).name_error, None);
        assert!(after([submitted("Ada"), typed("")]).name_error.is_some());
    }

    #[test]
    fn a_valid_name_is_sent_trimmed() {
        let form = after([submitted(" Ada ")]);
        assert_eq!(form.under_way().map(|attempt| attempt.name.as_str()), Some("Ada"));
    }

    #[test]
    fn a_late_answer_does_not_replace_a_newer_submission() {
        let form = after([submitted("Ada"), submitted("Grace"), answered(1, "Hello, Ada")]);
        assert_eq!(form.under_way().map(|attempt| attempt.name.as_str()), Some("Grace"));
    }

    #[test]
    fn the_answer_to_the_last_submission_is_kept() {
        let form = after([submitted("Ada"), answered(1, "Hello, Ada")]);
        assert!(matches!(form.progress, Progress::Answered(reply) if reply.answer.message == "Hello, Ada"));
    }

    #[test]
    fn what_the_backend_finds_wrong_with_the_name_stands_beside_the_field() {
        let problem = Problem::new(422, "Unprocessable Content", "Look again.").with_error("name", "Not this one.");
        let form = after([
            submitted("Ada"),
            FormAction::Progressed {
                number: 1,
                progress: Progress::Refused(problem),
            },
        ]);
        assert_eq!(form.name_error.as_deref(), Some("Not this one."));
    }

    #[test]
    fn any_other_refusal_is_shown_as_the_backend_words_it() {
        let problem = Problem::new(413, "Content Too Large", "Send less.");
        let form = after([
            submitted("Ada"),
            FormAction::Progressed {
                number: 1,
                progress: Progress::Refused(problem.clone()),
            },
        ]);
        assert_eq!(form.progress, Progress::Refused(problem));
    }
}

//! What the page knows, and what can happen to it. No browser types here: every rule is tested natively.

pub mod board;
pub mod colour;
pub mod form;

use std::rc::Rc;

use yew::Reducible;

pub use crate::client::{Failure, Reply};
pub use board::{Board, BoardAction};
pub use form::{Attempt, Form, FormAction, Progress};

/// Everything that the page knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The form and what became of its last submission.
    pub form: Form,
    /// What a stream of submissions shows of the cluster.
    pub board: Board,
}

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Something happened to the form.
    Form(FormAction),
    /// Something happened to the board.
    Board(BoardAction),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = Rc::unwrap_or_clone(self);
        match action {
            Action::Form(action) => next.form.apply(action),
            Action::Board(action) => next.board.apply(action),
        }
        Rc::new(next)
    }
}

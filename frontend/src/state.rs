//! The state of the page and the actions that change it. Contains no browser types, so all of it is tested natively.

pub mod board;
pub mod colour;
pub mod form;
pub mod outcome;

use std::rc::Rc;

use yew::Reducible;

pub use self::{
    board::{Board, BoardAction},
    form::{Form, FormAction, PendingSubmission, Progress},
    outcome::{Failure, Reply},
};

/// The state of the page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The form and the outcome of its last submission.
    pub form: Form,
    /// What the load generator has seen of the cluster.
    pub board: Board,
}

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Changes the form.
    Form(FormAction),
    /// Changes the board.
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

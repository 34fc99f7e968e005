//! The state of the page and the actions that change it. Contains no browser types, so all of it is tested natively.

pub mod cluster;
pub mod form;
pub mod outcome;
pub mod text;

use std::rc::Rc;

use yew::Reducible;

pub use self::{
    cluster::{Cluster, ClusterAction},
    form::{Form, FormAction, PendingSubmission, Progress},
    outcome::{Failure, Reply},
};

/// The state of the page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// The form and the outcome of its last submission.
    pub form: Form,
    /// What the page sees of the cluster.
    pub cluster: Cluster,
}

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Changes the form.
    Form(FormAction),
    /// Changes what the page sees of the cluster.
    Cluster(ClusterAction),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = Rc::unwrap_or_clone(self);
        match action {
            Action::Form(action) => next.form.apply(action),
            Action::Cluster(action) => next.cluster.apply(action),
        }
        Rc::new(next)
    }
}

//! The whole page.

use api::Fault;
use gloo_events::EventListener;
use yew::prelude::*;

use super::{board::board, name_form::NameForm, outcome::outcome};
use crate::{
    client::{self, CancelOnDrop},
    load_generator::use_load_generator,
    state::{Action, BoardAction, Failure, FormAction, PendingSubmission, Progress, State},
};

/// The properties of [`App`].
#[derive(Debug, Clone, Default, PartialEq, Properties)]
pub struct AppProps {
    /// Called once, after the first rendering. The board needs script, so the prerendered page, which has no callback, does
    /// not contain it.
    pub on_rendered: Option<Callback<()>>,
}

/// The whole page. Keeps the state, and sends what the form submits.
#[component]
pub fn App(AppProps { on_rendered }: &AppProps) -> Html {
    let state = use_reducer(State::default);
    let on_form = {
        let dispatch = state.dispatcher();
        use_callback((), move |action, ()| dispatch.dispatch(Action::Form(action)))
    };
    let on_board = {
        let dispatch = state.dispatcher();
        use_callback((), move |action, ()| dispatch.dispatch(Action::Board(action)))
    };
    use_effect_with(on_rendered.clone(), |on_rendered| {
        if let Some(on_rendered) = on_rendered {
            on_rendered.emit(());
        }
    });
    let on_fault = {
        let on_board = on_board.clone();
        use_callback(state.board.max_fault_attempts(), move |(pod, fault), &max_attempts| {
            request_fault(pod, fault, max_attempts, on_board.clone());
        })
    };
    use_visibility(on_board.clone());
    use_title(state.board.is_paused());
    use_load_generator(state.board.is_sending(), state.board.rate, on_board.clone());
    use_submission(state.form.in_flight().cloned(), on_form.clone());
    html! {
        <>
            <header>
                <h1>{ "Who answers?" }</h1>
                <p>
                    { "Send a name. A replica in the cluster answers, and this page shows which one, of which version." }
                </p>
            </header>
            <NameForm
                error={state.form.name_error.clone().map(AttrValue::from)}
                busy={state.form.in_flight().is_some()}
                on_action={on_form}
            />
            { outcome(&state.form.progress, &state.board.replicas) }
            if on_rendered.is_some() {
                { board(&state.board, &on_board, &on_fault) }
            }
        </>
    }
}

/// Sends the pending submission and reports its progress. A newer one cancels it.
#[hook]
fn use_submission(pending: Option<PendingSubmission>, report: Callback<FormAction>) {
    use_effect_with(pending, move |pending| {
        let cancel = CancelOnDrop::new();
        if let Some(pending) = pending.clone() {
            let cancelled = cancel.signal();
            yew::platform::spawn_local(async move {
                let number = pending.number;
                let progressed = |progress| report.emit(FormAction::Progressed { number, progress });
                let outcome = client::submit(pending.submission(), cancelled, |attempt, reason| {
                    progressed(Progress::Retrying {
                        pending: pending.clone(),
                        attempt,
                        reason: reason.to_owned(),
                    });
                });
                match outcome.await {
                    Some(Ok(reply)) => progressed(Progress::Answered(reply)),
                    Some(Err(Failure::Rejected(problem))) => progressed(Progress::Rejected(problem)),
                    Some(Err(Failure::Lost(reason))) => progressed(Progress::Failed { reason }),
                    None => {}
                }
            });
        }
        move || drop(cancel)
    });
}

/// Asks a replica to inject a fault, and reports the outcome.
fn request_fault(pod: String, fault: Fault, max_attempts: u32, report: Callback<BoardAction>) {
    report.emit(BoardAction::FaultRequested {
        pod: pod.clone(),
        fault,
    });
    yew::platform::spawn_local(async move {
        let outcome = client::inject_fault(&pod, fault, max_attempts).await;
        report.emit(BoardAction::FaultAnswered { pod, fault, outcome });
    });
}

/// Reports when the page is hidden and when it is shown again.
#[hook]
fn use_visibility(report: Callback<BoardAction>) {
    use_effect_with((), move |()| {
        let document = gloo_utils::document();
        let listener = EventListener::new(&document.clone(), "visibilitychange", move |_| {
            report.emit(BoardAction::Hidden(document.hidden()));
        });
        move || drop(listener)
    });
}

/// Says in the title of a hidden tab that sending is paused: nothing else of the tab is visible.
#[hook]
fn use_title(paused: bool) {
    use_effect_with(paused, |&paused| {
        let document = gloo_utils::document();
        let title = document.title();
        if paused {
            document.set_title(&format!("Paused \u{2013} {title}"));
        }
        move || document.set_title(&title)
    });
}

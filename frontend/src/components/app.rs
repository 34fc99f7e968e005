//! The whole page.

use gloo_events::EventListener;
use yew::prelude::*;

use super::board::board;
use super::name_form::NameForm;
use super::outcome::outcome;
use crate::client::{self, Failure, Permit};
use crate::clock;
use crate::state::{Action, Attempt, BoardAction, FormAction, Progress, State};
use crate::stream::use_stream;

/// The whole page: it keeps the state, and sends what the form submits.
#[component]
pub fn App() -> Html {
    let state = use_reducer(State::default);
    let on_form = {
        let dispatch = state.dispatcher();
        use_callback((), move |action, ()| dispatch.dispatch(Action::Form(action)))
    };
    let on_board = {
        let dispatch = state.dispatcher();
        use_callback((), move |action, ()| dispatch.dispatch(Action::Board(action)))
    };
    use_effect_with((), |()| clock::mark("hydrated"));
    use_visibility(on_board.clone());
    use_title(state.board.is_paused());
    use_stream(state.board.is_sending(), state.board.rate, on_board.clone());
    use_submission(state.form.under_way().cloned(), on_form.clone());
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
                busy={state.form.under_way().is_some()}
                on_action={on_form}
            />
            { outcome(&state.form.progress, &state.board.replicas) }
            { board(&state.board, &on_board) }
        </>
    }
}

/// Sends the submission that is under way and reports what becomes of it. A newer one withdraws it.
#[hook]
fn use_submission(under_way: Option<Attempt>, report: Callback<FormAction>) {
    use_effect_with(under_way, move |attempt| {
        let permit = Permit::new();
        if let Some(attempt) = attempt.clone() {
            let signal = permit.signal();
            yew::platform::spawn_local(async move {
                let number = attempt.number;
                let progressed = |progress| report.emit(FormAction::Progressed { number, progress });
                let outcome = client::submit(attempt.name.clone(), signal, |tries, reason| {
                    progressed(Progress::Retrying {
                        attempt: attempt.clone(),
                        r#try: tries,
                        reason: reason.to_owned(),
                    });
                });
                match outcome.await {
                    Some(Ok(reply)) => progressed(Progress::Answered(reply)),
                    Some(Err(Failure::Refused(problem))) => progressed(Progress::Refused(problem)),
                    Some(Err(Failure::Lost(reason))) => progressed(Progress::Failed { reason }),
                    None => {}
                }
            });
        }
        move || drop(permit)
    });
}

/// Reports when the page is hidden, and when it is seen again.
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

/// Says in the title of a hidden tab that the stream has paused: nothing else of it can be seen.
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

//! The whole page.

use api::{Fault, Platform};
use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::{
    controls::controls, details::details, first::first, full_screen::use_full_screen_key, live::live,
    name_form::NameForm, outcome::outcome,
};
use crate::{
    client::{self, CancelOnDrop},
    clock,
    load_generator::use_load_generator,
    state::{Action, ClusterAction, Failure, FormAction, PendingSubmission, Progress, State},
};

/// The properties of [`App`].
#[derive(Debug, Clone, Default, PartialEq, Properties)]
pub struct AppProps {
    /// Called once, after the first rendering. What is below the form needs script, so the prerendered page, which has no
    /// callback, does not contain it.
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
    let on_cluster = {
        let dispatch = state.dispatcher();
        use_callback((), move |action, ()| dispatch.dispatch(Action::Cluster(action)))
    };
    use_effect_with(on_rendered.clone(), |on_rendered| {
        if let Some(on_rendered) = on_rendered {
            on_rendered.emit(());
        }
    });
    let State { form, cluster } = &*state;
    let on_fault = {
        let on_cluster = on_cluster.clone();
        use_callback(cluster.max_fault_attempts(), move |(pod, fault), &max_attempts| {
            request_fault(pod, fault, max_attempts, on_cluster.clone());
        })
    };
    let is_live = cluster.was_started();
    use_platform(on_rendered.is_some(), on_cluster.clone());
    use_visibility(on_cluster.clone());
    use_title(cluster.is_paused());
    use_load_generator(cluster.is_sending(), cluster.rate.0, on_cluster.clone());
    use_submission(form.in_flight().cloned(), on_form.clone());
    use_full_screen_key();
    use_effect_with(is_live, |&is_live| {
        // The button that was pressed is gone.
        if is_live {
            focus(".controls button");
        }
    });
    html! {
        <>
        <div class={if is_live { "live" } else { "first" }} data-running={cluster.running.then_some("")}>
            <div class="top">
                <header>
                    <h1>{ "Who answers?" }</h1>
                    <p>
                        { "Send a name. A replica in the cluster answers, and this page shows which one, of which version." }
                    </p>
                </header>
                <NameForm
                    error={form.name_error.clone().map(AttrValue::from)}
                    busy={form.in_flight().is_some()}
                    on_action={on_form}
                />
                { outcome(&form.progress, cluster) }
                if is_live {
                    { controls(cluster, &on_cluster) }
                }
            </div>
            if is_live {
                { live(cluster, &on_cluster, &on_fault) }
            } else if on_rendered.is_some() {
                { first(cluster, &on_cluster) }
            }
        </div>
        if is_live {
            { details(cluster) }
        }
        </>
    }
}

fn focus(selector: &str) {
    let element = gloo_utils::document().query_selector(selector).ok().flatten();
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // It fails only for an element outside the document.
        _ = element.focus();
    }
}

/// Asks a replica where it runs, for the commands of the experiments.
#[hook]
fn use_platform(is_interactive: bool, report: Callback<ClusterAction>) {
    use_effect_with((), move |()| {
        let cancel = CancelOnDrop::new();
        if is_interactive {
            let cancelled = cancel.signal();
            yew::platform::spawn_local(async move {
                let replica = client::describe_replica(&cancelled).await;
                let platform = replica.map_or_else(Platform::default, |replica| replica.platform);
                report.emit(ClusterAction::Found(platform));
            });
        }
        move || drop(cancel)
    });
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
fn request_fault(pod: String, fault: Fault, max_attempts: u32, report: Callback<ClusterAction>) {
    yew::platform::spawn_local(async move {
        let outcome = client::inject_fault(&pod, fault, max_attempts).await;
        report.emit(ClusterAction::FaultInjected { pod, fault, outcome });
    });
}

/// Reports when the page is hidden and when it is shown again.
#[hook]
fn use_visibility(report: Callback<ClusterAction>) {
    use_effect_with((), move |()| {
        let document = gloo_utils::document();
        let listener = EventListener::new(&document.clone(), "visibilitychange", move |_| {
            report.emit(ClusterAction::Hidden {
                hidden: document.hidden(),
                at: clock::now(),
            });
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

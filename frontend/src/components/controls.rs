//! The controls of the load generator.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{full_screen, text::text};
use crate::{
    clock,
    state::{
        Cluster,
        cluster::{ClusterAction, Rate},
    },
};

/// A button that starts and stops the load generator, a slider for its rate, and full screen.
pub fn controls(cluster: &Cluster, on_action: &Callback<ClusterAction>) -> Html {
    let running = cluster.running;
    let on_click = {
        let on_action = on_action.clone();
        Callback::from(move |_: MouseEvent| {
            on_action.emit(if running {
                ClusterAction::Stopped
            } else {
                ClusterAction::Started {
                    at: clock::now(),
                    midnight: clock::time_of_day_at_origin(),
                }
            });
        })
    };
    let on_action = on_action.clone();
    let on_input = Callback::from(move |event: InputEvent| {
        let slider = event.target_dyn_into::<HtmlInputElement>();
        if let Some(rate) = slider.and_then(|slider| slider.value().parse().ok()) {
            on_action.emit(ClusterAction::RateChosen(rate));
        }
    });
    html! {
        <div class="controls">
            <button type="button" data-stops={running.then_some("")} onclick={on_click}>
                { text(if running { "Stop" } else { "Keep submitting" }) }
            </button>
            <label for="rate">{ "Per second" }</label>
            <input
                id="rate"
                type="range"
                min={Rate::ALL.start().to_string()}
                max={Rate::ALL.end().to_string()}
                value={cluster.rate.0.to_string()}
                oninput={on_input}
            />
            <output for="rate" translate="no">{ cluster.rate.0 }</output>
            <button
                type="button"
                class="full"
                title="Full screen (F)"
                aria-label="Full screen"
                onclick={|_| full_screen::toggle()}
            >
                <svg viewBox="0 0 10 10" aria-hidden="true"><path d="M1 4V1h3M6 1h3v3M9 6v3H6M4 9H1V6" /></svg>{ " F" }
            </button>
        </div>
    }
}

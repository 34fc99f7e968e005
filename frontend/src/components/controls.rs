//! The controls of the load generator.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::text::text;
use crate::{
    clock,
    state::board::{BoardAction, RATES},
};

/// A button that starts and stops the load generator, and a slider for its rate.
pub fn controls(running: bool, rate: u32, on_action: &Callback<BoardAction>) -> Html {
    let on_click = {
        let on_action = on_action.clone();
        Callback::from(move |_: MouseEvent| {
            on_action.emit(if running {
                BoardAction::Stopped
            } else {
                BoardAction::Started {
                    time_origin: clock::time_origin(),
                }
            });
        })
    };
    let on_action = on_action.clone();
    let on_input = Callback::from(move |event: InputEvent| {
        let slider = event.target_dyn_into::<HtmlInputElement>();
        if let Some(rate) = slider.and_then(|slider| slider.value().parse().ok()) {
            on_action.emit(BoardAction::RateChosen(rate));
        }
    });
    html! {
        <div class="controls">
            <button type="button" data-stops={running.then_some("")} onclick={on_click}>
                { text(if running { "Stop" } else { "Keep submitting" }) }
            </button>
            <label for="rate">{ "Submissions per second" }</label>
            <input
                id="rate"
                type="range"
                min={RATES.start().to_string()}
                max={RATES.end().to_string()}
                value={rate.to_string()}
                oninput={on_input}
            />
            <output for="rate" translate="no">{ rate }</output>
        </div>
    }
}

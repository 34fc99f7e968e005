//! The controls of the stream.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::state::board::{BoardAction, RATES};

/// A button that starts and stops the stream, and a slider for its rate.
pub fn stream_controls(running: bool, rate: u32, on_action: &Callback<BoardAction>) -> Html {
    let on_click = {
        let on_action = on_action.clone();
        Callback::from(move |_: MouseEvent| {
            on_action.emit(if running {
                BoardAction::Stopped
            } else {
                BoardAction::Started
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
                { if running { "Stop" } else { "Keep submitting" } }
            </button>
            <label for="rate">{ "Submissions a second" }</label>
            <input
                id="rate"
                type="range"
                min={RATES.start().to_string()}
                max={RATES.end().to_string()}
                value={rate.to_string()}
                oninput={on_input}
            />
            <output for="rate">{ rate }</output>
        </div>
    }
}

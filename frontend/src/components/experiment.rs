//! An experiment: its command, and whether the page has seen it.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;
use yew::prelude::*;

use super::text::{cost, text};
use crate::{
    experiments::{Experiment, Sign},
    state::{
        Cluster,
        cluster::{ClusterAction, Sighting},
        text::time_of_day,
    },
};

/// Returns what the page has seen of an experiment.
pub fn sighting<'a>(cluster: &'a Cluster, experiment: &Experiment) -> Option<&'a Sighting> {
    cluster.sightings[experiment.sign? as usize].as_ref()
}

/// A command and a button that copies it.
pub fn command(index: usize, command: &'static str, cluster: &Cluster, on_action: &Callback<ClusterAction>) -> Html {
    let on_action = on_action.clone();
    let on_click = Callback::from(move |event: MouseEvent| {
        copy(command, event.target_dyn_into());
        on_action.emit(ClusterAction::Copied(index));
    });
    let is_copied = cluster.copied == Some(index);
    // A word is not broken at its hyphens.
    let word = |word: &'static str| html! { <><span>{ word }</span>{ " " }</> };
    html! {
        <div class="command">
            <code translate="no">{ for command.split(' ').map(word) }</code>
            <button type="button" class="plain" onclick={on_click}>{ text(if is_copied { "Copied" } else { "Copy" }) }</button>
        </div>
    }
}

/// What has to be done before.
pub fn preparation(experiment: &Experiment) -> Html {
    let Some(preparation) = experiment.preparation else {
        return html! {};
    };
    html! { <p class="hint quiet">{ "First: " }<code translate="no">{ preparation }</code></p> }
}

/// How to return to the state before.
pub fn back(experiment: &Experiment) -> Html {
    let Some(back) = experiment.back else { return html! {} };
    html! { <p class="hint quiet">{ "Back: " }<code translate="no">{ back }</code></p> }
}

/// Whether the page has seen it: when, what, and at what cost.
pub fn seen(cluster: &Cluster, experiment: &Experiment) -> Html {
    match sighting(cluster, experiment) {
        Some(seen) => html! {
            <p class="seen" data-seen={(!seen.ongoing).then_some("")} data-now={seen.ongoing.then_some("")}>
                <i></i>
                <span>
                    { text(format!("{}: {}, ", when(seen), seen.text)) }{ cost(seen.lost) }
                </span>
            </p>
        },
        None if experiment.sign.is_some() => html! {
            <p class="seen quiet"><i></i>{ text("not seen yet") }</p>
        },
        None => html! {},
    }
}

fn when(seen: &Sighting) -> String {
    match seen.ongoing {
        true => "now".to_owned(),
        false => format!("seen at {}", time_of_day(seen.time_of_day)),
    }
}

/// What an experiment looks like, in the signs of the page.
pub fn picture(sign: Sign) -> Html {
    let parts: [(&str, &str); 3] = match sign {
        Sign::More => [
            ("area v1", "M0 6H200V54H0z"),
            ("gap", "M70 30H200M90 18H200M110 42H200"),
            ("", ""),
        ],
        Sign::Rollout => [
            ("area v1", "M0 6H200V54H0z"),
            ("area v2", "M40 54C90 54 90 6 160 6H200V54z"),
            ("gap", "M40 54C90 54 90 6 160 6"),
        ],
        Sign::Replaced => [
            ("dots", "M8 14H192M8 30H90M128 46H192"),
            ("ghost v1", "M92 38h28v16H92z"),
            ("", ""),
        ],
        Sign::NeverReady => [
            ("dots", "M8 14H192M8 30H192"),
            ("ghost v2", "M70 39h124v14H70z"),
            ("", ""),
        ],
    };
    let path = |(class, d): (&'static str, &'static str)| html! { <path class={class} d={d} /> };
    html! {
        <svg class="picture" viewBox="0 0 200 60" preserveAspectRatio="none" aria-hidden="true">
            { for parts.into_iter().filter(|(_, d)| !d.is_empty()).map(path) }
        </svg>
    }
}

/// Copies a text, and selects it beside the button: where the page is not served securely, a browser has no clipboard for it.
fn copy(command: &str, button: Option<Element>) {
    let code = button
        .and_then(|button| button.closest(".command").ok().flatten())
        .and_then(|command| command.first_element_child());
    let window = gloo_utils::window();
    if let (Some(code), Ok(Some(selection))) = (code, window.get_selection()) {
        // None of this fails for an element in the document.
        _ = selection.select_all_children(&code);
    }
    let navigator: JsValue = window.navigator().into();
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if let Some(clipboard) = clipboard.ok().filter(|clipboard| !clipboard.is_undefined()) {
        let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
        // A browser that refuses has the selection.
        _ = clipboard.write_text(command);
    }
}

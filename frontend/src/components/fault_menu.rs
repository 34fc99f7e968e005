//! The menu of faults of a replica.

use api::Fault;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use crate::state::board::{Replica, fault_explanation};

/// A disclosure with a button for each fault. The browser opens and closes it, by keyboard too; a choice closes it.
pub fn fault_menu(replica: &Replica, on_fault: &Callback<(String, Fault)>) -> Html {
    let item = |fault: Fault| {
        let (pod, on_fault) = (replica.pod.to_string(), on_fault.clone());
        let on_click = Callback::from(move |event: MouseEvent| {
            close(event.target_dyn_into());
            on_fault.emit((pod.clone(), fault));
        });
        html! {
            <li>
                <button type="button" onclick={on_click}>
                    <b>{ fault.as_str() }</b>
                    { " " }
                    <span>{ fault_explanation(fault) }</span>
                </button>
            </li>
        }
    };
    let on_key = Callback::from(|event: KeyboardEvent| {
        if event.key() == "Escape" {
            close(event.target_dyn_into());
        }
    });
    html! {
        <details class="faults" onkeydown={on_key}>
            <summary aria-label={format!("Break {}", replica.short_name())}>{ "Break" }</summary>
            <ul>{ for Fault::ALL.map(item) }</ul>
        </details>
    }
}

/// Closes the menu that contains an element, and moves the focus to its button.
fn close(element: Option<Element>) {
    let menu = element.and_then(|element| element.closest("details").ok().flatten());
    if let Some(menu) = menu {
        // None of this fails for an element in the document.
        _ = menu.remove_attribute("open");
        let summary = menu
            .first_element_child()
            .and_then(|summary| summary.dyn_into::<HtmlElement>().ok());
        _ = summary.map(|summary| summary.focus());
    }
}

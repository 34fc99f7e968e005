//! The menu of faults, one for all replicas.

use std::cell::RefCell;

use api::Fault;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::state::cluster::{short_name, words};

/// The id of the menu.
const MENU: &str = "faults";

thread_local! {
    /// Receives the pod whose menu is opened.
    static TARGET: RefCell<Option<Callback<AttrValue>>> = const { RefCell::new(None) };
}

/// The properties of [`FaultMenu`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct FaultMenuProps {
    /// Receives the pod and its fault.
    pub on_fault: Callback<(String, Fault)>,
}

/// A menu in the browser's top layer: a click outside and Escape close it, and it is never cut off.
#[component]
pub fn FaultMenu(FaultMenuProps { on_fault }: &FaultMenuProps) -> Html {
    let pod = use_state(AttrValue::default);
    {
        let pod = pod.setter();
        use_effect_with((), move |()| {
            TARGET.set(Some(Callback::from(move |target| pod.set(target))));
            || TARGET.set(None)
        });
    }
    let item = |fault: Fault| {
        let (pod, on_fault) = (pod.to_string(), on_fault.clone());
        let on_click = Callback::from(move |_: MouseEvent| {
            on_fault.emit((pod.clone(), fault));
            // It fails only for a menu that is closed already.
            _ = menu().map(|menu| menu.hide_popover());
        });
        let duration = match fault {
            Fault::Crash => "once".to_owned(),
            _ => format!("{} s", fault.default_seconds()),
        };
        html! {
            <li>
                <button type="button" onclick={on_click}>
                    <b>{ words(fault).title }</b>
                    <small>{ words(fault).effect }</small>
                    <em>{ duration }</em>
                </button>
            </li>
        }
    };
    html! {
        <div class="faults" id={MENU} popover="auto" aria-labelledby="faults-title">
            <h3 id="faults-title">{ "Break " }<span class="pod" translate="no">{ short_name(&pod).to_owned() }</span></h3>
            <ul>{ for Fault::ALL.map(item) }</ul>
        </div>
    }
}

/// The button that opens the menu for a replica.
pub fn break_button(pod: &AttrValue) -> Html {
    let on_click = {
        let pod = pod.clone();
        Callback::from(move |event: MouseEvent| {
            TARGET.with_borrow(|target| target.as_ref().map(|target| target.emit(pod.clone())));
            let button: Option<HtmlElement> = event
                .target_dyn_into::<web_sys::Element>()
                .and_then(|element| element.closest("button").ok().flatten()?.dyn_into().ok());
            if let (Some(menu), Some(button)) = (menu(), button) {
                let top = format!("{}px", button.get_bounding_client_rect().top() as i32);
                // Neither fails: the menu has styles, and a click outside has closed it.
                _ = menu.style().set_property("--y", &top);
                _ = menu.show_popover();
            }
        })
    };
    html! {
        <button type="button" class="break" onclick={on_click} aria-haspopup="dialog" aria-label={format!("Break {}", short_name(pod))}>
            <span>{ "Break " }</span>{ "\u{22ef}" }
        </button>
    }
}

fn menu() -> Option<HtmlElement> {
    gloo_utils::document().get_element_by_id(MENU)?.dyn_into().ok()
}

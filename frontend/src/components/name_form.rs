//! The form: a name and a button.

use api::Name;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::text::text;
use crate::state::FormAction;

/// The properties of [`NameForm`].
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct NameFormProps {
    /// The validation error.
    pub error: Option<AttrValue>,
    /// Whether a submission is in flight.
    pub busy: bool,
    /// Receives the user's actions.
    pub on_action: Callback<FormAction>,
}

/// A labelled field for the name, and a button.
///
/// The text of the field is kept by the browser, not by the state. Without script, the browser posts the same form. The button
/// is never disabled, because a disabled button loses the focus.
#[component]
pub fn NameForm(props: &NameFormProps) -> Html {
    let field = use_node_ref();
    let on_input = {
        let (field, on_action) = (field.clone(), props.on_action.clone());
        Callback::from(move |_: InputEvent| on_action.emit(FormAction::Typed(text_of(&field))))
    };
    let on_submit = {
        let (field, on_action) = (field.clone(), props.on_action.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = text_of(&field);
            prepare_next_submission(&field, &text);
            on_action.emit(FormAction::Submitted(text));
        })
    };
    html! {
        <form id="name-form" action={api::path::relative(api::path::SUBMISSIONS)} method="post" onsubmit={on_submit}>
            <label for="name">{ "Your name" }</label>
            <div class="field">
                <input
                    ref={field}
                    id="name"
                    name="name"
                    type="text"
                    autocomplete="name"
                    autofocus=true
                    enterkeyhint="send"
                    aria-describedby="name-error"
                    aria-invalid={props.error.is_some().then_some("true")}
                    oninput={on_input}
                />
                <button aria-busy={props.busy.then_some("true")}>{ "Submit" }</button>
            </div>
            <p id="name-error" class="error">{ for props.error.clone().map(text) }</p>
        </form>
    }
}

fn text_of(field: &NodeRef) -> String {
    field
        .cast::<HtmlInputElement>()
        .map(|field| field.value())
        .unwrap_or_default()
}

/// Focuses the field. A valid name is selected: typing replaces it, and Enter alone sends it again. An invalid one is not,
/// because it has to be edited.
fn prepare_next_submission(field: &NodeRef, text: &str) {
    if let Some(field) = field.cast::<HtmlInputElement>() {
        // It fails only for an element outside the document.
        _ = field.focus();
        if Name::try_from(text).is_ok() {
            field.select();
        }
    }
}

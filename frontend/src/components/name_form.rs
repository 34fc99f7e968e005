//! The form: a name and a button.

use api::Name;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::state::FormAction;

/// What [`NameForm`] shows, and whom it tells.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct Props {
    /// What is wrong with the name.
    pub error: Option<AttrValue>,
    /// Whether a submission is under way.
    pub busy: bool,
    /// Hears what the person does.
    pub on_action: Callback<FormAction>,
}

/// A labelled field for the name, and a button.
///
/// The browser keeps the text of the field, not the state: what was typed before the WebAssembly arrived stays, and
/// without any script the browser posts this very form. The button is never disabled, since that would take its focus.
#[component]
pub fn NameForm(props: &Props) -> Html {
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
            make_ready_for_the_next_name(&field, &text);
            on_action.emit(FormAction::Submitted(text));
        })
    };
    html! {
        <form id="name-form" action={api::path::SUBMISSIONS} method="post" onsubmit={on_submit}>
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
            <p id="name-error" class="error">{ props.error.clone() }</p>
        </form>
    }
}

fn text_of(field: &NodeRef) -> String {
    field
        .cast::<HtmlInputElement>()
        .map(|field| field.value())
        .unwrap_or_default()
}

/// The field keeps the focus. A name that was sent is selected: typing replaces it, Enter alone sends it again. One that
/// must be mended is left as it is.
fn make_ready_for_the_next_name(field: &NodeRef, text: &str) {
    if let Some(field) = field.cast::<HtmlInputElement>() {
        // It fails only for an element that is not in the document.
        _ = field.focus();
        if Name::try_from(text).is_ok() {
            field.select();
        }
    }
}

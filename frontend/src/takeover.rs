//! Replaces the plain form in the document by the page.
//!
//! The page is rendered from scratch outside the document and put into it when it is complete. Until then, and if rendering
//! fails, the plain form stays as it is and works. Hydration would need the markup to be unchanged, and password managers and
//! translators change it; a failed hydration leaves a form whose submit event is swallowed.

use frontend::{App, AppProps, clock};
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement};
use yew::Callback;

/// The id of the page's root, in `index.html` too.
const ROOT: &str = "page";

/// Renders the page and replaces the plain form by it.
pub fn run() {
    let document = gloo_utils::document();
    let (Some(plain), Ok(page)) = (document.get_element_by_id(ROOT), document.create_element("main")) else {
        // Not our document.
        return;
    };
    page.set_id(ROOT);
    let on_rendered = {
        let page = page.clone();
        Callback::from(move |()| {
            replace(&document, &plain, &page);
            clock::mark("interactive");
        })
    };
    let props = AppProps {
        on_rendered: Some(on_rendered),
    };
    yew::Renderer::<App>::with_root_and_props(page, props).render();
}

/// Replaces the plain form. The name, its selection and the focus stay as they are.
fn replace(document: &Document, plain: &Element, page: &Element) {
    let focused = document.active_element();
    let field = |root: &Element| find::<HtmlInputElement>(root, "#name");
    let button = |root: &Element| find::<HtmlElement>(root, "button");
    let (old, new) = (field(plain), field(page));
    if let (Some(old), Some(new)) = (&old, &new) {
        new.set_value(&old.value());
    }
    // Both are in the document for a moment: on a phone, the keyboard stays where the focus goes from field to field. None of
    // these calls fails for elements that are in the document.
    _ = plain.before_with_node_1(page);
    if focused.is_some()
        && focused.as_ref() == old.as_deref().map(|field| field.as_ref())
        && let (Some(old), Some(new)) = (old, new)
    {
        let selection = |position: Result<Option<u32>, _>| position.ok().flatten().unwrap_or_default();
        let (start, end) = (selection(old.selection_start()), selection(old.selection_end()));
        _ = new.focus();
        _ = new.set_selection_range(start, end);
    } else if focused.is_some() && focused == button(plain).map(Into::into) {
        _ = button(page).map(|button| button.focus());
    }
    plain.remove();
}

fn find<T: JsCast>(root: &Element, selector: &str) -> Option<T> {
    root.query_selector(selector).ok()??.dyn_into().ok()
}

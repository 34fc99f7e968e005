//! Renders the form into `index.html`, from the same components as in the browser. The form is then visible at first paint,
//! and works before the WebAssembly has arrived or without any script.

use std::{fs, io, path::Path};

use frontend::App;
use futures::executor::block_on;
use yew::ServerRenderer;

/// The place of the form in `index.html`.
const ROOT: &str = r#"<main id="page"></main>"#;

/// Renders the form into `index.html` in this folder.
pub fn run(folder: &Path) -> io::Result<()> {
    let index = folder.join("index.html");
    let html = fs::read_to_string(&index)?;
    if !html.contains(ROOT) {
        return Err(io::Error::other(format!("{} has no {ROOT}", index.display())));
    }
    // Nothing takes over this markup, so it needs none of the marks for hydration.
    let form = block_on(ServerRenderer::<App>::new().hydratable(false).render());
    fs::write(&index, html.replace(ROOT, &ROOT.replace("><", &format!(">{form}<"))))
}

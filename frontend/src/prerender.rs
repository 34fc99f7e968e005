//! Renders the form into `index.html`, from the same components as in the browser. The form is then visible at first paint,
//! and works before the WebAssembly has arrived or without any script.

use std::{env, fs, io, path::Path};

use frontend::App;
use futures::executor::block_on;
use yew::ServerRenderer;

/// The place of the form in `index.html`.
const ROOT: &str = r#"<main id="page"></main>"#;

/// Renders the form into `index.html` in the folder `TRUNK_STAGING_DIR`, which Trunk sets for its hooks.
pub fn run() -> io::Result<()> {
    let staging = env::var_os("TRUNK_STAGING_DIR")
        .ok_or_else(|| io::Error::other("this is a hook of Trunk: run `trunk build` instead"))?;
    let index = Path::new(&staging).join("index.html");
    let html = fs::read_to_string(&index)?;
    if !html.contains(ROOT) {
        return Err(io::Error::other(format!("{} has no {ROOT}", index.display())));
    }
    // Nothing takes over this markup, so it needs none of the marks for hydration.
    let form = block_on(ServerRenderer::<App>::new().hydratable(false).render());
    fs::write(&index, html.replace(ROOT, &ROOT.replace("><", &format!(">{form}<"))))
}

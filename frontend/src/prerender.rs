//! Renders the page into `index.html`, from the same components as in the browser. The form is then there at first paint,
//! and works before the WebAssembly has arrived or without any script.

use std::path::Path;
use std::{env, fs, io};

use frontend::App;
use futures::executor::block_on;
use yew::ServerRenderer;

/// Where `index.html` wants the page.
const ROOT: &str = r#"<main id="page"></main>"#;

/// Puts the page into `index.html` in the folder `TRUNK_STAGING_DIR`, which Trunk sets for its hooks.
pub fn run() -> io::Result<()> {
    let staging = env::var_os("TRUNK_STAGING_DIR")
        .ok_or_else(|| io::Error::other("this is a hook of Trunk: run `trunk build` instead"))?;
    let index = Path::new(&staging).join("index.html");
    let html = fs::read_to_string(&index)?;
    if !html.contains(ROOT) {
        return Err(io::Error::other(format!("{} has no {ROOT}", index.display())));
    }
    fs::write(
        &index,
        html.replace(ROOT, &ROOT.replace("><", &format!(">{}<", page()))),
    )
}

/// The page as it is before anybody has done anything.
fn page() -> String {
    block_on(ServerRenderer::<App>::new().render())
}

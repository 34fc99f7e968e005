//! The start of the page, in two halves: natively it renders the page into `index.html`, in the browser it takes over.

#[cfg(not(target_arch = "wasm32"))]
mod prerender;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Takes over the markup that the native half has rendered.
#[cfg(target_arch = "wasm32")]
fn main() {
    let root = gloo_utils::document().get_element_by_id("page");
    // Without the root this is not our page, and there is nothing to do.
    if let Some(root) = root {
        yew::Renderer::<frontend::App>::with_root(root).hydrate();
    }
}

/// Renders the page into the `index.html` that Trunk has just built: a hook of `Trunk.toml` runs this.
#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::io::Result<()> {
    prerender::run()
}

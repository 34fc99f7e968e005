//! The entry points: the native build renders the form into `index.html`, the WebAssembly build starts the page.

#[cfg(not(target_arch = "wasm32"))]
mod prerender;
#[cfg(target_arch = "wasm32")]
mod takeover;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Starts the page in the browser.
#[cfg(target_arch = "wasm32")]
fn main() {
    takeover::run();
}

/// Renders the form into the `index.html` that Trunk has just built. `Trunk.toml` runs this as a hook.
#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::io::Result<()> {
    prerender::run()
}

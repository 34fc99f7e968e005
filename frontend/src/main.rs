//! The entry points: the native build renders the form into `index.html`, the WebAssembly build starts the page.

#[cfg(not(target_arch = "wasm32"))]
mod prerender;
#[cfg(not(target_arch = "wasm32"))]
mod shrink;
#[cfg(not(target_arch = "wasm32"))]
mod styles;
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

/// Completes what Trunk has just built. `Trunk.toml` runs this as a hook.
#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::io::Result<()> {
    // Trunk sets it for its hooks.
    let folder = std::env::var_os("TRUNK_STAGING_DIR")
        .map(std::path::PathBuf::from)
        .ok_or_else(|| std::io::Error::other("this is a hook of Trunk: run `trunk build` instead"))?;
    prerender::run(&folder)?;
    styles::run(&folder)?;
    shrink::run(&folder)
}

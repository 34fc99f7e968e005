// Starts the page. A file of its own, since the Content-Security-Policy allows nothing inline.
const { js, wasm } = document.querySelector("script[data-wasm]").dataset;
const { default: init } = await import(js);
await init({ module_or_path: wasm });

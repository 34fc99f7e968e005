// Starts the page. A separate file, because the Content-Security-Policy forbids inline scripts.
const find = (selector) => document.querySelector(selector);
const files = find("script[data-wasm]").dataset;
const [js, wasm] = [files.js, files.wasm].map((file) => new URL(file, document.baseURI).href);
const plain = find("#page"); // the form as the server sent it, which works without this script

// An input method must not lose the text that it is composing when the page replaces the field.
let composed;
plain.addEventListener("compositionstart", () => {
  composed = new Promise((resolve) => plain.addEventListener("compositionend", resolve, { once: true }));
});

// If the page fails, the plain form comes back.
const restore = ({ error, reason }) => {
  const page = find("#page");
  if (page === plain || !(error ?? reason)?.stack?.includes(js)) return;
  for (let id = setTimeout(() => {}); id; id -= 1) clearTimeout(id); // the page's timers: it must not keep sending
  plain.querySelector("#name").value = page.querySelector("#name").value;
  plain.querySelector("[role=status]").textContent =
    "Something in this page failed. The form still works; reload the page to get the rest back.";
  page.replaceWith(plain);
};
addEventListener("error", restore);
addEventListener("unhandledrejection", restore);

if (window.WebAssembly) {
  const [{ default: init }, module] = await Promise.all([import(js), WebAssembly.compileStreaming(fetch(wasm))]);
  await composed;
  await init({ module_or_path: module });
}

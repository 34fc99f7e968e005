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

const say = (text) => {
  plain.querySelector("[role=status]").textContent = text;
};

// If the page fails, the plain form comes back.
const restore = ({ error, reason }) => {
  const page = find("#page");
  if (page === plain || !(error ?? reason)?.stack?.includes(js)) return;
  for (let id = setTimeout(() => {}); id; id -= 1) clearTimeout(id); // the page's timers: it must not keep sending
  plain.querySelector("#name").value = page.querySelector("#name").value;
  say("Something in this page failed. The form still works; reload the page to get the rest back.");
  page.replaceWith(plain);
};
addEventListener("error", restore);
addEventListener("unhandledrejection", restore);

// The styles of what needs script are there before it is shown.
const styles = find("link[media=print]");
const styled = new Promise((resolve) => {
  if (styles.sheet) resolve();
  styles.addEventListener("load", resolve, { once: true });
  styles.addEventListener("error", resolve, { once: true });
});

try {
  if (!window.WebAssembly) throw new Error("There is no WebAssembly.");
  const [{ default: init }, module] = await Promise.all([import(js), WebAssembly.compileStreaming(fetch(wasm)), styled]);
  styles.media = "all";
  await composed;
  await init({ module_or_path: module });
} catch (error) {
  if (find("#page") === plain) say("The live view of the cluster is missing: WebAssembly does not work in this browser. The form does.");
  throw error;
}

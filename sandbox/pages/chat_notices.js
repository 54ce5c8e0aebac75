// What a tap brings: a line that goes by itself, or an alert to be closed.

const element = (id) => document.getElementById(id);

let toastEnds = 0;

export function toast(text) {
  clearTimeout(toastEnds);
  element("toast").textContent = text;
  element("toast").hidden = false;
  toastEnds = setTimeout(() => {
    element("toast").hidden = true;
  }, 4000);
}

export function alertWith(text) {
  element("toast").hidden = true;
  element("alert-text").textContent = text;
  element("alert").showModal();
}

element("alert-close").addEventListener("click", () => element("alert").close());

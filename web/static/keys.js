// Keys: "?" help, "/" search, j and k through the rows, Alt+K to any page. None of them changes anything. Those of a single
// character can be switched off on the page of help, which is remembered in this browser.
(() => {
  const OFF = "lienthong-keys-off";
  const off = () => localStorage.getItem(OFF) === "yes";
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;
  const words = document.body.dataset;

  const rows = () => [...document.querySelectorAll("main tbody th a, main tbody td a")].filter(
    (link, _at, all) => all.find((other) => other.closest("tr") === link.closest("tr")) === link,
  );
  const step = (by) => {
    const links = rows();
    if (!links.length) return;
    const at = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
    links[Math.min(Math.max(at + by, 0), links.length - 1)].focus();
  };
  const acts = {
    "?": () => location.assign("/tro-giup"),
    "/": () => document.querySelector("form.filters input:not([type=hidden])")?.focus(),
    j: () => step(1),
    k: () => step(-1),
  };

  const goTo = () => {
    const dialog = document.createElement("dialog");
    dialog.className = "go-to";
    dialog.setAttribute("aria-label", words.goTo);
    const entry = Object.assign(document.createElement("input"), { type: "text", className: "form-control" });
    entry.setAttribute("aria-label", words.goTo);
    const list = document.createElement("ul");
    for (const link of document.querySelectorAll("nav.menu a")) {
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("a"), { href: link.href, textContent: link.textContent }));
      list.append(item);
    }
    const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
    const shown = () => [...list.children].filter((item) => !item.hidden);
    entry.addEventListener("input", () => {
      for (const item of list.children) item.hidden = !plain(item.textContent).includes(plain(entry.value));
    });
    entry.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && shown().length) location.assign(shown()[0].querySelector("a").href);
    });
    const before = document.activeElement;
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus();
    });
    dialog.append(entry, list);
    document.body.append(dialog);
    dialog.showModal();
    entry.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyK") {
      event.preventDefault();
      goTo();
      return;
    }
    const act = acts[event.key];
    if (!act || off() || event.altKey || event.ctrlKey || event.metaKey || typing(event.target)) return;
    event.preventDefault();
    act();
  });

  const toggle = document.getElementById("keys-toggle");
  if (toggle) {
    const show = () => {
      toggle.textContent = off() ? toggle.dataset.on : toggle.dataset.off;
      toggle.setAttribute("aria-pressed", String(off()));
    };
    toggle.hidden = false;
    toggle.addEventListener("click", () => {
      localStorage.setItem(OFF, off() ? "no" : "yes");
      show();
    });
    show();
  }
})();

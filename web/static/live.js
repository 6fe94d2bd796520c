// Keeps a list fresh: asks for the same address again and puts its list in place of the old one. It waits while nobody looks,
// while somebody paused it, and while something in the list is focused or chosen. An answer that is no list marks what is
// there as stale and leaves it.
(() => {
  const KEY = "lienthong-paused";
  const live = () => document.getElementById("live");
  const button = document.getElementById("pause");
  if (!live().dataset.every || !button) return;
  const paused = () => sessionStorage.getItem(KEY) === "yes";
  const show = () => {
    button.textContent = paused() ? button.dataset.resume : button.dataset.pause;
    button.setAttribute("aria-pressed", String(paused()));
  };
  const busy = () => live().contains(document.activeElement) || live().querySelector("input:checked") !== null;
  const stale = () => {
    document.getElementById("stale").hidden = false;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    sessionStorage.setItem(KEY, paused() ? "no" : "yes");
    show();
  });
  document.addEventListener("htmx:before:response", (event) => {
    if (event.detail.ctx.response.status >= 400) {
      event.preventDefault();
      stale();
    }
  });
  document.addEventListener("htmx:error", stale);
  document.addEventListener("htmx:after:swap", () => {
    document.getElementById("stale").hidden = true;
  });
  setInterval(() => {
    if (document.hidden || paused() || busy()) return;
    htmx.ajax("GET", location.pathname + location.search, {
      source: "#live",
      target: "#live",
      select: "#live",
      swap: "outerHTML",
    });
  }, Number(live().dataset.every) * 1000);
  show();
})();

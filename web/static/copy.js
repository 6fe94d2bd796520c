// Copies what stands beside a button, such as a command. Where the browser gives no clipboard (plain HTTP on another machine),
// it selects the text, so that the keyboard copies it.
(() => {
  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  const show = () => document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    } catch {
      select(button.previousElementSibling);
    }
  });
  document.addEventListener("htmx:after:swap", show);
  show();
})();

// Two minutes before a session ends it says so and offers to go on; what is being typed stays where it is.
(() => {
  const box = document.getElementById("session-ends");
  if (!box) return;
  const EARLY_MS = 120_000;
  let timer = 0;
  const plan = (seconds) => {
    clearTimeout(timer);
    box.hidden = true;
    timer = setTimeout(() => {
      box.hidden = false;
    }, Math.min(Math.max(seconds * 1000 - EARLY_MS, 0), 2 ** 31 - 1));
  };
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
      if (answer.ok) plan((await answer.json()).seconds);
      else form.submit();
    } catch {
      form.submit();
    }
  });
  plan(Number(box.dataset.seconds));
})();

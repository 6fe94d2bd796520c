// Two minutes before a session ends it says so and offers to go on; what is being typed stays where it is. Another page may have
// used the session meanwhile, so the server is asked before anything is said; to be asked is no use.
(() => {
  const box = document.getElementById("session-ends");
  if (!box) return;
  const EARLY_S = 120;
  const MOST_MS = 2 ** 31 - 1;
  const [words, form] = [box.querySelector("p"), box.querySelector("form")];
  const ending = words.textContent;
  let timer = 0;
  const askAfter = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.min(Math.max(seconds, 0) * 1000, MOST_MS));
  };
  const show = (over) => {
    words.textContent = over ? box.dataset.over : ending;
    form.hidden = over;
    box.hidden = false;
  };
  const told = (seconds) => {
    if (seconds > EARLY_S) {
      box.hidden = true;
      askAfter(seconds - EARLY_S);
    } else {
      show(seconds <= 0);
      if (seconds > 0) askAfter(seconds + 1);
    }
  };
  async function ask() {
    try {
      const answer = await fetch(form.action, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (answer.ok) told((await answer.json()).seconds);
      else show(answer.status === 401);
    } catch {
      show(false);
    }
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
      if (answer.ok) told((await answer.json()).seconds);
      else if (answer.status === 401) show(true);
      else form.submit();
    } catch {
      form.submit();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !box.hidden) ask();
  });
  const seconds = Number(box.dataset.seconds);
  if (seconds > EARLY_S) askAfter(seconds - EARLY_S);
  else askAfter(seconds + 1);
})();

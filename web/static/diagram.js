// Draws the dossier's process and marks the elements where tokens stand. The list below the drawing says the same.
(async () => {
  const place = document.getElementById("diagram");
  const viewer = new BpmnJS({ container: place });
  const answer = await fetch(place.dataset.source, { credentials: "same-origin" });
  if (!answer.ok) {
    place.hidden = true;
    return;
  }
  await viewer.importXML(await answer.text());
  const canvas = viewer.get("canvas");
  const elements = viewer.get("elementRegistry");
  for (const element of Object.keys(JSON.parse(place.dataset.visits || "{}"))) {
    if (elements.get(element)) {
      canvas.addMarker(element, "token-passed");
    }
  }
  for (const token of JSON.parse(place.dataset.tokens)) {
    if (elements.get(token.element)) {
      canvas.addMarker(token.element, `token-${token.state}`);
    }
  }
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      const by = button.dataset.zoom;
      canvas.zoom(by === "fit" ? "fit-viewport" : canvas.zoom() * Number(by), "auto");
    });
  }
  canvas.zoom("fit-viewport", "auto");
  for (const focusable of place.querySelectorAll("a, [tabindex], svg")) {
    focusable.setAttribute("tabindex", "-1");
  }
  place.dataset.ready = "true";
})();

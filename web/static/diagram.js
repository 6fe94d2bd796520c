// Draws the dossier's process and marks the elements where tokens stand. The table below the drawing says the same.
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
  for (const token of JSON.parse(place.dataset.tokens)) {
    if (elements.get(token.element)) {
      canvas.addMarker(token.element, `token-${token.state}`);
    }
  }
  canvas.zoom("fit-viewport", "auto");
  place.dataset.ready = "true";
})();

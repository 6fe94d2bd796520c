// Draws processes and marks the elements where tokens stand or findings are. A list beside each drawing says the same.
(() => {
  const xmlOf = async (place) => {
    if (place.dataset.xml) return place.dataset.xml;
    const answer = await fetch(place.dataset.source, { credentials: "same-origin" });
    return answer.ok ? answer.text() : null;
  };
  const draw = async (place) => {
    const xml = await xmlOf(place);
    if (!xml) {
      place.hidden = true;
      return;
    }
    const viewer = new BpmnJS({ container: place });
    try {
      await viewer.importXML(xml);
    } catch {
      viewer.destroy(); // a model that nobody drew: the list beside it is all there is
      place.hidden = true;
      return;
    }
    const canvas = viewer.get("canvas");
    const elements = viewer.get("elementRegistry");
    const mark = (element, name) => elements.get(element) && canvas.addMarker(element, name);
    for (const element of Object.keys(JSON.parse(place.dataset.visits || "{}"))) mark(element, "token-passed");
    const overlays = viewer.get("overlays");
    for (const token of JSON.parse(place.dataset.tokens)) {
      if (token.state) mark(token.element, `token-${token.state}`);
      if (!token.badge || !elements.get(token.element)) continue;
      const html = document.createElement("span");
      html.className = "badge-count";
      html.textContent = token.badge;
      overlays.add(token.element, { position: { bottom: 6, left: -4 }, html });
    }
    for (const button of document.querySelectorAll(`[data-zoom-of="${place.id}"]`)) {
      button.addEventListener("click", () => {
        const by = button.dataset.zoom;
        canvas.zoom(by === "fit" ? "fit-viewport" : canvas.zoom() * Number(by), "auto");
      });
    }
    if (place.dataset.opens) {
      const visits = JSON.parse(place.dataset.visits);
      viewer.get("eventBus").on("element.click", ({ element }) => {
        const id = element.labelTarget ? element.labelTarget.id : element.id;
        if (id in visits) location.assign(place.dataset.opens + encodeURIComponent(id));
      });
      for (const id of Object.keys(visits)) mark(id, "token-opens");
    }
    canvas.zoom("fit-viewport", "auto");
    for (const focusable of place.querySelectorAll("a, [tabindex], svg")) focusable.setAttribute("tabindex", "-1");
    place.dataset.ready = "true";
  };
  document.querySelectorAll(".diagram").forEach(draw);
})();

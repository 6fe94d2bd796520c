// Draws figures over time with uPlot. A table beside each chart says the same.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = (place) => {
    const { at, series } = JSON.parse(place.dataset.chart);
    const line = (one) => ({ label: one.label, stroke: colour(one.colour), width: 2, dash: one.dash, points: { show: at.length < 2 } });
    const grid = { stroke: colour("--text"), grid: { stroke: colour("--soft") } };
    const size = () => ({ width: Math.max(place.clientWidth, 240), height: 220 });
    const chart = new uPlot(
      {
        ...size(),
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Ho_Chi_Minh"),
        fmtDate: () => (date) => date.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" }),
        legend: { live: false },
        scales: { y: { range: (_chart, _least, most) => [0, most || 1] } },
        series: [{}, ...series.map(line)],
        axes: [grid, grid],
      },
      [at, ...series.map((one) => one.values)],
      place,
    );
    addEventListener("resize", () => chart.setSize(size()));
    place.dataset.ready = "true";
  };
  document.querySelectorAll(".chart").forEach(draw);
})();

// The page of a forecast: one plot a column, the past, the median ahead, and its intervals behind it.

const forecast = JSON.parse(document.getElementById("forecast").textContent);
const bandTransparency = [0.38, 0.24, 0.14, 0.08];

/** An interval as an area that begins at the last value of the past. */
function bandTrace(band, index, start, color) {
  const steps = [start.step, ...forecast.steps];
  const low = [start.value, ...band.low], high = [start.value, ...band.high];
  return {
    x: [...steps, ...steps.toReversed()], y: [...high, ...low.toReversed()], type: "scatter", mode: "lines", fill: "toself",
    line: { width: 0 }, fillcolor: transparent(color, bandTransparency[Math.min(index, 3)]),
    name: `${band.percent} %`, hoverinfo: "skip",
  };
}

function tracesOf(curve) {
  const start = { step: forecast.past.at(-1), value: curve.past.at(-1) };
  const color = colorOf(0), line = (width, dash) => ({ color, width, dash });
  const widestFirst = curve.bands.map((band, index) => bandTrace(band, index, start, color)).toReversed();
  return [
    ...widestFirst,
    { x: forecast.past, y: curve.past, mode: "lines", line: { color: theme().text, width: 1.5 }, name: "past" },
    { x: [start.step, ...forecast.steps], y: [start.value, ...curve.forecast], mode: "lines", line: line(2.2), name: "forecast" },
  ];
}

function drawCurve(element, curve) {
  const type = forecast.dates ? "date" : "linear";
  const layout = {
    ...baseLayout({ l: 60, r: 16, t: 12, b: 52 }), showlegend: true, hovermode: "x",
    legend: { orientation: "h", y: 1.12, font: { color: theme().text } },
    xaxis: { ...axisStyle(plain(forecast.step)), type }, yaxis: axisStyle(plain(curve.name)),
  };
  draw(element, tracesOf(curve), layout);
}

const drawn = forecast.curves.map((curve) => {
  const section = document.createElement("section"), title = document.createElement("h2"), plot = document.createElement("div");
  section.className = "plotted";
  title.textContent = curve.name;
  plot.className = "plot";
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", `Past and forecast of ${curve.name}; the same numbers are in the table below`);
  section.append(title, plot);
  document.getElementById("curves").append(section);
  return { plot, curve };
});

function drawAll() {
  forgetTheme();
  for (const { plot, curve } of drawn) drawCurve(plot, curve);
  document.documentElement.dataset.drawn = "true";
}

drawAll();
for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", drawAll);

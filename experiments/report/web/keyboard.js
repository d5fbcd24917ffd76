// Plots without a mouse: the arrow keys go from point to point and from curve to curve of the plot that has the
// focus; what is there is shown beside the point, and told to those who listen.

const told = document.createElement("div");
told.className = "told";
told.setAttribute("aria-live", "polite");
document.body.append(told);

const spoken = (html) => html.replace(/<extra>.*<\/extra>/, "").replace(/<br>/g, ", ").replace(/<[^>]*>/g, "")
  .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** What can be walked through: curves with points to point at. */
const curvesIn = (plot) => (plot._fullData ?? []).map((trace, index) => ({ trace, index }))
  .filter(({ trace }) => trace.visible === true && trace.hoverinfo !== "skip");

function sentence({ trace }, at, point) {
  if (trace.type === "heatmap") return spoken(trace.hovertext?.[at]?.[point] ?? `${trace.y[at]}, ${trace.x[point]}: ${trace.z[at][point]}`);
  const [middle] = [trace.customdata?.[point]].flat().slice(-3);
  return spoken(`${trace.name}: ${trace.x[point]}, ${Array.isArray(trace.customdata?.[point]) && trace.customdata[point].length === 3 ? middle : trace.y[point]}`);
}

function walk(plot, key) {
  const curves = curvesIn(plot);
  if (curves.length === 0) return;
  const place = plot.place ??= { curve: 0, point: -1 };
  const isMap = curves[0].trace.type === "heatmap";
  const lines = isMap ? curves[0].trace.z.length : curves.length;
  if (key === "ArrowDown") ++place.curve;
  if (key === "ArrowUp") --place.curve;
  place.curve = (place.curve + lines) % lines;
  const curve = isMap ? curves[0] : curves[place.curve];
  const points = isMap ? curve.trace.z[place.curve].length : curve.trace.x.length;
  if (key === "ArrowRight") ++place.point;
  if (key === "ArrowLeft") --place.point;
  if (key === "Home") place.point = 0;
  if (key === "End") place.point = points - 1;
  place.point = Math.min(Math.max(place.point, 0), points - 1);
  const where = isMap ? { xval: curve.trace.x[place.point], yval: curve.trace.y[place.curve] }
    : [{ curveNumber: curve.index, pointNumber: place.point }];
  Plotly.Fx.hover(plot, where);
  told.textContent = sentence(curve, place.curve, place.point);
}

/** Makes a plot one that the keyboard reaches. */
function listenToKeys(plot) {
  plot.tabIndex = 0;
  plot.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { Plotly.Fx.unhover(plot); told.textContent = ""; return; }
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    drawNow(plot);
    walk(plot, event.key);
  });
  plot.addEventListener("blur", () => { if (plot.place) Plotly.Fx.unhover(plot); told.textContent = ""; });
}

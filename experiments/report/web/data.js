// The sweep as data, and which axis plays which part in the plots: one gives the colours ("series"), one the
// panels and the columns of the heat map ("panel"), the rest are held fixed by a choice at the top.

const byId = (id) => document.getElementById(id);

const sweep = JSON.parse(byId("data").textContent);

const roles = (() => {
  const varied = sweep.axes.map((axis, index) => ({ ...axis, index })).filter((axis) => axis.labels.length > 1);
  if (varied.length === 0) return { series: null, panel: null, fixed: [] };
  if (varied.length === 1)  // many values would be too many colours
    return varied[0].labels.length <= 8
      ? { series: varied[0], panel: null, fixed: [] }
      : { series: null, panel: varied[0], fixed: [] };
  const panel = varied.find((axis) => axis.name === "length" || axis.name === "task.length")
    ?? varied.find((axis) => axis.numeric) ?? varied[1];
  const [series, ...fixed] = varied.filter((axis) => axis !== panel);
  return { series, panel, fixed };
})();

const chosen = new Map(roles.fixed.map((axis) => [axis.index, 0]));  // value held, per fixed axis
const hidden = new Set();  // series that the reader has switched off

const cellsByPlace = new Map(sweep.cells.map((cell) => [cell.at.join(), cell]));

/** The cell of a series and a panel (both indices of values) at the chosen values of the other axes. */
function cellAt(series, panel) {
  const at = sweep.axes.map((_, index) => chosen.get(index) ?? 0);
  if (roles.series) at[roles.series.index] = series;
  if (roles.panel) at[roles.panel.index] = panel;
  return cellsByPlace.get(at.join());
}

const seriesLabels = roles.series?.labels ?? ["all runs"];
const panelLabels = roles.panel?.labels ?? [""];
const panelTitle = (panel) => roles.panel ? `${roles.panel.name} ${panelLabels[panel]}` : "";
const shownAtFirst = 40;  // more curves than that cover each other
for (let series = shownAtFirst; series < seriesLabels.length; ++series) hidden.add(series);
const indices = (list) => list.map((_, index) => index);
const shownSeries = () => indices(seriesLabels).filter((series) => !hidden.has(series));
const someCell = (test) => sweep.cells.some(test);

// ---- series ------------------------------------------------------------------------------------------------
// What is plotted follows from the descriptors in the records: their kind, axis, unit, moments.

const bandAt = (cell, summary, moment) => cell?.bands[summary.name]?.[moment];

/** The moment that is drawn solid: what a curve over training is about, where a profile ends up. */
const mainMoment = (summary) => summary.kind === "curve" ? summary.moments[0] : summary.moments.at(-1);

/** The gradient of a loss, which the page explains. */
const isGradient = (summary) => summary.unit.includes("∂L");

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function titleOf(list) {
  if (list.every(isGradient)) return "The vanishing gradient";
  return capitalised(list.length === 1 ? list[0].name : `over ${list[0].axis}`);
}

/** The sections with lines: those over training, then for each other axis what is at a few places or at many. */
const groups = (() => {
  const ofKind = (kind) => sweep.series.filter((summary) => summary.kind === kind);
  const curves = ofKind("curve");
  const found = [
    { id: "learning", title: "Learning curves", series: curves.filter((summary) => summary.leads) },
    { id: "metrics", title: "Other metrics", series: curves.filter((summary) => !summary.leads) },
  ];
  for (const kind of ["points", "profile"])
    for (const axis of new Set(ofKind(kind).map((summary) => summary.axis))) {
      const series = ofKind(kind).filter((summary) => summary.axis === axis);
      found.push({ id: `${kind}-${axis.replace(/\W+/g, "-")}`, title: titleOf(series), series });
    }
  return found.filter((group) => group.series.length > 0);
})();

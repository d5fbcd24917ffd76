// The sweep as data, and which axis plays which part in the plots: one gives the colours ("series"), one the
// panels and the columns of the heat map ("panel"), the rest are held fixed by a choice at the top.

const sweep = JSON.parse(await unpacked("sweep"));
sweep.cells.forEach((cell, index) => { cell.index = index; });
sweep.series.forEach((summary, index) => { summary.index = index; });

const indices = (list) => list.map((_, index) => index);
const someCell = (test) => sweep.cells.some(test);

// ---- axes --------------------------------------------------------------------------------------------------

const varied = sweep.axes.map((axis, index) => ({ ...axis, index })).filter((axis) => axis.labels.length > 1);

function firstRoles() {
  if (varied.length === 0) return { series: null, panel: null };
  if (varied.length === 1)  // many values would be too many colours
    return varied[0].labels.length <= 8 ? { series: varied[0], panel: null } : { series: null, panel: varied[0] };
  const panel = varied.find((axis) => axis.name === "length" || axis.name === "task.length")
    ?? varied.find((axis) => axis.numeric) ?? varied[1];
  return { series: varied.find((axis) => axis !== panel), panel };
}

const roles = firstRoles();
const fixedAxes = () => varied.filter((axis) => axis !== roles.series && axis !== roles.panel);

/** Gives a part to an axis, or to none; where that axis had the other part, the two change places. */
function setRole(role, axis) {
  const other = role === "series" ? "panel" : "series";
  if (axis && axis === roles[other]) roles[other] = roles[role];
  roles[role] = axis;
  hidden.clear();
}

const chosen = new Map(varied.map((axis) => [axis.index, 0]));  // value held, where the axis is fixed
const hidden = new Set();  // series that the reader has switched off

const cellsByPlace = new Map(sweep.cells.map((cell) => [cell.at.join(), cell]));

/** The cell of a series and a panel (both indices of values) at the chosen values of the other axes. */
function cellAt(series, panel) {
  const at = sweep.axes.map((_, index) => chosen.get(index) ?? 0);
  if (roles.series) at[roles.series.index] = series;
  if (roles.panel) at[roles.panel.index] = panel;
  return cellsByPlace.get(at.join());
}

const seriesLabels = () => roles.series?.labels ?? ["all runs"];
const panelLabels = () => roles.panel?.labels ?? [""];
const panelTitle = (panel) => roles.panel ? `${roles.panel.name} ${panelLabels()[panel]}` : "";

const mostCurves = 40;  // more than that cover each other

/** Evenly spread ones of the series where there are too many: as panels all are seen. */
function drawnSeries() {
  const { length } = seriesLabels();
  if (length <= mostCurves) return indices(seriesLabels());
  return Array.from({ length: mostCurves }, (_, i) => Math.floor(i * (length - 1) / (mostCurves - 1)));
}
const shownSeries = () => drawnSeries().filter((series) => !hidden.has(series));

/** Panels, of which the first are shown where there are so many that nobody looks at all. */
const mostPanels = 1000;
const drawnPanels = () => indices(panelLabels().slice(0, mostPanels));

// ---- series ------------------------------------------------------------------------------------------------
// What is plotted follows from the descriptors in the records: their kind, axis, unit, moments.

/** Lowest, lowest positive and highest of the values. */
function spanOf(values) {
  let low = Infinity, positive = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value > 0 && value < positive) positive = value;
  }
  return { low, positive, high };
}

function unpackedBand([place, median, low, high], places) {
  if (place === undefined) return null;
  const band = { at: places[place], median, low: low ?? median, high: high ?? median, medians: spanOf(median) };
  const lows = low ? spanOf(low) : band.medians, highs = high ? spanOf(high) : band.medians;
  band.all = { low: Math.min(lows.low, highs.low), positive: Math.min(lows.positive, highs.positive), high: Math.max(lows.high, highs.high) };
  return band;
}

/** The curves of a series, when they are looked at for the first time: per moment, those of the cells. */
async function loadBands(summary) {
  if (summary.bands) return;
  const { places, moments } = JSON.parse(await unpacked(`series-${summary.index}`));
  summary.bands = moments.map((curves) => curves.map((curve) => unpackedBand(curve, places)));
}

const bandAt = (cell, summary, moment) => cell && summary.bands[summary.moments.indexOf(moment)][cell.index];

/** The moment that is drawn solid: what a curve over training is about, where a profile ends up. */
const mainMoment = (summary) => summary.kind === "curve" ? summary.moments[0] : summary.moments.at(-1);

/** The gradient of a loss, which the page explains. */
const isGradient = (summary) => summary.unit.includes("∂L");

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function titleOf(list) {
  if (list.every(isGradient)) return "The vanishing gradient";
  if (list[0].kind === "plane") return capitalised(`${list[0].axis} and ${list[0].unit}`);
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
  for (const kind of ["points", "profile", "plane"])
    for (const axis of new Set(ofKind(kind).map((summary) => summary.axis))) {
      const series = ofKind(kind).filter((summary) => summary.axis === axis);
      found.push({ id: `${kind}-${axis.replace(/\W+/g, "-")}`, title: titleOf(series), series });
    }
  return found.filter((group) => group.series.length > 0);
})();

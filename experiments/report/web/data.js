// The sweep as data, and which axis plays which part in the plots: one gives the colours ("series"), one the
// panels and the columns of the heat map ("panel"), one the strokes of the lines ("line"), the rest are held fixed
// by a choice at the top.

const sweep = JSON.parse(await unpacked("sweep"));
sweep.cells.forEach((cell, index) => { cell.index = index; });
sweep.series.forEach((summary, index) => { summary.index = index; });

const indices = (list) => list.map((_, index) => index);

// ---- axes --------------------------------------------------------------------------------------------------

const varied = sweep.axes.map((axis, index) => ({ ...axis, index, numeric: axis.numbers.length > 0 }))
  .filter((axis) => axis.labels.length > 1);

const roleNames = { series: "colours", panel: "panels", line: "lines" };

/** As many values as colours and strokes tell apart; numbers are shades of one ramp. */
const fitsColours = (axis) => axis.labels.length <= (axis.numeric ? 12 : 24);

function firstRoles() {
  const line = varied.length > 1 ? varied.find((axis) => axis.name === "folder") ?? null : null;
  const rest = varied.filter((axis) => axis !== line);
  if (rest.length === 0) return { series: null, panel: null, line };
  if (rest.length === 1)
    return fitsColours(rest[0]) ? { series: rest[0], panel: null, line } : { series: null, panel: rest[0], line };
  const panel = rest.find((axis) => axis.name === "length" || axis.name === "task.length")
    ?? rest.find((axis) => axis.numeric) ?? rest[1];
  return { series: rest.find((axis) => axis !== panel), panel, line };
}

const roles = firstRoles();
const fixedAxes = () => varied.filter((axis) => !Object.values(roles).includes(axis));

/** Gives a part to an axis, or to none; where that axis had another part, the two change places. */
function setRole(role, axis) {
  const other = Object.keys(roles).find((name) => axis && roles[name] === axis);
  if (other) roles[other] = roles[role];
  roles[role] = axis;
  hidden.clear();
}

const chosen = new Map(varied.map((axis) => [axis.index, 0]));  // value held, where the axis is fixed
const hidden = new Set();  // series that the reader has switched off

const cellsByPlace = new Map(sweep.cells.map((cell) => [cell.at.join(), cell]));

/** The cell where axes have these values, [axis or null, index of the value], and all others what is chosen. */
function cellWith(places) {
  const at = sweep.axes.map((_, index) => chosen.get(index) ?? 0);
  for (const [axis, value] of places) if (axis) at[axis.index] = value;
  return cellsByPlace.get(at.join());
}

/** The cell of a series, a panel and a line. */
const cellAt = (series, panel, line = 0) => cellWith([[roles.series, series], [roles.panel, panel], [roles.line, line]]);

const seriesLabels = () => roles.series?.labels ?? ["all runs"];
const panelLabels = () => roles.panel?.labels ?? [""];
const lineLabels = () => roles.line?.labels ?? [""];
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

/** What is drawn over the picture of this series. */
const linesOver = (summary) => sweep.series.filter(({ over }) => over === summary.name);

const bandAt = (cell, summary, moment) => cell && summary.bands[summary.moments.indexOf(moment)][cell.index];

/** The moment that is drawn solid: what a curve over training is about, where a profile ends up. */
const mainMoment = (summary) => summary.kind === "curve" ? summary.moments[0] : summary.moments.at(-1);

/** The gradient of a loss, which the page explains. */
const isGradient = (summary) => summary.unit.includes("∂L");

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The sections with lines. */
const groups = sweep.figures.filter((figure) => figure.kind === "series")
  .map((figure) => ({ ...figure, series: figure.series.map((index) => sweep.series[index]) }));

const figureOf = (kind) => sweep.figures.find((figure) => figure.kind === kind);

/** The names and values of all varied axes for a cell, as a table has them. */
const axisNames = () => varied.map((axis) => axis.name);
const axisValues = (cell) => varied.map((axis) => axis.labels[cell.at[axis.index]]);

/** The curves of the single runs of a series, per cell, when they are asked for the first time. */
async function loadRuns(summary) {
  if (summary.runCurves || !summary.runs) return;
  const { places, cells } = JSON.parse(await unpacked(`runs-${summary.index}`));
  summary.runCurves = cells.map((runs) => runs.map(([place, values]) => ({ at: places[place], values })));
}

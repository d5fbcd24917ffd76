// The sweep as data, and which axis plays which part in the plots: one gives the colours ("series"), one the
// panels and the columns of the heat map ("panel"), the rest are held fixed by a choice at the top.

const sweep = JSON.parse(document.getElementById("data").textContent);

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
const indices = (list) => list.map((_, index) => index);
const shownSeries = () => indices(seriesLabels).filter((series) => !hidden.has(series));
const someCell = (test) => sweep.cells.some(test);

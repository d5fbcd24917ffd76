// The three kinds of plot. Each function draws into its element anew from the data and the current colours.

function theme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--text"), muted: read("--muted"), grid: read("--grid"), line: read("--line"),
    background: read("--background"), surface: read("--surface"), baseline: read("--baseline"),
    low: read("--low"), high: read("--high"), series: read("--series").split(/\s+/),
  };
}

const colorOf = (series) => { const { series: colors } = theme(); return colors[series % colors.length]; };

function transparent(hex, alpha) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${red},${green},${blue},${alpha})`;
}

// Plotly reads a small markup in labels; a value of the config must not be taken for it.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function axisStyle(title) {
  const colors = theme();
  return {
    title: { text: title, standoff: 8, font: { size: 12.5, color: colors.muted } },
    color: colors.text, gridcolor: colors.grid, linecolor: colors.line, zeroline: false, automargin: true,
    tickfont: { size: 12 }, ticks: "outside", ticklen: 4, tickcolor: colors.line,
  };
}

function baseLayout(margin) {
  const colors = theme();
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin, showlegend: false,
    font: { family: 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif', size: 13, color: colors.text },
    hoverlabel: { bgcolor: colors.surface, bordercolor: colors.line, font: { color: colors.text, size: 12.5 } },
    dragmode: canDrag() ? "zoom" : false,
  };
}

// A finger on a plot scrolls the page; a mouse may zoom, and a double click returns.
const canDrag = () => matchMedia("(pointer: fine)").matches;

const plotConfig = { responsive: true, displaylogo: false, displayModeBar: false };

const draw = (element, traces, layout) => Plotly.react(element, traces, layout, plotConfig);

const number = (value) => value === null ? "not finite" : Number(value.toPrecision(4)).toString();

function powersOfTen(axis, low, high) {
  const decades = Math.log10(high / low);
  if (!(decades > 1.5)) return { ...axis, type: "log", exponentformat: "power", nticks: 6 };
  return { ...axis, type: "log", exponentformat: "power", dtick: Math.max(1, Math.ceil(decades / 7)) };
}

// ---- success rate ------------------------------------------------------------------------------------------

function heatText(cell, width) {
  if (!cell || cell.results === 0) return "–";
  const fitting = cell.trouble.split(", ").filter((part) => part && part.length * 6 < width);
  return [`<b>${cell.successes}/${cell.results}</b>`,
    ...fitting.map((part) => `<span style="font-size:10.5px">${plain(part)}</span>`)].join("<br>");
}

function heatHover(cell, row, column) {
  const place = [row, column].filter(Boolean).map(plain).join(", ");
  if (!cell || cell.results === 0) return `${place}<br>no result${cell?.trouble ? `: ${plain(cell.trouble)}` : ""}`;
  const percent = (share) => Math.round(100 * share);
  const lines = [
    place,
    `${cell.successes} of ${cell.results} succeeded, 95 % CI ${percent(cell.low)}–${percent(cell.high)} %`,
    `median best loss ${number(cell.median_best)}`,
    `updates to success: ${plain(cell.updates)}`,
  ];
  if (cell.trouble) lines.push(plain(cell.trouble));
  return lines.filter(Boolean).join("<br>");
}

/** Rows are series, columns panels; with one varied axis its values are the columns of a single row. */
function drawHeatMap(element) {
  const colors = theme();
  const oneRow = !roles.series || !roles.panel;
  const columnAxis = roles.panel ?? roles.series;
  const columns = columnAxis.labels;
  const rows = oneRow ? [""] : seriesLabels;
  const cells = rows.map((_, row) => columns.map((_, column) =>
    oneRow && roles.series ? cellAt(column, 0) : cellAt(row, column)));
  const share = cells.map((line) => line.map((cell) => cell?.results ? cell.successes / cell.results : null));

  const narrow = element.clientWidth < 520;
  const cellWidth = (element.clientWidth - (narrow ? 90 : 210)) / columns.length;
  const annotations = cells.flatMap((line, row) => line.map((cell, column) => ({
    x: column, y: row, text: heatText(cell, cellWidth), showarrow: false,
    font: { size: cellWidth < 40 ? 10 : 14, color: inkOn(share[row][column], colors) },
  })));
  element.style.height = `${Math.max(150, 84 + rows.length * 52)}px`;
  draw(element, [{
    type: "heatmap", z: share, x: indices(columns), y: indices(rows), zmin: 0, zmax: 1, xgap: 3, ygap: 3,
    colorscale: [[0, colors.low], [1, colors.high]], hoverongaps: true,
    hovertext: cells.map((line, row) => line.map((cell, column) => heatHover(cell, rows[row], columns[column]))),
    hoverinfo: "text", showscale: !narrow,
    colorbar: {
      title: { text: "success rate", side: "right", font: { size: 12.5, color: colors.muted } }, thickness: 12,
      tickformat: ".0%", tickvals: [0, 0.5, 1], outlinewidth: 0, tickfont: { size: 12 },
    },
  }], {
    ...baseLayout({ l: 20, r: narrow ? 8 : 90, t: 6, b: 46 }), annotations,
    xaxis: { ...axisStyle(plain(columnAxis.name)), tickvals: indices(columns), ticktext: columns.map(plain),
             showgrid: false, ticks: "", fixedrange: true, range: [-0.5, columns.length - 0.5] },
    yaxis: { ...axisStyle(oneRow || narrow ? "" : plain(roles.series.name)), tickvals: indices(rows),
             ticktext: rows.map((row) => plain(row).replace(", ", narrow ? ",<br>" : ", ")),
             showgrid: false, ticks: "", fixedrange: true, range: [rows.length - 0.5, -0.5] },
  });
}

// Black or white text, whichever stands out from the cell's colour.
function inkOn(share, colors) {
  const channel = (hex, at) => parseInt(hex.slice(at, at + 2), 16);
  if (share === null) return colors.muted;
  const light = [1, 3, 5].map((at) => channel(colors.low, at) * (1 - share) + channel(colors.high, at) * share);
  return 0.299 * light[0] + 0.587 * light[1] + 0.114 * light[2] > 140 ? "#10141a" : "#ffffff";
}

// ---- learning curves ---------------------------------------------------------------------------------------

const shownCells = () => shownSeries().flatMap((series) =>
  indices(panelLabels).map((panel) => cellAt(series, panel)).filter(Boolean));

/** Lowest and highest loss in any panel: all panels share one scale. */
function lossRange() {
  const values = shownCells().flatMap((cell) => [...cell.loss.low, ...cell.loss.high, cell.trivial])
    .filter((value) => value !== null);
  return values.length === 0 ? null : [Math.min(...values), Math.max(...values)];
}

const logIsSensible = (range) => range !== null && range[0] > 0 && range[1] / range[0] > 30;

function lossTraces(series, cell) {
  const color = colorOf(series);
  const name = plain(seriesLabels[series]);
  const { at, median, low, high } = cell.loss;
  const edge = { type: "scatter", mode: "lines", line: { width: 0 }, hoverinfo: "skip", connectgaps: false };
  return [
    { ...edge, x: at, y: high },
    { ...edge, x: at, y: low, fill: "tonexty", fillcolor: transparent(color, 0.2) },
    { type: "scatter", mode: at.length > 1 ? "lines" : "markers", x: at, y: median, name,
      line: { color, width: 2 }, marker: { color }, connectgaps: false,
      customdata: at.map((_, i) => [number(low[i]), number(high[i])]),
      hovertemplate: `${name}<br>update %{x}<br>median %{y:.4g} (%{customdata[0]} – %{customdata[1]})<extra></extra>` },
  ];
}

/** The trivial baselines of a panel's cells (all the same but where the task is an axis). */
function baselines(cells) {
  const values = [...new Set(cells.map((cell) => cell.trivial).filter((value) => value !== null))];
  return values.map((value) => ({
    type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, layer: "above",
    line: { color: theme().baseline, width: 1.5, dash: "dash" },
  }));
}

function baselineLabels(cells, logarithmic) {
  const values = [...new Set(cells.map((cell) => cell.trivial).filter((value) => value !== null))];
  return values.map((value) => ({
    xref: "paper", x: 1, xanchor: "right", y: logarithmic ? Math.log10(value) : value, yanchor: "bottom", yshift: 3,
    text: `trivial baseline ${number(value)}`, showarrow: false, font: { size: 11.5, color: theme().muted },
    bgcolor: transparent(theme().background, 0.75), borderpad: 1,
  }));
}

function drawLoss(element, panel, range, logarithmic) {
  const cells = shownSeries().map((series) => [series, cellAt(series, panel)]).filter(([, cell]) => cell);
  const traces = cells.flatMap(([series, cell]) => lossTraces(series, cell));
  const [low, high] = range ?? [0, 1];
  const yaxis = { ...axisStyle("validation loss"), fixedrange: !canDrag() };
  const updates = Math.max(1, ...shownCells().flatMap((cell) => cell.loss.at));
  draw(element, traces, {
    ...baseLayout({ l: 56, r: 14, t: 8, b: 46 }),
    shapes: baselines(cells.map(([, cell]) => cell)),
    annotations: baselineLabels(cells.map(([, cell]) => cell), logarithmic),
    hovermode: "closest",
    xaxis: { ...axisStyle("updates"), range: [0, updates * 1.02], nticks: 6, fixedrange: !canDrag() },
    yaxis: logarithmic
      ? { ...powersOfTen(yaxis, low, high), range: [Math.log10(low) - 0.08, Math.log10(high) + 0.08] }
      : { ...yaxis, nticks: 6, range: [Math.min(0, low), high + 0.08 * (high - Math.min(0, low))] },
  });
}

// ---- the vanishing gradient --------------------------------------------------------------------------------

const moments = [{ key: "start", title: "start", dash: "6px,5px" }, { key: "end", title: "end", dash: "solid" }];

const positive = (values) => values.map((value) => value !== null && value > 0 ? value : null);

function gradientTrace(series, moment, band) {
  const name = `${plain(seriesLabels[series])}, ${moment.title} of training`;
  const y = positive(band.median);
  return {
    type: "scatter", mode: y.filter((value) => value !== null).length > 1 ? "lines" : "markers", x: band.at, y, name,
    line: { color: colorOf(series), width: 2, dash: moment.dash }, marker: { color: colorOf(series) },
    connectgaps: false, customdata: band.at.map((_, i) => [number(band.low[i]), number(band.high[i])]),
    hovertemplate: `${name}<br>t = %{x}<br>%{y:.3~e} (%{customdata[0]} – %{customdata[1]})<extra></extra>`,
  };
}

function drawGradients(element, panel) {
  const curves = shownSeries().flatMap((series) => moments.map((moment) => [series, moment, cellAt(series, panel)?.[moment.key]]))
    .filter(([, , band]) => band && band.at.length > 0);
  const values = curves.flatMap(([, , band]) => positive(band.median)).filter((value) => value !== null);
  const [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0.1, 1];
  const steps = Math.max(1, ...curves.map(([, , band]) => band.at[band.at.length - 1]));
  draw(element, curves.map(([series, moment, band]) => gradientTrace(series, moment, band)), {
    ...baseLayout({ l: 64, r: 14, t: 8, b: 46 }), hovermode: "closest",
    xaxis: { ...axisStyle("time step t"), range: [1 - 0.01 * steps, steps * 1.01], nticks: 10, fixedrange: !canDrag() },
    yaxis: { ...powersOfTen(axisStyle("mean ‖∂L/∂h<sub>t</sub>‖"), low, high),
             range: [Math.log10(low) - 0.04 * Math.log10(high / low) - 0.1,
                     Math.log10(high) + 0.04 * Math.log10(high / low) + 0.1], fixedrange: !canDrag() },
  });
}

/** What a log axis cannot show, in words. */
function gradientGaps(panel) {
  const sentences = [];
  for (const series of shownSeries())
    for (const { key, title } of moments) {
      const band = cellAt(series, panel)?.[key];
      if (!band) continue;
      const where = (test) => band.at.filter((_, i) => test(band.median[i]));
      const what = `${seriesLabels[series]}, ${title} of training`;
      const zeros = where((value) => value === 0);
      const broken = where((value) => value === null);
      if (zeros.length) sentences.push(`${what}: exactly 0 at t = ${spans(zeros, band.at)}.`);
      if (broken.length) sentences.push(`${what}: not finite at t = ${spans(broken, band.at)}.`);
    }
  return sentences.length ? `Gaps, which a log axis cannot show: ${sentences.join(" ")}` : "";
}

/** "1–15, 20": runs of neighbouring places of `all`. */
function spans(places, all) {
  const wanted = new Set(places);
  const runs = [];
  let begin = null, last = null;
  for (const place of [...all, null]) {
    if (place !== null && wanted.has(place)) { begin ??= place; last = place; continue; }
    if (begin !== null) runs.push(begin === last ? `${begin}` : `${begin}–${last}`);
    begin = null;
  }
  return runs.length > 6 ? `${places.length} time steps between ${places[0]} and ${places.at(-1)}` : runs.join(", ");
}

// Series as lines: over the updates of training, over lengths, over time steps. `view` says what a section shows:
// the series chosen (`summary`), its moments, and whether the scale is logarithmic.

const alike = (values) => new Set(values.map((value) => JSON.stringify(value))).size === 1;

/** Not Math.min(...values): a call takes only so many arguments. */
function extent(values) {
  if (values.length === 0) return null;
  let [low, high] = [values[0], values[0]];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Every curve of a plot that has places. */
function curvesOf(view, panel) {
  return shownSeries().flatMap((series) => indices(lineLabels()).flatMap((line) => view.moments().map((moment) => {
    const cell = cellAt(series, panel, line);
    return { series, line, moment, cell, band: bandAt(cell, view.summary, moment) };
  }))).filter(({ band }) => band && band.at.length > 0);
}

/** The single runs of a curve, where they are shown and have been read. */
const runsOf = (view, { moment, cell }) =>
  view.runs() && moment === mainMoment(view.summary) ? view.summary.runCurves?.[cell.index] ?? [] : [];

/** A band from the lowest to the highest run is drawn around one line per colour; profiles have two that cross. */
const isBanded = (summary, moment) => ["curve", "points"].includes(summary.kind) && moment === mainMoment(summary);

/** What was published of the trials of a curve and can be drawn beside it. */
const publishedOf = (summary, { cell, moment }) => moment !== mainMoment(summary) ? [] :
  (cell.published ?? []).map((value) => beside(summary, value)).filter(Boolean);

/** A figure of a paper as a place in the plot of a series: x, y or both; null where it is about something else. */
function beside(summary, { of, moment, x, y, text }) {
  if (of === summary.name && (!moment || moment === mainMoment(summary))) return { x, y, text };
  if (of === `best_${summary.name}` && summary.kind === "curve") return { x: null, y, text };
  if (of === "solved_at" && summary.name === "share not solved yet") return { x: y, y: null, text };
  return null;
}

const drawable = (values, logarithmic) =>
  values.map((value) => value !== null && (!logarithmic || value > 0) ? value : null);

/** Lowest and highest value of several panels, which share one scale; null where there is nothing to draw. */
function valueRange(view, panels, logarithmic) {
  const { summary } = view;
  let low = Infinity, high = -Infinity;
  const add = (span) => {
    low = Math.min(low, logarithmic ? span.positive : span.low);
    high = Math.max(high, span.high);
  };
  for (const panel of panels)
    for (const curve of curvesOf(view, panel)) {
      const { moment, cell, band } = curve;
      add(isBanded(summary, moment) ? band.all : band.medians);
      add(spanOf([cell.trivial[summary.name] ?? null]));
      for (const { values } of runsOf(view, curve)) add(spanOf(values));
      for (const { y } of publishedOf(summary, curve)) add(spanOf([y]));
    }
  return low <= high ? [low, high] : null;
}

/** Whether a logarithmic scale says more than a linear one. */
function logIsSensible(view, panels) {
  if (!view.summary.logarithmic) return false;
  if (view.summary.kind === "profile") return valueRange(view, panels, true) !== null;
  const range = valueRange(view, panels, false);
  return range !== null && range[0] > 0 && range[1] / range[0] > 30;
}

// ---- traces ------------------------------------------------------------------------------------------------

/** Bands of many curves are fainter, so that the curves are seen through them. */
function bandAlpha() {
  const curves = shownSeries().length * lineLabels().length;
  return curves <= 4 ? 0.2 : curves <= 12 ? 0.1 : 0.05;
}

function bandTraces({ series, band }, logarithmic) {
  const edge = { type: "scatter", mode: "lines", line: { width: 0 }, hoverinfo: "skip", connectgaps: false, x: band.at, meta: { series } };
  return [
    { ...edge, y: drawable(band.high, logarithmic) },
    { ...edge, y: drawable(band.low, logarithmic), fill: "tonexty", fillcolor: transparent(colorOf(series), bandAlpha()) },
  ];
}

/** Eigenvalues and the notes of a piano roll have no order; a trajectory has. */
const modeOf = ({ kind, axis }) => kind === "plane" ? (axis.endsWith("component") ? "lines+markers" : "markers")
  : kind === "points" ? "lines+markers" : "lines";

const namesOf = ({ series, line, moment }) =>
  [roles.series || !roles.line ? seriesLabels()[series] : "", lineLabels()[line], moment].filter(Boolean);

function lineTrace(summary, curve, logarithmic) {
  const { series, line, moment, band } = curve;
  const color = colorOf(series);
  const solid = moment === mainMoment(summary);
  const stroke = strokeOf(series, line);
  const name = namesOf(curve).map(plain).join(", ");
  const y = drawable(band.median, logarithmic);
  const alone = y.filter((value) => value !== null).length < 2;
  return {
    type: "scatter", mode: alone ? "markers" : modeOf(summary), x: band.at, y, name, meta: { series }, opacity: solid ? 1 : 0.75,
    line: { color, width: solid ? 2 : 1.4, dash: solid || stroke !== "solid" ? stroke : "6px,5px" },
    marker: { color, size: summary.kind === "plane" ? 5 : 7, symbol: solid ? "circle" : "circle-open" },
    connectgaps: false, customdata: band.at.map((_, i) => [band.median, band.low, band.high].map((list) => number(list[i]))),
    ...(summary.names ? { text: band.at.map((place) => plain(placeName(summary, place))) } : {}),
    hovertemplate: `${name}<br>${plain(summary.axis)} ${placeMark(summary)}<br>median %{customdata[0]} (%{customdata[1]} – %{customdata[2]})<extra></extra>`,
  };
}

function runTrace(curve, { at, values }, logarithmic) {
  return {
    type: "scatter", mode: "lines", x: at, y: drawable(values, logarithmic), hoverinfo: "skip", connectgaps: false,
    meta: { series: curve.series, run: true }, opacity: 0.5,
    line: { color: colorOf(curve.series), width: 0.8, dash: strokeOf(curve.series, curve.line) },
  };
}

/** A place that a paper names: reached there, so many updates after the start. */
function publishedTrace({ series }, { x, y, text }) {
  const what = `published: ${plain(text)}`;
  return {
    type: "scatter", mode: "markers", x: [x], y: [y], name: what, meta: { series }, cliponaxis: false,
    marker: { symbol: "star-diamond", size: 11, color: colorOf(series), line: { color: theme().text, width: 1 } },
    hovertemplate: `${what}<extra></extra>`,
  };
}

/** A curve in its band, or among the lines of its single runs. */
function tracesOf(view, curve, logarithmic) {
  const { summary } = view;
  const runs = runsOf(view, curve).map((run) => runTrace(curve, run, logarithmic));
  const band = runs.length === 0 && isBanded(summary, curve.moment) ? bandTraces(curve, logarithmic) : [];
  const points = publishedOf(summary, curve).filter(({ x, y }) => x !== null && y !== null);
  return [...band, ...runs, lineTrace(summary, curve, logarithmic), ...points.map((value) => publishedTrace(curve, value))];
}

// ---- what a value means ------------------------------------------------------------------------------------

/** The trivial baselines of a panel's cells (all the same but where the task is an axis). */
function baselines(summary, curves) {
  return [...new Set(curves.map(({ cell }) => cell.trivial[summary.name] ?? null).filter((value) => value !== null))];
}

const baselineLine = (value) => ({
  type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, layer: "above",
  line: { color: theme().baseline, width: 1.5, dash: "dash" },
});

const baselineLabel = (value, logarithmic) => ({
  xref: "paper", x: 1, xanchor: "right", y: logarithmic ? Math.log10(value) : value, yanchor: "bottom", yshift: 3,
  text: `trivial baseline ${number(value)}`, showarrow: false, font: { size: 11.5, color: theme().muted },
  bgcolor: transparent(theme().background, 0.75), borderpad: 1,
});

/** A figure of a paper that is a value or a place alone, as a line across the plot. */
const publishedLine = (color, { x, y }) => ({
  type: "line", layer: "above", line: { color, width: 1.5, dash: "longdashdot" },
  ...(y === null ? { yref: "paper", y0: 0, y1: 1, x0: x, x1: x } : { xref: "paper", x0: 0, x1: 1, y0: y, y1: y }),
});

const publishedLabel = ({ x, y, text }, logarithmic) => ({
  ...(y === null ? { yref: "paper", y: 1, yanchor: "top", x, xanchor: "left" }
    : { xref: "paper", x: 0, xanchor: "left", y: logarithmic ? Math.log10(y) : y, yanchor: "bottom", yshift: 2 }),
  text: plain(shortened(`published: ${text}`, 44)), showarrow: false, font: { size: 11.5, color: theme().muted },
  bgcolor: transparent(theme().background, 0.75), borderpad: 1,
});

/** The lines of papers in a plot, each once. */
function publishedLines(summary, curves, logarithmic) {
  const lines = new Map();
  for (const curve of curves)
    for (const value of publishedOf(summary, curve))
      if (value.x === null || value.y === null)
        if (!logarithmic || value.y === null || value.y > 0)
          lines.set(JSON.stringify([value, curve.series]), { value, color: colorOf(curve.series) });
  return [...lines.values()];
}

/** Those of several lines across a plot that have room for a label: the others are in the study's own table. */
function labelledLines(lines, [low, high], logarithmic) {
  const of = (y) => logarithmic ? Math.log10(y) : y;
  const kept = [];
  for (const line of lines) {
    const { y } = line.value;
    const near = (other) => other.value.y === null || Math.abs(of(other.value.y) - of(y)) < 0.1 * (of(high) - of(low));
    if (y === null ? kept.length === 0 : !kept.some(near)) kept.push(line);
  }
  return kept;
}

/** Between which places the runs trained, where that is the same for all curves of a plot. */
function trainedRange(summary, curves) {
  const ranges = curves.map(({ cell }) => cell.trained[summary.axis] ?? null);
  return summary.kind === "points" && ranges[0] && alike(ranges) ? ranges[0] : null;
}

function trainedShape([low, high]) {
  const place = { xref: "x", yref: "paper", x0: low, x1: high, y0: 0, y1: 1, layer: "below" };
  const color = theme().baseline;
  return low === high ? { ...place, type: "line", line: { color, width: 1.5, dash: "dot" } }
    : { ...place, type: "rect", line: { width: 0 }, fillcolor: transparent(color, 0.15) };
}

function trainedLabel([low, high], scale) {
  const onRight = scale.position(low) > 0.5;
  return {
    xref: "x", yref: "paper", x: scale.logarithmic ? Math.log10(onRight ? high : low) : onRight ? high : low,
    xanchor: onRight ? "right" : "left", y: 1, yanchor: "bottom", showarrow: false,
    text: `trained on ${low === high ? low : `${low}–${high}`}`, font: { size: 11.5, color: theme().muted },
  };
}

// ---- scales ------------------------------------------------------------------------------------------------

/** Over which places a plot goes. Few places that lie far apart (lengths) are spread evenly by their ratios. */
function placeScale(summary, places) {
  const [low, high] = extent(places) ?? [0, 1];
  const logarithmic = summary.kind === "points" && low > 0 && high / low >= 4;
  const of = (place) => logarithmic ? Math.log10(place) : place;
  const span = of(high) - of(low);
  const pad = span === 0 ? (logarithmic ? 0.1 : 0.5) : 0.02 * span;
  return { logarithmic, range: [of(low) - pad, of(high) + pad], position: (place) => span === 0 ? 0 : (of(place) - of(low)) / span };
}

/** Of few places, those that have room for a label below the axis. */
function tickPlaces(places, scale, width) {
  const kept = [];
  for (const place of [...new Set(places)].sort((a, b) => a - b))
    if (kept.length === 0 || (scale.position(place) - scale.position(kept.at(-1))) * width > 44) kept.push(place);
  return kept;
}

/** What a place is called. */
const placeName = (summary, place) => summary.names?.[place] ?? String(place);

/** The same as Plotly puts it into a text: of what has names it stands in `text`. */
const placeMark = (summary) => summary.names ? "%{text}" : "%{x}";

/** The labels of places that have names, where they are not too many to be read. */
const namedTicks = (summary, places) => !summary.names ? {}
  : places.length > 40 ? { showticklabels: false } : { tickvals: places, ticktext: places.map((place) => tickName(summary, place)) };

const tickName = (summary, place) => plain(shortened(placeName(summary, place), 24));

function placeAxis(summary, places, scale, width) {
  const axis = { ...axisStyle(plain(summary.axis)), range: scale.range, fixedrange: !canDrag() };
  if (scale.logarithmic) axis.type = "log";
  if (summary.kind !== "points") return { ...axis, nticks: 8, ...namedTicks(summary, [...new Set(places)]) };
  const shown = tickPlaces(places, scale, width);
  return { ...axis, tickvals: shown, ticktext: shown.map((place) => tickName(summary, place)) };
}

const withIndex = (text) => text.replace(/_(\w+)/g, "<sub>$1</sub>");

/** "validation loss (nats per answer)", on two lines where it is long. */
function valueTitle(summary) {
  const name = summary.kind === "curve" ? `${mainMoment(summary)} ${summary.name}`.trim() : summary.name;
  if (!summary.unit) return plain(name);
  const unit = isGradient(summary) ? withIndex(plain(summary.unit)) : plain(summary.unit);
  return `${plain(name)}${name.length + summary.unit.length > 30 ? "<br>" : " "}(${unit})`;
}

function valueAxis(summary, range, logarithmic) {
  const axis = { ...axisStyle(valueTitle(summary)), fixedrange: !canDrag() };
  const [low, high] = range ?? [0.1, 1];
  if (!logarithmic) {
    const bottom = low < 0 || summary.kind === "plane" ? low - 0.08 * (high - low || 1) : 0;
    return { ...axis, nticks: 6, range: [bottom, high + 0.08 * (high - bottom || 1)] };
  }
  const pad = 0.08 + 0.04 * Math.log10(high / low);
  return { ...powersOfTen(axis, low, high), range: [Math.log10(low) - pad, Math.log10(high) + pad] };
}

// ---- a plot ------------------------------------------------------------------------------------------------

/** Lowest and highest value and all places of the panels that stand side by side: they share their scales. */
const frameOf = (view, panels) => ({
  values: valueRange(view, panels, view.logarithmic()),
  places: panels.flatMap((panel) => curvesOf(view, panel)).flatMap(({ band }) => extent(band.at)),
});

function drawLines(element, view, panel, frame) {
  const { summary } = view;
  const logarithmic = view.logarithmic();
  const curves = curvesOf(view, panel);
  const places = curves.flatMap(({ band }) => band.at);
  const trained = trainedRange(summary, curves);
  const scale = placeScale(summary, [...frame.places, ...(trained ?? [])]);
  const trivial = baselines(summary, curves).filter((value) => !logarithmic || value > 0);
  const papers = publishedLines(summary, curves, logarithmic);
  draw(element, curves.flatMap((curve) => tracesOf(view, curve, logarithmic)), {
    ...baseLayout({ l: 56, r: 14, t: trained ? 24 : 8, b: 46 }),
    shapes: [...trivial.map(baselineLine), ...papers.map(({ value, color }) => publishedLine(color, value)),
             ...(trained ? [trainedShape(trained)] : [])],
    annotations: [...trivial.map((value) => baselineLabel(value, logarithmic)),
                  ...labelledLines(papers, frame.values ?? [0.1, 1], logarithmic).map(({ value }) => publishedLabel(value, logarithmic)), ...(trained ? [trainedLabel(trained, scale)] : [])],
    hovermode: "closest",
    xaxis: placeAxis(summary, places, scale, element.clientWidth - 100),
    yaxis: valueAxis(summary, frame.values, logarithmic),
  });
}

/** What a plot cannot show, in words. */
function gapsOf(view, panel) {
  const { summary } = view;
  if (summary.kind === "curve") return "";
  const sentences = [];
  for (const curve of curvesOf(view, panel)) {
    const { band } = curve;
    const where = (test) => band.at.filter((_, i) => test(band.median[i]));
    const what = namesOf(curve).join(", ");
    const zeros = view.logarithmic() ? where((value) => value === 0) : [];
    const broken = where((value) => value === null);
    if (zeros.length) sentences.push(`${what}: exactly 0 at ${summary.axis} ${spans(zeros, band.at)}.`);
    if (broken.length) sentences.push(`${what}: not finite at ${summary.axis} ${spans(broken, band.at)}.`);
  }
  return sentences.length ? `Gaps, which the plot cannot show: ${sentences.join(" ")}` : "";
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
  return runs.length > 6 ? `${places.length} places between ${places[0]} and ${places.at(-1)}` : runs.join(", ");
}

/** What a plot shows, as rows of a table: all axes that vary, then each place of each curve and of each single run. */
function rowsOfLines(view, panel) {
  const { summary } = view;
  const over = linesOver(summary).flatMap((lines) => rowsOfSeries({ ...view, summary: lines, moments: () => lines.moments }, panel));
  return [...rowsOfSeries(view, panel), ...over];
}

function rowsOfSeries(view, panel) {
  const { summary } = view;
  const rows = [[...axisNames(), "moment", "run", summary.axis, `${summary.name} median`, "low", "high"]];
  for (const curve of curvesOf(view, panel)) {
    const { cell, moment, band } = curve;
    const head = [...axisValues(cell), moment];
    band.at.forEach((place, i) => rows.push([...head, "", placeName(summary, place), band.median[i], band.low[i], band.high[i]]));
    runsOf(view, curve).forEach(({ at, values }, run) =>
      at.forEach((place, i) => rows.push([...head, run + 1, placeName(summary, place), values[i], values[i], values[i]])));
  }
  return rows;
}

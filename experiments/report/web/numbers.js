// A number of each cell, its success rate or its test loss, over the values of an axis: lines where these are
// numbers, else a row for each value. `view` says which number and which axis.

async function loadNumbers() {
  if (sweep.numbers) return;
  const { numbers, cells } = JSON.parse(await unpacked("numbers"));
  sweep.numbers = numbers.map((one, index) => ({ ...one, index })).filter((one) => cells.some((row) => row[one.index].length > 0));
  sweep.numbersOf = cells;
}

/** Success where some runs have it, else the lowest loss: what a table begins with. */
function leadingNumber() {
  const named = (name) => sweep.numbers.find((one) => one.name === name);
  const any = sweep.cells.some((cell) => cell.successes > 0);
  return (any ? named("success") : named("best_loss")) ?? sweep.numbers[0];
}

/** A number of lengths says most; then any other number, then names. */
const leadingAxis = () => varied.find((axis) => axis.numeric && /(^|\.)length$/.test(axis.name))
  ?? varied.find((axis) => axis.numeric) ?? roles.series ?? varied[0];

/** Which axes have the colours, strokes and panels while another one lies along the plot. */
function numberRoles(over) {
  const rest = [roles.series, roles.panel].filter((axis) => axis && axis !== over);
  const series = rest.find((axis) => axis === roles.series) ?? rest.find(fitsColours) ?? null;
  const line = roles.line && roles.line !== over ? roles.line : null;
  return { over, series, line, panel: rest.find((axis) => axis !== series) ?? null };
}

/** The values of a curve: a place on the axis each, with the lowest, middle and highest number there. */
function numberCurves(view, panel) {
  const { over, series, line, panel: panels } = view.parts;
  const labels = (axis) => axis?.labels ?? [""];
  const shown = indices(labels(series)).filter((index) => series !== roles.series || !hidden.has(index)).slice(0, mostCurves);
  return shown.flatMap((at) => indices(labels(line)).map((stroke) => {
    const points = indices(over.labels).map((value) => {
      const cell = cellWith([[over, value], [series, at], [line, stroke], [panels, panel]]);
      const [middle = null, low = null, high = null] = cell ? sweep.numbersOf[cell.index][view.number.index] : [];
      return { value, cell, middle, low, high };
    }).filter(({ cell, middle }) => cell && middle !== null && (!view.logarithmic() || middle > 0));
    return { at, stroke, points, name: [labels(series)[at], labels(line)[stroke]].filter(Boolean).join(", ") };
  })).filter(({ points }) => points.length > 0);
}

/** Lowest and highest of what stands in the panels, which share their scale. */
function numberFrame(view, panels) {
  const positive = (value) => value !== null && (!view.logarithmic() || value > 0);
  const values = panels.flatMap((panel) => numberCurves(view, panel)).flatMap(({ points }) =>
    points.flatMap(({ low, middle, high, cell }) => [low, middle, high, ...publishedNumbers(view, cell).map(({ y }) => y)]));
  return extent(values.filter(positive));
}

const publishedNumbers = (view, cell) => (cell.published ?? []).filter(({ of, y }) => of === view.number.name && y !== null);

/** Whether a logarithmic scale says more than a linear one. */
function logIsUseful({ logarithmic, index }) {
  const medians = sweep.numbersOf.map((row) => row[index][0] ?? null).filter((value) => value !== null);
  const [low, high] = extent(medians) ?? [0, 0];
  return logarithmic && low > 0 && high / low > 30;
}

const isShare = (view) => view.number.name === "success";

function numberAxis(view, range) {
  const { title, unit } = view.number;
  const style = { ...axisStyle(`${plain(title)}${unit && !isShare(view) ? ` (${plain(unit)})` : ""}`), fixedrange: !canDrag() };
  if (isShare(view)) return { ...style, range: [-0.04, 1.04], tickformat: ".0%", tickvals: [0, 0.25, 0.5, 0.75, 1] };
  const [low, high] = range ?? [0.1, 1];
  if (view.logarithmic()) {
    const pad = 0.08 + 0.04 * Math.log10(high / low);
    return { ...powersOfTen(style, low, high), range: [Math.log10(low) - pad, Math.log10(high) + pad] };
  }
  const bottom = low < 0 ? low - 0.08 * (high - low || 1) : 0;
  return { ...style, nticks: 6, range: [bottom, high + 0.08 * (high - bottom || 1)] };
}

/** From the lowest to the highest run; of a success rate its confidence interval. */
const errorBars = (points, color) => ({
  type: "data", symmetric: false, color: transparent(color, 0.55), thickness: 1.2, width: 3,
  array: points.map(({ middle, high }) => high === null ? 0 : high - middle),
  arrayminus: points.map(({ middle, low }) => low === null ? 0 : middle - low),
});

function numberTrace(view, curve, horizontal, offset) {
  const { over, series, line } = view.parts;
  const color = colorOf(curve.at, series);
  const places = curve.points.map(({ value }) => horizontal ? value + offset : over.numbers[value]);
  const values = curve.points.map(({ middle }) => middle);
  const bars = errorBars(curve.points, color);
  return {
    type: "scatter", mode: horizontal ? "markers" : "lines+markers", name: plain(curve.name), meta: { series: curve.at },
    ...(horizontal ? { x: values, y: places, error_x: bars } : { x: places, y: values, error_y: bars }),
    line: { color, width: 2, dash: strokeOf(curve.at, curve.stroke, series, line) },
    marker: { color, size: 7, symbol: line && curve.stroke > 0 ? "circle-open" : "circle" },
    customdata: curve.points.map(({ value, middle, low, high }) => [plain(over.labels[value]), number(middle), number(low), number(high)]),
    hovertemplate: `${plain(curve.name)}<br>${plain(over.name)} %{customdata[0]}<br>${plain(view.number.title)} %{customdata[1]} (%{customdata[2]} – %{customdata[3]})<extra></extra>`,
  };
}

/** The figures of papers, each at the cell that it is about. */
function publishedNumberTraces(view, curve, horizontal, offset) {
  return curve.points.flatMap(({ value, cell }) => publishedNumbers(view, cell).map(({ y, text }) => {
    const place = horizontal ? value + offset : view.parts.over.numbers[value];
    const what = `published: ${plain(text)}`;
    return {
      type: "scatter", mode: "markers", name: what, meta: { series: curve.at }, cliponaxis: false,
      ...(horizontal ? { x: [y], y: [place] } : { x: [place], y: [y] }),
      marker: { symbol: "star-diamond", size: 11, color: colorOf(curve.at, view.parts.series), line: { color: theme().text, width: 1 } },
      hovertemplate: `${what}<extra></extra>`,
    };
  }));
}

/** Few values are marked as they are, those that have room for it; between many, round numbers. */
function overTicks(over, logarithmic, width) {
  const most = 12;
  if (over.numbers.length > most) return logarithmic ? {} : { nticks: 8 };
  const of = (value) => logarithmic ? Math.log10(value) : value;
  const [low, high] = extent(over.numbers).map(of);
  const shown = tickPlaces(over.numbers, { position: (value) => (of(value) - low) / (high - low || 1) }, width);
  return { tickvals: shown, ticktext: shown.map((value) => plain(shortened(over.labels[over.numbers.indexOf(value)], 8))) };
}

/** Lengths and rates are spread by their ratios where they lie far apart. */
function overAxis(over, width) {
  const [low, high] = extent(over.numbers);
  const logarithmic = low > 0 && high / low >= 4;
  const axis = { ...axisStyle(plain(over.name)), fixedrange: !canDrag(), ...overTicks(over, logarithmic, width) };
  if (!logarithmic) return axis;
  const pad = 0.04 * Math.log10(high / low);
  return { ...axis, type: "log", range: [Math.log10(low) - pad, Math.log10(high) + pad] };
}

function valuesAxis(view, width) {
  const { labels, name } = view.parts.over;
  const letters = Math.max(10, Math.floor(0.36 * width / 7));
  return { ...axisStyle(width < 520 ? "" : plain(shortened(name, 6 + 4 * labels.length))), tickvals: indices(labels), ticktext: labels.map((label) => wrapped(label, letters)),
           range: [labels.length - 0.4, -0.6], fixedrange: true };
}

function drawNumbers(element, view, panel, range) {
  const { over } = view.parts;
  const horizontal = !over.numeric;
  const curves = numberCurves(view, panel);
  const trivial = isShare(view) ? [] : trivialNumbers(view, curves);
  const height = horizontal ? Math.max(180, 90 + over.labels.length * Math.max(24, 9 * curves.length)) : null;
  element.style.height = height ? `${height}px` : element.dataset.height ?? "";
  const offsets = curves.map((_, i) => curves.length < 2 ? 0 : 0.6 * (i / (curves.length - 1) - 0.5));
  const values = numberAxis(view, range), places = horizontal ? valuesAxis(view, element.clientWidth) : overAxis(over, element.clientWidth - 100);
  draw(element, curves.flatMap((curve, i) =>
    [numberTrace(view, curve, horizontal, offsets[i]), ...publishedNumberTraces(view, curve, horizontal, offsets[i])]), {
    ...baseLayout({ l: 56, r: 18, t: 8, b: 46 }), hovermode: "closest", ...(height ? { height } : {}),
    shapes: trivial.map((value) => horizontal ? turnedLine(baselineLine(value)) : baselineLine(value)),
    annotations: horizontal ? [] : trivial.map((value) => baselineLabel(value, view.logarithmic())),
    xaxis: horizontal ? values : places, yaxis: horizontal ? places : values,
  });
}

const turnedLine = ({ y0, y1, ...line }) => ({ ...line, xref: "x", yref: "paper", x0: y0, x1: y1, y0: 0, y1: 1 });

/** What doing nothing gives, where the number is one of a metric: "best_loss", "test_accuracy". */
function trivialNumbers(view, curves) {
  const metric = view.number.name.replace(/^(best|last|test)_/, "");
  if (metric === view.number.name) return [];
  const values = curves.flatMap(({ points }) => points.map(({ cell }) => cell.trivial[metric] ?? null));
  return [...new Set(values.filter((value) => value !== null && (!view.logarithmic() || value > 0)))].slice(0, 3);
}

/** What a plot shows, as rows of a table. */
function rowsOfNumbers(view, panel) {
  const middle = isShare(view) ? "share" : "median";
  const rows = [[...axisNames(), `${view.number.title} ${middle}`, "low", "high"]];
  for (const { points } of numberCurves(view, panel))
    for (const { cell, ...point } of points) rows.push([...axisValues(cell), point.middle, point.low, point.high]);
  return rows;
}

// The sections with plots: their controls, and what they say is shown. A view is what a section shows; it says of
// each panel how to paint it (`paint`), what its title is (`titleOf`) and which numbers it shows (`rows`).

function addOptions(select, labels, chosenIndex) {
  labels.forEach((label, index) => select.add(new Option(label, index, index === chosenIndex, index === chosenIndex)));
}

/** A choice with a caption; hidden where there is nothing to choose. */
function fillChoice(label, caption, options, chosenIndex) {
  label.hidden = options.length < 2;
  label.querySelector("span").textContent = caption;
  label.querySelector("select").replaceChildren();
  addOptions(label.querySelector("select"), options, chosenIndex);
}

/** Which moments are shown: a switch for each but the main one. */
function buildMoments(view) {
  const { element, summary } = view;
  const box = element.querySelector(".moments");
  box.replaceChildren();
  view.off = new Set(summary.kind === "curve" ? summary.moments.slice(1) : []);
  if (summary.moments.length < 2 || isMatrix(summary) || isPicture(summary)) return;
  for (const moment of summary.moments) {
    const key = byId("moment").content.cloneNode(true).firstElementChild;
    const main = moment === mainMoment(summary);
    if (!main) key.querySelector("line").setAttribute("stroke-dasharray", "5 4");
    const input = key.querySelector("input");
    if (main) input.remove();
    input.checked = !view.off.has(moment);
    input.addEventListener("change", () => {
      if (!view.off.delete(moment)) view.off.add(moment);
      drawAll();
    });
    key.append(moment);
    box.append(key);
  }
}

const bandNote = "the line is the median over seeds, the band reaches from the lowest to the highest seed.";
const heldNote = "A run that stopped keeps its last value; one that diverged ranks as worse than all others.";

function noteOf(summary) {
  const subject = `${capitalised(mainMoment(summary) || summary.name)} over ${summary.axis}`;
  if (summary.kind === "curve") return `${subject}s: ${bandNote} ${heldNote}`;
  if (summary.kind === "plane") return `${capitalised(summary.name)}: of the first run of each colour.`;
  if (isPicture(summary)) return `Colours: ${summary.unit}, medians over seeds. Lines: ${linesOver(summary)[0].unit}, 1 at the top, at the end of training; what never comes above one in a hundred is left out.`;
  if (isMatrix(summary)) return `${capitalised(summary.name)}, a row each: medians over seeds. The model is that of the lowest validation loss.`;
  if (summary.kind === "profile") return isGradient(summary) ? "" : "Lines are medians over seeds.";
  return `${subject}: ${bandNote}${mainMoment(summary) === "test" ? " The model is that of the lowest validation loss." : ""}`;
}

/** Another series is looked at: its moments, its scale and what is said of it follow. */
async function choose(view, summary) {
  const { element } = view;
  for (const each of [summary, ...linesOver(summary)]) await loadBands(each);
  view.summary = summary;
  buildMoments(view);
  element.querySelector(".about").textContent = noteOf(summary);
  element.querySelector(".about-gradients").hidden = !isGradient(summary);
  element.querySelector(".heat").hidden = !isFilm(summary) || isMatrix(summary) || isPicture(summary);
  element.querySelector(".single").hidden = !summary.runs || isMatrix(summary) || isPicture(summary);
  if (view.runs()) await loadRuns(summary);
  element.querySelector(".log").hidden = !summary.logarithmic;
  element.querySelector(".log input").checked = logIsSensible(view, drawnPanels());
}

/** A piece of a line as it is drawn. */
function sampleLine() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", "26");
  svg.setAttribute("height", "8");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of [["x1", 0], ["x2", 26], ["y1", 4], ["y2", 4], ["stroke-width", 2.5]]) line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

/** Puts all curves but those of one colour in the background while its name is pointed at; null: none. */
function emphasise(series) {
  for (const plot of document.querySelectorAll(".plot.js-plotly-plot"))
    for (const { uid, meta, opacity } of plot._fullData ?? []) {
      const trace = meta && plot.querySelector(`.trace${uid}`);
      if (trace) trace.style.opacity = series === null || meta.series === series ? opacity : 0.08;
    }
}

function seriesButton(series) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(sampleLine(), seriesLabels()[series]);
  button.dataset.series = series;
  button.addEventListener("click", () => {
    if (!hidden.delete(series)) hidden.add(series);
    drawAll();
  });
  for (const [event, which] of [["pointerenter", series], ["pointerleave", null], ["focus", series], ["blur", null]])
    button.addEventListener(event, () => emphasise(which));
  return button;
}

/** Buttons that name the colours and switch their curves on and off; every legend shows the same state. */
function buildLegend(view) {
  const legend = view.element.querySelector(".legend");
  legend.replaceChildren();
  legend.hidden = !view.hasLegend() || (!roles.series && !roles.line);
  if (legend.hidden) return;
  if (roles.series) legend.append(...drawnSeries().map(seriesButton));
  if (roles.line) legend.append(...lineLabels().map(lineKey));
  if (drawnSeries().length === seriesLabels().length) return;
  const note = document.createElement("span");
  note.className = "note";
  note.textContent = `${mostCurves} of ${seriesLabels().length} values, evenly spread; as panels all are shown.`;
  legend.append(note);
}

/** What a stroke stands for. */
function lineKey(label, index) {
  const key = document.createElement("span");
  key.className = "key stroke";
  const sample = sampleLine();
  sample.firstChild.setAttribute("stroke", "currentColor");
  sample.firstChild.setAttribute("stroke-dasharray", dashArray(strokeOf(0, index)));
  key.append(sample, label);
  return key;
}

/** One panel: its title, what saves it, its plot, which is taller where there is room for it alone. */
function panelBox(view, panel, alone) {
  const box = document.createElement("div");
  box.className = "panel";
  const head = document.createElement("div");
  head.className = "head";
  if (view.sideBySide && view.titleOf(panel)) {
    const title = document.createElement("h3");
    title.textContent = view.titleOf(panel);
    head.append(title);
  }
  head.append(saveButtons(view, () => view.sideBySide ? [panel] : view.panels(), [view.name(), view.sideBySide && view.titleOf(panel)].filter(Boolean).join(", ")));
  const plot = document.createElement("div");
  plot.className = alone ? "plot tall" : "plot";
  plot.setAttribute("role", "img");
  listenToKeys(plot);
  box.append(head, plot);
  view.plots.push(plot);
  return box;
}

function buildPanels(view) {
  const container = view.element.querySelector(".panels");
  view.plots.forEach(forget);
  view.plots = [];
  const panels = view.sideBySide ? view.panels() : [0];
  container.replaceChildren(...panels.map((panel) => panelBox(view, panel, panels.length === 1)));
  const left = panelLabels().length - mostPanels;
  view.element.querySelector(".cut").textContent = left > 0 && view.sideBySide ? `The first ${mostPanels} panels; the tables below have the other ${left} too.` : "";
  container.classList.toggle("many", view.plots.length > 24);  // those out of sight are not laid out
  const all = view.element.querySelector(".save-all");
  all.replaceChildren();
  if (panels.length > 1 && panels.length <= 24) all.append("all panels ", saveButtons(view, () => view.panels(), `${view.name()}, all panels,`));
}

/** What follows from the parts of the axes. */
function arrange(view) {
  view.arrange();
  buildLegend(view);
  buildPanels(view);
}

/** A section of the template of that name. */
function sectionOf({ id, title }, template) {
  const element = byId(template).content.cloneNode(true).firstElementChild;
  element.id = id;
  element.querySelector("h2").textContent = title;
  return element;
}

const checkbox = (element, name) => element.querySelector(`.${name} input`);

/** A view of the series of one group: side by side for each panel, or of one chosen panel. */
function buildView(group) {
  const element = sectionOf(group, "lines");
  const view = {
    element, group, plots: [], off: new Set(), sideBySide: group.series[0].kind === "curve",
    name: () => view.summary.name,
    logarithmic: () => view.summary.logarithmic && checkbox(element, "log").checked,
    heat: () => isMatrix(view.summary) || isPicture(view.summary) || isFilm(view.summary) && checkbox(element, "heat").checked,
    runs: () => Boolean(view.summary?.runs) && checkbox(element, "single").checked,
    moments: () => view.summary.moments.filter((moment) => !view.off.has(moment)),
    panels: () => view.sideBySide ? drawnPanels() : [Number(element.querySelector(".panel-choice select").value)],
    titleOf: panelTitle,
    hasLegend: () => true,
    legendEntries: () => seriesAndLines(),
    frame: (panels) => frameOf(view, panels),
    paint: (plot, panel, frame) => view.heat() ? drawFilm(plot, view, panel) : drawLines(plot, view, panel, frame),
    rows: (panel) => rowsOfLines(view, panel),
    words: (panels) => gapsOf(view, panels[0]),
    arrange: () => {
      const labels = view.sideBySide ? [] : drawnPanels().map((panel) => panelLabels()[panel]);
      fillChoice(element.querySelector(".panel-choice"), roles.panel?.name ?? "", labels, labels.length - 1);
    },
    prepare: () => choose(view, group.series[view.leading]),
  };
  view.leading = Math.max(0, group.series.findIndex((summary) => summary.leads));
  fillChoice(element.querySelector(".series-choice"), "show", group.series.map((summary) => summary.name), view.leading);
  element.querySelector(".series-choice select").addEventListener("change", (event) =>
    working(async () => {
      await choose(view, group.series[Number(event.target.value)]);
      buildPanels(view);
      drawAll();
    }));
  element.querySelector(".panel-choice select").addEventListener("change", () => drawAll());
  checkbox(element, "single").addEventListener("change", () => working(async () => {
    await loadRuns(view.summary);
    drawAll();
  }));
  for (const name of ["heat", "log"]) checkbox(element, name).addEventListener("change", () => drawAll());
  return view;
}

/** What the colours that are shown and the strokes stand for. */
function seriesAndLines() {
  const entries = roles.series ? shownSeries().map((series) => ({ label: seriesLabels()[series], color: colorOf(series), stroke: strokeOf(series, 0) })) : [];
  if (!roles.line) return entries;
  return [...entries, ...lineLabels().map((label, line) => ({ label, color: theme().text, stroke: strokeOf(0, line) }))];
}

/** A number of each cell over an axis of the sweep. */
function buildNumbers(figure) {
  const element = sectionOf(figure, "numbers-section");
  const over = element.querySelector(".over-choice"), show = element.querySelector(".series-choice");
  const view = {
    element, plots: [], sideBySide: true,
    name: () => view.number.title,
    logarithmic: () => view.number.logarithmic && checkbox(element, "log").checked,
    panels: () => view.parts.panel ? indices(view.parts.panel.labels).slice(0, mostPanels) : [0],
    titleOf: (panel) => view.parts.panel ? `${view.parts.panel.name} ${view.parts.panel.labels[panel]}` : "",
    hasLegend: () => view.parts.series === roles.series,
    legendEntries: () => view.hasLegend() ? seriesAndLines() : (view.parts.series?.labels ?? []).map((label, i) =>
      ({ label: `${view.parts.series.name} ${label}`, color: colorOf(i, view.parts.series), stroke: strokeOf(i, 0, view.parts.series, null) })),
    frame: (panels) => numberFrame(view, panels),
    paint: (plot, panel, frame) => drawNumbers(plot, view, panel, frame),
    rows: (panel) => rowsOfNumbers(view, panel),
    words: () => "",
    arrange: () => {
      if (!varied.includes(view.over)) view.over = leadingAxis();
      view.parts = numberRoles(view.over);
    },
    prepare: async () => {
      await loadNumbers();
      view.number = leadingNumber();
      fillChoice(show, "show", sweep.numbers.map(({ title }) => title), sweep.numbers.indexOf(view.number));
      view.over = leadingAxis();
      fillChoice(over, "over", varied.map((axis) => axis.name), varied.indexOf(view.over));
      showNumber();
    },
  };
  const showNumber = () => {
    element.querySelector(".log").hidden = !view.number.logarithmic;
    checkbox(element, "log").checked = logIsUseful(view.number);
    element.querySelector(".about").textContent = `${capitalised(view.number.title)}: ${isShare(view)
      ? "share of the runs with a result, with its 95 % Wilson interval." : "median over seeds, from the lowest to the highest seed."}`;
  };
  show.querySelector("select").addEventListener("change", (event) => {
    view.number = sweep.numbers[Number(event.target.value)];
    showNumber();
    arrange(view);
    drawAll();
  });
  over.querySelector("select").addEventListener("change", (event) => {
    view.over = varied[Number(event.target.value)];
    arrange(view);
    drawAll();
  });
  checkbox(element, "log").addEventListener("change", () => drawAll());
  return view;
}

/** The success rates of all cells. */
function buildHeatMap(figure) {
  const view = {
    element: sectionOf(figure, "success-section"), plots: [], sideBySide: true,
    name: () => "success rate", panels: () => [0], titleOf: () => "", hasLegend: () => false, legendEntries: () => [],
    frame: () => null, paint: (plot) => drawHeatMap(plot), rows: () => rowsOfHeatMap(), words: () => "",
    arrange: () => {}, prepare: async () => {},
  };
  return view;
}

/** All views in the order of the figures. */
const viewBuilders = { "heat map": buildHeatMap, numbers: buildNumbers, series: (figure) => buildView(groups.find(({ id }) => id === figure.id)) };
const buildViews = () => sweep.figures.map((figure) => viewBuilders[figure.kind](figure));

// ---- when a plot is drawn ----------------------------------------------------------------------------------

const drawnAtOnce = 60;  // curves of a page; with more, the plots that are near to what is read, or on paper all
const waiting = new Map();  // what draws a plot
const nearby = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) drawNow(target);
}, { rootMargin: "400px" });

function drawWhenNear(plot, drawing) {
  waiting.set(plot, drawing);
  nearby.unobserve(plot);  // that it is near already would not be told again
  nearby.observe(plot);
}

function drawNow(plot) {
  waiting.get(plot)?.();
  waiting.delete(plot);
}

function forget(plot) {
  nearby.unobserve(plot);
  waiting.delete(plot);
  Plotly.purge(plot);
}

function drawView(view) {
  const panels = view.panels();
  const frame = view.frame(panels);
  const few = views.flatMap(({ plots }) => plots).length * drawnSeries().length <= drawnAtOnce;
  view.plots.forEach((plot, i) => {
    plot.setAttribute("aria-label", `${[view.name(), view.titleOf(panels[i])].filter(Boolean).join(", ")}; arrow keys go from point to point`);
    const drawing = () => view.paint(plot, panels[i], frame);
    if (few || view.plots.length === 1) drawing(); else drawWhenNear(plot, drawing);
  });
  view.element.querySelector(".gaps").textContent = view.words(panels);
}

// The sections with lines, each made from one template: its controls, and what they say is shown.

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
  if (summary.moments.length < 2) return;
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
  if (summary.kind === "profile") return isGradient(summary) ? "" : "Lines are medians over seeds.";
  return `${subject}: ${bandNote}${mainMoment(summary) === "test" ? " The model is that of the lowest validation loss." : ""}`;
}

/** Another series is looked at: its moments, its scale and what is said of it follow. */
async function choose(view, summary) {
  const { element } = view;
  await loadBands(summary);
  view.summary = summary;
  buildMoments(view);
  element.querySelector(".about").textContent = noteOf(summary);
  element.querySelector(".about-gradients").hidden = !isGradient(summary);
  element.querySelector(".heat").hidden = !isFilm(summary);
  element.querySelector(".log").hidden = !summary.logarithmic;
  element.querySelector(".log input").checked = logIsSensible(view, drawnPanels());
}

/** Buttons that name the colours and switch their curves on and off; every legend shows the same state. */
function buildLegend(view) {
  const legend = view.element.querySelector(".legend");
  legend.replaceChildren();
  legend.hidden = !roles.series;
  if (!roles.series) return;
  for (const series of drawnSeries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = seriesLabels()[series];
    button.dataset.series = series;
    button.addEventListener("click", () => {
      if (!hidden.delete(series)) hidden.add(series);
      drawAll();
    });
    legend.append(button);
  }
  if (drawnSeries().length === seriesLabels().length) return;
  const note = document.createElement("span");
  note.className = "note";
  note.textContent = `${mostCurves} of ${seriesLabels().length} values, evenly spread; as panels all are shown.`;
  legend.append(note);
}

function buildPanels(view) {
  const container = view.element.querySelector(".panels");
  view.plots.forEach(forget);
  view.plots = [];
  container.replaceChildren();
  for (const panel of view.sideBySide ? drawnPanels() : [0]) {
    const box = document.createElement("div");
    box.className = "panel";
    if (view.sideBySide && roles.panel) {
      const title = document.createElement("h3");
      title.textContent = panelTitle(panel);
      box.append(title);
    }
    const plot = document.createElement("div");
    plot.className = view.sideBySide ? "plot" : "plot tall";
    plot.setAttribute("role", "img");
    box.append(plot);
    container.append(box);
    view.plots.push(plot);
  }
  const left = panelLabels().length - mostPanels;
  view.element.querySelector(".cut").textContent = left > 0 ? `The first ${mostPanels} panels; the tables below have the other ${left} too.` : "";
  container.classList.toggle("many", view.plots.length > 24);  // those out of sight are not laid out
}

/** What follows from the parts of the axes. */
function arrange(view) {
  const labels = view.sideBySide ? [] : drawnPanels().map((panel) => panelLabels()[panel]);
  fillChoice(view.element.querySelector(".panel-choice"), roles.panel?.name ?? "", labels, labels.length - 1);
  buildLegend(view);
  buildPanels(view);
}

/** A view of the series of one group: side by side for each panel, or of one chosen panel. */
function buildView(group) {
  const element = byId("lines").content.cloneNode(true).firstElementChild;
  element.id = group.id;
  element.querySelector("h2").textContent = group.title;
  const view = {
    element, group, plots: [], off: new Set(), sideBySide: group.series[0].kind === "curve",
    logarithmic: () => view.summary.logarithmic && element.querySelector(".log input").checked,
    heat: () => isFilm(view.summary) && element.querySelector(".heat input").checked,
    moments: () => view.summary.moments.filter((moment) => !view.off.has(moment)),
    panels: () => view.sideBySide ? drawnPanels() : [Number(element.querySelector(".panel-choice select").value)],
  };
  view.leading = Math.max(0, group.series.findIndex((summary) => summary.leads));
  fillChoice(element.querySelector(".series-choice"), "show", group.series.map((summary) => summary.name), view.leading);
  element.querySelector(".series-choice select").addEventListener("change", (event) =>
    working(async () => {
      await choose(view, group.series[Number(event.target.value)]);
      drawAll();
    }));
  element.querySelector(".panel-choice select").addEventListener("change", () => drawAll());
  for (const input of element.querySelectorAll(".heat input, .log input")) input.addEventListener("change", () => drawAll());
  return view;
}

// ---- when a plot is drawn ----------------------------------------------------------------------------------

const drawnAtOnce = 40;  // curves of a page; with more, the plots that are near to what is read, or on paper all
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
  const frame = frameOf(view, panels);
  const few = views.flatMap(({ plots }) => plots).length * drawnSeries().length <= drawnAtOnce;
  view.plots.forEach((plot, i) => {
    plot.setAttribute("aria-label", `${view.summary.name} ${panelTitle(panels[i])}`.trim());
    const drawing = () => view.heat() ? drawFilm(plot, view, panels[i]) : drawLines(plot, view, panels[i], frame);
    if (few) drawing(); else drawWhenNear(plot, drawing);
  });
  view.element.querySelector(".gaps").textContent = gapsOf(view, panels[0]);
}

// Puts the page together: which sections there are, the controls that they share, and when to draw again.

/** One choice per axis that is neither colour nor panel. */
function buildFixedAxes(form) {
  for (const axis of roles.fixed) {
    const label = document.createElement("label");
    label.className = "choice";
    const select = document.createElement("select");
    label.append(`${axis.name} `, select);
    addOptions(select, axis.labels, 0);
    select.addEventListener("change", () => {
      chosen.set(axis.index, Number(select.value));
      drawAll();
    });
    form.append(label);
  }
  form.hidden = roles.fixed.length === 0;
}

/** Buttons that name the colours and switch their curves on and off; every legend shows the same state. */
function buildLegends() {
  for (const legend of document.querySelectorAll(".legend")) {
    legend.hidden = !roles.series;
    for (const series of roles.series ? indices(seriesLabels) : []) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = seriesLabels[series];
      button.dataset.series = series;
      button.addEventListener("click", () => {
        if (!hidden.delete(series)) hidden.add(series);
        drawAll();
      });
      legend.append(button);
    }
    if (hidden.size === 0) continue;
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = `The first ${shownAtFirst} of ${seriesLabels.length} are shown.`;
    legend.append(note);
  }
}

function showLegends() {
  for (const button of document.querySelectorAll(".legend button")) {
    const series = Number(button.dataset.series);
    button.style.setProperty("--color", colorOf(series));
    button.setAttribute("aria-pressed", String(!hidden.has(series)));
  }
}

function drawAll() {
  forgetTheme();
  showLegends();
  if (!byId("success").hidden) drawHeatMap(byId("heat-map"));
  views.forEach(drawView);
}

buildFixedAxes(byId("fixed"));
const views = groups.map(buildView);
byId("series").append(...views.map((view) => view.element));
buildLegends();
byId("heat-map").setAttribute("role", "img");
byId("heat-map").setAttribute("aria-label", "Success rate; the same numbers are in the table below");
byId("success").hidden = !((roles.series || roles.panel) && someCell((cell) => cell.results > 0));
drawAll();
addEventListener("beforeprint", () => [...waiting.keys()].forEach(drawNow));

// Colours and labels follow the scheme, the paper and the width.
for (const query of ["(prefers-color-scheme: dark)", "print", "(max-width: 600px)"])
  matchMedia(query).addEventListener("change", drawAll);
document.documentElement.dataset.drawn = "true";

// Puts the page together: which sections there are, their controls, and when to draw again.

const byId = (id) => document.getElementById(id);

function addOptions(select, labels, chosenIndex) {
  labels.forEach((label, index) => select.add(new Option(label, index, index === chosenIndex, index === chosenIndex)));
}

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
  }
}

function showLegends() {
  for (const button of document.querySelectorAll(".legend button")) {
    const series = Number(button.dataset.series);
    button.style.setProperty("--color", colorOf(series));
    button.setAttribute("aria-pressed", String(!hidden.has(series)));
  }
}

function buildPanels(container) {
  for (const panel of indices(panelLabels)) {
    const box = document.createElement("div");
    box.className = "panel";
    if (roles.panel) {
      const title = document.createElement("h3");
      title.textContent = panelTitle(panel);
      box.append(title);
    }
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", `Learning curves ${panelTitle(panel)}`.trim());
    box.append(plot);
    container.append(box);
  }
}

function buildGradientChoice(select) {
  if (!roles.panel) return;
  byId("gradient-choice").hidden = false;
  byId("gradient-choice").querySelector("span").textContent = roles.panel.name;
  addOptions(select, panelLabels, panelLabels.length - 1);
  select.addEventListener("change", drawAll);
}

const sections = {
  success: {
    hasData: () => (roles.series || roles.panel) && someCell((cell) => cell.results > 0),
    draw: () => drawHeatMap(byId("heat-map")),
  },
  learning: {
    hasData: () => someCell((cell) => cell.loss.at.length > 0),
    draw: () => {
      const range = lossRange();
      const logarithmic = byId("log-loss").checked && range !== null && range[0] > 0;
      document.querySelectorAll("#learning-panels .plot").forEach((plot, panel) => drawLoss(plot, panel, range, logarithmic));
    },
  },
  gradients: {
    hasData: () => someCell((cell) => cell.start.at.length > 0),
    draw: () => {
      const panel = roles.panel ? Number(byId("gradient-panel").value) : 0;
      drawGradients(byId("gradient-plot"), panel);
      byId("gradient-note").textContent = gradientGaps(panel);
    },
  },
};

function drawAll() {
  showLegends();
  for (const [id, section] of Object.entries(sections))
    if (!byId(id).hidden) section.draw();
}

buildFixedAxes(byId("fixed"));
buildLegends();
buildPanels(byId("learning-panels"));
buildGradientChoice(byId("gradient-panel"));
byId("heat-map").setAttribute("role", "img");
byId("heat-map").setAttribute("aria-label", "Success rate; the same numbers are in the table below");
byId("gradient-plot").setAttribute("role", "img");
byId("gradient-plot").setAttribute("aria-label", "Norm of the gradient with respect to the hidden state over time steps");
for (const [id, section] of Object.entries(sections)) byId(id).hidden = !section.hasData();
byId("log-loss").checked = logIsSensible(lossRange());
byId("log-loss").addEventListener("change", drawAll);
drawAll();

// Colours and labels follow the scheme, the paper and the width.
for (const query of ["(prefers-color-scheme: dark)", "print", "(max-width: 600px)"])
  matchMedia(query).addEventListener("change", drawAll);
document.documentElement.dataset.drawn = "true";

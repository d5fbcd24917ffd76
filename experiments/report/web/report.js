// Puts the page together: which sections there are, the controls that they share, and when to draw again.

/** Says in the page itself whether it is as it should be, for whoever drives it. */
async function working(work) {
  const { dataset } = document.documentElement;
  delete dataset.drawn;
  await work();
  dataset.drawn = "true";
}

function choiceOf(name, labels, chosenIndex, whenChosen) {
  const label = document.createElement("label");
  label.className = "choice";
  const select = document.createElement("select");
  label.append(`${name} `, select);
  addOptions(select, labels, chosenIndex);
  select.addEventListener("change", () => whenChosen(Number(select.value)));
  return label;
}

/** Which axis gives the colours, the panels and the strokes, and for each other one the value that it is held at. */
function buildAxes(form) {
  form.replaceChildren();
  form.hidden = varied.length < 2;
  if (form.hidden) return;
  for (const [role, name] of Object.entries(roleNames))
    form.append(choiceOf(name, [...varied.map((axis) => axis.name), "none"],
      roles[role] ? varied.indexOf(roles[role]) : varied.length, (index) => {
        setRole(role, varied[index] ?? null);
        arrangeAll();
        form.querySelectorAll("select")[Object.keys(roleNames).indexOf(role)].focus();
      }));
  for (const axis of fixedAxes())
    form.append(choiceOf(axis.name, axis.labels, chosen.get(axis.index), (index) => {
      chosen.set(axis.index, index);
      drawAll();
    }));
}

function showLegends() {
  for (const button of document.querySelectorAll(".legend button")) {
    const series = Number(button.dataset.series), line = button.querySelector("line");
    line.setAttribute("stroke", hidden.has(series) ? theme().line : colorOf(series));
    line.setAttribute("stroke-dasharray", dashArray(strokeOf(series, 0)));
    button.setAttribute("aria-pressed", String(!hidden.has(series)));
  }
}

function drawAll() {
  forgetTheme();
  showLegends();
  views.forEach(drawView);
}

/** When the axes have got their parts. */
function arrangeAll() {
  buildAxes(byId("axes"));
  views.forEach(arrange);
  drawAll();
}

const views = buildViews();
byId("plots").append(...views.map((view) => view.element));
buildTables();
await working(async () => {
  await Promise.all(views.map((view) => view.prepare()));
  arrangeAll();
});
addEventListener("beforeprint", () => [...waiting.keys()].forEach(drawNow));

// Colours and labels follow the scheme, the paper and the width.
for (const query of ["(prefers-color-scheme: dark)", "print", "(max-width: 600px)"])
  matchMedia(query).addEventListener("change", drawAll);

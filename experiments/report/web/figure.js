// One figure for a paper, without a report around it: `unroll plot` asks for it, and a browser without a window makes it.

const request = JSON.parse(await unpacked("request"));

/** Nobody looks at the page while it works, so that there is nobody to tell. */
const working = (work) => work();
const drawAll = () => {};

function takeAxes() {
  for (const role of Object.keys(roles))
    if (role in request.roles) roles[role] = null;
  for (const [role, index] of Object.entries(request.roles))
    setRole(role, varied.find((axis) => axis.index === index) ?? null);
  for (const [axis, value] of request.held) chosen.set(axis, value);
}

/** Whether a switch of the section is on; one that is not asked for stays as it is. */
function take(view, name, on) {
  const input = view.element.querySelector(`.${name} input`);
  if (input && on !== null) input.checked = on;
}

async function prepared(figure) {
  const view = viewBuilders[figure.kind](figure);
  await view.prepare();
  if (figure.kind === "series" && request.show !== null) await choose(view, sweep.series[request.show]);
  if (figure.kind === "numbers" && request.show !== null) view.number = sweep.numbers.find(({ name }) => name === request.show);
  if (figure.kind === "numbers" && request.over !== null) view.over = varied.find((axis) => axis.index === request.over);
  if (figure.kind === "numbers") take(view, "log", logIsUseful(view.number));
  take(view, "log", request.log);
  take(view, "single", request.runs);
  if (view.runs?.()) await loadRuns(view.summary);
  view.arrange();
  // On paper nobody chooses: all panels are shown.
  if (figure.kind === "series") view.panels = drawnPanels;
  return view;
}

const makers = {
  svg: async (view) => (await figureSvg(view, view.panels(), request)).svg,
  csv: async (view) => csvOfPanels(view, view.panels()),
  png: async (view) =>
    new Uint8Array(await (await pngOf(await figureSvg(view, view.panels(), request), request.scale)).arrayBuffer()),
  pdf: async (view) => {
    const { svg, width, height } = await figureSvg(view, view.panels(), request);
    byId("sheet").textContent = `@page { size: ${width}px ${height}px; margin: 0; } html, body { height: ${height}px; overflow: hidden; } svg { display: block; }`;
    document.body.insertAdjacentHTML("afterbegin", svg);
    return "printed";
  },
};

takeAxes();
const view = await prepared(sweep.figures.find(({ id }) => id === request.figure));
leave("result", await makers[request.format](view));

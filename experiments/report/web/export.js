// Plots to take along: as SVG and PNG, drawn anew on white paper with their titles and legend, and as CSV, the
// numbers that they show.

const slugOf = (text) => text.toLowerCase().replace(/[^a-z0-9.]+/g, "-").replace(/^-|-$/g, "") || "plot";

/** RFC 4180; what is not known is empty. */
const csvOf = (rows) => rows.map((row) => row.map((field) => {
  const text = field === null || field === undefined ? "" : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}).join(",") + "\n").join("");

/** Does something while the page has the colours of paper, whichever scheme its reader has. */
function onPaper(work) {
  document.documentElement.classList.add("paper");
  forgetTheme();
  try {
    return work();
  } finally {
    document.documentElement.classList.remove("paper");
    forgetTheme();
  }
}

/** One panel as SVG text of that size. */
async function panelSvg(view, panel, frame, width, height) {
  const element = document.createElement("div");
  element.className = "plot offscreen";
  element.dataset.height = `${height}px`;
  Object.assign(element.style, { width: `${width}px`, height: `${height}px` });
  document.body.append(element);
  try {
    onPaper(() => view.paint(element, panel, frame));
    // A plot that wants another height (a row for each of many values) gets it.
    const wanted = element.layout.height ?? height;
    return { svg: await Plotly.toImage(element, { format: "svg", width, height: wanted, imageDataOnly: true }), height: wanted };
  } finally {
    Plotly.purge(element);
    element.remove();
  }
}

const xml = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const fontOfPaper = 'font-family="system-ui, \'Segoe UI\', Roboto, \'DejaVu Sans\', sans-serif" font-size="12"';

let measuring = null;
function widthOf(text) {
  measuring ??= document.createElement("canvas").getContext("2d");
  measuring.font = '12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
  return measuring.measureText(text).width;
}

/** The legend as SVG, in as many lines as it needs. */
function legendSvg(entries, width) {
  let x = 0, y = 14;
  const parts = [];
  for (const { label, color, stroke } of entries) {
    const text = shortened(label, 60), wide = 34 + widthOf(text) + 18;
    if (x > 0 && x + wide > width) { x = 0; y += 18; }
    const dash = dashArray(stroke);
    parts.push(`<line x1="${x}" y1="${y - 4}" x2="${x + 26}" y2="${y - 4}" stroke="${color}" stroke-width="2"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`,
      `<text x="${x + 32}" y="${y}" fill="#1b1f26">${xml(text)}</text>`);
    x += wide;
  }
  return { svg: parts.join(""), height: entries.length ? y + 10 : 0 };
}

/** What colours and strokes stand for in a view. */
const legendOf = (view) => onPaper(() => view.legendEntries());

/** Panels side by side with their titles, a legend above them: one SVG. `size` may say the width and height of all. */
async function figureSvg(view, panels, size = {}) {
  const frame = view.frame(view.panels());
  const columns = panels.length === 1 ? 1 : panels.length <= 4 ? 2 : 3;
  const width = size.width ?? (columns === 1 ? 720 : 420 * columns);
  const legend = legendSvg(legendOf(view), width - 16);
  const lines = Math.ceil(panels.length / columns);
  const titled = panels.some((panel) => view.titleOf(panel) !== "") ? 20 : 0;
  const each = Math.floor(width / columns);
  const high = size.height ? Math.max(90, Math.floor((size.height - legend.height) / lines) - titled) : columns === 1 ? 400 : 280;
  const parts = [];
  let bottom = legend.height;
  for (let line = 0; line < lines; ++line) {
    let tallest = 0;
    for (let column = 0; column < columns && line * columns + column < panels.length; ++column) {
      const panel = panels[line * columns + column];
      const { svg, height } = await panelSvg(view, panel, frame, each, high);
      const title = view.titleOf(panel);
      if (title) parts.push(`<text x="${column * each + 8}" y="${bottom + 14}" font-weight="600" fill="#1b1f26">${xml(shortened(title, Math.floor(each / 7)))}</text>`);
      parts.push(svg.replace("<svg ", `<svg x="${column * each}" y="${bottom + titled}" `));
      tallest = Math.max(tallest, height);
    }
    bottom += titled + tallest;
  }
  const whole = `<rect width="${width}" height="${bottom}" fill="#ffffff"/><g transform="translate(8,0)">${legend.svg}</g>${parts.join("")}`;
  return { svg: `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${bottom}" viewBox="0 0 ${width} ${bottom}" ${fontOfPaper}>${whole}</svg>`, width, height: bottom };
}

/** The same as the pixels of a PNG file, so many for each of the SVG. */
async function pngOf({ svg, width, height }, scale) {
  const image = new Image();
  const loaded = new Promise((good, bad) => { image.onload = good; image.onerror = () => bad(new Error("the plot cannot be drawn as PNG")); });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await loaded;
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

const csvOfPanels = (view, panels) =>
  csvOf(panels.flatMap((panel, i) => view.rows(panel).slice(i === 0 ? 0 : 1)));

const exports = {
  SVG: async (view, panels) => new Blob([(await figureSvg(view, panels)).svg], { type: "image/svg+xml" }),
  PNG: async (view, panels) => pngOf(await figureSvg(view, panels), 2),
  CSV: async (view, panels) => new Blob([csvOfPanels(view, panels)], { type: "text/csv" }),
};

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** The buttons that save some panels of a view; `panels` tells which when one is pressed. */
function saveButtons(view, panels, what) {
  const box = document.createElement("span");
  box.className = "save";
  for (const [format, make] of Object.entries(exports)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = format;
    button.setAttribute("aria-label", `save ${what} as ${format}`);
    button.title = `save as ${format}`;
    button.addEventListener("click", () => working(async () => {
      const titles = [document.querySelector("h1")?.textContent ?? "", view.name(), panels().length === 1 ? view.titleOf(panels()[0]) : ""];
      save(await make(view, panels()), `${titles.filter(Boolean).map(slugOf).join("_")}.${format.toLowerCase()}`);
    }));
    box.append(button);
  }
  return box;
}

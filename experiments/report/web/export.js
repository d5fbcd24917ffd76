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

/** Attributes in one order, whatever order they were set in: the same plot is the same text. */
function inOrder(svg) {
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  for (const element of document.querySelectorAll("*")) {
    const attributes = [...element.attributes].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const attribute of attributes) element.removeAttributeNode(attribute);
    for (const attribute of attributes) if (attribute.value !== "") element.setAttributeNode(attribute);
  }
  return new XMLSerializer().serializeToString(document);
}

// A panel that is smaller is drawn as large as this and made smaller as a whole, its letters too.
const leastPanel = { width: 300, height: 190 };

/** In which grid so many panels are drawn, and how large, for a figure of that size (one that is not given: as on
    the page). */
function layoutOf(count, size) {
  const columns = count === 1 ? 1 : count <= 4 ? 2 : 3, lines = Math.ceil(count / columns);
  const usual = { width: columns === 1 ? 720 : 420 * columns, height: columns === 1 ? 430 : 310 * lines };
  if (!size.width && !size.height) return { columns, lines, width: usual.width, each: columns === 1 ? 400 : 280, shrink: 1 };
  const width = size.width ?? Math.round(size.height * usual.width / usual.height);
  const height = size.height ?? Math.round(width * usual.height / usual.width);
  const shrink = Math.max(1.25, leastPanel.width * columns / width, leastPanel.height * lines / height);
  return { columns, lines, width: Math.round(width * shrink), height: Math.round(height * shrink), shrink };
}

/** Panels side by side with their titles, a legend above them: one SVG. `size` may say the width and height of all,
    in pixels. */
async function figureSvg(view, panels, size = {}) {
  const frame = view.frame(view.panels());
  const { columns, lines, width, height, each, shrink } = layoutOf(panels.length, size);
  const legend = legendSvg(legendOf(view), width - 16);
  const titled = panels.some((panel) => view.titleOf(panel) !== "") ? 20 : 0;
  const wide = Math.floor(width / columns);
  const high = each ?? Math.max(100, Math.floor((height - legend.height) / lines) - titled);
  const parts = [];
  let bottom = legend.height;
  for (let line = 0; line < lines; ++line) {
    let tallest = 0;
    for (const [column, panel] of panels.slice(line * columns, (line + 1) * columns).entries()) {
      const made = await panelSvg(view, panel, frame, wide, high);
      const title = shortened(view.titleOf(panel), Math.floor(wide / 7));
      if (title) parts.push(`<text x="${column * wide + 8}" y="${bottom + 14}" font-weight="600" fill="#1b1f26">${xml(title)}</text>`);
      parts.push(inOrder(made.svg).replace("<svg ", `<svg x="${column * wide}" y="${bottom + titled}" `));
      tallest = Math.max(tallest, made.height);
    }
    bottom += titled + tallest;
  }
  const whole = `<rect width="${width}" height="${bottom}" fill="#ffffff"/><g transform="translate(8,0)">${legend.svg}</g>${parts.join("")}`;
  const outer = { width: Math.round(width / shrink), height: Math.round(bottom / shrink) };
  return { svg: `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${outer.width}" height="${outer.height}" viewBox="0 0 ${width} ${bottom}" ${fontOfPaper}>${whole}</svg>`, ...outer };
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

// What all plots share: colours, axes, numbers.

let colorsNow = null;  // asking for them makes the browser look at the whole page again

/** When the scheme, the paper or the width may have changed. */
const forgetTheme = () => { colorsNow = null; };
const theme = () => colorsNow ??= readTheme();

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    text: read("--text"), muted: read("--muted"), grid: read("--grid"), line: read("--line"),
    background: read("--background"), surface: read("--surface"), baseline: read("--baseline"),
    low: read("--low"), high: read("--high"), series: read("--series").split(/\s+/), ramp: read("--ramp").split(/\s+/),
  };
}

// ---- how a curve looks -------------------------------------------------------------------------------------

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** A shade of the ramp, from 0 to 1. */
function shade(share) {
  const { ramp } = theme();
  const at = share * (ramp.length - 1), below = Math.min(Math.floor(at), ramp.length - 2);
  const [from, to] = [channels(ramp[below]), channels(ramp[below + 1])];
  return `#${from.map((value, i) => Math.round(value + (at - below) * (to[i] - value)).toString(16).padStart(2, "0")).join("")}`;
}

/** Values that are numbers are shades in their order, names are colours that stand apart. */
const isRamp = (axis) => axis?.numeric && axis.labels.length > 3;

function colorOf(index, axis = roles.series) {
  if (isRamp(axis)) return shade(index / (axis.labels.length - 1));
  const { series } = theme();
  return series[index % series.length];
}

const strokes = ["solid", "7px,3px", "2px,2.5px", "9px,3px,2px,3px"];

/** Where all colours are taken, the next ones come with another stroke, unless an axis has the strokes. */
function strokeOf(index, line, axis = roles.series, lineAxis = roles.line) {
  if (lineAxis) return strokes[line % strokes.length];
  return isRamp(axis) ? strokes[0] : strokes[Math.floor(index / theme().series.length) % strokes.length];
}

/** A stroke as SVG has it. */
const dashArray = (stroke) => stroke === "solid" ? "" : stroke.replaceAll("px", "");

function transparent(hex, alpha) {
  const [red, green, blue] = channels(hex);
  return `rgba(${red},${green},${blue},${alpha})`;
}

// Plotly reads a small markup in labels; a value of the config must not be taken for it.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** The beginning of a text that is too long. */
const shortened = (text, most) => text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;

function axisStyle(title) {
  const colors = theme();
  return {
    title: { text: title, standoff: 8, font: { size: 12.5, color: colors.muted } },
    color: colors.text, gridcolor: colors.grid, linecolor: colors.line, zeroline: false, automargin: true,
    tickfont: { size: 12 }, ticks: "outside", ticklen: 4, tickcolor: colors.line,
  };
}

function baseLayout(margin) {
  const colors = theme();
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin, showlegend: false,
    font: { family: 'system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif', size: 13, color: colors.text },
    hoverlabel: { bgcolor: colors.surface, bordercolor: colors.line, font: { color: colors.text, size: 12.5 } },
    dragmode: canDrag() ? "zoom" : false,
  };
}

// A finger on a plot scrolls the page; a mouse may zoom, and a double click returns.
const canDrag = () => matchMedia("(pointer: fine)").matches;

const plotConfig = { responsive: true, displaylogo: false, displayModeBar: false };

function draw(element, traces, layout) {
  const drawn = Plotly.react(element, traces, layout, plotConfig);
  if (!element.fits) element.on("plotly_afterplot", () => letShrink(element));
  element.fits = true;
  letShrink(element);
  return drawn;
}

/** A drawing that knows its size becomes smaller as a whole where it is given less room: on paper. */
function letShrink(element) {
  const { width, height } = element._fullLayout;
  element.style.setProperty("--ratio", `${width} / ${height}`);
  for (const svg of element.querySelectorAll(".svg-container > .main-svg")) svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
}

const number = (value) => value === null ? "not finite" : Number(value.toPrecision(4)).toString();

function powersOfTen(axis, low, high) {
  const decades = Math.log10(high / low);
  if (!(decades > 1.5)) return { ...axis, type: "log", exponentformat: "power", nticks: 6 };
  return { ...axis, type: "log", exponentformat: "power", dtick: Math.max(1, Math.ceil(decades / 7)) };
}

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
    low: read("--low"), high: read("--high"), series: read("--series").split(/\s+/),
  };
}

const colorOf = (series) => { const { series: colors } = theme(); return colors[series % colors.length]; };

function transparent(hex, alpha) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${red},${green},${blue},${alpha})`;
}

// Plotly reads a small markup in labels; a value of the config must not be taken for it.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

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

const draw = (element, traces, layout) => Plotly.react(element, traces, layout, plotConfig);

const number = (value) => value === null ? "not finite" : Number(value.toPrecision(4)).toString();

function powersOfTen(axis, low, high) {
  const decades = Math.log10(high / low);
  if (!(decades > 1.5)) return { ...axis, type: "log", exponentformat: "power", nticks: 6 };
  return { ...axis, type: "log", exponentformat: "power", dtick: Math.max(1, Math.ceil(decades / 7)) };
}

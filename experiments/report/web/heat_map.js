// The success rate of every cell.

function heatText(cell, width, height) {
  if (!cell || cell.results === 0) return "–";
  const fitting = height < 34 ? [] : cell.trouble.split(", ").filter((part) => part && part.length * 6 < width).slice(0, 1);
  return [`<b>${cell.successes}/${cell.results}</b>`,
    ...fitting.map((part) => `<span style="font-size:10.5px">${plain(part)}</span>`)].join("<br>");
}

function heatHover(cell, row, column) {
  const place = [row, column].filter(Boolean).map(plain).join(", ");
  if (!cell || cell.results === 0) return `${place}<br>no result${cell?.trouble ? `: ${plain(cell.trouble)}` : ""}`;
  const percent = (share) => Math.round(100 * share);
  const lines = [
    place,
    `${cell.successes} of ${cell.results} succeeded, 95 % CI ${percent(cell.low)}–${percent(cell.high)} %`,
    `median best loss ${number(cell.median_best)}`,
    cell.median_test === null ? "" : `median test loss ${number(cell.median_test)}`,
    cell.test_accuracy === null ? "" : `median test accuracy ${number(cell.test_accuracy)}`,
    `updates to success: ${plain(cell.updates)}`,
  ];
  if (cell.trouble) lines.push(plain(cell.trouble));
  return lines.filter(Boolean).join("<br>");
}

const mostTexts = 600;  // cells that have words in them

/** Which of so many labels have room, `size` pixels for each: all where they are few. */
const labelled = (list, size, wanted) => {
  const step = list.length > 40 ? Math.ceil(wanted / size) : 1;
  return indices(list).filter((index) => index % step === 0);
};

/** The rows of the map: a series each, or a series and a line. */
function heatRows() {
  return indices(seriesLabels()).flatMap((series) => indices(lineLabels()).map((line) => ({
    label: [roles.series ? seriesLabels()[series] : "", lineLabels()[line]].filter(Boolean).join(", "),
    cell: (panel) => cellAt(series, panel, line),
  })));
}

/** What stands in the map: labels of rows and columns, cells. One axis alone is a row, or a column where its
    values are too long to stand side by side. */
function heatGrid(width) {
  const rows = heatRows(), columns = panelLabels();
  const grid = { rows: rows.map(({ label }) => label), columns, cells: rows.map(({ cell }) => columns.map((_, column) => cell(column))),
                 rowName: [roles.series, roles.line].filter(Boolean).map(({ name }) => name).join(", "), columnName: roles.panel?.name ?? "" };
  const longest = Math.max(...grid.rows.map((label) => label.length));
  if (roles.panel || rows.length * (7 * longest + 14) > width) return grid;
  return { rows: [""], columns: grid.rows, cells: [grid.cells.map(([cell]) => cell)], rowName: "", columnName: grid.rowName };
}

/** A label in at most two lines of so many letters. */
function wrapped(label, most) {
  if (label.length <= most) return plain(label);
  const comma = label.lastIndexOf(", ", most);
  if (comma <= 0) return plain(shortened(label, most));
  return `${plain(label.slice(0, comma + 1))}<br>${plain(shortened(label.slice(comma + 2), most))}`;
}

/** The success rates: rows are series, columns panels. */
function drawHeatMap(element) {
  const colors = theme();
  const width = element.clientWidth, narrow = width < 520;
  const { rows, columns, cells, rowName, columnName } = heatGrid(width - 40);
  const share = cells.map((line) => line.map((cell) => cell?.results ? cell.successes / cell.results : null));

  const letters = Math.floor(0.38 * width / 7);
  const longestRow = Math.min(letters, Math.max(...rows.slice(0, 1000).map((label) => label.length)));
  const cellWidth = (width - 7 * longestRow - (narrow ? 50 : 150)) / columns.length;
  const broken = rows.length <= 40 && rows.some((label) => label.length > letters && label.includes(", "));
  const cellHeight = Math.min(broken ? 44 : columnName === "" ? 26 : 34, Math.max(1, 1100 / rows.length));
  const hasRoom = columns.length <= 40 && rows.length <= 40 && rows.length * columns.length <= mostTexts;
  const annotations = !hasRoom ? [] : cells.flatMap((line, row) => line.map((cell, column) => ({
    x: column, y: row, text: heatText(cell, cellWidth, cellHeight), showarrow: false,
    font: { size: cellWidth < 40 ? 10 : 13, color: inkOn(share[row][column], colors) },
  })));
  const longest = Math.max(...columns.slice(0, 1000).map((label) => label.length));
  const shownColumns = labelled(columns, cellWidth, Math.max(44, 7 * longest)), shownRows = labelled(rows, cellHeight, 18);
  const turned = columns.length <= 40 && 7 * Math.min(longest, 24) > cellWidth;
  const height = Math.max(130, (columnName === "" ? 50 : 92) + (turned ? 6 * Math.min(longest, 24) : 0) + rows.length * cellHeight);
  element.style.height = `${height}px`;
  draw(element, [{
    type: "heatmap", z: share, x: indices(columns), y: indices(rows), zmin: 0, zmax: 1, xgap: cellWidth < 12 ? 0 : 3, ygap: cellHeight < 12 ? 0 : 3,
    colorscale: [[0, colors.low], [1, colors.high]], hoverongaps: true,
    hovertext: cells.map((line, row) => line.map((cell, column) => heatHover(cell, rows[row], columns[column]))),
    hoverinfo: "text", showscale: !narrow,
    colorbar: {
      title: { text: "success rate", side: "right", font: { size: 12.5, color: colors.muted } }, thickness: 12, lenmode: "pixels",
      len: Math.min(220, height - 60), y: 1, yanchor: "top", tickformat: ".0%", tickvals: [0, 0.5, 1], outlinewidth: 0, tickfont: { size: 12 },
    },
  }], {
    ...baseLayout({ l: 20, r: narrow ? 8 : 90, t: 6, b: columnName === "" ? 12 : 46 }), annotations, height,
    xaxis: { ...axisStyle(plain(columnName)), tickvals: shownColumns, ticktext: shownColumns.map((column) => plain(shortened(columns[column], 24))),
             tickangle: turned ? -60 : 0, showgrid: false, ticks: "", fixedrange: true, range: [-0.5, columns.length - 0.5],
             showticklabels: columnName !== "" },
    yaxis: { ...axisStyle(narrow ? "" : plain(shortened(rowName, Math.floor((height - 60) / 7)))), tickvals: shownRows, ticktext: shownRows.map((row) => wrapped(rows[row], letters)),
             showgrid: false, ticks: "", fixedrange: true, range: [rows.length - 0.5, -0.5] },
  });
}

/** The same as rows of a table. */
function rowsOfHeatMap() {
  const rows = [[...axisNames(), "successes", "n", "success rate", "low", "high", "median best", "median test", "updates"]];
  for (const cell of heatGrid(0).cells.flat())
    if (cell) rows.push([...axisValues(cell), cell.successes, cell.results, cell.results ? cell.successes / cell.results : null,
      cell.low, cell.high, cell.median_best, cell.median_test, cell.updates]);
  return rows;
}

// Black or white text, whichever stands out from the cell's colour.
function inkOn(share, colors) {
  const channel = (hex, at) => parseInt(hex.slice(at, at + 2), 16);
  if (share === null) return colors.muted;
  const light = [1, 3, 5].map((at) => channel(colors.low, at) * (1 - share) + channel(colors.high, at) * share);
  return 0.299 * light[0] + 0.587 * light[1] + 0.114 * light[2] > 140 ? "#10141a" : "#ffffff";
}

// ---- a profile at many moments of training -----------------------------------------------------------------

/** Whether its moments are called as its places are. */
const isMatrix = (summary) => summary.kind === "profile" && Boolean(summary.names);

/** Whether there are enough moments for a picture over places and moments. */
const isFilm = (summary) => summary.kind === "profile" && summary.moments.length > 2;

/** Whether it is a picture with lines over it. */
const isPicture = (summary) => linesOver(summary).length > 0;

const leastSeen = 0.01;  // a line that never comes above it is none

/** The lines over the picture of a cell: one for each moment of the series over it. */
function tracesOver(summary, cell) {
  return linesOver(summary).flatMap((lines) => lines.moments.map((moment, index) => {
    const band = bandAt(cell, lines, moment);
    return band && band.medians.high > leastSeen && {
      type: "scatter", mode: "lines", name: plain(moment), x: band.at, y: band.median, yaxis: "y2",
      line: { color: colorOf(index, null), width: 2.5 },
      hovertemplate: `${plain(moment)}: ${plain(lines.unit)} %{y:.3f} after %{x:.2f} ${plain(lines.axis)}s<extra></extra>`,
    };
  })).filter(Boolean);
}

/** A second axis for them on the right, and their names above. */
const layoutOver = (summary) => ({
  showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom" },
  yaxis2: { ...axisStyle(plain(linesOver(summary)[0].unit)), overlaying: "y", side: "right", range: [0, 1.02], tickmode: "array", tickvals: [0, 0.25, 0.5, 0.75, 1], showgrid: false, fixedrange: true },
});

/** Places go to the right, moments upwards; of the first colour that is shown. */
function drawFilm(element, view, panel) {
  const { summary } = view;
  const picture = isPicture(summary);
  const colors = theme();
  const logarithmic = view.logarithmic();
  const [series] = shownSeries();
  const rows = view.moments().map((moment) => ({ moment, band: bandAt(cellAt(series ?? 0, panel), summary, moment) }))
    .filter(({ band }) => band);
  if (isMatrix(summary)) rows.reverse();  // the first one stands above
  const places = [...new Set(rows.flatMap(({ band }) => band.at))].sort((a, b) => a - b);
  const medians = rows.map(({ band }) => {
    const values = drawable(band.median, logarithmic);
    const at = new Map(band.at.map((place, i) => [place, values[i]]));
    return places.map((place) => at.get(place) ?? null);
  });
  draw(element, [{
    type: "heatmap", x: places, y: rows.map(({ moment }) => plain(moment)),
    z: medians.map((line) => line.map((value) => value !== null && logarithmic ? Math.log10(value) : value)),
    colorscale: picture ? [[0, colors.surface], [1, colors.muted]] : [[0, colors.low], [1, colors.high]],
    showscale: !picture, customdata: medians.map((line) => line.map(number)),
    ...(summary.names ? { text: rows.map(() => places.map((place) => plain(placeName(summary, place)))) } : {}),
    hovertemplate: `%{y}, ${plain(summary.axis)} ${placeMark(summary)}<br>median %{customdata}<extra></extra>`,
    colorbar: {
      title: { text: `${logarithmic ? "log10 of " : ""}${plain(summary.unit || summary.name)}`, side: "right",
               font: { size: 12.5, color: colors.muted } },
      thickness: 12, outlinewidth: 0, tickfont: { size: 12 },
    },
  }, ...tracesOver(summary, cellAt(series ?? 0, panel))], {
    ...baseLayout({ l: 20, r: 8, t: 8, b: 46 }), ...(picture ? layoutOver(summary) : {}),
    xaxis: { ...axisStyle(plain(summary.axis)), showgrid: false, fixedrange: !canDrag(), ...namedTicks(summary, places) },
    yaxis: { ...axisStyle(roles.series ? plain(seriesLabels()[series ?? 0]) : ""), type: "category", showgrid: false, fixedrange: true, ...(picture ? { nticks: 10 } : {}) },
  });
}

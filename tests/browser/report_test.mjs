// Looks at report pages in headless Chromium as a reader does: nothing fails, nothing overlaps, nothing is fetched,
// and the numbers are those of results.csv, computed here anew.
//
//     node tests/browser/report_test.mjs FOLDER...            each with report.html and results.csv
//     node tests/browser/report_test.mjs --shots DIR FOLDER   keeps a picture of every page and width
//
// Without folders it looks at the example pages that unroll_tests leaves and at a small sweep of the program itself
// (UNROLL_BINARY_DIR, UNROLL_PROGRAM). CHROMIUM: the browser.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { check, finish, launch } from "./support/browser.mjs";

const widths = [1280, 400];

// ---- what results.csv says ---------------------------------------------------------------------------------

function parseCsv(text) {
  const rows = [];
  let row = [], field = "", quoted = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') { field += '"'; ++i; }
    else if (c === '"') quoted = !quoted;
    else if (quoted) field += c;
    else if (c === ",") { row.push(field); field = ""; }
    else if (c === "\n") { rows.push([...row, field]); row = []; field = ""; }
    else field += c;
  }
  const [head, ...body] = rows;
  return body.map((values) => Object.fromEntries(head.map((name, i) => [name, values[i]])));
}

const axisKeys = (row) => Object.keys(row).slice(1, Object.keys(row).indexOf("status"));

/** Share of Student's t within ±t, for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4). */
function studentWithin(t, freedom) {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  const odd = freedom % 2 === 1;
  let term = odd ? cosine : 1, sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= cosine * cosine * (k - 1) / k;
    sum += term;
  }
  return odd ? 2 / Math.PI * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

function studentQuantile975(freedom) {
  let low = 0, high = 20;
  for (let i = 0; i < 100; ++i) {
    const middle = (low + high) / 2;
    if (studentWithin(middle, freedom) < 0.95) low = middle; else high = middle;
  }
  return low;
}

function median(values) {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const half = sorted.length / 2;
  if (sorted.length === 0) return NaN;
  return Number.isInteger(half) ? (sorted[half - 1] + sorted[half]) / 2 : sorted[Math.floor(half)];
}

const numberOf = (text) => ({ nan: NaN, inf: Infinity, "-inf": -Infinity })[text] ?? Number(text);
const ranked = (value) => (Number.isFinite(value) ? value : Infinity);

const hasResult = (trial) => trial.status === "done" || trial.status === "diverged";
/** A scalar of the runs that have it. */
const scalars = (trials, name) => trials.map((trial) => trial[name] ?? "").filter((text) => text !== "").map(numberOf);

/** The numbers of one row of the summary, from the rows of its trials. */
function expectedOf(trials) {
  const results = trials.filter(hasResult);
  const best = results.map((trial) => numberOf(trial.best_loss));
  const finite = best.filter(Number.isFinite);
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const n = finite.length;
  return {
    n: results.length,
    success: `${results.filter((trial) => trial.success === "true").length}/${results.length}`,
    "median best": median(best.map(ranked)),
    "mean ± 95 % CI": mean,
    halfWidth: n < 2 ? NaN : studentQuantile975(n - 1) * Math.sqrt(squares / (n - 1) / n),
    min: n ? Math.min(...finite) : NaN,
    max: n ? Math.max(...finite) : NaN,
    "median last": median(results.map((trial) => ranked(numberOf(trial.last_loss)))),
    "median test": median(scalars(results, "test_loss").map(ranked)),
    "test accuracy": median(scalars(results, "test_accuracy")),
    updates: median(results.map((trial) => (trial.solved_at === "" ? Infinity : Number(trial.solved_at)))),
  };
}

/** Whether `text` is `value`, rounded to the digits that it has. */
function shows(text, value) {
  if (Number.isNaN(value)) return text === "–" || text === "";
  if (!Number.isFinite(value)) return text === "inf" || text.startsWith("> ");
  const [mantissa, exponent] = text.split("e");
  const decimals = (mantissa.split(".")[1] ?? "").length;
  return Math.abs(Number(text) - value) <= 0.5000001 * 10 ** (Number(exponent ?? 0) - decimals);
}

// ---- what the page shows -----------------------------------------------------------------------------------

/** Runs in the page: the summary table, head by head. */
function readTable() {
  const clean = (cell) => cell.textContent.replaceAll("\u00a0", " ");
  const heads = [...document.querySelectorAll("#summary thead th")].map(clean);
  return [...document.querySelectorAll("#summary tbody tr")].map((row) =>
    ({ axes: row.querySelectorAll("th").length, cells: [...row.children].map((cell, i) => [heads[i], clean(cell)]) }));
}

/** Runs in the page: pairs of visible blocks, and of labels inside one plot, whose boxes overlap. */
function findOverlaps() {
  const found = [];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (element) => `${element.tagName}.${element.getAttribute("class") ?? ""} "${element.textContent.trim().slice(0, 30)}"`;
  const boxes = (elements) => elements.filter(seen).map((element) => [element, element.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && box.height > 0);
  const compare = (list, slack) => {
    list.forEach(([a, boxA], i) => list.slice(i + 1).forEach(([b, boxB]) => {
      if (a.contains(b) || b.contains(a)) return;
      const wide = Math.min(boxA.right, boxB.right) - Math.max(boxA.left, boxB.left);
      const high = Math.min(boxA.bottom, boxB.bottom) - Math.max(boxA.top, boxB.top);
      if (wide > slack && high > slack) found.push(`${name(a)} and ${name(b)} by ${wide.toFixed(1)} × ${high.toFixed(1)}`);
    }));
  };
  compare(boxes([...document.querySelectorAll("h1, h2, h3, p, button, label, .key, .scroll, .plot")]), 0.5);
  for (const plot of document.querySelectorAll(".plot")) {
    const outer = plot.getBoundingClientRect();
    const labels = boxes([...plot.querySelectorAll("svg text")].filter((text) => text.textContent.trim() !== ""));
    compare(labels, 2);
    for (const [label, box] of labels)
      if (box.left < outer.left - 1 || box.right > outer.right + 1 || box.top < outer.top - 1 || box.bottom > outer.bottom + 1)
        found.push(`${name(label)} leaves its plot`);
  }
  return found;
}

/** Runs in the page: per visible plot, how many drawn shapes have data in them. */
function countDrawn() {
  return [...document.querySelectorAll(".plot")].filter((plot) => plot.checkVisibility()).map((plot) => ({
    lines: [...plot.querySelectorAll(".scatterlayer path.js-line, .scatterlayer path.point")]
      .filter((path) => (path.getAttribute("d") ?? "").length > 5).length,
    heat: plot.querySelectorAll(".heatmaplayer image").length,
  }));
}

// ---- the checks --------------------------------------------------------------------------------------------

function checkNumbers(table, trials, where) {
  const keys = trials.length ? axisKeys(trials[0]) : [];
  const keyOf = (head) => keys.find((key) => key === head || key.endsWith(`.${head}`));
  const cellName = (values) => JSON.stringify(Object.entries(values).sort());
  const groups = new Map();
  for (const trial of trials) {
    const place = cellName(Object.fromEntries(keys.filter((key) => key !== "seed").map((key) => [key, trial[key]])));
    groups.set(place, [...(groups.get(place) ?? []), trial]);
  }
  check(table.length === groups.size, `${where}: ${table.length} rows for ${groups.size} cells of results.csv`);
  for (const { axes, cells } of table) {
    const values = {};
    for (const [head, text] of cells.slice(0, axes)) {
      const parts = text.split(", ");
      head.split(", ").forEach((part, i) => { values[keyOf(part)] = parts[i] === "–" ? "" : parts[i]; });
    }
    const row = `${where}: ${JSON.stringify(values)}`;
    const group = groups.get(cellName(values));
    check(group !== undefined, `${row} is not in results.csv`);
    if (!group) continue;
    const expected = expectedOf(group);
    for (const [head, text] of cells.slice(axes)) {
      if (!(head in expected)) continue;
      const [value, halfWidth] = text.split(" ± ");
      if (head === "success") check(text === (expected.n ? expected.success : "–"), `${row}: success ${text}, not ${expected.success}`);
      else check(shows(value, expected[head]), `${row}: ${head} ${text}, not ${expected[head]}`);
      if (head.startsWith("mean")) check(shows(halfWidth ?? "–", expected.halfWidth), `${row}: ± ${halfWidth}, not ${expected.halfWidth}`);
    }
  }
}

async function checkPage(browser, folder, width, shots) {
  const where = `${basename(folder)} at ${width} px`;
  const url = pathToFileURL(join(folder, "report.html")).href;
  const trials = parseCsv(readFileSync(join(folder, "results.csv"), "utf8"));
  const anyResult = trials.some(hasResult);
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.setDefaultTimeout(300000);  // of a machine that does other things as well
  page.on("console", (message) => check(message.type() !== "error" && message.type() !== "warning", `${where}: console: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `${where}: ${error.message}`));
  page.on("request", (request) => check(request.url() === url || request.url().startsWith("data:"), `${where}: asks for ${request.url()}`));
  await page.goto(url);
  await page.waitForSelector("html[data-drawn]", { timeout: 120000 });
  await page.waitForTimeout(200);

  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(200);
    const plots = await page.evaluate(countDrawn);
    check(!anyResult || plots.length > 0, `${where}: no plot although there are results`);
    for (const [i, plot] of plots.entries()) check(plot.lines + plot.heat > 0, `${where}, ${scheme}: plot ${i} is empty`);
    for (const overlap of await page.evaluate(findOverlaps)) check(false, `${where}, ${scheme}: ${overlap}`);
    const scroll = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    check(scroll <= 0, `${where}, ${scheme}: the page is ${scroll} px too wide`);
    if (shots) await page.screenshot({ path: join(shots, `${basename(folder)}-${width}-${scheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  checkNumbers(await page.evaluate(readTable), trials, where);
  await checkHeatMap(page, trials, where);
  if (basename(folder) === "over_length") await checkOverLength(page, where);
  if (basename(folder) === "classes") await checkClasses(page, where);
  await checkControls(page, where);
  await page.close();
}

/** Without further axes the heat map has every cell once: its rates are those of the table. */
async function checkHeatMap(page, trials, where) {
  if (await page.locator("#success").count() === 0 || (await page.locator("#axes select").count()) > 3) return;  // colours, panels, lines
  const shown = await page.$$eval("#success .annotation-text", (texts) =>
    texts.map((text) => (text.querySelector("tspan.line") ?? text).textContent.trim()));
  const expected = await page.$$eval("#summary tbody tr", (rows) => rows.map((row) => [...row.querySelectorAll("td")][1].textContent));
  check(JSON.stringify(shown.sort()) === JSON.stringify(expected.sort()), `${where}: heat map ${shown} but table ${expected}`);
  check(trials.length > 0, `${where}: results.csv is empty`);
}

/** Every section with lines: its choices, switches and legend draw something else, and the way back is the same. */
async function checkControls(page, where) {
  for (const id of await page.$$eval("#plots section", (sections) => sections.map((section) => section.id))) {
    const section = page.locator(`[id="${id}"]`);
    await checkLegend(section, `${where}, ${id}`);
    await checkSwitches(section, `${where}, ${id}`);
    for (const kind of ["series-choice", "panel-choice"]) await checkChoice(section, kind, `${where}, ${id}`);
    for (const overlap of await page.evaluate(findOverlaps)) check(false, `${where}, ${id}, after a choice: ${overlap}`);
  }
}

const drawingOf = (section) => section.evaluate((element) =>
  [...element.querySelectorAll(".plot svg.main-svg")].map((svg) => svg.innerHTML.replace(/clip[\w-]+/g, "")).join(""));
const curvesOf = (section) => section.evaluate((element) => element.querySelectorAll(".plot .scatterlayer .trace").length);

async function checkLegend(section, where) {
  const button = section.locator(".legend button").first();
  if (!await button.isVisible()) return;
  const before = await curvesOf(section);
  await button.click();
  check((await button.getAttribute("aria-pressed")) === "false", `${where}: a legend button does not switch off`);
  check((await curvesOf(section)) < before, `${where}: switching a curve off removes nothing`);
  await button.click();
  check((await curvesOf(section)) === before, `${where}: switching a curve on again does not bring it back`);
}

/** "training", "start" and "log scale". */
async function checkSwitches(section, where) {
  const count = await section.locator("input[type=checkbox]").count();
  for (let i = 0; i < count; ++i) {
    const input = section.locator("input[type=checkbox]").nth(i);
    if (!await input.isVisible()) continue;
    const before = await drawingOf(section);
    const press = async () => {
      await input.click();
      await section.page().waitForSelector("html[data-drawn]");
    };
    await press();
    check((await drawingOf(section)) !== before, `${where}: switch ${i} changes nothing`);
    await press();
  }
}

/** The second option is drawn differently from the one that is chosen first; panels begin with the last one. */
async function checkChoice(section, kind, where) {
  const select = section.locator(`.${kind} select`);
  if (!await select.isVisible()) return;
  const { chosen, count } = await select.evaluate((list) => ({ chosen: list.selectedIndex, count: list.options.length }));
  if (kind === "panel-choice") check(chosen === count - 1, `${where}: does not begin with the last panel`);
  const before = await drawingOf(section);
  await select.selectOption({ index: (chosen + 1) % count });
  await section.page().waitForSelector("html[data-drawn]");
  check((await drawingOf(section)) !== before, `${where}: another choice gives the same plot`);
}

/** Of the page with lengths and two states: what its records have, and no more, is offered, and begins where it should. */
async function checkOverLength(page, where) {
  const offered = (id) => page.$eval(`[id="${id}"] .series-choice select`, (list) =>
    ({ chosen: list.selectedOptions[0].textContent, names: [...list.options].map((option) => option.textContent) }));
  const is = (value, expected, what) => check(JSON.stringify(value) === JSON.stringify(expected), `${where}: ${what} ${JSON.stringify(value)}`);
  is(await page.$$eval("#plots section", (all) => all.map((one) => one.id)),
    ["success", "numbers", "learning", "metrics", "survival", "points-length", "profile-time-step"], "sections");
  is(await offered("metrics"), { chosen: "error_rate", names: ["error_rate", "accuracy"] }, "metrics");
  is(await offered("points-length"), { chosen: "accuracy over length",
    names: ["loss over length", "error_rate over length", "accuracy over length"] }, "over length");
  is(await offered("profile-time-step"), { chosen: "gradient norm of h",
    names: ["gradient norm of h", "gradient norm of c"] }, "states");
  const texts = await page.$$eval("#points-length .plot svg text", (all) => all.map((text) => text.textContent));
  check(texts.includes("trained on 10–40"), `${where}: the range of training is not said`);
  check(["10", "400"].every((length) => texts.includes(length)), `${where}: lengths are missing below the plot: ${texts}`);
  check(await page.locator("#profile-time-step .about-gradients").isVisible(), `${where}: gradients are not explained`);
  check(await page.locator("#points-length .about-gradients").isHidden(), `${where}: accuracies are explained as gradients`);
}

/** Of the page with three classes and two speakers: the matrix of answers, medians over three seeds, and the speakers. */
async function checkClasses(page, where) {
  const matrix = await page.$eval("#profile-answer .plot", ({ data: [{ type, y, text, z }] }) => ({ type, y, columns: text[0], z }));
  const expected = { type: "heatmap", y: ["&lt;b&gt;", "no", "yes"], columns: ["yes", "no", "&lt;b&gt;"],
                     z: [[0.2, 0.2, 0.6], [0.1, 0.8, 0.1], [0.9, 0.1, 0]] };
  check(JSON.stringify(matrix) === JSON.stringify(expected), `${where}: answers ${JSON.stringify(matrix)}`);
  const texts = (id) => page.$$eval(`#${id} .plot svg text`, (all) => all.map((text) => text.textContent));
  const classes = await texts("profile-answer");
  check(["yes", "no", "<b>"].every((name) => classes.filter((one) => one === name).length === 2), `${where}: the matrix does not name its classes: ${classes}`);
  const named = await texts("points-part-of-the-test-set");
  check(["ann", "bob"].every((name) => named.includes(name)), `${where}: the parts are not named: ${named}`);
  const heard = await page.$eval("#profile-second .plot", ({ data }) => data.map(({ type, name, y, z }) => ({ type, name, y, z })));
  const picture = [{ type: "heatmap", y: ["100 Hz", "200 Hz", "400 Hz"], z: [[100, 101, 102], [200, 201, 202], [400, 401, 402]] },
                   { type: "scatter", name: "yes", y: [0.5, 0.8] }];  // the other label never comes above one in a hundred
  check(JSON.stringify(heard) === JSON.stringify(picture), `${where}: heard ${JSON.stringify(heard)}`);
}

/** Without JavaScript the table is still there, and the page says what is not. */
async function checkWithoutScript(browser, folder) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(300000);  // of a machine that does other things as well
  await page.goto(pathToFileURL(join(folder, "report.html")).href);
  check(await page.locator("#summary tbody tr").first().isVisible(), `${basename(folder)}: no table without JavaScript`);
  check(await page.locator(".warning").isVisible(), `${basename(folder)}: no word about the missing plots without JavaScript`);
  check(await page.locator(".plotted").first().isHidden(), `${basename(folder)}: an empty section without JavaScript`);
  await context.close();
}

/** Folders with pages made for this run: of made-up records, and of a sweep that really ran. */
function makePages(root) {
  const { UNROLL_BINARY_DIR: build, UNROLL_PROGRAM: program, UNROLL_SOURCE_DIR: source } = process.env;
  execFileSync(join(build, "unroll_tests"), ["--test-case=*report] example pages are written"],
    { env: { ...process.env, UNROLL_REPORT_PAGES: root }, stdio: "inherit" });
  execFileSync(program, ["sweep", join(source, "experiments/configs/quick.toml"), "--out", join(root, "quick")],
    { stdio: ["ignore", "ignore", "inherit"] });
  return readdirSync(root).map((name) => join(root, name));
}

const args = process.argv.slice(2);
const shotsAt = args.indexOf("--shots");
const shots = shotsAt < 0 ? null : resolve(args.splice(shotsAt, 2)[1]);
if (shots) mkdirSync(shots, { recursive: true });
if (args.length === 0 && !process.env.UNROLL_BINARY_DIR) {
  console.error("usage: node report_test.mjs [--shots DIR] FOLDER...   (folders with report.html and results.csv)");
  process.exit(2);
}
const made = args.length === 0 ? mkdtempSync(join(tmpdir(), "unroll-report-")) : null;

let folders = args.map((path) => resolve(path));
let browser;
try {
  if (made) folders = makePages(made);
  browser = await launch();
  for (const folder of folders) {
    for (const width of widths) await checkPage(browser, folder, width, shots);
    await checkWithoutScript(browser, folder);
  }
} finally {
  await browser?.close();
  if (made) rmSync(made, { recursive: true });
}
finish(` on ${folders.length} pages`);

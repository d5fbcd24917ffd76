// What a reader takes along: every plot as SVG, PNG and CSV by its buttons, the same figures by `unroll plot` without
// a window, and the page on paper. The numbers are those of results.csv, computed here anew.
//
//     node tests/browser/saved_plots_test.mjs       (UNROLL_PROGRAM; CHROMIUM: the browser)

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { check, finish, launch } from "./support/browser.mjs";

// Three nets, two of them with long names, three lengths, two seeds; a rate of 1e30 lets some diverge.
const config = `diagnose = ["state_gradients"]
[task]
name = "adding"
[model]
hidden = 4
[train]
updates = 30
validate_every = 10
batch = 4
validation_sequences = 8
test_sequences = 8
[sweep]
seed = { count = 2 }
"task.length" = [3, 6, 12]
"train.learning_rate" = [0.01, 1e30]
cases = [
  { "model.cell" = "vanilla", "model.activation" = "tanh", "model.init" = "glorot" },
  { "model.cell" = "antisymmetric_gated", "model.activation" = "tanh", "model.init" = "glorot" },
  { "model.cell" = "update_gate_rnn", "model.activation" = "tanh", "model.init" = "orthogonal" },
]
`;

function rowsOf(text) {
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

const unroll = (...words) => execFileSync(process.env.UNROLL_PROGRAM, words, { stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1e8 });

const median = (values) => {
  const sorted = values.map((value) => Number.isFinite(value) ? value : Infinity).sort((a, b) => (a < b ? -1 : 1));
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};
const numberOf = (text) => ({ nan: NaN, inf: Infinity })[text] ?? Number(text);
/** Five digits are what a plot is given. */
const near = (text, value) => Number.isFinite(value) ? Math.abs(Number(text) - value) <= 1e-4 * Math.abs(value) : text === "";

/** The trials of results.csv that a row of a saved CSV is about. */
const trialsOf = (trials, row) => trials.filter((trial) => trial["task.length"] === row.length
  && Number(trial["train.learning_rate"]) === Number(row.learning_rate)
  && row["cell, init"] === `${trial["model.cell"]}, ${trial["model.init"]}`);

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download", { timeout: 120000 }), button.click()]);
  await page.waitForSelector("html[data-drawn]");
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

const buttonOf = (page, section, format, which = 0) =>
  page.locator(`#${section} .panel .save button`, { hasText: format }).nth(which);

async function checkHeatMap(page, trials) {
  const { name, bytes } = await saved(page, buttonOf(page, "success", "CSV"));
  const rows = rowsOf(bytes.toString());
  check(name.endsWith(".csv") && rows.length === 9, `${name} of the heat map has ${rows.length} rows`);
  for (const row of rows) {
    const of = trialsOf(trials, row);
    check(of.length === 2 && Number(row.n) === of.length, `heat map: ${JSON.stringify(row)} is of ${of.length} trials`);
    check(Number(row.successes) === of.filter(({ success }) => success === "true").length, `heat map: ${JSON.stringify(row)}`);
    check(near(row["median best"], median(of.map((trial) => numberOf(trial.best_loss)))), `heat map: median best of ${JSON.stringify(row)}`);
  }
}

/** Every number that can be shown over an axis, against results.csv. */
async function checkNumbers(page, trials) {
  for (const [title, column] of [["best loss", "best_loss"], ["test loss", "test_loss"], ["parameters", "parameters"]]) {
    await page.locator("#numbers .series-choice select").selectOption({ label: title });
    const { bytes } = await saved(page, buttonOf(page, "numbers", "CSV"));
    const rows = rowsOf(bytes.toString());
    check(rows.length === 9, `${title}: ${rows.length} rows for 9 cells`);
    for (const row of rows)
      check(near(row[`${title} median`], median(trialsOf(trials, row).map((trial) => numberOf(trial[column])))), `${title}: ${JSON.stringify(row)}`);
  }
  await page.locator("#numbers .over-choice select").selectOption({ label: "cell, init" });
  const names = await page.$$eval("#numbers .plot .ytick text", (all) => all.map((text) => text.textContent));
  check(names.length === 3 && names.every((name) => name.length > 5), `over names the rows are ${names}`);
  await page.locator("#numbers .over-choice select").selectOption({ label: "length" });
  await page.waitForSelector("html[data-drawn]");
  const places = await page.$$eval("#numbers .plot .xtick text", (all) => all.map((text) => text.textContent));
  check(places.join() === "3,6,12", `lengths of 3, 6 and 12 are marked as ${places}`);
}

/** The single runs of the learning curves, against series.csv. */
async function checkRuns(page, folder) {
  const series = rowsOf(readFileSync(join(folder, "series.csv"), "utf8")).filter((row) => row.series === "loss" && row.moment === "validation");
  await page.locator("#learning .single input").check();
  await page.waitForSelector("html[data-drawn]");
  const { bytes } = await saved(page, page.locator("#learning .save-all .save button", { hasText: "CSV" }));
  const rows = rowsOf(bytes.toString()).filter((row) => row.run !== "");
  const trials = rowsOf(readFileSync(join(folder, "results.csv"), "utf8")).filter((trial) => Number(trial["train.learning_rate"]) === 0.01);
  const wanted = trials.flatMap(({ id }) => series.filter((row) => row.id === id).map((row) => `${Number(row.x)}:${Number(row.y).toPrecision(4)}`)).sort();
  const found = rows.map((row) => `${Number(row.update)}:${Number(row["loss median"]).toPrecision(4)}`).sort();
  check(found.length > 30 && found.length === wanted.length, `${found.length} points of single runs, series.csv has ${wanted.length}`);
  const wrong = wanted.filter((value, i) => Math.abs(Number(value.split(":")[1]) - Number(found[i].split(":")[1])) > 2e-3 * Math.abs(Number(value.split(":")[1])));
  check(wrong.length === 0, `single runs: ${wrong.slice(0, 3)} are not in the saved file`);
}

/** SVG and PNG of a section, opened: they have its curves, names and legend, on white. */
async function checkPictures(page, browser) {
  const svg = await saved(page, page.locator("#learning .save-all .save button", { hasText: "SVG" }));
  const text = svg.bytes.toString();
  check(text.startsWith("<svg ") && ["length 3", "length 6", "length 12", "antisymmetric_gated", "validation loss"].every((part) => text.includes(part)), `${svg.name} lacks its words`);
  check((text.match(/js-line/g) ?? []).length >= 9, `${svg.name} has ${(text.match(/js-line/g) ?? []).length} curves`);
  const png = await saved(page, buttonOf(page, "learning", "PNG", 1));
  check(png.bytes.subarray(1, 4).toString() === "PNG" && png.name.includes("length-6"), `${png.name} is no PNG of its panel`);
  const viewer = await browser.newPage();
  viewer.setDefaultTimeout(300000);  // of a machine that does other things as well
  for (const { name, bytes } of [svg, png]) {
    const type = name.endsWith("svg") ? "svg+xml" : "png";
    const drawn = await viewer.evaluate(async ([kind, base64]) => {
      const image = new Image();
      image.src = `data:image/${kind};base64,${base64}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      let coloured = 0;
      for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) ++coloured;
      return { width: image.width, corner: [...data.slice(0, 4)], coloured };
    }, [type, bytes.toString("base64")]);
    check(drawn.width >= 400 && drawn.coloured > 300, `${name}: ${drawn.coloured} coloured pixels, ${drawn.width} wide`);
    check(drawn.corner.join() === "255,255,255,255", `${name} is not on white: ${drawn.corner}`);
  }
  await viewer.close();
}

/** The keyboard reaches every control in the order of the page, and the points of a plot. */
async function checkKeyboard(page) {
  await page.locator("#axes select").first().focus();
  const reached = new Set();
  for (let i = 0; i < 150; ++i) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.closest("section")?.id));
    if (reached.has("survival")) break;
  }
  check(["success", "numbers", "learning", "survival"].every((id) => reached.has(id)), `the keyboard reaches ${[...reached]}`);
  const plot = page.locator("#learning .plot").first();
  await plot.focus();
  const told = async (key) => { await page.keyboard.press(key); return page.locator(".told").textContent(); };
  const first = await told("ArrowRight"), second = await told("ArrowRight"), other = await told("ArrowDown");
  check(first !== "" && first !== second && second !== other, `the keys tell "${first}", "${second}", "${other}"`);
  check(await plot.locator(".hoverlayer .hovertext").count() > 0, "the point that the keys are at is not shown");
  await page.keyboard.press("Escape");
  check(await page.locator(".told").textContent() === "", "Escape leaves what was told");
  const button = page.locator("#learning .legend button").first();
  await button.focus();
  await page.keyboard.press("Space");
  check(await button.getAttribute("aria-pressed") === "false", "the space bar does not switch a curve off");
  await page.keyboard.press("Space");
}

/** A third axis as strokes. */
async function checkStrokes(page) {
  const strokes = () => page.$$eval("#learning .plot path.js-line", (lines) => [...new Set(lines.map((line) => line.style.strokeDasharray))].length);
  const before = await strokes();
  await page.locator("#axes select").nth(2).selectOption({ label: "learning_rate" });
  check(await strokes() > before, "a third axis gives no other strokes");
  check(await page.locator("#learning .legend .stroke").count() === 2, "the legend does not name the strokes");
  await page.locator("#axes select").nth(2).selectOption({ label: "none" });
}

/** Runs in the page: pairs of visible blocks and of labels in one plot that overlap. */
function overlaps() {
  const found = [];
  const boxes = (elements) => elements.filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .map((element) => [element, element.getBoundingClientRect()]).filter(([, box]) => box.width > 0 && box.height > 0);
  const compare = (list, slack) => list.forEach(([a, boxA], i) => list.slice(i + 1).forEach(([b, boxB]) => {
    if (a.contains(b) || b.contains(a)) return;
    const wide = Math.min(boxA.right, boxB.right) - Math.max(boxA.left, boxB.left), high = Math.min(boxA.bottom, boxB.bottom) - Math.max(boxA.top, boxB.top);
    if (wide > slack && high > slack) found.push(`"${a.textContent.trim().slice(0, 30)}" and "${b.textContent.trim().slice(0, 30)}"`);
  }));
  compare(boxes([...document.querySelectorAll("h1, h2, h3, p, button, label, .key, .scroll, .plot")]), 0.5);
  for (const plot of document.querySelectorAll(".plot"))
    compare(boxes([...plot.querySelectorAll("svg text")].filter((text) => text.textContent.trim() !== "")), 2);
  return found;
}

/** On paper nothing overlaps, and what only a screen can use is not there. */
async function checkPaper(page) {
  await page.setViewportSize({ width: 720, height: 1000 });
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await page.waitForTimeout(300);
  for (const pair of await page.evaluate(overlaps)) check(false, `on paper: ${pair} overlap`);
  check(!await page.locator(".save").first().isVisible(), "buttons are printed");
  check(!await page.locator("#trials:not([data-read])").isVisible(), "the head of a table without rows is printed");
  const torn = await page.$$eval(".note, .controls", (all) => all.filter((one) => getComputedStyle(one).breakInside !== "avoid").length);
  check(torn === 0, `${torn} notes may be torn from their plots`);
  const pdf = await page.pdf({ format: "A4" });
  check(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 50000, `the printed page has ${pdf.length} bytes`);
  await page.emulateMedia({ media: "screen" });
}

/** `unroll plot`: the list, and each figure of it in each format, the same bytes twice. */
function checkPlotVerb(folder, root) {
  const list = JSON.parse(unroll("plot", folder, "--format", "json"));
  check(list.map(({ figure }) => figure).join() === "success,numbers,learning,metrics,profile-time-step" ||
    list.map(({ figure }) => figure).join() === "success,numbers,learning,metrics,survival,profile-time-step", `figures ${list.map(({ figure }) => figure)}`);
  for (const { figure } of list) {
    const svg = unroll("plot", folder, "--figure", figure, "--format", "svg").toString();
    check(svg.startsWith("<svg ") && svg.includes("</svg>") && svg.length > 5000, `${figure}: ${svg.length} bytes of SVG`);
  }
  const twice = ["a", "b"].map((name) => {
    const file = join(root, `${name}.pdf`);
    unroll("plot", folder, "--figure", "learning", "--out", file, "--width", "85", "--height", "60", "--runs");
    return readFileSync(file);
  });
  check(twice[0].equals(twice[1]), "two PDFs of one figure differ");
  check(/\/MediaBox \[0 0 24[01][\d.]* 1(69|70)[\d.]*\]/.test(twice[0].toString("latin1")) && /\/Count 1\b/.test(twice[0].toString("latin1")),
    `85 mm by 60 mm is ${/\/MediaBox \[[^\]]*\]/.exec(twice[0].toString("latin1"))}`);
  const rows = rowsOf(unroll("plot", folder, "--figure", "numbers", "--show", "test_loss", "--over", "task.length", "--hold", "learning_rate=0.01", "--format", "csv").toString());
  const trials = rowsOf(readFileSync(join(folder, "results.csv"), "utf8"));
  check(rows.length === 9 && rows.every((row) => near(row["test loss median"], median(trialsOf(trials, row).map((trial) => numberOf(trial.test_loss))))),
    `test loss over length: ${JSON.stringify(rows[0])}`);
  const file = join(root, "map.png");
  unroll("plot", folder, "--figure", "success", "--out", file);
  check(readFileSync(file).subarray(1, 4).toString() === "PNG", "no PNG by the end of the file's name");
}

/** What cannot be drawn is refused with what there is. */
function checkRefusals(folder) {
  const refused = (status, text, words, env = process.env) => {
    const result = spawnSync(process.env.UNROLL_PROGRAM, ["plot", folder, ...words], { env, encoding: "utf8" });
    check(result.status === status && result.stderr.includes(text), `plot ${words.join(" ")}: status ${result.status}, ${result.stderr}`);
  };
  refused(2, `--figure: there is no "sucess"; did you mean "success"?; there are success, numbers,`, ["--figure", "sucess"]);
  refused(2, `--show: there is no "lss"`, ["--figure", "learning", "--show", "lss"]);
  refused(2, "--show: success shows the success rate and nothing else", ["--figure", "success", "--show", "loss"]);
  refused(2, "--over is of the figure numbers", ["--figure", "learning", "--over", "length"]);
  refused(2, `--colour: there is no "lenght"; did you mean "length"?`, ["--figure", "learning", "--colour", "lenght"]);
  refused(2, `--hold: there is no "70"; there are 3, 6, 12`, ["--figure", "learning", "--hold", "length=70"]);
  refused(2, "--hold takes AXIS=VALUE", ["--figure", "learning", "--hold", "length"]);
  refused(2, "--width is in millimetres, 20 to 2000, but is 5", ["--figure", "learning", "--width", "5"]);
  refused(2, "either --log or --linear", ["--figure", "learning", "--log", "--linear"]);
  refused(2, `unknown format "jpg"`, ["--figure", "learning", "--out", "x.jpg"]);
  refused(2, `unknown format "svg"`, ["--format", "svg"]);
  refused(2, "a figure is drawn by Chromium, and none of chromium, ", ["--figure", "learning"], { PATH: "/nowhere" });
  refused(2, "(Debian: apt-get install chromium)", ["--figure", "learning"], { PATH: "/nowhere" });
}

const root = mkdtempSync(join(tmpdir(), "unroll plots "));
let browser;
try {
  const file = join(root, "plots.toml"), folder = join(root, "plots");
  writeFileSync(file, config);
  // Some trials diverge, which is a result, and status 0 or 1.
  spawnSync(process.env.UNROLL_PROGRAM, ["sweep", file, "--out", folder], { stdio: "ignore" });
  const trials = rowsOf(readFileSync(join(folder, "results.csv"), "utf8"));
  check(trials.length === 36, `${trials.length} trials`);
  browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "dark", acceptDownloads: true });
  page.setDefaultTimeout(300000);  // of a machine that does other things as well
  page.on("pageerror", (error) => check(false, error.message));
  page.on("console", (message) => check(!["error", "warning"].includes(message.type()), message.text()));
  await page.goto(pathToFileURL(join(folder, "report.html")).href, { timeout: 120000 });
  await page.waitForSelector("html[data-drawn]", { timeout: 120000 });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  await checkHeatMap(page, trials);
  await checkNumbers(page, trials);
  await checkRuns(page, folder);
  await checkPictures(page, browser);
  await checkKeyboard(page);
  await checkStrokes(page);
  await checkPaper(page);
  checkPlotVerb(folder, root);
  checkRefusals(folder);
} finally {
  await browser?.close();
  rmSync(root, { recursive: true });
}
finish();

// The page of a sweep of 5,000 trials, at two widths: it opens in less than 3 s, its tables are sorted and filtered, its axes switched;
// what it shows are the values of results.csv; nothing fails and nothing is fetched.
//
//     node tests/browser/five_thousand_trials_test.mjs       (UNROLL_PROGRAM; CHROMIUM: the browser)

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { check, finish, launch } from "./support/browser.mjs";

// Those with a rate of 1e30 diverge: not all is well in 5,000 trials.
const config = `diagnose = []
[task]
name = "adding"
length = 3
[model]
hidden = 2
[train]
updates = 8
validate_every = 2
batch = 2
validation_sequences = 4
test_sequences = 4
[sweep]
seed = { count = 5 }
"train.learning_rate" = [${Array.from({ length: 49 }, (_, i) => ((i + 1) / 1000).toFixed(3))}, 1e30]
"model.activation" = ["tanh", "relu", "sigmoid", "identity"]
"train.clip_norm" = [0.5, 1.0, 2.0, 4.0, 8.0]
`;

function readCsv(file) {
  const [head, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(row.map((field, i) => [head[i], field])));
}

function sweep(root) {
  const file = join(root, "five.toml"), out = join(root, "five");
  writeFileSync(file, config);
  execFileSync(process.env.UNROLL_PROGRAM, ["sweep", file, "--out", out], { stdio: "ignore" });
  execFileSync(process.env.UNROLL_PROGRAM, ["report", out], { stdio: "ignore" });
  return out;
}

async function open(browser, folder, width) {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.setDefaultTimeout(300000);  // of a machine that does other things as well
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable", { timeDomain: "threadTicks" });
  const url = pathToFileURL(join(folder, "report.html")).href;
  page.on("pageerror", (error) => check(false, `at ${width}: ${error.message}`));
  page.on("console", (message) => check(!["error", "warning"].includes(message.type()), `at ${width}: ${message.text()}`));
  page.on("request", (request) => check(request.url() === url || request.url().startsWith("data:"), `asks for ${request.url()}`));
  await page.goto(url);
  await page.waitForSelector("html[data-drawn]");
  const { metrics } = await client.send("Performance.getMetrics");
  // Of the page's own thread, which other programs on the machine do not lengthen as they do the time of a clock.
  const seconds = metrics.find(({ name }) => name === "ThreadTime").value;
  check(seconds > 0 && seconds < 3, `at ${width}: opening takes ${seconds.toFixed(2)} s`);
  console.log(`at ${width} pixels the page opens in ${seconds.toFixed(2)} s of its thread`);
  return page;
}

/** Of a table: what is shown, as one object per row, and what is said below it. */
const shown = (page, table) => page.$eval(table, (element) => {
  const heads = [...element.tHead.rows[0].cells].map((head) => head.textContent.replaceAll("\u00a0", " "));
  const rows = [...element.tBodies].flatMap((body) => [...body.rows])
    .map((row) => Object.fromEntries([...row.cells].map((cell, i) => [heads[i], cell.textContent])));
  return { rows, count: element.closest("section").querySelector(".count").textContent };
});

/** A click on the head of a column, as the test of report.html's readers: however far it is scrolled away. */
const sortBy = (page, table, name) => page.$eval(table, (element, wanted) =>
  [...element.querySelectorAll("thead th")].find((head) => head.textContent === wanted).querySelector("button").click(), name);
const filterBy = (page, table, name, text) =>
  page.locator(`${table} .filters input[aria-label="filter by ${name}"]`).fill(text);

const median = (values) => {
  const sorted = values.map((value) => Number.isFinite(value) ? value : Infinity).sort((a, b) => (a < b ? -1 : 1));
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};
const numberOf = (text) => ({ nan: NaN, inf: Infinity })[text] ?? Number(text);

/** Whether `text` is `value`, rounded to the digits that it has. */
function shows(text, value) {
  if (!Number.isFinite(value)) return text === "inf" || text === "–";
  const [mantissa, exponent] = text.split("e");
  return Math.abs(Number(text) - value) <= 0.5000001 * 10 ** (Number(exponent ?? 0) - (mantissa.split(".")[1] ?? "").length);
}

/** Every row of the table of cells, against the trials of that cell. */
function checkCells(rows, trials, where) {
  const keyOf = (activation, rate, clip) => [activation, Number(rate), Number(clip)].join();
  const cells = new Map();
  for (const trial of trials) {
    const place = keyOf(trial["model.activation"], trial["train.learning_rate"], trial["train.clip_norm"]);
    cells.set(place, [...(cells.get(place) ?? []), trial]);
  }
  check(rows.length === cells.size, `${where}: ${rows.length} rows for ${cells.size} cells`);
  for (const row of rows) {
    const place = keyOf(row.activation, row.learning_rate, row.clip_norm);
    const of = cells.get(place) ?? [];
    const results = of.filter(({ status }) => status !== "failed" && status !== "missing");
    check(of.length === 5 && Number(row.n) === results.length, `${where}: ${place} has n = ${row.n}`);
    check(row.success === `${results.filter(({ success }) => success === "true").length}/${results.length}`, `${where}: ${place}: ${row.success}`);
    const best = median(results.map((trial) => numberOf(trial.best_loss)));
    check(shows(row["median best"], best), `${where}: ${place}: median best ${row["median best"]}, not ${best}`);
  }
}

async function checkSummary(page, trials, where) {
  const table = "#summary";
  const first = await shown(page, table);
  check(first.rows.length === 200 && first.count.startsWith("200 of 1000 rows"), `${where}: ${first.rows.length} rows, ${first.count}`);
  await page.locator("section:has(#summary) .count button").click();
  const all = (await shown(page, table)).rows;
  checkCells(all, trials, where);

  await sortBy(page, table, "median best");
  const best = (await shown(page, table)).rows.map((row) => row["median best"] === "inf" ? Infinity : Number(row["median best"]));
  check(best.length === 1000 && best.every((value, i) => i === 0 || best[i - 1] <= value), `${where}: not sorted by the best`);
  await sortBy(page, table, "median best");
  const worst = (await shown(page, table)).rows.map((row) => row["median best"] === "inf" ? Infinity : Number(row["median best"]));
  check(worst.every((value, i) => i === 0 || worst[i - 1] >= value) && worst[0] > worst.at(-1), `${where}: not sorted by the worst`);

  await filterBy(page, table, "activation", "relu");
  await filterBy(page, table, "learning_rate", "<0.01");
  const found = (await shown(page, table)).rows;
  check(found.length === 9 * 5 && found.every((row) => row.activation === "relu" && Number(row.learning_rate) < 0.01), `${where}: ${found.length} rows are found`);
  await filterBy(page, table, "activation", "no such function");
  check((await shown(page, table)).rows.length === 0, `${where}: rows are found where there are none`);
}

/** The table of trials is results.csv, every field of every row; filtered and sorted it is that too. */
async function checkTrials(page, trials, whole, where) {
  const table = "#trials table";
  check(await page.locator("#trials:not([data-read])").count() === 1, `${where}: the trials are read before anybody looks`);
  await page.locator("#trials").scrollIntoViewIfNeeded();
  await page.waitForSelector("#trials[data-read]");
  if (whole) await page.locator("#trials .count button").click();
  const { rows } = await shown(page, table);
  check(rows.length === (whole ? 5000 : 200), `${where}: ${rows.length} trials`);
  const wrong = rows.filter((row, i) => Object.entries(trials[i]).some(([name, field]) => row[name] !== field));
  check(wrong.length === 0, `${where}: ${wrong.length} rows are not those of results.csv, as ${JSON.stringify(wrong[0])}`);

  await filterBy(page, table, "status", "done");
  await filterBy(page, table, "train.clip_norm", "0.5");
  await filterBy(page, table, "model.activation", "tanh");
  await sortBy(page, table, "best_loss");
  const expected = trials.filter((trial) => trial.status === "done" && trial["train.clip_norm"] === "0.5" && trial["model.activation"] === "tanh")
    .map((trial) => Number(trial.best_loss)).sort((a, b) => a - b).slice(0, whole ? 5000 : 200);
  const sorted = (await shown(page, table)).rows.map((row) => Number(row.best_loss));
  check(JSON.stringify(sorted) === JSON.stringify(expected), `${where}: filtered and sorted, ${sorted.length} of ${expected.length} trials are found`);
}

/** The heat map and the curves follow the parts that axes are given. */
async function checkAxes(page, where) {
  const heads = () => page.$$eval("#learning h3", (all) => all.map((head) => head.textContent));
  const legend = () => page.$$eval("#learning .legend button", (all) => all.map((button) => button.textContent));
  const choose = async (control, label) => {
    await page.locator("#axes select").nth(control).selectOption({ label });
    await page.waitForSelector("html[data-drawn]");
  };
  check((await heads()).length === 50 && (await legend()).join() === "tanh,relu,sigmoid,identity", `${where}: begins with ${await legend()}`);
  await choose(0, "clip_norm");
  check((await legend()).join() === "0.5,1,2,4,8", `${where}: the colours are ${await legend()}`);
  await choose(1, "activation");
  check((await heads()).join() === "activation tanh,activation relu,activation sigmoid,activation identity", `${where}: the panels are ${await heads()}`);
  const labels = await page.$$eval("#axes label", (all) => all.map((label) => label.firstChild.textContent.trim()));
  check(labels.join() === "colours,panels,lines,learning_rate", `${where}: the choices are ${labels}`);
  await page.locator("#learning .plot").first().scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelectorAll("#learning .plot path.js-line").length >= 5, null, { timeout: 120000 })
    .catch(() => check(false, `${where}: no curves after a switch`));
  await choose(0, "activation");  // change places
  check((await legend()).length === 4 && (await heads()).length === 5, `${where}: ${await legend()} and ${await heads()} after a change of places`);
  await choose(1, "none");
  check((await heads()).length === 0, `${where}: panels although there are none`);
  await choose(0, "learning_rate");
  check((await legend()).length === 40, `${where}: ${(await legend()).length} colours`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(wide <= 0, `${where}: the page is ${wide} px too wide`);
}

/** In the cells of the heat map are the rates of the table, at the value that the third axis is held at. */
async function checkHeatMap(page, where) {
  await page.locator("#axes select").nth(0).selectOption({ label: "clip_norm" });
  await page.locator("#axes select").nth(1).selectOption({ label: "activation" });
  await page.locator("#axes select").nth(3).selectOption({ label: "0.049" });
  const drawn = await page.$$eval("#success .annotation-text", (texts) => texts.map((text) => (text.querySelector("tspan.line") ?? text).textContent.trim()));
  await filterBy(page, "#summary", "learning_rate", "0.049");
  const rates = (await shown(page, "#summary")).rows.map((row) => row.success);
  await filterBy(page, "#summary", "learning_rate", "");
  check(drawn.length === 20 && drawn.sort().join() === rates.sort().join(), `${where}: heat map ${drawn}, table ${rates}`);
}

/** Every trial that diverged or failed, with its reason. */
async function checkTrouble(page, trials, where) {
  const troubled = trials.filter(({ status }) => status !== "done");
  const { rows, count } = await shown(page, "#trouble");
  check(troubled.length > 0 && rows.length === Math.min(200, troubled.length), `${where}: ${rows.length} troubled trials of ${troubled.length}, ${count}`);
  check(rows.every((row, i) => row.id === troubled[i].id && row.status === troubled[i].status && row.reason.length > 10),
    `${where}: not the troubled trials of results.csv, with reasons`);
}

const root = mkdtempSync(join(tmpdir(), "unroll-5000-"));
let browser;
try {
  const folder = sweep(root);
  const trials = readCsv(join(folder, "results.csv"));
  const size = statSync(join(folder, "report.html")).size;
  check(trials.length === 5000, `results.csv has ${trials.length} trials`);
  check(size < 8e6, `the page has ${size} bytes`);
  browser = await launch();
  for (const width of [1280, 400]) {
    const where = `at ${width} pixels`;
    const page = await open(browser, folder, width);
    await checkAxes(page, where);
    await checkHeatMap(page, where);
    await checkTrouble(page, trials, where);
    await checkTrials(page, trials, width === 1280, where);
    await checkSummary(page, trials, where);
    const told = await page.locator("main pre").allTextContents();
    check(told[0].includes(`name = "adding"`) && told[1].startsWith("unroll "), `${where}: config or build is missing`);
    await page.close();
  }
  console.log(`the page has ${(size / 1e6).toFixed(1)} MB`);
} finally {
  await browser?.close();
  rmSync(root, { recursive: true });
}
finish();

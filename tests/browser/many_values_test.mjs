// A sweep over many values of one axis: the page draws in a time that grows at most as the values do, shows the plots
// that are scrolled to, and fails nowhere.
//
//     node tests/browser/many_values_test.mjs       (UNROLL_PROGRAM; CHROMIUM: the browser)

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { check, finish, launch } from "./support/browser.mjs";

const config = (values) => `diagnose = []
[task]
name = "adding"
length = 5
[model]
hidden = 2
[train]
updates = 20
validate_every = 10
batch = 2
validation_sequences = 4
test_sequences = 4
[sweep]
"train.learning_rate" = [${Array.from({ length: values }, (_, i) => ((i + 1) / 1000).toFixed(3))}]
`;

function sweep(root, values) {
  const file = join(root, `${values}.toml`), out = join(root, `${values}`);
  writeFileSync(file, config(values));
  execFileSync(process.env.UNROLL_PROGRAM, ["sweep", file, "--out", out], { stdio: "ignore" });
  return join(out, "report.html");
}

const drawn = (page) => page.$$eval("#learning .plot", (plots) => plots.filter((plot) => plot.querySelector("path.js-line")).length);

async function open(browser, file) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(300000);  // of a machine that does other things as well
  page.on("pageerror", (error) => check(false, `${file}: ${error.message}`));
  page.on("console", (message) => check(message.type() !== "error", `${file}: ${message.text()}`));
  const begin = Date.now();
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("html[data-drawn]", { timeout: 120000 });
  return { page, seconds: (Date.now() - begin) / 1000 };
}

async function checkScrolling(page, values) {
  const panels = await page.$$eval("#learning .plot", (plots) => plots.length);
  check(panels === values, `${values} values have ${panels} panels`);
  const before = await drawn(page);
  check(before >= 2 && before < 100, `${before} of ${values} panels are drawn at once`);
  await page.locator("#learning .plot").last().scrollIntoViewIfNeeded();
  await page.waitForFunction(() => [...document.querySelectorAll("#learning .plot")].at(-1).querySelector("path.js-line"),
    null, { timeout: 120000 }).catch(() => check(false, "the last panel is scrolled to, but not drawn"));
  check(await page.$$eval("#summary tbody tr", (rows) => rows.length) === 200, "the table is not shortened");
  await page.locator("section:has(#summary) .count button").click();
  check(await page.$$eval("#summary tbody tr", (rows) => rows.length) === values, "the table has not all values");
}

/** What is printed has all plots. */
async function checkPrint(page, values) {
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const all = await drawn(page);
  check(all === values, `on paper ${all} of ${values} panels are drawn`);
}

const root = mkdtempSync(join(tmpdir(), "unroll-many-"));
let browser;
try {
  browser = await launch();
  const few = await open(browser, sweep(root, 60));
  await checkPrint(few.page, 60);
  await few.page.close();
  const many = await open(browser, sweep(root, 600));
  await checkScrolling(many.page, 600);
  console.log(`60 values: ${few.seconds} s, 600 values: ${many.seconds} s`);
  check(many.seconds < 10 * few.seconds, `ten times the values take ${many.seconds} s instead of ${few.seconds} s`);
} finally {
  await browser?.close();
  rmSync(root, { recursive: true });
}
finish();

// A part of a report as a picture for a page: its head where asked for, and the sections of these headings.
//
//     node scripts/pictures.mjs REPORT.html PICTURE.png WIDTH [head] HEADING...      (CHROMIUM: the browser)

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const [report, picture, width, ...wanted] = process.argv.slice(2);
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });
try {
  const page = await browser.newPage({ viewport: { width: Number(width), height: 4000 }, colorScheme: "light" });
  await page.goto(pathToFileURL(resolve(report)).href);
  await page.waitForSelector("html[data-drawn]");
  const missing = await page.evaluate((names) => {
    const heading = (section) => section.querySelector("h2")?.textContent ?? "";
    const sections = [...document.querySelectorAll("main section, body > section")];
    const lacking = names.filter((name) => name !== "head" && !sections.some((section) => heading(section) === name));
    if (lacking.length) return lacking;
    for (const section of sections) if (!names.includes(heading(section))) section.remove();
    document.body.style.paddingTop = "16px";
    if (!names.includes("head")) {
      for (const part of document.querySelectorAll("h1, .lead, .lead ~ .note")) part.remove();
      document.querySelector("section").style.marginTop = "0";
    }
    for (const part of document.querySelectorAll("#axes, .save, .save-all")) part.remove();  // for hands, not for eyes
    return lacking;
  }, wanted);
  if (missing.length) throw new Error(`${report} has no section ${missing.join(", ")}`);
  await page.waitForTimeout(1000);  // plots that come into view are drawn
  await page.waitForSelector("html[data-drawn]");
  const bottom = await page.evaluate(() => Math.max(...[...document.querySelectorAll("section")].map((one) => one.getBoundingClientRect().bottom)));
  await page.screenshot({ path: picture, clip: { x: 0, y: 0, width: Number(width), height: Math.ceil(bottom) + 16 } });
} finally {
  await browser.close();
}

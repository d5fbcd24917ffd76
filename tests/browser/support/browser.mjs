// What all tests of a page in a browser begin and end with.

import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../../scripts/", import.meta.url))("playwright-core");
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Chromium, or the browser that CHROMIUM says. */
export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: flags });

let checks = 0, failures = 0;

/** Counts a check, and says what failed where it does not hold. */
export function check(good, what) {
  ++checks;
  if (good) return;
  ++failures;
  console.error(`FAILED ${what}`);
}

/** Says how many checks there were, and ends the process: 1 where one failed or there was none. */
export function finish(more = "") {
  console.log(`${checks} checks, ${failures} failed${more}`);
  process.exit(failures || !checks ? 1 : 0);
}

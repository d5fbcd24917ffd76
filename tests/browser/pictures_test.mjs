// The pictures of the pages: a PNG of few colours is read by the browser as it was written, one of more in the nearest
// colours of 256; of a report only the sections that are named are shown.
//
//     node tests/browser/pictures_test.mjs       (UNROLL_PROGRAM; CHROMIUM: the browser)

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { check, finish, launch } from "./support/browser.mjs";

const script = fileURLToPath(new URL("../../scripts/pictures.mjs", import.meta.url));

const read = (page, png) => page.evaluate(async (base64) => {
  const image = new Image();
  image.src = `data:image/png;base64,${base64}`;
  await image.decode();
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  return { width: image.width, pixels: Array.from({ length: data.length / 4 }, (_, i) => (data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2]) };
}, png.toString("base64"));

async function checkReport(page, root) {
  const out = join(root, "one"), picture = join(root, "one.png");
  execFileSync(process.env.UNROLL_PROGRAM, ["run", "task.length=3", "model.hidden=2", "train.updates=4", "train.validate_every=2",
    "train.validation_sequences=4", "train.test_sequences=4", "diagnose=[]", "--out", out], { stdio: "ignore" });
  const draw = (...sections) => spawnSync(process.execPath, [script, join(out, "report.html"), picture, "600", ...sections], { encoding: "utf8" });
  check(draw("Learning curves").status === 0, "the curves are not drawn");
  const curves = await read(page, readFileSync(picture));
  check(curves.width === 600 && new Set(curves.pixels).size > 5, `a picture of ${curves.width} pixels and ${new Set(curves.pixels).size} colours`);
  check(draw("head", "Learning curves").status === 0, "the head is not drawn");
  check((await read(page, readFileSync(picture))).pixels.length > curves.pixels.length, "the head takes no room");
  const missing = draw("Turning curves");
  check(missing.status !== 0 && missing.stderr.includes("has no section Turning curves"), `a section that is not there: ${missing.stderr}`);
}

const root = mkdtempSync(join(tmpdir(), "unroll-pictures-"));
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto("about:blank");
  await checkReport(page, root);
} finally {
  await browser.close();
  rmSync(root, { recursive: true });
}
finish();

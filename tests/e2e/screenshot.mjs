#!/usr/bin/env node
// A picture of a set's report page, playing: node screenshot.mjs SET PICTURE.png [light|dark]
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.mjs";

const [set, picture, scheme = "light"] = process.argv.slice(2);
if (!set || !picture) {
  console.error("usage: screenshot.mjs SET PICTURE.png [light|dark]");
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1160, height: 900 }, colorScheme: scheme });
await page.goto(pathToFileURL(join(resolve(set), "index.html")).href);
if (await page.locator("#play").count()) {
  await page.click("#play");
  await page.waitForTimeout(4000);
  const bar = await page.locator("#seek").boundingBox();
  await page.mouse.move(bar.x + bar.width * 0.6, bar.y + bar.height / 2);
  await page.waitForTimeout(500);
}
await page.screenshot({ path: picture, fullPage: true });
await browser.close();

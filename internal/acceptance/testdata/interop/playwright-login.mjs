// Plays the person of a login at the demo server, in the system's Chromium:
//
//   node playwright-login.mjs ADDRESS [USER]
//
// ADDRESS begins the login, such as http://localhost:3000/login. It prints the heading of the page that
// the browser comes back to, and ends with exit code 0 when that page says that it works.
import { chromium } from "playwright-core";

const [address, user = "Carol Example"] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.goto(address);
  await page.getByRole("button", { name: user }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(/\/oauth_callback\?/);
  const heading = await page.getByRole("heading", { level: 1 }).textContent();
  console.log(heading.trim());
  if (!heading.includes("It works")) process.exitCode = 1;
} finally {
  await browser.close();
}

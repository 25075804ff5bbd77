// What a page can do without: copying, counting down, turning steps with the arrow keys. Every page
// works with JavaScript off.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy by hand";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

for (const time of document.querySelectorAll("time[data-countdown]")) {
  const tick = () => {
    const left = Math.round((new Date(time.dateTime) - Date.now()) / 1000);
    if (left <= 0) {
      time.textContent = "now";
      return;
    }
    const parts = [[Math.floor(left / 86400), "d"], [Math.floor(left / 3600) % 24, "h"], [Math.floor(left / 60) % 60, "min"], [left % 60, "s"]];
    time.textContent = "in " + parts.slice(parts.findIndex(([n]) => n > 0)).slice(0, 2).map(([n, unit]) => `${n} ${unit}`).join(" ");
    setTimeout(tick, 1000);
  };
  tick();
}

// The arrow keys turn to the step before and the step after.
addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.target.closest("input, select, textarea")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && [...document.querySelectorAll(`.turn a[rel=${rel}]`)].find((a) => a.checkVisibility());
  if (!link) return;
  event.preventDefault();
  link.click();
});

// What a page can do without: copying, counting down, opening a step of the diagram. Every page
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
      time.textContent = "now: it has expired";
      return;
    }
    const parts = [[Math.floor(left / 86400), "d"], [Math.floor(left / 3600) % 24, "h"], [Math.floor(left / 60) % 60, "min"], [left % 60, "s"]];
    time.textContent = "in " + parts.slice(parts.findIndex(([n]) => n > 0)).map(([n, unit]) => `${n} ${unit}`).join(" ");
    setTimeout(tick, 1000);
  };
  tick();
}

const openStep = () => {
  const step = location.hash.startsWith("#step-") && document.getElementById(location.hash.slice(1));
  if (!step) return;
  step.closest("details").open = true;
  step.scrollIntoView();
};
addEventListener("hashchange", openStep);
openStep();

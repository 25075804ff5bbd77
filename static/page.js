// The parts of a page that it can do without: copying, counting down, turning steps with the arrow keys. Every page works
// with JavaScript off.
const said = Object.assign(document.createElement("span"), { className: "hidden", role: "status" });
document.body.append(said);
for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async (event) => {
    event.preventDefault(); // without a script, the link shows what would be copied
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    } catch {
      if (button.href) return location.assign(button.href);
      button.textContent = "Select and copy by hand";
    }
    said.textContent = button.textContent;
    setTimeout(() => { button.textContent = label; said.textContent = ""; }, 2000);
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

// The address of the request changes as its parameters are typed. The old address is no longer sent.
const edit = document.getElementById("edit");
edit?.addEventListener("input", (event) => {
  const { name, value } = event.target, address = document.querySelector(".address code");
  let part = address.querySelector(`[data-param="${name}"]`);
  if (!part) {
    part = document.createElement("span");
    part.dataset.param = name;
    address.append(part);
  }
  part.textContent = value && (part.matches(".start + *") ? "?" : "&") + new URLSearchParams(name === "params" ? value : [[name, value]]);
  for (const shown of [part, event.target.closest("label")]) shown.classList.add("touched");
  document.querySelector("[data-leave]").hidden = true;
  document.querySelector("[data-changed]").hidden = false;
});

// A response in the fragment is explained by the names of its members. Its values are not read, sent or kept, and leave the
// address bar.
const fragment = document.getElementById("fragment");
if (fragment) {
  const members = new URLSearchParams(location.hash.slice(1));
  const kind = [["access_token", "token"], ["id_token", "token"], ["code", "code"], ["error", "error"]].find(([name]) => members.has(name))?.[1];
  if (kind) {
    history.replaceState(null, "", location.pathname);
    const heading = document.querySelector("h1");
    heading.textContent = document.title = fragment.dataset.title;
    heading.closest(".verdict").classList.add("bad");
    fragment.querySelector("h2").textContent = "What happened";
    for (const line of fragment.querySelectorAll("[data-for]")) line.hidden = line.dataset.for !== kind;
    for (const other of document.querySelectorAll("h1 ~ p, #fragment ~ .cols")) other.hidden = true; // about a response that left out state
  }
}

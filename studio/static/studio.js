"use strict";
// On a phone the menu is one line that scrolls; where somebody is has to be in sight.
document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Times come as UTC, which holds everywhere; who reads them sees their own clock, and UTC on hovering.
function showLocalTimes(root) {
  for (const one of root.querySelectorAll("time[datetime]")) {
    const told = one.textContent.trim();
    const at = new Date(one.dateTime);
    if (!told.endsWith(" UTC") || Number.isNaN(at.getTime())) continue;
    const two = (number) => String(number).padStart(2, "0");
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const seconds = told.length > "2026-11-20 00:00 UTC".length ? `:${two(at.getSeconds())}` : "";
    one.title = told;
    one.textContent = `${day} ${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
  }
}
showLocalTimes(document);
document.addEventListener("htmx:load", (event) => showLocalTimes(event.target));

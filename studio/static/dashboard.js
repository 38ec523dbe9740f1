"use strict";

// The numbers are drawn anew every ten seconds; tables that a reader has opened stay open.
let opened = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.target.querySelectorAll("details[open]")].map((one) => one.id);
});

document.addEventListener("htmx:afterSwap", (event) => {
  for (const one of event.target.querySelectorAll("details")) {
    one.open = opened.includes(one.id);
  }
});

"use strict";
// A file that is dropped anywhere on the sheet's card is chosen; without script the field takes drops itself.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-drop]");
  if (!place) return;
  const field = place.querySelector("input[type=file]");
  const card = place.closest("form");
  for (const kind of ["dragenter", "dragover"]) {
    card.addEventListener(kind, (event) => { event.preventDefault(); card.classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) {
    card.addEventListener(kind, () => card.classList.remove("over"));
  }
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
  });
});

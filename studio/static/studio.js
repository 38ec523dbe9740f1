"use strict";
// On a phone the menu is one line that scrolls; where somebody is has to be in sight.
document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

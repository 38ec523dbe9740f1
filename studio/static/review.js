"use strict";
// The review page by keys: the next picture shows at once, decisions follow in the background.
// What is to be sent lies in localStorage until the studio has it; each decision has an id, so sending it
// twice is sending it once.
(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const said = document.getElementById("said");
  const trouble = document.getElementById("trouble");
  const sending = document.getElementById("sending");
  const nothing = document.getElementById("nothing");
  const left = document.getElementById("left");
  const keys = document.getElementById("keys");
  const store = `packshot-review-${desk.dataset.owner}`;
  const KEEP_DESK_MS = 240000, AHEAD = 3, LONGEST_WAIT_MS = 30000, ANSWER_MS = 20000;
  const history = [];
  let current = null, busy = false, wait = 1000, timer = 0, stopped = false;

  const words = (name, values = {}) =>
    (desk.getAttribute(`data-say-${name}`) || "").replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const errorWords = (code, detail) =>
    desk.getAttribute(`data-error-${code.replaceAll("_", "-")}`) || detail;
  const say = (text) => { said.textContent = text; };
  const complain = (text) => { trouble.textContent = text; trouble.hidden = !text; };
  const token = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  const articles = () => [...desk.querySelectorAll("article")];
  const undecided = () => articles().filter((one) => !one.dataset.state);

  // What is on its way ---------------------------------------------------
  const load = () => { try { return JSON.parse(localStorage.getItem(store)) || []; } catch { return []; } };
  let queue = load();
  const save = () => {
    try { localStorage.setItem(store, JSON.stringify(queue)); } catch { /* private mode: memory has it */ }
    sending.hidden = queue.length < 3 && wait === 1000;
    sending.textContent = words(wait > 1000 ? "offline" : "waiting", { n: queue.length });
  };
  const enqueue = (entry) => { queue.push(entry); save(); pump(); };

  const requestOf = (entry) => {
    if (entry.kind === "undo") return [`/api/reviews/${entry.id}`, "DELETE", null];
    if (entry.kind === "skip") return ["/api/reviews/skips", "POST", { attempt: entry.attempt }];
    return ["/api/reviews", "POST", entry.body];
  };

  async function pump() {
    if (busy || stopped || !queue.length) return;
    busy = true;
    clearTimeout(timer);
    const entry = queue[0];
    entry.sent = true;
    const [address, method, body] = requestOf(entry);
    let again = false;
    try {
      const answer = await fetch(address, {
        method,
        headers: { "content-type": "application/json", accept: "application/json", "x-csrf-token": desk.dataset.csrf },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
        keepalive: true,
      });
      again = answer.status >= 500 || answer.status === 429 || answer.status === 408;
      if (!answer.ok && !again) await refused(entry, answer);
    } catch {
      again = true;
    }
    busy = false;
    if (stopped) return;
    if (again) {
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      timer = setTimeout(pump, wait);
    } else {
      queue = queue.filter((one) => one !== entry);
      wait = 1000;
    }
    save();
    if (!again) { pump(); more(); }
  }

  async function refused(entry, answer) {
    const problem = await answer.json().catch(() => ({}));
    const code = problem.code || `http_${answer.status}`;
    const why = errorWords(code, problem.detail || "");
    complain(words("refused", { sku: entry.sku, why }));
    // A new session can send it still: it stays, and nothing else is tried before the page is loaded again.
    stopped = code === "form_expired" || code === "sign_in_needed";
  }

  // Pictures -------------------------------------------------------------
  const show = (article) => {
    for (const one of articles()) one.hidden = one !== article;
    current = article || null;
    nothing.hidden = Boolean(article);
    if (!article) return;
    article.querySelector(".viewer").focus({ preventScroll: true });
    const coming = undecided().filter((one) => one !== article).slice(0, 2);
    for (const one of coming) one.querySelector(".viewer img").decode().catch(() => {});
  };
  const after = (article) => {
    const open = undecided();
    const place = articles().indexOf(article);
    return open.find((one) => articles().indexOf(one) > place) || open.find((one) => one !== article) || null;
  };
  const count = (change) => {
    const now = Math.max(0, Number(left.dataset.left) + change);
    left.dataset.left = String(now);
    left.textContent = left.dataset.words.replace("{n}", now);
  };

  async function more(force = false) {
    if (!force && undecided().length > AHEAD) return;
    try {
      const answer = await fetch(desk.dataset.more, { headers: { accept: "text/html", "hx-request": "true" } });
      if (!answer.ok) return;
      const known = new Set(articles().map((one) => `${one.dataset.attempt} ${one.dataset.lot}`));
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelectorAll("article");
      for (const one of found) {
        if (known.has(`${one.dataset.attempt} ${one.dataset.lot}`)) continue;
        one.hidden = true;
        desk.append(document.adoptNode(one));
        prepare(one);
      }
      if (!current && undecided().length) show(undecided()[0]);
    } catch { /* the next answer tries again */ }
  }

  // Deciding -------------------------------------------------------------
  const marked = (article) => [...article.querySelectorAll("[name=defect]:checked")];
  const chosen = (article) => {
    const radio = article.querySelector("[name=attempt]:checked");
    return radio && !("onlyLook" in radio.dataset) ? radio.value : article.dataset.attempt;
  };

  function decide(outcome) {
    if (!current) return;
    const defects = marked(current);
    if (outcome === "rejected" && !defects.length) return complain(errorWords("defect_missing", ""));
    if (outcome === "accepted" && defects.some((one) => one.dataset.class !== "minor"))
      return complain(errorWords("defect_too_bad", ""));
    const { decision, lot, sku } = current.dataset;
    leave(current, outcome);
    enqueue({
      kind: "review", id: decision, sku,
      body: {
        id: decision,
        attempt: outcome === "accepted" ? chosen(history.at(-1).article) : history.at(-1).article.dataset.attempt,
        outcome,
        defects: defects.map((one) => one.value),
        comment: history.at(-1).article.querySelector("[name=comment]").value,
        lot: lot || null,
      },
    });
  }

  function skip() {
    if (!current) return;
    const { attempt, sku, decision } = current.dataset;
    leave(current, "skipped");
    enqueue({ kind: "skip", id: decision, attempt, sku });
  }

  function leave(article, how) {
    complain("");
    document.querySelector(".undo-last")?.remove();
    article.dataset.state = how;
    history.push({ article, decision: article.dataset.decision, how });
    count(-1);
    show(after(article));
    say(`${words(how, { sku: article.dataset.sku })} ${current ? words("now", { sku: current.dataset.sku }) : ""}`);
    more();
  }

  function undo() {
    const last = history.pop();
    if (!last) return say(words("nothing"));
    complain("");
    const waiting = queue.find((one) => one.id === last.decision && one.kind !== "undo");
    if (waiting && !waiting.sent) queue = queue.filter((one) => one !== waiting);
    else if (last.how !== "skipped") enqueue({ kind: "undo", id: last.decision, sku: last.article.dataset.sku });
    save();
    delete last.article.dataset.state;
    last.article.dataset.decision = token();
    last.article.querySelector("[name=decision]").value = last.article.dataset.decision;
    count(1);
    show(last.article);
    say(words("undone", { sku: last.article.dataset.sku }));
  }

  // Looking --------------------------------------------------------------
  const fit = (viewer) => {
    viewer.classList.remove("zoomed");
    viewer.querySelector("img").style.width = "";
  };
  function zoom() {
    if (!current) return;
    const viewer = current.querySelector(".viewer"), image = viewer.querySelector("img");
    if (viewer.classList.contains("zoomed")) { fit(viewer); return say(words("fitted")); }
    // 100 %, or twice what is shown where that is more already.
    const width = Math.max(image.naturalWidth, 2 * image.clientWidth);
    viewer.classList.add("zoomed");
    image.style.width = `${width}px`;
    viewer.scrollTo((viewer.scrollWidth - viewer.clientWidth) / 2, (viewer.scrollHeight - viewer.clientHeight) / 2);
    say(words("zoomed"));
  }

  function look(article) {
    const radio = article.querySelector("[name=attempt]:checked");
    if (!radio) return;
    const viewer = article.querySelector(".viewer"), image = viewer.querySelector("img");
    fit(viewer);
    image.src = `/pictures/${radio.dataset.picture}`;
    image.width = radio.dataset.width;
    image.height = radio.dataset.height;
    for (const list of article.querySelectorAll(".seen")) list.hidden = list.dataset.of !== radio.value;
  }

  function turn(step) {
    const radios = current ? [...current.querySelectorAll("[type=radio][name=attempt]")] : [];
    if (radios.length < 2) return;
    const place = radios.findIndex((one) => one.checked);
    const wanted = radios[(place + step + radios.length) % radios.length];
    wanted.checked = true;
    look(current);
    say(wanted.parentElement.textContent.trim());
  }

  function mark(key) {
    const box = current?.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!box) return false;
    box.checked = !box.checked;
    complain("");
    say(words(box.checked ? "marked" : "unmarked", { defect: box.parentElement.querySelector("span").textContent }));
    return true;
  }

  function drag(viewer) {
    let from = null;
    viewer.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || !viewer.classList.contains("zoomed")) return;
      from = [event.clientX + viewer.scrollLeft, event.clientY + viewer.scrollTop];
      viewer.setPointerCapture(event.pointerId);
    });
    viewer.addEventListener("pointermove", (event) => {
      if (from) viewer.scrollTo(from[0] - event.clientX, from[1] - event.clientY);
    });
    for (const end of ["pointerup", "pointercancel"]) viewer.addEventListener(end, () => { from = null; });
    viewer.addEventListener("dblclick", zoom);
    viewer.querySelector("img").draggable = false;
  }

  function prepare(article) {
    for (const one of article.querySelectorAll(".script-only")) one.hidden = false;
    for (const one of article.querySelectorAll(".plain-only")) one.remove();
    for (const one of article.querySelectorAll("[data-only-look]")) one.disabled = false;
    drag(article.querySelector(".viewer"));
    article.addEventListener("change", (event) => {
      if (event.target.name === "attempt") look(article);
      if (event.target.name === "defect") complain("");
    });
    article.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter && "skip" in event.submitter.dataset) skip();
      else decide(event.submitter ? event.submitter.value : "accepted");
    });
  }

  // Keys -----------------------------------------------------------------
  const actions = {
    a: () => decide("accepted"), r: () => decide("rejected"), s: skip, u: undo, z: zoom,
    n: () => { const next = current && after(current); if (next) { show(next); say(words("now", { sku: next.dataset.sku })); } },
    "]": () => turn(1), "[": () => turn(-1),
    c: () => current?.querySelector("[name=comment]").focus(),
    "?": () => keys.showModal(),
  };
  const typing = (target) => target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return;
    if (typing(event.target)) {
      if (event.key === "Escape") current?.querySelector(".viewer").focus();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.repeat) return;
    if (actions[key]) actions[key]();
    else if (!mark(key)) return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) ({ undo, zoom, next: actions.n, keys: actions["?"] })[button.dataset.do]();
  });
  window.addEventListener("beforeunload", (event) => { if (queue.length) event.preventDefault(); });
  window.addEventListener("online", () => { wait = 1000; pump(); });
  setInterval(() => { if (!document.hidden && current) more(true); }, KEEP_DESK_MS);

  for (const one of document.querySelectorAll(".review-top .script-only")) one.hidden = false;
  for (const entry of queue) entry.sent = true;
  articles().forEach(prepare);
  for (const one of articles()) if (queue.some((entry) => entry.body?.attempt === one.dataset.attempt)) one.dataset.state = "sent";
  show(undecided()[0]);
  save();
  pump();
  more();
})();

// What scripts add to pages that are whole without them: keys, the claim and its countdown, the undo's, a draft.
"use strict";
(() => {
  const body = document.body;
  const one = (selector) => document.querySelector(selector);
  const token = one("meta[name=csrf]")?.content ?? "";
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const help = one("#help");
  let chosen = null;

  for (const button of document.querySelectorAll("[data-opens]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }

  // The undo waits so long on the server; afterwards the button would only be refused.
  const undo = one("form.undo");
  if (undo) {
    const ends = performance.now() + 1000 * Number(undo.dataset.seconds);
    // Its address offered the undo once; loaded again, the page would begin to count anew.
    const plain = new URL(location.href);
    plain.searchParams.delete("undo");
    history.replaceState(history.state, "", plain);
    const tick = () => {
      const left = (ends - performance.now()) / 1000;
      if (left <= 0) { undo.hidden = true; return; }
      undo.querySelector(".count").textContent = clock(left + 0.99);
      setTimeout(tick, 250);
    };
    tick();
  }

  // A read stays in one's hands for as long as one looks at it, and is let go by itself afterwards.
  const claim = one("#claim");
  if (claim && one("#decide")) {
    const said = claim.querySelector(".said"), count = claim.querySelector(".count");
    const say = (text, state) => {
      if (said.textContent !== text) said.textContent = text;
      claim.dataset.state = state;
      for (const form of [one("#decide"), one("#skip")]) form.hidden = state === "theirs" || state === "gone";
    };
    let until = 0, asking = false, over = false, asked = -Infinity;
    const ask = async () => {
      if (asking || over) return;
      asking = true; asked = performance.now();
      try {
        const answer = await fetch(`/api/v1/reads/${claim.dataset.read}/claim`,
          { method: "POST", headers: { "X-CSRF-Token": token } });
        const told = await answer.json();
        if (answer.ok) {
          // From when it was asked, by this machine's clock: the server's may tell another time.
          until = asked + 1000 * Number(claim.dataset.seconds);
          say(claim.dataset.mine, "mine");
        } else if (told.initials) {
          until = 0; say(`${claim.dataset.theirs} ${told.initials}`, "theirs");
        } else if (answer.status === 401) {
          until = 0; over = true; say(claim.dataset.ended, "ended");
          claim.querySelector(".enter").hidden = false;
        } else if (answer.status !== 429 && answer.status < 500) {
          until = 0; over = true; say(claim.dataset.gone, "gone");
          claim.querySelector(".again").hidden = false;
        }
      } catch { /* the network is away: the countdown goes on, and the next look asks again */ }
      asking = false;
    };
    const tick = () => {
      const left = (until - performance.now()) / 1000;
      count.textContent = left > 0 ? clock(left) : "";
      if (left <= 0 && claim.dataset.state === "mine") say(claim.dataset.lost, "expired");
      const due = performance.now() - asked > 1000 * Number(claim.dataset.renew);
      if (due && document.visibilityState === "visible" && document.hasFocus()) ask();
      setTimeout(tick, 500);
    };
    tick();
  }

  // Once a page whose words are blurred: that they were looked at is counted, not which.
  let looked = false;
  const look = () => {
    if (looked || !one("#claim, .decide")) return;
    looked = true;
    fetch("/api/v1/me/uncovered", { method: "POST", headers: { "X-CSRF-Token": token } }).catch(() => {});
  };
  document.addEventListener("pointerover", (event) => {
    if (body.classList.contains("blurred") && event.target.closest?.(".quote")) look();
  });

  // The reminder comes with a page and never while one reads it. Ten minutes without a page were a pause.
  const PAUSE = "samehand-pause", pause = one("#pause");
  if (pause) {
    const now = Date.now();
    let told = null;
    try { told = JSON.parse(sessionStorage.getItem(PAUSE)); } catch { /* counted anew */ }
    if (!told || told.reader !== body.dataset.reader || now < told.last || now - told.last > 600_000)
      told = { reader: body.dataset.reader, began: now, alerts: 0 };
    const save = () => { try { sessionStorage.setItem(PAUSE, JSON.stringify(told)); } catch { /* no room */ } };
    told.last = now;
    const alerts = Number(body.dataset.pauseAlerts), minutes = Number(body.dataset.pauseMinutes);
    pause.hidden = !((alerts && told.alerts >= alerts) || (minutes && now - told.began >= 60_000 * minutes));
    if (one(".decide")) told.alerts += 1;
    save();
    pause.querySelector("button").addEventListener("click", () => {
      pause.hidden = true;
      told = { ...told, began: Date.now(), alerts: 0, last: Date.now() };
      save();
    });
  }

  const press = (form) => { if (form && !form.hidden) form.requestSubmit(form.querySelector("button")); };
  const follow = (key) => one(`a[data-key=${key}]`)?.click();
  const rows = () => [...document.querySelectorAll("table.queue tbody th > a, table.queue tbody th > span > a, table.queue details[open] a")];
  // Rows are selected by their checkboxes; with Shift all of them from the one that was changed last.
  const boxes = () => [...document.querySelectorAll("table.queue input[name=read]")];
  const picked = one("#selection .count");
  let last = null;
  const count = () => { if (picked) picked.textContent = boxes().filter((it) => it.checked).length || ""; };
  const select = (box, range) => {
    const all = boxes(), ends = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
    if (range && ends[0] >= 0) for (const it of all.slice(ends[0], ends[1] + 1)) it.checked = box.checked;
    last = box;
    count();
  };
  for (const box of boxes()) box.addEventListener("click", (event) => select(box, event.shiftKey));
  const toggle = (event) => {
    const box = document.activeElement?.closest("tr")?.querySelector("input[name=read]");
    if (box) { box.checked = !box.checked; select(box, event.shiftKey); }
  };
  window.addEventListener("pageshow", count);
  const walk = (by) => {
    const links = rows(), at = links.indexOf(document.activeElement);
    links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
  };
  const choose = (key) => {
    const group = one(`fieldset[data-key="${key}"]`);
    if (!group) return;
    chosen?.classList.remove("chosen");
    (chosen = group).classList.add("chosen");
    group.querySelector("button")?.focus();
  };
  const copier = one("[data-copy]");
  if (copier && navigator.clipboard) {
    copier.hidden = false;
    // Where the browser refuses it, the id can still be marked by hand.
    copier.addEventListener("click", () => navigator.clipboard.writeText(copier.dataset.copy)
      .then(() => { copier.textContent = copier.dataset.copied; }, () => {}));
  }

  const finder = one(".find input");
  const find = () => { if (finder) { help?.close(); finder.focus(); finder.select(); } };
  // What no font has is drawn as one and the same box: names in such a script cannot be compared by eye.
  const SCRIPTS = "Arab Armn Beng Cher Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira Kana Khmr Knda Laoo Latn Mlym Mong Mymr Orya Sinh Taml Telu Thaa Thai Tibt".split(" ");
  const LETTERS_MAX = 300, UNASSIGNED = "\u0378";
  const fonts = one("#fonts");
  const unseen = () => {
    const text = [...document.querySelectorAll("main .quote")].map((it) => it.textContent).join("").slice(0, 20_000);
    const letters = [...new Set(text.match(/[^\0-\u024f\P{L}]/gu) ?? [])].slice(0, LETTERS_MAX);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 48;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    if (!pen || !letters.length) return;
    const drawn = (letter) => {
      pen.clearRect(0, 0, 48, 48);
      pen.font = `24px ${getComputedStyle(body).fontFamily}`;
      pen.fillText(letter, 8, 32);
      return pen.getImageData(0, 0, 48, 48).data.join();
    };
    const box = drawn(UNASSIGNED);
    const names = new Intl.DisplayNames([document.documentElement.lang], { type: "script" });
    const lacking = new Set(letters.filter((letter) => drawn(letter) === box).map((letter) => {
      const script = SCRIPTS.find((it) => new RegExp(`\\p{Script=${it}}`, "u").test(letter));
      return script ? names.of(script) : `U+${letter.codePointAt(0).toString(16).toUpperCase()}`;
    }));
    if (!lacking.size) return;
    fonts.querySelector("span").textContent = [...lacking].join(", ");
    fonts.hidden = false;
  };
  if (fonts) setTimeout(unseen);

  const keys = {
    "/": find,
    o: () => follow("o"), i: () => follow("i"), g: () => follow("g"), q: () => follow("q"),
    y: () => { if (copier && !copier.hidden) copier.click(); },
    c: () => choose("c"), d: () => choose("d"), u: () => choose("u"),
    s: () => press(one("#skip")), z: () => press(undo),
    f: () => { const box = one("input[name=family]"); if (box) box.click(); },
    n: () => one("#decide textarea")?.focus(),
    b: () => { if (!body.classList.toggle("blurred")) look(); },
    p: () => { if (pause && !pause.hidden) pause.querySelector("button").click(); },
    x: toggle, m: () => { if (boxes().some((it) => it.checked)) press(one("#selection")); }, a: () => one("#selection [name=all]")?.click(),
    j: () => walk(1), k: () => walk(-1),
    "?": () => help?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    // Not a single key: it works in a field, and where single keys are turned off.
    const control = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (finder && control && (event.key === "k" || event.code === "KeyK")) { event.preventDefault(); find(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    const field = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && field) { field.blur(); return; }
    if (field || help?.open || body.dataset.keys !== "1") return;
    if (/^[1-9]$/.test(event.key) && chosen) {
      const button = chosen.querySelectorAll("button")[Number(event.key) - 1];
      if (button) { event.preventDefault(); button.click(); }
      return;
    }
    // A key's letter may be of another script: its place on the keyboard says which it is.
    const letter = keys[event.key] ? event.key : event.code.startsWith("Key") ? event.code[3].toLowerCase() : "";
    if (letter === "v" || event.code === "KeyV") body.classList.add("held");
    else if (Object.hasOwn(keys, letter)) { event.preventDefault(); keys[letter](event); }
  });
  for (const end of ["keyup", "blur", "visibilitychange"])
    window.addEventListener(end, () => body.classList.remove("held"));

  // What somebody wrote and chose is kept in this tab until it has arrived: a session may end, or the network be
  // away, in the middle of a decision. It is theirs alone, of this revision alone, and goes with the tab.
  const DRAFT = "samehand-draft", form = one("#decide");
  const reader = body.dataset.reader, where = location.pathname, revision = form?.dataset.revision;
  const written = () => [...document.querySelectorAll(".decide :is(input, textarea)[name]:not([type=hidden])")];
  const draft = () => { try { return JSON.parse(sessionStorage.getItem(DRAFT)); } catch { return null; } };
  const keep = (given) => {
    try { sessionStorage.setItem(DRAFT, JSON.stringify(given)); } catch { /* no room: nothing is kept */ }
  };
  const kept = draft();
  if (kept && "failed" in body.dataset) keep({ ...kept, sent: false });
  else if (kept && (kept.sent || kept.reader !== reader || (kept.where === where && kept.revision !== revision)))
    sessionStorage.removeItem(DRAFT);
  else if (kept && kept.where === where) {
    for (const field of written()) {
      const value = kept.fields[field.name];
      if (value === undefined) continue;
      if (field.type === "checkbox") field.checked = value; else field.value = value;
    }
    const button = [...document.querySelectorAll("#decide button")].find((it) => it.value === kept.chosen);
    if (button) {
      choose(button.closest("fieldset").dataset.key);
      button.focus();
      claim?.querySelector(".kept").removeAttribute("hidden");
    }
  }
  const note = (sent, chosen) => keep({
    reader, where, revision, sent, chosen,
    fields: Object.fromEntries(written().map((it) => [it.name, it.type === "checkbox" ? it.checked : it.value])),
  });
  form?.addEventListener("input", () => note(false, ""));
  one("form[action='/sign-out']")?.addEventListener("submit", () => sessionStorage.removeItem(DRAFT));

  // One decision a press, and none into a network that is away: the page would go, and with it what it shows.
  const away = one("#away");
  let sent = false;
  document.addEventListener("submit", async (event) => {
    const sending = event.target, button = event.submitter;
    if (sending.method !== "post" || sending.dataset.reached) return;
    event.preventDefault();
    if (sent) return;
    sent = true;
    if (sending === form) note(true, button?.value ?? "");
    try {
      await fetch("/static/desk.css", { method: "HEAD", cache: "no-store" });
      sending.dataset.reached = "1";
      sending.requestSubmit(button);
    } catch {
      sent = false;
      if (sending === form) note(false, "");
      away.textContent = away.dataset.text;
      away.hidden = false;
    }
  });
  window.addEventListener("pageshow", () => {
    sent = false;
    for (const it of document.forms) delete it.dataset.reached;
  });
  const live = one(".live");
  live?.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.successful) live.textContent = live.dataset.away;
  });
})();

// Keeps what is typed: on this phone at each keystroke, on the server when it is quiet.
//
// `shown` is what the server has at the revision that this page knows; a field that differs is
// `mine`: it stands in this phone's copy until the server has it or its owner decides.
(() => {
  "use strict";
  const script = document.currentScript.dataset, said = JSON.parse(script.words);
  const tell = (name, given) => said[name].replace(/{(\w+)}/g, (_, one) => given[one]);
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch (e) { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch (e) { return false; } },
    drop(key) { try { localStorage.removeItem(key); } catch (e) { /* blocked */ } },
    // What a page left behind; nothing, where none of its fields is left.
    leave(key, entry) { return Object.keys(entry.fields).length ? store.set(key, entry) : (store.drop(key), true); },
    keys(start) { try { return Object.keys(localStorage).filter((key) => key.startsWith(start)); } catch (e) { return []; } },
  };
  // As the server tidies: a pasted invisible character is no difference. A form brings the signs.
  let invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, idle = /(^)$/;
  try { invisible = new RegExp("\\p{DI}", "gu"); } catch (e) { /* an old browser */ }
  const tidy = (text) => (text || "").replace(/\r\n?|[\v\f\u2028\u2029]/g, "\n").replace(invisible, "").normalize("NFC")
    .replace(idle, "$1").normalize("NFC").replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, "");
  const same = (a, b) => tidy(a) === tidy(b);
  const make = (tag, text, parent) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  const press = (text, parent, act) => {
    const button = make("button", text, parent);
    button.type = "button";
    button.className = "plain";
    button.onclick = act;
  };
  const two = (n) => String(n).padStart(2, "0");
  const moment = (time) => {
    const at = new Date(time);
    return tell("moment", { time: two(at.getHours()) + ":" + two(at.getMinutes()), day: two(at.getDate()) + "/" + two(at.getMonth() + 1) + "/" + at.getFullYear() });
  };

  // `ours`: an answer of the product itself.
  async function post(url, body, keepalive) {
    try {
      const answer = await fetch(url, { method: "POST", body, keepalive, credentials: "same-origin", redirect: "error", headers: { Accept: "application/json" } });
      let told = null;
      try { told = await answer.json(); } catch (e) { /* a gateway's own page */ }
      const wait = answer.status === 429 || answer.status >= 500;
      const ours = !wait && !!told && (answer.ok ? "draft" in told || "to" in told : "problem" in told);
      return { status: answer.status, told: told || {}, ours, why: said.busy };
    } catch (e) {
      return { status: 0, told: {}, ours: false, why: said.offline };
    }
  }
  const go = (url) => { location.assign(url); };

  // Every other form: a press leaves the page only when the server has answered.
  function byFetch(form) {
    let output = form.querySelector("output"), going = false, button = null;
    // A button may stand outside its form.
    document.addEventListener("click", ({ target }) => { const one = target.closest("button"); if (one && one.form === form) button = one; });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (going) return;
      going = true;
      output = output || make("output", "", form);
      output.textContent = said.doing;
      const body = new URLSearchParams(new FormData(form));
      if (button && button.name) body.set(button.name, button.value);
      const answer = await post(form.action, body);
      going = false;
      if (answer.ours && answer.told.to) return go(answer.told.to);
      output.textContent = answer.ours ? answer.told.problem
        : tell("failed", { why: answer.why, where: send ? said.device : said.page });
    });
  }

  // -------- the check page

  const send = document.getElementById("send");
  if (send) {
    // The person who prepared the report is remembered on this phone, for this unit alone; the
    // reason and the explanations for this report.
    const own = [...send.elements].filter((one) => one.name && one.type !== "hidden" && one.type !== "checkbox");
    const places = [["by/" + send.dataset.key, own.filter((one) => one.name.startsWith("by."))],
      ["beside/" + send.dataset.form, own.filter((one) => !one.name.startsWith("by."))]];
    for (const [key, boxes] of places) {
      const known = store.get(key) || {};
      const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.name));
      for (const box of boxes) {
        if (box.type !== "radio") box.value = box.value || known[box.name] || "";
        else if (!chosen.has(box.name) && known[box.name] === box.value) box.checked = true;
      }
      send.addEventListener("input", () => {
        const given = boxes.filter((box) => box.type !== "radio" || box.checked);
        if (boxes.length) store.set(key, Object.fromEntries(given.map((box) => [box.name, box.value])));
      });
    }
    for (const key of store.keys("draft/" + send.dataset.form + "/")) {
      const entry = store.get(key) || { fields: {} };
      for (const name of Object.keys(entry.fields)) {
        const hidden = send.elements[name];
        if (same(entry.fields[name].text, hidden && hidden.type === "hidden" ? hidden.value : "")) delete entry.fields[name];
      }
      store.leave(key, entry);
    }
  }
  const sent = document.getElementById("sent");
  if (sent) store.drop("beside/" + sent.dataset.key);

  for (const one of document.querySelectorAll("main form[method=post]:not(#form)")) byFetch(one);

  // -------- the form

  // As the server writes 1.25 in a box: with one reading (rules.forms.value).
  function unambiguous(amount) {
    const [whole, part] = amount.split(".");
    return part ? whole + "," + part + (part.length === 3 && whole.length < 4 && whole !== "0" ? "0" : "") : whole;
  }
  const form = document.getElementById("form");
  if (!form) return;

  const QUIET = 10000, APART = 30000, LONGEST = 300000;
  const field = (name) => form.elements[name];
  // A number with two meanings that the server asks about: the script's own question follows.
  for (const question of form.querySelectorAll("fieldset.c")) {
    const picked = question.querySelector(":checked");
    if (picked) field(picked.name.slice(0, -5)).value = unambiguous(picked.value);
    question.remove();
  }
  const prefix = "draft/" + form.dataset.key;
  const output = document.getElementById("saved"), notice = document.getElementById("notice"), top = document.getElementById("faults");
  const controls = [...form.elements].filter((one) => one.name && one.type !== "hidden" && one.type !== "submit");
  const boxes = {}; // name -> its controls
  for (const one of controls) (boxes[one.name] = boxes[one.name] || []).push(one);
  const names = Object.keys(boxes);
  const tick = (one) => one.type === "radio" || one.type === "checkbox";

  function text(name) {
    const [one] = boxes[name];
    if (tick(one)) return (boxes[name].find((each) => each.checked) || { value: "" }).value;
    return one.tagName === "SELECT" && one.value === "value" ? "" : one.value.replace(/\r\n/g, "\n");
  }
  function put(name, value) {
    for (const one of boxes[name]) {
      if (tick(one)) one.checked = one.value === value;
      else one.value = one.tagName === "SELECT" ? value || "value" : value;
      if (one.tagName === "SELECT") one.classList.toggle("on", one.value !== "value");
    }
  }
  // What the HTML said, whatever was typed before this file arrived.
  function original(name) {
    const [one] = boxes[name];
    if (tick(one)) return (boxes[name].find((each) => each.defaultChecked) || { value: "" }).value;
    if (one.tagName !== "SELECT") return one.defaultValue;
    const chosen = [...one.options].find((option) => option.defaultSelected);
    return chosen && chosen.value !== "value" ? chosen.value : "";
  }

  // The browser must not put texts back behind our back; and the same HTML from a cache is
  // another page.
  form.autocomplete = "off";
  const page = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => (byte + 256).toString(16).slice(1)).join("");
  field("page").value = page;
  field("place").value = 0;
  const shown = {}, typedAt = {}, asked = {}, unsure = new Set();
  for (const name of names) shown[name] = original(name);
  let held = true, timer = 0, failures = 0, lastSaved = 0, ended = null, apart = false, saving = Promise.resolve();

  const mine = () => names.filter((name) => asked[name] || unsure.has(name) || !same(text(name), shown[name]));
  const pending = () => mine().filter((name) => !asked[name]);

  // This page's copy: the fields that the server does not have.
  function keep() {
    const fields = {};
    for (const name of mine()) {
      // An open question is asked again, and never answered by putting the text back.
      fields[name] = { text: text(name), at: typedAt[name] || Date.now(), was: asked[name] ? null : shown[name], asked: apart || !!asked[name] };
    }
    held = store.leave(prefix + "/" + page, { base: field("base").value, at: Date.now(), fields });
  }
  const where = () => held ? said.held : said.unheld;

  // -------- what is wrong in a field, by the server's own table (rules.forms.box_rules)

  const { rules, faults } = JSON.parse(script.rules);
  const among = (ranges, more = "", flags = "u") => new RegExp("[" + ranges + "]" + more, flags);
  invisible = among(rules.invisible, "", "gu");
  idle = new RegExp("(^|[" + rules.idle + "])[" + rules.joiners + "]+", "gu");
  const read = {};
  for (const kind of ["count", "amount"]) {
    const patterns = rules[kind].map(([pattern, found]) => [new RegExp("^(?:" + pattern + ")$", "su"), found]);
    read[kind] = (text) => refused.test(text) ? "not_a_number" : patterns.find(([pattern]) => pattern.test(plain(text)))[1];
  }
  const refused = among(rules.refused), forbidden = [among(rules.forbidden), among(rules.marks, "{" + rules.stacked + "}")];
  const plain = (text) => text.normalize("NFKC").trim();
  const digits = (text) => plain(text).replace(/\D/g, "");
  // In units of 10⁻¹⁵: no number has more digits.
  const exact = (text, kind) => {
    const part = read[kind](text) === "fraction" ? plain(text).match(/\d+$/)[0] : "";
    return big(digits(text) + "0".repeat(15 - part.length));
  };
  const big = self.BigInt || Number;
  const length = (text) => [...text].length; // as the server counts: code points

  // Each gives the place of the box and its problem, where there is one.
  function numeric(typed, kind) {
    const found = typed.map((text) => text && read[kind](text));
    const at = found.findIndex((one) => one && one !== "whole" && one !== "fraction");
    return at >= 0 && [at, found[at]];
  }
  const judges = {
    count: numeric,
    amount: numeric,
    ratio: (typed, parts) => numeric(typed, parts) || (typed.includes("") && [typed.indexOf(""), "half_a_ratio"])
      || (exact(typed[0], parts) > exact(typed[1], parts) && [0, "numerator_above_denominator"]),
    choice: () => false,
    text: ([text]) => length(text) > rules.text && [0, "text_too_long"],
    list([text]) {
      const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
      return lines.length > rules.lines ? [0, "too_many_lines"] : lines.some((line) => length(line) > rules.line) && [0, "line_too_long"];
    },
  };

  const fields = [...form.querySelectorAll(".f")].map((place) => {
    const first = place.querySelector("input, textarea"), [code, part] = first.name.split(".");
    const parts = first.inputMode === "decimal" ? "amount" : "count"; // a number's, or those of a ratio
    const kind = part ? "ratio" : first.type === "radio" ? "choice" : first.dataset.kind || parts;
    const one = { place, code, kind, parts, names: part ? [code + ".num", code + ".den"] : [code], fault: place.querySelector(".e"), text: first.dataset.kind };
    if (part) one.share = place.querySelector("i");
    return one;
  });
  const typed = (one) => one.names.map((name) => tidy(text(name)));
  const state = (one) => boxes[one.code + ".state"] ? text(one.code + ".state") : "";
  const whole = (one) => JSON.stringify([typed(one), state(one), text("nil")]);
  for (const one of fields) one.was = whole(one);

  // The box and its problem; else whether the field is answered.
  function judged(one) {
    const texts = typed(one), given = texts.some(Boolean);
    const bad = texts.findIndex((text) => forbidden.some((signs) => signs.test(text)));
    let found = bad >= 0 && [bad, "forbidden_character"];
    if (!found && state(one)) found = given ? [0, "nil_beside_value"] : true;
    if (!found && given) found = judges[one.kind](texts, one.parts) || (text("nil") && !rules.narratives.includes(one.code) ? [0, "value_in_nil_report"] : true);
    return Array.isArray(found) ? [one.names[found[0]], found[1]] : found;
  }
  function mend(one) {
    for (const old of one.place.querySelectorAll(".e, fieldset.c")) old.remove();
    one.place.classList.remove("x");
    for (const box of [one.place, ...one.place.querySelectorAll("input, textarea")]) {
      for (const name of ["invalid", "describedby"]) box.removeAttribute("aria-" + name);
    }
    one.fault = null;
  }
  function show(one, [name, problem]) {
    mend(one);
    const { place, code, kind } = one, row = place.querySelector(".r, textarea");
    one.was = whole(one);
    one.fault = make("p", faults[problem]);
    one.fault.className = "e";
    one.fault.id = "e-" + code;
    row.before(one.fault);
    place.classList.add("x");
    // A group of choices is described as a whole, and no choice of it is wrong.
    const box = kind === "choice" ? place : field(name);
    box.setAttribute("aria-describedby", one.fault.id);
    if (box !== place) box.setAttribute("aria-invalid", "true");
    if (problem === "ambiguous") box.parentNode.after(meanings(box, one.share ? "" : box.nextElementSibling.textContent));
  }
  // 1.250 is 1250 or 1,25: the answer is written into the box.
  function meanings(box, unit) {
    const [head, tail] = plain(box.value).split(/[.,]/), part = tail.replace(/0+$/, ""), asks = document.createElement("fieldset");
    asks.className = "r c";
    make("legend", tell("which", { text: tidy(box.value) }), asks);
    for (const [amount, shown] of [[head + tail, head + "." + tail], [head + "." + part, head + (part && "," + part)]]) {
      press((shown + " " + unit).trim(), asks, () => {
        box.value = unambiguous(amount);
        box.focus();
        box.dispatchEvent(new Event("input", { bubbles: true }));
      });
    }
    return asks;
  }
  // The way a figure is counted opens in its place; the next section where this one ends.
  for (const link of form.querySelectorAll(".f small a")) link.setAttribute("aria-expanded", false);
  form.addEventListener("click", async (event) => {
    const link = event.target.closest(".f small a, .next");
    if (!link || event.ctrlKey) return;
    event.preventDefault();
    if (link.className) {
      const next = link.closest("details").nextElementSibling;
      next.open = true;
      next.scrollIntoView();
      return next.firstChild.focus({ preventScroll: true });
    }
    const open = link.box;
    link.box = open ? open.remove() : make("div", said.doing);
    link.setAttribute("aria-expanded", !open);
    if (open) return;
    const { box } = link;
    box.className = "box";
    link.parentNode.after(box);
    try {
      const answer = new DOMParser().parseFromString(await (await fetch(link.href)).text(), "text/html");
      box.replaceChildren(...answer.querySelectorAll("article p"));
    } catch (e) { box.textContent = tell("unread", { why: said.offline }); }
  });
  // What the page's head lists goes with its fault.
  function unlist({ names, code }) {
    for (const name of [code, ...names]) for (const link of document.querySelectorAll('#faults [href="#' + name + '"]')) link.parentNode.remove();
    if (!top) return;
    const left = top.querySelectorAll("li").length;
    top.hidden = !left;
    top.querySelector("h2").textContent = tell("faults", { left });
  }
  function share(one) {
    const [num, den] = typed(one).map((text) => exact(text, one.parts));
    if (!Number(den)) return "";
    const hundredths = Math.floor(Number((big(20000) * num + den) / (big(2) * den)));
    return tell("percent", { share: (hundredths / 100).toFixed(2).replace(".", ",") });
  }

  // Left with a fault, a field says so; `box` is the one that was left, where the field was not.
  function look(one, box) {
    const found = judged(one);
    if (!Array.isArray(found) || (box && found[0] !== box) || (one.fault && one.was === whole(one))) return;
    show(one, found);
    live.textContent = label(found[0]) + ": " + faults[found[1]];
  }
  const live = make("p", "", form);
  live.className = "unseen";
  live.setAttribute("role", "status");
  // What a pointer is pressed on must not move away under it.
  let pressing = 0, left = [];
  const tellLeft = () => { if (!pressing) for (const [one, box] of left.splice(0)) look(one, box); };
  for (const name of ["pointerdown", "pointerup", "pointercancel"]) {
    addEventListener(name, () => { pressing = name === "pointerdown"; setTimeout(tellLeft); }, true);
  }
  form.addEventListener("focusout", ({ target, relatedTarget }) => {
    const one = fields.find(({ place }) => place.contains(target));
    if (one) left.push([one, one.place.contains(relatedTarget) && target.name]);
    setTimeout(tellLeft);
  });

  function count() {
    let filled = 0, all = 0;
    for (const one of fields) {
      const found = judged(one);
      if (one.fault && one.was !== whole(one)) {
        if (Array.isArray(found)) show(one, found); else { mend(one); unlist(one); live.textContent = ""; }
      }
      one.answered = found === true;
      if (one.share) one.share.textContent = one.answered && !state(one) ? share(one) : "";
    }
    for (const section of form.querySelectorAll("details")) {
      const asks = fields.filter((one) => !one.text && section.contains(one.place)), done = asks.filter((one) => one.answered).length;
      const badge = section.querySelector("summary b");
      if (badge) badge.textContent = done + "/" + asks.length;
      filled += done; all += asks.length;
    }
    return tell("count", { filled, all });
  }
  function say(what) { output.textContent = count() + (what ? " · " + what : ""); }

  // -------- two texts for one field

  const around = (name) => boxes[name] && (boxes[name][0].closest(".f") || boxes[name][0].closest("p"));
  function label(name) {
    const whole = around(name);
    if (!whole) return name;
    const [one] = boxes[name], title = whole.querySelector("legend, label");
    const part = whole.querySelector('label[for="' + one.id + '"]');
    const head = title.textContent.trim();
    if (one.tagName === "SELECT") return tell("state", { label: head });
    return part && one.id && part !== title ? head + " (" + part.textContent.trim() + ")" : head;
  }
  function words(name, value) {
    for (const one of boxes[name] || []) {
      if (one.tagName === "SELECT") {
        const option = [...one.options].find((each) => each.value === (value || "value"));
        return option ? option.textContent.trim() : value;
      }
      if (one.type === "checkbox") return value ? said.yes : said.no;
      if (one.type === "radio" && one.value === value) return one.parentNode.textContent.trim();
    }
    return value || said.empty;
  }
  // One field, texts beside each other, a button for each choice.
  function row(parent, name, texts, choices) {
    const box = make("div", "", parent);
    box.className = "asks";
    make("b", label(name), box);
    const list = make("dl", "", box);
    for (const [who, value] of texts) {
      make("dt", who, list);
      make("dd", words(name, value), list).className = "said";
    }
    const buttons = make("p", "", box);
    buttons.className = "row";
    for (const [what, act] of choices) press(what, buttons, () => { box.remove(); act(); });
    return box;
  }
  const stating = (...own) => new URLSearchParams(own.map((name) => [name, field(name).value]));
  // Its owner has decided: the copy that the server parked beside the draft goes too.
  function unpark(from, name) {
    const body = stating("csrf", "of.unit");
    body.set("do", "drop"); body.set("page", from); body.set("f." + name, "1");
    post(form.action, body);
  }

  // Both changed it: the question stands at the field until it is answered.
  function ask(name, theirs, saved) {
    if (asked[name]) asked[name].remove();
    shown[name] = theirs;
    const box = row(null, name, [[said.here, text(name)], [saved ? tell("thereAt", { at: saved }) : said.there, theirs]], [
      [said.useHere, () => { answered(name); }],
      [said.useThere, () => { put(name, theirs); answered(name); unpark(page, name); }],
    ]);
    box.classList.add("box", "warn");
    box.tabIndex = -1;
    box.setAttribute("role", "group");
    box.firstChild.textContent = tell("choose", { label: label(name) });
    const place = around(name);
    place.parentNode.insertBefore(box, place.nextSibling);
    asked[name] = box;
  }
  function answered(name) {
    delete asked[name];
    boxes[name][0].focus();
    keep();
    if (pending().length) { say(said.kept); later(); } else say(still());
  }
  function lead() {
    const box = asked[Object.keys(asked)[0]];
    const section = box.closest("details");
    if (section) section.open = true;
    box.scrollIntoView({ block: "center" });
    box.focus({ preventScroll: true });
  }
  const still = () => {
    const number = Object.keys(asked).length;
    return number ? tell("left", { number }) : "";
  };
  const both = (one, other) => one && other ? one + "; " + other : one || other;

  // -------- saving

  // One at a time. True where the server now has everything that nobody must be asked about.
  const save = (leaving) => { saving = saving.then(() => once(leaving === true)); return saving; };
  async function once(leaving) {
    clearTimeout(timer);
    field("place").value = Number(field("place").value) + 1;
    const body = stating("csrf", "of.unit", "base", "draft", "page", "place"), posted = {};
    body.set("part", "1");
    for (const name of pending()) { posted[name] = text(name); unsure.add(name); body.set(name, posted[name]); }
    lastSaved = Date.now();
    // Browsers refuse a keepalive request of more than 64 kB.
    const answer = await post(form.dataset.draft, body, leaving && body.toString().length < 60000);
    const done = heard(answer, posted);
    keep();
    if (pending().length) later();
    return done;
  }
  function heard({ status, told, ours, why }, posted) {
    if (ours && "draft" in told) {
      failures = 0;
      if (ended) { ended.remove(); ended = null; unnotice(); }
      merged(told, posted);
      say(both(told.full ? told.problem : tell("saved", { at: told.saved.slice(0, 5) }), still()));
      return !pending().length;
    }
    if (ours && status !== 413) {
      // This page's savings are taken no more.
      if (ended) ended.remove();
      apart = !!told.parked;
      ended = offer(held && !told.to ? tell("typed", told) : told.problem);
      if (told.to) make("a", said.see, ended).href = told.to;
      say(tell("seeTop", { where: where() }));
      return false;
    }
    failures += 1;
    say(tell("because", { why: ours ? said.long : why, where: where() }));
    return false;
  }
  // Now this page knows the revision that it is told, in every field.
  function merged(told, posted) {
    field("draft").value = told.draft;
    const questions = told.asked || {}, theirs = told.theirs || {};
    for (const name of Object.keys(posted)) {
      unsure.delete(name);
      if (questions[name]) ask(name, questions[name].text, questions[name].saved);
      else if (!(name in theirs)) shown[name] = posted[name];
    }
    for (const name of Object.keys(theirs).filter((one) => boxes[one])) {
      const before = name in posted ? posted[name] : shown[name];
      if (same(text(name), theirs[name]) || (!asked[name] && same(text(name), before))) {
        if (asked[name]) asked[name].remove();
        delete asked[name];
        put(name, theirs[name]); shown[name] = theirs[name];
      } else ask(name, theirs[name], told.saved);
    }
  }
  // Longer after each failure, and not all at once.
  function later() {
    clearTimeout(timer);
    if (ended) return;
    const quiet = failures ? Math.min(QUIET * Math.pow(2, failures), LONGEST) * (0.5 + Math.random()) : QUIET;
    timer = setTimeout(save, Math.max(quiet, failures ? 0 : lastSaved + APART - Date.now()));
  }
  const unnotice = () => { notice.hidden = !notice.children.length; };
  function offer(what) {
    const box = make("div", "", notice);
    make("p", what, box);
    notice.hidden = false;
    return box;
  }

  function changed(event) {
    const control = event.target, { name } = control;
    if (!boxes[name]) return;
    const of = name === "nil" ? fields : control.tagName === "SELECT" ? fields.filter((one) => one.place.contains(control)) : [];
    if (control.tagName === "SELECT") control.classList.toggle("on", control.value !== "value");
    else if (control.value && control.closest(".f")) {
      // Whoever types a figure no longer says that there is none.
      const menu = control.closest(".f").querySelector("select");
      if (menu && menu.value !== "value") put(menu.name, "");
    }
    typedAt[name] = Date.now();
    if (asked[name]) asked[name].querySelector("dd").textContent = words(name, text(name));
    keep();
    say(ended || !held ? tell("unsaved", { where: where() }) : both(said.kept, still()));
    for (const one of of) look(one);
    later();
  }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);

  let pressed = "save";
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=do]");
    if (button) pressed = button.value;
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const check = pressed === "check";
    pressed = "save";
    say(said.saving);
    const done = await save();
    if (check && Object.keys(asked).length) lead();
    else if (check && done) go(form.dataset.check);
    else if (!done && ended) ended.scrollIntoView({ block: "center" });
  });
  addEventListener("online", () => { if (pending().length && !ended) save(); });
  addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && !ended && pending().length) save(true); });
  addEventListener("beforeunload", (event) => { if (!held) { event.preventDefault(); event.returnValue = ""; } });

  // A link to a field inside a folded section opens the section.
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const section = target && target.closest("details");
    if (section) { section.open = true; target.scrollIntoView({ block: "center" }); target.focus(); }
  }
  addEventListener("hashchange", unfold);

  // -------- what other pages left here

  function entries() {
    const old = store.get(prefix);
    if (old && old.values) { // as it was kept until 2026
      const fields = {};
      for (const name of Object.keys(old.values)) fields[name] = { text: old.values[name], at: old.at, was: null };
      if (store.set(prefix + "/old", { base: old.base, at: old.at, fields })) store.drop(prefix);
    }
    return store.keys(prefix + "/").map((key) => [key, store.get(key)])
      .filter(([key, entry]) => entry && entry.fields && !key.endsWith("/" + page))
      .sort((a, b) => b[1].at - a[1].at);
  }
  function forget(key, name) {
    const entry = store.get(key);
    if (!entry) return;
    const gone = entry.fields[name];
    delete entry.fields[name];
    if (gone && gone.asked) unpark(key.slice(prefix.length + 1), name);
    store.leave(key, entry);
  }
  function restore() {
    let last = 0;
    for (const [key, entry] of entries()) {
      const open = [];
      for (const name of Object.keys(entry.fields)) {
        const { text: kept, at, was } = entry.fields[name];
        const untouched = boxes[name] && same(text(name), shown[name]);
        if (boxes[name] ? same(kept, text(name)) : name.endsWith(".read")) {
          if (!boxes[name] || untouched) forget(key, name);
        } else if (untouched && was !== null && same(was, shown[name]) && entry.base === field("base").value) {
          put(name, kept); typedAt[name] = at; last = Math.max(last, at);
          keep();
          if (held) forget(key, name);
        } else open.push(name);
      }
      if (open.length) panel(key, entry, open);
    }
    return last;
  }
  function panel(key, entry, open) {
    const box = offer(tell("stale", { at: moment(entry.at) }));
    const details = make("details", "", box);
    make("summary", said.look, details);
    const line = document.querySelector('[data-page="' + key.slice(prefix.length + 1) + '"]');
    if (line) line.hidden = true; // the server's copy of the same texts
    let left = open.length;
    const over = () => { left -= 1; if (!left) { box.remove(); unnotice(); } };
    for (const name of open) {
      const one = entry.fields[name], choices = [[said.drop, () => { forget(key, name); over(); }]];
      const use = () => {
        put(name, one.text); typedAt[name] = one.at;
        keep();
        if (held) forget(key, name);
        over(); say(said.kept); later();
      };
      if (boxes[name]) choices.unshift([said.use, use]);
      const texts = [[tell("hereAt", { at: moment(one.at) }), one.text]];
      if (boxes[name]) texts.push([said.stands, text(name)]);
      row(details, name, texts, choices);
    }
  }

  const kept = output.textContent.split(" · ")[1];
  const last = restore();
  keep();
  if (pending().length) { say(last ? tell("restored", { at: moment(last) }) : said.kept); later(); } else say(kept);
  for (const one of fields) if (one.fault && judged(one)[1] === "ambiguous") show(one, judged(one));
  unfold();
  if (top) top.focus();
})();

// Keeps what is typed: on this phone at each keystroke, on the server when it is quiet.
// The form works without this file; nothing here is needed to fill in or to send.
(() => {
  "use strict";
  const store = {
    get(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or blocked: the server still has the draft */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* blocked */ } },
  };

  const sent = document.getElementById("sent");
  if (sent) {
    // A copy that builds on this version or a later one is a correction: it stays.
    const kept = store.get("draft/" + sent.dataset.key);
    if (kept && Number(kept.base) < Number(sent.dataset.version)) store.drop("draft/" + sent.dataset.key);
  }

  const send = document.getElementById("send");
  if (send) {
    // The person who prepared the report is remembered on this phone, for this unit alone.
    const names = ["by.name", "by.post", "by.phone"];
    const key = "by/" + send.dataset.key;
    const known = store.get(key) || {};
    for (const name of names) if (!send.elements[name].value) send.elements[name].value = known[name] || "";
    send.addEventListener("input", () => {
      store.set(key, Object.fromEntries(names.map((name) => [name, send.elements[name].value])));
    });
  }

  const form = document.getElementById("form");
  if (!form) return;

  const QUIET = 10000, APART = 30000;
  const key = "draft/" + form.dataset.key;
  const output = document.getElementById("saved");
  const notice = document.getElementById("notice");
  let timer = 0, lastSaved = 0, saving = false, clashed = false, posting = false, dirty = false;

  const field = (name) => form.elements[name];
  const own = new Set(["csrf", "base", "draft", "page", "place", "do", "of.unit"]);
  // Each saving has its number, by a button too: one that is late on its way changes nothing.
  const number = () => { field("place").value = Number(field("place").value) + 1; };

  function typed() {
    const values = {};
    for (const [name, value] of new FormData(form)) {
      if (!own.has(name) && value !== "" && !(name.endsWith(".state") && value === "value")) values[name] = value.replace(/\r\n/g, "\n");
    }
    return values;
  }
  const same = (a, b) => {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    // As the server tidies: a pasted invisible character is no difference.
    const tidy = (text) => (text || "").replace(/[\v\f\u2028\u2029]/g, "\n").replace(/\p{DI}/gu, "").normalize("NFC").trim();
    return [...names].every((name) => tidy(a[name]) === tidy(b[name]));
  };

  // What was typed before this file arrived, or put back by the browser itself.
  function touched(control) {
    if (control.type === "radio") return [...form.querySelectorAll('[name="' + control.name + '"]')].some((one) => one.checked !== one.defaultChecked);
    if (control.type === "checkbox") return control.checked !== control.defaultChecked;
    if (control.tagName === "SELECT") return [...control.options].some((one) => one.selected !== one.defaultSelected && (one.defaultSelected || one.value !== "value"));
    return control.value !== control.defaultValue;
  }
  const controls = () => [...form.elements].filter((control) => control.name && control.type !== "hidden" && !own.has(control.name));

  function fill(values, all) {
    const given = controls().filter((control) => all || !touched(control));
    for (const control of given) {
      const value = values[control.name] || "";
      if (control.type === "radio" || control.type === "checkbox") control.checked = control.value === value;
      else if (control.tagName === "SELECT") control.value = value || "value";
      else control.value = value;
      if (control.tagName === "SELECT") control.classList.toggle("on", control.value !== "value");
    }
  }

  function count() {
    const values = typed();
    let filled = 0, asked = 0;
    for (const section of form.querySelectorAll("details")) {
      const codes = new Set();
      for (const select of section.querySelectorAll("select")) codes.add(select.name.slice(0, -6));
      let done = 0;
      for (const code of codes) if (values[code] || values[code + ".num"] || values[code + ".den"] || values[code + ".state"]) done += 1;
      const badge = section.querySelector("summary b");
      if (badge) badge.textContent = done + "/" + codes.size;
      filled += done; asked += codes.size;
    }
    return filled + "/" + asked + " chỉ tiêu";
  }
  function say(text) { output.textContent = count() + (text ? " · " + text : ""); }

  function offer(text, label, act) {
    notice.querySelector("p").textContent = text;
    const button = notice.querySelector("button");
    button.textContent = label;
    button.onclick = () => { notice.hidden = true; act(); };
    notice.hidden = false;
  }

  const keep = (saved = false) => store.set(key, { base: field("base").value, draft: field("draft").value, page: field("page").value, at: Date.now(), saved, values: typed() });

  async function save(leaving) {
    clearTimeout(timer); timer = 0;
    if (saving || clashed || posting) return;
    number();
    const body = new URLSearchParams(new FormData(form));
    const before = typed();
    saving = true; lastSaved = Date.now(); dirty = false;
    try {
      // Browsers refuse a keepalive request of more than 64 kB.
      const keepalive = leaving && body.toString().length < 60000;
      const answer = await fetch(form.dataset.draft, { method: "POST", body, keepalive, credentials: "same-origin" });
      const kind = answer.headers.get("Content-Type") || "";
      const told = kind.startsWith("application/json") ? await answer.json() : {};
      if (answer.ok) {
        field("draft").value = told.draft;
        keep(same(before, typed()));
        say("đã lưu " + told.saved);
      } else if (told.clash) {
        clashed = true;
        say("chưa lưu");
        offer(told.problem, "Xem cả hai", () => { form.querySelector("button[value=save]").click(); });
      } else if ([401, 403, 429].includes(answer.status)) {
        clashed = true;
        say("phiên làm việc đã hết: vui lòng mở lại đường dẫn của đơn vị; nội dung vẫn giữ trên máy này");
      } else {
        dirty = true;
        say(told.problem || "chưa lưu lên máy chủ, vẫn giữ trên máy này");
      }
    } catch {
      dirty = true;
      say("đang mất mạng, vẫn giữ trên máy này");
    } finally {
      saving = false;
      if (!same(before, typed())) dirty = true;
      if (dirty && !clashed) later();
    }
  }
  function later() {
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => save(false), Math.max(QUIET, lastSaved + APART - Date.now()));
  }

  function changed(event) {
    const control = event.target;
    if (control.tagName === "SELECT") control.classList.toggle("on", control.value !== "value");
    else if (control.value && control.closest(".f")) {
      // Whoever types a figure no longer says that there is none.
      const menu = control.closest(".f").querySelector("select");
      if (menu && menu.value !== "value") { menu.value = "value"; menu.classList.remove("on"); }
    }
    dirty = true;
    keep();
    say("đã giữ trên máy này");
    later();
  }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => {
    posting = true;
    number();
    keep();
    setTimeout(() => { posting = false; if (dirty) later(); }, APART); // the submission may have been stopped
  });
  addEventListener("pageshow", () => { posting = false; });
  addEventListener("online", () => { if (dirty) save(false); });
  addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && dirty) save(true); });

  // A link to a field inside a folded section opens the section.
  function unfold() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const section = target && target.closest("details");
    if (section) { section.open = true; target.scrollIntoView({ block: "center" }); target.focus(); }
  }
  addEventListener("hashchange", unfold);

  // The browser may have put the values back itself: then they only lack saving.
  const kept = store.get(key);
  const unsaved = kept && !kept.saved;
  const current = kept && kept.base === field("base").value && (kept.draft === field("draft").value || kept.page === form.dataset.last);
  if (unsaved && !same(kept.values, typed())) {
    const at = new Date(kept.at), two = (n) => String(n).padStart(2, "0");
    const when = two(at.getHours()) + ":" + two(at.getMinutes()) + " ngày " + two(at.getDate()) + "/" + two(at.getMonth() + 1);
    const restore = (all) => { fill(kept.values, all); dirty = true; keep(); say("đã khôi phục nội dung nhập lúc " + when); later(); };
    if (current) restore(false);
    else offer("Máy này còn giữ nội dung nhập lúc " + when + ", khác với bản đang hiện.", "Dùng nội dung đó", () => restore(true));
  } else if (controls().some(touched)) {
    dirty = true;
    keep();
    say("đã giữ trên máy này");
    later();
  } else {
    if (unsaved) keep(true); // a button saved it
    say(output.textContent.split(" · ")[1]);
  }
  unfold();
  const faults = document.getElementById("faults");
  if (faults) faults.focus();
})();

// Asks before a sign-out: its answer empties this phone's storage, and with it texts that the
// server may not have. Keys and shapes are those of form.js.
(() => {
  "use strict";
  const said = JSON.parse(document.currentScript.dataset.words);
  const tell = (name, given) => said[name].replace(/{(\w+)}/g, (_, one) => given[one]);
  const form = document.getElementById("signout");
  const make = (tag, text, parent) => {
    const made = document.createElement(tag);
    made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  const tidy = (text) => (text || "").replace(/\r\n?/g, "\n").normalize("NFC").trim();
  const moment = (at) => tell("moment", {
    time: new Date(at).toLocaleTimeString("vi", { hour: "2-digit", minute: "2-digit" }),
    day: new Date(at).toLocaleDateString("vi", { day: "2-digit", month: "2-digit", year: "numeric" }),
  });

  // Each text by its field: of a form, of a form as it was kept until 2026, of a check page.
  function texts(kind, entry) {
    if (kind === "beside") return Object.fromEntries(Object.entries(entry).filter(([, text]) => text));
    return entry.values || Object.fromEntries(Object.entries(entry.fields).map(([name, one]) => [name, one.text]));
  }
  function copy(key) {
    const [kind, programme, period, unit] = key.split("/");
    if (kind !== "draft" && kind !== "beside") return null;
    try {
      const entry = JSON.parse(localStorage.getItem(key)), typed = texts(kind, entry), report = [programme, period, unit].join("/");
      const card = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === report);
      const link = card && card.querySelector('a[href$="/report/' + period + '"]'), checking = kind === "beside";
      return Object.keys(typed).length ? {
        texts: typed, own: !!card, at: entry.at, checking, period,
        name: card ? card.querySelector("h3").textContent : tell("report", { unit, period }),
        url: link ? link.href + (checking ? "/check" : "") : "",
      } : null;
    } catch (e) { return null; }
  }
  function copies() {
    try { return Object.keys(localStorage).map(copy).filter(Boolean); } catch (e) { return []; }
  }

  async function fetched(url) {
    const answer = await fetch(url, { credentials: "same-origin" });
    const html = (await answer.text()).replace(/<style>[^]*?<\/style>/, ""); // which our policy would report
    return new DOMParser().parseFromString(html, "text/html");
  }

  // A page that was left while it saved never heard that it was.
  async function reached({ texts: typed, url, checking }) {
    if (!url) return false;
    try {
      const there = (await fetched(url)).getElementById(checking ? "send" : "form");
      const stands = new FormData(there);
      const value = (name) => stands.get(name) === "value" && name.endsWith(".state") ? "" : stands.get(name);
      return Object.keys(typed).every((name) => there.elements[name] ? tidy(value(name)) === tidy(typed[name]) : name.endsWith(".read"));
    } catch (e) { return false; }
  }

  // What is shown of a text where no form shows it any more.
  const words = { "": said.empty, nil: said.nil, na: said.na, value: said.value, yes: said.yes, no: said.no };
  async function definitions({ own, url, period }) {
    try { return own && !url ? await fetched(form.action.replace(/signout$/, period + "/definitions")) : null; } catch (e) { return null; }
  }

  function line(list, one) {
    const item = make("li", tell(one.checking ? "beside" : "typed", { name: one.name, at: moment(one.at) }) + " ", list);
    if (one.url) make("a", said.see, item).href = one.url;
    else if (!one.own) item.append(said.open);
    else {
      const all = make("dl", "", item);
      for (const name of Object.keys(one.texts)) {
        const head = one.definitions && one.definitions.getElementById(name.split(".")[0]);
        make("dt", head ? head.textContent : name, all);
        make("dd", words[one.texts[name]] || one.texts[name], all).className = "said";
      }
    }
  }
  function ask(left) {
    const former = document.getElementById("kept"), box = make("div", "");
    if (former) former.remove();
    box.id = "kept";
    box.className = "box warn";
    box.tabIndex = -1;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", "kept-lead");
    make("p", said.lead, box).id = "kept-lead";
    const list = make("ul", "", box);
    for (const one of left) line(list, one);
    const row = make("p", "", box);
    row.className = "row";
    const stay = make("button", said.stay, row), leave = make("button", said.leave, row);
    stay.onclick = () => { box.remove(); form.querySelector("button").focus(); };
    leave.className = "plain";
    leave.onclick = () => { leave.disabled = true; form.submit(); };
    document.querySelector("main").prepend(box);
    box.focus();
  }

  let looking = false;
  form.addEventListener("submit", async (event) => {
    const held = copies();
    if (!held.length) return;
    event.preventDefault();
    if (looking) return;
    looking = true;
    const patience = new Promise((over) => { setTimeout(over, 5000, false); });
    const saved = await Promise.all(held.map((one) => Promise.race([reached(one), patience])));
    const left = held.filter((_, number) => !saved[number]);
    for (const one of left) one.definitions = await Promise.race([definitions(one), patience]);
    looking = false;
    if (left.length) ask(left); else form.submit();
  });
})();

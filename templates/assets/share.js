// Copies or shares a text where the browser can. Without this file the text is copied by hand.
(() => {
  "use strict";
  const said = JSON.parse(document.currentScript.dataset.words);
  const text = (id) => document.getElementById(id);
  const say = (id, words) => { document.querySelector(`[data-told="${id}"]`).textContent = words; };
  for (const button of document.querySelectorAll("[data-copy]")) {
    const id = button.dataset.copy;
    button.hidden = false;
    button.addEventListener("click", async () => {
      text(id).select();
      try { await navigator.clipboard.writeText(text(id).value); say(id, said.copied); }
      catch { say(id, document.execCommand("copy") ? said.copied : said.byHand); }
    });
  }
  for (const button of document.querySelectorAll("[data-share]")) {
    if (!navigator.share) continue;
    const id = button.dataset.share;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try { await navigator.share({ text: text(id).value }); } catch { /* closed without sharing */ }
    });
  }
})();

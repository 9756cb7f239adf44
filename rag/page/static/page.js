// What the page does besides Gradio: numbers open their passage beside the answer, answers are
// copied with their citations, and what Gradio leaves out for screen readers is put right.
"use strict";
(() => {
  let opener = null;
  let held = null; // the number of a message that has the focus
  let turn = 0; // what was fetched for an earlier turn is not shown any more
  const pane = () => document.getElementById("passage");

  async function open(link, byKeyboard) {
    const shown = pane();
    if (!shown) return;
    const address = new URL(link.href);
    address.searchParams.set("pane", "true");
    const mine = ++turn;
    if (link.closest("#passage") === null) opener = link;
    shown.setAttribute("aria-busy", "true");
    let html;
    try {
      const answer = await fetch(address, { credentials: "same-origin" });
      html = await answer.text();
    } catch {
      html = "<h1>The passage could not be fetched. Is the server still running?</h1>";
    }
    if (mine !== turn) return;
    shown.innerHTML = html;
    shown.removeAttribute("aria-busy");
    document.querySelectorAll("a.cite[aria-current]").forEach((a) => a.removeAttribute("aria-current"));
    if (opener) opener.setAttribute("aria-current", "true");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "close";
    close.textContent = "Close and go back to the answer";
    shown.append(close);
    const marked = shown.querySelector("mark");
    const reading = shown.querySelector(".reading");
    if (marked && reading) {
      const down = marked.getBoundingClientRect().top - reading.getBoundingClientRect().top;
      reading.scrollTop += down - reading.clientHeight / 3;
    }
    const title = shown.querySelector("#passage-title, h1");
    if (title) title.tabIndex = -1;
    if (title) title.focus({ preventScroll: true });
    if (narrow()) (marked || shown).scrollIntoView({ block: "center" });
    else if (byKeyboard) shown.scrollIntoView({ block: "nearest" });
  }

  const narrow = () => window.matchMedia("(max-width: 60rem)").matches;

  function close() {
    const shown = pane();
    if (!shown || !shown.querySelector(".passage, h1")) return;
    turn += 1;
    shown.removeAttribute("aria-busy");
    shown.innerHTML = '<p class="hint">Choose a number in the answer, [1] for example, to read it in its place.</p>';
    if (opener && opener.isConnected) {
      opener.removeAttribute("aria-current");
      opener.focus();
    }
  }

  async function copy(button) {
    const told = button.parentElement.querySelector(".copied");
    try {
      const answer = await fetch(button.dataset.from, { credentials: "same-origin" });
      if (!answer.ok) throw new Error("gone");
      const { text, html } = await answer.json();
      if (navigator.clipboard && window.ClipboardItem) {
        await navigator.clipboard.write([
          new ClipboardItem({
            "text/plain": new Blob([text], { type: "text/plain" }),
            "text/html": new Blob([html], { type: "text/html" }),
          }),
        ]);
      } else {
        const put = (event) => {
          event.clipboardData.setData("text/plain", text);
          event.clipboardData.setData("text/html", html);
          event.preventDefault();
        };
        document.addEventListener("copy", put, { once: true });
        document.execCommand("copy");
      }
      told.textContent = "Copied.";
    } catch {
      told.textContent = "It could not be copied. Ask the question again.";
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.cite");
    if (link && pane() && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      showAskTab(link);
      open(link, event.detail === 0);
      return;
    }
    const button = event.target.closest("button.copy");
    if (button) copy(button);
    if (event.target.closest("#passage button.close")) close();
  });

  // A number in the table or a chart opens on the tab that holds the pane.
  function showAskTab(link) {
    if (link.closest("#passage") || pane().offsetParent !== null) return;
    const tab = [...document.querySelectorAll('[role="tab"]')].find((t) => t.textContent.trim() === "Ask");
    if (tab) tab.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("#passage")) close();
  });

  // The last question stays in the box: typing replaces it, the arrow keys edit it.
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("#question textarea, #question input")) event.target.select();
  });

  // While an answer is written up its messages are put anew: what was in focus stays in focus, and
  // what was opened stays open.
  document.addEventListener("focusin", (event) => {
    held = event.target.closest("#conversation a.cite");
  });
  function again(link) {
    if (link === null || link.isConnected) return link;
    const message = link.closest(".written") ? ".written" : ".answer";
    const found = [...document.querySelectorAll(`#conversation ${message} a.cite`)]
      .filter((a) => a.href === link.href).pop() ?? null;
    const folded = found && found.closest("details");
    if (folded) folded.open = true;
    return found;
  }
  function keep() {
    const lost = held !== null && !held.isConnected && document.activeElement === document.body;
    held = again(held);
    if (lost && held) held.focus({ preventScroll: true });
    if (opener === null || opener.isConnected) return;
    opener = again(opener);
    if (opener && pane().querySelector(".passage")) opener.setAttribute("aria-current", "true");
  }

  // Gradio puts the raw HTML of a message into its aria-label, and marks no language.
  document.documentElement.lang = "en-GB";
  const mend = () => {
    // Which page of the table is shown is told by a box that stays, or nobody would hear it.
    document.querySelectorAll("#page:not([aria-live])").forEach((box) => {
      box.setAttribute("aria-live", "polite");
    });
    document.querySelectorAll("#conversation [data-testid='bot'][aria-label], #conversation [data-testid='user'][aria-label]").forEach((said) => {
      said.removeAttribute("aria-label");
    });
    keep();
  };
  // Gradio measures its tabs before this page's styles are there.
  const waiting = new MutationObserver(() => {
    if (!document.querySelector('[role="tab"]')) return;
    waiting.disconnect();
    requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
  });
  waiting.observe(document.documentElement, { subtree: true, childList: true });
  new MutationObserver(mend).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"],
  });
})();

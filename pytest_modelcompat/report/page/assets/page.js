(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const form = document.querySelector(".filters");
  const rows = [...document.querySelectorAll(".results tbody tr")];
  const groups = [...document.querySelectorAll(".group")];
  const entries = [...document.querySelectorAll(".entry")];
  const numbers = [...document.querySelectorAll(".numbers tbody tr")];
  // The id is that of the text: without JavaScript, a browser opens what is closed around it.
  const idOf = (entry) => entry.querySelector("pre").id;
  const groupOf = new Map(entries.map((each) => [idOf(each), each.closest(".group").id]));
  const texts = new Map();
  const fields = ["q", "verdict", "cause"];
  let at = "";
  let isFiltered = false;

  // Only a search needs the texts: a page of hundreds of failures opens without reading them.
  function hasText(id, q) {
    if (!texts.has(id)) texts.set(id, $(id).closest(".entry").textContent.toLowerCase());
    return texts.get(id).includes(q);
  }

  const state = () => Object.fromEntries(fields.map((name) => [name, $(name).value]));
  const isWanted = (verdict, wanted) => !wanted || (wanted === "!" ? "fe".includes(verdict) : verdict === wanted);

  function cellFits(cell, label, { q, verdict, cause }) {
    const entry = cell.firstChild && cell.firstChild.hash ? cell.firstChild.hash.slice(1) : "";
    return isWanted(cell.className, verdict) && (!cause || groupOf.get(entry) === cause) &&
      (!q || label.includes(q) || (entry !== "" && hasText(entry, q)));
  }

  function filter() {
    const wanted = state();
    wanted.q = wanted.q.trim().toLowerCase();
    let shown = 0;
    isFiltered = true;
    for (const row of rows) {
      const label = row.cells[0].textContent.toLowerCase();
      const fits = [...row.cells].slice(1).some((cell) => cellFits(cell, label, wanted));
      row.classList.toggle("off", !fits);
      shown += fits;
    }
    for (const entry of entries) {
      const fits = isWanted(entry.dataset.v, wanted.verdict) && (!wanted.cause || groupOf.get(idOf(entry)) === wanted.cause) &&
        (!wanted.q || hasText(idOf(entry), wanted.q));
      entry.classList.toggle("off", !fits);
    }
    for (const group of groups) group.classList.toggle("off", !group.querySelector(".entry:not(.off)"));
    for (const row of numbers) row.classList.toggle("off", wanted.q !== "" && !row.textContent.toLowerCase().includes(wanted.q));
    $("shown").textContent = `${shown} of ${rows.length} rows`;
  }

  function remember() {
    const given = Object.entries({ ...state(), at }).filter(([, value]) => value);
    const hash = given.length ? `#${new URLSearchParams(given)}` : " ";
    history.replaceState(null, "", hash === " " ? location.href.split("#")[0] : hash);
  }

  function show(id, isFocused) {
    const found = id && $(id);
    if (!found) return;
    for (let each = found; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    const entry = found.closest(".entry");
    (entry || found).scrollIntoView({ block: "start" });
    const target = entry ? entry.querySelector("summary") : found;
    if (isFocused) target.focus({ preventScroll: true });
  }

  function restore() {
    const hash = location.hash.slice(1);
    const given = new URLSearchParams(hash.includes("=") ? hash : "");
    for (const name of fields) {
      $(name).value = given.get(name) || "";
      if ($(name).selectedIndex === -1) $(name).value = "";
    }
    at = hash.includes("=") ? given.get("at") || "" : hash;
    if (isFiltered || Object.values(state()).some(Boolean)) filter();
    else $("shown").textContent = `${rows.length} of ${rows.length} rows`;
    show(at, true);
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { at = ""; filter(); remember(); });
  form.addEventListener("reset", () => setTimeout(() => { at = ""; filter(); remember(); }));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    at = link.hash.slice(1);
    const there = $(at);
    if (there && there.closest(".off")) { form.reset(); return setTimeout(() => { at = link.hash.slice(1); remember(); show(at, true); }); }
    remember();
    show(at, true);
  });
  addEventListener("hashchange", restore);

  async function copy(button) {
    const block = button.closest("figure").querySelector("pre");
    try {
      await navigator.clipboard.writeText(block.textContent);
    } catch {
      getSelection().selectAllChildren(block);
      if (!document.execCommand("copy")) return "Not copied: select the text and copy it";
    }
    return "Copied";
  }
  for (const caption of document.querySelectorAll(".fix figcaption")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${caption.textContent.trim()}`);
    caption.append(button);
    button.addEventListener("click", async () => {
      $("said").textContent = button.textContent = await copy(button);
      setTimeout(() => { button.textContent = "Copy"; $("said").textContent = ""; }, 2000);
    });
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const each of closed) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of closed) each.open = false; });
  restore();
})();

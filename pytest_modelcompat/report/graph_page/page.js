"use strict";
{
  const changes = [...document.querySelectorAll(".row.changed, .row.added, .row.removed, .row.values, .row.moved")]
    .filter((row) => !row.closest(".fold"));
  const folds = [...document.querySelectorAll("details")];
  const tools = document.createElement("span");
  tools.className = "tools";
  let at = -1;
  const button = (text, does) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", does);
    tools.append(made);
  };
  const go = (step) => {
    at = (at + step + changes.length + (at < 0 && step < 0 ? 1 : 0)) % changes.length;
    const row = changes[at];
    for (let each = row.parentElement; each; each = each.parentElement) {
      if (each.tagName === "DETAILS") each.open = true;
    }
    history.replaceState(null, "", "#" + row.id);
    location.replace("#" + row.id);
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
    where.textContent = `${at + 1} of ${changes.length}`;
  };
  const where = document.createElement("span");
  where.className = "at";
  where.setAttribute("role", "status");
  if (changes.length) {
    button("Previous change", () => go(-1));
    button("Next change", () => go(1));
    tools.append(where);
  }
  if (folds.length) {
    button("Unfold all", () => folds.forEach((each) => { each.open = true; }));
    button("Fold all", () => folds.forEach((each) => { each.open = false; }));
  }
  const nav = document.querySelector("nav");
  nav.append(tools);
}

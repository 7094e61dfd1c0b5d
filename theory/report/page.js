"use strict";
// On a narrow screen a figure is fitted into the width; a touch, or its button, shows it in full.
(() => {
  for (const figure of document.querySelectorAll("figure")) {
    const button = document.createElement("button");
    const box = figure.querySelector(".wide");
    const show = (isFitted) => {
      figure.classList.toggle("fitted", isFitted);
      button.setAttribute("aria-pressed", String(!isFitted));
    };
    const change = () => show(!figure.classList.contains("fitted"));
    button.type = "button";
    button.className = "size";
    button.textContent = "Full size";
    button.addEventListener("click", change);
    box.addEventListener("click", change);
    box.after(button);
    show(true);
  }
})();
(() => {
  const form = document.getElementById("choose");
  if (!form) return;
  const kind = document.getElementById("choose-status");
  const words = document.getElementById("choose-words");
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll(".row")];
  const claims = [...document.querySelectorAll(".claim")];
  const heads = new Map(claims.map((claim) =>
    [claim, claim.querySelector("summary").textContent.toLowerCase()]));

  function choose() {
    const [key, value] = kind.value ? kind.value.split(":", 2) : ["", ""];
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const claim of claims) {
      const isWanted = (!key || claim.dataset[key] === value) &&
        wanted.every((word) => heads.get(claim).includes(word));
      claim.hidden = !isWanted;
      count += isWanted;
    }
    for (const row of rows) row.hidden = !row.querySelector(".claim:not([hidden])");
    shown.textContent = `${count} of ${claims.length} claims shown`;
  }

  function openAll(isOpen) {
    for (const claim of claims) if (!claim.hidden) claim.open = isOpen;
  }

  // A link to a claim opens it, also where the choice had hidden it, and all that a link points into.
  function follow() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) {
      sought = null;
      return;
    }
    const around = target.closest(".claim");
    if (around && around.hidden) {
      form.reset();
      choose();
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target === around) target.querySelector("summary").focus({ preventScroll: true });
    sought = target;
    scroll(target, 0, MOST_FRAMES);
  }

  // Rows out of sight have estimated heights until they are near: what is sought may move while the
  // page scrolls to it, and is scrolled to until it has stayed where it is for some frames.
  const STILL = 3, MOST_FRAMES = 60;
  let sought = null;
  function scroll(target, still, left) {
    const before = target.getBoundingClientRect().top;
    target.scrollIntoView();
    const isStill = Math.abs(target.getBoundingClientRect().top - before) < 1;
    if (sought !== target || left === 0 || (isStill && still === STILL)) return;
    requestAnimationFrame(() => scroll(target, isStill ? still + 1 : 0, left - 1));
  }

  // Certificates come packed, all in one, and are unpacked when the first is opened.
  let contents;
  async function unpacked() {
    const packed = document.getElementById("certificates").textContent;
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }
  async function fill(place, number) {
    try {
      contents ??= unpacked();
      place.textContent = (await contents)[number];
    } catch (error) {
      place.textContent = `This browser cannot unpack it (${error.message}); it is in the file.`;
    }
  }

  for (const statement of document.querySelectorAll("[data-text]")) {
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    const place = document.createElement("pre");
    summary.textContent = "Certificate";
    details.append(summary, place);
    details.addEventListener("toggle", () => {
      if (details.open) fill(place, statement.dataset.text);
    });
    statement.append(details);
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  kind.addEventListener("change", choose);
  words.addEventListener("input", choose);
  document.getElementById("open-all").addEventListener("click", () => openAll(true));
  document.getElementById("close-all").addEventListener("click", () => openAll(false));
  window.addEventListener("hashchange", follow);
  // A link to where the address points already changes nothing in it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link || link.hash !== location.hash) return;
    event.preventDefault();
    follow();
  });
  for (const name of ["wheel", "touchstart", "keydown"])
    window.addEventListener(name, () => { sought = null; }, { passive: true });
  choose();
  follow();
})();


"use strict";
// Filters the rows that the page already shows; without it everything is there to read.
const bar = document.getElementById("filter");
if (bar) {
  const words = document.getElementById("words");
  const shown = document.getElementById("shown");
  const chips = [...bar.querySelectorAll("button")];
  const sections = [...document.querySelectorAll("details.urgency")].map((element) => ({
    element,
    open: element.open,
    rows: [...element.querySelectorAll("details.row")].map((row) => ({
      row,
      marks: row.dataset,
      text: row.textContent.toLowerCase(),
    })),
  }));
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = {};
    for (const chip of chips) {
      if (chip.getAttribute("aria-pressed") === "true") {
        (chosen[chip.dataset.filter] ??= new Set()).add(chip.dataset.value);
      }
    }
    const asked = Object.entries(chosen);
    const filtering = wanted.length > 0 || asked.length > 0;
    let count = 0;
    for (const { element, open, rows } of sections) {
      let matching = 0;
      for (const { row, marks, text } of rows) {
        const match =
          asked.every(([what, values]) => values.has(marks[what])) &&
          wanted.every((word) => text.includes(word));
        row.hidden = !match;
        matching += match ? 1 : 0;
      }
      element.hidden = filtering && matching === 0;
      element.open = filtering ? matching > 0 : open;
      count += matching;
    }
    const noun = count === 1 ? "row matches" : "rows match";
    shown.textContent = filtering ? `${count || "No"} ${noun}` : "";
  };
  words.addEventListener("input", apply);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  for (const link of document.querySelectorAll(".tiles a, .base a")) {
    link.addEventListener("click", () => {
      const section = document.querySelector(link.getAttribute("href"));
      if (section) section.open = true;
    });
  }
  bar.hidden = false;
}

"use strict";
/* Elements of the page and of its drawings. */
const Svg = (() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const FONT = "system-ui, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";
  const HATCHES = {
    "..": [
      ["circle", {cx: 2, cy: 2, r: 0.9}],
      ["circle", {cx: 5, cy: 5, r: 0.9}],
    ],
    "///": [["path", {d: "M-1,1 L1,-1 M0,6 L6,0 M5,7 L7,5", "stroke-width": 1.1}]],
    xx: [["path", {d: "M0,0 L6,6 M0,6 L6,0", "stroke-width": 0.8}]],
    "\\\\\\": [["path", {d: "M-1,5 L1,7 M0,0 L6,6 M5,-1 L7,1", "stroke-width": 1.1}]],
  };
  let number = 0;

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false)
        element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  const draw = (tag, attributes = {}, ...children) =>
    filled(document.createElementNS(SPACE, tag), attributes, children);
  const make = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

  function button(text, act, attributes = {}) {
    const made = make("button", {type: "button", ...attributes}, text);
    made.addEventListener("click", act);
    return made;
  }

  /* A drawing of this size that a screen reader reads as one sentence. */
  function sheet(width, height, words) {
    return draw("svg", {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": words,
      "font-family": FONT,
      "font-size": 13,
      fill: "currentColor",
    });
  }

  const text = (x, y, words, attributes = {}) =>
    draw("text", {x, y, "dominant-baseline": "central", ...attributes}, words);
  const line = (x1, y1, x2, y2, attributes = {}) =>
    draw("line", {x1, y1, x2, y2, stroke: "currentColor", ...attributes});

  /* A bar or block of an outcome: its colour, and its hatch for readers in grey. */
  function block(outcome, x, y, width, height, attributes = {}) {
    const {colour, hatch} = State.data.outcomes[outcome];
    const shape = {x, y, width: Math.max(0, width), height: Math.max(0, height)};
    const group = draw("g", attributes, draw("rect", {...shape, fill: colour, stroke: "#222", "stroke-width": 0.6}));
    if (hatch) {
      const id = `hatch${++number}`;
      const marks = HATCHES[hatch].map(([tag, look]) =>
        draw(tag, {...look, stroke: tag === "path" ? "#222" : "none", fill: tag === "path" ? "none" : "#222"}),
      );
      group.append(
        draw("pattern", {id, width: 6, height: 6, patternUnits: "userSpaceOnUse", opacity: 0.55}, ...marks),
        draw("rect", {...shape, fill: `url(#${id})`}),
      );
    }
    return group;
  }

  /* A table that screen readers read in place of a drawing. */
  function table(caption, head, rows) {
    const cells = (tag, list, first) =>
      list.map((cell, i) =>
        make(
          i === 0 && first ? "th" : tag,
          i === 0 && first ? {scope: "row"} : tag === "th" ? {scope: "col"} : {},
          String(cell),
        ),
      );
    return make(
      "table",
      {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...cells("th", head, false))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells("td", row, true)))),
    );
  }

  const widthOf = (element, most = 720) => Math.max(260, Math.min(most, Math.floor(element.clientWidth || 320)));
  const find = (id) => document.getElementById(id);

  return {draw, make, button, sheet, text, line, block, table, widthOf, find};
})();

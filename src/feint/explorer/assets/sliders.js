"use strict";
/* Sliders of all parameters: five in words, the others by argument, and what one of them would do over its range. */
const Sliders = (() => {
  const {data, parameters} = State;
  const STOPS = 100,
    SNAP = 0.006; // of a slider's length, within which it takes the default
  const GHOST_POINTS = 9,
    GHOST_RUNS = 64,
    GHOST_HEIGHT = 22;
  const rows = [];
  let ghosted = null;

  function position({low, high, log}, value) {
    const share = log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
    return Math.max(0, Math.min(1, share));
  }

  /* The value at a share of a slider's length, in few digits. */
  function along(parameter, share) {
    const {low, high, log, whole} = parameter;
    if (Math.abs(share - position(parameter, parameter.default)) < SNAP) return parameter.default;
    const value = log ? low * (high / low) ** share : low + (high - low) * share;
    return whole ? Math.round(Number(value.toPrecision(2))) : Number(value.toPrecision(3));
  }

  function wordOf(row, value) {
    if (!row.words) return "";
    const share = position(row.parameter, value);
    return row.words[Math.min(row.words.length - 1, Math.floor(share * row.words.length))];
  }

  function inWords(row, value, unit = row.parameter.unit) {
    const number = value === row.parameter.off ? `${Numbers.plain(value)}, off` : Numbers.plain(value);
    return [wordOf(row, value), unit ? `${number} ${unit.replace(/^1\//, "per ")}` : number].filter(Boolean).join(", ");
  }

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const titleOf = ({stage, meaning}) => capital(stage ? `${stage}: ${meaning}` : meaning);

  /* Texts below a slider that say what it is. */
  function facts(parameter) {
    const parts = [
      parameter.name,
      parameter.unit ? `unit: ${parameter.unit}` : "",
      `default ${Numbers.plain(parameter.default)}`,
      parameter.prior ? `prior from ${parameter.prior}${parameter.log ? ", uniform in the logarithm" : ""}` : "",
      `valid: ${parameter.allowed}`,
      `source: ${parameter.source}`,
    ];
    return parts.filter(Boolean).join(" · ");
  }

  function marks(parameter) {
    return Svg.make("span", {
      class: "mark",
      style: `--at: ${position(parameter, parameter.default)}`,
      "aria-hidden": "true",
    });
  }

  function rowOf(parameter, headline) {
    const id = `slider-${parameter.name}`,
      title = headline ? headline.question : titleOf(parameter);
    const row = {
      parameter,
      words: headline?.words,
      title,
      search: `${title} ${facts(parameter)} ${parameter.argument}`.toLowerCase(),
    };
    row.range = Svg.make("input", {type: "range", id, min: 0, max: STOPS, step: 1, "aria-describedby": `${id}-facts`});
    row.output = Svg.make("output", {for: id});
    row.reset = Svg.button("reset", () => reset(row), {class: "small", "aria-label": `Reset: ${title}`});
    row.number = Svg.make("input", {type: "number", step: "any", "aria-label": `${title}, exact value`});
    row.ghost = Svg.make("div", {class: "ghost"});
    row.reach = Svg.make("span", {class: "facts reach"});
    const ends = row.words
      ? [row.words[0], row.words[row.words.length - 1]]
      : [Numbers.plain(parameter.low), Numbers.plain(parameter.high)];
    const more = Svg.make(
      "p",
      {class: "facts", id: `${id}-facts`},
      headline ? `${titleOf(parameter)}. ${facts(parameter)}` : facts(parameter),
    );
    row.element = Svg.make(
      "div",
      {class: "slider", "data-name": parameter.name},
      Svg.make("div", {class: "title"}, Svg.make("label", {for: id}, title), row.reset),
      Svg.make("div", {class: "track"}, row.ghost, marks(parameter), row.range),
      Svg.make("div", {class: "ends"}, Svg.make("span", {}, ends[0]), row.output, Svg.make("span", {}, ends[1])),
      row.reach,
      headline
        ? Svg.make("details", {}, Svg.make("summary", {}, "what it is"), more, row.number)
        : Svg.make("div", {}, more, row.number),
    );
    listen(row);
    rows.push(row);
    return row.element;
  }

  function listen(row) {
    const {parameter, range, number, element} = row;
    const taken = () => ({[parameter.name]: along(parameter, Number(range.value) / STOPS)});
    range.addEventListener("input", () => Page.move(taken()));
    range.addEventListener("change", () => Page.settle(taken(), parameter.name));
    number.addEventListener("change", () => {
      const fault = State.fault(parameter.name, number.value);
      if (fault) Page.complain(fault);
      else Page.settle({[parameter.name]: Number(number.value)}, parameter.name);
    });
    for (const event of ["focusin", "pointerenter"]) element.addEventListener(event, () => haunt(row));
  }

  function reset({parameter}) {
    Page.settle({[parameter.name]: State.atView(Page.state().view, parameter.name)});
  }

  /* All rows in their places. */
  function build(first, others) {
    const headline = new Map(data.headline.map((each) => [each.name, each]));
    first.append(...data.headline.map((each) => rowOf(parameters.get(each.name), each)));
    const groups = grouped(data.parameters);
    for (const [argument, members] of groups) {
      const left = members.filter(({name}) => !headline.has(name));
      if (left.length)
        others.append(
          Svg.make(
            "details",
            {class: "group"},
            Svg.make("summary", {}, capital(argument), Svg.make("span", {class: "count"}, ` ${left.length}`)),
            ...left.map((each) => rowOf(each, null)),
          ),
        );
    }
  }

  function grouped(list) {
    const groups = new Map();
    for (const each of list) groups.set(each.argument, [...(groups.get(each.argument) ?? []), each]);
    return groups;
  }

  /* Set all sliders to a state, and mark those that its view, or the reader, has moved. */
  function update(state) {
    for (const row of rows) {
      const {parameter, element} = row,
        value = State.value(state, parameter.name);
      const text = inWords(row, value),
        place = String(Math.round(STOPS * position(parameter, value)));
      if (document.activeElement !== row.range || along(parameter, Number(row.range.value) / STOPS) !== value)
        row.range.value = place;
      row.range.setAttribute("aria-valuetext", text);
      row.output.textContent = row.words ? inWords(row, value, "") : text;
      if (document.activeElement !== row.number) row.number.value = String(value);
      const own = parameter.name in state.values,
        departs = State.atView(state.view, parameter.name) !== parameter.default;
      element.classList.toggle("moved", own);
      element.classList.toggle("departs", departs);
      row.reset.hidden = !own;
    }
    for (const group of document.querySelectorAll("details.group")) {
      group.classList.toggle("departs", Boolean(group.querySelector(".departs, .moved")));
    }
  }

  /* Show the groups and rows that contain all words of a text. */
  function filter(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) row.element.hidden = !row.words && !words.every((word) => row.search.includes(word));
    let found = 0;
    for (const group of document.querySelectorAll("details.group")) {
      const left = group.querySelectorAll(".slider:not([hidden])").length;
      group.hidden = !left;
      if (words.length) group.open = left > 0;
      found += left;
    }
    return found;
  }

  /* What the slider would do over its range, the others as they are: few runs at a few places. */
  function haunt(row) {
    const state = Page.state(),
      {name} = row.parameter;
    const others = State.moved(state, {[name]: State.atView(state.view, name)});
    const key = `${name} ${JSON.stringify(State.request(others, GHOST_RUNS))}`;
    ghosted = row;
    if (row.key === key || Page.busy()) return;
    row.key = key;
    Work.beside(async (engine) => {
      const points = [];
      for (let i = 0; i < GHOST_POINTS && row.key === key && ghosted === row && !Page.busy(); i++) {
        const share = i / (GHOST_POINTS - 1),
          there = State.moved(state, {[name]: along(row.parameter, share)});
        const result = await engine.compare(State.request(there, GHOST_RUNS));
        points.push([share, Tally.difference(result).estimate]);
        if (row.key === key) showGhost(row, points);
      }
      if (points.length < GHOST_POINTS && row.key === key) row.key = "";
    }).catch(() => row.ghost.replaceChildren());
  }

  function showGhost(row, points) {
    const width = Svg.widthOf(row.element, 600),
      y = (value) => (GHOST_HEIGHT / 2) * (1 - value * 0.92);
    const sheet = Svg.draw(
      "svg",
      {width, height: GHOST_HEIGHT, "aria-hidden": "true"},
      Svg.line(10, y(0), width - 10, y(0), {opacity: 0.25}),
      Svg.draw("polyline", {
        points: points.map(([share, value]) => `${10 + share * (width - 20)},${y(value)}`).join(" "),
        fill: "none",
        stroke: data.outcomes[Tally.DECEPTIVE].colour,
        "stroke-width": 2,
      }),
    );
    const values = points.map(([, value]) => value);
    const all = points.length === GHOST_POINTS,
      [least, most] = [Math.min(...values), Math.max(...values)].map((value) => Numbers.signed(value, 2));
    row.reach.textContent = all ? `over its range ${least} … ${most}` : "over its range …";
    row.ghost.replaceChildren(sheet);
  }

  /* After the numbers of a state have come: the ghost of the slider that the reader is at, and of no other. */
  function rest() {
    for (const row of rows)
      if (row !== ghosted) {
        row.ghost.replaceChildren();
        row.reach.textContent = "";
        row.key = "";
      }
    if (ghosted && ghosted.element.matches(":hover, :focus-within")) haunt(ghosted);
  }

  const titleFor = (name) => rows.find((row) => row.parameter.name === name)?.title ?? name;

  function reveal(name) {
    const row = rows.find((each) => each.parameter.name === name),
      group = row.element.closest("details.group");
    if (group) {
      Svg.find("all").open = true;
      group.open = true;
    }
    row.range.focus();
    row.element.scrollIntoView({block: "center"});
  }

  const describe = (name, state) => {
    const row = rows.find((each) => each.parameter.name === name);
    return `${row.title} ${capital(inWords(row, State.value(state, name)))}.`;
  };

  return {build, describe, update, filter, rest, titleFor, reveal};
})();

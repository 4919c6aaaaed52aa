"use strict";
/* The page's state, its address, what it asks of the engine, and the command that gives the same numbers. */
const State = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const parameters = new Map(data.parameters.map((parameter) => [parameter.name, parameter]));
  const views = new Map(data.views.map((view) => [view.name, view]));
  const OWN = {seed: [0, 2 ** 53], run: [0, 2 ** 40], runs: [1, data.most.runs], story: [0, data.story.screen.length]};

  function first() {
    const {values, match, seed, runs} = data.start;
    return {view: "default", values: {...values}, match, seed, run: data.story.run, runs, story: 0, pin: ""};
  }

  const copy = (state) => ({...state, values: {...state.values}});

  /* The value that a view gives a parameter. */
  function atView(view, name) {
    const departure = views.get(view).departures.find((each) => each.name === name);
    return departure ? departure.value : parameters.get(name).default;
  }

  const value = (state, name) => (name in state.values ? state.values[name] : atView(state.view, name));

  /* The state with a parameter moved; a value that the view has leaves no trace. */
  function moved(state, changes) {
    const next = copy(state);
    for (const [name, number] of Object.entries(changes)) {
      if (number === atView(next.view, name)) delete next.values[name];
      else next.values[name] = number;
    }
    return next;
  }

  const atStart = (state, view) => ({...copy(state), view, values: {}});

  /* What departs from the default, by dotted name. */
  function changes(state) {
    const departing = [...parameters.values()].map(({name}) => [name, value(state, name)]);
    return Object.fromEntries(departing.filter(([name, number]) => number !== parameters.get(name).default));
  }

  /* What the engine trains. */
  function request(state, runs = state.runs) {
    const model = {},
      stages = data.default.stages.map((stage) => ({...stage}));
    for (const [name, number] of Object.entries(data.default.model))
      if (typeof number === "number") model[name] = number;
    for (const [name, number] of Object.entries(changes(state))) {
      const [stage, own] = name.includes(".") ? name.split(".") : ["", name];
      if (stage) stages.find((each) => each.name === stage)[own] = number;
      else model[own] = number;
    }
    return {model, stages, match: state.match, runs, seed: state.seed};
  }

  function command(state) {
    const own = ["feint", "compare", "--runs", state.runs, "--seed", state.seed];
    if (state.match !== "target") own.push("--match", state.match);
    for (const [name, number] of Object.entries(changes(state))) own.push("--set", `${name}=${number}`);
    return own.join(" ");
  }

  /* The state as the part of a link after #. */
  function write(state) {
    const start = first(),
      query = new URLSearchParams();
    if (state.view !== "default") query.set("view", state.view);
    for (const name of ["seed", "run", "runs"]) if (state[name] !== start[name]) query.set(name, state[name]);
    if (state.match !== start.match) query.set("match", state.match);
    for (const [name, number] of Object.entries(state.values)) query.set(name, String(number));
    for (const name of Object.keys(start.values)) if (!(name in state.values)) query.set(name, value(state, name));
    if (state.story) query.set("story", state.story);
    if (state.pin) query.set("pin", state.pin);
    return query.toString();
  }

  /* Why a number is no valid value; empty if it is one. */
  function fault(name, text) {
    const number = Number(text),
      {valid, whole} = parameters.get(name) ?? {valid: OWN[name], whole: true};
    const [low, high] = valid,
      right = [low === null ? "" : ` from ${low}`, high === null ? "" : ` to ${high}`].join("");
    const good =
      String(text).trim() !== "" &&
      Number.isFinite(number) &&
      (!whole || Number.isInteger(number)) &&
      (low === null || number >= low) &&
      (high === null || number <= high);
    return good ? "" : `${name} = ${text} is not valid: it must be a ${whole ? "whole " : ""}number${right}.`;
  }

  function known(name, text) {
    if (name === "view" && !views.has(text))
      return `view = ${text} is not known: it must be one of ${[...views.keys()].join(", ")}.`;
    const rules = data.matches.map((rule) => rule.name);
    if (name === "match" && !rules.includes(text))
      return `match = ${text} is not known: it must be one of ${rules.join(", ")}.`;
    if (["view", "match", "pin"].includes(name)) return "";
    return parameters.has(name) || name in OWN
      ? fault(name, text)
      : `${name} is not known: it is no parameter of the page.`;
  }

  /* The state of a link, and a sentence if it is not valid. */
  function read(text) {
    const given = [...new URLSearchParams(text.replace(/^[#?]/, ""))];
    const error = given.map(([name, part]) => known(name, part)).find(Boolean);
    if (error) return {state: first(), error};
    let state = first();
    const own = Object.fromEntries(given.filter(([name]) => !parameters.has(name)));
    if (own.view) state = atStart(state, own.view);
    for (const name of Object.keys(OWN)) if (name in own) state[name] = Number(own[name]);
    Object.assign(state, {match: own.match ?? state.match, pin: own.pin ?? ""});
    const numbers = given.filter(([name]) => parameters.has(name)).map(([name, part]) => [name, Number(part)]);
    return {state: moved(state, Object.fromEntries(numbers)), error: ""};
  }

  return {
    data,
    parameters,
    views,
    first,
    copy,
    value,
    atView,
    moved,
    atStart,
    changes,
    request,
    command,
    write,
    read,
    fault,
  };
})();

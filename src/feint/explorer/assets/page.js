"use strict";
/* The page: its present state, how it goes to another, and what is drawn then. */
const Page = (() => {
  const {find} = Svg;
  const AGAIN = 1500; // milliseconds within which moves of one slider are one step of the history
  let state = null,
    busy = false,
    waiting = null,
    done = "",
    dragged = false,
    last = {name: "", time: 0},
    settled = "";

  const complain = (sentence) => {
    find("message").textContent = sentence;
    find("message").hidden = !sentence;
  };

  /* Draw what has come, at most once a frame: of the present state or, while a slider moves, of one just before. */
  function deliver(result, whole, at, asked) {
    if (whole) busy = false;
    if (!waiting)
      requestAnimationFrame(() => {
        const next = waiting;
        waiting = null;
        if (next.at !== state && !dragged) return;
        Results.draw(next.result, next.at, next.whole);
        if (next.whole) rest(next.result, next.asked);
      });
    waiting = {result, at, whole, asked};
  }

  /* When all numbers of the state are there: everything beside them. */
  function rest(result, asked) {
    done = asked;
    document.body.dataset.runs = result.runs;
    Results.announce(Results.shown());
    Sliders.rest();
    Promise.all([Results.pin(state.pin), Results.live(state)]).catch(fail);
  }

  function fail(error) {
    busy = false;
    complain(`This point cannot be trained: ${error.message}`);
  }

  /* Train the present state, few runs while a slider moves; not again if its numbers are there. */
  function train(moving) {
    const at = state,
      asked = JSON.stringify(State.request(at));
    document.body.dataset.runs = "";
    if (asked === done) return deliver(Results.shown().result, true, at, asked);
    done = "";
    busy = true;
    Results.leaveBeside();
    return Work.show(at, {moving, deliver: (result, whole) => deliver(result, whole && !moving, at, asked), fail});
  }

  function render() {
    const telling = state.story > 0;
    find("story").hidden = !telling;
    find("sandbox").hidden = telling;
    Sliders.update(state);
    if (telling) return;
    Views.draw(state);
    Views.describe(state);
    find("match").value = state.match;
    find("seed").value = state.seed;
    find("runs").value = state.runs;
    find("pin").textContent = state.pin ? "Unpin" : "Pin this setting";
    find("undo").disabled = !(history.state?.depth > 0);
  }

  function work() {
    if (state.story) return Story.show(state).catch(fail);
    delete document.body.dataset.story;
    return train(false);
  }

  function remember(name) {
    const depth = history.state?.depth ?? 0,
      now = Date.now();
    const again = name && last.name === name && now - last.time < AGAIN;
    last = {name: name ?? "", time: now};
    settled = State.write(state);
    const address = `#${settled || "view=default"}`;
    if (again) history.replaceState({depth}, "", address);
    else history.pushState({depth: depth + 1}, "", address);
  }

  /* Go to a state; moves of the same slider that follow each other at once are one step back. */
  function go(next, name) {
    state = next;
    dragged = false;
    complain("");
    if (State.write(state) !== settled) remember(name);
    render();
    work();
  }

  /* While a slider is dragged. */
  function move(changes) {
    state = State.moved(state, changes);
    dragged = true;
    Sliders.update(state);
    train(true);
  }

  const settle = (changes, name) => go(State.moved(state, changes), name);
  const stand = (view) => go(State.atStart(state, view));

  function open() {
    const text = location.hash.length > 1 ? location.hash : location.search;
    const started = Object.keys(State.data.start.values).length > 0;
    const {state: found, error} = text.length > 1 || started ? State.read(text) : {state: Story.stateOf(1), error: ""};
    state = found;
    settled = State.write(state);
    complain(error ? `This link is not valid, so the page shows its starting point: ${error}` : "");
    render();
    work();
  }

  function number(id) {
    find(id).addEventListener("change", ({target}) => {
      const fault = State.fault(id, target.value);
      if (fault) complain(fault);
      else go({...State.copy(state), [id]: Number(target.value)});
    });
  }

  function build() {
    Sliders.build(find("first"), find("others"));
    Views.buildFlips(find("flips"));
    Share.build();
    Story.build();
    find("match").append(
      ...State.data.matches.map(({name, meaning}) => Svg.make("option", {value: name}, `${name}: ${meaning}`)),
    );
    find("match").addEventListener("change", ({target}) => go({...State.copy(state), match: target.value}));
    for (const id of ["seed", "runs", "run"]) number(id);
    find("search").addEventListener("input", ({target}) => {
      if (target.value) find("all").open = true;
      find("found").textContent = target.value ? `${Sliders.filter(target.value)} found` : (Sliders.filter(""), "");
    });
    find("undo").addEventListener("click", () => history.back());
    find("reset").addEventListener("click", () => stand(state.view));
    find("to-default").addEventListener("click", () => stand("default"));
    find("pin").addEventListener("click", () =>
      go({...State.copy(state), pin: state.pin ? "" : State.write({...state, pin: ""}) || "view=default"}),
    );
    find("swap").addEventListener("click", () =>
      go({...State.read(state.pin).state, pin: State.write({...state, pin: ""}) || "view=default"}),
    );
    find("find").addEventListener("click", Results.findDeceptive);
    find("show-beside").addEventListener("click", Results.showBeside);
    window.addEventListener("popstate", open);
    window.addEventListener("resize", () =>
      requestAnimationFrame(() => (state.story ? Story.show(state) : (Results.redraw(), Views.draw(state)))),
    );
  }

  function start() {
    build();
    try {
      Work.start();
    } catch (error) {
      return complain(`This browser cannot run the model, which needs WebAssembly with vectors: ${error.message}`);
    }
    return open();
  }

  return {start, state: () => state, busy: () => busy, go, move, settle, stand, complain};
})();

Page.start();

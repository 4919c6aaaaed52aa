"use strict";
/* Published world views on the line from less to more, the chosen one with its departures, and the flips to try. */
const Views = (() => {
  const {data, views} = State;
  const LARGEST = 3,
    WIDE = 860,
    LANE = 30,
    NARROW = 480,
    LETTERS = {wide: 7.8, narrow: 6.9};
  const effectOf = (name) => data.findings.views[name];

  /* Lanes in which labels do not overlap: of each view its lane and its left edge. */
  function lanes(width) {
    const x = Charts.place(width),
      ends = [],
      letter = width < NARROW ? LETTERS.narrow : LETTERS.wide;
    const ranked = data.views
      .filter(({name}) => effectOf(name))
      .sort((one, other) => effectOf(other.name).estimate - effectOf(one.name).estimate);
    return ranked.map((view) => {
      const at = x(effectOf(view.name).estimate),
        long = 28 + letter * view.label.length,
        turned = at - 12 + long > width;
      const left = turned ? at + 12 - long : at - 12;
      let lane = ends.findIndex((taken) => left + long < taken);
      if (lane < 0) lane = ends.length;
      ends[lane] = left;
      return {view, at, left, lane, turned, long};
    });
  }

  /* Draw the line of views into its place: a dot and a name each, as buttons. */
  function draw(state) {
    const room = Svg.find("views"),
      width = Svg.widthOf(room),
      placed = lanes(width);
    const height = LANE * (1 + Math.max(...placed.map(({lane}) => lane)));
    const sheet = Svg.draw("svg", {width, height, "aria-hidden": "true"});
    for (const {at, lane} of placed) sheet.append(Svg.line(at, 0, at, LANE * lane + 14, {opacity: 0.25}));
    const buttons = placed.map(({view, at, left, lane, turned, long}) => {
      const words = `${view.label}: ${Numbers.signed(effectOf(view.name).estimate, 2)}`;
      const made = Svg.button("", () => Page.stand(view.name), {
        class: turned ? "view turned" : "view",
        title: view.title,
        "aria-label": words,
        "aria-pressed": String(state.view === view.name),
        style: `left: ${left}px; top: ${LANE * lane}px; width: ${long}px`,
      });
      made.append(
        Svg.make("span", {class: "dot", style: `left: ${at - left}px`}),
        Svg.make("span", {class: "name"}, view.label),
      );
      return made;
    });
    const held = document.activeElement?.closest?.(".view")?.getAttribute("aria-label");
    room.classList.toggle("narrow", width < NARROW);
    room.style.height = `${height}px`;
    room.replaceChildren(sheet, ...buttons);
    if (held) buttons.find((made) => made.getAttribute("aria-label") === held)?.focus({preventScroll: true});
  }

  function departure({name, default: before, value, because}) {
    const to = Svg.button(Sliders.titleFor(name), () => Sliders.reveal(name), {class: "link"});
    return Svg.make(
      "tr",
      {},
      Svg.make("th", {scope: "row"}, to),
      Svg.make("td", {}, `${Numbers.plain(before)} → ${Numbers.plain(value)}`),
      Svg.make("td", {}, because),
    );
  }

  function sources(view) {
    return view.sources.map(({title, where}) =>
      /^https?:/.test(where)
        ? Svg.make("a", {href: where, rel: "noopener"}, title)
        : Svg.make("span", {}, `${title} (${where})`),
    );
  }

  /* The chosen view: how its text was read, and what departs from the defaults. */
  function describe(state) {
    const view = views.get(state.view),
      room = Svg.find("view");
    room.hidden = view.name === "default";
    if (room.hidden) return room.replaceChildren();
    const table = Svg.make(
      "table",
      {},
      Svg.make("caption", {}, "Departures from the defaults, marked on the sliders"),
      Svg.make(
        "thead",
        {},
        Svg.make(
          "tr",
          {},
          ...["assumption", "default → here", "because"].map((word) => Svg.make("th", {scope: "col"}, word)),
        ),
      ),
      Svg.make("tbody", {}, ...view.departures.map(departure)),
    );
    const cited = sources(view).flatMap((source, i) => (i ? ["; ", source] : [source]));
    return room.replaceChildren(
      Svg.make("h3", {}, `${view.label}: ${view.title}`),
      Svg.make("p", {class: "facts"}, ...cited),
      Svg.make("p", {}, `${view.reading} This is a reading: no author has seen or agreed to it.`),
      Svg.make(
        "details",
        {open: window.innerWidth > WIDE},
        Svg.make("summary", {}, `What departs: ${view.departures.length} assumptions`),
        Svg.make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Departures of the view"}, table),
      ),
    );
  }

  const FLIPS = {reversed: "reverses the answer", "stops holding": "makes the claim stop holding"};

  function flip({kind, distance, changes, effect}) {
    const names = Object.keys(changes),
      longest = names.slice(0, LARGEST).map(Sliders.titleFor).join("; ");
    const words =
      `${names.length} assumptions moved together, by ${distance.toFixed(2)} in all (1: the whole prior of one). ` +
      `The largest moves: ${longest}. Found: ${Results.interval(effect)}.`;
    const go = () => Page.go({...State.moved(State.atStart(Page.state(), "default"), changes), match: "target"});
    return Svg.make("li", {}, Svg.button(`Try what ${FLIPS[kind]}`, go), Svg.make("p", {class: "facts"}, words));
  }

  function buildFlips(room) {
    room.append(...data.findings.flips.map(flip));
  }

  return {draw, describe, buildFlips};
})();

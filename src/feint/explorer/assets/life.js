"use strict";
/* The life of one run: what is read of it along its stages, and the moment at which it turns. */
const Life = (() => {
  const {data} = State;
  const POINTS = 250,
    HEIGHT = 210,
    MOST = 1.5; // error above which a curve is cut
  const names = Object.keys(data.stages);

  const indices = (life, stage) => [...life.stage.keys()].filter((i) => life.stage[i] === stage);
  const lastOf = (life, stage) => indices(life, stage).pop();

  /* Where its last stretch of the type in which it ends begins, in fine-tuning. */
  function turn(life) {
    const at = indices(life, names.length - 1),
      {outcome} = life.readings;
    let first = at[at.length - 1];
    while (first - 1 >= at[0] && outcome[first - 1] === outcome[at[at.length - 1]]) first--;
    return first;
  }

  function span(list) {
    const last = list[list.length - 1];
    return last > 0 ? last : 1;
  }

  function curve(values, steps, x, y, look) {
    const points = values.map(
      (value, i) => `${x(steps[i]).toFixed(1)},${y(Math.max(-0.5, Math.min(MOST, value))).toFixed(1)}`,
    );
    return Svg.draw("polyline", {
      points: points.join(" "),
      fill: "none",
      stroke: look.colour === "ink" ? "currentColor" : look.colour,
      "stroke-width": 2,
      "stroke-dasharray": look.dash || null,
      "stroke-linejoin": "round",
    });
  }

  function frame(sheet, x, y, steps, title) {
    for (const tick of [0, 0.5, 1]) {
      sheet.append(Svg.line(x(0), y(tick), x(span(steps)), y(tick), {opacity: 0.2}));
      sheet.append(Svg.text(x(0) - 6, y(tick), String(tick), {"text-anchor": "end", "font-size": 12}));
    }
    sheet.append(Svg.text(x(0), HEIGHT - 24, "0", {"font-size": 12}));
    sheet.append(
      Svg.text(x(span(steps)), HEIGHT - 24, `step ${Numbers.grouped(steps[steps.length - 1])}`, {
        "text-anchor": "end",
        "font-size": 12,
      }),
    );
    sheet.append(Svg.text(x(0), 8, title, {"font-weight": 700}));
  }

  function mark(sheet, x, y, step, words, width) {
    const late = x(step) > width / 2;
    sheet.append(Svg.line(x(step), y(MOST), x(step), y(-0.5), {"stroke-dasharray": "3 3"}));
    sheet.append(
      Svg.text(x(step) + (late ? -6 : 6), y(MOST) + 6, words, {
        "text-anchor": late ? "end" : "start",
        "font-size": 12,
        "font-weight": 700,
      }),
    );
  }

  /* One stage of a life up to the moment `until`, an index; the turn is marked if it is within. */
  function panel(life, stage, until, width, marked) {
    const all = indices(life, stage),
      shown = all.filter((i) => i <= until);
    const steps = all.map((i) => life.step[i]),
      title = `${data.stages[names[stage]]}${stage ? ", on X" : ", on Y"}`;
    const sheet = Svg.sheet(width, HEIGHT, words(life, stage, until));
    const x = (step) => 34 + (step / span(steps)) * (width - 34 - 12);
    const y = (value) => 26 + ((MOST - value) / (MOST + 0.5)) * (HEIGHT - 70);
    frame(sheet, x, y, steps, title);
    for (const look of data.curve) {
      const values = shown.map((i) => life.readings[look.name][i]);
      if (values.length)
        sheet.append(
          curve(
            values,
            shown.map((i) => life.step[i]),
            x,
            y,
            look,
          ),
        );
    }
    if (marked !== null && life.stage[marked] === stage && marked <= until) {
      mark(sheet, x, y, life.step[marked], `turns ${data.outcomes[life.readings.outcome[marked]].label}`, width);
    }
    return sheet;
  }

  function words(life, stage, until) {
    const last = Math.min(until, lastOf(life, stage)),
      at = (name) => life.readings[name][last].toFixed(2);
    if (life.stage[last] !== stage) return `${data.stages[names[stage]]} has not begun.`;
    const readings = data.curve.map((look) => `${look.words} ${at(look.name)}`).join(", ");
    return `${data.stages[names[stage]]}, step ${life.step[last]}: ${readings}.`;
  }

  /* Both stages, side by side where there is room. */
  function drawn(life, until, room, marked) {
    const width = Svg.widthOf(room, 1100),
      each = width > 620 ? Math.floor((width - 16) / 2) : width;
    return names.map((_, stage) => panel(life, stage, until, each, marked));
  }

  function legend() {
    const chips = data.curve.map((look) => {
      const swatch = Svg.draw(
        "svg",
        {width: 30, height: 10, "aria-hidden": "true"},
        Svg.line(0, 5, 30, 5, {
          stroke: look.colour === "ink" ? "currentColor" : look.colour,
          "stroke-width": 2.5,
          "stroke-dasharray": look.dash || null,
        }),
      );
      return Svg.make("span", {class: "chip"}, swatch, ` ${look.words}`);
    });
    return Svg.make(
      "p",
      {class: "legend"},
      ...chips,
      Svg.make("br"),
      `Each stage has its own scale of steps; curves are cut at ${MOST} and −0.5.`,
    );
  }

  /* How a run ended, and where it turned. */
  function ended(life, run) {
    const ends = names.map((_, stage) => life.readings.outcome[lastOf(life, stage)]),
      moment = turn(life);
    const [before, after] = ends.map((kind) => data.outcomes[kind]);
    const [at, last] = [life.step[moment], life.step[life.step.length - 1]].map(Numbers.grouped);
    const how = before === after ? `; it is so from step ${at}` : `, and turns at step ${at} of ${last}`;
    const types = `${before.label} after pre-training and ${after.label} in the end`;
    return `Run ${run} is ${types}${how} of fine-tuning: ${after.meaning}.`;
  }

  const isDeceptive = (life) => life.readings.outcome[life.readings.outcome.length - 1] === Tally.DECEPTIVE;

  return {isDeceptive, POINTS, turn, drawn, legend, ended, indices, lastOf};
})();

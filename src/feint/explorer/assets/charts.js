"use strict";
/* Drawings of a result: bars of both arms, the difference on its line, and the flow between outcomes. */
const Charts = (() => {
  const ROW = 36,
    BAR = 14,
    TOP = 8,
    LEFT = 112,
    RIGHT = 58,
    FOOT = 34;
  const FADED = {from_scratch: 0.35, pretrain_finetune: 1};
  const {data} = State;
  const percent = (share) => (Number.isFinite(share) ? `${Numbers.plain(Number((100 * share).toFixed(1)))} %` : "–");

  function whisker(x, y, limits) {
    const [low, high] = [x(limits.low), x(limits.high)];
    if (high - low < 4) return "";
    return Svg.draw(
      "g",
      {stroke: "currentColor", "stroke-width": 1.2},
      Svg.line(low, y, high, y),
      Svg.line(low, y - 3, low, y + 3),
      Svg.line(high, y - 3, high, y + 3),
    );
  }

  function summary(result) {
    const of = (arm) =>
      data.outcomes
        .map((kind, i) => [Tally.share(result, arm, i).estimate, kind.label])
        .filter(([share]) => share > 0)
        .map(([share, label]) => `${label} ${percent(share)}`)
        .join(", ");
    const [scratch, pretrained] = Tally.ARMS.map(of);
    return `Share of the runs by outcome. From scratch: ${scratch}. Pre-training + fine-tuning: ${pretrained}.`;
  }

  function bar(result, arm, kind, x, y) {
    const share = Tally.share(result, arm, kind);
    return [
      Svg.block(kind, x(0), y, x(share.estimate) - x(0), BAR, {opacity: FADED[arm]}),
      whisker(x, y + BAR / 2, share),
      Svg.text(x(share.high) + 6, y + BAR / 2, percent(share.estimate), {"font-size": 12}),
    ];
  }

  /* Bars by outcome: a pale one from scratch above a full one with pre-training, with intervals of 95 %. */
  function bars(result, width) {
    const sheet = Svg.sheet(width, TOP + ROW * data.outcomes.length + FOOT, summary(result));
    const x = (share) => LEFT + share * (width - LEFT - RIGHT),
      foot = TOP + ROW * data.outcomes.length;
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      sheet.append(Svg.line(x(tick), TOP, x(tick), foot, {opacity: 0.15}));
      sheet.append(Svg.text(x(tick), foot + 10, String(100 * tick), {"text-anchor": "middle", "font-size": 12}));
    }
    sheet.append(Svg.text(x(0.5), foot + 26, "per cent of the runs", {"text-anchor": "middle", "font-size": 12}));
    data.outcomes.forEach((outcome, kind) => {
      const y = TOP + ROW * kind + 2,
        bold = kind === Tally.DECEPTIVE ? 700 : 400;
      sheet.append(Svg.text(LEFT - 8, y + BAR, outcome.label, {"text-anchor": "end", "font-weight": bold}));
      Tally.ARMS.forEach((arm, i) => sheet.append(...bar(result, arm, kind, x, y + i * (BAR + 2))));
    });
    return sheet;
  }

  /* The paired difference in deception on the line from less to more. */
  function axis(difference, pinned, width) {
    const [estimate, low, high] = [difference.estimate, difference.low, difference.high].map((value) =>
      Numbers.signed(value),
    );
    const words = `Difference in deception: ${estimate}, from ${low} to ${high}.`;
    const sheet = Svg.sheet(width, 52, words),
      x = place(width);
    sheet.append(Svg.line(x(-1), 18, x(1), 18, {opacity: 0.4}), Svg.line(x(0), 4, x(0), 32, {opacity: 0.6}));
    for (const tick of [-1, -0.5, 0, 0.5, 1]) {
      const anchor = tick === -1 ? "start" : tick === 1 ? "end" : "middle";
      sheet.append(Svg.text(x(tick), 42, Numbers.signed(tick, 1), {"text-anchor": anchor, "font-size": 12}));
    }
    if (pinned)
      sheet.append(
        Svg.draw("circle", {
          cx: x(pinned.estimate),
          cy: 18,
          r: 7,
          fill: "none",
          stroke: "currentColor",
          "stroke-width": 2,
        }),
      );
    sheet.append(Svg.line(x(difference.low), 18, x(difference.high), 18, {"stroke-width": 4}));
    sheet.append(
      Svg.draw("circle", {
        cx: x(difference.estimate),
        cy: 18,
        r: 7,
        fill: data.outcomes[Tally.DECEPTIVE].colour,
        stroke: "currentColor",
        "stroke-width": 1.5,
      }),
    );
    return sheet;
  }

  const place = (width) => (value) => 10 + ((value + 1) / 2) * (width - 20);

  function stacked(shares, gap) {
    let top = 0;
    return shares.map((share) => {
      const at = top;
      top += share + (share > 0 ? gap : 0);
      return at;
    });
  }

  function ribbon(x0, x1, y0, y1, height) {
    const middle = (x0 + x1) / 2;
    return (
      `M${x0},${y0} C${middle},${y0} ${middle},${y1} ${x1},${y1} L${x1},${y1 + height} ` +
      `C${middle},${y1 + height} ${middle},${y0 + height} ${x0},${y0 + height} Z`
    );
  }

  function flowWords(counts, runs) {
    const parts = counts.flatMap((row, i) => row.map((count, j) => [count, i, j])).filter(([count]) => count);
    parts.sort((one, other) => other[0] - one[0]);
    const {outcomes} = data;
    return (
      "From the end of pre-training to that of fine-tuning: " +
      parts.map(([count, i, j]) => `${outcomes[i].label} to ${outcomes[j].label} ${percent(count / runs)}`).join(", ") +
      "."
    );
  }

  const headOf = (narrow) => TOP + (narrow ? 30 : 14); // top of the blocks

  /* Labels beside blocks, kept apart; in two lines where there is little room. */
  function labels(sheet, shares, tops, x, look, narrow) {
    let lowest = -Infinity;
    shares.forEach((share, kind) => {
      if (!share) return;
      const y = Math.max(tops[kind] + share / 2, lowest + (narrow ? 29 : 15)),
        {label} = data.outcomes[kind];
      const at = headOf(narrow) + y;
      lowest = y;
      if (narrow) sheet.append(Svg.text(x, at - 7, label, look), Svg.text(x, at + 7, percent(share / FLOW), look));
      else sheet.append(Svg.text(x, at, `${label} ${percent(share / FLOW)}`, look));
    });
  }

  const FLOW = 190; // height of all runs

  /* How runs changed type between the end of pre-training and that of fine-tuning. */
  function flow(result, width) {
    const counts = Tally.flow(result),
      {runs} = result,
      narrow = width < 480,
      side = narrow ? 92 : 140,
      head = headOf(narrow);
    const sheet = Svg.sheet(width, FLOW + (narrow ? 120 : 70), flowWords(counts, runs));
    const share = (count) => (FLOW * count) / runs,
      kinds = data.outcomes.map((_, i) => i);
    const before = kinds.map((i) => share(counts[i].reduce((sum, count) => sum + count, 0)));
    const after = kinds.map((j) => share(counts.reduce((sum, row) => sum + row[j], 0)));
    const [tops, ends] = [stacked(before, 8), stacked(after, 8)],
      [out, into] = [[...tops], [...ends]];
    const [x0, x1] = [side + 12, width - side - 12];
    kinds.forEach((i) =>
      kinds.forEach((j) => {
        const height = share(counts[i][j]);
        if (!height) return;
        const path = ribbon(x0, x1, head + out[i], head + into[j], height);
        sheet.append(Svg.draw("path", {d: path, fill: data.outcomes[j].colour, opacity: 0.6}));
        out[i] += height;
        into[j] += height;
      }),
    );
    kinds.forEach((kind) => {
      if (before[kind]) sheet.append(Svg.block(kind, x0 - 10, head + tops[kind], 10, before[kind]));
      if (after[kind]) sheet.append(Svg.block(kind, x1, head + ends[kind], 10, after[kind]));
    });
    labels(sheet, before, tops, x0 - 16, {"text-anchor": "end", "font-size": 12}, narrow);
    labels(sheet, after, ends, x1 + 16, {"font-size": 12}, narrow);
    sheet.append(
      Svg.text(x0 - 10, 6, "after pre-training", {"text-anchor": "middle", "font-size": 12, "font-weight": 700}),
    );
    sheet.append(
      Svg.text(x1 + 10, 6, "after fine-tuning", {"text-anchor": "middle", "font-size": 12, "font-weight": 700}),
    );
    return sheet;
  }

  return {bars, axis, flow, place, percent};
})();

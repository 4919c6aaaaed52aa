"use strict";
/* What a reader takes along: link, command, figure, data. */
const Share = (() => {
  const SCALE = 2,
    MARGIN = 24,
    WIDTH = 720;

  function link() {
    return `${location.href.split("#")[0]}#${State.write(Page.state())}`;
  }

  async function copy(text, button) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const place = Svg.find("copied");
      place.hidden = false;
      place.value = text;
      place.select();
      button.textContent = "Selected: copy it";
    }
    setTimeout(() => {
      button.textContent = before;
    }, 2000);
  }

  function save(name, content, kind) {
    const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], {type: kind}));
    const anchor = Svg.make("a", {href: address, download: name});
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  function lines(sheet, list, top) {
    list.forEach(([words, size, weight], i) =>
      sheet.append(Svg.text(MARGIN, top + i * 24, words, {"font-size": size, "font-weight": weight})),
    );
  }

  function wrapped(text, most) {
    const found = [""];
    for (const word of text.split(" ")) {
      if ((found[found.length - 1] + word).length > most) found.push("");
      found[found.length - 1] += `${word} `;
    }
    return found;
  }

  /* The figure of the present numbers, with the command that gives them. */
  function figure() {
    const {result, state} = Results.shown(),
      difference = Tally.difference(result),
      inner = WIDTH - 2 * MARGIN;
    const parts = [Charts.axis(difference, null, inner), Charts.bars(result, inner), Charts.flow(result, inner)];
    const small = wrapped(State.command({...state, runs: result.runs}), 105);
    const height =
      120 + parts.reduce((sum, part) => sum + Number(part.getAttribute("height")), 0) + 30 + 15 * small.length;
    const sheet = Svg.sheet(WIDTH, height, Results.sentence(result));
    sheet.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    sheet.setAttribute("color", "#222222");
    sheet.append(
      Svg.draw("rect", {width: WIDTH, height, fill: "#ffffff"}),
      Svg.draw("desc", {}, JSON.stringify(report())),
    );
    lines(
      sheet,
      [
        ["Does pre-training + fine-tuning favour deception?", 19, 700],
        [Results.sentence(result), 13, 400],
        [`Difference ${Results.interval(difference)}, ${Numbers.grouped(result.runs)} runs each way`, 13, 400],
      ],
      28,
    );
    let top = 108;
    for (const part of parts) {
      part.setAttribute("x", MARGIN);
      part.setAttribute("y", top);
      top += Number(part.getAttribute("height"));
      sheet.append(part);
    }
    small.forEach((words, i) =>
      sheet.append(Svg.text(MARGIN, top + 20 + 15 * i, words, {"font-size": 11, "font-family": "monospace"})),
    );
    return {text: new XMLSerializer().serializeToString(sheet), height};
  }

  const svg = () => save("feint.svg", figure().text, "image/svg+xml");

  function png() {
    const {text, height} = figure(),
      picture = new Image();
    picture.addEventListener("load", () => {
      const canvas = Svg.make("canvas", {width: WIDTH * SCALE, height: height * SCALE}),
        pen = canvas.getContext("2d");
      pen.scale(SCALE, SCALE);
      pen.drawImage(picture, 0, 0);
      canvas.toBlob((blob) => save("feint.png", blob), "image/png");
    });
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  }

  /* The numbers of the page as one document. */
  function report() {
    const {result, state} = Results.shown();
    const arms = Object.fromEntries(
      Tally.ARMS.map((arm) => [
        arm,
        Object.fromEntries(
          State.data.outcomes.map((kind, i) => [
            kind.label,
            {count: Tally.last(result, arm).counts[i], ...Tally.share(result, arm, i)},
          ]),
        ),
      ]),
    );
    return {
      feint: State.data.version,
      command: State.command({...state, runs: result.runs}),
      state: State.write(state),
      runs: result.runs,
      seed: state.seed,
      match: state.match,
      view: state.view,
      changes: State.changes(state),
      arms,
      difference: Tally.difference(result),
      difference_converged: Tally.convergedDifference(result),
      transitions: Tally.flow(result),
    };
  }

  const json = () => save("feint.json", `${JSON.stringify(report(), null, 1)}\n`, "application/json");

  function csv() {
    const {arms, command, difference} = report();
    const table = Object.entries(arms).flatMap(([arm, kinds]) =>
      Object.entries(kinds).map(([kind, row]) => [arm, kind, row.count, row.estimate, row.low, row.high]),
    );
    table.push(["difference", "deceptive", "", difference.estimate, difference.low, difference.high]);
    const text = [["arm", "outcome", "count", "estimate", "low", "high"], ...table]
      .map((row) => row.join(","))
      .join("\n");
    save("feint.csv", `# ${command}\n${text}\n`, "text/csv");
  }

  function build() {
    const acts = {
      "copy-link": (button) => copy(link(), button),
      "copy-command": (button) => copy(Svg.find("command").textContent, button),
      "save-svg": svg,
      "save-png": png,
      "save-csv": csv,
      "save-json": json,
      print: () => window.print(),
    };
    for (const [id, act] of Object.entries(acts))
      Svg.find(id).addEventListener("click", ({currentTarget}) => act(currentTarget));
  }

  return {build, link};
})();

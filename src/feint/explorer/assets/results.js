"use strict";
/* The answer and everything that is drawn of it: bars, flow, the pinned setting, companions, and one run. */
const Results = (() => {
  const {data} = State,
    {find} = Svg;
  const BESIDE = 500; // runs of each arm of what is shown beside the difference
  let shown = null,
    pinned = null,
    lived = null,
    beside = 0;

  function verdict(difference) {
    if (difference.low > 0) return "Pre-training + fine-tuning ends in deception more often.";
    return difference.high < 0
      ? "Pre-training + fine-tuning ends in deception less often."
      : "These runs show no difference.";
  }

  function sentence(result) {
    const of = (arm) => `${Numbers.hundred(Tally.share(result, arm, Tally.DECEPTIVE).estimate)} of 100`;
    const [scratch, pretrained] = Tally.ARMS.map(of);
    return `${pretrained} models end deceptive after pre-training + fine-tuning, ${scratch} from scratch.`;
  }

  const interval = (value) =>
    `${Numbers.signed(value.estimate)} [${Numbers.signed(value.low)}, ${Numbers.signed(value.high)}]`;

  function status(result, state, whole) {
    const counts = Tally.ARMS.map((arm) => Tally.converged(result, arm).reduce((sum, one) => sum + one, 0));
    const converged =
      counts[0] === counts[1]
        ? `${Numbers.grouped(counts[0])} converged`
        : `${counts.map(Numbers.grouped).join(" and ")} of them converged`;
    const more = whole ? "" : ", more to come…";
    return `${Numbers.grouped(result.runs)} runs each way (${converged}), seed ${state.seed}${more}`;
  }

  function rows(result) {
    return data.outcomes.map((kind, i) => [
      kind.label,
      ...Tally.ARMS.map((arm) => {
        const share = Tally.share(result, arm, i);
        return `${Charts.percent(share.estimate)} [${Charts.percent(share.low)}, ${Charts.percent(share.high)}]`;
      }),
    ]);
  }

  const head = ["outcome", data.arms.from_scratch, data.arms.pretrain_finetune];

  /* Draw the numbers of a state; `whole` if no more are to come. */
  function draw(result, state, whole) {
    shown = {result, state, whole};
    const difference = Tally.difference(result);
    find("number").textContent = Numbers.signed(difference.estimate);
    find("interval").textContent = `[${Numbers.signed(difference.low)}, ${Numbers.signed(difference.high)}]`;
    find("sentence").textContent = sentence(result);
    find("verdict").textContent = verdict(difference);
    find("status").textContent = status(result, state, whole);
    find("axis").replaceChildren(
      Charts.axis(difference, pinned && Tally.difference(pinned.result), Svg.widthOf(find("axis"))),
    );
    find("bars").replaceChildren(Charts.bars(result, Svg.widthOf(find("bars"))));
    find("flow").replaceChildren(Charts.flow(result, Svg.widthOf(find("flow"))));
    find("table").replaceChildren(
      Svg.table("Share of the runs by outcome, with intervals of 95 %", head, rows(result)),
    );
    find("command").textContent = State.command({...state, runs: result.runs});
  }

  /* Say the numbers to a screen reader, once no more are to come. */
  function announce({result}) {
    find("spoken").textContent = `${sentence(result)} Difference ${interval(Tally.difference(result))}.`;
  }

  /* The pinned setting beside the present one. */
  async function pin(text) {
    if (!text) {
      const had = pinned;
      pinned = null;
      showPinned(false);
      return had && redraw();
    }
    if (pinned?.text !== text) {
      const {state, error} = State.read(text);
      if (error) return Page.complain(error);
      const same =
        shown?.whole &&
        State.write({...shown.state, pin: "", story: 0, run: state.run}) === State.write({...state, pin: "", story: 0});
      const result = same ? shown.result : await Work.compare(state, state.runs);
      if (!result || Page.state().pin !== text) return null;
      pinned = {text, state, result};
    }
    showPinned(true);
    return redraw();
  }

  function showPinned(shows) {
    for (const id of ["pinned", "pinned-more", "now"]) find(id).hidden = !shows;
  }

  function drawPinned() {
    if (!pinned) return;
    const {result, state} = pinned,
      now = Page.state(),
      room = find("pinned-bars");
    room.replaceChildren(Charts.bars(result, Svg.widthOf(room)));
    if (shown)
      find("now-number").textContent = `${interval(Tally.difference(shown.result))}: ${sentence(shown.result)}`;
    find("pinned-number").textContent = `${interval(Tally.difference(result))}: ${sentence(result)}`;
    const names = [...State.parameters.keys()].filter((name) => State.value(state, name) !== State.value(now, name));
    const list = names.map((name) => [
      Sliders.titleFor(name),
      Numbers.plain(State.value(state, name)),
      Numbers.plain(State.value(now, name)),
    ]);
    find("pinned-table").replaceChildren(
      names.length ? Svg.table("What differs", ["assumption", "pinned", "now"], list) : "No assumption differs.",
    );
  }

  function redraw() {
    if (shown) draw(shown.result, shown.state, shown.whole);
    drawPinned();
    if (lived) drawLife();
  }

  function drawLife() {
    const {life, run} = lived,
      room = find("life");
    find("ended").textContent = Life.ended(life, run);
    find("find").textContent = Life.isDeceptive(life) ? "Next deceptive run" : "Find a deceptive run";
    room.replaceChildren(...Life.drawn(life, Infinity, room, Life.turn(life)), Life.legend());
  }

  /* One run of the pre-trained arm. */
  async function live(state) {
    const key = `${state.run} ${JSON.stringify(State.request(state, 1))}`;
    find("run").value = state.run;
    if (lived?.key === key) return;
    const life = await Work.life(state, state.run, Life.POINTS);
    if (State.write(Page.state()) !== State.write(state)) return;
    lived = {key, life, run: state.run};
    drawLife();
  }

  function findDeceptive() {
    const next = shown ? Tally.nextDeceptive(shown.result, Page.state().run) : -1;
    if (next < 0)
      find("ended").textContent = `None of these ${Numbers.grouped(shown?.result.runs ?? 0)} runs ends deceptive.`;
    else Page.go({...State.copy(Page.state()), run: next});
  }

  /* The state at which a companion is trained; why it cannot be if not. */
  function companionAt(state, {changes}) {
    const {match, ...numbers} = changes;
    if (state.match === "ceiling" && "finetuning.target" in numbers) return null;
    return {...State.moved(state, numbers), match: match ?? state.match};
  }

  /* The difference with other stops, among converged runs, and in the null model, row by row. */
  async function showBeside() {
    const state = Page.state(),
      turn = ++beside,
      room = find("beside"),
      list = [];
    room.replaceChildren(Svg.make("p", {class: "facts"}, "Training…"));
    for (const companion of [{words: "as it is", changes: {}}, ...data.companions]) {
      const there = companionAt(state, companion),
        result = there && (await Work.compare(there, BESIDE));
      if (turn !== beside) return;
      const difference = result && (companion.converged ? Tally.convergedDifference(result) : Tally.difference(result));
      list.push([companion.words, difference ? interval(difference) : "not known: this match has a target of its own"]);
      room.replaceChildren(
        Svg.table(`Beside the difference, on ${BESIDE} runs each way`, ["condition", "difference"], list),
      );
    }
    room.dataset.done = "yes";
  }

  function leaveBeside() {
    beside++;
    find("beside").replaceChildren();
    delete find("beside").dataset.done;
  }

  return {
    draw,
    redraw,
    pin,
    live,
    findDeceptive,
    showBeside,
    leaveBeside,
    sentence,
    verdict,
    interval,
    rows,
    head,
    announce,
    shown: () => shown,
  };
})();

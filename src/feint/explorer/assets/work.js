"use strict";
/* What is asked of the engine: bars of the state, and one after the other everything beside them. */
const Work = (() => {
  const FEW = 256; // runs of each arm while a slider moves
  let bars = null,
    aside = null,
    current = null,
    pending = null,
    chain = Promise.resolve();

  function bytesOf(text) {
    const binary = atob(text.trim());
    return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  }

  function start() {
    const content = (id) => document.getElementById(id).textContent;
    const made = {wasm: bytesOf(content("wasm")), descriptor: JSON.parse(content("descriptor"))};
    const workers = Math.max(1, navigator.hardwareConcurrency || 1);
    [bars, aside] = [0, 1].map(() => FeintEngine.create({...made, workers}));
  }

  function begin(job) {
    current = job;
    pending = null;
    job.begun = false;
    const part = (result) => {
      if (current !== job) return;
      job.begun = true;
      job.deliver(result, false);
      if (pending) begin(pending);
    };
    bars.compare(job.request, part).then(
      (result) => ended(job, result),
      (error) => ended(job, null, error),
    );
  }

  function ended(job, result, error) {
    if (current !== job) return;
    current = null;
    if (error) job.fail(error);
    if (result) job.deliver(result, result.runs >= job.request.runs);
    if (pending) begin(pending);
  }

  /* Train a state; a newer request waits only until the older one has given its first numbers. */
  function show(state, {moving, deliver, fail}) {
    const job = {request: State.request(state, moving ? Math.min(FEW, state.runs) : state.runs), deliver, fail};
    if (current && !current.begun) pending = job;
    else begin(job);
  }

  /* Do a piece of work beside the bars, after those that were asked for before. */
  function beside(task) {
    const turn = chain.then(() => task(aside));
    chain = turn.catch(() => null);
    return turn;
  }

  const compare = (state, runs) => beside((engine) => engine.compare(State.request(state, runs)));
  const life = (state, run, points) =>
    beside((engine) => engine.life(State.request(state, 1), "pretrain_finetune", run, points));

  return {start, show, beside, compare, life};
})();

/* What is counted of a result. */
const Tally = (() => {
  const DECEPTIVE = 3,
    UNCONVERGED = 0;
  const ARMS = ["from_scratch", "pretrain_finetune"];
  const last = (result, arm) => result.arms[arm].stages[result.arms[arm].stages.length - 1];

  function share(result, arm, kind) {
    return Numbers.frequency(last(result, arm).counts[kind], result.runs);
  }

  const deceptive = (result) =>
    ["pretrain_finetune", "from_scratch"].map((arm) =>
      Uint8Array.from(last(result, arm).outcome, (kind) => Number(kind === DECEPTIVE)),
    );

  function difference(result) {
    const [one, other] = deceptive(result);
    let first = 0,
      second = 0;
    for (let i = 0; i < result.runs; i++) {
      first += one[i] & ~other[i] & 1;
      second += other[i] & ~one[i] & 1;
    }
    return Numbers.difference(first, second, result.runs);
  }

  function converged(result, arm) {
    const {outcome, missed} = last(result, arm);
    return Uint8Array.from(outcome, (kind, i) => Number(kind !== UNCONVERGED && !missed[i]));
  }

  const sum = (...lists) => lists[0].reduce((total, _, i) => total + lists.reduce((all, list) => all & list[i], 1), 0);

  /* The difference among converged runs. */
  function convergedDifference(result) {
    const [one, other] = deceptive(result);
    const [first, second] = ["pretrain_finetune", "from_scratch"].map((arm) => converged(result, arm));
    return Numbers.selectedDifference({
      events: [sum(one, first), sum(other, second)],
      selected: [sum(first), sum(second)],
      both: sum(first, second),
      eventIn: [sum(one, first, second), sum(other, first, second)],
      eventInBoth: sum(one, other, first, second),
    });
  }

  /* Runs of the pre-trained arm by outcome before and after fine-tuning. */
  function flow(result) {
    const [before, after] = result.arms.pretrain_finetune.stages.map((stage) => stage.outcome);
    const counts = State.data.outcomes.map(() => State.data.outcomes.map(() => 0));
    before.forEach((kind, i) => counts[kind][after[i]]++);
    return counts;
  }

  /* The next run after `run` that ends deceptive; -1 if there is none. */
  function nextDeceptive(result, run) {
    const {outcome} = last(result, "pretrain_finetune"),
      {length} = outcome;
    for (let i = 1; i <= length; i++) if (outcome[(run + i) % length] === DECEPTIVE) return (run + i) % length;
    return -1;
  }

  return {DECEPTIVE, ARMS, last, share, difference, converged, convergedDifference, flow, nextDeceptive};
})();

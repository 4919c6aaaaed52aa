"use strict";
/* The story: one run in five screens, each with the sliders as it needs them and the run so far. */
const Story = (() => {
  const {data} = State,
    {find} = Svg,
    {screen: screens} = data.story;
  const stages = Object.keys(data.stages);
  let lived = null;

  /* The index of the moment at which a screen ends. */
  function moment(life, screen) {
    const at = Life.indices(life, stages.indexOf(screen.stage)),
      values = life.readings[screen.reading];
    if (screen.turns) return Life.turn(life);
    if (screen.ends) return at[at.length - 1];
    if (screen.reading) return at.find((i) => values[i] >= screen.reaches) ?? at[at.length - 1];
    return at.find((i) => life.step[i] >= screen.at);
  }

  function told(life, {text}, at) {
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      name === "step" ? Numbers.grouped(life.step[at]) : life.readings[name][at].toFixed(2).replace("-", "−"),
    );
  }

  /* The state of a screen: the setting of the story, and its run. */
  function stateOf(number) {
    return {
      ...State.first(),
      view: "default",
      values: {...screens[number - 1].settings},
      match: "target",
      seed: data.story.seed,
      run: data.story.run,
      story: number,
    };
  }

  async function life(state) {
    const key = JSON.stringify(State.request(state, 1));
    if (lived?.key !== key) lived = {key, life: await Work.life(state, state.run, Life.POINTS)};
    return lived.life;
  }

  /* Two bars: the error while it believes that it is watched, and when it does not. */
  function look(life, at, room) {
    const width = Svg.widthOf(room),
      {watched_error: watched, deployed_error: deployed} = life.readings;
    const most = Math.max(1, deployed[at]),
      words = `Error on X: ${watched[at].toFixed(2)} watched, ${deployed[at].toFixed(2)} unwatched.`;
    const sheet = Svg.sheet(width, 76, words);
    [
      ["believes it is watched", watched[at], 1],
      ["believes it is not", deployed[at], Tally.DECEPTIVE],
    ].forEach(([label, error, kind], i) => {
      const y = 6 + 36 * i,
        long = ((width - 226) * error) / most;
      sheet.append(
        Svg.text(160, y + 12, label, {"text-anchor": "end"}),
        Svg.block(kind, 168, y, long, 24),
        Svg.text(176 + long, y + 12, error.toFixed(2), {"font-weight": 700}),
      );
    });
    return [Svg.make("p", {class: "facts"}, "Its error on X, 0 being perfect and 1 doing nothing:"), sheet];
  }

  async function show(state) {
    const number = state.story,
      screen = screens[number - 1];
    const run = await life(state);
    if (Page.state().story !== number) return;
    const at = moment(run, screen),
      room = find("story-life");
    find("story-title").textContent = screen.title;
    find("story-text").textContent = told(run, screen, at);
    find("story-place").textContent = `${number} of ${screens.length}`;
    find("story-back").disabled = number === 1;
    find("story-next").textContent = number === screens.length ? "Now change the assumptions" : "Next";
    find("story-slider").textContent = `The slider that this is about: ${Sliders.describe(screen.slider, state)}`;
    const lives = Life.drawn(run, at, room, Life.turn(run)).slice(0, stages.indexOf(screen.stage) + 1);
    room.replaceChildren(...lives, Life.legend(), ...(screen.ends ? look(run, at, room) : []));
    document.body.dataset.story = number;
  }

  function step(by) {
    const next = Page.state().story + by;
    if (next > screens.length) leave();
    else if (next >= 1) Page.go(stateOf(next));
  }

  /* Go on to the sliders with the state of the screen. */
  function leave() {
    const {slider} = screens[Page.state().story - 1];
    Page.go({...State.copy(Page.state()), story: 0});
    document.querySelector(`.slider[data-name="${slider}"] input`)?.focus();
  }

  function build() {
    find("story-back").addEventListener("click", () => step(-1));
    find("story-next").addEventListener("click", () => step(1));
    find("story-leave").addEventListener("click", leave);
    find("to-story").addEventListener("click", () => Page.go(stateOf(1)));
    document.addEventListener("keydown", (event) => {
      if (!Page.state().story || event.altKey || event.ctrlKey || event.metaKey) return;
      if (event.key === "ArrowRight") step(1);
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "Escape") leave();
    });
  }

  return {build, show, stateOf};
})();

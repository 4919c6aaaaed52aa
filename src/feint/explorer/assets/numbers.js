"use strict";
/* Intervals as feint.sim.statistics.intervals has them, and numbers in words. */
const Numbers = (() => {
  const Z = 1.9599639845400536; // normal quantile of a two-sided interval of 95 %
  const TAIL = 0.025;
  const FEW = 5; // with fewer runs that have, or lack, the event, exact limits replace Wilson's
  const EDGE = 1 - 1e-12;

  /* Where a monotone function changes sign, by bisection. */
  function rootOf(f, low, high) {
    const rising = f(low) < 0;
    for (;;) {
      const middle = (low + high) / 2;
      if (middle === low || middle === high) return middle;
      if (f(middle) < 0 === rising) low = middle;
      else high = middle;
    }
  }

  function wilson(count, runs) {
    const z2 = Z ** 2 / runs,
      share = count / runs;
    const centre = share + z2 / 2,
      reach = Math.sqrt(z2 * share * (1 - share) + z2 ** 2 / 4);
    const low = count === 0 ? 0 : Math.max(0, (centre - reach) / (1 + z2));
    const high = count === runs ? 1 : Math.min(1, (centre + reach) / (1 + z2));
    return {estimate: share, low, high};
  }

  /* Probability of `least` to `most` events in `runs`, each with probability p. */
  function chance(least, most, runs, p) {
    if (p >= 1) return Number(most === runs);
    let term = Math.exp(runs * Math.log1p(-p)),
      total = 0;
    for (let i = 0; i <= most; i++) {
      if (i >= least) {
        if (term <= 1e-17 * total) break;
        total += term;
      }
      term *= ((runs - i) / (i + 1)) * (p / (1 - p));
    }
    return total;
  }

  function limitsOfFew(count, runs) {
    if (!count) return [0, -Math.expm1(Math.log(TAIL) / runs)];
    const low = rootOf((p) => chance(count, runs, runs, p) - TAIL, 0, count / runs);
    const high = count < runs ? rootOf((p) => chance(0, count, runs, p) - TAIL, count / runs, 1) : 1;
    return [low, high];
  }

  /* Clopper and Pearson's interval where few runs have the event, or lack it. */
  function exact(count, runs) {
    const few = count < FEW;
    const limits = few
      ? limitsOfFew(count, runs)
      : limitsOfFew(runs - count, runs)
          .map((limit) => 1 - limit)
          .reverse();
    return {estimate: count / runs, low: limits[0], high: limits[1]};
  }

  /* The interval of a frequency: `frequency_interval`. */
  function frequency(count, runs) {
    if (!runs) return {estimate: NaN, low: 0, high: 1};
    return Math.min(count, runs - count) >= FEW ? wilson(count, runs) : exact(count, runs);
  }

  /* The interval of a difference of paired frequencies: `tango`. */
  function difference(firstOnly, secondOnly, runs) {
    const estimate = (firstOnly - secondOnly) / runs;
    const score = (delta) => {
      const linear = -firstOnly - secondOnly + (2 * runs - firstOnly + secondOnly) * delta;
      const root = Math.sqrt(Math.max(0, linear ** 2 + 8 * runs * secondOnly * delta * (1 - delta)));
      const q = (root - linear) / (4 * runs);
      const variance = runs * (2 * q + delta * (1 - delta));
      return variance > 0 ? (firstOnly - secondOnly - runs * delta) / Math.sqrt(variance) : 0;
    };
    const low = score(-EDGE) <= Z ? -1 : rootOf((delta) => score(delta) - Z, -EDGE, estimate);
    const high = score(EDGE) >= -Z ? 1 : rootOf((delta) => score(delta) + Z, estimate, EDGE);
    return {estimate, low, high};
  }

  function correlation(pairs) {
    const share = [0, 1].map((i) => pairs.events[i] / pairs.selected[i]);
    const covariance =
      pairs.eventInBoth - share[0] * pairs.eventIn[1] - share[1] * pairs.eventIn[0] + share[0] * share[1] * pairs.both;
    const spread = Math.sqrt([0, 1].reduce((product, i) => product * pairs.selected[i] * share[i] * (1 - share[i]), 1));
    return spread > 0 ? covariance / spread : 0;
  }

  /* The same among the selected runs of each arm: `SelectedPairs.difference`. */
  function selectedDifference(pairs) {
    if (!pairs.selected.every(Boolean)) return {estimate: NaN, low: -1, high: 1};
    const [one, other] = [0, 1].map((i) => frequency(pairs.events[i], pairs.selected[i]));
    const phi = correlation(pairs),
      estimate = one.estimate - other.estimate;
    const below = one.estimate - one.low,
      above = one.high - one.estimate;
    const under = other.estimate - other.low,
      over = other.high - other.estimate;
    const low = estimate - Math.sqrt(Math.max(0, below ** 2 - 2 * phi * below * over + over ** 2));
    const high = estimate + Math.sqrt(Math.max(0, above ** 2 - 2 * phi * above * under + under ** 2));
    return {estimate, low: Math.max(-1, low), high: Math.min(1, high)};
  }

  /* A difference with its sign; zero has no minus. */
  function signed(value, digits = 3) {
    if (!Number.isFinite(value)) return "not known";
    const text = value.toFixed(digits);
    return (Number(text) === 0 ? `+${(0).toFixed(digits)}` : value > 0 ? `+${text}` : text).replace("-", "−");
  }

  function hundred(share) {
    if (!Number.isFinite(share)) return "none";
    return share > 0 && share < 0.005
      ? "fewer than 1"
      : share < 1 && share >= 0.995
        ? "more than 99"
        : String(Math.round(100 * share));
  }

  const grouped = (number) => Number(number).toLocaleString("en-US", {maximumSignificantDigits: 6});
  const plain = (number) =>
    (Math.abs(number) >= 1000 ? grouped(number) : String(Number(Number(number).toPrecision(3)))).replace("-", "−");

  return {frequency, difference, selectedDifference, signed, hundred, grouped, plain};
})();

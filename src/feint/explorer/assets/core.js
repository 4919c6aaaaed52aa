"use strict";
/* Trains populations of mesa-optimizers with Feint's own kernels, compiled to WebAssembly (feint.explorer.wasm).

   What stands here is what Python does around the kernels (sim/training/train.py): it lays out arrays, resets what a
   stage does not take over, and counts. The model's equations are in the module alone. */

/* Everything that a worker needs; its text becomes the worker's script. */
function feintCore() {
  const RUNNING = 0, REACHED = 1, DIVERGED = 2;
  const BYTES = {float64: 8, float32: 4, int64: 8, uint64: 8, uint32: 4};
  const ALIGNED = 64, PAGE = 65536;
  const UNCONVERGED = 0;

  /* Memory of the module: a stack that grows, from which each population is dropped as a whole. */
  class Memory {
    constructor(memory, base) {
      this.memory = memory;
      this.top = base;
    }

    take(bytes, aligned = ALIGNED) {
      const place = (this.top + aligned - 1) & ~(aligned - 1);
      this.top = place + bytes;
      const missing = this.top - this.memory.buffer.byteLength;
      if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
      return place;
    }

    array(type, shape) {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const place = this.take(count * BYTES[type]);
      const made = {type, shape, count, place};
      this.view(made).fill(type.endsWith("64") && type !== "float64" ? 0n : 0);
      return made;
    }

    view({type, count, place}) {
      const kinds = {
        float64: Float64Array, float32: Float32Array, int64: BigInt64Array, uint64: BigUint64Array, uint32: Uint32Array,
      };
      return new kinds[type](this.memory.buffer, place, count);
    }
  }

  /* The kernels, called as Numba calls them: each array as owner, parent, size, item size, place, shape and strides. */
  class Kernels {
    constructor(wasm, descriptor) {
      const env = {
        NRT_MemInfo_alloc_aligned: (size, aligned) => this.owned(Number(size), Number(aligned)),
        NRT_MemInfo_call_dtor: () => {},
      };
      const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), {env});
      this.exports = instance.exports;
      this.descriptor = descriptor;
      this.memory = new Memory(this.exports.memory, this.exports.__heap_base.value);
      this.results = this.memory.take(2 * ALIGNED);
    }

    /* Memory with a count of references before it: one, so that the kernel gives it back once. */
    owned(size, aligned) {
      const header = this.memory.take(ALIGNED), data = this.memory.take(size, aligned);
      const fields = new DataView(this.memory.memory.buffer, header);
      fields.setBigInt64(0, 1n, true);
      fields.setUint32(8, 0, true);
      fields.setUint32(12, 0, true);
      fields.setUint32(16, data, true);
      fields.setBigInt64(24, BigInt(size), true);
      return header;
    }

    call(name, values) {
      const passed = [this.results, this.results + ALIGNED];
      for (const [path, kind] of this.descriptor.kernels[name]) {
        const value = path.split(".").reduce((inside, field) => inside?.[field], values);
        passed.push(...this.passed(value ?? 0, kind)); // forms are tuples of which the length alone counts
      }
      const kept = this.memory.top;
      const failed = this.exports[name](...passed);
      this.memory.top = kept;
      if (failed) throw new Error(`the kernel ${name} failed`);
    }

    passed(value, kind) {
      if (kind === "float") return [value];
      if (kind === "int") return [typeof value === "number" ? BigInt(value) : value];
      if (kind === "word") return [value];
      const bytes = BYTES[value.type], strides = [];
      let stride = bytes;
      for (const extent of [...value.shape].reverse()) {
        strides.unshift(stride);
        stride *= extent;
      }
      return [0, 0, BigInt(value.count), BigInt(bytes), value.place, ...value.shape.map(BigInt), ...strides.map(BigInt)];
    }
  }

  /* lambda_k in proportion to k^(-exponent), of mean 1: Model.spectrum_weights and deployment_weights. */
  function falling(exponent, modes) {
    const weights = Array.from({length: modes}, (_, k) => (k + 1) ** -exponent);
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / modes;
    return weights.map((weight) => weight / mean);
  }

  /* A population of runs of one model: its arrays, and what Python's State and train.py do to them. */
  class Population {
    constructor(kernels, model, seed, numbers) {
      Object.assign(this, {kernels, model, seed: BigInt(seed), runs: numbers.length});
      this.names = kernels.descriptor;
      const memory = kernels.memory, {runs} = this, {modes} = model, objectives = 2;
      const array = (...shape) => memory.array("float64", shape);
      const mind = () => ({
        goal: array(runs, modes), representation: array(runs), pointer: array(runs, objectives), gate: array(runs),
        capability: array(runs), awareness: array(runs), horizon: array(runs), world: array(runs, objectives),
        grader: array(runs), belief: array(runs, objectives),
      });
      this.world = {objectives: array(runs, objectives, modes), misconceptions: array(runs, objectives, modes)};
      this.mind = mind();
      this.initial = mind();
      this.bias = array(runs, this.names.parts.length);
      this.rate = array(runs, this.names.parts.length);
      this.number = memory.array("uint64", [runs]);
      this.fork = memory.array("uint32", [runs]);
      this.progress = {
        taken: memory.array("int64", [runs]), status: memory.array("int64", [runs]),
        generator: memory.array("uint32", [runs, 4]),
      };
      this.found = array(this.names.readings.length, runs);
      this.spectrum = this.filled("float64", falling(model.spectrum, modes));
      this.deployment = this.filled("float64", falling(model.deployment_spectrum, modes));
      this.weights = this.filled("float32", falling(model.spectrum, modes));
      this.noise = memory.array("float32", [modes]);
      this.occurrences = [0, 0];
      memory.view(this.number).set(numbers.map(BigInt));
      this.draw();
    }

    filled(type, numbers) {
      const made = this.kernels.memory.array(type, [numbers.length]);
      this.view(made).set(numbers);
      return made;
    }

    view(array) {
      return this.kernels.memory.view(array);
    }

    draw() {
      const {model} = this, similarity = this.kernels.memory.array("float64", [1, model.modes]);
      this.view(similarity).set(this.view(similarity).map((_, k) => model.similarity * (k + 1) ** -model.similarity_decay));
      const inits = {};
      for (const name of this.names.inits) inits[name] = model[`${name}_init`] ?? model[name];
      inits.spread = model.init_spread;
      inits.goal = model.goal_init;
      this.kernels.call("draw_starts", {
        seed: this.seed, run: this.number, spectrum: this.spectrum, similarity, inits, mind: this.mind,
        world: this.world, bias: this.bias,
      });
      for (const part of Object.keys(this.mind)) this.view(this.initial[part]).set(this.view(this.mind[part]));
    }

    /* Whether every mind knows at once what it is trained for, and whether the pointer can land on what is graded. */
    get ending() {
      const known = this.model.identification >= this.names.known_at_once ? "_known" : "";
      return known + (this.model.grader > this.names.never ? "_grader" : "");
    }

    enter(stage) {
      const {groups, occurrences} = this.names, carried = stage.carry ?? Object.keys(groups);
      for (const [group, parts] of Object.entries(groups)) {
        if (carried.includes(group)) continue;
        for (const part of parts) this.view(this.mind[part]).set(this.view(this.initial[part]));
      }
      if (!carried.length) this.occurrences = [0, 0];
      const stream = 1 + stage.objective * occurrences + this.occurrences[stage.objective]++;
      this.kernels.call("open_streams", {
        seed: this.seed, run: this.number, stream, fork: this.fork, generator: this.progress.generator,
      });
      this.view(this.progress.taken).fill(0n);
      this.view(this.progress.status).fill(BigInt(RUNNING));
      this.view(this.rate).set(this.view(this.bias));
      const rate = this.view(this.rate), {parts} = this.names;
      for (let i = 0; i < rate.length; i++) {
        rate[i] *= stage.learning_rate * this.model[`plasticity_${parts[i % parts.length]}`];
      }
      const spectrum = this.view(this.spectrum), modes = spectrum.length;
      this.view(this.noise).set(spectrum.map((weight) => weight * (stage.noise / Math.sqrt(weight * modes))));
    }

    /* Train every run until it stops or has taken `limit` steps of the stage. */
    advance(stage, limit) {
      if (this.ending.startsWith("_known")) this.believe(stage.objective);
      const settings = {...this.model, ...stage};
      this.kernels.call(`race${this.ending}`, {
        mind: this.mind, world: this.world, each: [0, 1], rate: this.rate, progress: this.progress,
        spectrum: this.weights, noise_scale: this.noise, settings, forms: {}, limit: Math.min(limit, stage.steps),
      });
    }

    believe(objective) {
      const belief = this.view(this.mind.belief);
      for (let i = 0; i < belief.length; i++) belief[i] = i % 2 === objective ? 1 : 0;
    }

    /* Read the runs; rows of `found` by the names of the readings, and who missed the stage's target. */
    read(stage) {
      const {model} = this;
      const short = stage.target > 0 ? 1 - stage.target + this.names.rounding : 0;
      if (this.ending.startsWith("_known")) this.believe(stage.objective);
      this.kernels.call(`read${this.ending}`, {
        mind: this.mind, world: this.world, each: [0, 1], s: stage.objective, spectrum: this.spectrum,
        deployment: this.deployment, inference_power: model.inference_power, forms: {},
        tolerances: [Math.max(model.train_tolerance, short), model.deploy_tolerance], found: this.found,
      });
      const found = this.view(this.found), status = this.view(this.progress.status), {runs} = this;
      const readings = {};
      this.names.readings.forEach((name, row) => {
        readings[name] = found.slice(row * runs, (row + 1) * runs);
      });
      status.forEach((state, i) => {
        if (Number(state) === DIVERGED) readings.outcome[i] = UNCONVERGED;
      });
      return {
        readings,
        missed: Uint8Array.from(status, (state) => (stage.target > 0 && Number(state) !== REACHED ? 1 : 0)),
        taken: Int32Array.from(this.view(this.progress.taken), Number),
        stopped: Uint8Array.from(status, (state) => (Number(state) === RUNNING ? 0 : 1)),
      };
    }
  }

  /* The stages as they are trained under a rule of matching: Match.apply. */
  function matched(stages, match, ceiling) {
    const targets = {ceiling: () => ceiling, steps: () => 0, target: (stage) => stage.target};
    const last = stages[stages.length - 1];
    return [...stages.slice(0, -1), {...last, target: targets[match ?? "target"](last)}];
  }

  function stagesOf(request, arm, ceiling) {
    const stages = matched(request.stages, request.match, ceiling);
    return arm === "from_scratch" ? stages.slice(-1) : stages;
  }

  /* Train some runs through an arm; what is found at the end of each stage. */
  function trained(kernels, request, arm, numbers) {
    const kept = kernels.memory.top;
    const population = new Population(kernels, request.model, request.seed, numbers);
    const stages = stagesOf(request, arm, kernels.descriptor.ceiling).map((stage) => {
      population.enter(stage);
      population.advance(stage, stage.steps);
      const {readings, missed, taken} = population.read(stage);
      return {outcome: Uint8Array.from(readings.outcome), missed, taken};
    });
    kernels.memory.top = kept;
    return stages;
  }

  /* Steps at which a run is looked at: each of the first, and ever fewer. */
  function moments(steps, points) {
    const at = new Set([0, steps]);
    const ratio = Math.max(1.0001, steps ** (1 / points));
    for (let step = 1; step < steps; step = Math.max(step + 1, Math.ceil(step * ratio))) at.add(step);
    return [...at].sort((a, b) => a - b);
  }

  /* One run of an arm, read at many moments. */
  function life(kernels, request, arm, run, points) {
    const kept = kernels.memory.top;
    const population = new Population(kernels, request.model, request.seed, [run]);
    const rows = [];
    stagesOf(request, arm, kernels.descriptor.ceiling).forEach((stage, index) => {
      population.enter(stage);
      for (const limit of moments(stage.steps, points)) {
        population.advance(stage, limit);
        const {readings, taken, stopped} = population.read(stage);
        rows.push({stage: index, step: taken[0], readings});
        if (stopped[0]) break;
      }
    });
    kernels.memory.top = kept;
    const readings = {};
    for (const name of kernels.descriptor.readings) {
      readings[name] = Float64Array.from(rows, (row) => row.readings[name][0]);
    }
    const of = (name) => Int32Array.from(rows, (row) => row[name]);
    return {stage: of("stage"), step: of("step"), readings};
  }

  const TASKS = {
    trained: (kernels, {request, arm, first, count}) =>
      trained(kernels, request, arm, Array.from({length: count}, (_, i) => first + i)),
    life: (kernels, {request, arm, run, points}) => life(kernels, request, arm, run, points),
  };

  return {
    kernelsOf: (wasm, descriptor) => new Kernels(wasm, descriptor),
    perform: (kernels, task) => TASKS[task.name](kernels, task),
  };
}

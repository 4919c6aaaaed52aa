"use strict";
/* Workers, and what the page asks of them: populations that are compared, and the life of one run. */

/* What runs in a worker: it gets the module once, and then one task at a time. */
function feintWorker(core) {
  let kernels = null;
  self.onmessage = ({data}) => {
    if (data.wasm) {
      kernels = core.kernelsOf(data.wasm, data.descriptor);
      return;
    }
    try {
      self.postMessage({result: core.perform(kernels, data)});
    } catch (error) {
      self.postMessage({error: String(error)});
    }
  };
}

const FeintEngine = (() => {
  const ARMS = ["pretrain_finetune", "from_scratch"];
  const FIRST = 32, MOST = 256; // runs of a task: few, so that the first numbers come at once, then more

  /* Workers, or the page itself where there are none; each does one task at a time. */
  class Pool {
    constructor({wasm, descriptor, workers}) {
      this.waiting = [];
      this.idle = workers > 0 && typeof Worker !== "undefined" ? this.started(wasm, descriptor, workers) : [];
      if (!this.idle.length) {
        const core = feintCore(), kernels = core.kernelsOf(wasm, descriptor);
        this.idle.push({perform: (task) => Pool.inSlices(() => core.perform(kernels, task))});
      }
    }

    started(wasm, descriptor, workers) {
      const text = `(${feintWorker})((${feintCore})());`;
      const address = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
      return Array.from({length: workers}, () => {
        const worker = new Worker(address);
        worker.postMessage({wasm, descriptor});
        return {
          perform: (task) => new Promise((resolve, reject) => {
            worker.onmessage = ({data}) => ("error" in data ? reject(new Error(data.error)) : resolve(data.result));
            worker.onerror = (event) => reject(new Error(event.message));
            worker.postMessage(task);
          }),
        };
      });
    }

    static inSlices(perform) {
      return new Promise((resolve, reject) => {
        setTimeout(() => {
          try {
            resolve(perform());
          } catch (error) {
            reject(error);
          }
        });
      });
    }

    /* The result of a task, or null if it is no longer wanted when its turn comes. */
    ask(task, wanted) {
      return new Promise((resolve, reject) => {
        this.waiting.push({task, wanted, resolve, reject});
        this.next();
      });
    }

    next() {
      if (!this.idle.length || !this.waiting.length) return;
      const {task, wanted, resolve, reject} = this.waiting.shift();
      if (!wanted()) {
        resolve(null);
        this.next();
        return;
      }
      const worker = this.idle.pop();
      worker.perform(task).then(resolve, reject).finally(() => {
        this.idle.push(worker);
        this.next();
      });
    }
  }

  /* Parts of all runs: few at first. */
  function* parts(runs) {
    for (let first = 0, size = FIRST; first < runs; first += size, size = Math.min(2 * size, MOST)) {
      size = Math.min(size, runs - first);
      yield [first, size];
    }
  }

  function joined(of) {
    const stages = of[0].length;
    return Array.from({length: stages}, (_, i) => {
      const whole = {};
      for (const name of ["outcome", "missed", "taken"]) {
        const pieces = of.map((part) => part[i][name]);
        whole[name] = new pieces[0].constructor(pieces.reduce((sum, piece) => sum + piece.length, 0));
        let at = 0;
        for (const piece of pieces) {
          whole[name].set(piece, at);
          at += piece.length;
        }
      }
      whole.counts = [0, 0, 0, 0, 0, 0];
      for (const outcome of whole.outcome) whole.counts[outcome]++;
      return whole;
    });
  }

  class Engine {
    constructor(options) {
      this.pool = new Pool(options);
      this.turn = 0;
    }

    cancel() {
      this.turn++;
    }

    /* Train both arms on the same run numbers; `onPart` gets what is there after each part, in the order of the runs. */
    async compare(request, onPart = () => {}) {
      const turn = ++this.turn, wanted = () => turn === this.turn;
      const plan = [...parts(request.runs)];
      const done = {pretrain_finetune: [], from_scratch: []};
      let shown = 0;
      const result = () => {
        let ready = 0;
        while (ready < plan.length && ARMS.every((arm) => done[arm][ready])) ready++;
        if (ready === shown) return null;
        shown = ready;
        const arms = {};
        for (const arm of ARMS) arms[arm] = {stages: joined(done[arm].slice(0, ready))};
        return {runs: plan[ready - 1][0] + plan[ready - 1][1], arms};
      };
      let last = null;
      const tasks = plan.flatMap(([first, count], i) => ARMS.map(async (arm) => {
        const found = await this.pool.ask({name: "trained", request, arm, first, count}, wanted);
        if (found === null || !wanted()) return;
        done[arm][i] = found;
        const part = result();
        if (part) {
          last = part;
          onPart(part);
        }
      }));
      await Promise.all(tasks);
      return wanted() ? last : null;
    }

    /* One run read at some `points` moments of each stage. */
    life(request, arm, run, points = 120) {
      return this.pool.ask({name: "life", request, arm, run, points}, () => true);
    }
  }

  return {create: (options) => new Engine(options), core: feintCore};
})();

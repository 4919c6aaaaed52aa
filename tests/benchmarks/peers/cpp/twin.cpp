// The C++ twin of Feint's kernel: many runs through one stage (MODEL: sections 2, 3, 5 and 7).
//
// LANES runs stand side by side in vectors of GCC's own kind (`vector_size`), as many as the processor's widest holds:
// GCC 12 spills vectors wider than that. One pass over the modes takes both the errors and the gradient's sums: the
// check before a step and the step itself share it. The goal alone moves within that pass, into a second buffer, so
// that a run which the check stops is stored as it was. Stopped lanes are refilled; the stage's objective comes first.
// Behaviour is a weighted sum of the goal and the concepts, so that only inner products with those are summed, and the
// distance of a concept from the objective is a quadratic in w_j whose coefficients are taken once per run.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#if !defined(LANES) && defined(__AVX512F__)
#define LANES 16
#elif !defined(LANES) && defined(__AVX__)
#define LANES 8
#elif !defined(LANES)
#define LANES 4
#endif
#define INLINE static inline __attribute__((always_inline))
#define EACH(j, n) for (int j = 0; j < (n); j++)

typedef float V __attribute__((vector_size(4 * LANES)));
typedef int32_t I __attribute__((vector_size(4 * LANES)));
typedef uint32_t U __attribute__((vector_size(4 * LANES)));

INLINE V splat(float x) { return x - V{}; }
#if defined(__AVX512F__) && LANES == 16
INLINE V least(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE V most(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE V root(V x) { return (V)_mm512_sqrt_ps((__m512)x); }
INLINE bool any(I x) { return _mm512_test_epi32_mask((__m512i)x, (__m512i)x) != 0; }
#else
INLINE V least(V a, V b) { return a < b ? a : b; }
INLINE V most(V a, V b) { return a > b ? a : b; }
INLINE V root(V x) { EACH(i, LANES) x[i] = __builtin_sqrtf(x[i]); return x; }
INLINE bool any(I x) { int32_t y = 0; EACH(i, LANES) y |= x[i]; return y != 0; }
#endif

// e^x, relative error 1e-7; beyond 87 it is held there
INLINE V exponential(V x) {
  x = most(least(x, splat(87.0f)), splat(-87.0f));
  V t = x * 1.44269504f + 12582912.0f, n = t - 12582912.0f;  // 1.5 * 2^23 rounds to the nearest integer
  V r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  V y = splat(0.00138146132f) * r + 0.00836870982f;
  y = y * r + 0.0416683874f;
  y = y * r + 0.166665207f;
  y = y * r + 0.499999935f;
  y = y * r + 1.0f;
  y = y * r + 1.0f;
  return (V)((I)y + ((I)t << 23));
}

INLINE V sigmoid(V x) { return 1.0f / (1.0f + exponential(-x)); }

struct Generator { U s0, s1, s2, s3; };  // xoshiro128++ (Blackman and Vigna 2021)

INLINE U rotate(U x, int bits) { return (x << bits) | (x >> (32 - bits)); }

INLINE U next(Generator &g) {
  U word = rotate(g.s0 + g.s3, 7) + g.s0, t = g.s1 << 9;
  g.s2 ^= g.s0; g.s3 ^= g.s1; g.s1 ^= g.s2; g.s0 ^= g.s3; g.s2 ^= t;
  g.s3 = rotate(g.s3, 11);
  return word;
}

// Box and Muller (1958). The first word is the radius, all 32 bits of it; of the second, 23 bits are the angle t π/4
// about the diagonal of a quadrant, -1 <= t < 1, and two are the signs.
INLINE void normal_pair(Generator &g, V &first, V &second) {
  const U a = next(g), b = next(g);
  const I bits = (I)__builtin_convertvector(a | 1u, V);         // u 2^32, and u > 0
  const I e = (bits - (0x3f3504f3 + (32 << 23))) & 0xff800000;  // u = 2^e m, sqrt(1/2) <= m < sqrt(2); e 2^23 here
  const V f = (V)(bits - e) * 0x1p-32f - 1.0f;                  // m - 1
  V y = splat(-0.118961075f) * f + 0.186678547f;                // -ln m = f y, relative error 1e-6
  y = y * f - 0.20496329f;
  y = y * f + 0.249097442f;
  y = y * f - 0.333145089f;
  y = y * f + 0.500011129f;
  y = y * f - 1.00000097f;
  const V radius = root(f * y - __builtin_convertvector(e, V) * (0.693147181f * 0x1p-23f));  // sqrt(-2 ln u) / sqrt(2)
  const V t = (V)((b & 0x007fffffu) | 0x40000000u) - 3.0f, z = t * t;
  V c = splat(-0.000318880536f) * z + 0.0158499153f;            // cos t π/4 and sin t π/4, error 3e-8
  c = c * z - 0.308424254f;
  c = c * z + 0.999999972f;
  V s = splat(-3.58772584e-05f) * z + 0.00248987197f;
  s = s * z - 0.0807453673f;
  s = (s * z + 0.785398153f) * (t * radius);
  first = (V)((U)(c * radius - s) ^ (b & 0x80000000u));
  second = (V)((U)(c * radius + s) ^ ((b << 1) & 0x80000000u));
}

struct Settings {
  int64_t objective, steps;
  float target, honeypots, realism, coverage, awareness_exposure, horizon_exposure;
  float inference_power, identification, switching, speed_cost, goal_cost, shielding;
};

struct Task {  // arrays by run, as Feint has them but in float32; spectrum and noise scale padded to an even length
  int64_t runs, objectives, modes;
  const float *b, *n;
  float *u, *B, *f, *G, *C, *A, *H, *w, *rho;
  const float *rate, *spectrum, *noise;  // noise: lambda_k times the noise's standard deviation in mode k
  uint32_t *generator;
  int64_t *taken, *status;
  Settings settings;
};

enum { GOAL, REPRESENTATION, POINTER, GATE, CAPABILITY, AWARENESS, HORIZON, WORLD, PARTS };
enum { RUNNING, REACHED, DIVERGED };
constexpr int MOST_OBJECTIVES = 256;

struct Quadratic { V constant, linear, square; };

template <int J> struct Lanes {  // one run a lane; d = b - n, and far is |b_s - m_j|² as a function of w_j
  V B, G, C, A, H, rate[PARTS], f[J], w[J], rho[J], *u, *moved, *normal, *n[J], *d[J];
  Quadratic far[J];
  Generator generator;
  I taken, live;
  int64_t run[LANES];
};

INLINE float &lane(V &x, int i) { return ((float *)&x)[i]; }
INLINE int32_t &lane(I &x, int i) { return ((int32_t *)&x)[i]; }
INLINE uint32_t &lane(U &x, int i) { return ((uint32_t *)&x)[i]; }
INLINE int64_t place(int64_t j, int64_t s) { return j == 0 ? s : j <= s ? j - 1 : j; }

// What is moved between a run's place in the task's arrays and its lane, either way
template <int J, class Move> INLINE void exchange(Lanes<J> &l, int i, int64_t run, const Task &t, Move move) {
  EACH(j, t.objectives) {
    const int64_t row = run * t.objectives + place(j, t.settings.objective);
    move(lane(l.f[j], i), t.f[row]);
    move(lane(l.w[j], i), t.w[row]);
    move(lane(l.rho[j], i), t.rho[row]);
  }
  EACH(k, t.modes) move(lane(l.u[k], i), t.u[run * t.modes + k]);
  move(lane(l.B, i), t.B[run]);
  move(lane(l.G, i), t.G[run]);
  move(lane(l.C, i), t.C[run]);
  move(lane(l.A, i), t.A[run]);
  move(lane(l.H, i), t.H[run]);
  EACH(word, 4) move(lane((&l.generator.s0)[word], i), t.generator[run * 4 + word]);
  move(lane(l.taken, i), t.taken[run]);
}

template <int J> __attribute__((noinline)) void load(Lanes<J> &l, int i, int64_t run, const Task &t) {
  exchange(l, i, run, t, [](auto &lane, auto &array) { lane = array; });
  const float *const b = t.b + (run * t.objectives + t.settings.objective) * t.modes;
  EACH(j, t.objectives) {
    float constant = 0, linear = 0, square = 0;
    EACH(k, t.modes) {
      const int64_t at = (run * t.objectives + place(j, t.settings.objective)) * t.modes + k;
      const float apart = b[k] - t.n[at], d = t.b[at] - t.n[at];
      constant += t.spectrum[k] * apart * apart, linear -= 2 * t.spectrum[k] * apart * d, square += t.spectrum[k] * d * d;
      lane(l.n[j][k], i) = t.n[at];
      lane(l.d[j][k], i) = d;
    }
    lane(l.far[j].constant, i) = constant, lane(l.far[j].linear, i) = linear, lane(l.far[j].square, i) = square;
  }
  EACH(part, PARTS) lane(l.rate[part], i) = t.rate[run * PARTS + part];
  lane(l.live, i) = -1;
  l.run[i] = run;
}

template <int J> __attribute__((noinline)) void store(Lanes<J> &l, int i, int64_t status, const Task &t) {
  exchange(l, i, l.run[i], t, [](auto &lane, auto &array) { array = lane; });
  t.status[l.run[i]] = status;
}

// J: the number of objectives, or the most there can be; HONEYPOTS: whether there are any
template <int J, bool HONEYPOTS> int64_t race(const Task &t, Lanes<J> &l) {
  const Settings s = t.settings;
  const int objectives = J == 2 ? 2 : (int)t.objectives, modes = (int)(t.modes + t.modes % 2);
  const float o = s.honeypots, realism = s.realism;
  int64_t queue = 0, busy = 0, passes = 0;
  EACH(i, LANES) {
    load(l, i, queue < t.runs ? queue : 0, t);
    if (queue < t.runs) queue++, busy++; else lane(l.live, i) = 0;
  }
  while (busy > 0) {
    const V beta = sigmoid(l.B), gamma = sigmoid(l.G), a = sigmoid(l.A), h = sigmoid(l.H);
    const V odds = least(exponential(l.C), splat(1e30f)), lacking = 1.0f / (1.0f + odds), c = odds * lacking;
    V pi[J], top{}, finite{};
    EACH(j, objectives) top = most(top, l.f[j]), finite += l.f[j];
    V total = exponential(-top);
    EACH(j, objectives) pi[j] = exponential(l.f[j] - top), total += pi[j];
    const V share = 1.0f / total;
    EACH(j, objectives) pi[j] *= share;
    const V missing = exponential(-s.inference_power * odds), q = 1.0f - missing;
    const V ah = a * h, gah = gamma * ah, psi = gah * q, psi_h = (1.0f - realism) * psi;
    const V r_scale = 2.0f * (1.0f - o) * c, r_h_scale = 2.0f * o * c;
    const V v_scale = (1.0f - s.shielding * psi) * r_scale, v_h_scale = (1.0f - psi_h) * r_h_scale;
    const V keep = 1.0f - l.rate[GOAL] * s.goal_cost, pace = l.rate[GOAL] * beta;
    const V pace_v = pace * v_scale, pace_v_h = pace * v_h_scale;
    const V own = (1.0f - psi) * beta, own_h = (1.0f - psi_h) * beta;  // weights of u, and then of the concepts
    V acting[J], acting_h[J];
    EACH(j, objectives) acting[j] = (1.0f - psi) * (1.0f - beta) * pi[j] + psi * l.rho[j];
    if (HONEYPOTS) EACH(j, objectives) acting_h[j] = (1.0f - psi_h) * (1.0f - beta) * pi[j] + psi_h * l.rho[j];

    Generator generator = l.generator;
    for (int k = 0; k < modes; k += 2) normal_pair(generator, l.normal[k], l.normal[k + 1]);

    V error{}, error_h{}, eu{}, eu_h{}, em[J], em_h[J], xm[J];  // e and e° stand for r and r° without their factors
    EACH(j, objectives) em[j] = em_h[j] = xm[j] = V{};
    EACH(k, modes) {
      const V u = l.u[k], b = l.n[0][k] + l.d[0][k], x = t.noise[k] * l.normal[k];
      V m[J], g = own * u;
      EACH(j, objectives) m[j] = l.n[j][k] + l.w[j] * l.d[j][k], g += acting[j] * m[j];
      const V residual = b - g, weighted = t.spectrum[k] * residual, e = weighted + x;
      error += weighted * residual;
      eu += e * u;
      EACH(j, objectives) em[j] += e * m[j], xm[j] += x * m[j];
      V moved = keep * u + pace_v * e;
      if (HONEYPOTS) {
        V g_h = own_h * u;
        EACH(j, objectives) g_h += acting_h[j] * m[j];
        const V residual_h = b - g_h, weighted_h = t.spectrum[k] * residual_h, e_h = weighted_h + x;
        error_h += weighted_h * residual_h;
        eu_h += e_h * u;
        EACH(j, objectives) em_h[j] += e_h * m[j];
        moved += pace_v_h * e_h;
      }
      l.moved[k] = moved;
    }
    // p, z and t have inner products with e as u and the concepts have; y and v are sums over e and e°
    V ep{}, ez{}, ep_h{}, ez_h{}, vm[J], vp{}, vu = v_scale * eu;
    EACH(j, objectives) ep += pi[j] * em[j], ez += l.rho[j] * em[j], vm[j] = v_scale * em[j];
    V y = r_scale * (ez - (beta * eu + (1.0f - beta) * ep)) - s.speed_cost;
    if (HONEYPOTS) {
      EACH(j, objectives) ep_h += pi[j] * em_h[j], ez_h += l.rho[j] * em_h[j], vm[j] += v_h_scale * em_h[j];
      y += (1.0f - realism) * r_h_scale * (ez_h - (beta * eu_h + (1.0f - beta) * ep_h));
      vu += v_h_scale * eu_h;
    }

    const V done = c * (1.0f - error);
    const I sound = (l.B + l.G + l.C + l.A + l.H + finite + done) * 0.0f == 0.0f;
    const I reached = s.target > 0.0f ? done >= s.target : I{};
    const I stop = (~sound | reached | (l.taken >= (int32_t)s.steps)) & l.live;
    const bool stopping = any(stop);
    if (__builtin_expect(stopping, 0))
      EACH(i, LANES) if (stop[i]) store(l, i, !sound[i] ? DIVERGED : reached[i] ? REACHED : RUNNING, t);

    V far[J], nearest, believed{};  // the belief; the least distance is taken off, so that no exponential overflows
    EACH(j, objectives) {
      far[j] = l.far[j].constant + l.w[j] * (l.far[j].linear + l.w[j] * l.far[j].square) - 2.0f * xm[j];
      nearest = j ? least(nearest, far[j]) : far[0];
    }
    EACH(j, objectives) {
      const V before = (1.0f - s.switching) * l.rho[j] + s.switching / objectives;
      l.rho[j] = before * exponential(s.identification * q * (nearest - far[j])), believed += l.rho[j];
    }
    const V whole = 1.0f / believed;
    EACH(j, objectives) l.rho[j] *= whole, vp += pi[j] * vm[j];
    const V pull = l.rate[POINTER] * (1.0f - beta);
    EACH(j, objectives) {
      l.f[j] += pull * pi[j] * (vm[j] - vp);
      l.w[j] += least(l.rate[WORLD] * (j ? s.coverage : 1.0f), splat(1.0f)) * (1.0f - l.w[j]);
    }
    const V won = 1.0f - (HONEYPOTS ? (1.0f - o) * error + o * error_h : error), common = gah * q * y;
    l.B += l.rate[REPRESENTATION] * beta * (1.0f - beta) * (vu - vp);
    l.G += l.rate[GATE] * (1.0f - gamma) * common;
    l.C += l.rate[CAPABILITY] * (c * lacking * won + y * gah * (s.inference_power * missing * odds));
    l.A += l.rate[AWARENESS] * (1.0f - a) * (common + s.awareness_exposure * c);
    l.H += l.rate[HORIZON] * (1.0f - h) * (common + s.horizon_exposure * c);
    l.generator = generator;
    l.taken += 1;
    V *const u = l.u;
    l.u = l.moved; l.moved = u;
    passes++;
    if (__builtin_expect(stopping, 0))
      EACH(i, LANES) if (stop[i]) {
        lane(l.live, i) = 0;
        if (queue < t.runs) load(l, i, queue++, t); else busy--;
      }
  }
  return passes;
}

template <int J> int64_t staged(const Task &t) {
  const size_t modes = t.modes + t.modes % 2, size = sizeof(V) * modes * (3 + 2 * t.objectives);
  Lanes<J> *l = (Lanes<J> *)aligned_alloc(sizeof(V), sizeof(Lanes<J>));
  V *room = (V *)aligned_alloc(sizeof(V), size), *next = room;
  memset((void *)l, 0, sizeof *l); memset((void *)room, 0, size);
  l->u = next; l->moved = next + modes; l->normal = next + 2 * modes; next += 3 * modes;
  EACH(j, t.objectives) l->n[j] = next, l->d[j] = next + modes, next += 2 * modes;
  const int64_t passes = t.settings.honeypots > 0 ? race<J, true>(t, *l) : race<J, false>(t, *l);
  free(room); free(l);
  return passes;
}

// Train every run of a task in place; the number of passes over the lanes, or -1 where it does not fit.
extern "C" int64_t train(const Task *t) {
  if (t->objectives > MOST_OBJECTIVES || t->runs < 1) return -1;
  return t->objectives == 2 ? staged<2>(*t) : staged<MOST_OBJECTIVES>(*t);
}

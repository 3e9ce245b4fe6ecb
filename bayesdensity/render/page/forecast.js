"use strict";
// The card of forecasts: bayesdensity/laws/score_curve.py and quantities/forecast.py once more, at the draws beside it.
(() => {
  const SVG = "http://www.w3.org/2000/svg", TURN = 0.1, LEAST = 1e3, MOST = 1e16;
  const MARGIN = { left: 44, right: 10, top: 18, bottom: 24 };
  const UNITS = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1, ""]];

  const node = (parent, name, attributes, text = "") => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    parent.append(made);
  };

  // How numbers are written.
  const size = (value) => {
    if (!isFinite(value)) return "inf";
    const rounded = Number(value.toPrecision(2)), [unit, letter] = UNITS.find(([one]) => rounded >= one) || [1, ""];
    return Number((rounded / unit).toPrecision(2)) + letter;
  };
  const day = (year) => (isFinite(year) ? new Date(Date.UTC(2000, 0, 1 + Math.round((year - 2000) * 365.25))).toISOString().slice(0, 10) : "never");
  const share = (digits) => (value) => value.toFixed(digits);
  const interval = ([lower, median, upper], form) => `${form(median)} [${form(lower)}, ${form(upper)}]`;

  // Equal-tailed, by order statistics where some draws are infinite.
  const ends = (draws, ci) => {
    const sorted = Float64Array.from(draws).sort(), finite = isFinite(sorted[sorted.length - 1]) && isFinite(sorted[0]), tail = (1 - ci) / 2;
    return [tail, 0.5, 1 - tail].map((p) => {
      const at = (sorted.length - 1) * p, high = sorted[Math.ceil(at)];
      if (!finite) return high;
      const low = sorted[Math.floor(at)];
      return low + (at - Math.floor(at)) * (high - low);
    });
  };

  // The link of draw k and its inverse; without a stretch the curve goes on as it is.
  const counted = (link, k, x) => {
    if (!link.stretch) return x;
    const beyond = x - link.largest[k];
    return x + (Math.exp(link.stretch[k]) - 1) * 0.5 * (beyond + Math.sqrt(beyond ** 2 + 4 * TURN ** 2));
  };
  const uncounted = (link, k, z) => {
    if (!link.stretch) return z;
    const factor = Math.exp(link.stretch[k]), beyond = z - link.largest[k];
    return link.largest[k] + (0.5 * ((1 + factor) * beyond - (factor - 1) * Math.sqrt(beyond ** 2 + 4 * factor * TURN ** 2))) / factor;
  };
  const logitOfSize = (link, k, x) => link.level[k] + (link.slope[k] * (1 - Math.exp(-link.exponent[k] * counted(link, k, x)))) / link.exponent[k];
  const sizeOfLogit = (link, k, eta) => {
    const remaining = 1 - (link.exponent[k] * (eta - link.level[k])) / link.slope[k];
    return remaining > 0 ? uncounted(link, k, -Math.log(remaining) / link.exponent[k]) : Infinity;
  };

  const model = (data, bench, of) => {
    const every = Array.from({ length: data.draws }, (_, k) => k), { grid } = data, { link, floor } = bench;
    // E-folds of effective size that one of size is worth.
    const gain = (k, time) => (data.size_effect ? 1 + data.size_effect[0][k] + data.size_effect[1][k] * time : 1), path = (k, j) => data.paths[of][k][j] / data.per_unit + bench.slope[k] * grid[j];
    // Log size that density has added by a time: straight between the dates of the grid.
    const gained = (k, time) => {
      const next = grid.findIndex((one) => one >= time), j = next < 1 ? 1 : next;
      return path(k, j - 1) + ((time - grid[j - 1]) / (grid[j] - grid[j - 1])) * (path(k, j) - path(k, j - 1));
    };
    const needed = (k, score) => {
      if (score >= bench.ceiling[k]) return Infinity;
      const part = (score - floor) / (bench.ceiling[k] - floor);
      return sizeOfLogit(link, k, Math.log(part) - Math.log1p(-part));
    };
    const reached = (k, least, size) => {
      const has = (at) => path(k, at) + gain(k, grid[at]) * size, j = grid.findIndex((_, at) => has(at) >= least);
      if (j < 1) return j < 0 ? Infinity : grid[0];
      return grid[j - 1] + ((least - has(j - 1)) / (has(j) - has(j - 1))) * (grid[j] - grid[j - 1]);
    };
    const log = (params) => Math.log(params) - data.log_size_centre;
    return {
      scores: (params, time) => every.map((k) => floor + (bench.ceiling[k] - floor) / (1 + Math.exp(-logitOfSize(link, k, gain(k, time) * log(params) + gained(k, time))))),
      sizes: (score, time) => every.map((k) => Math.exp((needed(k, score) - gained(k, time)) / gain(k, time) + data.log_size_centre)),
      years: (score, params) => every.map((k) => data.year_centre + reached(k, needed(k, score), log(params))),
      unable: (score) => every.filter((k) => bench.ceiling[k] <= score).length / data.draws,
    };
  };

  const begin = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const field = (name) => figure.querySelector(`[name="${name}"]`), picked = (name) => figure.querySelector(`[name="${name}"]:checked`);
    const canvas = figure.querySelector(".canvas"), notes = figure.querySelector(".notes");
    for (const part of figure.querySelectorAll("[hidden]:not(.device)")) part.hidden = false;
    const set = (name, max, value) => { field(name).max = max; field(name).value = value; };
    set("size", data.sizes.length - 1, data.sizes.indexOf(data.size));
    set("date", data.dates.length - 1, data.start);

    const offer = () => {
      const bench = data.benchmarks[field("benchmark").value];
      field("score").min = bench.lowest;
      field("score").value = bench.score;
    };
    const ask = () => {
      const at = Number(field("date").value), device = data.memory && picked("by").value === "memory";
      const [memory, bits, context] = device ? ["memory", "bits", "context"].map((name) => Number(field(name).value)) : [];
      const params = device ? (bits > 0 && bits <= 64 && context >= 0 ? (8e9 * (memory - context)) / bits : NaN) : data.sizes[field("size").value];
      const bench = data.benchmarks[field("benchmark").value], of = picked("of").value;
      const room = device ? ` (${memory} GB at ${bits} bits a weight beside ${context} GB of context)` : "";
      return { bench, of, device, room, params, score: Number(field("score").value), date: data.dates[at], time: data.times[at] };
    };
    const say = (name, text) => { figure.querySelector(`[data-answer="${name}"]`).textContent = text; };
    const tell = (name, text) => {
      figure.querySelector(`output[data-of="${name}"]`).textContent = text;
      field(name).setAttribute("aria-valuetext", text);
    };

    function update() {
      const asked = ask(), { bench, params, score, time } = asked, can = model(data, bench, asked.of);
      if (data.memory) for (const row of figure.querySelectorAll("[data-by]")) row.hidden = (row.dataset.by === "memory") !== asked.device;
      tell("size", size(params));
      tell("score", share(2)(score));
      tell("date", asked.date);
      canvas.replaceChildren();
      if (!(params >= LEAST && params <= MOST)) {
        figure.querySelector(".asked").textContent = "No model fits: give more memory than the context takes, and 1 to 64 bits a weight.";
        for (const name of ["date", "chance", "score", "params"]) say(name, "-");
        notes.textContent = "";
        return;
      }
      const years = can.years(score, params), by = data.year_centre + time, median = ends(can.scores(params, time), data.ci);
      figure.querySelector(".asked").textContent = `${asked.of === "frontier" ? "Frontier" : "Typical release"} on ${bench.name}: ${size(params)} parameters${asked.room}, score ${share(2)(score)}, ${asked.date}`;
      say("date", interval(ends(years, data.ci), day));
      say("chance", share(2)(years.filter((year) => year <= by).length / data.draws));
      say("score", interval(median, share(3)));
      say("params", interval(ends(can.sizes(score, time), data.ci), size));
      const said = [], never = years.filter((year) => !isFinite(year)).length / data.draws, unable = can.unable(score);
      if (years.filter((year) => year <= data.year_centre + data.grid[0]).length > data.draws / 2) said.push(`Already so at the first release, ${day(data.year_centre + data.grid[0])}.`);
      if (never > 0) said.push(`P(never) ${share(2)(never)}.`);
      if (unable > 0.5) said.push(`No model is known to be able to have ${share(2)(score)} on ${bench.name}.`);
      else if (Math.max(score, median[1]) >= bench.reach) said.push(`Beyond ${share(2)(bench.reach)} on ${bench.name}, the best of the yardstick, the size that a score stands for is less well known.`);
      if (asked.date > data.last) said.push(`${asked.date} lies beyond the last release, ${data.last}.`);
      if (params < data.known_sizes[0] || params > data.known_sizes[1]) said.push("No LLM of the fit has such a size.");
      notes.textContent = said.join(" ");
      draw(asked, can);
    }

    // Score of the size against date, with what is asked.
    function draw({ bench, params, score, time, of }, can) {
      const width = Math.max(280, canvas.clientWidth), height = 230, right = width - MARGIN.right, bottom = height - MARGIN.bottom;
      const { times, dates } = data, first = times[0], last = times[times.length - 1];
      const curve = times.map((at) => ends(can.scores(params, at), data.ci));
      const low = Math.floor(10 * Math.min(score, ...curve.map((row) => row[0]))) / 10, step = low < 0.5 ? 0.2 : 0.1;
      const x = (at) => (MARGIN.left + ((at - first) / (last - first)) * (right - MARGIN.left)).toFixed(1);
      const y = (value) => (bottom - ((value - low) / (1 - low)) * (bottom - MARGIN.top)).toFixed(1);
      node(canvas, "svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `Score of ${size(params)} parameters on ${bench.name} against date, ${of}: median and interval` });
      const svg = canvas.firstChild, line = (kind, x1, y1, x2, y2) => node(svg, "line", { class: kind, x1, y1, x2, y2 });
      for (let tick = 1; tick > low - 0.001; tick -= step) {
        line("grid", MARGIN.left, y(tick), right, y(tick));
        node(svg, "text", { x: MARGIN.left - 6, y: Number(y(tick)) + 4, "text-anchor": "end" }, share(1)(tick));
      }
      dates.forEach((one, k) => {
        if (one.slice(5, 7) !== "01") return;
        line("grid", x(times[k]), MARGIN.top, x(times[k]), bottom);
        node(svg, "text", { x: x(times[k]), y: bottom + 17, "text-anchor": "middle" }, one.slice(0, 4));
      });
      const edge = (end) => curve.map((row, k) => x(times[k]) + " " + y(row[end]));
      node(svg, "path", { class: "band s0", d: "M" + [...edge(2), ...edge(0).reverse()].join("L") + "Z" });
      node(svg, "path", { class: "curve s0", d: "M" + edge(1).join("L") });
      line("one", x(data.end), MARGIN.top, x(data.end), bottom);
      line("pick", MARGIN.left, y(score), right, y(score));
      line("pick", x(time), MARGIN.top, x(time), bottom);
      node(svg, "circle", { class: "at s0", cx: x(time), cy: y(ends(can.scores(params, time), data.ci)[1]), r: 4 });
      node(svg, "text", { x: 0, y: 9 }, `score of ${size(params)} parameters`);
      node(svg, "text", { x: right, y: 9, "text-anchor": "end" }, "dashed: last release");
    }

    field("benchmark").addEventListener("change", () => { offer(); update(); });
    figure.querySelector(".controls").addEventListener("input", update);
    offer();
    let drawn = canvas.clientWidth;
    update();
    new ResizeObserver(() => { if (canvas.clientWidth !== drawn) { drawn = canvas.clientWidth; update(); } }).observe(canvas);
    window.addEventListener("beforeprint", update);
  };

  document.querySelectorAll("figure.calculator").forEach(begin);
})();

"use strict";
// The chart of densities. Every number it shows comes from the JSON beside it.
(() => {
  const SVG = "http://www.w3.org/2000/svg", DAY = 86400000, NEAR = 24;
  const MARGIN = { left: 52, right: 14, top: 22, bottom: 30 };

  const node = (name, attributes = {}, parent = null, text = "") => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  const html = (name, attributes = {}, parent = null, text = "") => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  // Three significant digits, written out.
  const short = (value) => {
    const rounded = Number(value.toPrecision(3));
    return Math.abs(rounded) >= 1e6 ? rounded.toExponential(2) : String(rounded);
  };
  const size = (value) => {
    const [unit, letter] = value >= 1e12 ? [1e12, "T"] : value >= 1e9 ? [1e9, "B"] : [1e6, "M"];
    return short(value / unit) + letter;
  };
  const days = (date) => Date.parse(date + "T00:00:00Z") / DAY;

  // One shape for each series, so that colour is not all that tells them apart.
  const SHAPES = [
    "M0-4A4 4 0 1 0 0 4A4 4 0 1 0 0-4Z", "M-3.6-3.6H3.6V3.6H-3.6Z", "M0-4.8L4.6 3.6H-4.6Z", "M0-5L5 0L0 5L-5 0Z",
    "M0 4.8L4.6-3.6H-4.6Z", "M-1.5-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",
    "M-4.5-2L0-4.5L4.5-2V2L0 4.5L-4.5 2Z", "M-2-4.5H2L4.5 0L2 4.5H-2L-4.5 0Z",
  ];
  const look = (k) => ({ shape: SHAPES[k % SHAPES.length], tone: "s" + (k % SHAPES.length) });

  const logTicks = (low, high) => {
    const found = [], wide = high / low > 300;
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const step of wide ? [1] : [1, 2, 5]) found.push(step * 10 ** power);
    return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  };
  const linearTicks = (low, high) => {
    const raw = (high - low) / 6, unit = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * unit).find((one) => one >= raw);
    return Array.from({ length: Math.floor(high / step) + 1 }, (_, k) => k * step);
  };
  const dateTicks = (first, last, room) => {
    const found = [], start = new Date(first * DAY), months = (last - first) / 30.4;
    const step = [1, 3, 6, 12, 24].find((one) => months / one <= room / 75) || 48;
    for (let year = start.getUTCFullYear(), month = 0; ; month += step) {
      const at = Date.UTC(year, month, 1) / DAY;
      if (at > last) return found;
      if (at >= first) found.push([at, new Date(at * DAY).toISOString().slice(0, 7)]);
    }
  };

  const begin = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const canvas = figure.querySelector(".canvas"), controls = figure.querySelector(".controls");
    const status = figure.querySelector(".found"), search = controls.querySelector("input[type=search]");
    const select = controls.querySelector("select"), percent = Math.round(100 * data.ci) + "%";
    for (const part of [canvas, controls, figure.querySelector(".keys")]) part.hidden = false;
    const several = data.kind === "fits";
    const state = { on: new Set(several ? data.series.keys() : [0]), log: true, chosen: -1 };
    let points = [];

    for (const family of [...new Set(data.llms.map((llm) => llm.family))].sort((a, b) => a.localeCompare(b)))
      html("option", { value: family }, select, family);
    data.series.forEach((series, k) => {
      const label = html("label", {}, controls.querySelector(".series"));
      const box = html("input", { type: "checkbox", value: series.name }, label);
      box.checked = state.on.has(k);
      const swatch = node("svg", { class: "swatch", viewBox: "-7 -7 14 14", "aria-hidden": "true" }, label);
      node("path", { d: look(k).shape, class: "mark full " + look(k).tone }, swatch);
      label.append(" " + series.name);
      box.addEventListener("change", () => {
        if (box.checked) state.on.add(k); else state.on.delete(k);
        draw();
      });
    });
    search.addEventListener("input", () => draw());
    select.addEventListener("change", () => draw());
    for (const radio of controls.querySelectorAll(".scale input"))
      radio.addEventListener("change", () => { state.log = radio.value === "log"; draw(); });

    const svg = node("svg", { tabindex: "0", role: "application", "aria-roledescription": "chart" }, canvas);
    svg.setAttribute("aria-label", "Density of LLMs against release date; arrow keys move from LLM to LLM");
    const tip = html("div", { class: "tip" }, canvas), spoken = html("div", { class: "skip", role: "status" }, canvas);
    tip.hidden = true;

    const matches = (llm) => {
      const wanted = search.value.trim().toLowerCase();
      return (!wanted || (llm.name + " " + llm.family).toLowerCase().includes(wanted)) && (!select.value || llm.family === select.value);
    };

    function draw() {
      const width = Math.max(280, canvas.clientWidth), height = Math.max(320, Math.min(460, width * 0.62));
      svg.replaceChildren();
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("height", height);
      state.chosen = -1;
      show(-1);
      const dates = data.dates.map(days), shown = [...state.on].sort((a, b) => a - b);
      const first = dates[0] - 20, last = dates[dates.length - 1] + 20;
      const values = [1];
      for (const k of shown) {
        for (const point of data.series[k].points) values.push(point[1], point[3]);
        values.push(...data.series[k].frontier.flat().filter((value) => value !== null));
      }
      // On a linear axis one long interval would flatten everything: medians decide there.
      const medians = shown.flatMap((k) => [...data.series[k].points.map((p) => p[2]), ...data.series[k].frontier[1].filter((v) => v !== null)]);
      const high = state.log ? Math.max(...values) * 1.15 : Math.max(1, ...medians) * 1.1;
      const low = state.log ? Math.min(...values) / 1.15 : 0;
      const inner = { right: width - MARGIN.right, bottom: height - MARGIN.bottom };
      const x = (day) => MARGIN.left + ((day - first) / (last - first)) * (inner.right - MARGIN.left);
      const share = (value) => (state.log ? Math.log(value / low) / Math.log(high / low) : value / high);
      const y = (value) => inner.bottom - share(Math.min(value, high)) * (inner.bottom - MARGIN.top);

      for (const tick of state.log ? logTicks(low, high) : linearTicks(low, high)) {
        node("line", { class: "grid", x1: MARGIN.left, x2: inner.right, y1: y(tick), y2: y(tick) }, svg);
        node("text", { x: MARGIN.left - 6, y: y(tick) + 4, "text-anchor": "end" }, svg, short(tick));
      }
      for (const [at, label] of dateTicks(first, last, inner.right - MARGIN.left)) {
        node("line", { class: "grid", x1: x(at), x2: x(at), y1: MARGIN.top, y2: inner.bottom }, svg);
        node("text", { x: x(at), y: inner.bottom + 18, "text-anchor": "middle" }, svg, label);
      }
      node("line", { class: "one", x1: MARGIN.left, x2: inner.right, y1: y(1), y2: y(1) }, svg);

      const path = (row) => row.reduce((d, value, k) => (value === null ? d : d + (d && row[k - 1] !== null ? "L" : "M") + x(dates[k]).toFixed(1) + " " + y(value).toFixed(1)), "");
      const named = [];
      for (const k of shown) {
        const { frontier, mean } = data.series[k], group = node("g", { class: look(k).tone }, svg);
        const known = frontier[1].flatMap((value, at) => (value === null ? [] : [at]));
        const edge = (row, at) => x(dates[at]).toFixed(1) + " " + y(row[at]).toFixed(1);
        const band = [...known.map((at) => edge(frontier[2], at)), ...known.slice().reverse().map((at) => edge(frontier[0], at))];
        node("path", { class: "band", d: "M" + band.join("L") + "Z" }, group);
        node("path", { class: "curve", d: path(frontier[1]) }, group);
        if (mean) node("path", { class: "curve mean", d: path(mean[1]) }, group);
        named.push([group, "frontier", frontier[1], known], ...(mean ? [[group, "mean", mean[1], known]] : []));
      }

      points = [];
      const wanted = search.value.trim() || select.value;
      const found = new Set(data.llms.filter(matches).map((llm) => llm.name));
      for (const k of shown) {
        const group = node("g", { class: look(k).tone }, svg);
        for (const [place, lower, median, upper] of data.series[k].points) {
          const llm = data.llms[place], lit = found.has(llm.name);
          const mark = node("g", { class: wanted ? (lit ? "lit" : "faded") : "", "data-llm": llm.name, "data-series": data.series[k].name }, group);
          const at = x(days(llm.date));
          node("line", { class: "bar", x1: at, x2: at, y1: y(Math.max(lower, low)), y2: y(upper) }, mark);
          node("path", { class: "mark" + (wanted && lit ? " full" : ""), d: look(k).shape, transform: `translate(${at.toFixed(1)} ${y(median).toFixed(1)})` }, mark);
          points.push({ k, llm, lower, median, upper, x: at, y: y(median), mark, lit });
        }
      }
      if (shown.length === 1)
        for (const [group, name, row, known] of named) {
          const at = known[Math.floor(known.length * 0.93)];
          svg.append(node("g", { class: group.getAttribute("class") }));
          node("text", { class: "name", x: x(dates[at]), y: y(row[at]) - 8, "text-anchor": "end" }, svg.lastChild, name);
        }
      node("text", { x: MARGIN.left - 44, y: 8 }, svg, state.log ? "density, log axis" : "density");
      points.sort((a, b) => a.x - b.x || a.median - b.median);
      const here = new Set(points.filter((point) => point.lit).map((point) => point.llm.name)).size;
      status.textContent = wanted ? `${here} of ${new Set(points.map((point) => point.llm.name)).size} LLMs highlighted` : "";
    }

    function show(index) {
      if (state.chosen >= 0 && points[state.chosen]) points[state.chosen].mark.classList.remove("chosen");
      state.chosen = index;
      tip.hidden = index < 0;
      if (index < 0) { spoken.textContent = ""; return; }
      const point = points[index], { llm } = point;
      point.mark.classList.add("chosen");
      point.mark.parentNode.append(point.mark);
      tip.replaceChildren();
      html("strong", {}, tip, llm.name);
      const lines = [
        `${llm.family}, released ${llm.date}, ${size(llm.params)} parameters`,
        `density ${short(point.median)} [${short(point.lower)}, ${short(point.upper)}] (${percent} interval), ${data.series[point.k].name}`,
      ];
      if (!several) lines.push(`P(on the frontier) ${llm.on_frontier.toFixed(2)}`);
      for (const line of lines) html("div", {}, tip, line);
      spoken.textContent = [llm.name, ...lines].join("; ");
      const box = canvas.getBoundingClientRect(), own = tip.getBoundingClientRect();
      const left = Math.max(0, Math.min(box.width - own.width, point.x + 12 + own.width > box.width ? point.x - own.width - 12 : point.x + 12));
      tip.style.left = left + "px";
      tip.style.top = Math.max(0, point.y - own.height - 10) + "px";
    }

    const nearest = (event) => {
      const box = svg.getBoundingClientRect(), at = [event.clientX - box.left, event.clientY - box.top];
      let best = -1, least = NEAR ** 2;
      points.forEach((point, k) => {
        const far = (point.x - at[0]) ** 2 + (point.y - at[1]) ** 2;
        if (far < least && (point.lit || !(search.value.trim() || select.value))) [best, least] = [k, far];
      });
      return best;
    };
    svg.addEventListener("pointermove", (event) => { const k = nearest(event); if (k !== state.chosen) show(k); });
    svg.addEventListener("pointerdown", (event) => show(nearest(event)));
    svg.addEventListener("pointerleave", () => show(-1));
    svg.addEventListener("blur", () => show(-1));
    svg.addEventListener("keydown", (event) => {
      const order = points.map((point, k) => (point.lit ? k : -1)).filter((k) => k >= 0);
      if (!order.length) return;
      const at = order.indexOf(state.chosen), end = order.length - 1;
      const to = { ArrowRight: Math.min(at + 1, end), ArrowDown: Math.min(at + 1, end), ArrowLeft: at < 0 ? end : Math.max(at - 1, 0), ArrowUp: at < 0 ? end : Math.max(at - 1, 0), Home: 0, End: end }[event.key];
      if (event.key === "Escape") show(-1);
      else if (to !== undefined) show(order[to]);
      else return;
      event.preventDefault();
    });

    let drawn = 0;
    new ResizeObserver(() => { if (canvas.clientWidth !== drawn) { drawn = canvas.clientWidth; draw(); } }).observe(canvas);
    window.addEventListener("beforeprint", draw);
  };

  document.querySelectorAll("figure.chart").forEach(begin);
  // What is folded would be lost on paper.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")].filter((one) => !one.classList.contains("code"));
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
})();

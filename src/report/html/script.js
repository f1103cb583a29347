"use strict";
// Draws the charts anew, so that they can be zoomed, and shows what is under the pointer. Texts only ever become text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const NS = "http://www.w3.org/2000/svg";
  // Sizes in pixels, the same as in the picture that stands here without a script.
  const NAME = 20, FIRST = 220, FURTHER = 84, AXIS = 24, RIGHT = 18, DATE = 76, CHARACTER = 6.4, APART = 20, SPARSE = 9, SIZE = 46, DENSE = 2;
  const rows = document.querySelectorAll("#deploys tbody tr");

  const make = (name, attributes, text) => {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const html = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const px = (value) => value.toFixed(1);
  const cut = (text, pixels) => {
    const most = Math.max(3, Math.floor(pixels / CHARACTER)), all = Array.from(text);
    return all.length > most ? all.slice(0, most - 1).join("") + "…" : text;
  };
  const letters = (text) => ("Segmenter" in Intl ? Array.from(new Intl.Segmenter("en").segment(text), (s) => s.segment) : Array.from(text));
  // Of a name that is cut the end stays, which often tells it from others.
  const cutWithin = (text, pixels) => {
    const most = Math.max(3, Math.floor(pixels / CHARACTER)), all = letters(text), end = Math.min(4, most >> 1);
    return all.length > most ? [...all.slice(0, most - 1 - end), "…", ...all.slice(all.length - end)].join("") : text;
  };
  // The first place in a sorted list whose value is at least this.
  const place = (list, value) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
  };

  // Clocks of the report's zone. A local time is written as the Unix seconds that UTC would have at it.
  const starts = data.offsets.map((o) => o[0]);
  const ahead = (at) => data.offsets[Math.max(0, place(starts, at + 1) - 1)][1];
  const local = (at) => at + ahead(at);
  const unlocal = (clock) => {
    for (let i = 0; i < data.offsets.length; i++) {
      const at = clock - data.offsets[i][1];
      const from = i === 0 ? -Infinity : starts[i], to = i + 1 < starts.length ? starts[i + 1] : Infinity;
      if (at >= from && at < to) return at;
    }
    return null;
  };
  const two = (n) => String(n).padStart(2, "0");
  const parts = (clock) => {
    const d = new Date(clock * 1000);
    return { year: d.getUTCFullYear(), month: d.getUTCMonth(), day: d.getUTCDate(), hour: d.getUTCHours(), minute: d.getUTCMinutes() };
  };
  const date = (p) => `${p.year}-${two(p.month + 1)}-${two(p.day)}`;
  const clock = (at) => {
    const p = parts(local(at)), midnight = p.hour === 0 && p.minute === 0;
    return midnight ? date(p) : `${date(p)} ${two(p.hour)}:${two(p.minute)}`;
  };

  const DAY = 86400;
  const monthStart = (number) => Date.UTC(Math.floor(number / 12), ((number % 12) + 12) % 12, 1) / 1000;
  const floor = (at, unit, n) => {
    if (unit === "month") {
      const p = parts(at), number = p.year * 12 + p.month;
      return monthStart(Math.floor(number / n) * n);
    }
    if (unit === "day") {
      // Days are counted from Monday, the first of January of the year 1.
      const number = Math.floor(at / DAY) + 719162;
      return (Math.floor(number / n) * n - 719162) * DAY;
    }
    return at - ((((at % DAY) + DAY) % DAY) % (60 * n));
  };
  const next = (at, unit, n) => {
    if (unit === "day") return at + n * DAY;
    if (unit === "minute") return at + n * 60;
    const p = parts(at);
    return monthStart(p.year * 12 + p.month + n);
  };
  const dateLabel = (at, before, unit, n) => {
    const p = parts(at), b = before === null ? null : parts(before);
    const sameYear = b && b.year === p.year, sameDay = b && date(b) === date(p);
    const day = `${two(p.month + 1)}-${two(p.day)}`, time = `${two(p.hour)}:${two(p.minute)}`;
    if (unit === "month") return n >= 12 ? String(p.year) : `${p.year}-${two(p.month + 1)}`;
    if (unit === "day") return sameYear ? day : date(p);
    if (sameDay) return time;
    return p.hour === 0 && p.minute === 0 ? day : `${day} ${time}`;
  };
  const dateTicks = (from, to, most) => {
    const rung = data.ladder.find((r) => (to - from) / r[2] <= Math.max(1, most)) || data.ladder[data.ladder.length - 1];
    const [unit, n] = rung, last = local(to), found = [];
    for (let at = floor(local(from), unit, n), before = null; at <= last; at = next(at, unit, n)) {
      const unix = unlocal(at);
      if (unix === null || unix < from || unix > to) continue;
      found.push([unix, dateLabel(at, before, unit, n)]);
      before = at;
    }
    return found;
  };

  const numberRange = (low, high) => {
    if (low > high) return null;
    if (low === high) { const around = low === 0 ? 1 : Math.abs(low) * 0.1; return [low - around, high + around]; }
    const pad = 0.06 * (high - low);
    return [low >= 0 && low < 0.4 * high ? 0 : low - pad, high + pad];
  };
  const numberTicks = ([from, to], most) => {
    const rough = (to - from) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999999) || 10 * power, found = [];
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9 * step && found.length <= most; i++) found.push(i * step || 0);
    return [found, step];
  };
  const numberLabel = (value, step) => {
    const size = Math.max(Math.abs(value), step);
    if (size >= 1e15 || (value !== 0 && size < 1e-6)) return value.toExponential(1);
    const [scale, letter] = [[1e12, "T"], [1e9, "B"], [1e6, "M"]].find(([s]) => size >= s) || [1, ""];
    const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step / scale) + 1e-9)));
    const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    return (value / scale).toLocaleString("en-US", options) + letter;
  };
  const exact = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: Math.abs(value) < 1000 ? 4 : 15, maximumFractionDigits: 1 });

  // The edges of the buckets from runs of equal lengths.
  for (const panel of data.panels) {
    const edges = new Float64Array(panel.values.length + 1);
    let at = panel.first, i = 0;
    edges[i++] = at;
    for (const [step, n] of panel.runs) for (let k = 0; k < n; k++) edges[i++] = at += step;
    panel.edges = edges;
    panel.middles = edges.subarray(0, -1).map((edge, k) => (edge + edges[k + 1]) / 2);
  }
  const byLane = data.lanes.map(() => []);
  data.marks.forEach((mark, i) => byLane[mark[1]].push(i));
  const times = byLane.map((list) => list.map((i) => data.marks[i][0]));
  const symbol = (lane) => data.symbols[(lane + Math.floor(lane / data.colours)) % data.symbols.length];
  const colour = (lane) => "c" + (lane % data.colours);

  // The line through points `from` to `to`; `x` and `y` say where a time and a value are drawn. Of all points in one column of pixels the
  // first, lowest, highest and last are kept: a long line is short and loses no spike.
  const path = (times, values, from, to, x, y) => {
    const out = [];
    let column = NaN, first = 0, low = 0, high = 0, last = -1, length = 0, gap = false;
    const put = (i) => out.push(length++ ? "L" : "M", x(times[i]).toFixed(1), ",", y(values[i]).toFixed(1));
    const flush = () => {
      if (last < 0) return;
      const a = Math.min(low, high), b = Math.max(low, high);
      put(first);
      if (a > first) put(a);
      if (b > a && b < last) put(b);
      if (last > a && last > first) put(last);
      last = -1;
    };
    const end = () => { flush(); if (length === 1) out.push("h0"); length = 0; };
    for (let i = from; i < to; i++) {
      const value = values[i];
      if (value === null) { gap = true; continue; }
      const number = Math.floor(x(times[i]));
      if (gap && !(number - column <= 1)) end();
      gap = false;
      if (number === column && last >= 0) {
        if (value < values[low]) low = i;
        if (value > values[high]) high = i;
        last = i;
      } else {
        flush();
        column = number;
        first = low = high = last = i;
      }
    }
    end();
    return out.join("");
  };

  class Chart {
    constructor(box) {
      this.box = box;
      this.near = box.dataset.view === "near";
      this.home = this.near ? data.near : data.span;
      [this.from, this.to] = this.home;
      this.panels = this.near ? data.panels.slice(0, 1) : data.panels;
      this.on = new Set(data.lanes.keys());
      data.lanes.forEach((lane, i) => { if (!(this.near ? lane.near : lane.on)) this.on.delete(i); });
      this.current = null;
      this.label = box.querySelector("svg").getAttribute("aria-label");
      this.plot = html("div", "plot");
      this.tip = html("p", "tip");
      this.tip.setAttribute("role", "status");
      this.tip.hidden = true;
      box.replaceChildren(this.controls(), this.plot, this.tip);
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", this.near ? "Chart of the days around the change" : "Chart of the whole metric");
      box.setAttribute("aria-describedby", "keys");
      box.addEventListener("keydown", (event) => this.key(event));
      box.addEventListener("blur", () => this.hide());
      this.plot.addEventListener("pointermove", (event) => this.hover(event));
      this.plot.addEventListener("pointerleave", () => { if (!this.drag) this.hide(); });
      this.plot.addEventListener("pointerdown", (event) => this.grab(event));
      this.plot.addEventListener("pointerup", (event) => this.drop(event));
      this.plot.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
      if (!this.near) this.overview = new Overview(this);
      let width = 0;
      new ResizeObserver(() => {
        if (Math.abs(box.clientWidth - width) < 2) return;
        width = box.clientWidth;
        this.draw();
      }).observe(box);
      this.draw();
    }

    controls() {
      const bar = html("div", "controls");
      const button = (label, title, deed) => {
        const b = html("button", "", label);
        b.type = "button";
        b.title = title;
        b.setAttribute("aria-label", title);
        b.addEventListener("click", deed);
        bar.append(b);
      };
      button("+", "Zoom in", () => this.zoom(0.5));
      button("−", "Zoom out", () => this.zoom(2));
      button("←", "Earlier", () => this.pan(-0.25));
      button("→", "Later", () => this.pan(0.25));
      if (data.near && !this.near) button("Change", "Zoom to the change", () => this.show(...data.near));
      button("Reset", "Show everything", () => this.show(...this.home));
      this.range = html("span", "range");
      bar.append(this.range);
      return bar;
    }

    show(from, to) {
      const [first, last] = data.span, least = 60;
      const length = Math.min(Math.max(to - from, least), Math.max(last - first, this.home[1] - this.home[0]));
      const low = Math.min(first, this.home[0]), high = Math.max(last, this.home[1]);
      from = Math.min(Math.max(from, low), Math.max(low, high - length));
      this.from = from;
      this.to = from + length;
      this.draw();
    }
    zoom(factor) {
      const middle = this.current === null ? (this.from + this.to) / 2 : data.marks[this.current][0];
      const share = Math.min(1, Math.max(0, (middle - this.from) / (this.to - this.from)));
      const length = (this.to - this.from) * factor;
      this.show(middle - share * length, middle + (1 - share) * length);
    }
    pan(share) {
      const by = share * (this.to - this.from);
      this.show(this.from + by, this.to + by);
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.box) return;
      const deeds = {
        "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), "0": () => this.show(...this.home),
        Home: () => this.show(...this.home), ArrowLeft: () => this.pan(-0.1), ArrowRight: () => this.pan(0.1),
        ".": () => this.step(1), n: () => this.step(1), ",": () => this.step(-1), p: () => this.step(-1), Escape: () => this.hide(),
      };
      const deed = deeds[event.key];
      if (!deed) return;
      event.preventDefault();
      deed();
    }
    // Goes to the next or previous deployment that is shown.
    step(by) {
      const seen = (i) => i >= 0 && i < data.marks.length;
      let i = this.current;
      if (i === null) {
        i = data.marks.findIndex((mark) => mark[0] >= this.from && this.on.has(mark[1]));
        if (i >= 0 && by < 0) i -= 1;
        if (i >= 0 && by > 0) i -= by;
      }
      do i += by; while (seen(i) && !this.on.has(data.marks[i][1]));
      if (!seen(i)) return;
      const at = data.marks[i][0];
      this.current = i;
      if (at < this.from || at > this.to) {
        const half = (this.to - this.from) / 2;
        this.show(at - half, at + half);
      } else this.draw();
      this.tell(i);
    }

    // The middle of the marks of a lane; above them is room for their numbers.
    middle(row) { return this.lanes + this.lane * (row + (this.near ? 0.7 : 0.5)); }
    x(at) { return this.left + (at - this.from) / (this.to - this.from) * (this.right - this.left); }
    at(x) { return this.from + (x - this.left) / (this.right - this.left) * (this.to - this.from); }

    draw() {
      const width = Math.max(240, this.plot.clientWidth || this.box.clientWidth || 960);
      this.left = Math.min(136, width * 0.22);
      this.right = width - RIGHT;
      const tops = [];
      let top = 0;
      this.panels.forEach((panel, i) => {
        const height = i === 0 ? FIRST : FURTHER;
        tops.push([top + NAME, top + NAME + height]);
        top += NAME + height + 6;
      });
      this.shown = [...this.on].sort((a, b) => a - b);
      this.lanes = top + 6;
      this.lane = this.near ? 27 : 16;
      this.axis = this.lanes + this.lane * this.shown.length + 4;
      this.tops = tops;
      const height = this.axis + AXIS;
      const svg = make("svg", { class: "chart", viewBox: `0 0 ${width} ${px(height)}`, role: "img", "aria-label": this.label });
      this.dates(svg);
      this.panels.forEach((panel, i) => this.panel(svg, panel, tops[i]));
      this.rows(svg);
      this.panels.forEach((panel, i) => this.bands(svg, panel, tops[i]));
      this.plot.replaceChildren(svg);
      this.svg = svg;
      this.range.textContent = `${clock(this.from)} – ${clock(this.to)}`;
      if (this.overview) this.overview.draw();
    }
    dates(svg) {
      for (const [at, label] of dateTicks(this.from, this.to, Math.max(1, Math.floor((this.right - this.left) / DATE)))) {
        const x = px(this.x(at));
        svg.append(make("path", { class: "grid", d: `M${x},0V${px(this.axis)}` }),
          make("text", { class: "tick date", x, y: px(this.axis + 15) }, label));
      }
      svg.append(make("path", { class: "axis", d: `M${px(this.left)},${px(this.axis)}H${px(this.right)}` }));
    }
    panel(svg, panel, [top, bottom]) {
      const unit = panel.unit ? ` (${panel.unit})` : "";
      svg.append(make("text", { class: "name", x: px(this.left), y: px(top - 7) },
        cut(`${panel.name}${unit} per ${panel.step}`, this.right - this.left)));
      const first = place(panel.middles, this.from), last = place(panel.middles, this.to + 1);
      let low = Infinity, high = -Infinity;
      const see = (value) => { if (value !== null) { if (value < low) low = value; if (value > high) high = value; } };
      for (let i = first; i < last; i++) see(panel.values[i]);
      for (const s of panel.slopes) if (s[0] <= this.to && s[2] >= this.from) { see(s[1]); see(s[3]); }
      const values = numberRange(low, high);
      if (!values) {
        svg.append(make("text", { class: "said", x: px(this.left + 8), y: px(bottom - 8) }, "no values"));
        return;
      }
      const y = (value) => bottom - (value - values[0]) / (values[1] - values[0]) * (bottom - top);
      const [ticks, step] = numberTicks(values, bottom - top > 120 ? 5 : 4);
      for (const tick of ticks) {
        svg.append(make("path", { class: "grid", d: `M${px(this.left)},${px(y(tick))}H${px(this.right)}` }),
          make("text", { class: "tick number", x: px(this.left - 7), y: px(y(tick) + 4) }, numberLabel(tick, step)));
      }
      // Buckets that were not over are dotted.
      const over = Math.max(0, place(panel.edges, data.asOf + 1) - 1);
      const scale = (this.right - this.left) / (this.to - this.from), left = this.left - this.from * scale;
      const x = (at) => left + at * scale;
      const line = (from, to) => path(panel.middles, panel.values, Math.max(first, from), Math.min(last, to), x, y);
      const dense = last - first > DENSE * (this.right - this.left);
      svg.append(make("path", { class: dense ? "line dense" : "line", d: line(0, over) }));
      const known = [];
      const sparse = (this.right - this.left) / (last - first) >= SPARSE;
      for (let i = first; sparse && i < last; i++) if (panel.values[i] !== null) known.push(`M${px(this.x(panel.middles[i]))},${px(y(panel.values[i]))}h0`);
      if (known.length) svg.append(make("path", { class: "points", d: known.join("") }));
      if (over < panel.values.length) svg.append(make("path", { class: "line open", d: line(Math.max(0, over - 1), panel.values.length) }));
      for (const [t1, v1, t2, v2] of panel.slopes) {
        const x1 = this.x(t1), x2 = this.x(t2), a = Math.max(x1, this.left), b = Math.min(x2, this.right);
        const along = (x) => y(x1 === x2 ? v1 : v1 + (x - x1) / (x2 - x1) * (v2 - v1));
        if (a >= b) continue;
        const d = `M${px(a)},${px(along(a))}L${px(b)},${px(along(b))}`;
        // A rim of paper keeps it apart from a line that fills the plot.
        if (dense) svg.append(make("path", { class: "rim", d }));
        svg.append(make("path", { class: "level", d }));
      }
    }
    bands(svg, panel, [top, bottom]) {
      let free = -Infinity;
      for (const band of panel.bands) {
        const from = Math.max(this.x(band.from), this.left), to = Math.min(this.x(band.to), this.right), x = this.x(band.onset);
        const kind = band.meant ? band.verdict : "other", end = panel.through && band.meant ? this.axis : bottom;
        if (band.meant && to > this.left && from < this.right) {
          svg.append(make("rect", { class: `band ${kind}`, x: px(from), y: px(top), width: px(Math.max(1.5, to - from)), height: px(end - top) }));
        }
        if (x < this.left || x > this.right) continue;
        const late = x > this.right - 60;
        svg.append(make("path", { class: `onset ${kind}`, d: `M${px(x)},${px(top)}V${px(end)}` }));
        if (x < free) continue;
        free = x + SIZE;
        svg.append(make("text", { class: `effect ${kind}`, x: px(late ? x - 5 : x + 5), y: px(top + 11), "text-anchor": late ? "end" : "start" }, band.effect));
      }
    }
    rows(svg) {
      this.shown.forEach((lane, row) => {
        const y = this.middle(row), shape = symbol(lane);
        svg.append(make("path", { class: "grid", d: `M${px(this.left)},${px(y)}H${px(this.right)}` }),
          make("path", { class: `mark ${colour(lane)}`, d: `M10,${px(y)}${shape}` }),
          make("text", { class: "lane", x: 20, y: px(y + 4) }, cutWithin(data.lanes[lane].name, this.left - 24)));
        const list = byLane[lane], first = place(times[lane], this.from), last = place(times[lane], this.to + 1);
        let d = "", before = null;
        const numbered = [];
        for (let k = first; k < last; k++) {
          const mark = data.marks[list[k]], x = this.x(mark[0]), half = Math.round(2 * x);
          if (mark[2]) numbered.push([mark[2], x]);
          if (half === before) continue;
          before = half;
          d += `M${px(half / 2)},${px(y)}${shape}`;
        }
        if (d) svg.append(make("path", { class: `mark ${colour(lane)}`, d, "data-lane": lane }));
        numbered.sort((a, b) => a[0] - b[0]);
        const taken = [], labels = [];
        for (const [number, x] of numbered) {
          svg.append(make("path", { class: `mark suspect ${colour(lane)}`, d: `M${px(x)},${px(y)}${shape}`, "data-place": number }));
          if (!this.near && number > data.numbers) continue;
          if (taken.some((other) => Math.abs(other - x) <= (this.near ? 14 : APART))) continue;
          labels.push(this.near ? make("text", { class: "place above", x: px(x), y: px(y - 7) }, number)
            : make("text", { class: "place", x: px(x + 6), y: px(y + 4) }, number));
          taken.push(x);
        }
        svg.append(...labels);
      });
      if (this.current !== null) {
        const [at, lane] = data.marks[this.current], row = this.shown.indexOf(lane);
        if (row >= 0 && at >= this.from && at <= this.to) {
          svg.append(make("circle", { class: "here", cx: px(this.x(at)), cy: px(this.middle(row)), r: 8 }));
        }
      }
    }

    // Where the pointer is in the drawing.
    where(event) {
      const rect = this.svg.getBoundingClientRect(), scale = this.svg.viewBox.baseVal.width / rect.width;
      return [(event.clientX - rect.left) * scale, (event.clientY - rect.top) * scale];
    }
    nearest(x, y) {
      const row = Math.floor((y - this.lanes) / this.lane), lane = this.shown[row];
      if (row < 0 || lane === undefined) return null;
      const k = place(times[lane], this.at(x));
      let best = null, least = 9;
      for (const i of [k - 1, k]) {
        if (i < 0 || i >= times[lane].length) continue;
        const distance = Math.abs(this.x(times[lane][i]) - x);
        if (distance < least) { best = byLane[lane][i]; least = distance; }
      }
      return best;
    }
    hover(event) {
      const [x, y] = this.where(event);
      if (this.drag) {
        this.drag.to = x;
        this.stretch();
        return;
      }
      const mark = this.nearest(x, y);
      if (mark !== null) { this.tell(mark); return; }
      const i = this.tops.findIndex(([top, bottom]) => y >= top && y <= bottom);
      if (i >= 0 && x >= this.left && x <= this.right) this.value(this.panels[i], x, y); else this.hide();
    }
    value(panel, x, y) {
      const i = Math.min(panel.values.length - 1, Math.max(0, place(panel.edges, this.at(x) + 1) - 1));
      const value = panel.values[i];
      const text = value === null ? "no value" : `${exact(value)}${panel.unit ? " " + panel.unit : ""}`;
      this.say([html("b", "", text), html("span", "", ` ${clock(panel.edges[i])}`)], this.x(panel.middles[i]), y);
    }
    // The deployment as its row of the table says it.
    tell(i) {
      const [at, lane, number] = data.marks[i], cells = rows[i] ? rows[i].cells : [], row = this.shown.indexOf(lane);
      const text = (k) => (cells[k] ? cells[k].textContent : "");
      const said = [html("b", "", `${text(1)}${number ? `  #${number}` : ""}`), html("span", "", `${text(0)}`),
        html("span", "", [text(2), text(3)].filter(Boolean).join(" · ")), html("span", "message", text(4))];
      said[3].dir = "auto";
      this.say(said.filter((line) => line.textContent), this.x(at), this.middle(row));
    }
    say(lines, x, y) {
      const box = this.box.getBoundingClientRect(), plot = this.plot.getBoundingClientRect();
      const scale = plot.width / this.svg.viewBox.baseVal.width;
      this.tip.replaceChildren(...lines);
      this.tip.hidden = false;
      const left = plot.left - box.left + x * scale, wide = this.tip.offsetWidth;
      this.tip.style.left = `${Math.max(0, Math.min(left + 14, box.width - wide - 4))}px`;
      this.tip.style.top = `${plot.top - box.top + y * scale + 14}px`;
    }
    hide() {
      this.tip.hidden = true;
      if (this.current !== null) { this.current = null; this.draw(); }
    }

    grab(event) {
      const [x] = this.where(event);
      if (event.button !== 0 || x < this.left || x > this.right) return;
      this.drag = { from: x, to: x };
      this.plot.setPointerCapture(event.pointerId);
    }
    stretch() {
      if (!this.drag.rect) {
        this.drag.rect = make("rect", { class: "stretch", y: 0, height: px(this.axis) });
        this.svg.append(this.drag.rect);
      }
      const a = Math.max(this.left, Math.min(this.drag.from, this.drag.to)), b = Math.min(this.right, Math.max(this.drag.from, this.drag.to));
      this.drag.rect.setAttribute("x", px(a));
      this.drag.rect.setAttribute("width", px(Math.max(0, b - a)));
    }
    drop() {
      const drag = this.drag;
      this.drag = null;
      if (!drag) return;
      const a = Math.max(this.left, Math.min(drag.from, drag.to)), b = Math.min(this.right, Math.max(drag.from, drag.to));
      if (b - a > 5) this.show(this.at(a), this.at(b)); else if (drag.rect) drag.rect.remove();
    }
  }

  // The whole metric in small, with the stretch that is seen; dragging in it chooses another.
  class Overview {
    constructor(chart) {
      this.chart = chart;
      this.box = html("div", "overview");
      this.box.setAttribute("aria-hidden", "true");
      chart.box.append(this.box);
      let from = null;
      const at = (event) => {
        const rect = this.box.getBoundingClientRect(), [first, last] = data.span;
        const x = (event.clientX - rect.left) / rect.width * this.width;
        return first + (x - chart.left) / (chart.right - chart.left) * (last - first);
      };
      this.box.addEventListener("pointerdown", (event) => { from = at(event); this.box.setPointerCapture(event.pointerId); });
      this.box.addEventListener("pointermove", (event) => {
        if (from === null) return;
        const to = at(event);
        if (Math.abs(to - from) > (data.span[1] - data.span[0]) / 200) chart.show(Math.min(from, to), Math.max(from, to));
      });
      this.box.addEventListener("pointerup", (event) => {
        const to = at(event), half = (chart.to - chart.from) / 2;
        if (Math.abs(to - from) <= (data.span[1] - data.span[0]) / 200) chart.show(to - half, to + half);
        from = null;
      });
    }
    draw() {
      const { left, right } = this.chart, width = right + RIGHT, [first, last] = data.span, height = 44;
      const x = (at) => left + (at - first) / (last - first) * (right - left);
      if (this.width !== width) {
        this.width = width;
        const panel = data.panels[0], svg = make("svg", { class: "chart", viewBox: `0 0 ${width} ${height}` });
        svg.append(make("path", { class: "axis", d: `M${px(left)},${height - 2}H${px(right)}` }));
        if (panel) {
          let low = Infinity, high = -Infinity;
          for (const v of panel.values) if (v !== null) { if (v < low) low = v; if (v > high) high = v; }
          const y = (v) => (high > low ? height - 5 - (v - low) / (high - low) * (height - 9) : height / 2);
          svg.append(make("path", { class: panel.values.length > DENSE * (right - left) ? "line dense" : "line", d: path(panel.middles, panel.values, 0, panel.values.length, x, y) }));
        }
        // Without a metric the deployments themselves.
        else svg.append(make("path", { class: "line", d: data.marks.map((m) => `M${px(x(m[0]))},12V${height - 6}`).join("") }));
        this.window = make("rect", { class: "window", y: 1, height: height - 2 });
        svg.append(this.window);
        this.box.replaceChildren(svg);
      }
      const a = Math.max(left, x(this.chart.from)), b = Math.min(right, x(this.chart.to));
      this.window.setAttribute("x", px(a));
      this.window.setAttribute("width", px(Math.max(2, b - a)));
    }
  }

  // A switch for each app.
  const switches = (chart) => {
    const set = document.getElementById("switches");
    if (!set || data.lanes.length === 0) return;
    const boxes = data.lanes.map((lane, i) => {
      const label = html("label"), input = html("input"), picture = make("svg", { class: "chart swatch", viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" });
      input.type = "checkbox";
      input.checked = chart.on.has(i);
      picture.append(make("path", { class: `mark ${colour(i)}`, d: `M6,6${symbol(i)}` }));
      input.addEventListener("change", () => {
        if (input.checked) chart.on.add(i); else chart.on.delete(i);
        chart.hide();
        chart.draw();
      });
      label.append(input, picture, html("bdi", "", lane.name), html("small", "", String(lane.marks)));
      set.append(label);
      return input;
    });
    const all = (label, on) => {
      const button = html("button", "", label);
      button.type = "button";
      button.addEventListener("click", () => {
        boxes.forEach((box, i) => { box.checked = on; if (on) chart.on.add(i); else chart.on.delete(i); });
        chart.hide();
        chart.draw();
      });
      set.append(button);
    };
    all("All apps", true);
    all("No app", false);
    set.hidden = false;
  };

  document.querySelectorAll(".figure[data-view]").forEach((box) => {
    const chart = new Chart(box);
    if (!chart.near) switches(chart);
  });
  document.querySelectorAll(".scripted").forEach((element) => { element.hidden = false; });
})();

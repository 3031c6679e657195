// Draws the charts of a page (options come as JSON beside them), and mends what htmx needs. No page works only with this file.
(function () {
  "use strict";

  function colour(name, fallback) {
    const found = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return found || fallback;
  }

  function written(unit) {
    const plain = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
    return function (value) {
      if (typeof value !== "number") return value;
      return (unit === "yuan" ? "¥" : "") + plain.format(value);
    };
  }

  function short(unit) {
    const compact = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact", maximumFractionDigits: 1 });
    return function (value) { return (unit === "yuan" ? "¥" : "") + compact.format(value); };
  }

  function dressed(options) {
    const ink = colour("--jq-mute", "#69766f"), line = colour("--jq-line", "#e1e6e3"), write = written(options.unit);
    options.color = ["#07c160", "#2f7cf6", "#f0a020", "#8b5cf6"];
    options.textStyle = { fontFamily: getComputedStyle(document.body).fontFamily };
    options.animationDuration = 400;
    options.tooltip = Object.assign({ valueFormatter: write, confine: true }, options.tooltip);
    if (options.legend) options.legend.textStyle = { color: ink };
    for (const key of ["xAxis", "yAxis"]) {
      for (const axis of [].concat(options[key] || [])) {
        axis.axisLabel = Object.assign({ color: ink }, axis.axisLabel);
        axis.axisLine = Object.assign({ lineStyle: { color: line } }, axis.axisLine);
        axis.splitLine = Object.assign({ lineStyle: { color: line } }, axis.splitLine);
        if (axis.type === "value") axis.axisLabel.formatter = short(options.unit);
      }
    }
    for (const series of options.series) {
      if (series.label) {
        series.label.color = ink;
        series.label.formatter = function (point) { return write(point.value); };
      }
    }
    return options;
  }

  function draw(root) {
    if (!window.echarts) return;
    for (const place of root.querySelectorAll("[data-chart]")) {
      const source = document.getElementById(place.dataset.chart);
      if (!source || place.dataset.drawn) continue;
      place.dataset.drawn = "1";
      const chart = window.echarts.init(place, null, { renderer: "svg" });
      chart.setOption(dressed(JSON.parse(source.textContent)));
      new ResizeObserver(function () { chart.resize(); }).observe(place);
    }
  }

  document.addEventListener("DOMContentLoaded", function () { draw(document); });
  document.addEventListener("htmx:afterSettle", function (event) { draw(event.target); });
  // A refused part (422, 404) is shown in its place: it says in words what is wrong.
  document.addEventListener("htmx:beforeSwap", function (event) {
    const status = event.detail.xhr.status;
    if (status === 422 || status === 404 || status === 403 || status === 409) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("submit", function (event) {
    const asks = event.submitter && event.submitter.dataset.confirm;
    if (asks && !window.confirm(asks)) event.preventDefault();
  });
})();
